/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-ctl-commands.h"
#include "ls-i18n.h"

/* Width of a command and its arguments in the help. */
#define SYNOPSIS_COLUMNS 23

static const LsCtlCommand *const commands[] = {
  &ls_ctl_command_status,    &ls_ctl_command_watch,      &ls_ctl_command_events,
  &ls_ctl_command_get,       &ls_ctl_command_list,       &ls_ctl_command_sign_in,
  &ls_ctl_command_sign_out,  &ls_ctl_command_sync,       &ls_ctl_command_connect,
  &ls_ctl_command_reconnect, &ls_ctl_command_disconnect, &ls_ctl_command_config,
};

static const LsCtlCommand *
find_command (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      if (g_str_equal (commands[i]->name, name))
        return commands[i];
    }

  return NULL;
}

static char *
describe_commands (void)
{
  GString *text = g_string_new (_ ("Commands:"));

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      g_autofree char *synopsis =
          g_strjoin (" ", commands[i]->name,
                     commands[i]->arguments != NULL ? _ (commands[i]->arguments) : NULL, NULL);

      g_string_append_printf (text, "\n  %s%*s  %s", synopsis,
                              (int)MAX (SYNOPSIS_COLUMNS - g_utf8_strlen (synopsis, -1), 0), "",
                              _ (commands[i]->summary));
    }
  g_string_append_printf (text, "\n\n%s", _ ("Each command has its own --help."));

  return g_string_free (text, FALSE);
}

/* Takes what stands before the command. */
static gboolean
parse_before_command (LsCtl *ctl, gboolean *version, int *argc, char ***argv)
{
  gboolean json = FALSE; /* known already */
  const GOptionEntry entries[] = {
    { "json", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &json,
      N_ ("Print one JSON document instead of text for people"), NULL },
    { "version", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, version, N_ ("Print the version"),
      NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (_ ("COMMAND"));
  g_autofree char *description = describe_commands ();
  g_autoptr (GError) error = NULL;

  g_option_context_set_summary (context, _ ("Asks and tells the Lab Sync agent."));
  g_option_context_set_description (context, description);
  g_option_context_set_strict_posix (context, TRUE);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, argc, argv, &error))
    {
      ls_ctl_fail_usage (ctl, error->message);
      return FALSE;
    }

  return TRUE;
}

static LsCtlExit
run_command (LsCtl *ctl, int argc, char *argv[])
{
  const LsCtlCommand *command = NULL;
  g_autofree char *message = NULL;

  if (argc < 2)
    return ls_ctl_fail_usage (ctl, _ ("Which command? List them with: labsyncctl --help"));

  command = find_command (argv[1]);
  if (command == NULL)
    {
      message = g_strdup_printf (_ ("There is no command “%s”. List them with: labsyncctl --help"),
                                 argv[1]);
      return ls_ctl_fail_usage (ctl, message);
    }

  return command->run (ctl, argc - 1, argv + 1);
}

int
main (int argc, char *argv[])
{
  LsCtl ctl = { 0 };
  gboolean version = FALSE;
  LsCtlExit result = LS_CTL_EXIT_DONE;

  ls_i18n_init ();
  /* GOption takes back what it has parsed when the rest is wrong, which is told in JSON, too. */
  ctl.json = g_strv_contains ((const char *const *)argv, "--json");
  if (ctl.json)
    ls_i18n_use_english ();
  if (!parse_before_command (&ctl, &version, &argc, &argv))
    return LS_CTL_EXIT_USAGE;

  if (version)
    g_print ("labsyncctl %s\n", LS_VERSION);
  else
    result = run_command (&ctl, argc, argv);
  g_clear_object (&ctl.bus);

  return result;
}
