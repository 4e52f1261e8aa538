/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-action-queue-private.h"

enum
{
  SIGNAL_ACTION_CHANGED,
  SIGNAL_COUNTS_CHANGED,
  SIGNAL_SYNC_COMPLETED,
  SIGNAL_ROWS_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/**
 * LsActionQueue:
 *
 * What a user did that has to reach the server: the engine of it with hands. Carries its commands out on the
 * ports, and opens and closes with the agent's account. Decides nothing about actions itself.
 */
G_DEFINE_FINAL_TYPE (LsActionQueue, ls_action_queue, G_TYPE_OBJECT)

static void
ls_action_queue_dispose (GObject *object)
{
  LsActionQueue *self = LS_ACTION_QUEUE (object);

  if (self->agent != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->agent, self);
      ls_action_queue_close (self);
    }
  g_clear_object (&self->agent);
  g_clear_object (&self->store);
  g_clear_object (&self->transport);
  g_clear_object (&self->clock);
  g_clear_object (&self->random);

  G_OBJECT_CLASS (ls_action_queue_parent_class)->dispose (object);
}

static void
ls_action_queue_finalize (GObject *object)
{
  LsActionQueue *self = LS_ACTION_QUEUE (object);

  g_ptr_array_unref (self->jobs);
  g_ptr_array_unref (self->watchers);
  g_object_unref (self->cancellable);

  G_OBJECT_CLASS (ls_action_queue_parent_class)->finalize (object);
}

static void
ls_action_queue_class_init (LsActionQueueClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ls_action_queue_dispose;
  object_class->finalize = ls_action_queue_finalize;

  /**
   * LsActionQueue::action-changed:
   * @self: the queue
   * @action: (type gpointer): the #LsAction as it is on disk
   *
   * The status, outcome or reason of an action changed.
   */
  signals[SIGNAL_ACTION_CHANGED] =
      g_signal_new ("action-changed", LS_TYPE_ACTION_QUEUE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 1, G_TYPE_POINTER);
  /**
   * LsActionQueue::counts-changed:
   * @self: the queue
   *
   * Something in ls_action_queue_get_counts() changed.
   */
  signals[SIGNAL_COUNTS_CHANGED] =
      g_signal_new ("counts-changed", LS_TYPE_ACTION_QUEUE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 0);
  /**
   * LsActionQueue::sync-completed:
   * @self: the queue
   * @report: (type gpointer): an #LsSyncReport
   *
   * Everything was sent that could be sent.
   */
  signals[SIGNAL_SYNC_COMPLETED] =
      g_signal_new ("sync-completed", LS_TYPE_ACTION_QUEUE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 1, G_TYPE_POINTER);
  /**
   * LsActionQueue::rows-changed:
   * @self: the queue
   * @entity: an #LsEntity
   * @ids: of the rows
   *
   * What ls_action_queue_lay_over() gives for these rows changed.
   */
  signals[SIGNAL_ROWS_CHANGED] =
      g_signal_new ("rows-changed", LS_TYPE_ACTION_QUEUE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 2, G_TYPE_INT, G_TYPE_STRV);
}

static void
ls_action_queue_init (LsActionQueue *self)
{
  self->cancellable = g_cancellable_new ();
  self->jobs = g_ptr_array_new_with_free_func (g_object_unref);
  self->watchers = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * ls_action_queue_new:
 * @agent: whose user's queue it is
 * @store: where it is kept
 * @transport: what it is sent by
 * @clock: for the time
 * @random: for jitter and ids
 * @editor: works on JSON
 * @config: settings
 *
 * Returns: (transfer full): a queue that opens and closes with the agent's account
 */
LsActionQueue *
ls_action_queue_new (LsAgent *agent,
                     LsQueueStore *store,
                     LsTransport *transport,
                     LsClock *clock,
                     LsRandom *random,
                     const LsDataEditor *editor,
                     const LsQueueConfig *config)
{
  LsActionQueue *self = g_object_new (LS_TYPE_ACTION_QUEUE, NULL);

  self->agent = g_object_ref (agent);
  self->store = g_object_ref (store);
  self->transport = g_object_ref (transport);
  self->clock = g_object_ref (clock);
  self->random = g_object_ref (random);
  self->editor = *editor;
  self->config = *config;
  ls_action_queue_follow_agent (self);
  return self;
}

/**
 * ls_action_queue_set_config:
 * @self: a queue
 * @config: settings
 *
 * Takes new settings.
 */
void
ls_action_queue_set_config (LsActionQueue *self, const LsQueueConfig *config)
{
  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  self->config = *config;
  if (self->queue == NULL)
    return;

  ls_queue_set_config (self->queue, config);
  ls_action_queue_run (self);
}

/**
 * ls_action_queue_stop:
 * @self: a queue
 *
 * Sends nothing more, before the program ends.
 */
void
ls_action_queue_stop (LsActionQueue *self)
{
  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  g_signal_handlers_disconnect_by_data (self->agent, self);
  ls_action_queue_close (self);
}

/**
 * ls_action_queue_forget:
 * @self: a queue
 *
 * When it closes next, which is when the account goes, it goes with everything in it. Does nothing to one that
 * can't be read: nobody knows what would be lost.
 */
void
ls_action_queue_forget (LsActionQueue *self)
{
  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  self->forget = self->queue != NULL;
}

/**
 * ls_action_queue_is_open:
 * @self: a queue
 *
 * Returns: whether reading tells something; see ls_action_queue_ready_async()
 */
gboolean
ls_action_queue_is_open (LsActionQueue *self)
{
  g_return_val_if_fail (LS_IS_ACTION_QUEUE (self), FALSE);

  return self->queue != NULL;
}

/**
 * ls_action_queue_get_counts:
 * @self: a queue
 *
 * Returns: (transfer none): how many actions there are of which kind
 */
const LsQueueCounts *
ls_action_queue_get_counts (LsActionQueue *self)
{
  static const LsQueueCounts none = { 0 };

  g_return_val_if_fail (LS_IS_ACTION_QUEUE (self), NULL);

  return self->queue != NULL ? ls_queue_get_counts (self->queue) : &none;
}

/**
 * ls_action_queue_get_n_left:
 * @self: a queue
 *
 * Returns: how many actions stayed that the server does not have, when it was closed last, as far as is known
 */
guint
ls_action_queue_get_n_left (LsActionQueue *self)
{
  g_return_val_if_fail (LS_IS_ACTION_QUEUE (self), 0);

  return self->n_left;
}

/**
 * ls_action_queue_find:
 * @self: a queue
 * @id: of an action
 *
 * Returns: (transfer none) (nullable): the action as it is on disk
 */
const LsAction *
ls_action_queue_find (LsActionQueue *self, const char *id)
{
  g_return_val_if_fail (LS_IS_ACTION_QUEUE (self), NULL);

  return self->queue != NULL ? ls_queue_find (self->queue, id) : NULL;
}

/**
 * ls_action_queue_list:
 * @self: a queue
 * @statuses: of which, one bit each: `1u << LsActionStatus`; 0: all
 * @entity: (nullable): of which entity
 * @limit: how many at most
 * @after: (nullable): `next` of the page before
 * @next: (out) (transfer full) (nullable): for the next page; %NULL: this was the last
 *
 * Returns: (transfer container) (element-type LsAction): actions as they are on disk, the oldest first
 */
GPtrArray *
ls_action_queue_list (LsActionQueue *self,
                      guint statuses,
                      const char *entity,
                      guint limit,
                      const char *after,
                      char **next)
{
  g_return_val_if_fail (LS_IS_ACTION_QUEUE (self), NULL);

  *next = NULL;
  if (self->queue == NULL)
    return g_ptr_array_new ();

  return ls_queue_list (self->queue, statuses, entity, limit, after, next);
}

/**
 * ls_action_queue_get_blocker:
 * @self: a queue
 * @action: one of its actions
 *
 * Returns: (transfer none) (nullable): id of the dead letter or conflict that it waits for
 */
const char *
ls_action_queue_get_blocker (LsActionQueue *self, const LsAction *action)
{
  g_return_val_if_fail (LS_IS_ACTION_QUEUE (self), NULL);

  return self->queue != NULL ? ls_queue_get_blocker (self->queue, action->id) : NULL;
}

/**
 * ls_action_queue_lay_over:
 * @self: a queue
 * @entity: of the row
 * @id: of the row
 * @row: (nullable): as the cache has it; %NULL: it has none
 *
 * Returns: (transfer full): the row as it will be
 */
LsOverlay *
ls_action_queue_lay_over (LsActionQueue *self, LsEntity entity, const char *id, const char *row)
{
  g_return_val_if_fail (LS_IS_ACTION_QUEUE (self), NULL);

  if (self->queue == NULL)
    return ls_overlay_new (row, NULL, &self->editor);

  return ls_queue_lay_over (self->queue, ls_entity_to_string (entity), id, row);
}

/**
 * ls_action_queue_get_touched:
 * @self: a queue
 * @entity: of which rows
 *
 * Returns: (transfer full) (element-type utf8): ids of the rows that something is laid over
 */
GPtrArray *
ls_action_queue_get_touched (LsActionQueue *self, LsEntity entity)
{
  g_return_val_if_fail (LS_IS_ACTION_QUEUE (self), NULL);

  if (self->queue == NULL)
    return g_ptr_array_new_with_free_func (g_free);

  return ls_queue_get_touched (self->queue, ls_entity_to_string (entity));
}

/**
 * ls_action_queue_flush:
 * @self: a queue
 *
 * Sends what can be sent now: drops waits, and probes a server that is let alone, once in 10 s.
 */
void
ls_action_queue_flush (LsActionQueue *self)
{
  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  if (self->queue == NULL)
    return;

  ls_queue_flush (self->queue);
  ls_action_queue_run (self);
}

/**
 * ls_action_queue_emit_action:
 * @self: a queue
 * @action: as it is on disk
 *
 * Emits LsActionQueue::action-changed.
 */
void
ls_action_queue_emit_action (LsActionQueue *self, const LsAction *action)
{
  g_signal_emit (self, signals[SIGNAL_ACTION_CHANGED], 0, action);
}

/**
 * ls_action_queue_emit_counts:
 * @self: a queue
 *
 * Emits LsActionQueue::counts-changed.
 */
void
ls_action_queue_emit_counts (LsActionQueue *self)
{
  g_signal_emit (self, signals[SIGNAL_COUNTS_CHANGED], 0);
}

/**
 * ls_action_queue_emit_report:
 * @self: a queue
 * @report: what came of a drain
 *
 * Emits LsActionQueue::sync-completed.
 */
void
ls_action_queue_emit_report (LsActionQueue *self, const LsSyncReport *report)
{
  g_signal_emit (self, signals[SIGNAL_SYNC_COMPLETED], 0, report);
}

/**
 * ls_action_queue_emit_rows:
 * @self: a queue
 * @entity: of the rows
 * @ids: of the rows
 *
 * Emits LsActionQueue::rows-changed.
 */
void
ls_action_queue_emit_rows (LsActionQueue *self, LsEntity entity, GStrv ids)
{
  g_signal_emit (self, signals[SIGNAL_ROWS_CHANGED], 0, (gint)entity, ids);
}
