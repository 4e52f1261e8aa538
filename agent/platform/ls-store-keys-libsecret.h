/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-random.h"
#include "ls-store-keys.h"

G_BEGIN_DECLS

#define LS_TYPE_STORE_KEYS_LIBSECRET (ls_store_keys_libsecret_get_type ())
G_DECLARE_FINAL_TYPE (LsStoreKeysLibsecret,
                      ls_store_keys_libsecret,
                      LS,
                      STORE_KEYS_LIBSECRET,
                      GObject)

LsStoreKeys *ls_store_keys_libsecret_new (LsRandom *random, gint64 patience_ms);

G_END_DECLS
