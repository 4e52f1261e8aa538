/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-ctl-json.h"
#include "ls-ctl-output.h"
#include "ls-ctl-words.h"
#include "ls-i18n.h"
#include "ls-json-writer.h"

/* Prints what @value means, or @value itself where a newer agent says what we do not know. */
static void
print_word (const char *label, LsCtlVocabulary vocabulary, const char *value)
{
  const LsCtlWord *word = ls_ctl_words_find (vocabulary, value);

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

/* They are counted until the connection has held for a while, but then nobody wants to know. */
static void
print_attempts (const char *state, guint n_failed)
{
  const char *const trying[] = { "connecting", "waiting", NULL };
  g_autofree char *text =
      g_strdup_printf (ngettext ("%'u has failed", "%'u have failed", n_failed), n_failed);

  if (n_failed > 0 && g_strv_contains (trying, state))
    ls_ctl_print_line (_ ("Attempts"), text, LS_CTL_COLOR_NONE);
}

static void
print_account (LsDbusAccount *account)
{
  const char *state = or_empty (ls_dbus_account_get_state (account));
  const char *name = or_empty (ls_dbus_account_get_display_name (account));
  const char *role = or_empty (ls_dbus_account_get_role (account));
  const LsCtlWord *role_word = ls_ctl_words_find (LS_CTL_ROLES, role);
  g_autofree char *text = NULL;

  if (role_word != NULL)
    role = _ (role_word->sentence);
  if (*name == '\0')
    name = or_empty (ls_dbus_account_get_user_id (account));
  text = *role != '\0' ? g_strdup_printf ("%s (%s)", name, role) : g_strdup (name);
  if (*name != '\0')
    ls_ctl_print_line (_ ("User"), text, LS_CTL_COLOR_NONE);
  if (!g_str_equal (state, "signed-in"))
    print_word (_ ("Account"), LS_CTL_ACCOUNTS, state);
}

/* @hint: (nullable): what else to say */
static void
print_count (const char *label, guint count, const char *hint, LsCtlColor color)
{
  g_autofree char *text =
      hint != NULL ? g_strdup_printf ("%'u (%s)", count, hint) : g_strdup_printf ("%'u", count);

  if (count > 0)
    ls_ctl_print_line (label, text, color);
}

static void
print_queue (LsDbusQueue *queue)
{
  print_count (_ ("To be sent"),
               ls_dbus_queue_get_pending (queue) + ls_dbus_queue_get_in_flight (queue),
               g_strcmp0 (ls_dbus_queue_get_breaker (queue), "open") == 0
                   ? _ ("the server fails, and is let alone for a while")
                   : NULL,
               LS_CTL_COLOR_WAIT);
  print_count (_ ("Failed"), ls_dbus_queue_get_failed (queue),
               _ ("list them with: labsyncctl queue list"), LS_CTL_COLOR_BAD);
  print_count (_ ("Conflicts"), ls_dbus_queue_get_conflicts (queue),
               _ ("list them with: labsyncctl conflicts"), LS_CTL_COLOR_BAD);
}

static void
print_for_people (LsDbusConnection *connection, LsDbusAccount *account, LsDbusQueue *queue)
{
  const char *state = or_empty (ls_dbus_connection_get_state (connection));
  const char *reason = or_empty (ls_dbus_connection_get_reason (connection));
  const char *server = or_empty (ls_dbus_connection_get_server_url (connection));

  print_word (_ ("Connection"), LS_CTL_STATES, state);
  if (*reason != '\0' && !g_str_equal (reason, "none"))
    print_word (_ ("Reason"), LS_CTL_REASONS, reason);
  if (*server != '\0')
    ls_ctl_print_line (_ ("Server"), server, LS_CTL_COLOR_NONE);
  print_time (_ ("Up to date at"), ls_dbus_connection_get_confirmed_at (connection));
  print_attempts (state, ls_dbus_connection_get_attempt (connection));
  print_time (_ ("Next attempt"), ls_dbus_connection_get_next_attempt_at (connection));
  print_account (account);
  print_queue (queue);
}

static void
write_part (GString *out, const char *name, GDBusProxy *proxy, const GDBusInterfaceInfo *info)
{
  ls_json_write_name (out, name);
  g_string_append_c (out, '{');
  ls_ctl_json_write_properties (out, proxy, info);
  g_string_append_c (out, '}');
}

static void
print_json (LsDbusConnection *connection, LsDbusAccount *account, LsDbusQueue *queue)
{
  g_autoptr (GString) out = g_string_new ("{");

  ls_ctl_json_write_properties (out, G_DBUS_PROXY (connection),
                                ls_dbus_connection_interface_info ());
  write_part (out, "account", G_DBUS_PROXY (account), ls_dbus_account_interface_info ());
  write_part (out, "queue", G_DBUS_PROXY (queue), ls_dbus_queue_interface_info ());
  g_string_append_c (out, '}');
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
  g_autoptr (LsDbusQueue) queue = NULL;
  GError *error = NULL;

  if (!ls_ctl_parse (self, &ls_ctl_command_status, NULL, 0, 0, &argc, &argv))
    return LS_CTL_EXIT_USAGE;

  connection = ls_ctl_open_connection (self, &error);
  if (connection != NULL)
    account = ls_ctl_open_account (self, &error);
  if (account != NULL)
    queue = ls_ctl_open_queue (self, &error);
  if (queue == NULL)
    return ls_ctl_fail (self, error);

  if (self->json)
    print_json (connection, account, queue);
  else
    print_for_people (connection, account, queue);

  return get_exit (connection, account);
}

const LsCtlCommand ls_ctl_command_status = {
  "status",
  NULL,
  N_ ("Show the connection, who is signed in, and what is not sent"),
  run,
};
