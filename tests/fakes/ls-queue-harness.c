/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-queue-harness.h"

#include "ls-error.h"
#include "ls-link-error.h"
#include "ls-wire-classic.h"
#include "ls-wire-edit.h"

/* The log that the server of the tests has. */
#define EPOCH "e"
/* Whose queue it is. */
#define USER "u-1"

static LsQueue *
new_queue (LsQueueHarness *self)
{
  g_autoptr (GPtrArray) actions = ls_action_array_new ();
  LsQueue *queue =
      ls_queue_new (LS_CLOCK (self->clock), self->random, &self->editor, &self->config, USER);
  GHashTableIter iter;
  gpointer action;

  g_hash_table_iter_init (&iter, self->disk);
  while (g_hash_table_iter_next (&iter, NULL, &action))
    g_ptr_array_add (actions, ls_action_copy (action));
  ls_queue_load (queue, actions, self->position);
  return queue;
}

/**
 * ls_queue_harness_new:
 * @seed: of all chance
 *
 * Returns: (transfer full): a queue with nothing in it, and without a link
 */
LsQueueHarness *
ls_queue_harness_new (guint64 seed)
{
  LsQueueHarness *self = g_new0 (LsQueueHarness, 1);

  self->clock = ls_fake_clock_new ();
  self->random = LS_RANDOM (ls_fake_random_new (seed));
  self->editor = (LsDataEditor) {
    ls_wire_edit_check,    ls_wire_edit_lay_over,   ls_wire_edit_agrees,     ls_wire_edit_is_same,
    ls_wire_edit_merge,    ls_wire_edit_invert,     ls_wire_edit_set_member, ls_wire_edit_rename,
    ls_wire_data_get_text, ls_wire_edit_has_member,
  };
  self->config = (LsQueueConfig) { .max_actions = 10000, .max_bytes = 32 << 20 };
  self->disk =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)ls_action_free);
  g_queue_init (&self->sends);
  g_queue_init (&self->reads);
  g_queue_init (&self->feeds);
  self->told = ls_action_array_new ();
  self->rows = g_ptr_array_new_with_free_func (g_free);
  self->answers = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)ls_queue_command_free);
  self->position = ls_cursor_new (EPOCH, 0);
  self->queue = new_queue (self);
  ls_queue_harness_run (self);
  return self;
}

static void
drop_what_is_under_way (LsQueueHarness *self)
{
  g_clear_pointer (&self->write, ls_queue_command_free);
  g_queue_clear_full (&self->sends, (GDestroyNotify)ls_queue_command_free);
  g_queue_clear_full (&self->reads, (GDestroyNotify)ls_queue_command_free);
  g_queue_clear_full (&self->feeds, (GDestroyNotify)ls_event_unref);
}

/**
 * ls_queue_harness_free:
 * @self: (transfer full): a harness
 *
 * Frees it.
 */
void
ls_queue_harness_free (LsQueueHarness *self)
{
  ls_queue_free (self->queue);
  drop_what_is_under_way (self);
  g_hash_table_unref (self->disk);
  g_ptr_array_unref (self->told);
  g_ptr_array_unref (self->rows);
  g_hash_table_unref (self->answers);
  g_clear_pointer (&self->report, ls_sync_report_free);
  g_object_unref (self->random);
  g_object_unref (self->clock);
  g_free (self);
}

static void
put_on_disk (LsQueueHarness *self, const LsQueueCommand *write)
{
  for (guint i = 0; i < write->put->len; i++)
    {
      const LsAction *action = write->put->pdata[i];

      g_hash_table_replace (self->disk, g_strdup (action->id), ls_action_copy (action));
    }
  for (guint i = 0; write->removed[i] != NULL; i++)
    g_hash_table_remove (self->disk, write->removed[i]);
}

static void
tell_rows (LsQueueHarness *self, const LsQueueCommand *command)
{
  for (guint i = 0; command->ids[i] != NULL; i++)
    g_ptr_array_add (self->rows, g_strconcat (ls_entity_to_string (command->entity), "/",
                                              command->ids[i], NULL));
}

static void
take_report (LsQueueHarness *self, LsQueueCommand *command)
{
  g_clear_pointer (&self->report, ls_sync_report_free);
  self->report = g_steal_pointer (&command->report);
  self->n_reports++;
}

static void
take_answer (LsQueueHarness *self, LsQueueCommand *command)
{
  g_assert_false (g_hash_table_contains (self->answers, command->ticket));
  g_hash_table_insert (self->answers, command->ticket, command);
}

static void
take_write (LsQueueHarness *self, LsQueueCommand *command)
{
  g_assert_null (self->write);
  self->write = command;
  if (!self->manual)
    ls_queue_harness_write (self);
}

/* Takes what is to be kept of a command; returns whether it is all of it. */
static gboolean
keep (LsQueueHarness *self, LsQueueCommand *command)
{
  switch (command->kind)
    {
    case LS_QUEUE_WRITE:
      take_write (self, command);
      return TRUE;
    case LS_QUEUE_SEND:
      g_queue_push_tail (&self->sends, command);
      return TRUE;
    case LS_QUEUE_READ:
      g_queue_push_tail (&self->reads, command);
      return TRUE;
    case LS_QUEUE_ANSWER:
      take_answer (self, command);
      return TRUE;
    case LS_QUEUE_FEED:
      g_queue_push_tail (&self->feeds, g_steal_pointer (&command->event));
      break;
    case LS_QUEUE_REFRESH:
      self->n_refreshes++;
      break;
    case LS_QUEUE_ARM:
      self->armed_at = command->at;
      break;
    case LS_QUEUE_DISARM:
      self->armed_at = 0;
      break;
    case LS_QUEUE_TELL_ACTION:
      g_ptr_array_add (self->told, g_steal_pointer (&command->action));
      break;
    case LS_QUEUE_TELL_COUNTS:
      self->n_counts++;
      break;
    case LS_QUEUE_TELL_ROWS:
      tell_rows (self, command);
      break;
    case LS_QUEUE_TELL_SYNCED:
      take_report (self, command);
      break;
    default:
      g_assert_not_reached ();
    }
  return FALSE;
}

/**
 * ls_queue_harness_run:
 * @self: a harness
 *
 * Takes what the queue wants done.
 */
void
ls_queue_harness_run (LsQueueHarness *self)
{
  LsQueueCommand *command;

  while ((command = ls_queue_take_command (self->queue)) != NULL)
    if (!keep (self, command))
      ls_queue_command_free (command);
}

/**
 * ls_queue_harness_write:
 * @self: a harness with a write that waits
 *
 * Does it.
 */
void
ls_queue_harness_write (LsQueueHarness *self)
{
  g_autoptr (LsQueueCommand) write = g_steal_pointer (&self->write);

  g_assert_nonnull (write);
  put_on_disk (self, write);
  ls_queue_stored (self->queue);
  ls_queue_harness_run (self);
}

/**
 * ls_queue_harness_fail_write:
 * @self: a harness with a write that waits
 *
 * Has it fail.
 */
void
ls_queue_harness_fail_write (LsQueueHarness *self)
{
  g_autoptr (LsQueueCommand) write = g_steal_pointer (&self->write);
  g_autoptr (GError) error = g_error_new (LS_ERROR, LS_ERROR_STORAGE, "the disk fails");

  g_assert_nonnull (write);
  ls_queue_write_failed (self->queue, error);
  ls_queue_harness_run (self);
}

/**
 * ls_queue_harness_crash:
 * @self: a harness
 *
 * The process dies, and another one begins with what is on disk, without a link.
 */
void
ls_queue_harness_crash (LsQueueHarness *self)
{
  ls_queue_free (self->queue);
  drop_what_is_under_way (self);
  g_hash_table_remove_all (self->answers);
  self->armed_at = 0;
  self->queue = new_queue (self);
  ls_queue_harness_run (self);
}

/**
 * ls_queue_harness_end:
 * @self: a harness
 *
 * The queue is closed in order: what is being written comes to the disk, and after that what it still wants written.
 */
void
ls_queue_harness_end (LsQueueHarness *self)
{
  LsQueueCommand *command;

  if (self->write != NULL)
    put_on_disk (self, self->write);
  g_clear_pointer (&self->write, ls_queue_command_free);
  ls_queue_end (self->queue);
  while ((command = ls_queue_take_command (self->queue)) != NULL)
    {
      if (command->kind == LS_QUEUE_WRITE)
        put_on_disk (self, command);
      if (command->kind == LS_QUEUE_WRITE || !keep (self, command))
        ls_queue_command_free (command);
    }
}

/**
 * ls_queue_harness_connect:
 * @self: a harness
 * @protocol: what the server speaks
 *
 * There is a link.
 */
void
ls_queue_harness_connect (LsQueueHarness *self, LsProtocol protocol)
{
  ls_queue_set_link (self->queue, TRUE, protocol);
  ls_queue_harness_run (self);
}

/**
 * ls_queue_harness_disconnect:
 * @self: a harness
 *
 * There is none.
 */
void
ls_queue_harness_disconnect (LsQueueHarness *self)
{
  ls_queue_set_link (self->queue, FALSE, LS_PROTOCOL_UNKNOWN);
  ls_queue_harness_run (self);
}

static gint64
get_now (LsQueueHarness *self)
{
  return ls_clock_get_monotonic (LS_CLOCK (self->clock));
}

/**
 * ls_queue_harness_advance_to_alarm:
 * @self: a harness
 *
 * Lets time pass until the queue wants to be woken.
 *
 * Returns: whether it wants that
 */
gboolean
ls_queue_harness_advance_to_alarm (LsQueueHarness *self)
{
  if (self->armed_at == 0)
    return FALSE;

  ls_fake_clock_advance (self->clock, MAX (self->armed_at - get_now (self), 0));
  self->armed_at = 0;
  ls_queue_timer (self->queue);
  ls_queue_harness_run (self);
  return TRUE;
}

/**
 * ls_queue_harness_advance:
 * @self: a harness
 * @duration_ms: how long
 *
 * Lets time pass.
 */
void
ls_queue_harness_advance (LsQueueHarness *self, gint64 duration_ms)
{
  gint64 end = get_now (self) + duration_ms;

  while (self->armed_at != 0 && self->armed_at <= end)
    ls_queue_harness_advance_to_alarm (self);
  ls_fake_clock_advance (self->clock, end - get_now (self));
}

/**
 * ls_queue_harness_ticket:
 * @self: a harness
 *
 * Returns: a ticket for something that a user wants
 */
gpointer
ls_queue_harness_ticket (LsQueueHarness *self)
{
  return GUINT_TO_POINTER (++self->last_ticket);
}

/**
 * ls_queue_harness_get_error:
 * @self: a harness
 * @ticket: of something that is answered
 *
 * Returns: (transfer none) (nullable): why not; %NULL: it is done
 */
GError *
ls_queue_harness_get_error (LsQueueHarness *self, gpointer ticket)
{
  LsQueueCommand *answer;

  ls_queue_harness_run (self);
  answer = g_hash_table_lookup (self->answers, ticket);
  g_assert_nonnull (answer);
  return answer->error;
}

/**
 * ls_queue_harness_try:
 * @self: a harness
 * @draft: a good draft
 * @row: (nullable): its row in the cache
 *
 * Enqueues an action.
 *
 * Returns: the ticket by which that will be answered
 */
gpointer
ls_queue_harness_try (LsQueueHarness *self, const LsActionDraft *draft, const LsRow *row)
{
  g_autoptr (GError) error = NULL;
  gpointer ticket = ls_queue_harness_ticket (self);
  LsAction *action = ls_action_draft_make (draft, &self->editor, self->random,
                                           ls_clock_get_wall (LS_CLOCK (self->clock)), &error);

  g_assert_no_error (error);
  ls_queue_enqueue (self->queue, action, row, ticket);
  ls_queue_harness_run (self);
  return ticket;
}

/**
 * ls_queue_harness_enqueue:
 * @self: a harness whose writes are done at once
 * @draft: a good draft
 * @row: (nullable): its row in the cache
 *
 * Returns: (transfer none): the id of the action, which is on disk
 */
const char *
ls_queue_harness_enqueue (LsQueueHarness *self, const LsActionDraft *draft, const LsRow *row)
{
  gpointer ticket = ls_queue_harness_try (self, draft, row);
  LsQueueCommand *answer = g_hash_table_lookup (self->answers, ticket);

  g_assert_nonnull (answer);
  g_assert_no_error (answer->error);
  return answer->id;
}

/**
 * ls_queue_harness_take_send:
 * @self: a harness with a request under way
 *
 * Returns: (transfer full): the oldest
 */
LsQueueCommand *
ls_queue_harness_take_send (LsQueueHarness *self)
{
  LsQueueCommand *send = g_queue_pop_head (&self->sends);

  g_assert_nonnull (send);
  return send;
}

/**
 * ls_queue_harness_answer:
 * @self: a harness with a request under way
 * @reply: (transfer full): the answer
 *
 * Answers the oldest.
 */
void
ls_queue_harness_answer (LsQueueHarness *self, LsActionReply *reply)
{
  g_autoptr (LsQueueCommand) send = ls_queue_harness_take_send (self);
  g_autoptr (LsActionReply) owned = reply;

  ls_queue_answered (self->queue, send->id, reply);
  ls_queue_harness_run (self);
}

/**
 * ls_queue_harness_fail_send:
 * @self: a harness with a request under way
 * @reason: why
 *
 * Has the oldest fail.
 */
void
ls_queue_harness_fail_send (LsQueueHarness *self, LsReason reason)
{
  g_autoptr (LsQueueCommand) send = ls_queue_harness_take_send (self);
  g_autoptr (GError) error = ls_link_error_new (reason, 0, 0, "no answer");

  ls_queue_send_failed (self->queue, send->id, error);
  ls_queue_harness_run (self);
}

/**
 * ls_queue_harness_answer_read:
 * @self: a harness with a row that is being read
 * @reply: (transfer full): the answer
 *
 * Answers the oldest.
 */
void
ls_queue_harness_answer_read (LsQueueHarness *self, LsActionReply *reply)
{
  g_autoptr (LsQueueCommand) read = g_queue_pop_head (&self->reads);
  g_autoptr (LsActionReply) owned = reply;

  g_assert_nonnull (read);
  ls_queue_row_read (self->queue, read->id, reply);
  ls_queue_harness_run (self);
}

/**
 * ls_queue_harness_fail_read:
 * @self: a harness with a row that is being read
 * @reason: why
 *
 * Has the oldest fail.
 */
void
ls_queue_harness_fail_read (LsQueueHarness *self, LsReason reason)
{
  g_autoptr (LsQueueCommand) read = g_queue_pop_head (&self->reads);
  g_autoptr (GError) error = ls_link_error_new (reason, 0, 0, "no answer");

  g_assert_nonnull (read);
  ls_queue_read_failed (self->queue, read->id, error);
  ls_queue_harness_run (self);
}

/**
 * ls_queue_harness_reply:
 * @status: HTTP status
 * @row: (nullable): the row
 * @version: its version
 * @offset: where in the log it stands; 0: it does not say
 *
 * Returns: (transfer full): an answer of labsync-server
 */
LsActionReply *
ls_queue_harness_reply (guint status, const char *row, gint64 version, gint64 offset)
{
  LsActionReply *reply = ls_action_reply_new (status);

  reply->is_ours = TRUE;
  reply->row = g_strdup (row);
  reply->version = version;
  if (offset > 0)
    reply->cursor = ls_cursor_new (EPOCH, offset);
  return reply;
}

/**
 * ls_queue_harness_classic_reply:
 * @status: HTTP status
 * @row: (nullable): the row, of a row that was asked for
 *
 * Returns: (transfer full): an answer of the classic system
 */
LsActionReply *
ls_queue_harness_classic_reply (guint status, const char *row)
{
  LsActionReply *reply = ls_action_reply_new (status);

  reply->row = g_strdup (row);
  return reply;
}

/**
 * ls_queue_harness_event:
 * @self: a harness
 * @type: of an event
 * @id: of the row
 * @data: the row
 * @version: of the row
 * @action_id: (nullable): key of the action that made it
 *
 * An event has come into the cache.
 */
void
ls_queue_harness_event (LsQueueHarness *self,
                        const char *type,
                        const char *id,
                        const char *data,
                        gint64 version,
                        const char *action_id)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  LsEvent *event = ls_event_new (ls_event_type_from_string (type), id, data);

  event->version = version;
  event->action_id = g_strdup (action_id);
  g_ptr_array_add (events, event);
  ls_queue_events (self->queue, events);
  ls_queue_harness_run (self);
}

/**
 * ls_queue_harness_move:
 * @self: a harness
 * @offset: in the log
 *
 * The cache has everything up to there, and all that was fed to it.
 */
void
ls_queue_harness_move (LsQueueHarness *self, gint64 offset)
{
  self->position = ls_cursor_new (EPOCH, offset);
  g_queue_clear_full (&self->feeds, (GDestroyNotify)ls_event_unref);
  ls_queue_moved (self->queue, self->position, TRUE);
  ls_queue_harness_run (self);
}

/**
 * ls_queue_harness_get:
 * @self: a harness
 * @id: of an action that is there
 *
 * Returns: (transfer none): the action
 */
const LsAction *
ls_queue_harness_get (LsQueueHarness *self, const char *id)
{
  const LsAction *action = ls_queue_find (self->queue, id);

  g_assert_nonnull (action);
  return action;
}
