/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-fake-login.h"

/**
 * LsFakeLogin:
 *
 * A machine at which sits whoever the test says.
 */
struct _LsFakeLogin
{
  GObject parent_instance;

  gboolean active;
};

static void ls_fake_login_login_init (LsLoginInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsFakeLogin,
                               ls_fake_login,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_LOGIN, ls_fake_login_login_init))

static gboolean
ls_fake_login_is_active (LsLogin *login)
{
  return LS_FAKE_LOGIN (login)->active;
}

static void
ls_fake_login_login_init (LsLoginInterface *iface)
{
  iface->is_active = ls_fake_login_is_active;
}

static void
ls_fake_login_class_init (LsFakeLoginClass *klass)
{
}

static void
ls_fake_login_init (LsFakeLogin *self)
{
  self->active = TRUE;
}

/**
 * ls_fake_login_new:
 *
 * Returns: (transfer full): a machine at which our user sits
 */
LsFakeLogin *
ls_fake_login_new (void)
{
  return g_object_new (LS_TYPE_FAKE_LOGIN, NULL);
}

/**
 * ls_fake_login_set_active:
 * @self: a fake login
 * @active: whether our user sits there
 *
 * Switches users, and tells.
 */
void
ls_fake_login_set_active (LsFakeLogin *self, gboolean active)
{
  g_return_if_fail (LS_IS_FAKE_LOGIN (self));

  self->active = active;
  ls_login_emit_changed (LS_LOGIN (self));
}
