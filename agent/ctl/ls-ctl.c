/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-ctl.h"

#include <stdio.h>
#include <string.h>

#include "ls-bus-errors.h"
#include "ls-bus-names.h"
#include "ls-ctl-output.h"
#include "ls-ctl-words.h"
#include "ls-error.h"
#include "ls-i18n.h"
#include "ls-json-writer.h"

/* The bus itself gives up earlier (service_start_timeout of dbus-daemon: 25 s). */
#define START_TIMEOUT_MS 30000

/* What to tell people about each error. The agent's own words are English in every language, so they
 * are for scripts; people see them only where nothing else says which value it was. */
static const char *const sentences[] = {
  [LS_ERROR_NOT_SIGNED_IN] = N_ ("You are not signed in. Sign in with: labsyncctl sign-in EMAIL"),
  [LS_ERROR_LOCKED] = N_ ("The keyring with your sign-in is locked or missing. Unlock it, then try "
                          "again"),
  [LS_ERROR_ACCESS_DENIED] = N_ ("You are not allowed to do that"),
  [LS_ERROR_INVALID_ARGUMENT] = N_ ("That is not a valid value"),
  [LS_ERROR_UNKNOWN_OPTION] = N_ ("The running agent does not know this option"),
  [LS_ERROR_UNKNOWN_ENTITY] = N_ ("There is no such kind of data"),
  [LS_ERROR_NOT_FOUND] = N_ ("There is nothing with this ID"),
  [LS_ERROR_CURSOR_EXPIRED] = N_ ("The cursor is too old or from another machine. Start again "
                                  "without it"),
  [LS_ERROR_QUOTA_EXCEEDED] = N_ ("There is no room left for that"),
  [LS_ERROR_LIMIT_EXCEEDED] = N_ ("That is more than the agent allows at a time"),
  [LS_ERROR_STORAGE] = N_ ("The agent cannot read or write its files. Is the disk full?"),
  [LS_ERROR_NEWER_STORE] = N_ ("The agent's files were written by a newer version"),
  [LS_ERROR_UNREACHABLE] = N_ ("The school's server cannot be reached now"),
  [LS_ERROR_WRONG_CREDENTIALS] = N_ ("The e-mail address or the password is wrong"),
  [LS_ERROR_TIMEOUT] = N_ ("The school's server takes too long to answer"),
  [LS_ERROR_CONFLICT] = N_ ("That has changed in the meantime, or is not possible now"),
  [LS_ERROR_CANCELLED] = N_ ("That was cancelled"),
  [LS_ERROR_UNSENT_WORK] =
      N_ ("The school's server does not have everything you did. List it with: "
          "labsyncctl queue list"),
  [LS_ERROR_FAILED] = N_ ("That did not work. The agent's log says why"),
};
G_STATIC_ASSERT (G_N_ELEMENTS (sentences) == LS_N_ERRORS);

/* What an error of the agent's means. One of %LS_ERROR_UNREACHABLE begins with the reason, as in the
 * property `Connection.Reason`, and may go on with a colon; `server-unreachable` says no more than
 * the error itself. */
static char *
describe_error (const GError *error)
{
  const char *sentence = _ (sentences[error->code]);
  g_autofree char *reason = g_strndup (error->message, strcspn (error->message, ":"));
  const LsCtlWord *word = NULL;

  if (error->code == LS_ERROR_INVALID_ARGUMENT)
    return g_strdup_printf (_ ("%s: %s. See: man labsyncctl"), sentence, error->message);
  if (error->code == LS_ERROR_UNREACHABLE && !g_str_equal (reason, "server-unreachable"))
    word = ls_ctl_words_find (LS_CTL_REASONS, reason);

  return word != NULL ? g_strdup_printf ("%s: %s", sentence, _ (word->sentence))
                      : g_strdup (sentence);
}

/* Whether it says that nobody answers on the bus, or that there is no bus. */
static gboolean
is_no_agent (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_DISCONNECTED) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_SERVER) ||
         (error->domain == G_DBUS_ERROR && error->code >= G_DBUS_ERROR_SPAWN_EXEC_FAILED &&
          error->code <= G_DBUS_ERROR_SPAWN_NO_MEMORY);
}

static void
print_error (LsCtl *self, const char *code, const char *message, const char *for_people)
{
  g_autoptr (GString) out = NULL;

  if (!self->json)
    {
      g_printerr ("labsyncctl: %s\n", for_people);
      return;
    }

  out = g_string_new ("{\"error\":{");
  ls_json_write_string (out, "code", code);
  ls_json_write_string (out, "message", message);
  g_string_append (out, "}}\n");
  fputs (out->str, stderr);
}

static LsCtlExit
fail_no_agent (LsCtl *self, const GError *error)
{
  g_autofree char *for_people =
      g_strdup_printf (_ ("The agent is not running: %s"), error->message);

  print_error (self, "AgentNotRunning", error->message, for_people);

  return LS_CTL_EXIT_NO_AGENT;
}

/* What we say ourselves is translated already. */
static LsCtlExit
fail_agent_error (LsCtl *self, const GError *error, gboolean is_remote)
{
  g_autofree char *for_people = is_remote ? describe_error (error) : g_strdup (error->message);

  print_error (self, ls_error_get_name (error->code), error->message, for_people);

  return error->code == LS_ERROR_NOT_SIGNED_IN ? LS_CTL_EXIT_NOT_SIGNED_IN : LS_CTL_EXIT_FAILED;
}

static GVariant *
call_bus (LsCtl *self, const char *method, GVariant *arguments, GError **error)
{
  return g_dbus_connection_call_sync (self->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                      "org.freedesktop.DBus", method, arguments, NULL,
                                      G_DBUS_CALL_FLAGS_NONE, START_TIMEOUT_MS, NULL, error);
}

/* Asked for first, as one that was started by hand may be one that the bus cannot start. */
static gboolean
has_agent (LsCtl *self)
{
  g_autoptr (GVariant) reply =
      call_bus (self, "NameHasOwner", g_variant_new ("(s)", LS_BUS_NAME), NULL);
  gboolean has_owner = FALSE;

  if (reply != NULL)
    g_variant_get (reply, "(b)", &has_owner);

  return has_owner;
}

static gboolean
start_agent (LsCtl *self, GError **error)
{
  g_autoptr (GVariant) reply =
      call_bus (self, "StartServiceByName", g_variant_new ("(su)", LS_BUS_NAME, 0), error);

  return reply != NULL;
}

static GOptionContext *
build_context (const LsCtlCommand *command, const GOptionEntry *entries, gboolean *json)
{
  const GOptionEntry common[] = {
    { "json", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, json,
      N_ ("Print one JSON document instead of text for people"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  GOptionContext *context = g_option_context_new (command->arguments);

  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_set_summary (context, command->summary);
  if (entries != NULL)
    g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, common, GETTEXT_PACKAGE);

  return context;
}

/**
 * ls_ctl_parse:
 * @self: what commands share
 * @command: the command that was called
 * @entries: (nullable): its own options
 * @min_arguments: how many arguments it must have
 * @max_arguments: how many it may have
 * @argc: (inout): what main() was given, from the command's name on
 * @argv: (inout): likewise; left are the name and the arguments
 *
 * Takes the options out of the command line. Prints what is wrong. `--help` ends the program.
 *
 * Returns: whether the command was called rightly
 */
gboolean
ls_ctl_parse (LsCtl *self,
              const LsCtlCommand *command,
              const GOptionEntry *entries,
              int min_arguments,
              int max_arguments,
              int *argc,
              char ***argv)
{
  gboolean json = FALSE; /* main() knows already */
  g_autoptr (GOptionContext) context = build_context (command, entries, &json);
  g_autoptr (GError) error = NULL;
  g_autofree char *name = g_strdup_printf ("labsyncctl %s", command->name);

  g_set_prgname (name);
  if (!g_option_context_parse (context, argc, argv, &error))
    {
      ls_ctl_fail_usage (self, error->message);
      return FALSE;
    }
  if (*argc - 1 < min_arguments || *argc - 1 > max_arguments)
    {
      g_autofree char *message =
          g_strdup_printf (_ ("Usage: labsyncctl %s %s"), command->name,
                           command->arguments != NULL ? _ (command->arguments) : "");

      ls_ctl_fail_usage (self, g_strchomp (message));
      return FALSE;
    }

  return TRUE;
}

/**
 * ls_ctl_open_bus:
 * @self: what commands share; gets the bus
 * @error: return location for an error that ls_ctl_fail() knows to mean "no agent"
 *
 * Makes sure that the agent runs, starting it if need be.
 *
 * Returns: whether it runs
 */
gboolean
ls_ctl_open_bus (LsCtl *self, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GVariant) reply = NULL;

  if (self->bus != NULL)
    return TRUE;

  ls_bus_errors_register ();
  self->bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &local_error);
  if (self->bus == NULL)
    {
      g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_SERVER, local_error->message);
      return FALSE;
    }

  g_dbus_connection_set_exit_on_close (self->bus, FALSE);

  return has_agent (self) || start_agent (self, error);
}

/**
 * ls_ctl_fail:
 * @self: what commands share
 * @error: (transfer full): what went wrong
 *
 * Says so on standard error.
 *
 * Returns: what the program has to end with
 */
LsCtlExit
ls_ctl_fail (LsCtl *self, GError *error)
{
  g_autoptr (GError) owned = error;
  gboolean is_remote = g_dbus_error_is_remote_error (error);

  g_dbus_error_strip_remote_error (owned);
  if (is_no_agent (owned))
    return fail_no_agent (self, owned);
  if (owned->domain == LS_ERROR)
    return fail_agent_error (self, owned, is_remote);

  print_error (self, "Failed", owned->message, owned->message);

  return LS_CTL_EXIT_FAILED;
}

/**
 * ls_ctl_fail_usage:
 * @self: what commands share
 * @message: how it should have been called
 *
 * Says so on standard error.
 *
 * Returns: %LS_CTL_EXIT_USAGE
 */
LsCtlExit
ls_ctl_fail_usage (LsCtl *self, const char *message)
{
  print_error (self, "Usage", message, message);

  return LS_CTL_EXIT_USAGE;
}

/**
 * ls_ctl_finish:
 * @self: what commands share
 * @message: that it is done, for people
 *
 * Ends a command that has nothing else to tell: an empty object with `--json`.
 *
 * Returns: %LS_CTL_EXIT_DONE
 */
LsCtlExit
ls_ctl_finish (LsCtl *self, const char *message)
{
  if (self->json)
    ls_ctl_print_raw ("{}");
  else
    g_print ("%s\n", message);

  return LS_CTL_EXIT_DONE;
}

/**
 * ls_ctl_no_options:
 *
 * Returns: (transfer floating): an empty `a{sv}`
 */
GVariant *
ls_ctl_no_options (void)
{
  return g_variant_new ("a{sv}", NULL);
}
