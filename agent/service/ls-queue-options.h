/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action-queue.h"

G_BEGIN_DECLS

/**
 * LsQueueListing:
 * @statuses: of which status, one bit each; 0: of all
 * @entity: (owned) (nullable): of which entity
 * @limit: how many at most
 * @after: (owned) (nullable): where the page before ended
 *
 * What List is asked for.
 */
typedef struct
{
  guint statuses;
  char *entity;
  guint32 limit;
  char *after;
} LsQueueListing;

void ls_queue_listing_clear (LsQueueListing *listing);

gboolean ls_queue_options_read_draft (GVariant *options,
                                      const char *type,
                                      LsActionDraft *draft,
                                      GError **error);
gboolean ls_queue_options_read_listing (GVariant *options, LsQueueListing *listing, GError **error);
gboolean ls_queue_options_read_wait (GVariant *options,
                                     const char *name,
                                     LsWaitUntil *until,
                                     guint *timeout,
                                     GError **error);
gboolean ls_queue_options_read_resolution (GVariant *options,
                                           const char *name,
                                           const char *merged,
                                           LsResolution *resolution,
                                           gint64 *version,
                                           GError **error);

G_END_DECLS
