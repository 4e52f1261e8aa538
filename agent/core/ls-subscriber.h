/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-event.h"

G_BEGIN_DECLS

/** LS_BATCH_EVENTS: how many events a batch holds at most (contract, "Delivery") */
#define LS_BATCH_EVENTS 100
/** LS_BATCH_SIZE: how many bytes a batch holds at most, unless one event alone is larger */
#define LS_BATCH_SIZE (64 * 1024)

/**
 * LsDataMatcher:
 * @data: a JSON object
 * @filter: (element-type utf8 utf8): top-level member to its JSON scalar as text
 *
 * Tells whether all of @filter hold for @data. Given to core by the composition root.
 */
typedef gboolean (*LsDataMatcher) (const char *data, GHashTable *filter);

#define LS_TYPE_SUBSCRIBER (ls_subscriber_get_type ())
G_DECLARE_FINAL_TYPE (LsSubscriber, ls_subscriber, LS, SUBSCRIBER, GObject)

LsSubscriber *ls_subscriber_new (const gboolean *types,
                                 GHashTable *filter,
                                 LsDataMatcher matcher,
                                 guint64 after_seq);

const gboolean *ls_subscriber_get_types (LsSubscriber *self);
guint64 ls_subscriber_get_position (LsSubscriber *self);
guint64 ls_subscriber_get_acknowledged (LsSubscriber *self);
GPtrArray *ls_subscriber_select (LsSubscriber *self, GPtrArray *events);
void ls_subscriber_advance (LsSubscriber *self, guint64 seq);
guint64 ls_subscriber_acknowledge (LsSubscriber *self, guint64 seq);

G_END_DECLS
