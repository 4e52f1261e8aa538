/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-login.h"

G_DEFINE_INTERFACE (LsLogin, ls_login, G_TYPE_OBJECT)

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
ls_login_default_init (LsLoginInterface *iface)
{
  /**
   * LsLogin::changed:
   * @self: the login
   *
   * ls_login_is_active() says something else now.
   */
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", LS_TYPE_LOGIN, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 0);
}

/**
 * ls_login_is_active:
 * @self: the login
 *
 * Returns: whether our user is the one who sits at the machine; %TRUE as long as nothing says otherwise
 */
gboolean
ls_login_is_active (LsLogin *self)
{
  g_return_val_if_fail (LS_IS_LOGIN (self), TRUE);

  return LS_LOGIN_GET_IFACE (self)->is_active (self);
}

/**
 * ls_login_emit_changed:
 * @self: the login
 *
 * For implementations: emits LsLogin::changed.
 */
void
ls_login_emit_changed (LsLogin *self)
{
  g_return_if_fail (LS_IS_LOGIN (self));

  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}
