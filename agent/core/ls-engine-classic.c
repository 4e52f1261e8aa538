/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine at the classic system: its socket opens and says nothing, so that polls have to confirm
 * what is shown (contract, "State"). */
#include "ls-engine-private.h"

/* With a socket the poll comes less often by this factor: the socket tells at least that the server
 * is there. */
#define SLOWER 2

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
  gboolean is_news = self->status.protocol != protocol;

  self->status.protocol = protocol;
  ls_sync_set_classic (self->sync, protocol == LS_PROTOCOL_CLASSIC ? self->classic : NULL);
  if (!is_news)
    return;

  ls_engine_push_simple (self, LS_COMMAND_TELL_STATUS);
  if (protocol != LS_PROTOCOL_CLASSIC)
    return;

  /* Here a refresh may be refused many times before it comes through. */
  ls_token_keeper_hurry (&self->keeper, self->random, ls_clock_get_monotonic (self->clock));
  ls_engine_arm_refresh (self);
}

/**
 * ls_engine_classic_opened:
 * @self: the engine, whose socket just opened
 *
 * Polls at once: whatever happened while there was no connection, the socket will not tell.
 */
void
ls_engine_classic_opened (LsEngine *self)
{
  self->phase = LS_SOCKET_STREAMING;
  self->target = LS_CLASSIC_CURSOR;
  self->upstream = LS_ENTITY_SET_NONE;
  ls_engine_disarm (self, LS_TIMER_OPEN_DEADLINE);
  ls_engine_stream_begin (self);
  ls_engine_stream_start_sync (self, FALSE);
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

/**
 * ls_engine_classic_get_interval:
 * @self: the engine
 *
 * Returns: until the next poll, before jitter, in milliseconds
 */
gint64
ls_engine_classic_get_interval (LsEngine *self)
{
  gint64 shortest = self->config->polling_interval;

  if (self->phase == LS_SOCKET_STREAMING)
    shortest *= SLOWER;
  return ls_pace_get (&self->pace, shortest);
}

/* What is shown as live is confirmed by polls, the last of which is younger than two intervals (contract,
 * "State"). Where the interval is very short, an answer still has the time that an attempt has. */
static gint64
get_stale_time (LsEngine *self)
{
  gint64 interval = ls_engine_classic_get_interval (self);

  return ls_clock_get_monotonic (self->clock) + interval +
         MAX (interval, self->config->connect_timeout);
}

/**
 * ls_engine_classic_check_poll:
 * @self: the engine, live and with a poll under way
 *
 * Gives the link up if polls are not answered: the socket alone confirms nothing. Else looks again
 * later.
 */
void
ls_engine_classic_check_poll (LsEngine *self)
{
  gint64 left = self->stale_at - ls_clock_get_monotonic (self->clock);
  g_autoptr (GError) error = NULL;

  if (left > 0)
    {
      ls_engine_arm (self, LS_TIMER_POLL, left);
      return;
    }

  error = ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "no answer to a poll");
  ls_engine_link_fail (self, error);
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
  self->keeper.fresh = FALSE;
  self->counters.n_polls++;
  self->stale_at = get_stale_time (self);
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    self->counters.n_bad_events += poll->tables[i] != NULL ? poll->tables[i]->n_bad : 0;
  ls_pace_heard (&self->pace, &poll->quota, self->config->polling_interval);
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

  step = ls_sync_list_failed (self->sync, error, &command);
  go_on (self, step, command);
}
