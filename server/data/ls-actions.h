/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-database.h"
#include "ls-school.h"

G_BEGIN_DECLS

/**
 * LsRecall:
 * @LS_RECALL_NOTHING: nothing is known of the action: it is to be done
 * @LS_RECALL_ACCEPTED: it was done
 * @LS_RECALL_REFUSED: it was refused, or is now, or it could not be looked up
 *
 * What ls_actions_recall() found.
 */
typedef enum
{
  LS_RECALL_NOTHING,
  LS_RECALL_ACCEPTED,
  LS_RECALL_REFUSED,
} LsRecall;

LsRecall ls_actions_recall (LsDatabase *database,
                            const char *user_id,
                            const LsWrite *write,
                            LsWriteResult *result,
                            GError **error);
gboolean ls_actions_remember (LsDatabase *database,
                              const char *user_id,
                              const LsWrite *write,
                              const GError *refusal,
                              const LsWriteResult *result,
                              GError **error);
gboolean ls_actions_forget (LsDatabase *database, gint64 before_ms, gboolean *more, GError **error);

G_END_DECLS
