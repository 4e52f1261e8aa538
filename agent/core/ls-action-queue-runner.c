/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The queue's commands carried out on the ports, and whose queue it is. */
#include "ls-action-queue-private.h"

/* A question whose answer is void once the account has changed. */
typedef struct
{
  LsActionQueue *self; /* (owned) */
  guint generation;
  char *id; /* (owned) (nullable): of an action */
} Question;

static Question *
question_new (LsActionQueue *self, const char *id)
{
  Question *question = g_new0 (Question, 1);

  question->self = g_object_ref (self);
  question->generation = self->generation;
  question->id = g_strdup (id);
  return question;
}

static void
question_free (Question *question)
{
  g_object_unref (question->self);
  g_free (question->id);
  g_free (question);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Question, question_free)

static gboolean
question_is_void (Question *question)
{
  return question->generation != question->self->generation || question->self->queue == NULL;
}

static void
store_write_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (GError) error = NULL;
  gboolean written = ls_queue_store_write_finish (LS_QUEUE_STORE (object), result, &error);
  LsActionQueue *self = question->self;

  if (question_is_void (question))
    return;

  if (written)
    ls_queue_stored (self->queue);
  else
    ls_queue_write_failed (self->queue, error);
  ls_action_queue_run (self);
}

static void
transport_act_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsActionReply) reply = ls_transport_act_finish (LS_TRANSPORT (object), result, &error);
  LsActionQueue *self = question->self;

  if (question_is_void (question))
    return;

  if (reply != NULL)
    ls_queue_answered (self->queue, question->id, reply);
  else
    ls_queue_send_failed (self->queue, question->id, error);
  ls_action_queue_run (self);
}

static void
transport_get_row_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsActionReply) reply =
      ls_transport_get_row_finish (LS_TRANSPORT (object), result, &error);
  LsActionQueue *self = question->self;

  if (question_is_void (question))
    return;

  if (reply != NULL)
    ls_queue_row_read (self->queue, question->id, reply);
  else
    ls_queue_read_failed (self->queue, question->id, error);
  ls_action_queue_run (self);
}

static void
do_write (LsActionQueue *self, LsQueueCommand *command)
{
  ls_queue_store_write_async (self->store, command->put, (const char *const *)command->removed,
                              store_write_cb, question_new (self, NULL));
}

/* Why nothing can be sent while the agent has no token, which then is not connected, either. */
static GError *
no_token (void)
{
  return ls_link_error_new (LS_REASON_NO_NETWORK, 0, 0, "no token");
}

static void
do_send (LsActionQueue *self, LsQueueCommand *command)
{
  const char *token = ls_agent_get_action_token (self->agent);
  g_autoptr (GError) error = token == NULL ? no_token () : NULL;

  if (error != NULL)
    ls_queue_send_failed (self->queue, command->id, error);
  else
    ls_transport_act_async (self->transport, token, command->request, self->cancellable,
                            transport_act_cb, question_new (self, command->id));
}

static void
do_read (LsActionQueue *self, LsQueueCommand *command)
{
  const char *token = ls_agent_get_action_token (self->agent);
  g_autoptr (GError) error = token == NULL ? no_token () : NULL;

  if (error != NULL)
    ls_queue_read_failed (self->queue, command->id, error);
  else
    ls_transport_get_row_async (self->transport, token, command->path, self->cancellable,
                                transport_get_row_cb, question_new (self, command->id));
}

static void
do_refresh (LsActionQueue *self, LsQueueCommand *command)
{
  if (!ls_agent_refresh_tokens (self->agent))
    ls_queue_tokens_refused (self->queue);
}

static void
do_feed (LsActionQueue *self, LsQueueCommand *command)
{
  ls_agent_feed (self->agent, command->event);
}

static void
disarm (LsActionQueue *self)
{
  if (self->alarm != 0)
    ls_clock_remove_alarm (self->clock, self->alarm);
  self->alarm = 0;
}

static void
on_alarm (gpointer user_data)
{
  LsActionQueue *self = user_data;

  self->alarm = 0;
  ls_queue_timer (self->queue);
  ls_action_queue_run (self);
}

static void
do_arm (LsActionQueue *self, LsQueueCommand *command)
{
  disarm (self);
  self->alarm = ls_clock_add_alarm (self->clock, LS_CLOCK_MONOTONIC, command->at, on_alarm, self);
}

static void
do_disarm (LsActionQueue *self, LsQueueCommand *command)
{
  disarm (self);
}

static void
do_answer (LsActionQueue *self, LsQueueCommand *command)
{
  g_autoptr (GTask) task = command->ticket;
  const LsQueueJob *job = g_task_get_task_data (task);

  if (command->error != NULL)
    g_task_return_error (task, g_error_copy (command->error));
  else
    job->give (task, command);
}

static void
do_tell_action (LsActionQueue *self, LsQueueCommand *command)
{
  ls_action_queue_emit_action (self, command->action);
}

static void
do_tell_counts (LsActionQueue *self, LsQueueCommand *command)
{
  ls_action_queue_emit_counts (self);
}

static void
do_tell_rows (LsActionQueue *self, LsQueueCommand *command)
{
  ls_action_queue_emit_rows (self, command->entity, command->ids);
}

static void
do_tell_synced (LsActionQueue *self, LsQueueCommand *command)
{
  ls_action_queue_emit_report (self, command->report);
}

/**
 * ls_action_queue_run:
 * @self: a queue
 *
 * Carries out what the engine wants done. To be called after every input to it; from inside itself it does
 * nothing, since the outer call goes on.
 */
void
ls_action_queue_run (LsActionQueue *self)
{
  static void (*const table[]) (LsActionQueue *, LsQueueCommand *) = {
    [LS_QUEUE_WRITE] = do_write,
    [LS_QUEUE_SEND] = do_send,
    [LS_QUEUE_READ] = do_read,
    [LS_QUEUE_REFRESH] = do_refresh,
    [LS_QUEUE_FEED] = do_feed,
    [LS_QUEUE_ARM] = do_arm,
    [LS_QUEUE_DISARM] = do_disarm,
    [LS_QUEUE_ANSWER] = do_answer,
    [LS_QUEUE_TELL_ACTION] = do_tell_action,
    [LS_QUEUE_TELL_COUNTS] = do_tell_counts,
    [LS_QUEUE_TELL_ROWS] = do_tell_rows,
    [LS_QUEUE_TELL_SYNCED] = do_tell_synced,
  };
  G_STATIC_ASSERT (G_N_ELEMENTS (table) == LS_N_QUEUE_COMMANDS);

  if (self->running)
    return;

  g_object_ref (self);
  self->running = TRUE;
  while (self->queue != NULL)
    {
      g_autoptr (LsQueueCommand) command = ls_queue_take_command (self->queue);

      if (command == NULL)
        break;

      table[command->kind](self, command);
    }
  self->running = FALSE;
  ls_action_queue_check_watchers (self);
  g_object_unref (self);
}

/* Whose queue it is */

static GPtrArray *
take_tasks (GPtrArray **tasks)
{
  GPtrArray *taken = *tasks;

  *tasks = g_ptr_array_new_with_free_func (g_object_unref);
  return taken;
}

/* Tells everybody who waits in a list that their queue is closed. */
static void
send_away (GPtrArray *tasks)
{
  for (guint i = 0; i < tasks->len; i++)
    {
      GTask *task = tasks->pdata[i];
      LsQueueJob *job = g_task_get_task_data (task);

      g_clear_signal_handler (&job->cancelled_id, g_task_get_cancellable (task));
      g_task_return_new_error (task, LS_ERROR, LS_ERROR_NOT_SIGNED_IN, "the queue is closed");
    }
}

/* Likewise those whose wishes it has taken. What they wanted may have been done. */
static void
answer_all (LsActionQueue *self, LsQueue *queue)
{
  LsQueueCommand *command;

  ls_queue_end (queue);
  while ((command = ls_queue_take_command (queue)) != NULL)
    {
      if (command->kind == LS_QUEUE_ANSWER)
        do_answer (self, command);
      else if (command->kind == LS_QUEUE_WRITE)
        do_write (self, command);
      ls_queue_command_free (command);
    }
}

static void
store_close_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!ls_queue_store_close_finish (LS_QUEUE_STORE (object), result, &error))
    g_warning ("the queue can't be closed: %s", error->message);
}

/**
 * ls_action_queue_close:
 * @self: a queue
 *
 * Sends nothing more, and lets go of whose queue it was. The file stays, unless it is to be forgotten. Whoever waits
 * is told when it is closed already: what they want next, they may want at once, and it finds no queue.
 */
void
ls_action_queue_close (LsActionQueue *self)
{
  g_autoptr (LsQueue) queue = g_steal_pointer (&self->queue);
  g_autoptr (GPtrArray) jobs = NULL;
  g_autoptr (GPtrArray) watchers = NULL;
  g_autoptr (GCancellable) cancellable = NULL;

  if (self->user_id == NULL)
    return;

  jobs = take_tasks (&self->jobs);
  watchers = take_tasks (&self->watchers);
  cancellable = g_steal_pointer (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  self->generation++;
  self->opening = FALSE;
  self->n_left =
      queue != NULL && !self->forget ? ls_queue_counts_get_open (ls_queue_get_counts (queue)) : 0;
  disarm (self);
  g_clear_pointer (&self->server, g_free);
  g_clear_pointer (&self->user_id, g_free);
  g_clear_error (&self->trouble);
  ls_queue_store_close_async (self->store, self->forget && queue != NULL, store_close_cb, NULL);
  self->forget = FALSE;
  g_cancellable_cancel (cancellable);
  send_away (jobs);
  send_away (watchers);
  if (queue == NULL)
    return;

  answer_all (self, queue);
  ls_action_queue_emit_counts (self);
}

static void
follow_link (LsActionQueue *self)
{
  const LsStatus *status = ls_agent_get_status (self->agent);

  if (self->queue == NULL)
    return;

  ls_queue_set_link (self->queue,
                     status->state == LS_STATE_LIVE || status->state == LS_STATE_POLLING,
                     status->protocol);
  ls_action_queue_run (self);
}

static void
start_jobs (LsActionQueue *self)
{
  g_autoptr (GPtrArray) tasks = take_tasks (&self->jobs);

  for (guint i = 0; i < tasks->len; i++)
    ls_action_queue_submit (self, g_object_ref (tasks->pdata[i]));
}

static void
store_open_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) actions = NULL;
  LsActionQueue *self = question->self;

  actions = ls_queue_store_open_finish (LS_QUEUE_STORE (object), result, &error);
  if (question->generation != self->generation)
    return;

  self->opening = FALSE;
  if (actions == NULL)
    {
      g_warning ("the queue can't be opened: %s", error->message);
      self->trouble = g_steal_pointer (&error);
      start_jobs (self);
      return;
    }

  self->queue =
      ls_queue_new (self->clock, self->random, &self->editor, &self->config, self->user_id);
  ls_queue_load (self->queue, actions, ls_agent_get_position (self->agent));
  follow_link (self);
  start_jobs (self);
}

static void
open_queue (LsActionQueue *self)
{
  g_clear_error (&self->trouble);
  self->opening = TRUE;
  ls_queue_store_open_async (self->store, self->server, self->user_id, store_open_cb,
                             question_new (self, NULL));
}

static void
on_account_changed (LsAgent *agent, LsActionQueue *self)
{
  const LsUser *user = ls_agent_get_user (agent);
  const char *server = ls_agent_get_config (agent)->server;

  if (user != NULL && g_strcmp0 (user->id, self->user_id) == 0 &&
      g_strcmp0 (server, self->server) == 0)
    return;

  ls_action_queue_close (self);
  if (user == NULL || server == NULL)
    return;

  self->server = g_strdup (server);
  self->user_id = g_strdup (user->id);
  open_queue (self);
}

static void
on_status_changed (LsAgent *agent, LsActionQueue *self)
{
  follow_link (self);
}

/* What could not be opened is worth another try now and then. */
static void
on_state_changed (LsAgent *agent, gint old_state, gint new_state, gint reason, LsActionQueue *self)
{
  if (self->trouble != NULL && !self->opening &&
      (new_state == LS_STATE_LIVE || new_state == LS_STATE_POLLING))
    open_queue (self);
}

static void
on_events_committed (LsAgent *agent, GPtrArray *events, LsActionQueue *self)
{
  if (self->queue == NULL)
    return;

  ls_queue_events (self->queue, events);
  ls_action_queue_run (self);
}

static void
on_position_moved (LsAgent *agent, LsActionQueue *self)
{
  if (self->queue == NULL)
    return;

  ls_queue_moved (self->queue, ls_agent_get_position (agent), ls_agent_is_settled (agent));
  ls_action_queue_run (self);
}

static void
on_tokens_changed (LsAgent *agent, LsActionQueue *self)
{
  if (self->queue == NULL)
    return;

  ls_queue_tokens_changed (self->queue);
  ls_action_queue_run (self);
}

/**
 * ls_action_queue_follow_agent:
 * @self: a queue
 *
 * Opens and closes with the agent's account from now on.
 */
void
ls_action_queue_follow_agent (LsActionQueue *self)
{
  g_signal_connect (self->agent, "account-changed", G_CALLBACK (on_account_changed), self);
  g_signal_connect (self->agent, "state-changed", G_CALLBACK (on_state_changed), self);
  g_signal_connect (self->agent, "status-changed", G_CALLBACK (on_status_changed), self);
  g_signal_connect (self->agent, "events-committed", G_CALLBACK (on_events_committed), self);
  g_signal_connect (self->agent, "position-moved", G_CALLBACK (on_position_moved), self);
  g_signal_connect (self->agent, "tokens-changed", G_CALLBACK (on_tokens_changed), self);
  on_account_changed (self->agent, self);
}

/**
 * ls_action_queue_submit:
 * @self: a queue
 * @task: (transfer full): with a #LsQueueJob
 *
 * Begins with a job, or has it wait until the queue is open. One that could not be opened is tried again.
 */
void
ls_action_queue_submit (LsActionQueue *self, GTask *task)
{
  LsQueueJob *job = g_task_get_task_data (task);
  g_autoptr (GTask) owned = task;

  if (self->queue != NULL)
    {
      job->func (self, g_steal_pointer (&owned), job);
      ls_action_queue_run (self);
    }
  else if (self->user_id == NULL)
    {
      g_task_return_new_error (task, LS_ERROR, LS_ERROR_NOT_SIGNED_IN, "nobody is signed in");
    }
  else if (self->trouble != NULL && job->was_tried)
    {
      g_task_return_error (task, g_error_copy (self->trouble));
    }
  else
    {
      job->was_tried = TRUE;
      g_ptr_array_add (self->jobs, g_steal_pointer (&owned));
      if (!self->opening)
        open_queue (self);
    }
}
