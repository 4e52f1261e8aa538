/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-soup-call.h"

#include "ls-link-error.h"
#include "ls-reply.h"
#include "ls-soup-request.h"
#include "ls-wire-http.h"

/* How long a call may take once it is connected: as much of what connecting may take */
#define CALL_TIMEOUT_FACTOR 3

#define CHUNK_SIZE (64 * 1024)

typedef struct
{
  LsSoupRequest *request; /* (owned) */
  GByteArray *body;       /* (owned) */
  gboolean was_sent;      /* some of it, once or more often: libsoup begins anew by itself */
} Call;

static void read_more (GTask *task, GInputStream *stream);

static void
call_free (Call *call)
{
  g_signal_handlers_disconnect_by_data (call->request->message, call);
  ls_soup_request_free (call->request);
  g_byte_array_unref (call->body);
  g_free (call);
}

static void
return_failure (GTask *task, const GError *error)
{
  Call *call = g_task_get_task_data (task);
  GError *failure = ls_soup_request_get_failure (call->request, error);

  if (!call->was_sent && failure->domain == LS_LINK_ERROR)
    ls_link_error_set_unsent (failure);
  g_task_return_error (task, failure);
}

static void
on_starting (SoupMessage *message, Call *call)
{
  LsSoupRequest *request = call->request;

  call->was_sent = TRUE;
  ls_soup_deadline_restart (request->deadline, CALL_TIMEOUT_FACTOR * request->timeout_ms);
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) chunk =
      g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);
  Call *call = g_task_get_task_data (task);

  if (chunk == NULL)
    {
      return_failure (task, error);
      return;
    }

  if (g_bytes_get_size (chunk) == 0)
    {
      g_task_return_pointer (task, g_byte_array_free_to_bytes (g_byte_array_ref (call->body)),
                             (GDestroyNotify)g_bytes_unref);
      return;
    }

  if (g_bytes_get_size (chunk) > LS_WIRE_MAX_BODY - call->body->len)
    {
      g_set_error (&error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
                   "it is longer than %" G_GSIZE_FORMAT " MiB", LS_WIRE_MAX_BODY >> 20);
      return_failure (task, error);
      return;
    }

  g_byte_array_append (call->body, g_bytes_get_data (chunk, NULL), g_bytes_get_size (chunk));
  read_more (task, G_INPUT_STREAM (source));
}

static void
read_more (GTask *task, GInputStream *stream)
{
  Call *call = g_task_get_task_data (task);

  g_input_stream_read_bytes_async (stream, CHUNK_SIZE, G_PRIORITY_DEFAULT,
                                   ls_soup_deadline_get_cancellable (call->request->deadline),
                                   read_cb, g_object_ref (task));
}

static gboolean
has_json (SoupMessage *message)
{
  const char *type =
      soup_message_headers_get_content_type (soup_message_get_response_headers (message), NULL);

  return type != NULL && g_ascii_strcasecmp (type, "application/json") == 0;
}

/* Whether the status says all that counts. That a request is too large is told by a proxy, in words of its own. */
static gboolean
needs_no_body (SoupMessage *message)
{
  guint status = soup_message_get_status (message);

  return status == SOUP_STATUS_NOT_MODIFIED || status == SOUP_STATUS_NO_CONTENT ||
         (ls_action_reply_is_too_large (status) && !has_json (message));
}

static void
send_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) stream =
      soup_session_send_finish (SOUP_SESSION (source), result, &error);
  Call *call = g_task_get_task_data (task);
  SoupMessage *message = call->request->message;

  if (stream == NULL)
    return_failure (task, error);
  else if (needs_no_body (message))
    g_task_return_pointer (task, g_bytes_new (NULL, 0), (GDestroyNotify)g_bytes_unref);
  else if (has_json (message))
    read_more (task, stream);
  else
    return_failure (task, NULL);
}

/**
 * ls_soup_call_async:
 * @session: the session for calls
 * @message: the call
 * @token: (nullable): the access token
 * @connect_timeout_ms: how long connecting may take, in milliseconds; the call itself may take three
 *   times as long
 * @cancellable: (nullable): a cancellable
 * @callback: called with the answer
 * @user_data: for @callback
 *
 * Makes a call that is answered with JSON.
 */
void
ls_soup_call_async (SoupSession *session,
                    SoupMessage *message,
                    const char *token,
                    gint64 connect_timeout_ms,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (session, cancellable, callback, user_data);
  Call *call = g_new0 (Call, 1);

  call->request = ls_soup_request_new (message, token, connect_timeout_ms, cancellable);
  call->body = g_byte_array_new ();
  g_task_set_source_tag (task, ls_soup_call_async);
  g_task_set_task_data (task, call, (GDestroyNotify)call_free);
  g_signal_connect (message, "starting", G_CALLBACK (on_starting), call);

  soup_session_send_async (session, message, G_PRIORITY_DEFAULT,
                           ls_soup_deadline_get_cancellable (call->request->deadline), send_cb,
                           g_steal_pointer (&task));
}

/**
 * ls_soup_call_finish:
 * @result: what the callback was given
 * @status: (out): the HTTP status; 0: no answer came
 * @headers: (out) (transfer none): the answer's headers; good as long as @result
 * @error: of %LS_LINK_ERROR, or %G_IO_ERROR_CANCELLED
 *
 * Returns: (transfer full) (nullable): the body of an answer in JSON, whatever its status, not checked
 *   yet; empty for 204 and 304, and where somebody says that the request is too large
 */
GBytes *
ls_soup_call_finish (GAsyncResult *result,
                     guint *status,
                     SoupMessageHeaders **headers,
                     GError **error)
{
  Call *call = g_task_get_task_data (G_TASK (result));

  *status = soup_message_get_status (call->request->message);
  *headers = soup_message_get_response_headers (call->request->message);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_soup_call_get_failure:
 * @result: what the callback was given, of a call that was answered
 *
 * Returns: (transfer full): what the answer's status means, of %LS_LINK_ERROR, for a caller to whom it
 *   is none
 */
GError *
ls_soup_call_get_failure (GAsyncResult *result)
{
  Call *call = g_task_get_task_data (G_TASK (result));

  return ls_soup_request_get_failure (call->request, NULL);
}
