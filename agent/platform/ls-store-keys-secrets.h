/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-random.h"
#include "ls-secrets.h"
#include "ls-store-keys.h"

G_BEGIN_DECLS

#define LS_TYPE_STORE_KEYS_SECRETS (ls_store_keys_secrets_get_type ())
G_DECLARE_FINAL_TYPE (LsStoreKeysSecrets, ls_store_keys_secrets, LS, STORE_KEYS_SECRETS, GObject)

LsStoreKeys *ls_store_keys_secrets_new (LsSecrets *secrets, LsRandom *random);

G_END_DECLS
