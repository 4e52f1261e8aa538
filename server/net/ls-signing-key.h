/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** LS_SIGNING_KEY_FILE: the name of the key's file in the data directory */
#define LS_SIGNING_KEY_FILE "signing.key"

GBytes *ls_signing_key_load (const char *data_dir, GError **error);

G_END_DECLS
