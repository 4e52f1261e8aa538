/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-queue-private.h"

/* What is over is kept for so long, as long as there are not more, milliseconds (goals, F21). */
#define KEEP_FOR (24 * 60 * 60 * G_GINT64_CONSTANT (1000))
#define MAX_KEPT 1000
/* How many more there may be before that is looked at, and how often it is else, milliseconds. */
#define KEPT_SLACK 100
#define TIDY_EVERY (60 * 60 * G_GINT64_CONSTANT (1000))
/* How often a disk that fails is tried again, milliseconds. */
#define WRITE_AGAIN 10000
/* A wait from before a restart is never longer than the longest that is chosen: the clock may have been set. */
#define LONGEST_WAIT (15 * 60 * G_GINT64_CONSTANT (1000))
/* What has waited for so long was without a link, milliseconds. */
#define LONG_AGO (60 * 60 * G_GINT64_CONSTANT (1000))

/**
 * LsQueue:
 *
 * Decides about the actions of a user at a server. Each function below is an input: something happened. What
 * is to be done about it waits in a queue of commands until the caller takes them, carries them out and
 * reports back.
 *
 * One promise is kept throughout: nothing is told, sent or answered before it is on disk. All that is decided
 * while a write is under way becomes the next one, so that many callers share one; and if a write fails,
 * everything is again as it was on the disk, as after a crash.
 */

/**
 * ls_queue_new:
 * @clock: for the time; alarms are commands
 * @random: for jitter and ids
 * @editor: works on JSON
 * @config: settings
 * @user_id: whose
 *
 * Returns: (transfer full): a queue with nothing in it, to begin with ls_queue_load()
 */
LsQueue *
ls_queue_new (LsClock *clock,
              LsRandom *random,
              const LsDataEditor *editor,
              const LsQueueConfig *config,
              const char *user_id)
{
  LsQueue *self = g_new0 (LsQueue, 1);

  self->clock = g_object_ref (clock);
  self->random = g_object_ref (random);
  self->editor = *editor;
  self->config = *config;
  self->user_id = g_strdup (user_id);
  self->table = ls_queue_table_new ();
  self->position = LS_CURSOR_NONE;
  self->token_is_proven = TRUE;
  self->marked = g_ptr_array_new ();
  self->news = g_ptr_array_new_with_free_func (g_free);
  self->answers = g_ptr_array_new_with_free_func ((GDestroyNotify)ls_queue_command_free);
  self->answers_in_flight = g_ptr_array_new_with_free_func ((GDestroyNotify)ls_queue_command_free);
  g_queue_init (&self->commands);
  ls_queue_drain_init (&self->drain);
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    self->rows_changed[i] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

/**
 * ls_queue_free:
 * @self: (transfer full): a queue
 *
 * Frees it.
 */
void
ls_queue_free (LsQueue *self)
{
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    g_hash_table_unref (self->rows_changed[i]);
  ls_queue_drain_clear (&self->drain);
  g_queue_clear_full (&self->commands, (GDestroyNotify)ls_queue_command_free);
  g_ptr_array_unref (self->marked);
  g_ptr_array_unref (self->news);
  g_ptr_array_unref (self->answers);
  g_ptr_array_unref (self->answers_in_flight);
  g_clear_pointer (&self->writing, g_ptr_array_unref);
  g_strfreev (self->removing);
  ls_queue_table_free (self->table);
  g_object_unref (self->clock);
  g_object_unref (self->random);
  g_free (self->user_id);
  g_free (self);
}

/**
 * ls_queue_push:
 * @self: the queue
 * @kind: what to do
 *
 * Adds a command.
 *
 * Returns: (transfer none): the command, to be filled in
 */
LsQueueCommand *
ls_queue_push (LsQueue *self, LsQueueCommandKind kind)
{
  LsQueueCommand *command = ls_queue_command_new (kind);

  g_queue_push_tail (&self->commands, command);
  return command;
}

/**
 * ls_queue_take_command:
 * @self: a queue
 *
 * Returns: (transfer full) (nullable): what to do next
 */
LsQueueCommand *
ls_queue_take_command (LsQueue *self)
{
  return g_queue_pop_head (&self->commands);
}

/**
 * ls_queue_now:
 * @self: the queue
 *
 * Returns: monotonic milliseconds
 */
gint64
ls_queue_now (LsQueue *self)
{
  return ls_clock_get_monotonic (self->clock);
}

/**
 * ls_queue_wall:
 * @self: the queue
 *
 * Returns: milliseconds since the epoch
 */
gint64
ls_queue_wall (LsQueue *self)
{
  return ls_clock_get_wall (self->clock);
}

/**
 * ls_queue_answer:
 * @self: the queue
 * @ticket: of a caller
 * @id: (nullable): what to tell them
 * @number: what to tell them
 *
 * Answers a caller once what was decided for them is on disk.
 */
void
ls_queue_answer (LsQueue *self, gpointer ticket, const char *id, guint number)
{
  LsQueueCommand *command = ls_queue_command_new (LS_QUEUE_ANSWER);

  command->ticket = ticket;
  command->id = g_strdup (id);
  command->number = number;
  g_ptr_array_add (self->answers, command);
}

/**
 * ls_queue_refuse:
 * @self: the queue
 * @ticket: of a caller
 * @code: of %LS_ERROR
 * @message: for the log
 *
 * Tells a caller that it can't be done.
 */
void
ls_queue_refuse (LsQueue *self, gpointer ticket, LsError code, const char *message)
{
  LsQueueCommand *command = ls_queue_push (self, LS_QUEUE_ANSWER);

  command->ticket = ticket;
  command->error = g_error_new_literal (LS_ERROR, code, message);
}

/* Telling */

static guint *
get_count (LsQueue *self, LsActionStatus status)
{
  guint *counts[LS_N_ACTION_STATUSES] = {
    [LS_ACTION_PENDING] = &self->counts.pending,
    [LS_ACTION_SYNCING] = &self->counts.in_flight,
    [LS_ACTION_FAILED] = &self->counts.failed,
    [LS_ACTION_CONFLICT] = &self->counts.conflicts,
  };

  return counts[status];
}

static void
count (LsQueue *self, const LsAction *before, const LsAction *after)
{
  guint *less = before != NULL ? get_count (self, before->status) : NULL;
  guint *more = after != NULL ? get_count (self, after->status) : NULL;

  if (less == more)
    return;

  if (less != NULL)
    (*less)--;
  if (more != NULL)
    (*more)++;
  self->counts_changed = TRUE;
}

static gboolean
is_news (const LsAction *before, const LsAction *after)
{
  if (before == NULL || before->status != after->status || before->outcome != after->outcome)
    return TRUE;
  /* An outcome is told once, whatever becomes known of it later. */
  if (!ls_action_is_open (after))
    return FALSE;

  return before->server_version != after->server_version ||
         before->outcome_unknown != after->outcome_unknown ||
         before->http_status != after->http_status ||
         g_strcmp0 (before->reason, after->reason) != 0;
}

static gboolean
is_laid (const LsAction *action)
{
  return action != NULL && ls_overlay_is_laid (action);
}

static gboolean
is_laid_otherwise (const LsAction *before, const LsAction *after)
{
  if (!is_laid (before) || !is_laid (after))
    return is_laid (before) != is_laid (after);

  return g_strcmp0 (before->body, after->body) != 0 || before->type != after->type ||
         !g_str_equal (before->entity_id, after->entity_id) ||
         (before->status == LS_ACTION_COMPLETED) != (after->status == LS_ACTION_COMPLETED);
}

static void
note_row (LsQueue *self, const LsAction *action)
{
  LsEntity entity = action != NULL ? ls_entity_from_string (action->entity) : LS_ENTITY_INVALID;

  if (entity != LS_ENTITY_INVALID)
    g_hash_table_add (self->rows_changed[entity], g_strdup (action->entity_id));
}

static void
on_written (const LsAction *before, const LsAction *after, gpointer user_data)
{
  LsQueue *self = user_data;
  LsQueueItem *item;

  count (self, before, after);
  if (is_laid_otherwise (before, after))
    {
      note_row (self, before);
      note_row (self, after);
    }
  if (after == NULL)
    return;

  if (self->drain.is_going_on)
    ls_queue_drain_count (&self->drain, before, after);
  item = ls_queue_table_find (self->table, after->id);
  if (item->phase == LS_QUEUE_STORING && !item->is_dirty)
    ls_queue_send_stored (self, item);
  if (!is_news (before, after))
    return;

  if (item->phase == LS_QUEUE_STORED)
    ls_queue_add_news (self, item);
  else
    ls_queue_push (self, LS_QUEUE_TELL_ACTION)->action = ls_action_copy (after);
}

/**
 * ls_queue_add_news:
 * @self: the queue
 * @item: an action that is being sent, or may be at once
 *
 * Has it told where it is then, unless there is more to tell by then.
 */
void
ls_queue_add_news (LsQueue *self, LsQueueItem *item)
{
  if (item->is_news)
    return;

  item->is_news = TRUE;
  g_ptr_array_add (self->news, g_strdup (item->now->id));
}

/* While a write is under way that waits for its end: most is answered by then, and what was decided meanwhile is told
 * when it is on disk. */
static void
tell_news (LsQueue *self)
{
  if (self->writing != NULL)
    return;

  for (guint i = 0; i < self->news->len; i++)
    {
      LsQueueItem *item = ls_queue_table_find (self->table, self->news->pdata[i]);
      const LsAction *told = item != NULL ? ls_queue_item_get_told (item) : NULL;

      if (told == NULL)
        continue;
      item->is_news = FALSE;
      if (told->status == item->now->status)
        ls_queue_push (self, LS_QUEUE_TELL_ACTION)->action = ls_action_copy (told);
    }
  g_ptr_array_set_size (self->news, 0);
}

static void
tell_rows (LsQueue *self)
{
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      g_autofree gpointer *ids = NULL;
      LsQueueCommand *command;
      guint n_ids;

      if (g_hash_table_size (self->rows_changed[i]) == 0)
        continue;

      ids = g_hash_table_get_keys_as_array (self->rows_changed[i], &n_ids);
      command = ls_queue_push (self, LS_QUEUE_TELL_ROWS);
      command->entity = (LsEntity)i;
      command->ids = g_strdupv ((GStrv)ids);
      g_hash_table_remove_all (self->rows_changed[i]);
    }
}

/* What changes from one request to the next is told once a write, as all that is written is. */
static void
tell_counts (LsQueue *self)
{
  gboolean is_time = self->counts_changed && self->writing == NULL;

  self->counts.breaker = self->breaker.state;
  if (!is_time && self->told_breaker == self->counts.breaker)
    return;

  self->counts_changed = FALSE;
  self->told_breaker = self->counts.breaker;
  ls_queue_push (self, LS_QUEUE_TELL_COUNTS);
}

/* Writing */

/* Hands answers over that were given with what is on disk now, or failed with it. */
static void
give (LsQueue *self, GPtrArray *answers, const GError *error)
{
  gsize n_given = 0;
  g_autofree gpointer *given = g_ptr_array_steal (answers, &n_given);

  for (gsize i = 0; i < n_given; i++)
    {
      LsQueueCommand *answer = given[i];

      if (error != NULL)
        answer->error = g_error_copy (error);
      g_queue_push_tail (&self->commands, answer);
    }
}

/* A disk that fails is not asked all the time, unless somebody waits for the answer. */
static gboolean
may_write (LsQueue *self)
{
  return self->writing == NULL && ls_queue_table_is_dirty (self->table) &&
         (!self->disk_is_ill || self->answers->len > 0 || ls_queue_now (self) >= self->write_at);
}

static void
begin_write (LsQueue *self)
{
  LsQueueCommand *command = ls_queue_push (self, LS_QUEUE_WRITE);

  self->writing = ls_queue_table_take_changes (self->table, &self->removing);
  command->put = ls_queue_send_make_records (self, self->writing);
  command->removed = g_strdupv (self->removing);
}

static void
write_changes (LsQueue *self)
{
  GPtrArray *spare = self->answers_in_flight;

  if (self->writing == NULL && !ls_queue_table_is_dirty (self->table))
    give (self, self->answers, NULL);
  if (!may_write (self))
    return;

  self->answers_in_flight = self->answers;
  self->answers = spare;
  begin_write (self);
}

/**
 * ls_queue_stored:
 * @self: the queue
 *
 * %LS_QUEUE_WRITE is done: what was decided is on disk, and may be told and acted upon.
 */
void
ls_queue_stored (LsQueue *self)
{
  g_autoptr (GPtrArray) put = g_steal_pointer (&self->writing);
  g_auto (GStrv) removed = g_steal_pointer (&self->removing);

  g_return_if_fail (put != NULL);

  /* What was seen while it was ill was forgotten with the rest. */
  if (self->disk_is_ill)
    ls_queue_see_what_is_there (self, self->position);
  self->disk_is_ill = FALSE;
  give (self, self->answers_in_flight, NULL);
  ls_queue_table_written (self->table, put, removed, on_written, self);
  tell_rows (self);
  ls_queue_turn (self);
}

/**
 * ls_queue_end:
 * @self: the queue
 *
 * It is about to be freed: what was decided and what was not sent after all is written, and whoever still waits for
 * an answer gets one. What they wanted may have been done.
 */
void
ls_queue_end (LsQueue *self)
{
  g_autoptr (GError) error = g_error_new (LS_ERROR, LS_ERROR_NOT_SIGNED_IN, "the queue is closed");

  ls_queue_send_take_back (self);
  g_clear_pointer (&self->writing, g_ptr_array_unref);
  g_clear_pointer (&self->removing, g_strfreev);
  if (may_write (self))
    begin_write (self);
  give (self, self->answers_in_flight, error);
  give (self, self->answers, error);
}

/* Whether something is under way for which an action that was sent waits. */
static gboolean
is_with_server (const LsQueueItem *item)
{
  return item->phase == LS_QUEUE_SENDING || item->phase == LS_QUEUE_READING_BACK ||
         item->is_last_look;
}

/* What is with the server by what is on disk, but not in fact: nobody knows what came of it. */
static void
recover (LsQueue *self)
{
  GSequenceIter *iter = g_sequence_get_begin_iter (ls_queue_table_get_items (self->table));

  for (; !g_sequence_iter_is_end (iter); iter = g_sequence_iter_next (iter))
    {
      LsQueueItem *item = g_sequence_get (iter);

      if (item->now->status == LS_ACTION_SYNCING && !is_with_server (item))
        ls_queue_apply (self, item, LS_ACTION_POSTPONE, NULL)->outcome_unknown = TRUE;
    }
}

/**
 * ls_queue_write_failed:
 * @self: the queue
 * @error: %LS_ERROR_STORAGE, or as the store has it
 *
 * %LS_QUEUE_WRITE failed: nothing that was decided since the last one counts.
 */
void
ls_queue_write_failed (LsQueue *self, const GError *error)
{
  g_return_if_fail (self->writing != NULL);

  g_warning ("the queue can't be written: %s", error->message);
  g_clear_pointer (&self->writing, g_ptr_array_unref);
  g_clear_pointer (&self->removing, g_strfreev);
  give (self, self->answers_in_flight, error);
  give (self, self->answers, error);
  ls_queue_send_roll_back (self);
  self->disk_is_ill = TRUE;
  self->write_at = ls_queue_now (self) + WRITE_AGAIN;
  recover (self);
  ls_queue_turn (self);
}

/* Time */

/* Done as the stream has it, an action may still be under way: its answer ends that. */
static gboolean
is_let_go (const LsQueueItem *item)
{
  return item->is_kept && item->on_disk && item->phase == LS_QUEUE_IDLE;
}

/* How many are kept by which nothing can be brought back. */
static guint
get_n_spare (LsQueue *self)
{
  return ls_queue_table_get_n_kept (self->table) - ls_queue_table_get_n_losers (self->table);
}

/* Lets go of what is over: what is too old, and the oldest of what is too many. Never anything that still waits
 * for something, be it the user, who has a day to bring back what lost. */
static void
tidy (LsQueue *self)
{
  GSequenceIter *iter = g_sequence_get_begin_iter (ls_queue_table_get_items (self->table));
  guint n_spare = get_n_spare (self);
  gint64 oldest = ls_queue_wall (self) - KEEP_FOR;
  gboolean is_left = FALSE;

  for (; !g_sequence_iter_is_end (iter); iter = g_sequence_iter_next (iter))
    {
      LsQueueItem *item = g_sequence_get (iter);
      const LsAction *action = item->now;
      gboolean is_old = action->ended_at != 0 && action->ended_at <= oldest;
      gboolean is_spare = action->loser == NULL && n_spare > MAX_KEPT;

      if (is_let_go (item) && (is_old || is_spare))
        {
          n_spare -= action->loser == NULL;
          ls_queue_table_remove (self->table, item);
        }
      else if (action->loser != NULL && is_old)
        {
          ls_action_set_text (&ls_queue_table_touch (self->table, item)->loser, NULL);
        }
      is_left |= item->is_kept || action->loser != NULL;
    }
  self->tidy_at = is_left ? ls_queue_now (self) + TIDY_EVERY : 0;
  ls_queue_table_settle (self->table);
}

static void
tidy_if_time (LsQueue *self)
{
  guint n_kept = ls_queue_table_get_n_kept (self->table);

  if (get_n_spare (self) > MAX_KEPT + KEPT_SLACK || (n_kept > 0 && self->tidy_at == 0) ||
      (self->tidy_at != 0 && ls_queue_now (self) >= self->tidy_at))
    tidy (self);
}

/* A drain that a lost link or a server that is let alone interrupts goes on when it can, unless somebody waits for its
 * end. */
static void
end_drain (LsQueue *self)
{
  LsQueueItem *ready = ls_queue_lanes_get_ready (ls_queue_table_get_lanes (self->table));
  gboolean is_due = ready != NULL && ready->due <= ls_queue_now (self);
  g_autofree char *obstacle = NULL;
  LsSyncReport *report;

  if (!self->drain.is_going_on || self->n_in_flight + self->marked->len > 0 ||
      self->writing != NULL || ls_queue_table_is_dirty (self->table))
    return;

  obstacle = ls_queue_send_explain (self);
  if (is_due && (obstacle == NULL || !self->drain.was_asked))
    return;

  report = ls_queue_drain_end (&self->drain, obstacle);
  if (report == NULL)
    return;

  report->goes_on = obstacle != NULL && ls_queue_send_get_next (self) != G_MAXINT64;
  ls_queue_push (self, LS_QUEUE_TELL_SYNCED)->report = report;
}

static void
arm (LsQueue *self)
{
  gint64 next = ls_queue_send_get_next (self);

  if (self->tidy_at != 0)
    next = MIN (next, self->tidy_at);
  if (self->disk_is_ill && self->writing == NULL)
    next = MIN (next, self->write_at);
  if (next == G_MAXINT64)
    next = 0;
  if (next == self->armed_at)
    return;

  self->armed_at = next;
  if (next == 0)
    ls_queue_push (self, LS_QUEUE_DISARM);
  else
    ls_queue_push (self, LS_QUEUE_ARM)->at = next;
}

/**
 * ls_queue_turn:
 * @self: the queue
 *
 * Draws the conclusions from what happened. Ends every input.
 */
void
ls_queue_turn (LsQueue *self)
{
  ls_queue_table_settle (self->table);
  tidy_if_time (self);
  ls_queue_send_what_is_due (self);
  tell_news (self);
  tell_counts (self);
  write_changes (self);
  end_drain (self);
  arm (self);
}

/**
 * ls_queue_timer:
 * @self: the queue
 *
 * It is time.
 */
void
ls_queue_timer (LsQueue *self)
{
  self->armed_at = 0;
  if (self->disk_is_ill && ls_queue_now (self) >= self->write_at &&
      !ls_queue_table_is_dirty (self->table))
    self->disk_is_ill = FALSE;
  ls_queue_turn (self);
}

/* Beginning */

static gint64
get_wait (LsQueue *self, const LsAction *action)
{
  if (action->next_attempt_at == 0)
    return 0;

  return CLAMP (action->next_attempt_at - ls_queue_wall (self), 0, LONGEST_WAIT);
}

/* A log that was left behind while nobody looked tells nothing more. */
static gboolean
is_of_another_log (LsQueue *self, const LsAction *action)
{
  return ls_cursor_is_set (action->commit_cursor) && ls_cursor_is_set (self->position) &&
         !g_str_equal (action->commit_cursor.epoch, self->position.epoch);
}

static void
begin_item (LsQueue *self, LsQueueItem *item)
{
  const LsAction *action = item->now;

  count (self, NULL, action);
  item->due = ls_queue_now (self) + get_wait (self, action);
  ls_queue_table_note (self->table, item);
  if (action->status == LS_ACTION_COMPLETED && !action->visible &&
      (is_of_another_log (self, action) ||
       ls_cursor_covers (self->position, action->commit_cursor)))
    ls_queue_see (self, item);
}

/**
 * ls_queue_load:
 * @self: a queue with nothing in it
 * @actions: (element-type LsAction): what is on disk
 * @position: where the cache stands in the server's log
 *
 * Begins with what was left.
 */
void
ls_queue_load (LsQueue *self, GPtrArray *actions, LsCursor position)
{
  gint64 now = ls_queue_now (self);
  gint64 oldest = ls_queue_wall (self);
  GSequenceIter *iter;

  self->position = position;
  ls_queue_table_load (self->table, actions);
  iter = g_sequence_get_begin_iter (ls_queue_table_get_items (self->table));
  for (; !g_sequence_iter_is_end (iter); iter = g_sequence_iter_next (iter))
    {
      LsQueueItem *item = g_sequence_get (iter);

      begin_item (self, item);
      if (item->now->status == LS_ACTION_PENDING)
        oldest = MIN (oldest, item->now->created_at);
    }
  ls_queue_pace_begin (&self->pace, self->config.rate,
                       ls_queue_wall (self) - oldest >= LONG_AGO ? now - LONG_AGO : now, now);
  recover (self);
  ls_queue_turn (self);
}

/**
 * ls_queue_set_config:
 * @self: a queue
 * @config: settings
 *
 * Takes new settings.
 */
void
ls_queue_set_config (LsQueue *self, const LsQueueConfig *config)
{
  self->config = *config;
  ls_queue_pace_set_rate (&self->pace, config->rate, ls_queue_now (self));
  ls_queue_turn (self);
}
