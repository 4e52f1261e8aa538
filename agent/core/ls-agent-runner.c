/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's commands carried out on the ports, and what came of them told to the engine. */
#include "ls-agent-private.h"

/* A question whose answer is void once the account has changed. */
typedef struct
{
  LsAgent *agent; /* (owned) */
  guint generation;
  guint run; /* of the command, like what follows */
  LsEntity entity;
  LsCursor cursor;
} Question;

static Question *
question_new (LsAgent *self, const LsCommand *command)
{
  Question *question = g_new0 (Question, 1);

  question->agent = g_object_ref (self);
  question->generation = self->generation;
  question->run = command->run;
  question->entity = command->entity;
  question->cursor = command->cursor;
  return question;
}

static void
question_free (Question *question)
{
  g_object_unref (question->agent);
  g_free (question);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Question, question_free)

static gboolean
question_is_void (Question *question, GAsyncResult *result)
{
  GCancellable *cancellable = g_task_get_cancellable (G_TASK (result));

  return question->generation != question->agent->generation ||
         g_cancellable_is_cancelled (question->agent->cancellable) ||
         (cancellable != NULL && g_cancellable_is_cancelled (cancellable));
}

static void
transport_open_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (GError) error = NULL;
  LsProtocol protocol = ls_transport_open_finish (LS_TRANSPORT (object), result, &error);
  LsAgent *self = question->agent;

  if (question_is_void (question, result))
    return;

  if (error != NULL)
    ls_engine_open_failed (self->engine, error);
  else
    ls_engine_opened (self->engine, protocol);
  ls_agent_run (self);
}

static void
transport_updates_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsUpdates) page = NULL;
  LsAgent *self = question->agent;

  page = ls_transport_updates_finish (LS_TRANSPORT (object), result, &error);
  if (question_is_void (question, result))
    return;

  if (page == NULL)
    ls_engine_fetch_failed (self->engine, question->run, error);
  else
    ls_engine_updates (self->engine, question->run, page);
  ls_agent_run (self);
}

static void
transport_snapshot_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsSnapshotPage) page = NULL;
  LsAgent *self = question->agent;

  page = ls_transport_snapshot_finish (LS_TRANSPORT (object), result, &error);
  if (question_is_void (question, result))
    return;

  if (page == NULL)
    ls_engine_fetch_failed (self->engine, question->run, error);
  else
    ls_engine_snapshot_page (self->engine, question->run, page);
  ls_agent_run (self);
}

static void
transport_poll_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsPoll) poll = NULL;
  LsAgent *self = question->agent;

  poll = ls_transport_poll_finish (LS_TRANSPORT (object), result, &error);
  if (question_is_void (question, result))
    return;

  if (poll == NULL)
    ls_engine_fetch_failed (self->engine, question->run, error);
  else
    ls_engine_polled (self->engine, question->run, poll);
  ls_agent_run (self);
}

static void
transport_list_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsListing) listing = NULL;
  LsAgent *self = question->agent;

  listing = ls_transport_list_finish (LS_TRANSPORT (object), result, &error);
  if (question_is_void (question, result))
    return;

  if (listing == NULL)
    ls_engine_list_failed (self->engine, question->run, error);
  else
    ls_engine_listed (self->engine, question->run, listing);
  ls_agent_run (self);
}

static void
transport_checksum_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsChecksum) checksum = NULL;
  LsAgent *self = question->agent;

  checksum = ls_transport_checksum_finish (LS_TRANSPORT (object), result, &error);
  if (question_is_void (question, result))
    return;

  if (checksum == NULL)
    ls_engine_their_checksum_failed (self->engine, error);
  else
    ls_engine_their_checksum (self->engine, checksum);
  ls_agent_run (self);
}

static void
store_checksum_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsChecksum) checksum = NULL;
  LsAgent *self = question->agent;

  checksum = ls_store_checksum_finish (LS_STORE (object), result, &error);
  if (question_is_void (question, result))
    return;

  if (checksum == NULL)
    g_warning ("no checksum: %s", error->message);
  ls_engine_our_checksum (self->engine, checksum);
  ls_agent_run (self);
}

static void
store_commit_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsCommit) commit = NULL;
  LsAgent *self = question->agent;

  commit = ls_store_commit_finish (LS_STORE (object), result, &error);
  if (question_is_void (question, result))
    return;

  if (commit == NULL)
    ls_engine_commit_failed (self->engine, error);
  else
    ls_engine_committed (self->engine, g_steal_pointer (&commit));
  ls_agent_run (self);
}

static void
store_stage_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (GError) error = NULL;
  LsAgent *self = question->agent;
  gboolean staged = ls_store_stage_finish (LS_STORE (object), result, &error);

  if (question_is_void (question, result))
    return;

  if (staged)
    ls_engine_staged (self->engine, question->run);
  else
    ls_engine_snapshot_failed (self->engine, question->run, error);
  ls_agent_run (self);
}

static void
store_finish_snapshot_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsCommit) commit = NULL;
  LsAgent *self = question->agent;

  commit = ls_store_finish_snapshot_finish (LS_STORE (object), result, &error);
  if (question_is_void (question, result))
    return;

  if (commit == NULL)
    {
      ls_engine_snapshot_failed (self->engine, question->run, error);
    }
  else
    {
      ls_agent_emit_commit (self, commit);
      ls_engine_finished_snapshot (self->engine, question->run, question->cursor, commit);
    }
  ls_agent_run (self);
}

static void
secrets_lookup_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsSession) session = NULL;
  LsAgent *self = question->agent;

  session = ls_secrets_lookup_finish (LS_SECRETS (object), result, &error);
  if (question_is_void (question, result))
    return;

  if (session == NULL)
    ls_engine_tokens_failed (self->engine, error);
  else
    ls_engine_tokens (self->engine, session, FALSE);
  ls_agent_run (self);
}

/* Fresh tokens on their way into the keyring. */
typedef struct
{
  Question *question; /* (owned) */
  LsSession *session; /* (owned) */
} Refreshed;

static void
secrets_store_refreshed_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Refreshed *refreshed = user_data;
  g_autoptr (Question) question = refreshed->question;
  g_autoptr (LsSession) session = refreshed->session;
  g_autoptr (GError) error = NULL;
  LsAgent *self = question->agent;

  g_free (refreshed);
  if (!ls_secrets_store_finish (LS_SECRETS (object), result, &error))
    g_message ("the tokens are kept in memory alone: %s", error->message);
  if (question_is_void (question, result))
    return;

  self->in_memory = self->in_memory && error != NULL;
  ls_engine_tokens (self->engine, session, TRUE);
  ls_agent_run (self);
}

static void
transport_refresh_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsSession) session = NULL;
  LsAgent *self = question->agent;
  Refreshed *refreshed;

  session = ls_transport_refresh_finish (LS_TRANSPORT (object), result, &error);
  if (question_is_void (question, result))
    return;
  if (session == NULL || !ls_engine_check_tokens (self->engine, session, &error))
    {
      ls_engine_tokens_failed (self->engine, error);
      ls_agent_run (self);
      return;
    }

  /* Stored before use: if we die now, the server's new refresh token is not lost with us. */
  refreshed = g_new0 (Refreshed, 1);
  refreshed->session = g_steal_pointer (&session);
  refreshed->question = g_steal_pointer (&question);
  ls_secrets_store_async (self->secrets, self->config->server, self->user->id, refreshed->session,
                          self->cancellable, secrets_store_refreshed_cb, refreshed);
}

static void
disarm (LsAgent *self, LsTimer timer)
{
  if (self->alarms[timer].id == 0)
    return;

  ls_clock_remove_alarm (self->clock, self->alarms[timer].id);
  self->alarms[timer].id = 0;
}

/**
 * ls_agent_disarm_all:
 * @self: an agent
 *
 * Removes every alarm.
 */
void
ls_agent_disarm_all (LsAgent *self)
{
  ls_agent_account_stop_reopening (self);
  for (guint i = 0; i < LS_N_TIMERS; i++)
    disarm (self, (LsTimer)i);
}

static void
on_alarm (gpointer user_data)
{
  LsAgentAlarm *alarm = user_data;
  LsAgent *self = alarm->agent;

  alarm->id = 0;
  ls_engine_timer (self->engine, (LsTimer)(alarm - self->alarms));
  ls_agent_run (self);
}

static void
do_arm (LsAgent *self, LsCommand *command)
{
  LsAgentAlarm *alarm = &self->alarms[command->timer];

  disarm (self, command->timer);
  alarm->agent = self;
  alarm->id = ls_clock_add_alarm (self->clock, LS_CLOCK_MONOTONIC, command->at, on_alarm, alarm);
}

static void
do_open (LsAgent *self, LsCommand *command)
{
  const LsSession *session = ls_engine_get_session (self->engine);

  g_clear_object (&self->opening);
  self->opening = g_cancellable_new ();
  ls_transport_open_async (self->transport, session->access, self->opening, transport_open_cb,
                           question_new (self, command));
}

static void
do_close (LsAgent *self, LsCommand *command)
{
  if (self->opening != NULL)
    g_cancellable_cancel (self->opening);
  g_clear_object (&self->opening);
  ls_transport_close (self->transport);
}

static void
do_hang_up (LsAgent *self, LsCommand *command)
{
  do_close (self, command);
  g_cancellable_cancel (self->link);
  g_object_unref (self->link);
  self->link = g_cancellable_new ();
}

static void
do_hold (LsAgent *self, LsCommand *command)
{
  ls_transport_set_held (self->transport, command->held);
}

static void
do_send (LsAgent *self, LsCommand *command)
{
  ls_transport_send (self->transport, command->message);
}

static void
do_fetch_updates (LsAgent *self, LsCommand *command)
{
  const LsSession *session = ls_engine_get_session (self->engine);

  ls_transport_updates_async (self->transport, session->access, command->cursor, self->link,
                              transport_updates_cb, question_new (self, command));
}

static void
do_fetch_snapshot (LsAgent *self, LsCommand *command)
{
  const LsSession *session = ls_engine_get_session (self->engine);

  ls_transport_snapshot_async (self->transport, session->access, command->entity, command->page,
                               self->link, transport_snapshot_cb, question_new (self, command));
}

static void
do_fetch_checksum (LsAgent *self, LsCommand *command)
{
  const LsSession *session = ls_engine_get_session (self->engine);

  ls_transport_checksum_async (self->transport, session->access, command->entity, self->link,
                               transport_checksum_cb, question_new (self, command));
}

static void
do_poll (LsAgent *self, LsCommand *command)
{
  const LsSession *session = ls_engine_get_session (self->engine);

  ls_transport_poll_async (self->transport, session->access, command->since, self->link,
                           transport_poll_cb, question_new (self, command));
}

static void
do_list (LsAgent *self, LsCommand *command)
{
  ls_transport_list_async (self->transport, ls_engine_get_list_token (self->engine), command->table,
                           self->link, transport_list_cb, question_new (self, command));
}

static void
do_take_checksum (LsAgent *self, LsCommand *command)
{
  ls_store_checksum_async (self->store, command->entity, store_checksum_cb,
                           question_new (self, command));
}

static void
do_look_up_tokens (LsAgent *self, LsCommand *command)
{
  ls_secrets_lookup_async (self->secrets, self->config->server, self->user->id, self->cancellable,
                           secrets_lookup_cb, question_new (self, command));
}

static void
do_refresh_tokens (LsAgent *self, LsCommand *command)
{
  const LsSession *session = ls_engine_get_session (self->engine);

  ls_transport_refresh_async (self->transport, session->refresh, self->cancellable,
                              transport_refresh_cb, question_new (self, command));
}

static void
do_commit (LsAgent *self, LsCommand *command)
{
  ls_store_commit_async (self->store, command->change_set, store_commit_cb,
                         question_new (self, command));
}

static void
do_tell_commit (LsAgent *self, LsCommand *command)
{
  ls_agent_emit_commit (self, command->commit);
}

static void
do_stage (LsAgent *self, LsCommand *command)
{
  ls_store_stage_async (self->store, command->entity, command->rows, command->first, store_stage_cb,
                        question_new (self, command));
}

static void
do_finish_snapshot (LsAgent *self, LsCommand *command)
{
  ls_store_finish_snapshot_async (self->store, command->entity, command->cursor,
                                  ls_clock_get_wall (self->clock), command->absence,
                                  store_finish_snapshot_cb, question_new (self, command));
}

static void
do_disarm (LsAgent *self, LsCommand *command)
{
  disarm (self, command->timer);
}

static void
do_tell_state (LsAgent *self, LsCommand *command)
{
  ls_agent_emit_state (self, command->old_state, command->new_state, command->reason);
}

static void
do_tell_status (LsAgent *self, LsCommand *command)
{
  ls_agent_emit_status (self);
}

static void
do_tell_account (LsAgent *self, LsCommand *command)
{
  ls_agent_emit_account (self);
}

static void
do_tell_user (LsAgent *self, LsCommand *command)
{
  self->user->role = command->user->role;
  self->user->extra_role = command->user->extra_role;
  ls_agent_account_save (self);
  ls_agent_emit_account (self);
}

static void
do_tell_synced (LsAgent *self, LsCommand *command)
{
  g_autoptr (GPtrArray) tasks = g_steal_pointer (&self->sync_tasks);

  self->sync_tasks = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < tasks->len; i++)
    {
      if (command->error != NULL)
        g_task_return_error (tasks->pdata[i], g_error_copy (command->error));
      else
        g_task_return_boolean (tasks->pdata[i], TRUE);
    }
}

static void
do_tell_tokens (LsAgent *self, LsCommand *command)
{
  ls_agent_emit_tokens (self);
}

static void
do_tell_position (LsAgent *self, LsCommand *command)
{
  ls_agent_emit_position (self);
}

/**
 * ls_agent_run:
 * @self: an agent
 *
 * Carries out what the engine wants done. To be called after every input to it; from inside itself
 * it does nothing, since the outer call goes on.
 */
void
ls_agent_run (LsAgent *self)
{
  static void (*const table[]) (LsAgent *, LsCommand *) = {
    [LS_COMMAND_OPEN] = do_open,
    [LS_COMMAND_HANG_UP] = do_hang_up,
    [LS_COMMAND_CLOSE] = do_close,
    [LS_COMMAND_HOLD] = do_hold,
    [LS_COMMAND_SEND] = do_send,
    [LS_COMMAND_FETCH_UPDATES] = do_fetch_updates,
    [LS_COMMAND_FETCH_SNAPSHOT] = do_fetch_snapshot,
    [LS_COMMAND_FETCH_CHECKSUM] = do_fetch_checksum,
    [LS_COMMAND_TAKE_CHECKSUM] = do_take_checksum,
    [LS_COMMAND_POLL] = do_poll,
    [LS_COMMAND_LIST] = do_list,
    [LS_COMMAND_LOOK_UP_TOKENS] = do_look_up_tokens,
    [LS_COMMAND_REFRESH_TOKENS] = do_refresh_tokens,
    [LS_COMMAND_COMMIT] = do_commit,
    [LS_COMMAND_TELL_COMMIT] = do_tell_commit,
    [LS_COMMAND_STAGE] = do_stage,
    [LS_COMMAND_FINISH_SNAPSHOT] = do_finish_snapshot,
    [LS_COMMAND_ARM] = do_arm,
    [LS_COMMAND_DISARM] = do_disarm,
    [LS_COMMAND_TELL_STATE] = do_tell_state,
    [LS_COMMAND_TELL_STATUS] = do_tell_status,
    [LS_COMMAND_TELL_ACCOUNT] = do_tell_account,
    [LS_COMMAND_TELL_USER] = do_tell_user,
    [LS_COMMAND_TELL_SYNCED] = do_tell_synced,
    [LS_COMMAND_TELL_TOKENS] = do_tell_tokens,
    [LS_COMMAND_TELL_POSITION] = do_tell_position,
  };

  if (self->running)
    return;

  g_object_ref (self);
  self->running = TRUE;
  for (;;)
    {
      g_autoptr (LsCommand) command = ls_engine_take_command (self->engine);

      if (command == NULL)
        break;

      table[command->kind](self, command);
    }
  self->running = FALSE;
  g_object_unref (self);
}
