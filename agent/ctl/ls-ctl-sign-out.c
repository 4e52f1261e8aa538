/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-ctl-output.h"
#include "ls-error.h"
#include "ls-i18n.h"
#include "ls-json-writer.h"

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

/* Elsewhere that error says that nothing was done. Returns: (transfer full): to tell people in place of
 * @error */
static GError *
explain (GError *error)
{
  if (!g_error_matches (error, LS_ERROR, LS_ERROR_LOCKED))
    return error;

  g_error_free (error);
  return g_error_new_literal (LS_ERROR, LS_ERROR_LOCKED,
                              _ ("You are signed out, but the keyring is locked or missing and has "
                                 "kept your sign-in. It goes when the keyring is unlocked"));
}

/* A new proxy reads what the old one would be told later. */
static guint
count_unsent (LsCtl *self)
{
  g_autoptr (LsDbusAccount) account = ls_ctl_open_account (self, NULL);

  return account != NULL ? ls_dbus_account_get_unsent (account) : 0;
}

static void
print_json (guint n_unsent)
{
  g_autoptr (GString) out = g_string_new ("{");

  ls_json_write_int (out, "unsent", n_unsent);
  g_string_append_c (out, '}');
  ls_ctl_print_raw (out->str);
}

static void
print_for_people (guint n_unsent)
{
  g_print ("%s\n", _ ("You are signed out."));
  if (n_unsent == 0)
    return;

  g_print (ngettext ("%'u action that the server does not have yet stays on this machine until you "
                     "sign in again.\n",
                     "%'u actions that the server does not have yet stay on this machine until you "
                     "sign in again.\n",
                     n_unsent),
           n_unsent);
}

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  gboolean wipe = FALSE;
  gboolean discard_unsent = FALSE;
  guint n_unsent;
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
    return ls_ctl_fail (self, explain (error));

  n_unsent = count_unsent (self);
  if (self->json)
    print_json (n_unsent);
  else
    print_for_people (n_unsent);

  return LS_CTL_EXIT_DONE;
}

const LsCtlCommand ls_ctl_command_sign_out = {
  "sign-out",
  NULL,
  N_ ("Sign out"),
  run,
};
