/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-entity.h"

G_BEGIN_DECLS

/**
 * LsSubscriptionSet:
 *
 * Who wants what: the settings always, apps as long as they are there and for a while after. The
 * unit is the entity, not the event type: a cache that got only some of an entity's events would
 * not be true. A plain value; zeroed is empty. Times are monotonic milliseconds.
 */
typedef struct
{
  LsEntitySet always;
  guint n_apps[LS_N_ENTITIES];
  gint64 until[LS_N_ENTITIES];
} LsSubscriptionSet;

void ls_subscription_set_add (LsSubscriptionSet *self, LsEntitySet entities);
void ls_subscription_set_remove (LsSubscriptionSet *self, LsEntitySet entities, gint64 until);
LsEntitySet ls_subscription_set_get_wanted (const LsSubscriptionSet *self, gint64 now);
gint64 ls_subscription_set_get_next_expiry (const LsSubscriptionSet *self, gint64 now);

G_END_DECLS
