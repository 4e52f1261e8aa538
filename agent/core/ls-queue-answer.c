/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the server says to an action. */
#include "ls-outcome-class.h"
#include "ls-queue-private.h"

/* How often in a row the classic system may stumble over an action, or say yes and not do it, that is to be tried
 * again; and how often while it stumbles over all that it is given, which says less about this one, but is said for ever
 * where nothing else can be sent. */
#define MAX_BROKEN 3
#define MAX_BROKEN_WITH_ALL 10
/* The code of labsync-server for a path that is none of its own. */
#define UNKNOWN_ENDPOINT "unknown-endpoint"

/**
 * ls_queue_answer_heard:
 * @self: the queue
 * @item: an action that is under way
 * @reply: what the server said
 *
 * Notes how the server is. One that gives rows need not take any: only who has answered a write is well.
 */
void
ls_queue_answer_heard (LsQueue *self, const LsQueueItem *item, const LsActionReply *reply)
{
  gint64 now = ls_queue_now (self);

  if (reply->status >= 500)
    ls_breaker_failed (&self->breaker, self->random, now);
  else if (item->phase == LS_QUEUE_SENDING)
    ls_breaker_succeeded (&self->breaker);
  if (reply->retry_after_ms > 0)
    ls_queue_pace_stay_away (&self->pace, now + reply->retry_after_ms);
}

/**
 * ls_queue_answer_unheard:
 * @self: the queue
 * @error: why there is no answer of the server's
 *
 * Notes how the server is, as far as can be said.
 */
void
ls_queue_answer_unheard (LsQueue *self, const GError *error)
{
  gint64 now = ls_queue_now (self);
  gint64 away = ls_link_error_get_retry_after (error);

  g_debug ("an action: %s", error->message);
  ls_breaker_failed (&self->breaker, self->random, now);
  if (away > 0)
    ls_queue_pace_stay_away (&self->pace, now + away);
}

/**
 * ls_queue_answer_no_token:
 * @self: the queue
 * @item: an action that was under way with a token that the server does not take
 *
 * Lets all lanes wait for other tokens, and asks for them, once: where the fresh one is refused as well,
 * another would be, too.
 */
void
ls_queue_answer_no_token (LsQueue *self, LsQueueItem *item)
{
  gboolean is_current = item->token == self->token;
  LsQueuePhase phase = item->phase;

  ls_queue_send_end (self, item);
  ls_queue_apply (self, item, LS_ACTION_POSTPONE, ls_reason_to_string (LS_REASON_TOKEN_REFUSED));
  item->due = 0;
  item->now->outcome_unknown |= phase == LS_QUEUE_READING_BACK;
  if (!is_current || self->tokens != LS_QUEUE_TOKENS_GOOD)
    return;

  if (self->token_is_proven)
    {
      self->tokens = LS_QUEUE_TOKENS_ASKED;
      ls_queue_push (self, LS_QUEUE_REFRESH);
    }
  else
    {
      self->tokens = LS_QUEUE_TOKENS_REFUSED;
    }
}

/**
 * ls_queue_tokens_changed:
 * @self: the queue
 *
 * There are fresh tokens. If the server refused those before, they have yet to prove that they are any
 * better; until then nothing asks for others.
 */
void
ls_queue_tokens_changed (LsQueue *self)
{
  self->token++;
  if (self->tokens != LS_QUEUE_TOKENS_GOOD)
    {
      self->tokens = LS_QUEUE_TOKENS_GOOD;
      self->token_is_proven = FALSE;
    }
  ls_queue_turn (self);
}

/**
 * ls_queue_tokens_refused:
 * @self: the queue
 *
 * There is nothing to get fresh tokens by.
 */
void
ls_queue_tokens_refused (LsQueue *self)
{
  if (self->tokens == LS_QUEUE_TOKENS_ASKED)
    self->tokens = LS_QUEUE_TOKENS_REFUSED;
  ls_queue_turn (self);
}

static char *
make_reason (const LsActionReply *reply)
{
  return reply->code != NULL ? g_strdup (reply->code) : g_strdup_printf ("http-%u", reply->status);
}

static void
accepted (LsQueue *self, LsQueueItem *item, const LsActionReply *reply)
{
  LsTheirRow result = { reply->row, reply->version, FALSE };

  if (!reply->is_ours && ls_queue_look_is_possible (item->now))
    {
      ls_queue_look_begin (self, item, LS_QUEUE_READING_BACK);
      return;
    }

  if (item->now->type == LS_ACTION_DELETE)
    result = (LsTheirRow) { NULL, reply->version, TRUE };
  ls_queue_send_end (self, item);
  ls_queue_complete (self, item, &result, reply->cursor);
}

static void
retry (LsQueue *self, LsQueueItem *item, const LsActionReply *reply)
{
  g_autofree char *reason = make_reason (reply);

  ls_queue_send_end (self, item);
  ls_queue_postpone (self, item, reason, reply->retry_after_ms);
  item->now->outcome_unknown |= ls_outcome_class_may_be_done (reply->status);
}

/**
 * ls_queue_answer_is_broken:
 * @self: the queue
 * @item: an action over which the classic system has stumbled, or that it has not done although it said yes
 *
 * Counts how often.
 *
 * Returns: whether that was the last time
 */
gboolean
ls_queue_answer_is_broken (LsQueue *self, LsQueueItem *item)
{
  gboolean is_alone = self->breaker.state == LS_BREAKER_CLOSED;

  item->n_broken++;
  if (item->n_broken < (is_alone ? MAX_BROKEN : MAX_BROKEN_WITH_ALL))
    return FALSE;

  item->n_broken = 0;
  return TRUE;
}

static void
broken (LsQueue *self, LsQueueItem *item, const LsActionReply *reply)
{
  if (!ls_queue_answer_is_broken (self, item))
    {
      retry (self, item, reply);
    }
  else if (ls_queue_look_is_possible (item->now))
    {
      item->is_last_look = TRUE;
      ls_queue_look_begin (self, item, LS_QUEUE_LOOKING);
    }
  else
    {
      ls_queue_send_end (self, item);
      ls_queue_dead_letter (self, item, "http-500");
    }
}

static void
no_token (LsQueue *self, LsQueueItem *item, const LsActionReply *reply)
{
  ls_queue_answer_no_token (self, item);
}

static void
refused (LsQueue *self, LsQueueItem *item, const LsActionReply *reply)
{
  g_autofree char *reason = make_reason (reply);

  ls_queue_send_end (self, item);
  ls_queue_dead_letter (self, item, reason);
}

/* The same holds for whatever else of the row was made from an older version. */
static void
collide (LsQueue *self, LsQueueItem *item, const LsTheirRow *theirs)
{
  GPtrArray *lane = ls_queue_lanes_get_row (ls_queue_table_get_lanes (self->table),
                                            item->now->entity, item->now->entity_id);

  ls_queue_send_end (self, item);
  ls_queue_collide (self, item, theirs);
  if (lane != NULL)
    ls_queue_collide_lane (self, lane, theirs);
}

static void
conflict (LsQueue *self, LsQueueItem *item, const LsActionReply *reply)
{
  LsTheirRow theirs = { reply->row, reply->version, FALSE };
  const LsAction *action = item->now;
  gboolean is_known = reply->version > 0 && reply->version == action->base_version;

  if (theirs.row != NULL && ls_queue_conflict_is_bare (theirs.row, &self->editor))
    theirs.row = NULL;
  /* A row that we may not see, or one that is just what the action was made from: nothing to decide. */
  if ((action->type == LS_ACTION_CREATE && theirs.row == NULL) || is_known)
    refused (self, item, reply);
  else
    collide (self, item, &theirs);
}

/* A row of its own path that was there once. */
static gboolean
is_about_the_row (const LsAction *action)
{
  g_autofree char *ending = g_strconcat ("/", action->entity_id, NULL);

  return g_str_has_suffix (action->endpoint, ending) &&
         (action->type == LS_ACTION_DELETE ||
          (action->type == LS_ACTION_UPDATE && (action->base != NULL || action->base_version > 0)));
}

static void
gone (LsQueue *self, LsQueueItem *item, const LsActionReply *reply)
{
  LsTheirRow theirs = { NULL, reply->version, TRUE };

  if (is_about_the_row (item->now) && g_strcmp0 (reply->code, UNKNOWN_ENDPOINT) != 0)
    collide (self, item, &theirs);
  else
    refused (self, item, reply);
}

static LsQueueItem *
get_sent (LsQueue *self, const char *id)
{
  LsQueueItem *item = ls_queue_table_find (self->table, id);

  return item != NULL && item->phase == LS_QUEUE_SENDING ? item : NULL;
}

/* Notes what was answered; of what the stream has shown to be done already, the status alone. */
static void
note (LsQueue *self, LsQueueItem *item, const LsActionReply *reply, LsOutcomeClass outcome_class)
{
  LsAction *action = ls_queue_table_touch (self->table, item);

  action->http_status = reply->status;
  if (ls_action_is_open (action))
    ls_action_set_text (&action->answer, reply->text);
  if (item->token == self->token && outcome_class != LS_OUTCOME_CLASS_TOKEN)
    self->token_is_proven = TRUE;
  /* Whether what was said to be done is done is still to be seen. */
  if (outcome_class != LS_OUTCOME_CLASS_BROKEN && outcome_class != LS_OUTCOME_CLASS_ACCEPTED)
    item->n_broken = 0;
}

/* A key that was answered for good is not used again. */
static void
settle (LsQueue *self, LsQueueItem *item, const LsActionReply *reply, LsOutcomeClass outcome_class)
{
  static void (*const handlers[]) (LsQueue *, LsQueueItem *, const LsActionReply *) = {
    [LS_OUTCOME_CLASS_ACCEPTED] = accepted, [LS_OUTCOME_CLASS_RETRY] = retry,
    [LS_OUTCOME_CLASS_BROKEN] = broken,     [LS_OUTCOME_CLASS_TOKEN] = no_token,
    [LS_OUTCOME_CLASS_CONFLICT] = conflict, [LS_OUTCOME_CLASS_GONE] = gone,
    [LS_OUTCOME_CLASS_REFUSED] = refused,
  };
  gboolean is_final = ls_outcome_class_is_final (outcome_class);

  if (is_final)
    item->now->outcome_unknown = FALSE;
  handlers[outcome_class](self, item, reply);
  if (is_final && ls_action_is_open (item->now) && item->phase == LS_QUEUE_IDLE)
    ls_queue_renew_key (self, item->now);
}

/* labsync-server signs all that it says: the rest is of something on the way, whatever it looks like. For what that is too
 * large it will be the next time, too. */
static gboolean
is_foreign (const LsQueueItem *item, const LsActionReply *reply)
{
  return item->protocol == LS_PROTOCOL_LABSYNC_V1 && !reply->is_ours &&
         !ls_action_reply_is_too_large (reply->status);
}

static void
not_answered (LsQueue *self, const char *id, const LsActionReply *reply)
{
  LsReason reason = LS_REASON_CAPTIVE_PORTAL;
  g_autoptr (GError) error = NULL;

  /* A gateway, behind which the server may have done it. */
  if (reply->status >= 500)
    reason = LS_REASON_SERVER_UNREACHABLE;
  error = ls_link_error_new (reason, reply->status, reply->retry_after_ms,
                             "something on the way answered with status %u", reply->status);
  ls_queue_send_failed (self, id, error);
}

/**
 * ls_queue_answered:
 * @self: the queue
 * @id: of an action
 * @reply: an answer to %LS_QUEUE_SEND
 *
 * The server answered.
 */
void
ls_queue_answered (LsQueue *self, const char *id, const LsActionReply *reply)
{
  LsQueueItem *item = get_sent (self, id);
  LsOutcomeClass outcome_class = ls_outcome_class_of_reply (reply);

  if (item == NULL)
    return;
  if (is_foreign (item, reply))
    {
      not_answered (self, id, reply);
      return;
    }

  ls_queue_answer_heard (self, item, reply);
  note (self, item, reply, outcome_class);
  if (item->now->status == LS_ACTION_SYNCING)
    settle (self, item, reply, outcome_class);
  else
    ls_queue_send_end (self, item);
  ls_queue_turn (self);
}

/**
 * ls_queue_send_failed:
 * @self: the queue
 * @id: of an action
 * @error: of %LS_LINK_ERROR
 *
 * %LS_QUEUE_SEND was not answered by the server, which may have done it all the same, unless it was never reached.
 */
void
ls_queue_send_failed (LsQueue *self, const char *id, const GError *error)
{
  LsQueueItem *item = get_sent (self, id);
  LsReason reason = ls_link_error_get_reason (error);

  if (item == NULL)
    return;

  ls_queue_answer_unheard (self, error);
  ls_queue_send_end (self, item);
  if (item->now->status == LS_ACTION_SYNCING)
    {
      ls_queue_postpone (self, item, ls_reason_to_string (reason),
                         ls_link_error_get_retry_after (error));
      item->now->outcome_unknown |=
          !ls_link_error_is_unsent (error) && ls_outcome_class_error_may_be_done (reason);
    }
  ls_queue_turn (self);
}
