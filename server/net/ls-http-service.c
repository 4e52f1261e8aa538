/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-http-service.h"

#include <string.h>

#include "ls-http-answer.h"
#include "ls-http-call.h"
#include "ls-http-request.h"
#include "ls-http-trace.h"
#include "ls-upgrade.h"
#include "ls-wire-http.h"

/* Tells an answer of ours from that of a captive portal (protocol, "HTTP") */
#define SERVER_HEADER "X-Labsync-Server"

/* RFC 6585 §5; libsoup has no name for it */
#define STATUS_HEADERS_TOO_LARGE 431

/* Bytes of a request's headers; a token has less than one thousand. libsoup itself cuts a
 * connection off at 100 KiB. */
#define MAX_HEADERS (16 * 1024)

/* Bytes of a body from somebody who has not said who it is: a sign-in takes a hundred. A thousand
 * strangers together can't have the server keep more than that of each. */
#define MAX_STRANGER_BODY (16 * 1024)

/* RFC 9110 §15.5.16 */
#define JSON_TYPE "application/json"

#define LIMIT_KEY "labsync-body-limit"
#define TOO_LARGE_KEY "labsync-too-large"

/**
 * LsHttpService:
 *
 * What the server does with HTTP requests: finds where they lead, checks who asks, and hands them
 * to their handler; a request for the socket, to the hub.
 */
struct _LsHttpService
{
  SoupServer *server;     /* (owned) */
  LsSchool *school;       /* (owned) */
  LsAuth *auth;           /* (owned) */
  LsHub *hub;             /* (owned) */
  LsAdmission *admission; /* (unowned) */
  LsAuditor *auditor;     /* (unowned) */
  LsMetrics *metrics;     /* (unowned) */
  gint64 retry_after;     /* milliseconds, while the server goes down; else -1 */
};

typedef struct
{
  LsHttpHandler handle;
  gboolean is_open; /* to everybody, or it looks at tokens itself */
} Endpoint;

static const Endpoint endpoints[] = {
  [LS_ENDPOINT_LOGIN] = { ls_http_handle_login, TRUE },
  [LS_ENDPOINT_REFRESH] = { ls_http_handle_refresh, TRUE },
  [LS_ENDPOINT_LOGOUT] = { ls_http_handle_logout, TRUE },
  [LS_ENDPOINT_UPDATES] = { ls_http_handle_updates, FALSE },
  [LS_ENDPOINT_SNAPSHOT] = { ls_http_handle_snapshot, FALSE },
  [LS_ENDPOINT_CHECKSUM] = { ls_http_handle_checksum, FALSE },
  [LS_ENDPOINT_AUDIT] = { ls_http_handle_audit, FALSE },
  [LS_ENDPOINT_HEALTH] = { ls_http_handle_health, TRUE },
  [LS_ENDPOINT_READY] = { ls_http_handle_ready, TRUE },
  [LS_ENDPOINT_METRICS] = { ls_http_handle_metrics, TRUE },
  [LS_ENDPOINT_TABLE] = { ls_http_handle_table, FALSE },
  [LS_ENDPOINT_ROW] = { ls_http_handle_row, FALSE },
};

/* Returns: (transfer full) (nullable): who asks; else it has been answered */
static LsIdentity *
identify (LsHttpService *self, SoupServerMessage *message, const char *token)
{
  g_autoptr (GError) error = NULL;
  LsIdentity *identity;

  if (token == NULL)
    {
      ls_http_answer_error (message, SOUP_STATUS_UNAUTHORIZED, "token-required", "Token required");
      return NULL;
    }

  identity = ls_auth_check (self->auth, token, &error);
  if (identity != NULL)
    ls_http_trace_set_user (message, identity->claims->user_id);
  else
    ls_http_answer_failure (message, error);
  return identity;
}

static void
refuse_for_now (SoupServerMessage *message, gint64 retry_after, const char *code, const char *text)
{
  ls_http_answer_later (message, retry_after);
  ls_http_answer_error (message, SOUP_STATUS_SERVICE_UNAVAILABLE, code, text);
}

/* The socket */

/* A browser can't set the header, so the token may stand in the query as well. Who comes when there
 * is no room is sent away before the database is asked anything; only who is let in takes room. */
static void
handle_socket (LsHttpService *self, SoupServerMessage *message, GHashTable *query)
{
  g_autofree char *token = ls_http_request_get_token (message);
  g_autoptr (LsIdentity) identity = NULL;
  gint64 now = g_get_monotonic_time ();
  guint seconds;

  if (token == NULL && query != NULL)
    token = g_strdup (g_hash_table_lookup (query, "token"));

  if (!ls_upgrade_check (message))
    return;

  seconds = ls_admission_check (self->admission, now);
  if (seconds > 0)
    {
      refuse_for_now (message, seconds * G_GINT64_CONSTANT (1000), "busy",
                      "Too many agents connect at once");
      return;
    }

  identity = identify (self, message, token);
  if (identity == NULL)
    return;

  ls_admission_count (self->admission, now);
  ls_upgrade_begin (message, self->hub, identity);
}

/* Everything else */

static void
handle_endpoint (LsHttpService *self, LsHttpCall *call)
{
  const Endpoint *endpoint = &endpoints[call->route->endpoint];
  g_autofree char *token = NULL;
  g_autoptr (LsIdentity) identity = NULL;

  if (!endpoint->is_open)
    {
      token = ls_http_request_get_token (call->message);
      identity = identify (self, call->message, token);
      if (identity == NULL)
        return;
    }

  call->identity = identity;
  endpoint->handle (call);
}

static void
add_header_size (const char *name, const char *value, gpointer user_data)
{
  gsize *size = user_data;

  *size += strlen (name) + strlen (value) + strlen (": \r\n");
}

static gboolean
headers_are_too_large (SoupServerMessage *message)
{
  gsize size = 0;

  soup_message_headers_foreach (soup_server_message_get_request_headers (message), add_header_size,
                                &size);
  return size > MAX_HEADERS;
}

/* A body without a name is taken as JSON; what is called something else is not looked at. */
static gboolean
check_type (SoupServerMessage *message)
{
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  const char *type = soup_message_headers_get_content_type (
      soup_server_message_get_request_headers (message), NULL);

  return body->length == 0 || type == NULL || g_ascii_strcasecmp (type, JSON_TYPE) == 0;
}

/* Returns: whether the request can go on; else it has been answered */
static gboolean
check_request (LsHttpService *self, SoupServerMessage *message, const LsRoute *route)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  g_autofree char *methods = NULL;
  LsMethods method = ls_method_from_string (soup_server_message_get_method (message));

  if (self->retry_after >= 0)
    {
      refuse_for_now (message, self->retry_after, "draining", "The server restarts");
      return FALSE;
    }
  if (g_object_get_data (G_OBJECT (message), TOO_LARGE_KEY) != NULL)
    {
      ls_http_answer_error (message, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE, "too-large",
                            "The body is too large");
      return FALSE;
    }
  if (headers_are_too_large (message))
    {
      ls_http_answer_error (message, STATUS_HEADERS_TOO_LARGE, "too-large",
                            "The headers are larger than 16 KiB");
      return FALSE;
    }
  if (route->endpoint == LS_ENDPOINT_NONE)
    {
      ls_http_answer_error (message, SOUP_STATUS_NOT_FOUND, "unknown-endpoint",
                            "Endpoint tidak ditemukan");
      return FALSE;
    }
  if ((method & route->methods) == 0)
    {
      methods = ls_methods_to_string (route->methods);
      soup_message_headers_replace (headers, "Allow", methods);
      ls_http_answer_error (message, SOUP_STATUS_METHOD_NOT_ALLOWED, "method-not-allowed",
                            "That can't be done here");
      return FALSE;
    }
  if (!check_type (message))
    {
      ls_http_answer_error (message, SOUP_STATUS_UNSUPPORTED_MEDIA_TYPE, "unsupported-type",
                            "The body is not called " JSON_TYPE);
      return FALSE;
    }

  return TRUE;
}

static void
on_request (SoupServer *server,
            SoupServerMessage *message,
            const char *path,
            GHashTable *query,
            gpointer user_data)
{
  LsHttpService *self = user_data;
  g_autoptr (LsRoute) route = ls_route_find (path);
  LsHttpCall call = { .message = message,
                      .query = query,
                      .method = ls_method_from_string (soup_server_message_get_method (message)),
                      .route = route,
                      .school = self->school,
                      .auth = self->auth,
                      .auditor = self->auditor,
                      .metrics = self->metrics };

  ls_http_trace_set_route (message, route);
  if (!check_request (self, message, route))
    return;

  if (route->endpoint == LS_ENDPOINT_SOCKET)
    handle_socket (self, message, query);
  else
    handle_endpoint (self, &call);
}

/* Does not keep more of a body than it may have. */
static void
on_got_chunk (SoupServerMessage *message, GBytes *chunk, gpointer user_data)
{
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  gsize limit = GPOINTER_TO_SIZE (g_object_get_data (G_OBJECT (message), LIMIT_KEY));

  if ((gsize)body->length <= limit)
    return;

  soup_message_body_set_accumulate (body, FALSE);
  soup_message_body_truncate (body);
  g_object_set_data (G_OBJECT (message), TOO_LARGE_KEY, GINT_TO_POINTER (TRUE));
}

static gboolean
may_be_large (SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);

  return soup_message_headers_get_encoding (headers) != SOUP_ENCODING_CONTENT_LENGTH ||
         soup_message_headers_get_content_length (headers) > MAX_STRANGER_BODY;
}

/* Who sends a large body is asked who it is before, and once more when it is in. */
static void
on_got_headers (SoupServerMessage *message, LsHttpService *self)
{
  gsize limit = MAX_STRANGER_BODY;

  if (may_be_large (message))
    {
      g_autofree char *token = ls_http_request_get_token (message);
      g_autoptr (LsIdentity) identity =
          token != NULL ? ls_auth_check (self->auth, token, NULL) : NULL;

      if (identity != NULL)
        limit = LS_WIRE_MAX_BODY;
    }

  g_object_set_data (G_OBJECT (message), LIMIT_KEY, GSIZE_TO_POINTER (limit));
}

static void
on_request_started (SoupServer *server, SoupServerMessage *message, LsHttpService *self)
{
  soup_message_headers_replace (soup_server_message_get_response_headers (message), SERVER_HEADER,
                                "1");
  g_signal_connect (message, "got-headers", G_CALLBACK (on_got_headers), self);
  g_signal_connect (message, "got-chunk", G_CALLBACK (on_got_chunk), NULL);
}

static void
on_request_finished (SoupServer *server, SoupServerMessage *message, gpointer user_data)
{
  LsHttpService *self = user_data;
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  LsAuditEntry *refusal = ls_http_trace_get_refusal (message);

  if (refusal != NULL)
    ls_auditor_add (self->auditor, refusal);
  ls_metrics_count_request (self->metrics, soup_server_message_get_status (message));
  if (soup_message_headers_get_one (headers, LS_HTTP_REPLAYED) != NULL)
    self->metrics->replays_total++;
}

/**
 * ls_http_service_new:
 * @server: an HTTP server that does not listen yet
 * @school: the school
 * @auth: who is let in
 * @hub: where sockets go
 * @admission: (transfer none): how many at once; outlives the service
 * @auditor: (transfer none): what is written down; outlives the service
 * @metrics: (transfer none): what is counted; outlives the service
 *
 * Puts the service on @server.
 *
 * Returns: (transfer full): the service
 */
LsHttpService *
ls_http_service_new (SoupServer *server,
                     LsSchool *school,
                     LsAuth *auth,
                     LsHub *hub,
                     LsAdmission *admission,
                     LsAuditor *auditor,
                     LsMetrics *metrics)
{
  LsHttpService *self;

  g_return_val_if_fail (SOUP_IS_SERVER (server) && LS_IS_HUB (hub), NULL);

  self = g_new0 (LsHttpService, 1);
  self->server = g_object_ref (server);
  self->school = g_object_ref (school);
  self->auth = g_object_ref (auth);
  self->hub = g_object_ref (hub);
  self->admission = admission;
  self->auditor = auditor;
  self->metrics = metrics;
  self->retry_after = -1;

  g_signal_connect (server, "request-started", G_CALLBACK (on_request_started), self);
  g_signal_connect (server, "request-finished", G_CALLBACK (on_request_finished), self);
  g_signal_connect (server, "request-aborted", G_CALLBACK (on_request_finished), self);
  soup_server_add_handler (server, NULL, on_request, self, NULL);
  return self;
}

/**
 * ls_http_service_free:
 * @self: (transfer full): a service
 *
 * Takes it off the server and frees it.
 */
void
ls_http_service_free (LsHttpService *self)
{
  g_signal_handlers_disconnect_by_data (self->server, self);
  soup_server_remove_handler (self->server, NULL);
  g_object_unref (self->server);
  g_object_unref (self->school);
  g_object_unref (self->auth);
  g_object_unref (self->hub);
  g_free (self);
}

/**
 * ls_http_service_drain:
 * @self: a service
 * @retry_after: when clients are to come back, milliseconds
 *
 * Answers every request from now on with that.
 */
void
ls_http_service_drain (LsHttpService *self, gint64 retry_after)
{
  g_return_if_fail (self != NULL);

  self->retry_after = retry_after;
}
