/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean ls_wire_filter_matches (const char *data, GHashTable *filter);

G_END_DECLS
