/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

guint ls_file_limit_fit (guint n_connections, guint limit);

G_END_DECLS
