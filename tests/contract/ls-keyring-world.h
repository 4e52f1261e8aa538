/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void ls_keyring_world_lock (void);
void ls_keyring_world_hang (gboolean hang);
char *ls_keyring_world_use_file (void);
void ls_keyring_world_remove_file (const char *directory);

G_END_DECLS
