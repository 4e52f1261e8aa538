/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-sim-transport.h"

#include "ls-link-error.h"

/* How long a call may take before it is given up, as the real transport has it, milliseconds. */
#define CALL_TIMEOUT 10000
#define MAX_SLOW 15000
#define RETRANSMISSION 200

/**
 * LsSimTransport:
 *
 * The transport between an agent and the model of the server: everything takes its time, and what a
 * #LsSimLink says goes wrong on the way.
 */
struct _LsSimTransport
{
  GObject parent_instance;

  LsSim *sim;              /* (unowned) */
  LsModelServer *server;   /* (unowned) (nullable) */
  LsModelClassic *classic; /* (unowned) (nullable): instead */
  const LsSimLink *link;   /* (unowned) */
  LsModelPeer *peer;       /* (unowned) (nullable): the server's end of the socket */
  gboolean is_open;        /* the agent's end */
  gboolean is_held;        /* the agent does not read */
  guint n_calls;
  GQueue inbound;  /* (element-type Parcel) (owned): on its way to the agent, in order */
  GQueue outbound; /* (element-type Parcel) (owned): on its way to the server, in order */
  GArray *opens;   /* (owned) (element-type gint64): when each handshake began */
  guint n_refreshing;
};

/* Something on its way on the socket. With neither message nor error it is garbage. */
typedef struct
{
  LsSimTransport *transport; /* (unowned) */
  LsMessage *message;        /* (owned) (nullable) */
  GError *error;             /* (owned) (nullable): the end of the socket */
  guint alarm;
  gint64 due;
} Parcel;

/* Answers the task of a call that has reached the server. */
typedef void (*CallFunc) (LsSimTransport *self, GTask *task);

/* A call on its way: the data of its task, which it keeps alive until it is answered. */
typedef struct
{
  CallFunc func;
  char *token;
  LsCursor cursor;
  LsEntity entity;
  char *page;
  char *email;
  gboolean is_refresh;
  LsActionRequest *request;
  guint alarm;
  gulong cancelled;
} Call;

static void ls_sim_transport_transport_init (LsTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsSimTransport,
                               ls_sim_transport,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_TRANSPORT,
                                                      ls_sim_transport_transport_init))

static void
parcel_free (Parcel *parcel)
{
  ls_sim_cancel (parcel->transport->sim, &parcel->alarm);
  g_clear_pointer (&parcel->message, ls_message_unref);
  g_clear_error (&parcel->error);
  g_free (parcel);
}

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->token);
  g_free (call->page);
  g_free (call->email);
  g_clear_pointer (&call->request, ls_action_request_free);
  g_free (call);
}

/* Whether nothing gets through. */
static gboolean
is_dead (LsSimTransport *self)
{
  return self->link->is_cut || self->link->is_silent;
}

static gint64
choose_latency (LsSimTransport *self)
{
  return 1 + ls_sim_below (self->sim, self->link->latency);
}

/* The socket */

/* Both directions keep their order. */
static Parcel *
post (LsSimTransport *self, GQueue *queue, LsClockAlarmFunc arrive)
{
  Parcel *parcel = g_new0 (Parcel, 1);
  const Parcel *last = g_queue_peek_tail (queue);
  gint64 now = ls_sim_get_time (self->sim);
  gint64 due = now + choose_latency (self);

  parcel->transport = self;
  parcel->due = last != NULL ? MAX (due, last->due) : due;
  parcel->alarm = ls_sim_after (self->sim, parcel->due - now, arrive, parcel);
  g_queue_push_tail (queue, parcel);
  return parcel;
}

static void
close_socket (LsSimTransport *self)
{
  self->is_open = FALSE;
  self->is_held = FALSE;
  g_queue_clear_full (&self->inbound, (GDestroyNotify)parcel_free);
  g_queue_clear_full (&self->outbound, (GDestroyNotify)parcel_free);
  if (self->peer != NULL)
    ls_model_peer_disconnect (g_steal_pointer (&self->peer));
}

/* TCP sends again what did not get through or was not read, and hands nothing over before its turn. */
static gboolean
is_held_up (Parcel *parcel, GQueue *queue, LsClockAlarmFunc arrive)
{
  LsSimTransport *self = parcel->transport;
  gboolean is_unread = self->is_held && queue == &self->inbound;

  parcel->alarm = 0;
  if (!is_dead (self) && !is_unread && g_queue_peek_head (queue) == parcel)
    return FALSE;

  parcel->due = ls_sim_get_time (self->sim) + RETRANSMISSION;
  parcel->alarm = ls_sim_after (self->sim, RETRANSMISSION, arrive, parcel);
  return TRUE;
}

static void
arrive_at_agent (gpointer user_data)
{
  Parcel *parcel = user_data;
  g_autoptr (LsSimTransport) self = g_object_ref (parcel->transport);
  g_autoptr (LsMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) garbage = NULL;

  if (is_held_up (parcel, &self->inbound, arrive_at_agent))
    return;

  message = g_steal_pointer (&parcel->message);
  error = g_steal_pointer (&parcel->error);
  parcel_free (g_queue_pop_head (&self->inbound));
  if (!self->is_open)
    return;

  if (error != NULL)
    {
      ls_sim_trace (self->sim, "closed: %s", error->message);
      close_socket (self);
      ls_transport_emit_closed (LS_TRANSPORT (self), error);
    }
  else if (message != NULL)
    {
      g_autofree char *cursor = ls_cursor_to_string (message->cursor);

      ls_sim_trace (self->sim, "<- %s %s (%u events)", ls_message_kind_to_string (message->kind),
                    cursor != NULL ? cursor : "",
                    message->events != NULL ? message->events->len : 0);
      ls_transport_emit_message (LS_TRANSPORT (self), message);
    }
  else
    {
      garbage = g_error_new (LS_LINK_ERROR, LS_REASON_NONE, "garbage");
      ls_sim_trace (self->sim, "<- garbage");
      ls_transport_emit_bad_message (LS_TRANSPORT (self), garbage);
    }
}

/* TCP loses nothing without an end. What can be lost is lost by the server itself, or by whatever
 * reads and writes frames on the way; and what can be noticed is a hole in the stream of events. */
static gboolean
is_lost (LsSimTransport *self, const LsMessage *message)
{
  return message->kind == LS_MESSAGE_EVENTS && ls_sim_happens (self->sim, self->link->lossy);
}

static void
server_sends (LsMessage *message, gpointer user_data)
{
  g_autoptr (LsMessage) owned = message;
  LsSimTransport *self = user_data;
  Parcel *parcel;

  if (is_lost (self, message))
    return;

  parcel = post (self, &self->inbound, arrive_at_agent);
  if (message->kind == LS_MESSAGE_EVENTS && ls_sim_happens (self->sim, self->link->garbled))
    return;

  parcel->message = ls_message_ref (message);
  if (message->kind == LS_MESSAGE_EVENTS && ls_sim_happens (self->sim, self->link->doubled))
    post (self, &self->inbound, arrive_at_agent)->message = ls_message_ref (message);
}

static void
server_closes (GError *error, gpointer user_data)
{
  g_autoptr (GError) owned = error;
  LsSimTransport *self = user_data;

  self->peer = NULL;
  post (self, &self->inbound, arrive_at_agent)->error = g_steal_pointer (&owned);
}

static const LsModelPeerCallbacks peer_callbacks = { server_sends, server_closes };

/* All that the classic system ever says */
static void
pong (LsSimTransport *self)
{
  LsMessage *message = ls_message_new (LS_MESSAGE_PONG);

  message->timestamp = ls_sim_get_server_wall (self->sim);
  post (self, &self->inbound, arrive_at_agent)->message = message;
}

static void
arrive_at_server (gpointer user_data)
{
  Parcel *parcel = user_data;
  LsSimTransport *self = parcel->transport;
  g_autoptr (LsMessage) message = NULL;

  if (is_held_up (parcel, &self->outbound, arrive_at_server))
    return;

  message = g_steal_pointer (&parcel->message);
  parcel_free (g_queue_pop_head (&self->outbound));
  if (self->peer != NULL)
    ls_model_peer_receive (self->peer, message);
  else if (self->classic != NULL && message->kind == LS_MESSAGE_PING)
    pong (self);
}

static void
ls_sim_transport_send (LsTransport *transport, LsMessage *message)
{
  LsSimTransport *self = LS_SIM_TRANSPORT (transport);

  if (!self->is_open)
    return;

  ls_sim_trace (self->sim, "-> %s", ls_message_kind_to_string (message->kind));
  post (self, &self->outbound, arrive_at_server)->message = ls_message_ref (message);
}

static void
ls_sim_transport_close (LsTransport *transport)
{
  close_socket (LS_SIM_TRANSPORT (transport));
}

static void
ls_sim_transport_set_held (LsTransport *transport, gboolean held)
{
  LsSimTransport *self = LS_SIM_TRANSPORT (transport);

  ls_sim_trace (self->sim, held ? "held" : "let go");
  self->is_held = held && self->is_open;
}

/**
 * ls_sim_transport_cut:
 * @self: a transport
 *
 * The socket breaks, if there is one; what is on its way is lost.
 */
void
ls_sim_transport_cut (LsSimTransport *self)
{
  g_autoptr (GError) error =
      ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "cut by the test");

  if (!self->is_open)
    return;

  ls_sim_trace (self->sim, "the socket breaks");
  close_socket (self);
  ls_transport_emit_closed (LS_TRANSPORT (self), error);
}

/* The calls */

/* Ends a call that nobody waits for any more, or that is about to be answered. */
static void
end_call (LsSimTransport *self, GTask *task)
{
  Call *call = g_task_get_task_data (task);

  ls_sim_cancel (self->sim, &call->alarm);
  g_clear_signal_handler (&call->cancelled, g_task_get_cancellable (task));
  self->n_calls--;
  if (call->is_refresh)
    self->n_refreshing--;
}

static void
on_call_cancelled (GCancellable *cancellable, GTask *task)
{
  g_autoptr (GTask) owned = task;

  end_call (g_task_get_source_object (task), task);
  g_task_return_error_if_cancelled (task);
}

static void
on_call_due (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  LsSimTransport *self = g_task_get_source_object (task);
  Call *call = g_task_get_task_data (task);

  call->alarm = 0;
  end_call (self, task);
  call->func (self, task);
}

static void
fail_unreached (LsSimTransport *self, GTask *task)
{
  g_task_return_error (
      task, ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "the server can't be reached"));
}

/* Sends a call on its way. Where nothing gets through and nobody says so, time runs out. */
static void
start_call (LsSimTransport *self, GTask *task, CallFunc func)
{
  Call *call = g_task_get_task_data (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  gint64 delay = choose_latency (self);

  call->func = is_dead (self) ? fail_unreached : func;
  if (ls_sim_happens (self->sim, self->link->slow))
    delay += ls_sim_below (self->sim, MAX_SLOW);
  if (self->link->is_silent || delay > CALL_TIMEOUT)
    {
      delay = CALL_TIMEOUT;
      call->func = fail_unreached;
    }

  self->n_calls++;
  call->alarm = ls_sim_after (self->sim, delay, on_call_due, g_object_ref (task));
  if (cancellable != NULL && g_cancellable_is_cancelled (cancellable))
    on_call_cancelled (cancellable, task);
  else if (cancellable != NULL)
    call->cancelled =
        g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_call_cancelled), task);
}

static void
note_time (LsSimTransport *self, GArray *times)
{
  gint64 now = ls_sim_get_time (self->sim);

  if (times != NULL)
    g_array_append_val (times, now);
}

static GTask *
new_task (LsTransport *transport,
          const char *token,
          GCancellable *cancellable,
          GAsyncReadyCallback callback,
          gpointer user_data)
{
  GTask *task = g_task_new (transport, cancellable, callback, user_data);
  Call *call = g_new0 (Call, 1);

  g_task_set_source_tag (task, new_task);
  call->token = g_strdup (token);
  g_task_set_task_data (task, call, call_free);
  return task;
}

/* An answer that the server gave may still be lost on its way back. */
static void
give (LsSimTransport *self, GTask *task, gpointer answer, GDestroyNotify free_answer, GError *error)
{
  if (error != NULL)
    {
      g_task_return_error (task, error);
    }
  else if (is_dead (self))
    {
      free_answer (answer);
      fail_unreached (self, task);
    }
  else
    {
      g_task_return_pointer (task, answer, free_answer);
    }
}

/* The same, where the server may go away before it has answered. */
static void
give_or_forget (LsSimTransport *self,
                GTask *task,
                gpointer answer,
                GDestroyNotify free_answer,
                GError *error)
{
  if (answer != NULL && ls_sim_happens (self->sim, self->link->forgetful))
    {
      ls_sim_trace (self->sim, "its answer is lost");
      free_answer (answer);
      fail_unreached (self, task);
    }
  else
    {
      give (self, task, answer, free_answer, error);
    }
}

static LsModelPeer *
connect_to_server (LsSimTransport *self, const char *token, GError **error)
{
  LsSimDoor *door = ls_model_server_is_up (self->server) ? self->link->door : NULL;
  gint64 now = ls_sim_get_time (self->sim);
  LsModelPeer *peer;
  guint seconds;

  if (door != NULL)
    {
      g_array_append_val (door->asked, now);
      seconds = ls_admission_check (door->admission, now * 1000);
      if (seconds > 0)
        {
          g_propagate_error (
              error, ls_link_error_new (LS_REASON_SERVER_DRAINING, 503, seconds * 1000, "busy"));
          return NULL;
        }
    }

  peer = ls_model_server_connect (self->server, token, &peer_callbacks, self, error);
  if (door != NULL && peer != NULL)
    {
      g_array_append_val (door->let_in, now);
      ls_admission_count (door->admission, now * 1000);
    }
  return peer;
}

static void
open_at_server (LsSimTransport *self, GTask *task)
{
  Call *call = g_task_get_task_data (task);
  GError *error = NULL;

  if (!self->link->upgrade_works)
    error = ls_link_error_new (LS_REASON_UPGRADE_REFUSED, 400, 0, "no upgrade here");
  else if (is_dead (self))
    error = ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "unreachable");
  else if (self->classic != NULL)
    ls_model_classic_connect (self->classic, call->token, &error);
  else
    self->peer = connect_to_server (self, call->token, &error);

  if (error != NULL)
    {
      ls_sim_trace (self->sim, "handshake: %s", error->message);
      g_task_return_error (task, error);
      return;
    }

  ls_sim_trace (self->sim, "handshake: done");
  self->is_open = TRUE;
  g_task_return_int (task, self->classic != NULL ? LS_PROTOCOL_CLASSIC : LS_PROTOCOL_LABSYNC_V1);
}

static void
ls_sim_transport_open_async (LsTransport *transport,
                             const char *token,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  LsSimTransport *self = LS_SIM_TRANSPORT (transport);
  g_autoptr (GTask) task = new_task (transport, token, cancellable, callback, user_data);

  ls_sim_check (self->sim, !self->is_open, "a second socket beside the first");
  note_time (self, self->opens);
  start_call (self, task, open_at_server);
}

static void
updates_at_server (LsSimTransport *self, GTask *task)
{
  Call *call = g_task_get_task_data (task);
  GError *error = NULL;
  LsUpdates *updates = NULL;
  g_autofree char *from = ls_cursor_to_string (call->cursor);

  if (self->classic != NULL)
    error = ls_model_classic_fail (self->classic);
  else
    updates = ls_model_server_updates (self->server, call->token, call->cursor, &error);

  ls_sim_trace (self->sim, "updates after %s: %s", from,
                error != NULL                           ? error->message
                : updates->resume == LS_RESUME_SNAPSHOT ? "snapshot"
                                                        : "resumed");
  give (self, task, updates, (GDestroyNotify)ls_updates_free, error);
}

static void
ls_sim_transport_updates_async (LsTransport *transport,
                                const char *token,
                                LsCursor cursor,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = new_task (transport, token, cancellable, callback, user_data);
  Call *call = g_task_get_task_data (task);

  call->cursor = cursor;
  start_call (LS_SIM_TRANSPORT (transport), task, updates_at_server);
}

static void
snapshot_at_server (LsSimTransport *self, GTask *task)
{
  Call *call = g_task_get_task_data (task);
  GError *error = NULL;
  LsSnapshotPage *page = NULL;

  if (self->classic != NULL)
    error = ls_model_classic_fail (self->classic);
  else
    page = ls_model_server_snapshot (self->server, call->token, call->entity, call->page, &error);

  ls_sim_trace (self->sim, "snapshot of %s from %s: %s", ls_entity_to_string (call->entity),
                call->page != NULL ? call->page : "the start",
                error != NULL ? error->message : "a page");
  give (self, task, page, (GDestroyNotify)ls_snapshot_page_free, error);
}

static void
ls_sim_transport_snapshot_async (LsTransport *transport,
                                 const char *token,
                                 LsEntity entity,
                                 const char *page,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = new_task (transport, token, cancellable, callback, user_data);
  Call *call = g_task_get_task_data (task);

  call->entity = entity;
  call->page = g_strdup (page);
  start_call (LS_SIM_TRANSPORT (transport), task, snapshot_at_server);
}

static void
checksum_at_server (LsSimTransport *self, GTask *task)
{
  Call *call = g_task_get_task_data (task);
  GError *error = NULL;
  LsChecksum *checksum = ls_model_server_checksum (self->server, call->token, call->entity, &error);

  give (self, task, checksum, (GDestroyNotify)ls_checksum_free, error);
}

static void
ls_sim_transport_checksum_async (LsTransport *transport,
                                 const char *token,
                                 LsEntity entity,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = new_task (transport, token, cancellable, callback, user_data);
  Call *call = g_task_get_task_data (task);

  call->entity = entity;
  start_call (LS_SIM_TRANSPORT (transport), task, checksum_at_server);
}

static void
poll_at_server (LsSimTransport *self, GTask *task)
{
  Call *call = g_task_get_task_data (task);
  GError *error = NULL;
  LsPoll *poll = ls_model_classic_poll (self->classic, call->token, &error);

  give (self, task, poll, (GDestroyNotify)ls_poll_free, error);
}

static void
ls_sim_transport_poll_async (LsTransport *transport,
                             const char *token,
                             gint64 since,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = new_task (transport, token, cancellable, callback, user_data);

  start_call (LS_SIM_TRANSPORT (transport), task, poll_at_server);
}

static void
list_at_server (LsSimTransport *self, GTask *task)
{
  Call *call = g_task_get_task_data (task);
  GError *error = NULL;
  LsListing *listing = ls_model_classic_list (self->classic, call->token, &error);

  give (self, task, listing, (GDestroyNotify)ls_listing_free, error);
}

static void
ls_sim_transport_list_async (LsTransport *transport,
                             const char *token,
                             const char *table,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = new_task (transport, token, cancellable, callback, user_data);

  start_call (LS_SIM_TRANSPORT (transport), task, list_at_server);
}

static void
act_at_server (LsSimTransport *self, GTask *task)
{
  Call *call = g_task_get_task_data (task);
  GError *error = NULL;
  LsActionReply *reply = NULL;

  if (ls_model_server_check (self->server, call->token, &error))
    reply = self->link->act (call->request, self->link->act_data);
  else if (ls_link_error_get_reason (error) == LS_REASON_TOKEN_REFUSED)
    reply = ls_action_reply_new (401);
  if (reply != NULL)
    g_clear_error (&error);

  ls_sim_trace (self->sim, "action %s: %u", call->request->key, reply != NULL ? reply->status : 0);
  give_or_forget (self, task, reply, (GDestroyNotify)ls_action_reply_free, error);
}

static void
ls_sim_transport_act_async (LsTransport *transport,
                            const char *token,
                            const LsActionRequest *request,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = new_task (transport, token, cancellable, callback, user_data);
  Call *call = g_task_get_task_data (task);

  call->request = ls_action_request_new (request->method, request->path, request->key);
  call->request->body = g_strdup (request->body);
  start_call (LS_SIM_TRANSPORT (transport), task, act_at_server);
}

static void
sign_in_at_server (LsSimTransport *self, GTask *task)
{
  Call *call = g_task_get_task_data (task);
  GError *error = NULL;
  LsSession *session = self->classic != NULL
                           ? ls_model_classic_sign_in (self->classic, call->email, &error)
                           : ls_model_server_sign_in (self->server, &error);

  ls_sim_trace (self->sim, "sign-in: %s", error != NULL ? error->message : "done");
  give (self, task, session, (GDestroyNotify)ls_session_free, error);
}

static void
ls_sim_transport_sign_in_async (LsTransport *transport,
                                const char *email,
                                const char *password,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = new_task (transport, NULL, cancellable, callback, user_data);
  Call *call = g_task_get_task_data (task);

  call->email = g_strdup (email);
  note_time (LS_SIM_TRANSPORT (transport), LS_SIM_TRANSPORT (transport)->link->auths);
  start_call (LS_SIM_TRANSPORT (transport), task, sign_in_at_server);
}

static void
refresh_at_server (LsSimTransport *self, GTask *task)
{
  Call *call = g_task_get_task_data (task);
  GError *error = NULL;
  LsSession *session = NULL;

  if (ls_sim_happens (self->sim, self->link->busy))
    error = ls_link_error_new (LS_REASON_RATE_LIMITED, 429, 7000, "no room");
  else if (self->classic != NULL)
    session = ls_model_classic_refresh (self->classic, call->token, &error);
  else
    session = ls_model_server_refresh (self->server, call->token, &error);

  ls_sim_trace (self->sim, "refresh: %s", error != NULL ? error->message : "done");
  give_or_forget (self, task, session, (GDestroyNotify)ls_session_free, error);
}

static void
ls_sim_transport_refresh_async (LsTransport *transport,
                                const char *refresh_token,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  LsSimTransport *self = LS_SIM_TRANSPORT (transport);
  g_autoptr (GTask) task = new_task (transport, refresh_token, cancellable, callback, user_data);
  Call *call = g_task_get_task_data (task);

  ls_sim_check (self->sim, self->n_refreshing == 0, "a second refresh beside the first");
  self->n_refreshing++;
  call->is_refresh = TRUE;
  note_time (self, self->link->auths);
  start_call (LS_SIM_TRANSPORT (transport), task, refresh_at_server);
}

static void
sign_out_at_server (LsSimTransport *self, GTask *task)
{
  g_task_return_boolean (task, TRUE);
}

static void
ls_sim_transport_sign_out_async (LsTransport *transport,
                                 const char *token,
                                 const char *refresh_token,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = new_task (transport, token, cancellable, callback, user_data);

  start_call (LS_SIM_TRANSPORT (transport), task, sign_out_at_server);
}

static void
ls_sim_transport_transport_init (LsTransportInterface *iface)
{
  iface->open_async = ls_sim_transport_open_async;
  iface->send = ls_sim_transport_send;
  iface->close = ls_sim_transport_close;
  iface->set_held = ls_sim_transport_set_held;
  iface->updates_async = ls_sim_transport_updates_async;
  iface->snapshot_async = ls_sim_transport_snapshot_async;
  iface->checksum_async = ls_sim_transport_checksum_async;
  iface->poll_async = ls_sim_transport_poll_async;
  iface->list_async = ls_sim_transport_list_async;
  iface->act_async = ls_sim_transport_act_async;
  iface->sign_in_async = ls_sim_transport_sign_in_async;
  iface->refresh_async = ls_sim_transport_refresh_async;
  iface->sign_out_async = ls_sim_transport_sign_out_async;
}

static void
ls_sim_transport_finalize (GObject *object)
{
  LsSimTransport *self = LS_SIM_TRANSPORT (object);

  close_socket (self);
  g_array_unref (self->opens);

  G_OBJECT_CLASS (ls_sim_transport_parent_class)->finalize (object);
}

static void
ls_sim_transport_class_init (LsSimTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_sim_transport_finalize;
}

static void
ls_sim_transport_init (LsSimTransport *self)
{
  g_queue_init (&self->inbound);
  g_queue_init (&self->outbound);
  self->opens = g_array_new (FALSE, FALSE, sizeof (gint64));
}

/**
 * ls_sim_transport_new:
 * @sim: the world it is in; outlives it
 * @server: what is at the other end; outlives it
 * @link: what is in between; outlives it
 *
 * Returns: (transfer full): a transport without a socket
 */
LsSimTransport *
ls_sim_transport_new (LsSim *sim, LsModelServer *server, const LsSimLink *link)
{
  LsSimTransport *self = g_object_new (LS_TYPE_SIM_TRANSPORT, NULL);

  self->sim = sim;
  self->server = server;
  self->link = link;
  return self;
}

/**
 * ls_sim_transport_new_classic:
 * @sim: the world it is in; outlives it
 * @classic: what is at the other end; outlives it
 * @link: what is in between; outlives it
 *
 * Returns: (transfer full): a transport to the classic system, without a socket
 */
LsSimTransport *
ls_sim_transport_new_classic (LsSim *sim, LsModelClassic *classic, const LsSimLink *link)
{
  LsSimTransport *self = ls_sim_transport_new (sim, NULL, link);

  self->classic = classic;
  return self;
}

/**
 * ls_sim_transport_count_pending:
 * @self: a transport
 *
 * Returns: how many calls are neither answered nor cancelled
 */
guint
ls_sim_transport_count_pending (LsSimTransport *self)
{
  return self->n_calls;
}

/**
 * ls_sim_transport_get_opens:
 * @self: a transport
 *
 * Returns: (transfer none) (element-type gint64): when each handshake began, in the world's time
 */
GArray *
ls_sim_transport_get_opens (LsSimTransport *self)
{
  return self->opens;
}
