/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-ctl-menu.h"

#include <string.h>

#include "ls-i18n.h"

/* Width of a command and its arguments in the help. */
#define SYNOPSIS_COLUMNS 23

static const char *
get_word (const LsCtlCommand *command)
{
  const char *blank = strrchr (command->name, ' ');

  return blank != NULL ? blank + 1 : command->name;
}

static const LsCtlCommand *
find_command (const LsCtlMenu *self, const char *word)
{
  for (guint i = 0; self->commands[i] != NULL; i++)
    if (g_str_equal (get_word (self->commands[i]), word))
      return self->commands[i];

  return NULL;
}

static char *
describe_commands (const LsCtlMenu *self)
{
  GString *text = g_string_new (_ ("Commands:"));

  for (guint i = 0; self->commands[i] != NULL; i++)
    {
      const LsCtlCommand *command = self->commands[i];
      g_autofree char *synopsis =
          g_strjoin (" ", get_word (command),
                     command->arguments != NULL ? _ (command->arguments) : NULL, NULL);

      g_string_append_printf (text, "\n  %s%*s  %s", synopsis,
                              (int)MAX (SYNOPSIS_COLUMNS - g_utf8_strlen (synopsis, -1), 0), "",
                              _ (command->summary));
    }
  g_string_append_printf (text, "\n\n%s", _ ("Each command has its own --help."));

  return g_string_free (text, FALSE);
}

/**
 * ls_ctl_menu_parse:
 * @self: commands
 * @ctl: what commands share
 * @entries: (nullable): options beside `--json`
 * @argc: (inout): the command line; what stands before the command is taken away
 * @argv: (inout): likewise
 *
 * Takes what stands before the command. Prints what is wrong. `--help` ends the program.
 *
 * Returns: whether nothing is wrong
 */
gboolean
ls_ctl_menu_parse (const LsCtlMenu *self,
                   LsCtl *ctl,
                   const GOptionEntry *entries,
                   int *argc,
                   char ***argv)
{
  gboolean json = FALSE; /* known already */
  const GOptionEntry common[] = {
    { "json", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &json,
      N_ ("Print one JSON document instead of text for people"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (_ ("COMMAND"));
  g_autofree char *description = describe_commands (self);
  g_autoptr (GError) error = NULL;

  g_set_prgname (self->name);
  g_option_context_set_summary (context, _ (self->summary));
  g_option_context_set_description (context, description);
  g_option_context_set_strict_posix (context, TRUE);
  g_option_context_add_main_entries (context, common, GETTEXT_PACKAGE);
  if (entries != NULL)
    g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (g_option_context_parse (context, argc, argv, &error))
    return TRUE;

  ls_ctl_fail_usage (ctl, error->message);
  return FALSE;
}

/**
 * ls_ctl_menu_run:
 * @self: commands
 * @ctl: what commands share
 * @argc: the command line, what stood before the command taken away
 * @argv: likewise
 *
 * Runs the command that was chosen.
 *
 * Returns: what the program has to end with
 */
LsCtlExit
ls_ctl_menu_run (const LsCtlMenu *self, LsCtl *ctl, int argc, char *argv[])
{
  const LsCtlCommand *command = NULL;
  g_autofree char *message = NULL;

  if (argc < 2)
    {
      message = g_strdup_printf (_ ("Which command? List them with: %s --help"), self->name);
      return ls_ctl_fail_usage (ctl, message);
    }

  command = find_command (self, argv[1]);
  if (command == NULL)
    {
      message = g_strdup_printf (_ ("There is no command “%s”. List them with: %s --help"), argv[1],
                                 self->name);
      return ls_ctl_fail_usage (ctl, message);
    }

  return command->run (ctl, argc - 1, argv + 1);
}
