/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-queue-world.h"

#include <stdio.h>
#include <stdlib.h>

#include "ls-link-error.h"

/**
 * ls_queue_world_new:
 * @seed: of all chance
 * @is_classic: whether the server is the classic system
 *
 * Returns: (transfer full): a world in which nothing happens yet, and no link
 */
LsQueueWorld *
ls_queue_world_new (guint64 seed, gboolean is_classic)
{
  LsQueueWorld *self = g_new0 (LsQueueWorld, 1);

  self->h = ls_queue_harness_new (seed);
  self->server = ls_model_table_new (&self->h->editor, is_classic);
  self->is_classic = is_classic;
  self->cache =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)ls_row_free);
  self->chance = LS_RANDOM (ls_fake_random_new (seed + 1));
  self->seed = seed;
  self->keys =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
  g_queue_init (&self->late);
  return self;
}

/**
 * ls_queue_world_free:
 * @self: (transfer full): a world
 *
 * Frees it.
 */
void
ls_queue_world_free (LsQueueWorld *self)
{
  g_queue_clear_full (&self->late, (GDestroyNotify)ls_queue_command_free);
  ls_model_table_free (self->server);
  ls_queue_harness_free (self->h);
  g_hash_table_unref (self->cache);
  g_hash_table_unref (self->keys);
  g_object_unref (self->chance);
  g_free (self);
}

/**
 * ls_queue_world_below:
 * @self: a world
 * @bound: at least 1
 *
 * Returns: a number from 0 to @bound - 1
 */
gint64
ls_queue_world_below (LsQueueWorld *self, gint64 bound)
{
  return ls_random_below (self->chance, bound);
}

/**
 * ls_queue_world_happens:
 * @self: a world
 * @permille: how often of a thousand times
 *
 * Returns: whether it happens this time
 */
gboolean
ls_queue_world_happens (LsQueueWorld *self, guint permille)
{
  return ls_queue_world_below (self, 1000) < permille;
}

/* Puts everything of the log into the cache, up to @offset. */
static GPtrArray *
fill_cache (LsQueueWorld *self, gint64 offset)
{
  GPtrArray *events = ls_event_array_new ();

  for (; self->offset < offset; self->offset++)
    {
      LsEvent *event = ls_model_table_get_event (self->server, self->offset + 1);
      gboolean is_gone = ls_event_type_get_change (event->type) == LS_CHANGE_DELETED;
      LsRow *row = ls_row_new (LS_ENTITY_GRADE, event->entity_id, is_gone ? NULL : event->data,
                               event->version);

      row->deleted = is_gone;
      g_hash_table_replace (self->cache, g_strdup (row->id), row);
      g_ptr_array_add (events, ls_event_ref (event));
    }
  return events;
}

/**
 * ls_queue_world_stream:
 * @self: a world
 * @n_events: how many at most
 *
 * The stream brings some of what happened at the server into the cache. That of the classic system is a poll, which
 * brings everything, and says neither who did it nor that there was a change.
 */
void
ls_queue_world_stream (LsQueueWorld *self, gint64 n_events)
{
  gint64 top = ls_model_table_get_top (self->server);
  g_autoptr (GPtrArray) events =
      fill_cache (self, self->is_classic ? top : MIN (top, self->offset + n_events));

  for (guint i = 0; self->is_classic && i < events->len; i++)
    {
      LsEvent *event = events->pdata[i];

      g_clear_pointer (&event->action_id, g_free);
    }
  ls_queue_events (self->h->queue, events);
  ls_queue_harness_run (self->h);
  ls_queue_harness_move (self->h, self->is_classic ? 0 : self->offset);
}

/**
 * ls_queue_world_connect:
 * @self: a world
 *
 * There is a link; at the classic system that means that a poll has just been taken.
 */
void
ls_queue_world_connect (LsQueueWorld *self)
{
  if (self->is_classic)
    ls_queue_world_stream (self, 0);
  ls_queue_harness_connect (self->h,
                            self->is_classic ? LS_PROTOCOL_CLASSIC : LS_PROTOCOL_LABSYNC_V1);
}

/**
 * ls_queue_world_get_cached:
 * @self: a world
 * @id: of a row
 *
 * Returns: (transfer none) (nullable): the row in the cache
 */
const LsRow *
ls_queue_world_get_cached (LsQueueWorld *self, const char *id)
{
  return g_hash_table_lookup (self->cache, id);
}

/**
 * ls_queue_world_get_shown:
 * @self: a world
 * @id: of a row
 *
 * Returns: (transfer full) (nullable): the row as an app sees it
 */
char *
ls_queue_world_get_shown (LsQueueWorld *self, const char *id)
{
  const LsRow *row = ls_queue_world_get_cached (self, id);
  g_autoptr (LsOverlay) overlay = ls_queue_lay_over (
      self->h->queue, "grade", id, row != NULL && !row->deleted ? row->data : NULL);

  return g_steal_pointer (&overlay->data);
}

/**
 * ls_queue_world_get_number:
 * @self: a world
 * @row: (nullable): a row
 * @member: of it
 *
 * Returns: the number; 0: there is none
 */
gint64
ls_queue_world_get_number (LsQueueWorld *self, const char *row, const char *member)
{
  g_autofree char *text = row != NULL ? self->h->editor.get_text (row, member) : NULL;

  return text != NULL ? g_ascii_strtoll (text, NULL, 10) : 0;
}

/* Notes with which key an action is sent. */
static void
note (LsQueueWorld *self, const LsQueueCommand *send)
{
  GHashTable *keys = g_hash_table_lookup (self->keys, send->id);

  if (keys == NULL)
    {
      keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      g_hash_table_insert (self->keys, g_strdup (send->id), keys);
    }
  g_hash_table_add (keys, g_strdup (send->request->key));
}

static LsQueueCommand *
take (LsQueueWorld *self)
{
  LsQueueCommand *send = ls_queue_harness_take_send (self->h);

  note (self, send);
  return send;
}

static void
fail (LsQueueWorld *self, const LsQueueCommand *send)
{
  g_autoptr (GError) error =
      ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "no answer came");

  ls_queue_send_failed (self->h->queue, send->id, error);
  ls_queue_harness_run (self->h);
}

static LsActionReply *
act (LsQueueWorld *self, const LsQueueCommand *send)
{
  LsActionReply *reply = ls_model_table_act (self->server, send->request);

  ls_queue_world_check (self, reply->status != 422, "a key was used for something else");
  return reply;
}

/**
 * ls_queue_world_serve:
 * @self: a world with a request under way
 *
 * The oldest is done and answered.
 */
void
ls_queue_world_serve (LsQueueWorld *self)
{
  g_autoptr (LsQueueCommand) send = take (self);
  g_autoptr (LsActionReply) reply = act (self, send);

  ls_queue_answered (self->h->queue, send->id, reply);
  ls_queue_harness_run (self->h);
}

/**
 * ls_queue_world_lose_request:
 * @self: a world with a request under way
 *
 * The oldest never reaches the server.
 */
void
ls_queue_world_lose_request (LsQueueWorld *self)
{
  g_autoptr (LsQueueCommand) send = take (self);

  fail (self, send);
}

/**
 * ls_queue_world_lose_answer:
 * @self: a world with a request under way
 *
 * The oldest is done, and nobody hears of it.
 */
void
ls_queue_world_lose_answer (LsQueueWorld *self)
{
  g_autoptr (LsQueueCommand) send = take (self);
  g_autoptr (LsActionReply) reply = act (self, send);

  fail (self, send);
}

/**
 * ls_queue_world_delay_request:
 * @self: a world with a request under way
 *
 * The oldest is given up, but still on its way.
 */
void
ls_queue_world_delay_request (LsQueueWorld *self)
{
  LsQueueCommand *send = take (self);

  g_queue_push_tail (&self->late, send);
  fail (self, send);
}

/**
 * ls_queue_world_arrive_late:
 * @self: a world
 *
 * A request arrives that nobody waits for any more, if there is one.
 */
void
ls_queue_world_arrive_late (LsQueueWorld *self)
{
  g_autoptr (LsQueueCommand) send = g_queue_pop_head (&self->late);
  g_autoptr (LsActionReply) reply = NULL;

  if (send != NULL)
    reply = act (self, send);
}

/**
 * ls_queue_world_crash:
 * @self: a world
 *
 * The process dies. What it had sent may reach the server or not.
 */
void
ls_queue_world_crash (LsQueueWorld *self)
{
  while (self->h->sends.length > 0)
    {
      g_autoptr (LsQueueCommand) send = take (self);
      g_autoptr (LsActionReply) reply = NULL;

      if (ls_queue_world_happens (self, 500))
        reply = act (self, send);
    }
  ls_queue_harness_crash (self->h);
}

/**
 * ls_queue_world_answer_with:
 * @self: a world with a request under way
 * @status: HTTP status of an answer that is not about the action
 *
 * The server does nothing about the oldest.
 */
void
ls_queue_world_answer_with (LsQueueWorld *self, guint status)
{
  g_autoptr (LsQueueCommand) send = take (self);
  g_autoptr (LsActionReply) reply = ls_action_reply_new (status);

  reply->is_ours = !self->is_classic;
  ls_queue_answered (self->h->queue, send->id, reply);
  ls_queue_harness_run (self->h);
}

/**
 * ls_queue_world_read:
 * @self: a world with a row that is being read
 *
 * The oldest is answered.
 */
void
ls_queue_world_read (LsQueueWorld *self)
{
  LsQueueCommand *read = g_queue_peek_head (&self->h->reads);

  ls_queue_harness_answer_read (self->h, ls_model_table_get (self->server, read->path));
}

/* No wait between attempts is as long as this, in milliseconds. */
#define LONGEST_WAIT (20 * 60000)

static gboolean
is_anything_due (LsQueueWorld *self)
{
  return self->h->armed_at != 0 &&
         self->h->armed_at - ls_clock_get_monotonic (LS_CLOCK (self->h->clock)) < LONGEST_WAIT;
}

/**
 * ls_queue_world_settle:
 * @self: a world
 *
 * Everything is well from here on, until there is nothing more to do by itself.
 */
void
ls_queue_world_settle (LsQueueWorld *self)
{
  LsQueueHarness *h = self->h;

  h->manual = FALSE;
  if (h->write != NULL)
    ls_queue_harness_write (h);
  ls_queue_world_connect (self);
  for (guint i = 0; i < 100000; i++)
    {
      while (h->sends.length > 0)
        ls_queue_world_serve (self);
      while (h->reads.length > 0)
        ls_queue_world_read (self);
      ls_queue_world_arrive_late (self);
      ls_queue_world_stream (self, G_MAXINT64 / 2);
      if (h->sends.length + h->reads.length + self->late.length > 0)
        continue;
      if (!is_anything_due (self))
        break;
      ls_queue_harness_advance_to_alarm (h);
    }
}

/**
 * ls_queue_world_count_done:
 * @self: a world
 * @id: of an action
 *
 * Returns: how often the server has done it, with whatever key
 */
guint
ls_queue_world_count_done (LsQueueWorld *self, const char *id)
{
  GHashTable *keys = g_hash_table_lookup (self->keys, id);
  GHashTableIter iter;
  gpointer key;
  guint n = 0;

  if (keys == NULL)
    return 0;

  g_hash_table_iter_init (&iter, keys);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    n += ls_model_table_count (self->server, key);
  return n;
}

/**
 * ls_queue_world_fail:
 * @self: a world
 * @format: what is wrong
 * @...: for @format
 *
 * Ends the program with what is wrong and the seed.
 */
void
ls_queue_world_fail (LsQueueWorld *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  printf ("# LABSYNC_SEED=%" G_GUINT64_FORMAT "\nBail out! %s\n", self->seed, text);
  fflush (stdout);
  exit (EXIT_FAILURE);
}
