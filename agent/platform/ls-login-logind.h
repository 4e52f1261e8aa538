/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-login.h"

G_BEGIN_DECLS

#define LS_TYPE_LOGIN_LOGIND (ls_login_logind_get_type ())
G_DECLARE_FINAL_TYPE (LsLoginLogind, ls_login_logind, LS, LOGIN_LOGIND, GObject)

LsLogin *ls_login_logind_new (void);

G_END_DECLS
