/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define LS_TYPE_LOGIN (ls_login_get_type ())
G_DECLARE_INTERFACE (LsLogin, ls_login, LS, LOGIN, GObject)

/**
 * LsLoginInterface:
 * @is_active: see ls_login_is_active()
 *
 * What the machine knows of who sits at it. With fast user switching several users are logged in at
 * once, and only one of them is there. Implementations emit LsLogin::changed.
 */
struct _LsLoginInterface
{
  GTypeInterface parent_iface;

  gboolean (*is_active) (LsLogin *self);
};

gboolean ls_login_is_active (LsLogin *self);
void ls_login_emit_changed (LsLogin *self);

G_END_DECLS
