/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-clock.h"
#include "ls-secrets.h"

G_BEGIN_DECLS

/**
 * LsFakeSecretsState:
 * @LS_FAKE_SECRETS_OK: unlocked
 * @LS_FAKE_SECRETS_ABSENT: there is no service
 * @LS_FAKE_SECRETS_LOCKED: locked
 * @LS_FAKE_SECRETS_HUNG: does not answer before the deadline
 *
 * How a keyring can be.
 */
typedef enum
{
  LS_FAKE_SECRETS_OK,
  LS_FAKE_SECRETS_ABSENT,
  LS_FAKE_SECRETS_LOCKED,
  LS_FAKE_SECRETS_HUNG,
} LsFakeSecretsState;

#define LS_TYPE_FAKE_SECRETS (ls_fake_secrets_get_type ())
G_DECLARE_FINAL_TYPE (LsFakeSecrets, ls_fake_secrets, LS, FAKE_SECRETS, GObject)

LsFakeSecrets *ls_fake_secrets_new (LsClock *clock);
void ls_fake_secrets_set_state (LsFakeSecrets *self, LsFakeSecretsState state);
guint ls_fake_secrets_count (LsFakeSecrets *self);

G_END_DECLS
