/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *ls_base64url_encode (const guchar *data, gsize length);
char *ls_base64url_decode (const char *text, gsize text_length, gsize *length);

G_END_DECLS
