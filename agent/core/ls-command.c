/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-command.h"

/**
 * ls_command_new:
 * @kind: which
 *
 * Returns: (transfer full): a command with all other members empty
 */
LsCommand *
ls_command_new (LsCommandKind kind)
{
  LsCommand *command = g_new0 (LsCommand, 1);

  command->kind = kind;
  command->entity = LS_ENTITY_INVALID;
  return command;
}

/**
 * ls_command_free:
 * @command: (transfer full): a command
 *
 * Frees it.
 */
void
ls_command_free (LsCommand *command)
{
  g_clear_pointer (&command->message, ls_message_unref);
  g_clear_pointer (&command->change_set, ls_change_set_free);
  g_clear_pointer (&command->commit, ls_commit_free);
  g_clear_pointer (&command->rows, g_ptr_array_unref);
  g_clear_pointer (&command->user, ls_user_free);
  g_clear_error (&command->error);
  g_free (command->page);
  g_free (command);
}
