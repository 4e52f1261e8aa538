/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-store-keys.h"

G_BEGIN_DECLS

#define LS_TYPE_FAKE_STORE_KEYS (ls_fake_store_keys_get_type ())
G_DECLARE_FINAL_TYPE (LsFakeStoreKeys, ls_fake_store_keys, LS, FAKE_STORE_KEYS, GObject)

LsFakeStoreKeys *ls_fake_store_keys_new (void);
void ls_fake_store_keys_set_locked (LsFakeStoreKeys *self, gboolean locked);
guint ls_fake_store_keys_get_count (LsFakeStoreKeys *self);

G_END_DECLS
