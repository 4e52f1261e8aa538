/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-sign-in-guard.h"

#include "ls-throttle.h"

/* Who locks an account by failing on purpose locks it for one address only. Over all addresses an
 * account may fail so much more often, and a whole address as often as its people err at the bell; what
 * is over that is refused to strangers, and never to somebody who has signed in at that address before.
 * So nobody outside can keep a school out, and no pupil another from where they work. */
#define ANYWHERE_FACTOR 5

/* In which time everything that failed is forgotten, milliseconds: ten wrong passwords are one more
 * every three minutes. */
#define RECOVERY (30 * 60 * 1000)

struct _LsSignInGuard
{
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

/**
 * ls_sign_in_guard_get_wait:
 * @self: a guard
 * @email: what somebody typed
 * @network: from where, see ls_address_get_network()
 * @now: the time, monotonic, milliseconds
 *
 * Returns: how long nobody may try this account from there; 0: not at all
 */
gint64
ls_sign_in_guard_get_wait (LsSignInGuard *self, const char *email, const char *network, gint64 now)
{
  g_autofree char *account = get_account (email);
  g_autofree char *place = get_place (account, network);

  return ls_throttle_get_wait (self->here, place, now);
}

/**
 * ls_sign_in_guard_get_stranger_wait:
 * @self: a guard
 * @email: what somebody typed
 * @network: from where
 * @now: the time, monotonic, milliseconds
 *
 * Returns: how long this account may be tried from there only by somebody who has signed in to it
 *   there before; 0: not at all
 */
gint64
ls_sign_in_guard_get_stranger_wait (LsSignInGuard *self,
                                    const char *email,
                                    const char *network,
                                    gint64 now)
{
  g_autofree char *account = get_account (email);

  return MAX (ls_throttle_get_wait (self->anywhere, account, now),
              ls_throttle_get_wait (self->from, network, now));
}

/**
 * ls_sign_in_guard_begin:
 * @self: a guard
 * @email: what somebody typed
 * @network: from where
 * @as_stranger: whether strangers may try just now; else the attempt counts for this account there alone
 * @now: the time, monotonic, milliseconds
 *
 * Counts an attempt as failed until ls_sign_in_guard_succeed(): a hundred at once are a hundred.
 */
void
ls_sign_in_guard_begin (LsSignInGuard *self,
                        const char *email,
                        const char *network,
                        gboolean as_stranger,
                        gint64 now)
{
  g_autofree char *account = get_account (email);
  g_autofree char *place = get_place (account, network);

  ls_throttle_take (self->here, place, now);
  if (!as_stranger)
    return;

  ls_throttle_take (self->anywhere, account, now);
  ls_throttle_take (self->from, network, now);
}

/**
 * ls_sign_in_guard_succeed:
 * @self: a guard
 * @email: whose sign-in
 * @network: from where
 * @as_stranger: as it began
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

  ls_throttle_forget (self->here, place);
  if (!as_stranger)
    return;

  ls_throttle_give_back (self->anywhere, account);
  ls_throttle_give_back (self->from, network);
}
