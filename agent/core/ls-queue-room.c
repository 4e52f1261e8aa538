/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much the queue takes. */
#include "ls-queue-private.h"

/* Returns: (nullable): why there is no room, for the log */
static const char *
find_obstacle (LsQueue *self, const LsAction *action, const LsQueueItem *replaced)
{
  const LsQueueConfig *config = &self->config;
  gsize size = ls_action_get_request_size (action);
  gsize freed = replaced != NULL ? ls_action_get_request_size (replaced->now) : 0;

  /* What becomes smaller may always do so: there may be more than the settings allow now. */
  if (size > freed && ls_queue_table_get_n_bytes (self->table) - freed + size > config->max_bytes)
    return "the queue is full";
  if (replaced != NULL)
    return NULL;
  if (ls_queue_table_get_n_open (self->table) >= config->max_actions)
    return "the queue is full";
  /* So that one app that goes wrong does not keep the others from working. */
  if (config->max_of_app > 0 &&
      ls_queue_table_get_n_open_of (self->table, action->app) >= config->max_of_app)
    return "too much of this app's waits";

  return NULL;
}

/**
 * ls_queue_check_room:
 * @self: the queue
 * @action: an action with everything that it is to have
 * @replaced: (nullable): the open action whose place it takes; %NULL: it is one more
 * @ticket: of the caller
 *
 * Refuses @ticket if the queue would have more of anything than the settings allow, in all or of one app.
 *
 * Returns: whether there is room
 */
gboolean
ls_queue_check_room (LsQueue *self,
                     const LsAction *action,
                     const LsQueueItem *replaced,
                     gpointer ticket)
{
  const char *obstacle = find_obstacle (self, action, replaced);

  if (obstacle == NULL)
    return TRUE;

  ls_queue_refuse (self, ticket, LS_ERROR_QUOTA_EXCEEDED, obstacle);
  return FALSE;
}
