/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-ctl-password.h"
#include "ls-error.h"
#include "ls-i18n.h"

/* A busy school lets people in one after another, and what somebody else did here is sent first. */
static gboolean
sign_in (LsDbusAccount *account, const char *email, GError **error)
{
  g_autofree char *prompt = g_strdup_printf (_ ("Password of %s: "), email);
  char *password = ls_ctl_password_read (prompt, error);
  gboolean signed_in = FALSE;

  if (password == NULL)
    return FALSE;

  g_dbus_proxy_set_default_timeout (G_DBUS_PROXY (account), G_MAXINT);
  signed_in = ls_dbus_account_call_sign_in_sync (account, email, password, ls_ctl_no_options (),
                                                 NULL, error);
  ls_ctl_password_free (password);

  return signed_in;
}

/* What is unsent is somebody else's, so that it is not enough to say so. */
static GError *
explain (GError *error)
{
  GError *explained = NULL;

  if (!g_error_matches (error, LS_ERROR, LS_ERROR_UNSENT_WORK))
    return error;

  g_error_free (error);
  g_set_error_literal (
      &explained, LS_ERROR, LS_ERROR_UNSENT_WORK,
      _ ("Somebody else is signed in, and the school's server does not have everything they did. "
         "Sign them out with: labsyncctl sign-out. A copy can be had before with: "
         "labsyncctl queue export"));
  return explained;
}

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  g_autoptr (LsDbusAccount) account = NULL;
  g_autofree char *message = NULL;
  GError *error = NULL;

  if (!ls_ctl_parse (self, &ls_ctl_command_sign_in, NULL, 1, 1, &argc, &argv))
    return LS_CTL_EXIT_USAGE;

  /* Before the password is asked for: it would be in vain without an agent. */
  account = ls_ctl_open_account (self, &error);
  if (account == NULL || !sign_in (account, argv[1], &error))
    return ls_ctl_fail (self, explain (error));

  message = g_strdup_printf (_ ("You are signed in as %s."), argv[1]);

  return ls_ctl_finish (self, message);
}

const LsCtlCommand ls_ctl_command_sign_in = {
  "sign-in",
  N_ ("EMAIL"),
  N_ ("Sign in; the password is asked for, or read from standard input"),
  run,
};
