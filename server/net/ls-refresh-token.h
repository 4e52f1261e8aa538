/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *ls_refresh_token_make (GBytes *key, const char *session_id, gint64 generation);
gboolean
ls_refresh_token_read (GBytes *key, const char *token, char **session_id, gint64 *generation);

G_END_DECLS
