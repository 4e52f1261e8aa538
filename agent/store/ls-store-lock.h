/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean ls_store_lock_acquire (const char *directory, guint patience, int *fd, GError **error);
void ls_store_lock_release (int *fd);

G_END_DECLS
