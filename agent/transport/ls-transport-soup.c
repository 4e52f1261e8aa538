/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-transport-soup.h"

#include <string.h>

#include "ls-link-error.h"
#include "ls-soup-answers.h"
#include "ls-soup-call.h"
#include "ls-soup-endpoint.h"
#include "ls-soup-errors.h"
#include "ls-soup-handshake.h"
#include "ls-soup-socket.h"
#include "ls-wire-http.h"

/* How many events to ask for at once (protocol, "HTTP") */
#define UPDATES_LIMIT 500

/* RFC 6585, not in SoupStatus */
#define STATUS_NETWORK_AUTHENTICATION_REQUIRED 511

/**
 * LsTransportSoup:
 *
 * The transport port over libsoup 3.2. A call or handshake that the caller cancels fails with
 * %G_IO_ERROR_CANCELLED.
 */
struct _LsTransportSoup
{
  GObject parent_instance;

  LsSoupEndpoint *endpoint; /* (owned) (nullable) */
  char *problem;            /* (owned) (nullable), why there is no endpoint */
  GStrv drop_fields;        /* (owned) (nullable), kept apart: a socket outlives its endpoint */
  LsSoupSocket *socket;     /* (owned) (nullable) */
};

static void ls_transport_soup_transport_init (LsTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsTransportSoup,
                               ls_transport_soup,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_TRANSPORT,
                                                      ls_transport_soup_transport_init))

/* Opening the socket */

typedef struct
{
  LsSoupEndpoint *endpoint; /* (owned) */
  char *token;              /* (owned) */
  gboolean in_query;
} Open;

static void try_to_open (GTask *task);

static void
open_free (Open *open)
{
  ls_soup_endpoint_unref (open->endpoint);
  g_free (open->token);
  g_free (open);
}

static void
on_socket_message (LsMessage *message, gpointer user_data)
{
  LsTransportSoup *self = user_data;

  if (message->events != NULL)
    ls_soup_answers_cut_events (message->events, (const char *const *)self->drop_fields);
  ls_transport_emit_message (LS_TRANSPORT (self), message);
}

static void
on_socket_bad_message (const GError *error, gpointer user_data)
{
  ls_transport_emit_bad_message (LS_TRANSPORT (user_data), error);
}

static void
on_socket_closed (const GError *error, gpointer user_data)
{
  LsTransportSoup *self = user_data;

  g_clear_pointer (&self->socket, ls_soup_socket_free);
  ls_transport_emit_closed (LS_TRANSPORT (self), error);
}

static const LsSoupSocketCallbacks socket_callbacks = {
  .message = on_socket_message,
  .bad_message = on_socket_bad_message,
  .closed = on_socket_closed,
};

/* A server that is not ours may look for the token in the query only, and answers 401 without
 * looking at the header. libsoup does not let us read its answer's text. */
static gboolean
should_try_query (const Open *open, const GError *error, gboolean is_ours)
{
  const char *mode = open->endpoint->config->token_in_query;

  return !open->in_query && !is_ours && (mode == NULL || g_str_equal (mode, "auto")) &&
         ls_link_error_get_status (error) == SOUP_STATUS_UNAUTHORIZED;
}

static void
handshake_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  g_autoptr (GError) error = NULL;
  gboolean is_ours = FALSE;
  g_autoptr (SoupWebsocketConnection) connection =
      ls_soup_handshake_finish (result, &is_ours, &error);
  LsTransportSoup *self = g_task_get_source_object (task);
  Open *open = g_task_get_task_data (task);

  if (connection == NULL && should_try_query (open, error, is_ours))
    {
      open->in_query = TRUE;
      try_to_open (task);
      return;
    }
  if (connection == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  open->endpoint->wants_query = open->in_query;
  g_clear_pointer (&self->socket, ls_soup_socket_free);
  self->socket = ls_soup_socket_new (connection, &socket_callbacks, self);

  /* The caller hears of it right now, as we run in a later iteration of the main loop than the task
   * was made in: before any message is read. */
  g_task_return_int (task, soup_websocket_connection_get_protocol (connection) != NULL
                               ? LS_PROTOCOL_LABSYNC_V1
                               : LS_PROTOCOL_CLASSIC);
}

static void
try_to_open (GTask *task)
{
  Open *open = g_task_get_task_data (task);
  g_autoptr (GUri) uri =
      ls_server_url_get_socket (open->endpoint->url, open->in_query ? open->token : NULL);

  ls_soup_handshake_async (open->endpoint->sockets, uri, open->token,
                           open->endpoint->config->connect_timeout_ms,
                           g_task_get_cancellable (task), handshake_cb, g_object_ref (task));
}

static gboolean
starts_in_query (const LsSoupEndpoint *endpoint)
{
  return endpoint->wants_query || g_strcmp0 (endpoint->config->token_in_query, "always") == 0;
}

static gboolean
check_configured (LsTransportSoup *self, GTask *task)
{
  if (self->endpoint != NULL)
    return TRUE;

  g_task_return_error (task,
                       ls_link_error_new (LS_REASON_NOT_CONFIGURED, 0, 0, "%s", self->problem));
  return FALSE;
}

/* Returns: (transfer full) (nullable): the task of a call; %NULL if there is no server, which it was told */
static GTask *
begin_call (LsTransportSoup *self,
            gpointer tag,
            GCancellable *cancellable,
            GAsyncReadyCallback callback,
            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  return check_configured (self, task) ? g_steal_pointer (&task) : NULL;
}

static void
ls_transport_soup_open_async (LsTransport *transport,
                              const char *token,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  LsTransportSoup *self = LS_TRANSPORT_SOUP (transport);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Open *open = NULL;

  g_task_set_source_tag (task, ls_transport_soup_open_async);
  /* Once the socket is open, to say that it was cancelled would be a lie. */
  g_task_set_check_cancellable (task, FALSE);
  if (!check_configured (self, task))
    return;

  open = g_new0 (Open, 1);
  open->endpoint = ls_soup_endpoint_ref (self->endpoint);
  open->token = g_strdup (token);
  open->in_query = starts_in_query (self->endpoint);
  g_task_set_task_data (task, open, (GDestroyNotify)open_free);
  try_to_open (task);
}

static void
ls_transport_soup_send (LsTransport *transport, LsMessage *message)
{
  LsTransportSoup *self = LS_TRANSPORT_SOUP (transport);

  if (self->socket != NULL)
    ls_soup_socket_send (self->socket, message);
}

static void
ls_transport_soup_close (LsTransport *transport)
{
  g_clear_pointer (&LS_TRANSPORT_SOUP (transport)->socket, ls_soup_socket_free);
}

static void
ls_transport_soup_set_held (LsTransport *transport, gboolean held)
{
  LsTransportSoup *self = LS_TRANSPORT_SOUP (transport);

  if (self->socket != NULL)
    ls_soup_socket_set_held (self->socket, held);
}

/* Calls */

typedef struct
{
  LsSoupEndpoint *endpoint;       /* (owned) */
  const LsSoupAnswerType *answer; /* (unowned) */
  char *token;                    /* (owned) (nullable): what was sent */
} Call;

static void
call_free (Call *call)
{
  ls_soup_endpoint_unref (call->endpoint);
  g_free (call->token);
  g_free (call);
}

static void
return_value (GTask *task, const LsSoupAnswer *answer)
{
  Call *call = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  gpointer value = NULL;

  if (call->answer->decode == NULL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }

  value = call->answer->decode (answer, (const char *const *)call->endpoint->config->drop_fields,
                                &error);
  if (value != NULL)
    g_task_return_pointer (task, value, call->answer->free_value);
  else
    g_task_return_error (task, ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, answer->status, 0,
                                                  "The server's answer can't be used: %s",
                                                  error->message));
}

/* Whether the server has answered, in its own words, what the call is about. A redirection is not for
 * us, and what a proxy or a network wants is not the server's. */
static gboolean
is_answer (const LsSoupAnswerType *type, guint status)
{
  if (SOUP_STATUS_IS_SUCCESSFUL (status) || status == SOUP_STATUS_NOT_MODIFIED)
    return TRUE;

  return type->any_status && status >= SOUP_STATUS_BAD_REQUEST &&
         status != SOUP_STATUS_PROXY_AUTHENTICATION_REQUIRED &&
         status != STATUS_NETWORK_AUTHENTICATION_REQUIRED;
}

static void
tell_time (GTask *task, SoupMessageHeaders *headers)
{
  gint64 date = ls_soup_errors_get_date (headers);

  if (date != 0)
    ls_transport_emit_server_time (LS_TRANSPORT (g_task_get_source_object (task)), date);
}

static void
call_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  g_autoptr (GError) error = NULL;
  LsSoupAnswer answer = { 0 };
  g_autoptr (GBytes) body = ls_soup_call_finish (result, &answer.status, &answer.headers, &error);
  Call *call = g_task_get_task_data (task);

  if (body != NULL && is_answer (call->answer, answer.status))
    {
      answer.body = body;
      answer.token = call->token;
      tell_time (task, answer.headers);
      return_value (task, &answer);
      return;
    }

  if (body != NULL)
    error = ls_soup_call_get_failure (result);
  if (call->answer->refine != NULL)
    call->answer->refine (&error);
  g_task_return_error (task, g_steal_pointer (&error));
}

/* Takes over @task. */
static void
start_call (GTask *task,
            LsSoupEndpoint *endpoint,
            const LsSoupAnswerType *answer,
            SoupMessage *message,
            const char *token)
{
  Call *call = g_new0 (Call, 1);

  call->endpoint = ls_soup_endpoint_ref (endpoint);
  call->answer = answer;
  call->token = g_strdup (token);
  g_task_set_task_data (task, call, (GDestroyNotify)call_free);
  ls_soup_call_async (endpoint->calls, message, token, endpoint->config->connect_timeout_ms,
                      g_task_get_cancellable (task), call_cb, task);
}

static SoupMessage *
create_get (LsSoupEndpoint *endpoint, const char *path, const char *query)
{
  g_autoptr (GUri) uri = ls_server_url_get_call (endpoint->url, path, query);

  return soup_message_new_from_uri (SOUP_METHOD_GET, uri);
}

static SoupMessage *
create_post (LsSoupEndpoint *endpoint, const char *path, char *text, gsize length)
{
  g_autoptr (GUri) uri = ls_server_url_get_call (endpoint->url, path, NULL);
  g_autoptr (GBytes) body = g_bytes_new_take (text, length);
  SoupMessage *message = soup_message_new_from_uri (SOUP_METHOD_POST, uri);

  soup_message_set_request_body_from_bytes (message, "application/json", body);

  return message;
}

/* The classic system reads the header as JavaScript reads a date, milliseconds included. */
static void
add_since (SoupMessage *message, gint64 since)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (since / 1000);
  g_autofree char *second = g_date_time_format (date, "%Y-%m-%dT%H:%M:%S");
  g_autofree char *text = g_strdup_printf ("%s.%03dZ", second, (int)(since % 1000));

  soup_message_headers_replace (soup_message_get_request_headers (message), "If-Modified-Since",
                                text);
}

static void
ls_transport_soup_updates_async (LsTransport *transport,
                                 const char *token,
                                 LsCursor cursor,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  LsTransportSoup *self = LS_TRANSPORT_SOUP (transport);
  g_autoptr (GTask) task =
      begin_call (self, ls_transport_soup_updates_async, cancellable, callback, user_data);
  g_autofree char *text = ls_cursor_to_string (cursor);
  g_autofree char *escaped = g_uri_escape_string (text, NULL, FALSE);
  g_autofree char *query = g_strdup_printf ("cursor=%s&limit=%d", escaped, UPDATES_LIMIT);
  g_autoptr (SoupMessage) message = NULL;

  if (task == NULL)
    return;

  message = create_get (self->endpoint, "/api/updates", query);
  start_call (g_steal_pointer (&task), self->endpoint, &ls_soup_answer_updates, message, token);
}

static void
ls_transport_soup_snapshot_async (LsTransport *transport,
                                  const char *token,
                                  LsEntity entity,
                                  const char *page,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  LsTransportSoup *self = LS_TRANSPORT_SOUP (transport);
  g_autoptr (GTask) task =
      begin_call (self, ls_transport_soup_snapshot_async, cancellable, callback, user_data);
  g_autoptr (GString) query = g_string_new ("entity=");
  g_autoptr (SoupMessage) message = NULL;

  if (task == NULL)
    return;

  g_string_append (query, ls_entity_to_string (entity));
  if (page != NULL)
    {
      g_string_append (query, "&page=");
      g_string_append_uri_escaped (query, page, NULL, FALSE);
    }
  message = create_get (self->endpoint, "/api/snapshot", query->str);
  start_call (g_steal_pointer (&task), self->endpoint, &ls_soup_answer_snapshot, message, token);
}

static void
ls_transport_soup_checksum_async (LsTransport *transport,
                                  const char *token,
                                  LsEntity entity,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  LsTransportSoup *self = LS_TRANSPORT_SOUP (transport);
  g_autoptr (GTask) task =
      begin_call (self, ls_transport_soup_checksum_async, cancellable, callback, user_data);
  g_autofree char *query = g_strdup_printf ("entity=%s", ls_entity_to_string (entity));
  g_autoptr (SoupMessage) message = NULL;

  if (task == NULL)
    return;

  message = create_get (self->endpoint, "/api/checksum", query);
  start_call (g_steal_pointer (&task), self->endpoint, &ls_soup_answer_checksum, message, token);
}

static void
ls_transport_soup_poll_async (LsTransport *transport,
                              const char *token,
                              gint64 since,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  LsTransportSoup *self = LS_TRANSPORT_SOUP (transport);
  g_autoptr (GTask) task =
      begin_call (self, ls_transport_soup_poll_async, cancellable, callback, user_data);
  g_autoptr (SoupMessage) message = NULL;

  if (task == NULL)
    return;

  message = create_get (self->endpoint, "/api/updates", NULL);
  if (since > 0)
    add_since (message, since);
  start_call (g_steal_pointer (&task), self->endpoint, &ls_soup_answer_poll, message, token);
}

static void
ls_transport_soup_list_async (LsTransport *transport,
                              const char *token,
                              const char *table,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  LsTransportSoup *self = LS_TRANSPORT_SOUP (transport);
  g_autoptr (GTask) task =
      begin_call (self, ls_transport_soup_list_async, cancellable, callback, user_data);
  g_autofree char *path = g_strconcat ("/api/", table, NULL);
  g_autoptr (SoupMessage) message = NULL;

  if (task == NULL)
    return;

  message = create_get (self->endpoint, path, NULL);
  start_call (g_steal_pointer (&task), self->endpoint, &ls_soup_answer_listing, message, token);
}

static void
add_action_headers (SoupMessage *message, const LsActionRequest *request)
{
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);

  /* What libsoup takes for idempotent goes by a connection that is there, and once more by itself if that breaks. With
   * a key it is, whatever the method, and without the flag a POST would open a connection each time (figures, L5). Without
   * one, whether it was done has to be looked up first. */
  soup_message_add_flags (message, request->is_repeatable ? SOUP_MESSAGE_IDEMPOTENT
                                                          : SOUP_MESSAGE_NEW_CONNECTION);
  soup_message_headers_replace (headers, "Idempotency-Key", request->key);
  if (request->version > 0)
    {
      g_autofree char *version = g_strdup_printf ("\"%" G_GINT64_FORMAT "\"", request->version);

      soup_message_headers_replace (headers, "If-Match", version);
    }
}

static void
on_message_restarted (SoupMessage *message, GBytes *body)
{
  soup_message_set_request_body_from_bytes (message, "application/json", body);
}

static void
free_body (gpointer body, GClosure *closure)
{
  g_bytes_unref (body);
}

/* libsoup sends what it repeats by itself without the body, which it has read to its end: seen with 3.2.2.
 * @body: (transfer full) */
static void
add_body (SoupMessage *message, GBytes *body)
{
  soup_message_set_request_body_from_bytes (message, "application/json", body);
  g_signal_connect_data (message, "restarted", G_CALLBACK (on_message_restarted), body, free_body,
                         0);
}

static void
ls_transport_soup_act_async (LsTransport *transport,
                             const char *token,
                             const LsActionRequest *request,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  LsTransportSoup *self = LS_TRANSPORT_SOUP (transport);
  g_autoptr (GTask) task =
      begin_call (self, ls_transport_soup_act_async, cancellable, callback, user_data);
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GUri) uri = NULL;

  if (task == NULL)
    return;

  uri = ls_server_url_get_call (self->endpoint->url, request->path, NULL);
  message = soup_message_new_from_uri (ls_method_to_string (request->method), uri);
  if (request->body != NULL)
    add_body (message, g_bytes_new (request->body, strlen (request->body)));
  add_action_headers (message, request);
  start_call (g_steal_pointer (&task), self->endpoint, &ls_soup_answer_action, message, token);
}

static void
ls_transport_soup_get_row_async (LsTransport *transport,
                                 const char *token,
                                 const char *path,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  LsTransportSoup *self = LS_TRANSPORT_SOUP (transport);
  g_autoptr (GTask) task =
      begin_call (self, ls_transport_soup_get_row_async, cancellable, callback, user_data);
  g_autoptr (SoupMessage) message = NULL;

  if (task == NULL)
    return;

  message = create_get (self->endpoint, path, NULL);
  start_call (g_steal_pointer (&task), self->endpoint, &ls_soup_answer_row, message, token);
}

static void
ls_transport_soup_sign_in_async (LsTransport *transport,
                                 const char *email,
                                 const char *password,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  LsTransportSoup *self = LS_TRANSPORT_SOUP (transport);
  g_autoptr (GTask) task =
      begin_call (self, ls_transport_soup_sign_in_async, cancellable, callback, user_data);
  g_autoptr (SoupMessage) message = NULL;
  char *text = NULL;
  gsize length = 0;

  if (task == NULL)
    return;

  text = ls_wire_encode_login (email, password, &length);
  message = create_post (self->endpoint, "/api/auth/login", text, length);
  start_call (g_steal_pointer (&task), self->endpoint, &ls_soup_answer_sign_in, message, NULL);
}

static void
ls_transport_soup_refresh_async (LsTransport *transport,
                                 const char *refresh_token,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  LsTransportSoup *self = LS_TRANSPORT_SOUP (transport);
  g_autoptr (GTask) task =
      begin_call (self, ls_transport_soup_refresh_async, cancellable, callback, user_data);
  g_autoptr (SoupMessage) message = NULL;
  char *text = NULL;
  gsize length = 0;

  if (task == NULL)
    return;

  text = ls_wire_encode_refresh (refresh_token, &length);
  message = create_post (self->endpoint, "/api/auth/refresh", text, length);
  start_call (g_steal_pointer (&task), self->endpoint, &ls_soup_answer_refresh, message, NULL);
}

static void
ls_transport_soup_sign_out_async (LsTransport *transport,
                                  const char *token,
                                  const char *refresh_token,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  LsTransportSoup *self = LS_TRANSPORT_SOUP (transport);
  g_autoptr (GTask) task =
      begin_call (self, ls_transport_soup_sign_out_async, cancellable, callback, user_data);
  g_autoptr (SoupMessage) message = NULL;
  char *text = NULL;
  gsize length = 0;

  if (task == NULL)
    return;

  text = ls_wire_encode_logout (refresh_token, &length);
  message = create_post (self->endpoint, "/api/auth/logout", text, length);
  start_call (g_steal_pointer (&task), self->endpoint, &ls_soup_answer_sign_out, message, token);
}

static void
ls_transport_soup_transport_init (LsTransportInterface *iface)
{
  iface->open_async = ls_transport_soup_open_async;
  iface->send = ls_transport_soup_send;
  iface->close = ls_transport_soup_close;
  iface->set_held = ls_transport_soup_set_held;
  iface->updates_async = ls_transport_soup_updates_async;
  iface->snapshot_async = ls_transport_soup_snapshot_async;
  iface->checksum_async = ls_transport_soup_checksum_async;
  iface->poll_async = ls_transport_soup_poll_async;
  iface->list_async = ls_transport_soup_list_async;
  iface->act_async = ls_transport_soup_act_async;
  iface->get_row_async = ls_transport_soup_get_row_async;
  iface->sign_in_async = ls_transport_soup_sign_in_async;
  iface->refresh_async = ls_transport_soup_refresh_async;
  iface->sign_out_async = ls_transport_soup_sign_out_async;
}

static void
ls_transport_soup_finalize (GObject *object)
{
  LsTransportSoup *self = LS_TRANSPORT_SOUP (object);

  g_clear_pointer (&self->socket, ls_soup_socket_free);
  g_clear_pointer (&self->endpoint, ls_soup_endpoint_unref);
  g_free (self->problem);
  g_strfreev (self->drop_fields);

  G_OBJECT_CLASS (ls_transport_soup_parent_class)->finalize (object);
}

static void
ls_transport_soup_class_init (LsTransportSoupClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_transport_soup_finalize;
}

static void
ls_transport_soup_init (LsTransportSoup *self)
{
}

/**
 * ls_transport_soup_new:
 * @config: the settings
 *
 * Returns: (transfer full): a transport; see ls_transport_soup_set_config()
 */
LsTransportSoup *
ls_transport_soup_new (const LsTransportConfig *config)
{
  LsTransportSoup *self = NULL;

  g_return_val_if_fail (config != NULL, NULL);

  self = g_object_new (LS_TYPE_TRANSPORT_SOUP, NULL);
  ls_transport_soup_set_config (self, config);

  return self;
}

/**
 * ls_transport_soup_set_config:
 * @self: a transport
 * @config: the settings
 *
 * Takes over the settings for whatever is started from now on; an open socket stays. Settings that
 * can't be used make everything fail with %LS_REASON_NOT_CONFIGURED and a text that says why.
 */
void
ls_transport_soup_set_config (LsTransportSoup *self, const LsTransportConfig *config)
{
  g_autoptr (GError) error = NULL;

  g_return_if_fail (LS_IS_TRANSPORT_SOUP (self));
  g_return_if_fail (config != NULL);

  g_clear_pointer (&self->endpoint, ls_soup_endpoint_unref);
  g_clear_pointer (&self->problem, g_free);
  g_clear_pointer (&self->drop_fields, g_strfreev);
  self->drop_fields = g_strdupv (config->drop_fields);
  self->endpoint = ls_soup_endpoint_new (config, &error);
  if (self->endpoint == NULL)
    self->problem = g_strdup (error->message);
}
