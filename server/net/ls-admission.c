/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-admission.h"

/* Those who are sent away come back at four fifths of the rate, so that there is room for those who
 * were not here before, and for chance. */
#define RETURN_INTERVAL(per_second) (G_USEC_PER_SEC * 5 / 4 / (per_second))

/* Nobody is sent away for longer, whoever else asks: the same as an agent's longest wait of its
 * own. Microseconds. */
#define MAX_AWAY (60 * G_USEC_PER_SEC)

struct _LsAdmission
{
  guint per_second;
  gint64 *times; /* (owned): when the last @per_second were let in, a ring */
  guint next;    /* the oldest of them */
  gint64 return_at;
};

/**
 * ls_admission_new:
 * @per_second: how many may connect in any second, at least 1
 *
 * Returns: (transfer full): an admission that has let nobody in yet
 */
LsAdmission *
ls_admission_new (guint per_second)
{
  LsAdmission *self;

  g_return_val_if_fail (per_second > 0, NULL);

  self = g_new0 (LsAdmission, 1);
  self->per_second = per_second;
  self->times = g_new (gint64, per_second);
  for (guint i = 0; i < per_second; i++)
    self->times[i] = G_MININT64 / 2;
  return self;
}

/**
 * ls_admission_free:
 * @self: (transfer full): an admission
 *
 * Frees it.
 */
void
ls_admission_free (LsAdmission *self)
{
  g_free (self->times);
  g_free (self);
}

/**
 * ls_admission_check:
 * @self: an admission
 * @now: the time, monotonic, microseconds
 *
 * Says whether somebody may come in. Who may not gets a moment of its own to come back at, each a
 * little after the one before: together they need no luck to find room then.
 *
 * Returns: 0: come in, to be told by ls_admission_count(); else in how many seconds to come back
 */
guint
ls_admission_check (LsAdmission *self, gint64 now)
{
  if (now - self->times[self->next] >= G_USEC_PER_SEC)
    return 0;

  self->return_at = MAX (self->return_at, now) + RETURN_INTERVAL (self->per_second);
  self->return_at = MIN (self->return_at, now + MAX_AWAY);
  return (guint)((self->return_at - now + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC);
}

/**
 * ls_admission_count:
 * @self: an admission
 * @now: the time, monotonic, microseconds
 *
 * Somebody came in.
 */
void
ls_admission_count (LsAdmission *self, gint64 now)
{
  self->times[self->next] = now;
  self->next = (self->next + 1) % self->per_second;
}
