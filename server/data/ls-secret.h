/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

gboolean ls_secret_equal (const char *a, const char *b);

G_END_DECLS
