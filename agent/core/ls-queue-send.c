/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes to the server, and when. */
#include "ls-queue-private.h"

/* How many may be with the server at once: enough to hide the way there and back, few enough not to be a
 * burden. */
#define MAX_IN_FLIGHT 4
/* How many more are written down as being with the server before there is room for them: as many as an answer that
 * comes at once lets go while one write is under way. */
#define MAX_AHEAD 8

/**
 * ls_queue_send_is_classic:
 * @self: the queue
 *
 * Returns: whether the server is the classic system, as far as we know
 */
gboolean
ls_queue_send_is_classic (LsQueue *self)
{
  return self->protocol == LS_PROTOCOL_CLASSIC;
}

/* Why nothing is sent at all, a word; NULL: it is. Our own pace is no reason. */
static const char *
get_standstill (LsQueue *self)
{
  gint64 now = ls_queue_now (self);

  if (!self->is_reachable)
    return "waiting-for-network";
  if (self->tokens == LS_QUEUE_TOKENS_REFUSED)
    return ls_reason_to_string (LS_REASON_TOKEN_REFUSED);
  if (self->disk_is_ill)
    return ls_reason_to_string (LS_REASON_STORAGE);
  if (self->breaker.state == LS_BREAKER_OPEN && self->breaker.open_until > now)
    return ls_reason_to_string (LS_REASON_SERVER_UNREACHABLE);
  if (self->pace.away_until > now)
    return ls_reason_to_string (LS_REASON_RATE_LIMITED);

  return NULL;
}

/* All that waits stands behind a dead letter or a conflict: the first one. */
static char *
explain_blocked (LsQueue *self)
{
  GSequenceIter *iter = g_sequence_get_begin_iter (ls_queue_table_get_items (self->table));

  for (; !g_sequence_iter_is_end (iter); iter = g_sequence_iter_next (iter))
    {
      const char *blocker = ls_queue_lanes_get_blocker (ls_queue_table_get_lanes (self->table),
                                                        g_sequence_get (iter));

      if (blocker != NULL)
        return g_strconcat ("blocked-by ", blocker, NULL);
    }
  return NULL;
}

/**
 * ls_queue_send_explain:
 * @self: the queue, with everything written and nothing under way
 *
 * Returns: (transfer full) (nullable): why not all that waits is being sent, as in SyncCompleted (contract); %NULL: it
 *   is, or nothing waits
 */
char *
ls_queue_send_explain (LsQueue *self)
{
  LsQueueItem *next = ls_queue_lanes_get_ready (ls_queue_table_get_lanes (self->table));
  const char *standstill = get_standstill (self);

  if (self->counts.pending == 0)
    return NULL;
  if (standstill != NULL)
    return g_strdup (standstill);
  if (next == NULL)
    return explain_blocked (self);
  if (next->due > ls_queue_now (self))
    return g_strdup (next->now->reason);

  return NULL;
}

/* Whether there is any hope but time. */
static gboolean
can_send (LsQueue *self)
{
  return self->is_reachable && self->tokens == LS_QUEUE_TOKENS_GOOD && !self->disk_is_ill &&
         self->breaker.state != LS_BREAKER_PROBING;
}

static guint
get_most_in_flight (LsQueue *self)
{
  return self->breaker.state == LS_BREAKER_CLOSED ? MAX_IN_FLIGHT : 1;
}

/* Whether one more may be begun with: go to the server, or be written down as being there. That is ahead of time only
 * where a key makes it safe: should we crash then, the classic system could not be asked whether it was sent. */
static gboolean
has_room (LsQueue *self)
{
  gboolean may_be_ahead =
      !ls_queue_send_is_classic (self) && self->breaker.state == LS_BREAKER_CLOSED;

  return self->n_in_flight + self->marked->len <
         get_most_in_flight (self) + (may_be_ahead ? MAX_AHEAD : 0);
}

/**
 * ls_queue_send_get_next:
 * @self: the queue
 *
 * Returns: when something can be sent next, monotonic milliseconds; %G_MAXINT64: not by time alone
 */
gint64
ls_queue_send_get_next (LsQueue *self)
{
  LsQueueItem *item = ls_queue_lanes_get_ready (ls_queue_table_get_lanes (self->table));
  gint64 next;

  if (item == NULL || !can_send (self) || !has_room (self))
    return G_MAXINT64;

  next = MAX (item->due, ls_queue_pace_get_next (&self->pace, ls_queue_now (self)));
  return self->breaker.state == LS_BREAKER_OPEN ? MAX (next, self->breaker.open_until) : next;
}

static gboolean
is_in_flight (const LsQueueItem *item)
{
  return item->phase != LS_QUEUE_IDLE && !ls_queue_item_is_marked (item);
}

static void
set_phase (LsQueue *self, LsQueueItem *item, LsQueuePhase phase)
{
  if (is_in_flight (item))
    self->n_in_flight--;
  else if (phase != LS_QUEUE_STORED)
    g_ptr_array_remove (self->marked, item);
  item->phase = phase;
  if (is_in_flight (item))
    self->n_in_flight++;
  else if (phase == LS_QUEUE_STORING)
    g_ptr_array_add (self->marked, item);
  ls_queue_table_note (self->table, item);
}

/**
 * ls_queue_send_end:
 * @self: the queue
 * @item: an action
 *
 * Nothing is under way for it any more. A probe may have come to nothing that shows how the server is: its row was as
 * wanted, or the disk failed.
 */
void
ls_queue_send_end (LsQueue *self, LsQueueItem *item)
{
  set_phase (self, item, LS_QUEUE_IDLE);
  item->is_last_look = FALSE;
  ls_breaker_undecided (&self->breaker);
}

/**
 * ls_queue_send_read:
 * @self: the queue
 * @item: an action
 * @phase: %LS_QUEUE_LOOKING or %LS_QUEUE_READING_BACK
 * @path: of its row
 *
 * Asks for the row.
 */
void
ls_queue_send_read (LsQueue *self, LsQueueItem *item, LsQueuePhase phase, const char *path)
{
  LsQueueCommand *command = ls_queue_push (self, LS_QUEUE_READ);

  set_phase (self, item, phase);
  item->token = self->token;
  ls_breaker_sent (&self->breaker);
  ls_queue_pace_spend (&self->pace, ls_queue_now (self));
  command->id = g_strdup (item->now->id);
  command->path = g_strdup (path);
}

/**
 * ls_queue_send_mark:
 * @self: the queue
 * @item: a pending action
 *
 * Has it written down that it is with the server. Only then it is sent: after a crash nobody would know that it was.
 * Until then it is pending, and everything may still happen to it.
 */
void
ls_queue_send_mark (LsQueue *self, LsQueueItem *item)
{
  ls_queue_table_touch (self->table, item);
  set_phase (self, item, LS_QUEUE_STORING);
  ls_queue_pace_spend (&self->pace, ls_queue_now (self));
}

/**
 * ls_queue_send_make_records:
 * @self: the queue
 * @actions: (element-type LsAction): what is to be written
 *
 * Returns: (transfer full) (element-type LsAction): how that is to be on disk: what is about to be sent is with the
 *   server there
 */
GPtrArray *
ls_queue_send_make_records (LsQueue *self, GPtrArray *actions)
{
  GPtrArray *records = ls_action_array_new ();

  for (guint i = 0; i < actions->len; i++)
    {
      LsAction *record = ls_action_copy (actions->pdata[i]);

      if (ls_queue_table_find (self->table, record->id)->phase == LS_QUEUE_STORING)
        ls_queue_set_sent (record);
      g_ptr_array_add (records, record);
    }
  return records;
}

static LsActionRequest *
make_request (LsQueue *self, const LsAction *action)
{
  LsActionRequest *request = ls_action_request_new (action->method, action->endpoint, action->key);

  request->is_repeatable = !ls_queue_send_is_classic (self);
  if (!request->is_repeatable)
    {
      /* It knows no PATCH, and its PUT changes nothing but what it is given. */
      if (request->method == LS_METHOD_PATCH)
        request->method = LS_METHOD_PUT;
    }
  else if (action->type != LS_ACTION_CREATE)
    {
      request->version = action->base_version;
    }
  request->body = g_strdup (action->body);
  return request;
}

/**
 * ls_queue_send_stored:
 * @self: the queue
 * @item: an action that was to be written down as being with the server
 *
 * That is on disk: it may be sent.
 */
void
ls_queue_send_stored (LsQueue *self, LsQueueItem *item)
{
  set_phase (self, item, LS_QUEUE_STORED);
}

static void
send (LsQueue *self, LsQueueItem *item)
{
  LsAction *action = ls_queue_table_amend (self->table, item);
  LsQueueCommand *command = ls_queue_push (self, LS_QUEUE_SEND);

  ls_queue_set_sent (action);
  set_phase (self, item, LS_QUEUE_SENDING);
  item->token = self->token;
  item->protocol = self->protocol;
  ls_breaker_sent (&self->breaker);
  self->counts.pending--;
  self->counts.in_flight++;
  self->counts_changed = TRUE;
  ls_queue_add_news (self, item);
  command->id = g_strdup (action->id);
  command->request = make_request (self, action);
}

/**
 * ls_queue_send_take_back:
 * @self: the queue
 *
 * What was about to be sent is not: that is written down, too, so that it can be changed after a crash.
 */
void
ls_queue_send_take_back (LsQueue *self)
{
  while (self->marked->len > 0)
    {
      LsQueueItem *item = self->marked->pdata[0];

      ls_queue_table_touch (self->table, item);
      ls_queue_send_end (self, item);
    }
}

/**
 * ls_queue_send_roll_back:
 * @self: the queue
 *
 * A write failed: what was decided since the last one that did not, was not, and nothing is about to be sent.
 */
void
ls_queue_send_roll_back (LsQueue *self)
{
  GSequenceIter *iter;

  g_ptr_array_set_size (self->marked, 0);
  self->n_in_flight = 0;
  ls_queue_table_roll_back (self->table);
  iter = g_sequence_get_begin_iter (ls_queue_table_get_items (self->table));
  for (; !g_sequence_iter_is_end (iter); iter = g_sequence_iter_next (iter))
    {
      LsQueueItem *item = g_sequence_get (iter);

      if (item->phase == LS_QUEUE_STORED)
        ls_queue_table_touch (self->table, item);
      if (ls_queue_item_is_marked (item))
        ls_queue_send_end (self, item);
      self->n_in_flight += is_in_flight (item);
      ls_queue_table_note (self->table, item);
    }
}

/**
 * ls_queue_send_is_late:
 * @self: the queue
 * @action: an action
 *
 * Returns: whether it is too late to begin with it
 */
gboolean
ls_queue_send_is_late (LsQueue *self, const LsAction *action)
{
  return action->expires_at != 0 && ls_queue_wall (self) >= action->expires_at;
}

/* What may have been done already is settled, however late it is: who is told that it has expired does it in another
 * way. */
static gboolean
is_expired (LsQueue *self, const LsAction *action)
{
  return !action->outcome_unknown && ls_queue_send_is_late (self, action);
}

/* Whether the system itself has said that it has not done it. Whoever gives up waiting for it, or says yes in a way that
 * it does not have, does not know. */
static gboolean
is_answered (const LsAction *action)
{
  return (action->http_status >= 300 && action->http_status <= 500) || action->http_status == 503;
}

/* Here nobody knows our keys: what can't be looked up, and must not be done twice or is late, is the user's to decide. */
static gboolean
is_unknown_for_good (LsQueue *self, const LsQueueItem *item)
{
  const LsAction *action = item->now;
  gboolean must_be_once = action->method == LS_METHOD_POST && !is_answered (action);

  return action->outcome_unknown && (must_be_once || ls_queue_send_is_late (self, action)) &&
         !ls_queue_look_is_needed (self, item);
}

/**
 * ls_queue_send_get_obstacle:
 * @self: the queue
 * @item: an action whose turn it is
 *
 * Returns: (transfer none) (nullable): why it must not be sent all the same, a word; %NULL: it may
 */
const char *
ls_queue_send_get_obstacle (LsQueue *self, const LsQueueItem *item)
{
  const LsAction *action = item->now;

  if (is_expired (self, action))
    return "expired";
  if (!ls_queue_send_is_classic (self))
    return NULL;
  if (action->body != NULL && !self->editor.check (action->body, TRUE, NULL))
    return "unknown-column";
  if (is_unknown_for_good (self, item))
    return "outcome-unknown";

  return NULL;
}

static void
begin (LsQueue *self, LsQueueItem *item)
{
  const char *obstacle = ls_queue_send_get_obstacle (self, item);

  self->drain.is_going_on = TRUE;
  if (obstacle != NULL)
    ls_queue_dead_letter (self, item, obstacle);
  else if (ls_queue_look_is_needed (self, item))
    ls_queue_look_begin (self, item, LS_QUEUE_LOOKING);
  else
    ls_queue_send_mark (self, item);
}

/* Where answers are lost on their way, the first to each action above all, what was sent before is the better
 * probe: the server has done it already. With every second probe it is somebody else's turn, since one that
 * the server stumbles over each time would keep all others waiting. */
static LsQueueItem *
choose (LsQueue *self)
{
  LsQueueLanes *lanes = ls_queue_table_get_lanes (self->table);
  LsQueueItem *tried = NULL;

  if (self->breaker.state == LS_BREAKER_OPEN && self->breaker.n_pauses % 2 == 1)
    tried = ls_queue_lanes_get_tried (lanes, ls_queue_now (self));

  return tried != NULL ? tried : ls_queue_lanes_get_ready (lanes);
}

/* Sends what is on disk as being with the server, as far as there is room for it. What was changed since it was
 * written begins anew, and so does what may not be sent any more. */
static void
send_what_is_stored (LsQueue *self)
{
  if (get_standstill (self) != NULL || self->tokens != LS_QUEUE_TOKENS_GOOD)
    ls_queue_send_take_back (self);

  for (guint i = 0; i < self->marked->len && self->n_in_flight < get_most_in_flight (self);)
    {
      LsQueueItem *item = self->marked->pdata[i];

      if (item->phase == LS_QUEUE_STORING)
        i++;
      else if (item->disk != NULL || is_expired (self, item->now))
        ls_queue_send_end (self, item);
      else
        send (self, item);
    }
  ls_queue_table_settle (self->table);
}

/**
 * ls_queue_send_what_is_due:
 * @self: the queue
 *
 * Begins with every action that can go now.
 */
void
ls_queue_send_what_is_due (LsQueue *self)
{
  send_what_is_stored (self);
  while (ls_queue_send_get_next (self) <= ls_queue_now (self))
    {
      begin (self, choose (self));
      ls_queue_table_settle (self->table);
    }
}
