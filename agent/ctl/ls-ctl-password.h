/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *ls_ctl_password_read (const char *prompt, GError **error);
void ls_ctl_password_free (char *password);

G_END_DECLS
