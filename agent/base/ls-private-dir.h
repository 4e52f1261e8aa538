/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean ls_private_dir_make (const char *path, GError **error);

G_END_DECLS
