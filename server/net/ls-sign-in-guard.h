/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsSignInLimits:
 * @max_failed: how often a sign-in to one account may fail from one address
 * @max_failed_per_address: how often any may fail from one address, which may be a whole school's
 *
 * What guessing is bounded by. What failed is forgotten little by little, all of it in half an hour.
 */
typedef struct
{
  guint max_failed;
  guint max_failed_per_address;
} LsSignInLimits;

/**
 * LsSignInGuard:
 *
 * Counts sign-ins that fail, so that passwords can't be guessed: of an account at an address, of an
 * account anywhere, of an address. An account that does not exist counts like any other. May be used on
 * any thread.
 */
typedef struct _LsSignInGuard LsSignInGuard;

LsSignInGuard *ls_sign_in_guard_new (const LsSignInLimits *limits);
void ls_sign_in_guard_free (LsSignInGuard *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsSignInGuard, ls_sign_in_guard_free)

gint64 ls_sign_in_guard_check (LsSignInGuard *self,
                               const char *email,
                               const char *network,
                               gboolean is_known,
                               gint64 now);
gint64 ls_sign_in_guard_begin (LsSignInGuard *self,
                               const char *email,
                               const char *network,
                               gboolean is_known,
                               gint64 now,
                               gint64 *stranger_wait);
void ls_sign_in_guard_succeed (LsSignInGuard *self,
                               const char *email,
                               const char *network,
                               gboolean as_stranger);

G_END_DECLS
