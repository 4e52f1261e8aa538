/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's doubts: whether what is on disk is what the server has (protocol, "Checksum"). */
#include "ls-engine-private.h"

#define INTERVAL (60 * 60 * 1000)
/* Percent: the agents of a school don't all ask at the same time. */
#define JITTER 20
/* After a snapshot, over this time, for the same reason */
#define SOON (10 * 1000)
/* A sync that was asked for compares, too, but not again within this time. */
#define MIN_PAUSE (60 * 1000)
/* How often the server is asked for an entity that changes all the time */
#define MAX_TRIES 3

static gboolean
is_connected (LsEngine *self)
{
  return self->status.state == LS_STATE_LIVE || self->status.state == LS_STATE_POLLING;
}

static void
arm (LsEngine *self)
{
  gint64 now = ls_clock_get_monotonic (self->clock);

  if (is_connected (self) && !self->compare.unsupported)
    ls_engine_arm (self, LS_TIMER_COMPARE, MAX (self->compare.due_at - now, 1));
}

static void
set_next_round (LsEngine *self)
{
  gint64 spread = INTERVAL * JITTER / 100;
  gint64 delay = INTERVAL - spread + ls_random_below (self->random, 2 * spread + 1);

  self->compare.due_at = ls_clock_get_monotonic (self->clock) + delay;
  arm (self);
}

/* Only what is followed and has been fetched once can differ. */
static LsEntitySet
get_known (LsEngine *self)
{
  return self->followed & LS_ENTITY_SET_STORED & ~ls_intake_get_missing (self->intake);
}

/* Asks for the next entity, or ends the round. */
static void
ask (LsEngine *self)
{
  LsCompare *compare = &self->compare;
  LsCommand *command;

  g_clear_pointer (&compare->theirs, ls_checksum_free);
  compare->todo &= get_known (self);
  compare->phase = LS_COMPARE_IDLE;
  if (compare->todo == LS_ENTITY_SET_NONE)
    return;

  command = ls_command_new (LS_COMMAND_FETCH_CHECKSUM);
  command->entity = (LsEntity)g_bit_nth_lsf (compare->todo, -1);
  compare->phase = LS_COMPARE_ASKING;
  compare->n_tries++;
  ls_engine_push (self, command);
}

/* The entity under way is done with. */
static void
ask_next (LsEngine *self)
{
  LsCompare *compare = &self->compare;

  compare->todo &= compare->todo - 1;
  compare->n_tries = 0;
  ask (self);
}

static void
begin (LsEngine *self)
{
  LsCompare *compare = &self->compare;

  if (!is_connected (self) || compare->unsupported || compare->phase != LS_COMPARE_IDLE)
    return;

  compare->begun_at = ls_clock_get_monotonic (self->clock);
  compare->todo = get_known (self);
  compare->n_tries = 0;
  ask (self);
}

/**
 * ls_engine_compare_connected:
 * @self: the engine, just connected
 *
 * Goes on waiting for the next round: reconnecting does not put it off.
 */
void
ls_engine_compare_connected (LsEngine *self)
{
  if (ls_engine_classic_is_spoken (self))
    self->compare.unsupported = TRUE;
  if (self->compare.due_at == 0)
    set_next_round (self);
  else
    arm (self);
}

/**
 * ls_engine_compare_hang_up:
 * @self: the engine, whose connection ends
 *
 * Gives up what is under way. The next server may be able to do what this one was not.
 */
void
ls_engine_compare_hang_up (LsEngine *self)
{
  LsCompare *compare = &self->compare;

  ls_engine_disarm (self, LS_TIMER_COMPARE);
  g_clear_pointer (&compare->theirs, ls_checksum_free);
  compare->todo = LS_ENTITY_SET_NONE;
  compare->unsupported = FALSE;
  /* The store answers all the same, and no other question may be out then. */
  if (compare->phase != LS_COMPARE_TAKING)
    compare->phase = LS_COMPARE_IDLE;
}

/**
 * ls_engine_compare_forget:
 * @self: the engine, whose account changes
 *
 * Forgets everything: it was about another store, whose answers do not come any more.
 */
void
ls_engine_compare_forget (LsEngine *self)
{
  g_clear_pointer (&self->compare.theirs, ls_checksum_free);
  self->compare = (LsCompare) { .phase = LS_COMPARE_IDLE };
}

/**
 * ls_engine_compare_soon:
 * @self: the engine, with a snapshot that is complete
 *
 * Has the next round come soon.
 */
void
ls_engine_compare_soon (LsEngine *self)
{
  gint64 at = ls_clock_get_monotonic (self->clock) + ls_random_below (self->random, SOON) + 1;

  if (self->compare.due_at == 0 || at < self->compare.due_at)
    self->compare.due_at = at;
  arm (self);
}

/**
 * ls_engine_compare_now:
 * @self: the engine, with nothing missing as far as it knows
 *
 * Begins a round because somebody asked, unless there was one just now.
 */
void
ls_engine_compare_now (LsEngine *self)
{
  gint64 begun_at = self->compare.begun_at;

  if (begun_at == 0 || ls_clock_get_monotonic (self->clock) - begun_at >= MIN_PAUSE)
    begin (self);
}

/**
 * ls_engine_compare_on_timer:
 * @self: the engine
 *
 * It is time for a round.
 */
void
ls_engine_compare_on_timer (LsEngine *self)
{
  set_next_round (self);
  begin (self);
}

/**
 * ls_engine_compare_go_on:
 * @self: the engine
 *
 * Looks whether what is on disk can be compared with what the server said.
 */
void
ls_engine_compare_go_on (LsEngine *self)
{
  LsCompare *compare = &self->compare;
  const LsChecksum *theirs = compare->theirs;
  LsCommand *command;

  if (compare->phase != LS_COMPARE_WAITING || ls_sync_is_running (self->sync) ||
      !ls_intake_is_settled (self->intake))
    return;

  if (ls_intake_stands_at (self->intake, theirs->entity, theirs->cursor))
    {
      compare->phase = LS_COMPARE_TAKING;
      command = ls_command_new (LS_COMMAND_TAKE_CHECKSUM);
      command->entity = theirs->entity;
      ls_engine_push (self, command);
    }
  else if (compare->n_tries < MAX_TRIES)
    {
      ask (self);
    }
  else
    {
      ask_next (self);
    }
}

/**
 * ls_engine_their_checksum:
 * @self: the engine
 * @checksum: an answer to %LS_COMMAND_FETCH_CHECKSUM
 *
 * The server says what it has. If we don't have everything that it speaks of, that is fetched first.
 */
void
ls_engine_their_checksum (LsEngine *self, const LsChecksum *checksum)
{
  LsCompare *compare = &self->compare;

  if (compare->phase != LS_COMPARE_ASKING)
    return;
  if (checksum->entity != (LsEntity)g_bit_nth_lsf (compare->todo, -1))
    {
      ask_next (self);
      return;
    }

  compare->theirs = g_memdup2 (checksum, sizeof *checksum);
  compare->phase = LS_COMPARE_WAITING;
  if (!ls_cursor_covers (ls_intake_get_position (self->intake), checksum->cursor) &&
      !ls_sync_is_running (self->sync))
    ls_engine_stream_start_sync (self, FALSE);
  ls_engine_compare_go_on (self);
}

/**
 * ls_engine_their_checksum_failed:
 * @self: the engine
 * @error: why
 *
 * The server does not say what it has: no harm, unless the link is ill, and others notice that.
 */
void
ls_engine_their_checksum_failed (LsEngine *self, const GError *error)
{
  LsCompare *compare = &self->compare;

  if (compare->phase != LS_COMPARE_ASKING)
    return;

  g_debug ("no checksum: %s", error->message);
  compare->unsupported = ls_link_error_get_status (error) == 404;
  compare->phase = LS_COMPARE_IDLE;
  compare->todo = LS_ENTITY_SET_NONE;
}

/* Has further snapshots taken, now or after the run that is under way. */
static void
fetch_anew (LsEngine *self, LsEntitySet entities)
{
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    if ((entities & (1u << i)) != 0)
      ls_intake_set_baseline (self->intake, (LsEntity)i, LS_CURSOR_NONE);
  if (entities != LS_ENTITY_SET_NONE && is_connected (self) && !ls_sync_is_running (self->sync))
    ls_engine_stream_start_sync (self, FALSE);
}

static void
heal (LsEngine *self, LsEntity entity)
{
  gint64 now = ls_clock_get_monotonic (self->clock);
  gint64 *healed_at = &self->compare.healed_at[entity];

  self->counters.n_divergences++;
  if (*healed_at != 0 && now - *healed_at < INTERVAL)
    return;

  *healed_at = now;
  fetch_anew (self, 1u << entity);
}

/**
 * ls_engine_our_checksum:
 * @self: the engine
 * @checksum: (nullable): an answer to %LS_COMMAND_TAKE_CHECKSUM; %NULL: it could not be taken
 *
 * The store says what we have.
 */
void
ls_engine_our_checksum (LsEngine *self, const LsChecksum *checksum)
{
  LsCompare *compare = &self->compare;
  g_autoptr (LsChecksum) theirs = NULL;

  if (compare->phase != LS_COMPARE_TAKING)
    return;

  theirs = g_steal_pointer (&compare->theirs);
  if (theirs == NULL)
    {
      compare->phase = LS_COMPARE_IDLE;
      return;
    }

  if (checksum != NULL)
    {
      self->counters.n_comparisons++;
      if (!ls_checksum_agrees (theirs, checksum))
        {
          g_warning ("%s: differs from the server, %" G_GINT64_FORMAT
                     " rows here and %" G_GINT64_FORMAT " there",
                     ls_entity_to_string (theirs->entity), checksum->count, theirs->count);
          heal (self, theirs->entity);
        }
    }
  ask_next (self);
}

/**
 * ls_engine_lost:
 * @self: the engine
 * @entities: of which rows are gone
 * @n: how many rows and events
 *
 * The store could not decrypt something and let it go. The rows are fetched as soon as there is a link.
 */
void
ls_engine_lost (LsEngine *self, LsEntitySet entities, guint n)
{
  self->counters.n_undecryptable += n;
  fetch_anew (self, entities);
}
