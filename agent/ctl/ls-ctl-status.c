/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-ctl-json.h"
#include "ls-ctl-output.h"
#include "ls-i18n.h"
#include "ls-json-writer.h"

typedef struct
{
  const char *value;
  const char *sentence; /* to be translated */
  LsCtlColor color;
} Word;

static const Word states[] = {
  { "stopped", N_ ("stopped"), LS_CTL_COLOR_BAD },
  { "signed-out", N_ ("nobody is signed in"), LS_CTL_COLOR_BAD },
  { "offline", N_ ("offline"), LS_CTL_COLOR_BAD },
  { "connecting", N_ ("connecting"), LS_CTL_COLOR_WAIT },
  { "live", N_ ("live: changes arrive at once"), LS_CTL_COLOR_GOOD },
  { "polling", N_ ("polling: the server is asked from time to time"), LS_CTL_COLOR_GOOD },
  { "waiting", N_ ("waiting to try again"), LS_CTL_COLOR_WAIT },
  { "suspended", N_ ("suspended: another session is active"), LS_CTL_COLOR_WAIT },
};

static const Word reasons[] = {
  { "not-configured", N_ ("no server is set (Server.url)"), LS_CTL_COLOR_BAD },
  { "no-network", N_ ("there is no network"), LS_CTL_COLOR_BAD },
  { "captive-portal", N_ ("the network wants you to sign in with a browser"), LS_CTL_COLOR_BAD },
  { "proxy-auth", N_ ("the proxy wants a user name and password"), LS_CTL_COLOR_BAD },
  { "tls-untrusted", N_ ("the server's certificate is not trusted"), LS_CTL_COLOR_BAD },
  { "upgrade-refused", N_ ("something on the way refuses WebSocket"), LS_CTL_COLOR_WAIT },
  { "server-unreachable", N_ ("the server cannot be reached"), LS_CTL_COLOR_BAD },
  { "server-draining", N_ ("the server is about to restart"), LS_CTL_COLOR_WAIT },
  { "rate-limited", N_ ("the server asks for fewer requests"), LS_CTL_COLOR_WAIT },
  { "token-refused", N_ ("the server no longer knows you: sign in again"), LS_CTL_COLOR_BAD },
  { "clock-skew", N_ ("the clock of this machine is wrong"), LS_CTL_COLOR_BAD },
  { "policy", N_ ("by the settings of this machine"), LS_CTL_COLOR_NONE },
  { "user", N_ ("because you said so"), LS_CTL_COLOR_NONE },
  { "storage", N_ ("the agent cannot read or write its files"), LS_CTL_COLOR_BAD },
};

static const Word accounts[] = {
  { "signed-out", N_ ("nobody is signed in"), LS_CTL_COLOR_BAD },
  { "expired", N_ ("expired: sign in again"), LS_CTL_COLOR_BAD },
  { "locked", N_ ("the keyring is locked or missing"), LS_CTL_COLOR_BAD },
};

static const Word roles[] = {
  { "admin", N_ ("administrator"), LS_CTL_COLOR_NONE },
  { "teacher", N_ ("teacher"), LS_CTL_COLOR_NONE },
  { "student", N_ ("student"), LS_CTL_COLOR_NONE },
  { "parent", N_ ("parent"), LS_CTL_COLOR_NONE },
};

static const Word *
find_word (const char *value, const Word *words, gsize n_words)
{
  for (gsize i = 0; i < n_words; i++)
    {
      if (g_str_equal (words[i].value, value))
        return &words[i];
    }

  return NULL;
}

/* Prints what @value means, or @value itself where a newer agent says what we do not know. */
static void
print_word (const char *label, const char *value, const Word *words, gsize n_words)
{
  const Word *word = find_word (value, words, n_words);

  if (word != NULL)
    ls_ctl_print_line (label, _ (word->sentence), word->color);
  else
    ls_ctl_print_line (label, value, LS_CTL_COLOR_NONE);
}

static const char *
or_empty (const char *text)
{
  return text != NULL ? text : "";
}

static void
print_time (const char *label, gint64 ms)
{
  g_autofree char *time = ls_ctl_format_time (ms);

  if (ms != 0)
    ls_ctl_print_line (label, time, LS_CTL_COLOR_NONE);
}

static void
print_attempts (guint n_failed)
{
  g_autofree char *text =
      g_strdup_printf (ngettext ("%'u has failed", "%'u have failed", n_failed), n_failed);

  if (n_failed > 0)
    ls_ctl_print_line (_ ("Attempts"), text, LS_CTL_COLOR_NONE);
}

static void
print_account (LsDbusAccount *account)
{
  const char *state = or_empty (ls_dbus_account_get_state (account));
  const char *name = or_empty (ls_dbus_account_get_display_name (account));
  const char *role = or_empty (ls_dbus_account_get_role (account));
  const Word *role_word = find_word (role, roles, G_N_ELEMENTS (roles));
  g_autofree char *text = NULL;

  if (role_word != NULL)
    role = _ (role_word->sentence);
  if (*name == '\0')
    name = or_empty (ls_dbus_account_get_user_id (account));
  text = *role != '\0' ? g_strdup_printf ("%s (%s)", name, role) : g_strdup (name);
  if (*name != '\0')
    ls_ctl_print_line (_ ("User"), text, LS_CTL_COLOR_NONE);
  if (!g_str_equal (state, "signed-in"))
    print_word (_ ("Account"), state, accounts, G_N_ELEMENTS (accounts));
}

static void
print_for_people (LsDbusConnection *connection, LsDbusAccount *account)
{
  const char *reason = or_empty (ls_dbus_connection_get_reason (connection));
  const char *server = or_empty (ls_dbus_connection_get_server_url (connection));

  print_word (_ ("Connection"), or_empty (ls_dbus_connection_get_state (connection)), states,
              G_N_ELEMENTS (states));
  if (*reason != '\0' && !g_str_equal (reason, "none"))
    print_word (_ ("Reason"), reason, reasons, G_N_ELEMENTS (reasons));
  if (*server != '\0')
    ls_ctl_print_line (_ ("Server"), server, LS_CTL_COLOR_NONE);
  print_time (_ ("Up to date at"), ls_dbus_connection_get_confirmed_at (connection));
  print_attempts (ls_dbus_connection_get_attempt (connection));
  print_time (_ ("Next attempt"), ls_dbus_connection_get_next_attempt_at (connection));
  print_account (account);
}

static void
print_json (LsDbusConnection *connection, LsDbusAccount *account)
{
  g_autoptr (GString) out = g_string_new ("{");

  ls_ctl_json_write_properties (out, G_DBUS_PROXY (connection),
                                ls_dbus_connection_interface_info ());
  ls_json_write_name (out, "account");
  g_string_append_c (out, '{');
  ls_ctl_json_write_properties (out, G_DBUS_PROXY (account), ls_dbus_account_interface_info ());
  g_string_append (out, "}}");
  ls_ctl_print_raw (out->str);
}

static LsCtlExit
get_exit (LsDbusConnection *connection, LsDbusAccount *account)
{
  const char *const connected[] = { "live", "polling", NULL };

  if (g_strcmp0 (ls_dbus_account_get_state (account), "signed-out") == 0)
    return LS_CTL_EXIT_NOT_SIGNED_IN;

  return g_strv_contains (connected, or_empty (ls_dbus_connection_get_state (connection)))
             ? LS_CTL_EXIT_DONE
             : LS_CTL_EXIT_NOT_CONNECTED;
}

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  g_autoptr (LsDbusConnection) connection = NULL;
  g_autoptr (LsDbusAccount) account = NULL;
  GError *error = NULL;

  if (!ls_ctl_parse (self, &ls_ctl_command_status, NULL, 0, 0, &argc, &argv))
    return LS_CTL_EXIT_USAGE;

  connection = ls_ctl_open_connection (self, &error);
  if (connection != NULL)
    account = ls_ctl_open_account (self, &error);
  if (account == NULL)
    return ls_ctl_fail (self, error);

  if (self->json)
    print_json (connection, account);
  else
    print_for_people (connection, account);

  return get_exit (connection, account);
}

const LsCtlCommand ls_ctl_command_status = {
  "status",
  NULL,
  N_ ("Show the connection and who is signed in"),
  run,
};
