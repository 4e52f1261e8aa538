/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine at the classic system: its socket opens and says nothing, so that polls have to confirm
 * what is shown (contract, "State"). */
#include "ls-engine-private.h"

/* With a socket the poll comes less often by this factor: the socket tells at least that the server
 * is there. */
#define SLOWER 2

/* Who comes later than this to its turn has missed it, in milliseconds. */
#define MAX_LATE 20000

/* How soon after a poll users can have another, in milliseconds (goals, F18), unless polls come more
 * often by themselves. */
#define MIN_PAUSE 10000

/**
 * ls_engine_classic_is_spoken:
 * @self: the engine
 *
 * Returns: whether the server is known to be the classic system
 */
gboolean
ls_engine_classic_is_spoken (LsEngine *self)
{
  return self->status.protocol == LS_PROTOCOL_CLASSIC;
}

/**
 * ls_engine_classic_set_protocol:
 * @self: the engine
 * @protocol: what the server speaks
 *
 * Notes it, for the status and for the runs to come.
 */
void
ls_engine_classic_set_protocol (LsEngine *self, LsProtocol protocol)
{
  if (self->status.protocol != protocol)
    ls_engine_push_simple (self, LS_COMMAND_TELL_STATUS);
  self->status.protocol = protocol;
  ls_sync_set_classic (self->sync, protocol == LS_PROTOCOL_CLASSIC ? self->classic : NULL);
}

/**
 * ls_engine_classic_may_be_spoken:
 * @self: the engine
 * @error: why a request failed
 *
 * Returns: whether it failed as it does at the classic system, which knows neither snapshots nor
 *   cursors
 */
gboolean
ls_engine_classic_may_be_spoken (LsEngine *self, const GError *error)
{
  guint status = ls_link_error_get_status (error);

  return self->phase != LS_SOCKET_STREAMING && !ls_sync_is_classic (self->sync) &&
         ls_link_error_get_reason (error) == LS_REASON_SERVER_UNREACHABLE &&
         (status == 404 || status == 200);
}

/**
 * ls_engine_classic_try:
 * @self: the engine, whose server answers, but not as labsync.v1
 *
 * Asks it as one asks the classic system. What it is shows when it answers.
 */
void
ls_engine_classic_try (LsEngine *self)
{
  ls_sync_set_classic (self->sync, self->classic);
  ls_engine_stream_start_sync (self, FALSE);
}

/* How often to poll, with the whole server to ourselves. */
static gint64
get_shortest (LsEngine *self)
{
  gint64 interval = self->config->polling_interval;

  return self->phase == LS_SOCKET_STREAMING ? interval * SLOWER : interval;
}

/**
 * ls_engine_get_polling_interval:
 * @self: the engine
 *
 * Returns: how often the server is polled where a poll is what confirms things, in milliseconds
 */
gint64
ls_engine_get_polling_interval (LsEngine *self)
{
  return ls_engine_classic_is_spoken (self)
             ? ls_pace_get_interval (&self->pace, get_shortest (self))
             : self->config->polling_interval;
}

/**
 * ls_engine_are_lists_refused:
 * @self: the engine
 *
 * Returns: whether the classic system refuses to list its tables
 */
gboolean
ls_engine_are_lists_refused (LsEngine *self)
{
  return ls_engine_classic_is_spoken (self) && ls_classic_are_lists_refused (self->classic);
}

/**
 * ls_engine_get_incomplete:
 * @self: the engine
 *
 * Returns: of what is followed, that of which the classic system does not tell all
 */
LsEntitySet
ls_engine_get_incomplete (LsEngine *self)
{
  return ls_engine_classic_is_spoken (self) ? ls_classic_get_incomplete (self->classic)
                                            : LS_ENTITY_SET_NONE;
}

/* When the last poll is too old to call the connection live: after two intervals (contract, "State").
 * Where the interval is very short, an answer still has the time that an attempt has. */
static gint64
get_stale_time (LsEngine *self)
{
  gint64 interval = ls_engine_get_polling_interval (self);

  return self->polled_at + interval + MAX (interval, self->config->connect_timeout);
}

/**
 * ls_engine_classic_is_fresh:
 * @self: the engine
 *
 * Returns: whether the last poll confirms what is shown
 */
gboolean
ls_engine_classic_is_fresh (LsEngine *self)
{
  return self->polled_at != 0 && ls_clock_get_monotonic (self->clock) < get_stale_time (self);
}

/**
 * ls_engine_classic_choose_delay:
 * @self: the engine
 *
 * Returns: until the next poll, in milliseconds
 */
gint64
ls_engine_classic_choose_delay (LsEngine *self)
{
  return ls_pace_choose_delay (&self->pace, get_shortest (self), ls_engine_classic_is_fresh (self),
                               ls_clock_get_wall (self->clock), self->random);
}

static void
watch_age (LsEngine *self)
{
  gint64 left = get_stale_time (self) - ls_clock_get_monotonic (self->clock);

  ls_engine_arm (self, LS_TIMER_STALE, MAX (left, 1));
}

/**
 * ls_engine_classic_on_stale:
 * @self: the engine
 *
 * No poll has come through for two intervals.
 */
void
ls_engine_classic_on_stale (LsEngine *self)
{
  LsReason reason =
      ls_sync_is_running (self->sync) ? LS_REASON_SERVER_UNREACHABLE : LS_REASON_RATE_LIMITED;
  g_autoptr (GError) error = ls_link_error_new (reason, 0, 0, "the last poll is too old");

  if (self->status.state == LS_STATE_LIVE)
    ls_engine_link_fail (self, error);
}

/**
 * ls_engine_classic_bears:
 * @self: the engine
 * @error: why a poll failed
 *
 * Returns: whether the connection lives on without it: it has the next turn, if what is shown is not
 *   too old by then
 */
gboolean
ls_engine_classic_bears (LsEngine *self, const GError *error)
{
  if (ls_link_error_get_reason (error) != LS_REASON_RATE_LIMITED)
    return FALSE;

  ls_pace_refused (&self->pace, 0);
  if (!ls_engine_classic_is_spoken (self) || self->status.state != LS_STATE_LIVE)
    return FALSE;

  watch_age (self);
  ls_engine_link_poll_later (self);
  ls_engine_stream_sync_failed (self, LS_REASON_RATE_LIMITED);
  return TRUE;
}

static gboolean
is_our_turn (LsEngine *self)
{
  gint64 late = ls_clock_get_monotonic (self->clock) - self->turn_at;

  /* Who asks for it need not wait. */
  if (!ls_sync_is_classic (self->sync) || self->sync_wanted)
    return TRUE;

  return !ls_pace_is_crowded (&self->pace) || (late >= 0 && late < MAX_LATE);
}

/**
 * ls_engine_classic_poll_in_turn:
 * @self: the engine, ready to ask the server
 *
 * Polls at once: whatever happened while there was no connection, nobody will tell. Where the school
 * takes turns, what was polled lately has to do until the next one; without that, the connection waits
 * for it.
 */
void
ls_engine_classic_poll_in_turn (LsEngine *self)
{
  gint64 delay;

  if (ls_sync_is_running (self->sync))
    return;
  if (is_our_turn (self))
    {
      ls_engine_stream_start_sync (self, FALSE);
      return;
    }
  if (self->phase == LS_SOCKET_STREAMING && ls_engine_classic_is_fresh (self))
    {
      watch_age (self);
      ls_engine_link_poll_later (self);
      return;
    }

  delay = ls_engine_classic_choose_delay (self);
  self->turn_at = ls_clock_get_monotonic (self->clock) + delay;
  self->stay_away = delay;
  ls_engine_link_apply (self, LS_CONNECTION_UNREACHABLE, LS_REASON_RATE_LIMITED);
}

/**
 * ls_engine_classic_opened:
 * @self: the engine, whose socket just opened
 *
 * Goes on with polls: the socket says nothing by itself.
 */
void
ls_engine_classic_opened (LsEngine *self)
{
  self->phase = LS_SOCKET_STREAMING;
  self->upstream = LS_ENTITY_SET_NONE;
  ls_engine_disarm (self, LS_TIMER_OPEN_DEADLINE);
  ls_engine_stream_begin (self);
  ls_engine_classic_poll_in_turn (self);
  ls_engine_stream_check (self);
}

/**
 * ls_engine_classic_sync:
 * @self: the engine, connected
 *
 * A user wants to know now that nothing is missing: not more often than others can bear, who share
 * the limit.
 */
void
ls_engine_classic_sync (LsEngine *self)
{
  gint64 pause = MIN (MIN_PAUSE, ls_engine_get_polling_interval (self));
  gint64 due = self->polled_at + pause;
  gint64 now = ls_clock_get_monotonic (self->clock);

  if (self->polled_at == 0 || now >= due)
    {
      ls_engine_stream_start_sync (self, FALSE);
      return;
    }

  self->sync_again = TRUE;
  ls_engine_arm (self, LS_TIMER_POLL, due - now);
}

/* What a step of the run said: its next command, or that it is at its end. */
static void
go_on (LsEngine *self, LsSyncStep step, LsCommand *command)
{
  char *sight = ls_classic_take_sight (self->classic);

  if (sight != NULL)
    ls_intake_set_sight (self->intake, sight);
  if (command != NULL)
    ls_engine_push (self, command);
  ls_engine_stream_commit (self);
  if (step == LS_SYNC_DONE)
    ls_engine_stream_finish_sync (self);
}

/* What a poll tells beside its rows */
static void
take_signs (LsEngine *self, const LsPoll *poll)
{
  gint64 now = ls_clock_get_monotonic (self->clock);

  self->counters.n_polls++;
  self->counters.n_bad_events += poll->n_bad;
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    self->counters.n_bad_events += poll->tables[i] != NULL ? poll->tables[i]->n_bad : 0;
  ls_pace_counted (&self->pace, now);
  ls_pace_heard (&self->pace, &poll->quota, ls_clock_get_wall (self->clock), now);
  self->polled_at = now;
  self->turn_at = 0;
  watch_age (self);
}

/**
 * ls_engine_polled:
 * @self: the engine
 * @run: of the command
 * @poll: an answer to %LS_COMMAND_POLL
 *
 * Takes what the classic system has.
 */
void
ls_engine_polled (LsEngine *self, guint run, const LsPoll *poll)
{
  g_autoptr (GError) error = NULL;
  LsCommand *command = NULL;
  LsSyncStep step;

  if (!ls_sync_is_current (self->sync, run))
    return;
  if (poll->is_ours)
    {
      error = ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0,
                                 "the server speaks another protocol by now");
      ls_engine_classic_set_protocol (self, LS_PROTOCOL_UNKNOWN);
      ls_engine_link_fail (self, error);
      return;
    }

  ls_engine_classic_set_protocol (self, LS_PROTOCOL_CLASSIC);
  take_signs (self, poll);
  step = ls_sync_polled (self->sync, poll, &command);
  go_on (self, step, command);
}

/**
 * ls_engine_listed:
 * @self: the engine
 * @run: of the command
 * @listing: an answer to %LS_COMMAND_LIST
 *
 * Takes a whole table of the classic system.
 */
void
ls_engine_listed (LsEngine *self, guint run, const LsListing *listing)
{
  LsCommand *command = NULL;
  LsSyncStep step;

  if (!ls_sync_is_current (self->sync, run))
    return;

  ls_pace_counted (&self->pace, ls_clock_get_monotonic (self->clock));
  self->counters.n_bad_events += listing->rows->n_bad;
  step = ls_sync_listed (self->sync, listing, &command);
  go_on (self, step, command);
}

/* Whether a list may fail for this without a word about the link. */
static gboolean
is_about_the_list (const GError *error)
{
  LsReason reason = ls_link_error_get_reason (error);

  return ls_link_error_get_status (error) != 0 && reason != LS_REASON_CAPTIVE_PORTAL &&
         reason != LS_REASON_PROXY_AUTH;
}

/**
 * ls_engine_list_failed:
 * @self: the engine
 * @run: of the command
 * @error: why
 *
 * A table can't be had. Unless the link itself is ill, the poll has to do.
 */
void
ls_engine_list_failed (LsEngine *self, guint run, const GError *error)
{
  LsCommand *command = NULL;
  LsSyncStep step;

  if (!ls_sync_is_current (self->sync, run))
    return;
  if (!is_about_the_list (error))
    {
      ls_engine_fetch_failed (self, run, error);
      return;
    }

  if (ls_link_error_get_reason (error) == LS_REASON_RATE_LIMITED)
    ls_pace_refused (&self->pace, 0);
  else
    ls_pace_counted (&self->pace, ls_clock_get_monotonic (self->clock));
  step = ls_sync_list_failed (self->sync, error, &command);
  go_on (self, step, command);
}
