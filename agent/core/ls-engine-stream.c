/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's events: the stream, the runs that fill its gaps, and what is followed. */
#include "ls-engine-private.h"

#include "ls-role-sight.h"

/* A snapshot that lacks very much is doubted until the server has said so for this long, in
 * milliseconds. */
#define DOUBT (30 * 60 * 1000)

static void
subscribe (LsEngine *self, LsEntitySet entities, LsMessageKind kind)
{
  for (guint i = 0; i < ls_event_type_get_count (); i++)
    {
      LsEntity entity = ls_event_type_get_entity ((LsEventType)i);
      LsCommand *command;

      if ((entities & (1u << entity)) == 0)
        continue;

      if (kind == LS_MESSAGE_SUBSCRIBE)
        self->n_unanswered[entity]++;
      command = ls_command_new (LS_COMMAND_SEND);
      command->message = ls_message_new (kind);
      command->message->event_type = (LsEventType)i;
      ls_engine_push (self, command);
    }
}

/* Tells the server what of what is followed it does not know yet. */
static void
update_upstream (LsEngine *self)
{
  subscribe (self, self->upstream & ~self->followed, LS_MESSAGE_UNSUBSCRIBE);
  subscribe (self, self->followed & ~self->upstream, LS_MESSAGE_SUBSCRIBE);
  self->upstream = self->followed;
}

/* Of what a snapshot is of use. On a socket not before all of its events are sure to come: what
 * happened in between would be missed. */
static LsEntitySet
get_subscribed (LsEngine *self)
{
  LsEntitySet set = LS_ENTITY_SET_ALL;

  if (ls_sync_is_classic (self->sync))
    return ls_classic_get_obtainable (self->classic);
  for (guint i = 0; self->phase == LS_SOCKET_STREAMING && i < LS_N_ENTITIES; i++)
    if (self->n_unanswered[i] > 0)
      set &= ~(1u << i);

  return set;
}

static LsHeartbeatProfile
choose_profile (LsEngine *self)
{
  if (self->status.metered)
    return self->config->metered;

  for (guint i = 0; i < LS_N_ENTITIES; i++)
    if (self->subscriptions.n_apps[i] > 0)
      return self->config->active;

  return self->config->idle;
}

/**
 * ls_engine_stream_hello:
 * @self: the engine, with a socket that just opened
 *
 * Introduces us: where we stand and what we follow.
 */
void
ls_engine_stream_hello (LsEngine *self)
{
  LsCommand *command = ls_command_new (LS_COMMAND_SEND);
  LsMessage *hello = ls_message_new (LS_MESSAGE_HELLO);

  hello->cursor = ls_intake_get_position (self->intake);
  hello->event_types = g_array_new (FALSE, FALSE, sizeof (LsEventType));
  hello->agent_version = g_strdup (self->config->agent_version);
  hello->machine = g_strdup (self->config->machine);
  for (guint i = 0; i < ls_event_type_get_count (); i++)
    {
      LsEventType type = (LsEventType)i;

      if (self->followed & (1u << ls_event_type_get_entity (type)))
        g_array_append_val (hello->event_types, type);
    }

  command->message = hello;
  self->phase = LS_SOCKET_GREETING;
  self->upstream = self->followed;
  memset (self->n_unanswered, 0, sizeof self->n_unanswered);
  ls_engine_push (self, command);
}

/* Which snapshots are believed whatever they lack, as one before did, too. */
static LsEntitySet
get_believed (LsEngine *self)
{
  gint64 now = ls_clock_get_monotonic (self->clock);
  LsEntitySet believed = LS_ENTITY_SET_NONE;

  for (guint i = 0; i < LS_N_ENTITIES; i++)
    if (self->doubted_at[i] != 0 && now >= self->doubted_at[i] + DOUBT)
      believed |= 1u << i;

  return believed & self->followed;
}

/**
 * ls_engine_stream_start_sync:
 * @self: the engine
 * @everything: whether our position is worth nothing
 *
 * Starts a run of requests that fills what is missing.
 */
void
ls_engine_stream_start_sync (LsEngine *self, gboolean everything)
{
  g_clear_pointer (&self->delayed, ls_command_free);
  self->sync_again = FALSE;
  if (everything)
    self->counters.n_snapshots++;
  ls_sync_believe (self->sync, get_believed (self));
  ls_engine_push (self, ls_sync_start (self->sync, everything, get_subscribed (self)));
}

/* What comes faster than the store takes it has to wait at the server, not here. */
static void
check_held (LsEngine *self)
{
  gboolean held = ls_intake_is_full (self->intake);
  LsCommand *command;

  if (self->held == held || self->phase != LS_SOCKET_STREAMING)
    return;

  self->held = held;
  command = ls_command_new (LS_COMMAND_HOLD);
  command->held = held;
  ls_engine_push (self, command);
}

/**
 * ls_engine_stream_commit:
 * @self: the engine
 *
 * Hands the store what waits, if it is free, and looks whether that is enough.
 */
void
ls_engine_stream_commit (LsEngine *self)
{
  LsChangeSet *change_set = ls_intake_next (self->intake, ls_clock_get_wall (self->clock));
  LsCommand *command;

  if (change_set != NULL)
    {
      self->counters.n_commits++;
      command = ls_command_new (LS_COMMAND_COMMIT);
      command->change_set = change_set;
      ls_engine_push (self, command);
    }
  check_held (self);
}

static void
take (LsEngine *self, LsMessage *message)
{
  switch (ls_intake_take (self->intake, message))
    {
    case LS_INTAKE_TAKEN:
      break;
    case LS_INTAKE_GAP:
      self->counters.n_gaps++;
      ls_intake_hold (self->intake, message);
      ls_engine_stream_start_sync (self, FALSE);
      break;
    case LS_INTAKE_NEW_LOG:
      ls_engine_stream_start_sync (self, TRUE);
      break;
    default:
      g_assert_not_reached ();
    }
}

/* What is followed and can be had, and is not on disk yet. */
static LsEntitySet
get_missing (LsEngine *self)
{
  LsEntitySet missing = ls_intake_get_missing (self->intake);

  return ls_engine_classic_is_spoken (self) ? missing & get_subscribed (self) : missing;
}

static void
confirm (LsEngine *self)
{
  self->status.confirmed_at = ls_clock_get_wall (self->clock);
  ls_engine_push_simple (self, LS_COMMAND_TELL_STATUS);
}

/* Whether the stream brings everything from here on, and what came before is in. */
static gboolean
is_up_to_date (LsEngine *self)
{
  if (self->phase != LS_SOCKET_STREAMING)
    return FALSE;
  if (ls_engine_classic_is_spoken (self))
    return ls_engine_classic_is_fresh (self);

  return ls_cursor_covers (ls_intake_get_position (self->intake), self->target);
}

/**
 * ls_engine_stream_check:
 * @self: the engine
 *
 * Looks whether the stream has caught up, and whether a sync that was asked for is complete.
 */
void
ls_engine_stream_check (LsEngine *self)
{
  if (ls_sync_is_running (self->sync))
    return;

  if (is_up_to_date (self) && self->status.state != LS_STATE_LIVE)
    {
      if (!ls_engine_classic_is_spoken (self))
        confirm (self);
      ls_engine_link_apply (self, LS_CONNECTION_CAUGHT_UP, LS_REASON_NONE);
    }
  if (!self->sync_again && ls_intake_is_settled (self->intake) &&
      get_missing (self) == LS_ENTITY_SET_NONE &&
      (self->status.state == LS_STATE_LIVE || self->status.state == LS_STATE_POLLING))
    ls_engine_stream_synced (self);
  ls_engine_compare_go_on (self);
}

static void
end_sync (LsEngine *self, GError *error)
{
  LsCommand *command = ls_command_new (LS_COMMAND_TELL_SYNCED);

  self->sync_wanted = FALSE;
  self->sync_again = FALSE;
  command->error = error;
  ls_engine_push (self, command);
  ls_engine_compare_now (self);
}

/**
 * ls_engine_stream_sync_failed:
 * @self: the engine
 * @reason: why
 *
 * Ends a sync that was asked for, if there is one, without success.
 */
void
ls_engine_stream_sync_failed (LsEngine *self, LsReason reason)
{
  LsError code = reason == LS_REASON_STORAGE ? LS_ERROR_STORAGE : LS_ERROR_UNREACHABLE;

  if (self->sync_wanted)
    end_sync (self, g_error_new (LS_ERROR, (gint)code, "%s", ls_reason_to_string (reason)));
}

/**
 * ls_engine_stream_synced:
 * @self: the engine
 *
 * Ends a sync that was asked for, if there is one: well if we are connected, else with the reason.
 */
void
ls_engine_stream_synced (LsEngine *self)
{
  if (self->status.state != LS_STATE_LIVE && self->status.state != LS_STATE_POLLING)
    ls_engine_stream_sync_failed (self, self->status.reason);
  else if (self->sync_wanted)
    end_sync (self, NULL);
}

static void
drain (LsEngine *self)
{
  LsMessage *message;

  while (!ls_sync_is_running (self->sync) && (message = ls_intake_release (self->intake)) != NULL)
    {
      take (self, message);
      ls_message_unref (message);
    }
}

/* What came to be followed while a run was under way. */
static void
fetch_missing (LsEngine *self)
{
  if (!ls_sync_is_running (self->sync) &&
      (ls_intake_get_missing (self->intake) & get_subscribed (self)) != LS_ENTITY_SET_NONE)
    ls_engine_stream_start_sync (self, FALSE);
}

/**
 * ls_engine_stream_finish_sync:
 * @self: the engine, whose run is at its end
 *
 * The frames that waited for it are next.
 */
void
ls_engine_stream_finish_sync (LsEngine *self)
{
  confirm (self);
  drain (self);
  fetch_missing (self);
  if (self->sync_again)
    ls_engine_stream_start_sync (self, FALSE);
  ls_engine_stream_commit (self);
  ls_engine_push_simple (self, LS_COMMAND_TELL_POSITION);
  if (self->phase != LS_SOCKET_STREAMING)
    ls_engine_link_apply (self, LS_CONNECTION_POLLED,
                          self->config->websocket ? self->trouble : LS_REASON_NONE);
  ls_engine_stream_check (self);
  if (ls_engine_classic_is_spoken (self) && self->phase == LS_SOCKET_STREAMING)
    ls_engine_link_poll_later (self);
  else if (ls_sync_took_snapshot (self->sync))
    ls_engine_compare_soon (self);
}

/**
 * ls_engine_stream_begin:
 * @self: the engine, whose socket is ready for use
 *
 * Watches its pulse, and says what is followed.
 */
void
ls_engine_stream_begin (LsEngine *self)
{
  ls_heartbeat_start (&self->heartbeat, choose_profile (self),
                      ls_clock_get_monotonic (self->clock));
  ls_engine_link_check_heartbeat (self);
  update_upstream (self);
}

/* Somebody's role may have changed since they signed in. What is meant for another user would end in
 * the wrong store: better none of it. */
static gboolean
check_user (LsEngine *self, const LsUser *user)
{
  g_autoptr (GError) error = NULL;
  LsCommand *command;

  if (user == NULL)
    return TRUE;
  if (!ls_engine_tokens_are_of (self, user, &error))
    {
      ls_engine_push_simple (self, LS_COMMAND_CLOSE);
      ls_engine_open_failed (self, error);
      return FALSE;
    }
  if (user->role == self->user->role && user->extra_role == self->user->extra_role)
    return TRUE;

  self->user->role = user->role;
  self->user->extra_role = user->extra_role;
  command = ls_command_new (LS_COMMAND_TELL_USER);
  command->user = ls_user_copy (user);
  ls_engine_push (self, command);
  return TRUE;
}

static void
on_welcome (LsEngine *self, const LsMessage *welcome)
{
  if (self->phase != LS_SOCKET_GREETING || !check_user (self, welcome->user))
    return;

  self->phase = LS_SOCKET_STREAMING;
  self->target = welcome->cursor;
  ls_engine_disarm (self, LS_TIMER_OPEN_DEADLINE);
  ls_engine_stream_begin (self);
  if (welcome->resume != LS_RESUME_RESUMED)
    ls_engine_stream_start_sync (self, TRUE);
  else
    fetch_missing (self);
}

static void
on_pong (LsEngine *self, LsMessage *pong)
{
  gint64 now = ls_clock_get_monotonic (self->clock);

  if (ls_engine_classic_is_spoken (self) && pong->timestamp > 0)
    ls_pace_told_time (&self->pace, pong->timestamp, ls_clock_get_wall (self->clock));
  self->status.round_trip_ms = (guint)ls_heartbeat_get_round_trip (&self->heartbeat, now);
  ls_engine_server_time (self, pong->timestamp);
  if (!ls_sync_is_running (self->sync) && ls_cursor_is_set (pong->sent))
    take (self, pong);
  if (!ls_sync_is_running (self->sync) && self->status.state == LS_STATE_LIVE &&
      !ls_engine_classic_is_spoken (self))
    confirm (self);
}

static void
on_subscribed (LsEngine *self, const LsMessage *message)
{
  LsEntity entity;

  if (message->event_type == LS_EVENT_TYPE_INVALID)
    return;

  entity = ls_event_type_get_entity (message->event_type);
  if (self->n_unanswered[entity] > 0)
    self->n_unanswered[entity]--;
  fetch_missing (self);
}

static void
on_drain (LsEngine *self, const LsMessage *message)
{
  gint64 spread = MAX (message->spread_ms, 0);
  g_autoptr (GError) error = NULL;

  error = ls_link_error_new (LS_REASON_SERVER_DRAINING, 0, 0, "the server is about to restart");
  ls_engine_link_fail (self, error);
  /* The server chose the time: exactly this long, not a backoff on top. */
  if (self->status.state == LS_STATE_WAITING)
    {
      gint64 delay = message->retry_after_ms + ls_random_below (self->random, spread + 1);

      ls_engine_arm (self, LS_TIMER_ATTEMPT, delay);
      self->status.next_attempt_at = ls_clock_get_wall (self->clock) + delay;
      ls_engine_push_simple (self, LS_COMMAND_TELL_STATUS);
    }
}

/* Whether a row may be ours: the server decides who sees what, and this is for the day on which it errs. */
static gboolean
is_ours (LsEngine *self, LsEntity entity, const char *data)
{
  const char *const *members = ls_entity_get_addressees (entity);
  gboolean named = FALSE;
  guint i;

  if (!ls_role_sees (self->user->role, entity))
    return FALSE;

  for (i = 0; members[i] != NULL && !named; i++)
    {
      g_autofree char *id = self->data_reader.get_text (data, members[i]);

      named = id == NULL || g_str_equal (id, self->user->id);
    }
  return i == 0 || named;
}

static void
count_foreign (LsEngine *self, guint n)
{
  self->counters.n_foreign_events += n;
  if (n > 0)
    g_warning ("%u events or rows for somebody else were left out", n);
}

static void
drop_foreign_events (LsEngine *self, GPtrArray *events)
{
  guint n_before = events->len;

  for (guint i = events->len; i > 0; i--)
    {
      const LsEvent *event = g_ptr_array_index (events, i - 1);

      if (!is_ours (self, ls_event_get_entity (event), event->data))
        g_ptr_array_remove_index (events, i - 1);
    }
  count_foreign (self, n_before - events->len);
}

static void
drop_foreign_rows (LsEngine *self, LsEntity entity, GPtrArray *rows)
{
  guint n_before = rows->len;

  for (guint i = rows->len; i > 0; i--)
    {
      const LsRow *row = g_ptr_array_index (rows, i - 1);

      if (!is_ours (self, entity, row->data))
        g_ptr_array_remove_index (rows, i - 1);
    }
  count_foreign (self, n_before - rows->len);
}

static void
on_events (LsEngine *self, LsMessage *message)
{
  self->counters.n_events += message->events != NULL ? message->events->len : 0;
  self->counters.n_bad_events += message->n_bad_events;
  if (message->n_bad_events > 0)
    g_warning ("%u malformed events were left out", message->n_bad_events);
  if (message->events != NULL)
    drop_foreign_events (self, message->events);

  if (ls_engine_classic_is_spoken (self) && message->events != NULL)
    {
      g_autoptr (GPtrArray) events = g_steal_pointer (&message->events);

      message->events = ls_classic_look_at_events (self->classic, events);
    }
  if (ls_sync_is_running (self->sync))
    ls_intake_hold (self->intake, message);
  else
    take (self, message);
}

/**
 * ls_engine_feed:
 * @self: the engine
 * @event: a change of our own that the server will not tell: the classic system tells nothing
 *
 * Takes it as if it had come on the socket: while something is being asked for, it waits, since the
 * answer may be from before. It is on disk by the next %LS_COMMAND_TELL_POSITION with
 * ls_engine_is_settled().
 */
void
ls_engine_feed (LsEngine *self, LsEvent *event)
{
  g_autoptr (LsMessage) message = ls_message_new (LS_MESSAGE_EVENTS);

  message->events = ls_event_array_new ();
  g_ptr_array_add (message->events, ls_event_ref (event));
  on_events (self, message);
  ls_engine_stream_commit (self);
  ls_engine_push_simple (self, LS_COMMAND_TELL_POSITION);
}

/**
 * ls_engine_stream_message:
 * @self: the engine
 * @message: what came on the socket
 *
 * Takes a message.
 */
void
ls_engine_stream_message (LsEngine *self, LsMessage *message)
{
  if (message->kind == LS_MESSAGE_WELCOME)
    on_welcome (self, message);
  else if (self->phase != LS_SOCKET_STREAMING)
    g_debug ("%s before the welcome: left out", ls_message_kind_to_string (message->kind));
  else if (message->kind == LS_MESSAGE_EVENTS)
    on_events (self, message);
  else if (message->kind == LS_MESSAGE_PONG)
    on_pong (self, message);
  else if (message->kind == LS_MESSAGE_SUBSCRIBED)
    on_subscribed (self, message);
  else if (message->kind == LS_MESSAGE_DRAIN)
    on_drain (self, message);
  else if (message->kind == LS_MESSAGE_ERROR)
    g_warning ("the server reports an error: %s",
               ls_message_is_code (message->code) ? message->code : "?");

  ls_engine_stream_commit (self);
  ls_engine_stream_check (self);
}

/**
 * ls_engine_stream_update_followed:
 * @self: the engine
 *
 * Brings what is followed upstream in line with what is wanted here.
 */
void
ls_engine_stream_update_followed (LsEngine *self)
{
  gint64 now = ls_clock_get_monotonic (self->clock);
  LsEntitySet wanted = ls_subscription_set_get_wanted (&self->subscriptions, now);
  gint64 next = ls_subscription_set_get_next_expiry (&self->subscriptions, now);

  if (next != 0)
    ls_engine_arm (self, LS_TIMER_FOLLOW, next - now);
  self->followed = wanted;
  ls_intake_set_followed (self->intake, wanted);
  if (self->phase != LS_SOCKET_STREAMING)
    return;

  update_upstream (self);
  ls_heartbeat_set_profile (&self->heartbeat, choose_profile (self));
  ls_engine_link_check_heartbeat (self);
  /* Nobody will confirm the subscription. */
  if (ls_engine_classic_is_spoken (self))
    fetch_missing (self);
}

/* Events that came before a snapshot must be in before it, and the log is read no faster than it is
 * written. */
static gboolean
is_time_for (LsEngine *self, const LsCommand *command)
{
  return command->kind == LS_COMMAND_FINISH_SNAPSHOT ? ls_intake_is_settled (self->intake)
                                                     : !ls_intake_is_full (self->intake);
}

static void
push_in_time (LsEngine *self, LsCommand *command)
{
  if (is_time_for (self, command))
    ls_engine_push (self, command);
  else
    self->delayed = command;
}

/**
 * ls_engine_updates:
 * @self: the engine
 * @run: of the command
 * @page: an answer to %LS_COMMAND_FETCH_UPDATES
 *
 * Takes a page of the log.
 */
void
ls_engine_updates (LsEngine *self, guint run, const LsUpdates *page)
{
  LsCommand *command = NULL;
  LsSyncStep step;

  if (!ls_sync_is_current (self->sync, run))
    return;

  self->counters.n_polls++;
  self->counters.n_events += page->events->len;
  self->counters.n_bad_events += page->n_bad_events;
  drop_foreign_events (self, page->events);
  step = ls_sync_updates (self->sync, page, &command);
  ls_engine_stream_commit (self);
  if (command != NULL)
    push_in_time (self, command);
  if (step == LS_SYNC_DONE)
    ls_engine_stream_finish_sync (self);
}

/**
 * ls_engine_snapshot_page:
 * @self: the engine
 * @run: of the command
 * @page: an answer to %LS_COMMAND_FETCH_SNAPSHOT
 *
 * Takes a page of a snapshot.
 */
void
ls_engine_snapshot_page (LsEngine *self, guint run, LsSnapshotPage *page)
{
  if (!ls_sync_is_current (self->sync, run))
    return;

  self->counters.n_bad_events += page->n_bad_rows;
  drop_foreign_rows (self, page->entity, page->rows);
  ls_engine_push (self, ls_sync_page (self->sync, page));
}

/**
 * ls_engine_staged:
 * @self: the engine
 * @run: of the command
 *
 * %LS_COMMAND_STAGE is done.
 */
void
ls_engine_staged (LsEngine *self, guint run)
{
  if (ls_sync_is_current (self->sync, run))
    push_in_time (self, ls_sync_staged (self->sync));
}

/* What was kept is reported; when the server says the same for long enough it is obeyed. */
static void
note_doubt (LsEngine *self, const LsCommit *commit)
{
  gint64 *doubted_at = &self->doubted_at[commit->entity];

  self->counters.n_doubted_rows += commit->n_kept;
  if (commit->n_kept > 0)
    g_warning ("%s: the server has %u rows less; they are kept until it has said so for a while",
               ls_entity_to_string (commit->entity), commit->n_kept);
  if (commit->n_kept == 0)
    *doubted_at = 0;
  else if (*doubted_at == 0)
    *doubted_at = ls_clock_get_monotonic (self->clock);
}

/**
 * ls_engine_finished_snapshot:
 * @self: the engine
 * @run: of the command
 * @cursor: of the command
 * @commit: what was done
 *
 * %LS_COMMAND_FINISH_SNAPSHOT is done. That counts even if its run does not any more.
 */
void
ls_engine_finished_snapshot (LsEngine *self, guint run, LsCursor cursor, const LsCommit *commit)
{
  gboolean changed = commit->events->len > 0 || (commit->ids != NULL && commit->ids[0] != NULL);
  LsCommand *command = NULL;
  LsSyncStep step;

  note_doubt (self, commit);
  if (self->followed & (1u << commit->entity))
    ls_intake_set_baseline (self->intake, commit->entity, cursor);
  if (!ls_sync_is_current (self->sync, run))
    return;

  step = ls_sync_finished_snapshot (self->sync, changed, &command);
  ls_engine_stream_commit (self);
  if (command != NULL)
    push_in_time (self, command);
  if (step == LS_SYNC_DONE)
    ls_engine_stream_finish_sync (self);
}

/**
 * ls_engine_committed:
 * @self: the engine
 * @commit: (transfer full): what was done
 *
 * %LS_COMMAND_COMMIT is done. The store gets the next one before this one is told, so that it works
 * while the apps are served.
 */
void
ls_engine_committed (LsEngine *self, LsCommit *commit)
{
  LsCommand *command = ls_command_new (LS_COMMAND_TELL_COMMIT);

  ls_intake_committed (self->intake);
  ls_engine_stream_commit (self);
  command->commit = commit;
  ls_engine_push (self, command);
  ls_engine_push_simple (self, LS_COMMAND_TELL_POSITION);
  if (self->delayed != NULL && is_time_for (self, self->delayed))
    ls_engine_push (self, g_steal_pointer (&self->delayed));
  ls_engine_stream_check (self);
}

static void
fail_storage (LsEngine *self, const GError *error)
{
  g_autoptr (GError) link_error = NULL;

  g_warning ("storage: %s", error->message);
  self->counters.n_storage_errors++;
  link_error = ls_link_error_new (LS_REASON_STORAGE, 0, 0, "%s", error->message);
  ls_engine_link_fail (self, link_error);
}

/**
 * ls_engine_commit_failed:
 * @self: the engine
 * @error: why
 *
 * %LS_COMMAND_COMMIT failed. What was not written is let go and will be asked for again.
 */
void
ls_engine_commit_failed (LsEngine *self, const GError *error)
{
  ls_intake_failed (self->intake);
  fail_storage (self, error);
}

/**
 * ls_engine_snapshot_failed:
 * @self: the engine
 * @run: of the command
 * @error: why
 *
 * %LS_COMMAND_STAGE or %LS_COMMAND_FINISH_SNAPSHOT failed. A commit that is under way is not
 * touched by that: the store answers it by itself.
 */
void
ls_engine_snapshot_failed (LsEngine *self, guint run, const GError *error)
{
  if (ls_sync_is_current (self->sync, run))
    fail_storage (self, error);
}
