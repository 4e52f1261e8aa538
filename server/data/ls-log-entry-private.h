/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-log-entry.h"
#include "ls-record.h"

G_BEGIN_DECLS

struct _LsLogEntry
{
  gint64 offset;
  gint64 transaction; /* the top of the log when its transaction began */
  LsEventType type;
  char *entity_id;
  LsRecord *before; /* (owned) (nullable): the row as it was */
  LsRecord *after;  /* (owned) (nullable): the row as it became */
  gint64 timestamp; /* milliseconds since the epoch */
  char *user_role;
  char *user_id;
  gint64 version;
  char *action_id; /* (nullable) */
  char *recipient; /* (nullable): the only user that it concerns */

  gatomicrefcount ref_count;
};

LsLogEntry *ls_log_entry_new (LsEventType type, const LsRecord *before, const LsRecord *after);

G_END_DECLS
