/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-subscription-set.h"

/**
 * ls_subscription_set_add:
 * @self: the set
 * @entities: what an app wants
 *
 * An app came.
 */
void
ls_subscription_set_add (LsSubscriptionSet *self, LsEntitySet entities)
{
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    if (entities & (1u << i))
      self->n_apps[i]++;
}

/**
 * ls_subscription_set_remove:
 * @self: the set
 * @entities: what an app wanted, as it was added
 * @until: how long an entity is still followed once the last app has left it
 *
 * An app left.
 */
void
ls_subscription_set_remove (LsSubscriptionSet *self, LsEntitySet entities, gint64 until)
{
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      if ((entities & (1u << i)) == 0)
        continue;

      g_assert (self->n_apps[i] > 0);
      if (--self->n_apps[i] == 0)
        self->until[i] = until;
    }
}

/**
 * ls_subscription_set_get_wanted:
 * @self: the set
 * @now: monotonic milliseconds
 *
 * Returns: what is to be followed now
 */
LsEntitySet
ls_subscription_set_get_wanted (const LsSubscriptionSet *self, gint64 now)
{
  LsEntitySet wanted = self->always;

  for (guint i = 0; i < LS_N_ENTITIES; i++)
    if (self->n_apps[i] > 0 || self->until[i] > now)
      wanted |= 1u << i;

  return wanted;
}

/**
 * ls_subscription_set_get_next_expiry:
 * @self: the set
 * @now: monotonic milliseconds
 *
 * Returns: when ls_subscription_set_get_wanted() may shrink by itself; 0: never
 */
gint64
ls_subscription_set_get_next_expiry (const LsSubscriptionSet *self, gint64 now)
{
  gint64 next = 0;

  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      if ((self->always & (1u << i)) != 0 || self->n_apps[i] > 0 || self->until[i] <= now)
        continue;
      if (next == 0 || self->until[i] < next)
        next = self->until[i];
    }

  return next;
}
