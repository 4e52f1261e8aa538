/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-fake-transport.h"

/**
 * LsFakeTransport:
 *
 * A transport whose other end is the test: it records every call until the test answers it, and
 * keeps what was sent on the socket until the test takes it. A call that is cancelled answers by
 * itself with %G_IO_ERROR_CANCELLED, from the main loop, and is no longer pending.
 */
struct _LsFakeTransport
{
  GObject parent_instance;

  GQueue calls; /* (owned) (element-type LsFakeCall), not answered yet, oldest first */
  guint n_started[LS_N_FAKE_CALL_KINDS];
  gboolean is_open;
  gboolean is_held;
  GQueue held; /* (owned) (element-type LsMessage), while is_held, oldest first */
  GQueue sent; /* (owned) (element-type LsMessage), not taken yet, oldest first */
};

static void ls_fake_transport_transport_init (LsTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsFakeTransport,
                               ls_fake_transport,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_TRANSPORT,
                                                      ls_fake_transport_transport_init))

static void
call_free (LsFakeCall *call)
{
  g_clear_signal_handler (&call->cancelled_id, g_task_get_cancellable (call->task));
  g_free (call->token);
  g_free (call->refresh_token);
  g_free (call->page);
  g_free (call->table);
  g_clear_pointer (&call->request, ls_action_request_free);
  g_free (call->path);
  g_free (call->email);
  g_free (call->password);
  g_object_unref (call->task);
  g_free (call);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsFakeCall, call_free)

static void
on_cancelled (GCancellable *cancellable, LsFakeCall *call)
{
  LsFakeTransport *self = g_task_get_source_object (call->task);

  g_queue_remove (&self->calls, call);
  g_task_return_error_if_cancelled (call->task);
  call_free (call);
}

/* Returns: (transfer none): the call, for the caller to fill in */
static LsFakeCall *
add_call (LsTransport *transport,
          LsFakeCallKind kind,
          const char *token,
          GCancellable *cancellable,
          GAsyncReadyCallback callback,
          gpointer user_data)
{
  LsFakeTransport *self = LS_FAKE_TRANSPORT (transport);
  LsFakeCall *call = g_new0 (LsFakeCall, 1);

  call->kind = kind;
  call->token = g_strdup (token);
  call->task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (call->task, add_call);
  self->n_started[kind]++;
  g_queue_push_tail (&self->calls, call);
  if (cancellable != NULL)
    call->cancelled_id =
        g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled), call);

  return call;
}

/* A cancellable that was cancelled before does not emit its signal any more. */
static void
call_started (LsFakeCall *call)
{
  GCancellable *cancellable = g_task_get_cancellable (call->task);

  if (g_cancellable_is_cancelled (cancellable))
    on_cancelled (cancellable, call);
}

static LsFakeCall *
find_call (LsFakeTransport *self, LsFakeCallKind kind)
{
  for (GList *l = self->calls.head; l != NULL; l = l->next)
    {
      LsFakeCall *call = l->data;

      if (call->kind == kind)
        return call;
    }

  return NULL;
}

static LsFakeCall *
take_call (LsFakeTransport *self, LsFakeCallKind kind)
{
  LsFakeCall *call = find_call (self, kind);

  if (call == NULL)
    g_error ("The test answers a call of kind %d that was not made", kind);

  /* it is answered now: too late to cancel */
  g_clear_signal_handler (&call->cancelled_id, g_task_get_cancellable (call->task));
  g_queue_remove (&self->calls, call);
  return call;
}

static void
wait_for_callback (LsFakeCall *call)
{
  while (!g_task_get_completed (call->task))
    g_main_context_iteration (NULL, TRUE);
}

static void
answer (LsFakeTransport *self, LsFakeCallKind kind, gpointer value, GDestroyNotify free_value)
{
  g_autoptr (LsFakeCall) call = take_call (self, kind);

  g_task_return_pointer (call->task, value, free_value);
  wait_for_callback (call);
}

static void
ls_fake_transport_open_async (LsTransport *transport,
                              const char *token,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  call_started (add_call (transport, LS_FAKE_CALL_OPEN, token, cancellable, callback, user_data));
}

static void
ls_fake_transport_send (LsTransport *transport, LsMessage *message)
{
  LsFakeTransport *self = LS_FAKE_TRANSPORT (transport);

  if (self->is_open)
    g_queue_push_tail (&self->sent, ls_message_ref (message));
}

static void
end_socket (LsFakeTransport *self)
{
  self->is_open = FALSE;
  self->is_held = FALSE;
  g_queue_clear_full (&self->held, (GDestroyNotify)ls_message_unref);
}

static void
ls_fake_transport_close (LsTransport *transport)
{
  end_socket (LS_FAKE_TRANSPORT (transport));
}

static gboolean
let_go (gpointer user_data)
{
  LsFakeTransport *self = user_data;

  while (!self->is_held && self->held.length > 0)
    {
      g_autoptr (LsMessage) message = g_queue_pop_head (&self->held);

      ls_transport_emit_message (LS_TRANSPORT (self), message);
    }

  return G_SOURCE_REMOVE;
}

/* What was held comes from the main loop, as it does from a socket. */
static void
ls_fake_transport_set_held (LsTransport *transport, gboolean held)
{
  LsFakeTransport *self = LS_FAKE_TRANSPORT (transport);

  self->is_held = held && self->is_open;
  if (self->held.length > 0 && !self->is_held)
    g_idle_add_full (G_PRIORITY_DEFAULT, let_go, g_object_ref (self), g_object_unref);
}

static void
ls_fake_transport_updates_async (LsTransport *transport,
                                 const char *token,
                                 LsCursor cursor,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  LsFakeCall *call =
      add_call (transport, LS_FAKE_CALL_UPDATES, token, cancellable, callback, user_data);

  call->cursor = cursor;
  call_started (call);
}

static void
ls_fake_transport_snapshot_async (LsTransport *transport,
                                  const char *token,
                                  LsEntity entity,
                                  const char *page,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  LsFakeCall *call =
      add_call (transport, LS_FAKE_CALL_SNAPSHOT, token, cancellable, callback, user_data);

  call->entity = entity;
  call->page = g_strdup (page);
  call_started (call);
}

static void
ls_fake_transport_checksum_async (LsTransport *transport,
                                  const char *token,
                                  LsEntity entity,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  LsFakeCall *call =
      add_call (transport, LS_FAKE_CALL_CHECKSUM, token, cancellable, callback, user_data);

  call->entity = entity;
  call_started (call);
}

static void
ls_fake_transport_poll_async (LsTransport *transport,
                              const char *token,
                              gint64 since,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  LsFakeCall *call =
      add_call (transport, LS_FAKE_CALL_POLL, token, cancellable, callback, user_data);

  call->since = since;
  call_started (call);
}

static void
ls_fake_transport_list_async (LsTransport *transport,
                              const char *token,
                              const char *table,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  LsFakeCall *call =
      add_call (transport, LS_FAKE_CALL_LIST, token, cancellable, callback, user_data);

  call->table = g_strdup (table);
  call_started (call);
}

static void
ls_fake_transport_act_async (LsTransport *transport,
                             const char *token,
                             const LsActionRequest *request,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  LsFakeCall *call =
      add_call (transport, LS_FAKE_CALL_ACT, token, cancellable, callback, user_data);

  call->request = ls_action_request_new (request->method, request->path, request->key);
  call->request->is_repeatable = request->is_repeatable;
  call->request->version = request->version;
  call->request->body = g_strdup (request->body);
  call_started (call);
}

static void
ls_fake_transport_get_row_async (LsTransport *transport,
                                 const char *token,
                                 const char *path,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  LsFakeCall *call =
      add_call (transport, LS_FAKE_CALL_GET_ROW, token, cancellable, callback, user_data);

  call->path = g_strdup (path);
  call_started (call);
}

static void
ls_fake_transport_sign_in_async (LsTransport *transport,
                                 const char *email,
                                 const char *password,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  LsFakeCall *call =
      add_call (transport, LS_FAKE_CALL_SIGN_IN, NULL, cancellable, callback, user_data);

  call->email = g_strdup (email);
  call->password = g_strdup (password);
  call_started (call);
}

static void
ls_fake_transport_refresh_async (LsTransport *transport,
                                 const char *refresh_token,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  call_started (
      add_call (transport, LS_FAKE_CALL_REFRESH, refresh_token, cancellable, callback, user_data));
}

static void
ls_fake_transport_sign_out_async (LsTransport *transport,
                                  const char *token,
                                  const char *refresh_token,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  LsFakeCall *call =
      add_call (transport, LS_FAKE_CALL_SIGN_OUT, token, cancellable, callback, user_data);

  call->refresh_token = g_strdup (refresh_token);
  call_started (call);
}

static void
ls_fake_transport_transport_init (LsTransportInterface *iface)
{
  iface->open_async = ls_fake_transport_open_async;
  iface->send = ls_fake_transport_send;
  iface->close = ls_fake_transport_close;
  iface->set_held = ls_fake_transport_set_held;
  iface->updates_async = ls_fake_transport_updates_async;
  iface->snapshot_async = ls_fake_transport_snapshot_async;
  iface->checksum_async = ls_fake_transport_checksum_async;
  iface->poll_async = ls_fake_transport_poll_async;
  iface->list_async = ls_fake_transport_list_async;
  iface->act_async = ls_fake_transport_act_async;
  iface->get_row_async = ls_fake_transport_get_row_async;
  iface->sign_in_async = ls_fake_transport_sign_in_async;
  iface->refresh_async = ls_fake_transport_refresh_async;
  iface->sign_out_async = ls_fake_transport_sign_out_async;
}

static void
ls_fake_transport_finalize (GObject *object)
{
  LsFakeTransport *self = LS_FAKE_TRANSPORT (object);

  /* A pending call holds a reference, so there is none. */
  g_assert (g_queue_is_empty (&self->calls));
  g_queue_clear_full (&self->sent, (GDestroyNotify)ls_message_unref);
  g_queue_clear_full (&self->held, (GDestroyNotify)ls_message_unref);

  G_OBJECT_CLASS (ls_fake_transport_parent_class)->finalize (object);
}

static void
ls_fake_transport_class_init (LsFakeTransportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_fake_transport_finalize;
}

static void
ls_fake_transport_init (LsFakeTransport *self)
{
  g_queue_init (&self->calls);
  g_queue_init (&self->sent);
  g_queue_init (&self->held);
}

/**
 * ls_fake_transport_new:
 *
 * Returns: (transfer full): a transport without an open socket
 */
LsFakeTransport *
ls_fake_transport_new (void)
{
  return g_object_new (LS_TYPE_FAKE_TRANSPORT, NULL);
}

/**
 * ls_fake_transport_peek_call:
 * @self: a fake transport
 * @kind: what kind of call
 *
 * Returns: (transfer none) (nullable): the oldest call of @kind that is not answered; good until it
 *   is answered or cancelled
 */
const LsFakeCall *
ls_fake_transport_peek_call (LsFakeTransport *self, LsFakeCallKind kind)
{
  g_return_val_if_fail (LS_IS_FAKE_TRANSPORT (self), NULL);

  return find_call (self, kind);
}

/**
 * ls_fake_transport_count_pending:
 * @self: a fake transport
 *
 * Returns: how many calls are neither answered nor cancelled
 */
guint
ls_fake_transport_count_pending (LsFakeTransport *self)
{
  g_return_val_if_fail (LS_IS_FAKE_TRANSPORT (self), 0);

  return self->calls.length;
}

/**
 * ls_fake_transport_count_started:
 * @self: a fake transport
 * @kind: what kind of call
 *
 * Returns: how many calls of @kind there ever were
 */
guint
ls_fake_transport_count_started (LsFakeTransport *self, LsFakeCallKind kind)
{
  g_return_val_if_fail (LS_IS_FAKE_TRANSPORT (self), 0);

  return self->n_started[kind];
}

/**
 * ls_fake_transport_accept:
 * @self: a fake transport with a pending open
 * @protocol: what the server speaks
 *
 * Lets the socket open.
 */
void
ls_fake_transport_accept (LsFakeTransport *self, LsProtocol protocol)
{
  g_autoptr (LsFakeCall) call = NULL;

  g_return_if_fail (LS_IS_FAKE_TRANSPORT (self));

  call = take_call (self, LS_FAKE_CALL_OPEN);
  self->is_open = TRUE;
  g_task_return_int (call->task, protocol);
  wait_for_callback (call);
}

/**
 * ls_fake_transport_refuse:
 * @self: a fake transport with a pending open
 * @error: (transfer full): why, of %LS_LINK_ERROR
 *
 * Lets the open fail.
 */
void
ls_fake_transport_refuse (LsFakeTransport *self, GError *error)
{
  ls_fake_transport_fail (self, LS_FAKE_CALL_OPEN, error);
}

/**
 * ls_fake_transport_answer_updates:
 * @self: a fake transport with a pending call for updates
 * @updates: (transfer full): the answer
 *
 * Answers the oldest such call.
 */
void
ls_fake_transport_answer_updates (LsFakeTransport *self, LsUpdates *updates)
{
  g_return_if_fail (LS_IS_FAKE_TRANSPORT (self));

  answer (self, LS_FAKE_CALL_UPDATES, updates, (GDestroyNotify)ls_updates_free);
}

/**
 * ls_fake_transport_answer_snapshot:
 * @self: a fake transport with a pending call for a snapshot
 * @page: (transfer full): the answer
 *
 * Answers the oldest such call.
 */
void
ls_fake_transport_answer_snapshot (LsFakeTransport *self, LsSnapshotPage *page)
{
  g_return_if_fail (LS_IS_FAKE_TRANSPORT (self));

  answer (self, LS_FAKE_CALL_SNAPSHOT, page, (GDestroyNotify)ls_snapshot_page_free);
}

/**
 * ls_fake_transport_answer_checksum:
 * @self: a fake transport with a pending call for a checksum
 * @checksum: (transfer full): the answer
 *
 * Answers the oldest such call.
 */
void
ls_fake_transport_answer_checksum (LsFakeTransport *self, LsChecksum *checksum)
{
  g_return_if_fail (LS_IS_FAKE_TRANSPORT (self));

  answer (self, LS_FAKE_CALL_CHECKSUM, checksum, (GDestroyNotify)ls_checksum_free);
}

/**
 * ls_fake_transport_answer_poll:
 * @self: a fake transport with a pending poll
 * @poll: (transfer full): the answer
 *
 * Answers the oldest such call.
 */
void
ls_fake_transport_answer_poll (LsFakeTransport *self, LsPoll *poll)
{
  g_return_if_fail (LS_IS_FAKE_TRANSPORT (self));

  answer (self, LS_FAKE_CALL_POLL, poll, (GDestroyNotify)ls_poll_free);
}

/**
 * ls_fake_transport_answer_list:
 * @self: a fake transport with a pending call for a table
 * @listing: (transfer full): the answer
 *
 * Answers the oldest such call.
 */
void
ls_fake_transport_answer_list (LsFakeTransport *self, LsListing *listing)
{
  g_return_if_fail (LS_IS_FAKE_TRANSPORT (self));

  answer (self, LS_FAKE_CALL_LIST, listing, (GDestroyNotify)ls_listing_free);
}

/**
 * ls_fake_transport_answer_act:
 * @self: a fake transport with a pending action
 * @reply: (transfer full): the answer
 *
 * Answers the oldest such call.
 */
void
ls_fake_transport_answer_act (LsFakeTransport *self, LsActionReply *reply)
{
  g_return_if_fail (LS_IS_FAKE_TRANSPORT (self));

  answer (self, LS_FAKE_CALL_ACT, reply, (GDestroyNotify)ls_action_reply_free);
}

/**
 * ls_fake_transport_answer_row:
 * @self: a fake transport with a pending call for a row
 * @reply: (transfer full): the answer
 *
 * Answers the oldest such call.
 */
void
ls_fake_transport_answer_row (LsFakeTransport *self, LsActionReply *reply)
{
  g_return_if_fail (LS_IS_FAKE_TRANSPORT (self));

  answer (self, LS_FAKE_CALL_GET_ROW, reply, (GDestroyNotify)ls_action_reply_free);
}

/**
 * ls_fake_transport_answer_sign_in:
 * @self: a fake transport with a pending sign-in
 * @session: (transfer full): the answer, with its user
 *
 * Answers the oldest such call.
 */
void
ls_fake_transport_answer_sign_in (LsFakeTransport *self, LsSession *session)
{
  g_return_if_fail (LS_IS_FAKE_TRANSPORT (self));

  answer (self, LS_FAKE_CALL_SIGN_IN, session, (GDestroyNotify)ls_session_free);
}

/**
 * ls_fake_transport_answer_refresh:
 * @self: a fake transport with a pending refresh
 * @session: (transfer full): the answer, without a user
 *
 * Answers the oldest such call.
 */
void
ls_fake_transport_answer_refresh (LsFakeTransport *self, LsSession *session)
{
  g_return_if_fail (LS_IS_FAKE_TRANSPORT (self));

  answer (self, LS_FAKE_CALL_REFRESH, session, (GDestroyNotify)ls_session_free);
}

/**
 * ls_fake_transport_answer_sign_out:
 * @self: a fake transport with a pending sign-out
 *
 * Answers the oldest such call.
 */
void
ls_fake_transport_answer_sign_out (LsFakeTransport *self)
{
  g_autoptr (LsFakeCall) call = NULL;

  g_return_if_fail (LS_IS_FAKE_TRANSPORT (self));

  call = take_call (self, LS_FAKE_CALL_SIGN_OUT);
  g_task_return_boolean (call->task, TRUE);
  wait_for_callback (call);
}

/**
 * ls_fake_transport_fail:
 * @self: a fake transport with a pending call of @kind
 * @kind: what kind of call
 * @error: (transfer full): the answer
 *
 * Lets the oldest such call fail.
 */
void
ls_fake_transport_fail (LsFakeTransport *self, LsFakeCallKind kind, GError *error)
{
  g_autoptr (LsFakeCall) call = NULL;

  g_return_if_fail (LS_IS_FAKE_TRANSPORT (self));
  g_return_if_fail (error != NULL);

  call = take_call (self, kind);
  g_task_return_error (call->task, error);
  wait_for_callback (call);
}

/**
 * ls_fake_transport_is_open:
 * @self: a fake transport
 *
 * Returns: whether the socket is open: accepted, and neither closed nor dropped since
 */
gboolean
ls_fake_transport_is_open (LsFakeTransport *self)
{
  g_return_val_if_fail (LS_IS_FAKE_TRANSPORT (self), FALSE);

  return self->is_open;
}

/**
 * ls_fake_transport_is_held:
 * @self: a fake transport
 *
 * Returns: whether the socket is held
 */
gboolean
ls_fake_transport_is_held (LsFakeTransport *self)
{
  g_return_val_if_fail (LS_IS_FAKE_TRANSPORT (self), FALSE);

  return self->is_held;
}

/**
 * ls_fake_transport_count_sent:
 * @self: a fake transport
 *
 * Returns: how many messages were sent and not taken yet
 */
guint
ls_fake_transport_count_sent (LsFakeTransport *self)
{
  g_return_val_if_fail (LS_IS_FAKE_TRANSPORT (self), 0);

  return self->sent.length;
}

/**
 * ls_fake_transport_take_sent:
 * @self: a fake transport
 *
 * Returns: (transfer full) (nullable): the oldest message that was sent and not taken yet
 */
LsMessage *
ls_fake_transport_take_sent (LsFakeTransport *self)
{
  g_return_val_if_fail (LS_IS_FAKE_TRANSPORT (self), NULL);

  return g_queue_pop_head (&self->sent);
}

/**
 * ls_fake_transport_deliver:
 * @self: a fake transport with an open socket
 * @message: (transfer full): what the server sends
 *
 * Lets a message arrive, once the socket is not held.
 */
void
ls_fake_transport_deliver (LsFakeTransport *self, LsMessage *message)
{
  g_autoptr (LsMessage) owned = message;

  g_return_if_fail (LS_IS_FAKE_TRANSPORT (self));
  g_return_if_fail (self->is_open);

  if (self->is_held || self->held.length > 0)
    g_queue_push_tail (&self->held, g_steal_pointer (&owned));
  else
    ls_transport_emit_message (LS_TRANSPORT (self), owned);
}

/**
 * ls_fake_transport_deliver_bad:
 * @self: a fake transport with an open socket
 * @error: (transfer full): what is wrong with it
 *
 * Lets a message arrive that can't be understood.
 */
void
ls_fake_transport_deliver_bad (LsFakeTransport *self, GError *error)
{
  g_autoptr (GError) owned = error;

  g_return_if_fail (LS_IS_FAKE_TRANSPORT (self));
  g_return_if_fail (self->is_open);

  ls_transport_emit_bad_message (LS_TRANSPORT (self), owned);
}

/**
 * ls_fake_transport_drop:
 * @self: a fake transport with an open socket
 * @error: (transfer full): why, of %LS_LINK_ERROR
 *
 * Lets the server or the network end the socket.
 */
void
ls_fake_transport_drop (LsFakeTransport *self, GError *error)
{
  g_autoptr (GError) owned = error;

  g_return_if_fail (LS_IS_FAKE_TRANSPORT (self));
  g_return_if_fail (self->is_open);

  end_socket (self);
  ls_transport_emit_closed (LS_TRANSPORT (self), owned);
}
