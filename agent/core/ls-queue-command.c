/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-queue-command.h"

/**
 * ls_queue_command_new:
 * @kind: which
 *
 * Returns: (transfer full): a command with all other members empty
 */
LsQueueCommand *
ls_queue_command_new (LsQueueCommandKind kind)
{
  LsQueueCommand *command = g_new0 (LsQueueCommand, 1);

  command->kind = kind;
  command->entity = LS_ENTITY_INVALID;
  return command;
}

/**
 * ls_queue_command_free:
 * @command: (transfer full): a command
 *
 * Frees it.
 */
void
ls_queue_command_free (LsQueueCommand *command)
{
  g_clear_pointer (&command->put, g_ptr_array_unref);
  g_strfreev (command->removed);
  g_free (command->id);
  g_clear_pointer (&command->request, ls_action_request_free);
  g_free (command->path);
  g_clear_pointer (&command->event, ls_event_unref);
  g_clear_error (&command->error);
  g_clear_pointer (&command->action, ls_action_free);
  g_strfreev (command->ids);
  g_clear_pointer (&command->report, ls_sync_report_free);
  g_free (command);
}
