/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-clock.h"
#include "ls-secrets.h"

G_BEGIN_DECLS

#define LS_TYPE_SECRETS_LIBSECRET (ls_secrets_libsecret_get_type ())
G_DECLARE_FINAL_TYPE (LsSecretsLibsecret, ls_secrets_libsecret, LS, SECRETS_LIBSECRET, GObject)

LsSecrets *ls_secrets_libsecret_new (LsClock *clock);
LsSecrets *ls_secrets_libsecret_new_for_keys (LsClock *clock);

G_END_DECLS
