/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-i18n.h"

/* Without the option the setting decides. */
static GVariant *
build_options (gboolean wipe)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  if (wipe)
    g_variant_dict_insert (&dict, "wipe", "b", TRUE);

  return g_variant_dict_end (&dict);
}

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  gboolean wipe = FALSE;
  const GOptionEntry entries[] = {
    { "wipe", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &wipe,
      N_ ("Also delete the user's data from this machine"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (LsDbusAccount) account = NULL;
  GError *error = NULL;

  if (!ls_ctl_parse (self, &ls_ctl_command_sign_out, entries, 0, 0, &argc, &argv))
    return LS_CTL_EXIT_USAGE;

  account = ls_ctl_open_account (self, &error);
  if (account == NULL ||
      !ls_dbus_account_call_sign_out_sync (account, build_options (wipe), NULL, &error))
    return ls_ctl_fail (self, error);

  return ls_ctl_finish (self, _ ("You are signed out."));
}

const LsCtlCommand ls_ctl_command_sign_out = {
  "sign-out",
  NULL,
  N_ ("Sign out"),
  run,
};
