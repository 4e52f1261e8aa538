/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *ls_password_hash (const char *password, GError **error);
gboolean ls_password_verify (const char *password, const char *hash);

G_END_DECLS
