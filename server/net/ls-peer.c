/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-peer.h"

#include "ls-batch.h"
#include "ls-deflate.h"
#include "ls-http-answer.h"
#include "ls-interest.h"
#include "ls-outlet.h"
#include "ls-wire-message.h"

/* Batches (contract, "Delivery"; the same figures on the wire) */
#define MAX_BATCH_EVENTS 100
#define MAX_BATCH_SIZE (64 * 1024)

/* Bytes in a message that is looked at, so that one which is a little too large is told so. */
#define MAX_MESSAGE (LS_WIRE_MAX_MESSAGE + 64 * 1024)

/* A client that says nothing for so many heartbeats is gone. */
#define MAX_SILENT_HEARTBEATS 3

typedef enum
{
  STATE_NEW,   /* hello has not come */
  STATE_READY, /* the stream flows */
  STATE_ENDED, /* closing, or closed */
} State;

/**
 * LsPeer:
 *
 * One WebSocket connection: the messages of labsync.v1 and the stream of events on it. The stream
 * has a position in the school's log. While the client keeps up, what is new is handed on at once;
 * when it does not, or comes back after an absence, the stream falls behind and is fed from the
 * database, page by page, as fast as the client takes it.
 *
 * LsPeer::ready: hello came; from here on the peer takes part.
 * LsPeer::ended: it does not any more.
 * LsPeer::closed: the connection is gone.
 */
struct _LsPeer
{
  GObject parent_instance;

  const LsPeerContext *context;        /* (unowned) */
  SoupWebsocketConnection *connection; /* (owned) */
  LsOutlet *outlet;                    /* (owned) */
  LsIdentity *identity;                /* (owned) */
  char *network;                       /* (owned) */
  char *machine;                       /* (owned) (nullable) */
  State state;

  LsInterest interest;
  LsCursor sent; /* what the client was told last: where its stream stands */
  gint64
      live_from; /* the top of the log when the client came: what is older is no broadcast to it */
  LsCursor position; /* where its stream stands indeed: nothing for it lies between */
  gboolean behind;   /* position is not the top of the log */
  gboolean backlog;  /* what the hello asked for is not sent yet */
  gboolean partial;  /* sent is inside a transaction */
  guint feed_id;
  guint drop_id;

  gint64 started_at; /* monotonic, milliseconds */
  gint64 heard_at;   /* the same */
  gint64 rate_start; /* the same: the second that is being counted */
  guint rate;        /* messages in that second */
};

G_DEFINE_FINAL_TYPE (LsPeer, ls_peer, G_TYPE_OBJECT)

enum
{
  READY,
  ENDED,
  CLOSED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static gint64
monotonic_ms (void)
{
  return g_get_monotonic_time () / 1000;
}

static void
end (LsPeer *self)
{
  if (self->state == STATE_ENDED)
    return;

  self->state = STATE_ENDED;
  g_clear_handle_id (&self->feed_id, g_source_remove);
  g_signal_emit (self, signals[ENDED], 0);
}

static void
note_refusal (LsPeer *self, const char *code, const char *subject)
{
  ls_auditor_add (
      self->context->auditor,
      ls_audit_entry_new (LS_AUDIT_REQUEST, code, self->identity->claims->user_id, subject));
}

/**
 * ls_peer_close:
 * @self: a peer
 * @code: why
 * @reason: the same for people
 *
 * Begins to close the connection. The peer takes no part from now on.
 */
void
ls_peer_close (LsPeer *self, LsCloseCode code, const char *reason)
{
  g_return_if_fail (LS_IS_PEER (self));

  if (self->state == STATE_ENDED)
    return;

  g_debug ("Closing a connection: %u %s", (guint)code, reason);
  if (code == LS_CLOSE_FLOOD)
    note_refusal (self, "too-many-requests", "message");
  ls_outlet_close (self->outlet, (gushort)code, reason);
  end (self);
}

static void
send_message (LsPeer *self, const LsMessage *message)
{
  g_autofree char *text = NULL;
  gsize length;

  if (self->state == STATE_ENDED)
    return;

  text = ls_wire_encode_message (message, &length);
  if (!ls_outlet_send (self->outlet, text, length))
    ls_peer_close (self, LS_CLOSE_POLICY, "too much waits unread");
}

static LsMessage *
new_error (const char *code, const char *text)
{
  LsMessage *message = ls_message_new (LS_MESSAGE_ERROR);

  message->code = g_strdup (code);
  message->text = g_strdup (text);
  return message;
}

static void
send_error (LsPeer *self, const char *code, const char *text)
{
  g_autoptr (LsMessage) message = new_error (code, text);

  send_message (self, message);
}

/* The stream of events */

static void
count_broadcasts (LsPeer *self, GPtrArray *events)
{
  for (guint i = 0; i < events->len; i++)
    {
      const LsEvent *event = events->pdata[i];

      if (event->offset > self->live_from)
        ls_auditor_count_recipient (self->context->auditor, event);
    }
}

static void
send_events (LsPeer *self, GPtrArray *events, LsCursor cursor, gboolean more, gboolean partial)
{
  g_autoptr (LsMessage) message = ls_message_new (LS_MESSAGE_EVENTS);

  message->prev = self->sent;
  message->cursor = cursor;
  message->more = more;
  message->partial = partial;
  message->events = g_ptr_array_ref (events);
  self->sent = cursor;
  self->partial = partial;
  self->context->metrics->events_total += events->len;
  count_broadcasts (self, events);
  send_message (self, message);
}

static void
take_page (LsPeer *self, LsUpdates *page)
{
  g_autoptr (GPtrArray) wanted = ls_event_array_new ();
  gboolean backlog_ends = self->backlog && !page->more;

  for (guint i = 0; i < page->events->len; i++)
    {
      LsEvent *event = g_ptr_array_index (page->events, i);

      if (ls_interest_has (&self->interest, event->type))
        g_ptr_array_add (wanted, ls_event_ref (event));
    }

  self->position = page->cursor;
  self->behind = page->more;

  /* The end of the backlog is told in any case, unless there was none, and so is the end of a
   * transaction whose beginning was. */
  if (wanted->len > 0 || (self->partial && !page->partial) ||
      (backlog_ends && !ls_cursor_equal (self->sent, self->position)))
    send_events (self, wanted, self->position, self->behind, page->partial);
  if (!self->behind)
    self->backlog = FALSE;
}

static void schedule_feed (LsPeer *self);

static gboolean
on_feed (gpointer user_data)
{
  LsPeer *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsUpdates) page = NULL;

  self->feed_id = 0;
  page = ls_school_updates (self->context->school, self->identity->viewer, self->position,
                            MAX_BATCH_EVENTS, MAX_BATCH_SIZE, &error);
  if (page == NULL || page->resume != LS_RESUME_RESUMED)
    {
      g_warning ("A stream can't go on: %s", error != NULL ? error->message : "the log was cut");
      ls_peer_close (self, LS_CLOSE_FAILED, "the stream can't go on");
      return G_SOURCE_REMOVE;
    }

  take_page (self, page);
  schedule_feed (self);
  return G_SOURCE_REMOVE;
}

/* One page per turn of the main loop, so that everybody gets a turn. */
static void
schedule_feed (LsPeer *self)
{
  if (self->state == STATE_READY && self->behind && self->feed_id == 0 &&
      ls_outlet_has_room (self->outlet))
    self->feed_id = g_idle_add_full (G_PRIORITY_DEFAULT, on_feed, self, NULL);
}

static void
on_drained (gpointer user_data)
{
  schedule_feed (user_data);
}

/* Puts what comes after the stream's position into a batch, until it says no. */
static LsBatchVerdict
fill_batch (LsPeer *self, LsBatch *batch, GPtrArray *entries)
{
  LsBatchVerdict verdict = LS_BATCH_TAKEN;

  for (guint i = 0; i < entries->len && verdict == LS_BATCH_TAKEN; i++)
    {
      const LsLogEntry *entry = g_ptr_array_index (entries, i);
      g_autoptr (LsEvent) event = NULL;

      if (ls_log_entry_get_offset (entry) <= self->position.offset)
        continue;

      event = ls_school_project (self->context->school, self->identity->viewer, entry);
      if (event != NULL && !ls_interest_has (&self->interest, event->type))
        g_clear_pointer (&event, ls_event_unref);
      verdict = ls_batch_add (batch, entry, event);
    }

  return verdict;
}

static void
fall_behind (LsPeer *self)
{
  self->behind = TRUE;
  schedule_feed (self);
}

/**
 * ls_peer_offer:
 * @self: a peer
 * @entries: (element-type LsLogEntry): what is new in the log
 * @top: the cursor behind them
 *
 * Sends what of @entries the client may see and wants to, and moves its stream to @top. A client
 * that is behind gets them later, in order, and so it does with a transaction that is too large
 * for a frame.
 */
void
ls_peer_offer (LsPeer *self, GPtrArray *entries, LsCursor top)
{
  g_return_if_fail (LS_IS_PEER (self));

  while (self->state == STATE_READY && self->position.offset < top.offset)
    {
      g_autoptr (LsBatch) batch = ls_batch_new (MAX_BATCH_EVENTS, MAX_BATCH_SIZE);
      LsBatchVerdict verdict = LS_BATCH_CUT;

      if (!self->behind && ls_outlet_has_room (self->outlet))
        verdict = fill_batch (self, batch, entries);
      if (verdict == LS_BATCH_CUT)
        {
          fall_behind (self);
          return;
        }

      self->position = top;
      if (verdict == LS_BATCH_FULL)
        self->position.offset = batch->offset;
      if (batch->events->len > 0)
        send_events (self, batch->events, self->position, verdict == LS_BATCH_FULL, FALSE);
    }
}

/**
 * ls_peer_announce:
 * @self: a peer
 * @event: an event that is not in the log
 *
 * Sends a bare event, if the client wants it.
 */
void
ls_peer_announce (LsPeer *self, LsEvent *event)
{
  g_autoptr (LsMessage) message = NULL;

  g_return_if_fail (LS_IS_PEER (self) && event != NULL);

  if (self->state != STATE_READY || !ls_interest_has (&self->interest, event->type))
    return;

  message = ls_message_new (LS_MESSAGE_EVENTS);
  message->events = ls_event_array_new ();
  g_ptr_array_add (message->events, ls_event_ref (event));
  self->context->metrics->events_total++;
  ls_auditor_count_recipient (self->context->auditor, event);
  send_message (self, message);
}

/* Messages from the client */

/* Returns: whether there can be events of that type for the client; else it has been told that there
 * are none */
static gboolean
subscribe (LsPeer *self, LsEventType type)
{
  g_autoptr (LsMessage) refusal = NULL;
  g_autofree char *subject = NULL;

  if (ls_viewer_may_subscribe (self->identity->viewer, ls_event_type_get_entity (type)))
    {
      ls_interest_add (&self->interest, type);
      return TRUE;
    }

  refusal = new_error ("forbidden", "your role sees none of that");
  refusal->event_type = type;
  send_message (self, refusal);
  subject = g_strconcat ("subscribe ", ls_event_type_to_string (type), NULL);
  note_refusal (self, "forbidden", subject);
  return FALSE;
}

/* Says where the stream stands. Returns: whether @from can be gone on from */
static gboolean
check_resume (LsPeer *self, LsCursor from, LsResume *resume)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsUpdates) page = NULL;

  *resume = LS_RESUME_FRESH;
  if (!ls_cursor_is_set (from))
    return TRUE;

  page = ls_school_updates (self->context->school, self->identity->viewer, from, 1, MAX_BATCH_SIZE,
                            &error);
  if (page == NULL)
    {
      g_warning ("A stream can't begin: %s", error->message);
      return FALSE;
    }

  *resume = page->resume;
  return TRUE;
}

static void
send_welcome (LsPeer *self, LsResume resume, LsCursor cursor)
{
  g_autoptr (LsMessage) welcome = ls_message_new (LS_MESSAGE_WELCOME);
  const LsViewer *viewer = self->identity->viewer;

  welcome->resume = resume;
  welcome->cursor = cursor;
  welcome->user = ls_user_new (ls_viewer_get_id (viewer), ls_viewer_get_name (viewer),
                               ls_viewer_get_role (viewer), ls_viewer_get_extra_role (viewer));
  welcome->heartbeat = self->context->heartbeat;
  welcome->expires_at = self->identity->claims->expires_at;
  send_message (self, welcome);
}

static void
handle_hello (LsPeer *self, const LsMessage *hello)
{
  LsCursor top = ls_school_get_cursor (self->context->school);
  LsResume resume;

  if (self->state != STATE_NEW)
    {
      send_error (self, "unexpected", "hello has been said already");
      return;
    }
  if (!check_resume (self, hello->cursor, &resume))
    {
      ls_peer_close (self, LS_CLOSE_FAILED, "the stream can't begin");
      return;
    }

  if (hello->event_types == NULL)
    ls_interest_add_all (&self->interest);
  self->live_from = top.offset;
  self->machine = g_strdup (hello->machine);
  self->sent = self->position = resume == LS_RESUME_RESUMED ? hello->cursor : top;
  self->behind = self->backlog = !ls_cursor_equal (self->position, top);
  self->state = STATE_READY;

  send_welcome (self, resume, top);
  for (guint i = 0; hello->event_types != NULL && i < hello->event_types->len; i++)
    subscribe (self, g_array_index (hello->event_types, LsEventType, i));
  schedule_feed (self);
  g_signal_emit (self, signals[READY], 0);
}

static void
handle_ping (LsPeer *self)
{
  g_autoptr (LsMessage) pong = ls_message_new (LS_MESSAGE_PONG);

  pong->timestamp = g_get_real_time () / 1000;
  pong->sent = self->sent;
  pong->cursor = self->position;
  send_message (self, pong);
}

/* Returns: whether the client keeps to the rate; else the connection is being closed */
static gboolean
count_subscription (LsPeer *self)
{
  if (ls_interest_count_change (&self->interest, monotonic_ms ()))
    return TRUE;

  ls_peer_close (self, LS_CLOSE_FLOOD, "too many subscriptions");
  return FALSE;
}

static void
handle_subscribe (LsPeer *self, const LsMessage *message)
{
  g_autoptr (LsMessage) answer = ls_message_new (LS_MESSAGE_SUBSCRIBED);

  if (!count_subscription (self) || !subscribe (self, message->event_type))
    return;

  answer->event_type = message->event_type;
  answer->cursor = self->position;
  send_message (self, answer);
}

static void
handle_unsubscribe (LsPeer *self, const LsMessage *message)
{
  g_autoptr (LsMessage) answer = ls_message_new (LS_MESSAGE_UNSUBSCRIBED);

  if (!count_subscription (self))
    return;

  ls_interest_remove (&self->interest, message->event_type);
  answer->event_type = message->event_type;
  send_message (self, answer);
}

/* A bad token costs nothing: the old one may still be good. */
static void
handle_auth (LsPeer *self, const LsMessage *message)
{
  g_autoptr (LsMessage) answer = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsIdentity) identity = ls_auth_check (self->context->auth, message->token, &error);
  const char *code, *text;

  if (identity == NULL)
    {
      ls_http_describe_failure (error, &code, &text);
      send_error (self, code, text);
      return;
    }
  if (!g_str_equal (identity->claims->user_id, self->identity->claims->user_id))
    {
      send_error (self, "forbidden", "the token is another user's");
      return;
    }

  ls_identity_free (self->identity);
  self->identity = g_steal_pointer (&identity);
  answer = ls_message_new (LS_MESSAGE_AUTHENTICATED);
  answer->expires_at = self->identity->claims->expires_at;
  send_message (self, answer);
}

static void
handle_message (LsPeer *self, const LsMessage *message)
{
  if (self->state == STATE_NEW && message->kind != LS_MESSAGE_HELLO &&
      message->kind != LS_MESSAGE_DISCONNECT)
    {
      send_error (self, "unexpected", "the first message has to be hello");
      return;
    }

  switch (message->kind)
    {
    case LS_MESSAGE_HELLO:
      handle_hello (self, message);
      break;
    case LS_MESSAGE_PING:
      handle_ping (self);
      break;
    case LS_MESSAGE_SUBSCRIBE:
      handle_subscribe (self, message);
      break;
    case LS_MESSAGE_UNSUBSCRIBE:
      handle_unsubscribe (self, message);
      break;
    case LS_MESSAGE_AUTH:
      handle_auth (self, message);
      break;
    case LS_MESSAGE_DISCONNECT:
      ls_peer_close (self, LS_CLOSE_DONE, "disconnected");
      break;
    case LS_MESSAGE_PONG:
    case LS_MESSAGE_ERROR:
      break; /* heard, and that is all */
    case LS_MESSAGE_WELCOME:
    case LS_MESSAGE_EVENTS:
    case LS_MESSAGE_SUBSCRIBED:
    case LS_MESSAGE_UNSUBSCRIBED:
    case LS_MESSAGE_AUTHENTICATED:
    case LS_MESSAGE_DRAIN:
    default:
      send_error (self, "unexpected", "only the server sends that");
    }
}

/* Returns: whether the client keeps to the rate */
static gboolean
count_message (LsPeer *self)
{
  gint64 now = monotonic_ms ();

  self->heard_at = now;
  self->context->metrics->messages_total++;
  if (now - self->rate_start >= 1000)
    {
      self->rate_start = now;
      self->rate = 0;
    }

  return ++self->rate <= LS_PEER_MAX_RATE;
}

static void
on_message (SoupWebsocketConnection *connection, int type, GBytes *frame, LsPeer *self)
{
  g_autoptr (LsMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  const char *text;
  gsize length;

  if (self->state == STATE_ENDED)
    return;
  if (!count_message (self))
    {
      ls_peer_close (self, LS_CLOSE_FLOOD, "too many messages");
      return;
    }
  if (type != SOUP_WEBSOCKET_DATA_TEXT)
    {
      send_error (self, "bad-message", "only text frames are understood");
      return;
    }

  text = g_bytes_get_data (frame, &length);
  if (length > LS_WIRE_MAX_MESSAGE)
    {
      ls_peer_close (self, LS_CLOSE_TOO_LARGE, "the message is too large");
      return;
    }

  message = ls_wire_decode_message (text != NULL ? text : "", length, &error);
  if (message != NULL)
    handle_message (self, message);
  else if (g_error_matches (error, LS_WIRE_ERROR, LS_WIRE_ERROR_UNKNOWN))
    send_error (self, "unknown-type", error->message);
  else
    send_error (self, "bad-message", error->message);
}

static gboolean
on_drop (gpointer user_data)
{
  LsPeer *self = user_data;

  self->drop_id = 0;
  g_signal_emit (self, signals[CLOSED], 0);
  return G_SOURCE_REMOVE;
}

/* libsoup closes the connection politely then, and goes on reading until its close frame is out, at
 * what it can't read. That is not waited for. */
static void
on_error (SoupWebsocketConnection *connection, GError *error, LsPeer *self)
{
  g_debug ("A connection failed: %s", error->message);
  end (self);
  if (self->drop_id == 0)
    self->drop_id = g_idle_add_full (G_PRIORITY_DEFAULT, on_drop, self, NULL);
}

static void
on_closed (SoupWebsocketConnection *connection, LsPeer *self)
{
  g_autoptr (LsPeer) alive = g_object_ref (self);

  end (self);
  g_signal_emit (self, signals[CLOSED], 0);
}

static void
ls_peer_dispose (GObject *object)
{
  LsPeer *self = LS_PEER (object);

  g_clear_handle_id (&self->feed_id, g_source_remove);
  g_clear_handle_id (&self->drop_id, g_source_remove);
  if (self->connection != NULL)
    g_signal_handlers_disconnect_by_data (self->connection, self);
  g_clear_pointer (&self->outlet, ls_outlet_free);
  g_clear_object (&self->connection);

  G_OBJECT_CLASS (ls_peer_parent_class)->dispose (object);
}

static void
ls_peer_finalize (GObject *object)
{
  LsPeer *self = LS_PEER (object);

  g_clear_pointer (&self->identity, ls_identity_free);
  g_free (self->network);
  g_free (self->machine);

  G_OBJECT_CLASS (ls_peer_parent_class)->finalize (object);
}

static void
ls_peer_class_init (LsPeerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  static const char *const names[] = { "ready", "ended", "closed" };

  object_class->dispose = ls_peer_dispose;
  object_class->finalize = ls_peer_finalize;

  for (guint i = 0; i < N_SIGNALS; i++)
    signals[i] = g_signal_new (names[i], LS_TYPE_PEER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                               G_TYPE_NONE, 0);
}

static void
ls_peer_init (LsPeer *self)
{
}

/**
 * ls_peer_new:
 * @context: what all peers share
 * @connection: an open connection
 * @identity: whose it is
 * @network: where from, see ls_address_get_network()
 *
 * Returns: (transfer full): a peer that waits for hello
 */
LsPeer *
ls_peer_new (const LsPeerContext *context,
             SoupWebsocketConnection *connection,
             const LsIdentity *identity,
             const char *network)
{
  LsPeer *self;

  g_return_val_if_fail (context != NULL && identity != NULL && network != NULL, NULL);
  g_return_val_if_fail (SOUP_IS_WEBSOCKET_CONNECTION (connection), NULL);

  self = g_object_new (LS_TYPE_PEER, NULL);
  self->context = context;
  self->connection = g_object_ref (connection);
  self->outlet = ls_outlet_new (connection, on_drained, self);
  self->identity = ls_identity_copy (identity);
  self->network = g_strdup (network);
  self->started_at = self->heard_at = monotonic_ms ();

  ls_deflate_bound (connection, MAX_MESSAGE);
  g_signal_connect (connection, "message", G_CALLBACK (on_message), self);
  g_signal_connect (connection, "error", G_CALLBACK (on_error), self);
  g_signal_connect (connection, "closed", G_CALLBACK (on_closed), self);
  return self;
}

/**
 * ls_peer_is_ready:
 * @self: a peer
 *
 * Returns: whether it takes part: hello has come, and it is not being closed
 */
gboolean
ls_peer_is_ready (LsPeer *self)
{
  g_return_val_if_fail (LS_IS_PEER (self), FALSE);

  return self->state == STATE_READY;
}

/**
 * ls_peer_get_machine:
 * @self: a peer
 *
 * Returns: (nullable): the machine it said it is; %NULL before hello
 */
const char *
ls_peer_get_machine (LsPeer *self)
{
  g_return_val_if_fail (LS_IS_PEER (self), NULL);

  return self->machine;
}

/**
 * ls_peer_get_network:
 * @self: a peer
 *
 * Returns: where it came from, see ls_address_get_network()
 */
const char *
ls_peer_get_network (LsPeer *self)
{
  g_return_val_if_fail (LS_IS_PEER (self), NULL);

  return self->network;
}

/**
 * ls_peer_get_session_id:
 * @self: a peer
 *
 * Returns: the session of its token
 */
const char *
ls_peer_get_session_id (LsPeer *self)
{
  g_return_val_if_fail (LS_IS_PEER (self), NULL);

  return self->identity->claims->session_id;
}

/**
 * ls_peer_get_viewer:
 * @self: a peer
 *
 * Returns: (transfer none): whose it is
 */
LsViewer *
ls_peer_get_viewer (LsPeer *self)
{
  g_return_val_if_fail (LS_IS_PEER (self), NULL);

  return self->identity->viewer;
}

/**
 * ls_peer_set_viewer:
 * @self: a peer
 * @viewer: the same user with another scope
 *
 * Takes over what the user may see from now on.
 */
void
ls_peer_set_viewer (LsPeer *self, LsViewer *viewer)
{
  g_return_if_fail (LS_IS_PEER (self) && viewer != NULL);

  ls_viewer_unref (self->identity->viewer);
  self->identity->viewer = ls_viewer_ref (viewer);
}

/**
 * ls_peer_drain:
 * @self: a peer
 * @retry_after: when to come back, milliseconds
 * @spread: over which time to spread then, milliseconds
 *
 * Says that the server restarts, and closes the connection.
 */
void
ls_peer_drain (LsPeer *self, gint64 retry_after, gint64 spread)
{
  g_autoptr (LsMessage) message = ls_message_new (LS_MESSAGE_DRAIN);

  g_return_if_fail (LS_IS_PEER (self));

  message->retry_after_ms = retry_after;
  message->spread_ms = spread;
  send_message (self, message);
  ls_peer_close (self, LS_CLOSE_RESTARTING, "restarting");
}

/**
 * ls_peer_tick:
 * @self: a peer
 * @now_wall: now, milliseconds since the epoch
 * @now_monotonic: now, monotonic, milliseconds
 *
 * Looks after what is due; to be called every second.
 */
void
ls_peer_tick (LsPeer *self, gint64 now_wall, gint64 now_monotonic)
{
  gint64 silence;

  g_return_if_fail (LS_IS_PEER (self));

  if (self->state == STATE_ENDED)
    return;

  silence = now_monotonic - self->heard_at;
  if (self->identity->claims->expires_at <= now_wall)
    ls_peer_close (self, LS_CLOSE_TOKEN, "the token has expired");
  else if (silence > MAX_SILENT_HEARTBEATS * self->context->heartbeat)
    ls_peer_close (self, LS_CLOSE_POLICY, "not heard for too long");
  else if (self->state == STATE_NEW &&
           now_monotonic - self->started_at > self->context->hello_timeout)
    ls_peer_close (self, LS_CLOSE_POLICY, "no hello");
  else
    ls_outlet_poll (self->outlet);
}
