/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-i18n.h"

/* Without the option the setting decides. */
static GVariant *
build_options (gboolean wipe, gboolean discard_unsent)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  if (wipe)
    g_variant_dict_insert (&dict, "wipe", "b", TRUE);
  if (discard_unsent)
    g_variant_dict_insert (&dict, "discard-unsent", "b", TRUE);

  return g_variant_dict_end (&dict);
}

/* What is unsent is sent first, for as long as the settings say. */
static gboolean
sign_out (LsDbusAccount *account, GVariant *options, GError **error)
{
  g_dbus_proxy_set_default_timeout (G_DBUS_PROXY (account), G_MAXINT);

  return ls_dbus_account_call_sign_out_sync (account, options, NULL, error);
}

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  gboolean wipe = FALSE;
  gboolean discard_unsent = FALSE;
  const GOptionEntry entries[] = {
    { "wipe", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &wipe,
      N_ ("Also delete the user's data from this machine"), NULL },
    { "discard-unsent", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &discard_unsent,
      N_ ("With --wipe: also what the server does not have yet"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (LsDbusAccount) account = NULL;
  GError *error = NULL;

  if (!ls_ctl_parse (self, &ls_ctl_command_sign_out, entries, 0, 0, &argc, &argv))
    return LS_CTL_EXIT_USAGE;

  if (discard_unsent && !wipe)
    return ls_ctl_fail_usage (self, _ ("--discard-unsent is for --wipe"));

  account = ls_ctl_open_account (self, &error);
  if (account == NULL || !sign_out (account, build_options (wipe, discard_unsent), &error))
    return ls_ctl_fail (self, error);

  return ls_ctl_finish (self, _ ("You are signed out."));
}

const LsCtlCommand ls_ctl_command_sign_out = {
  "sign-out",
  NULL,
  N_ ("Sign out"),
  run,
};
