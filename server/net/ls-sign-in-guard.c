/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-sign-in-guard.h"

#include "ls-throttle.h"

/* Who locks an account by failing on purpose locks it for one address only. Over all addresses an
 * account may fail so much more often, and a whole address as often as its people err at the bell; what
 * is over that is refused to strangers, and never to somebody who has signed in at that address before.
 * So nobody can keep a school out, and nobody elsewhere a user from where they work; who shares the
 * address can keep one user out of it, for some minutes. */
#define ANYWHERE_FACTOR 5

/* In which time everything that failed is forgotten, milliseconds: ten wrong passwords are one more
 * every three minutes. */
#define RECOVERY (30 * 60 * 1000)

struct _LsSignInGuard
{
  GMutex mutex;
  LsThrottle *here;     /* (owned): of an account at an address */
  LsThrottle *anywhere; /* (owned): of an account */
  LsThrottle *from;     /* (owned): of an address */
};

static LsThrottle *
new_throttle (guint burst)
{
  const LsThrottleRate rate = { burst, RECOVERY };

  return ls_throttle_new (&rate);
}

/**
 * ls_sign_in_guard_new:
 * @limits: how often sign-ins may fail
 *
 * Returns: (transfer full): a guard that has seen nothing fail yet
 */
LsSignInGuard *
ls_sign_in_guard_new (const LsSignInLimits *limits)
{
  LsSignInGuard *self;

  g_return_val_if_fail (limits != NULL, NULL);

  self = g_new0 (LsSignInGuard, 1);
  g_mutex_init (&self->mutex);
  self->here = new_throttle (limits->max_failed);
  self->anywhere = new_throttle (limits->max_failed * ANYWHERE_FACTOR);
  self->from = new_throttle (limits->max_failed_per_address);
  return self;
}

/**
 * ls_sign_in_guard_free:
 * @self: (transfer full): a guard
 *
 * Frees it.
 */
void
ls_sign_in_guard_free (LsSignInGuard *self)
{
  ls_throttle_free (self->here);
  ls_throttle_free (self->anywhere);
  ls_throttle_free (self->from);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/* What is typed as an address may be anything, a password in the wrong field too: it is not kept. */
static char *
get_account (const char *email)
{
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, email, -1);
}

static char *
get_place (const char *account, const char *network)
{
  return g_strconcat (account, "@", network, NULL);
}

/* Returns: how long strangers have to wait */
static gint64
get_stranger_wait (LsSignInGuard *self, const char *account, const char *network, gint64 now)
{
  return MAX (ls_throttle_get_wait (self->anywhere, account, now),
              ls_throttle_get_wait (self->from, network, now));
}

/**
 * ls_sign_in_guard_check:
 * @self: a guard
 * @email: what somebody typed
 * @network: from where, see ls_address_get_network()
 * @is_known: whether somebody has signed in to that account from there before
 * @now: the time, monotonic, milliseconds
 *
 * Returns: how long this account may not be tried from there; 0: it may be now
 */
gint64
ls_sign_in_guard_check (LsSignInGuard *self,
                        const char *email,
                        const char *network,
                        gboolean is_known,
                        gint64 now)
{
  g_autofree char *account = get_account (email);
  g_autofree char *place = get_place (account, network);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  gint64 wait = ls_throttle_get_wait (self->here, place, now);

  return is_known ? wait : MAX (wait, get_stranger_wait (self, account, network, now));
}

/**
 * ls_sign_in_guard_begin:
 * @self: a guard
 * @email: what somebody typed
 * @network: from where
 * @is_known: whether somebody has signed in to that account from there before
 * @now: the time, monotonic, milliseconds
 * @stranger_wait: (out): how long a stranger would have to wait; 0: not at all. If it is somebody known
 *   who does not have to, the attempt counts for this account there alone
 *
 * Asks the same, and if the account may be tried, counts it as failed until ls_sign_in_guard_succeed().
 *
 * Returns: how long the account may not be tried; 0: it may be now
 */
gint64
ls_sign_in_guard_begin (LsSignInGuard *self,
                        const char *email,
                        const char *network,
                        gboolean is_known,
                        gint64 now,
                        gint64 *stranger_wait)
{
  g_autofree char *account = get_account (email);
  g_autofree char *place = get_place (account, network);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  gint64 wait = ls_throttle_get_wait (self->here, place, now);

  *stranger_wait = get_stranger_wait (self, account, network, now);
  if (!is_known)
    wait = MAX (wait, *stranger_wait);
  if (wait > 0)
    return wait;

  ls_throttle_take (self->here, place, now);
  if (*stranger_wait == 0)
    {
      ls_throttle_take (self->anywhere, account, now);
      ls_throttle_take (self->from, network, now);
    }
  return 0;
}

/**
 * ls_sign_in_guard_succeed:
 * @self: a guard
 * @email: whose sign-in
 * @network: from where
 * @as_stranger: whether a stranger would not have had to wait when it began
 *
 * The attempt has not failed, and those before it were no guesses.
 */
void
ls_sign_in_guard_succeed (LsSignInGuard *self,
                          const char *email,
                          const char *network,
                          gboolean as_stranger)
{
  g_autofree char *account = get_account (email);
  g_autofree char *place = get_place (account, network);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  ls_throttle_forget (self->here, place);
  if (!as_stranger)
    return;

  ls_throttle_give_back (self->anywhere, account);
  ls_throttle_give_back (self->from, network);
}
