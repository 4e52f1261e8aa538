/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-login.h"

G_BEGIN_DECLS

#define LS_TYPE_FAKE_LOGIN (ls_fake_login_get_type ())
G_DECLARE_FINAL_TYPE (LsFakeLogin, ls_fake_login, LS, FAKE_LOGIN, GObject)

LsFakeLogin *ls_fake_login_new (void);
void ls_fake_login_set_active (LsFakeLogin *self, gboolean active);

G_END_DECLS
