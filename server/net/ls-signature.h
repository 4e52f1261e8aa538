/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *ls_signature_make (GBytes *key, const char *text, gsize length);

G_END_DECLS
