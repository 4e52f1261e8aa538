/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The transport against a server that means well. */
#include <libsoup/soup.h>
#include <string.h>

#include "ls-answer.h"
#include "ls-error.h"
#include "ls-link-error.h"
#include "ls-transport-calls.h"
#include "ls-transport-soup.h"
#include "ls-wire-message.h"

#define TOKEN "header.SECRET.signature"

#define EVENT                                                                                      \
  "{\"type\":\"grade_updated\",\"entity\":\"grade\",\"entityId\":\"g1\","                          \
  "\"data\":{\"id\":\"g1\",\"password_hash\":\"x\",\"score\":9},\"timestamp\":1700000000000,"      \
  "\"userRole\":\"teacher\",\"userId\":\"t1\",\"offset\":5,\"version\":2,\"actionId\":null}"

typedef struct
{
  SoupServer *server;            /* (owned) */
  SoupWebsocketConnection *peer; /* (owned) (nullable), the server's end of the socket */
  GString *peer_heard;           /* (owned), what it was sent, a line each */
  guint status;                  /* what to answer calls with */
  const char *body;              /* (unowned) (nullable) */
  const char *content_type;      /* (unowned) (nullable), %NULL: JSON */
  gboolean is_cut;               /* the connection, once a call has come */
  gboolean is_foreign;           /* it does not say that it is ours */
  char *request;                 /* (owned) (nullable), the last call: method, URL, token, body */
  char *precondition;            /* (owned) (nullable), of the last call: key and version */
  LsTransport *transport;        /* (owned) */
  LsMessage *message;            /* (owned) (nullable), the last that came */
  GError *closed_error;          /* (owned) (nullable) */
} Fixture;

static void
on_peer_message (SoupWebsocketConnection *peer, gint type, GBytes *bytes, Fixture *fixture)
{
  g_string_append_len (fixture->peer_heard, g_bytes_get_data (bytes, NULL),
                       g_bytes_get_size (bytes));
  g_string_append_c (fixture->peer_heard, '\n');
}

static void
on_peer (SoupServer *server,
         SoupServerMessage *message,
         const char *path,
         SoupWebsocketConnection *peer,
         gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_null (fixture->peer);
  fixture->peer = g_object_ref (peer);
  g_signal_connect (peer, "message", G_CALLBACK (on_peer_message), fixture);
}

static const char *
or_dash (const char *text)
{
  return text != NULL ? text : "-";
}

static void
on_call (SoupServer *server,
         SoupServerMessage *message,
         const char *path,
         GHashTable *query,
         gpointer user_data)
{
  Fixture *fixture = user_data;
  SoupMessageHeaders *in = soup_server_message_get_request_headers (message);
  SoupMessageHeaders *out = soup_server_message_get_response_headers (message);
  const char *token = soup_message_headers_get_one (in, "Authorization");
  g_autoptr (GBytes) body =
      soup_message_body_flatten (soup_server_message_get_request_body (message));
  g_autofree char *url =
      g_uri_to_string_partial (soup_server_message_get_uri (message), G_URI_HIDE_AUTH_PARAMS);

  g_free (fixture->request);
  fixture->request = g_strdup_printf (
      "%s %s %s %.*s", soup_server_message_get_method (message), strstr (url, "/api"),
      or_dash (token), (int)g_bytes_get_size (body), (char *)g_bytes_get_data (body, NULL));
  g_free (fixture->precondition);
  fixture->precondition =
      g_strconcat (or_dash (soup_message_headers_get_one (in, "Idempotency-Key")), " ",
                   or_dash (soup_message_headers_get_one (in, "If-Match")), NULL);
  if (fixture->is_cut)
    {
      g_autoptr (GIOStream) stream = soup_server_message_steal_connection (message);

      g_io_stream_close (stream, NULL, NULL);
      return;
    }
  if (!fixture->is_foreign)
    soup_message_headers_replace (out, "X-Labsync-Server", "1");
  soup_message_headers_replace (out, "Retry-After", "7");
  soup_message_headers_replace (out, "Idempotency-Replayed", "true");
  soup_server_message_set_status (message, fixture->status, NULL);
  if (fixture->body != NULL)
    soup_server_message_set_response (
        message, fixture->content_type != NULL ? fixture->content_type : "application/json",
        SOUP_MEMORY_STATIC, fixture->body, strlen (fixture->body));
}

static void
on_message (LsTransport *transport, LsMessage *message, Fixture *fixture)
{
  g_clear_pointer (&fixture->message, ls_message_unref);
  fixture->message = ls_message_ref (message);
}

static void
on_closed (LsTransport *transport, const GError *error, Fixture *fixture)
{
  g_assert_null (fixture->closed_error);
  fixture->closed_error = g_error_copy (error);
}

static char *
get_url (Fixture *fixture)
{
  g_autoslist (GUri) uris = soup_server_get_uris (fixture->server);
  g_autofree char *text = g_uri_to_string (uris->data);

  return g_strconcat (text, "school/", NULL);
}

static LsTransportSoup *
create_transport (Fixture *fixture, const char *ca_file)
{
  static const char *const drop_fields[] = { "password_hash", NULL };
  g_autofree char *url = get_url (fixture);
  LsTransportConfig config = { .url = url,
                               .ca_file = (char *)ca_file,
                               .connect_timeout_ms = 10000,
                               .drop_fields = (GStrv)drop_fields,
                               .agent_version = "1.2.3" };

  return ls_transport_soup_new (&config);
}

static void
fixture_set_up (Fixture *fixture, gconstpointer certificate_file)
{
  static const char *protocols[] = { "labsync.v1", NULL };
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autoptr (GError) error = NULL;

  if (certificate_file != NULL)
    certificate = g_tls_certificate_new_from_file (certificate_file, &error);
  g_assert_no_error (error);
  fixture->server = soup_server_new ("tls-certificate", certificate, NULL);
  fixture->peer_heard = g_string_new (NULL);
  fixture->status = SOUP_STATUS_OK;
  soup_server_add_websocket_handler (fixture->server, "/school/ws", NULL, (char **)protocols,
                                     on_peer, fixture, NULL);
  soup_server_add_handler (fixture->server, "/school/api", on_call, fixture, NULL);
  soup_server_listen_local (
      fixture->server, 0,
      SOUP_SERVER_LISTEN_IPV4_ONLY | (certificate != NULL ? SOUP_SERVER_LISTEN_HTTPS : 0), &error);
  g_assert_no_error (error);

  fixture->transport = LS_TRANSPORT (create_transport (fixture, certificate_file));
  g_signal_connect (fixture->transport, "message", G_CALLBACK (on_message), fixture);
  g_signal_connect (fixture->transport, "closed", G_CALLBACK (on_closed), fixture);
}

static void
fixture_tear_down (Fixture *fixture, gconstpointer unused)
{
  g_assert_finalize_object (g_steal_pointer (&fixture->transport));
  while (fixture->peer != NULL &&
         soup_websocket_connection_get_state (fixture->peer) != SOUP_WEBSOCKET_STATE_CLOSED)
    g_main_context_iteration (NULL, TRUE);

  g_clear_object (&fixture->peer);
  soup_server_disconnect (fixture->server);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_clear_object (&fixture->server);
  g_string_free (fixture->peer_heard, TRUE);
  g_free (fixture->request);
  g_free (fixture->precondition);
  g_clear_pointer (&fixture->message, ls_message_unref);
  g_clear_error (&fixture->closed_error);
}

static void
open_socket (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (ls_call_open_socket (fixture->transport, TOKEN, &error), ==,
                   LS_PROTOCOL_LABSYNC_V1);
  g_assert_no_error (error);
  g_assert_nonnull (fixture->peer);
}

static LsUpdates *
get_updates (Fixture *fixture, GError **error)
{
  return ls_call_updates (fixture->transport, TOKEN, ls_cursor_new ("e", 4), error);
}

static void
test_talk (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (LsMessage) ping = ls_message_new (LS_MESSAGE_PING);
  g_autoptr (LsMessage) echo = NULL;
  gsize length = 0;
  g_autofree char *text = NULL;

  ping->timestamp = 17;
  text = ls_wire_encode_message (ping, &length);
  open_socket (fixture);
  ls_transport_send (fixture->transport, ping);
  while (fixture->peer_heard->len == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (g_str_has_prefix (fixture->peer_heard->str, text));

  soup_websocket_connection_send_text (fixture->peer, text);
  while (fixture->message == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (fixture->message->kind, ==, LS_MESSAGE_PING);
  g_assert_cmpint (fixture->message->timestamp, ==, 17);
}

static void
test_events (Fixture *fixture, gconstpointer unused)
{
  static const char *const drop_fields[] = { "password_hash", NULL };
  LsTransportConfig config = { .drop_fields = (GStrv)drop_fields };
  const LsEvent *event = NULL;

  open_socket (fixture);
  /* The socket stays open under settings that name no server, and the fields stay cut. */
  ls_transport_soup_set_config (LS_TRANSPORT_SOUP (fixture->transport), &config);
  soup_websocket_connection_send_text (
      fixture->peer, "{\"type\":\"events\",\"prev\":\"e:4\",\"cursor\":\"e:5\",\"more\":false,"
                     "\"events\":[" EVENT "]}");
  while (fixture->message == NULL)
    g_main_context_iteration (NULL, TRUE);

  g_assert_cmpint (fixture->message->kind, ==, LS_MESSAGE_EVENTS);
  g_assert_cmpuint (fixture->message->events->len, ==, 1);
  event = g_ptr_array_index (fixture->message->events, 0);
  g_assert_cmpstr (event->data, ==, "{\"id\":\"g1\",\"score\":9}");
}

static void
test_close (Fixture *fixture, gconstpointer unused)
{
  open_socket (fixture);
  ls_transport_close (fixture->transport);
  while (soup_websocket_connection_get_state (fixture->peer) != SOUP_WEBSOCKET_STATE_CLOSED)
    g_main_context_iteration (NULL, TRUE);

  g_assert_cmpstr (fixture->peer_heard->str, ==, "{\"type\":\"disconnect\"}\n");
  g_assert_cmpint (soup_websocket_connection_get_close_code (fixture->peer), ==, 1000);
  g_assert_no_error (fixture->closed_error);
}

static void
test_reopen (Fixture *fixture, gconstpointer unused)
{
  open_socket (fixture);
  soup_websocket_connection_close (fixture->peer, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "update");
  while (fixture->closed_error == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (fixture->closed_error, LS_LINK_ERROR, LS_REASON_SERVER_DRAINING);
  g_clear_error (&fixture->closed_error);

  while (soup_websocket_connection_get_state (fixture->peer) != SOUP_WEBSOCKET_STATE_CLOSED)
    g_main_context_iteration (NULL, TRUE);
  g_clear_object (&fixture->peer);
  open_socket (fixture);
  g_assert_no_error (fixture->closed_error);
}

static void
test_updates (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (LsUpdates) updates = NULL;
  g_autoptr (LsUpdates) nothing = NULL;
  g_autoptr (GError) error = NULL;
  const LsEvent *event = NULL;

  fixture->body = "{\"success\":true,\"data\":{\"updates\":[" EVENT "],\"cursor\":\"e:5\","
                  "\"more\":true,\"resume\":\"resumed\"}}";
  updates = get_updates (fixture, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (fixture->request, ==,
                   "GET /api/updates?cursor=e%3A4&limit=500 Bearer " TOKEN " ");
  g_assert_false (updates->not_modified);
  g_assert_true (updates->more);
  g_assert_cmpint (updates->cursor.offset, ==, 5);
  g_assert_cmpuint (updates->events->len, ==, 1);
  event = g_ptr_array_index (updates->events, 0);
  g_assert_cmpstr (event->data, ==, "{\"id\":\"g1\",\"score\":9}");

  fixture->status = SOUP_STATUS_NOT_MODIFIED;
  fixture->body = NULL;
  nothing = get_updates (fixture, &error);
  g_assert_no_error (error);
  g_assert_true (nothing->not_modified);
  g_assert_cmpuint (nothing->events->len, ==, 0);
  g_assert_false (ls_cursor_is_set (nothing->cursor));
}

static void
test_snapshot (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GAsyncResult) answer = NULL;
  g_autoptr (LsSnapshotPage) page = NULL;
  g_autoptr (GError) error = NULL;
  const LsRow *row = NULL;

  fixture->body = "{\"success\":true,\"data\":{\"entity\":\"user\",\"rows\":[{\"id\":\"u1\","
                  "\"version\":3,\"data\":{\"password_hash\":\"x\",\"id\":\"u1\"}}],"
                  "\"next\":\"n2\",\"cursor\":\"e:5\"}}";
  ls_transport_snapshot_async (fixture->transport, TOKEN, LS_ENTITY_USER, "a&b", NULL, ls_answer_cb,
                               &answer);
  page = ls_transport_snapshot_finish (fixture->transport, ls_answer_wait (&answer), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (fixture->request, ==,
                   "GET /api/snapshot?entity=user&page=a%26b Bearer " TOKEN " ");
  g_assert_cmpint (page->entity, ==, LS_ENTITY_USER);
  g_assert_cmpstr (page->next, ==, "n2");
  g_assert_cmpuint (page->rows->len, ==, 1);
  row = g_ptr_array_index (page->rows, 0);
  g_assert_cmpstr (row->data, ==, "{\"id\":\"u1\"}");
}

static LsChecksum *
get_checksum (Fixture *fixture, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_transport_checksum_async (fixture->transport, TOKEN, LS_ENTITY_LIBRARY_MATERIAL, NULL,
                               ls_answer_cb, &answer);
  return ls_transport_checksum_finish (fixture->transport, ls_answer_wait (&answer), error);
}

/* A server that has none says 404, and that can be told from a link that is ill. */
static void
test_checksum (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (LsChecksum) checksum = NULL;
  g_autoptr (GError) error = NULL;

  fixture->body = "{\"success\":true,\"data\":{\"entity\":\"library_material\",\"count\":2,"
                  "\"checksum\":\"00000000000000ff\",\"cursor\":\"e:5\"}}";
  checksum = get_checksum (fixture, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (fixture->request, ==,
                   "GET /api/checksum?entity=library_material Bearer " TOKEN " ");
  g_assert_cmpint (checksum->entity, ==, LS_ENTITY_LIBRARY_MATERIAL);
  g_assert_cmpint (checksum->count, ==, 2);
  g_assert_cmphex (checksum->sum, ==, 255);
  g_assert_cmpint (checksum->cursor.offset, ==, 5);

  fixture->status = SOUP_STATUS_NOT_FOUND;
  g_assert_null (get_checksum (fixture, &error));
  g_assert_cmpuint (ls_link_error_get_status (error), ==, 404);
}

static LsActionReply *
act (Fixture *fixture, LsMethod method, gint64 version, const char *body, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;
  g_autoptr (LsActionRequest) request = ls_action_request_new (method, "/api/grades/g-1", "key-1");

  request->version = version;
  request->body = g_strdup (body);
  ls_transport_act_async (fixture->transport, TOKEN, request, NULL, ls_answer_cb, &answer);
  return ls_transport_act_finish (fixture->transport, ls_answer_wait (&answer), error);
}

static void
test_act (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (LsActionReply) done = NULL;
  g_autoptr (LsActionReply) gone = NULL;
  g_autoptr (GError) error = NULL;

  fixture->body = "{\"success\":true,\"data\":{\"id\":\"g-1\",\"password_hash\":\"x\"},"
                  "\"version\":4,\"cursor\":\"e:9\"}";
  done = act (fixture, LS_METHOD_PUT, 3, "{\"score\":9}", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (fixture->request, ==, "PUT /api/grades/g-1 Bearer " TOKEN " {\"score\":9}");
  g_assert_cmpstr (fixture->precondition, ==, "key-1 \"3\"");
  g_assert_cmpuint (done->status, ==, 200);
  g_assert_true (done->is_ours && done->replayed);
  g_assert_cmpstr (done->row, ==, "{\"id\":\"g-1\"}");
  g_assert_cmpstr (done->text, ==,
                   "{\"success\":true,\"data\":{\"id\":\"g-1\"},\"version\":4,\"cursor\":\"e:9\"}");
  g_assert_cmpint (done->version, ==, 4);
  g_assert_true (ls_cursor_equal (done->cursor, ls_cursor_new ("e", 9)));

  /* without a version or a body, and answered with nothing */
  fixture->status = SOUP_STATUS_NO_CONTENT;
  fixture->body = NULL;
  gone = act (fixture, LS_METHOD_DELETE, 0, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (fixture->request, ==, "DELETE /api/grades/g-1 Bearer " TOKEN " ");
  g_assert_cmpstr (fixture->precondition, ==, "key-1 -");
  g_assert_cmpuint (gone->status, ==, 204);
  g_assert_null (gone->row);
}

/* What the server says is an answer, whatever it says. */
static void
test_act_refused (Fixture *fixture, gconstpointer unused)
{
  static const guint statuses[] = { 400, 401, 403, 404, 409, 410, 412, 422, 429, 500, 503 };

  fixture->body = "{\"success\":false,\"message\":\"x\",\"error\":\"why\",\"status\":1,"
                  "\"data\":{\"id\":\"g-1\"},\"version\":8}";
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autoptr (LsActionReply) reply = NULL;
      g_autoptr (GError) error = NULL;

      fixture->status = statuses[i];
      reply = act (fixture, LS_METHOD_PUT, 0, "{}", &error);
      g_assert_no_error (error);
      g_assert_cmpuint (reply->status, ==, statuses[i]);
      g_assert_cmpstr (reply->code, ==, "why");
      g_assert_cmpstr (reply->row, ==, "{\"id\":\"g-1\"}");
      g_assert_cmpint (reply->version, ==, 8);
      g_assert_cmpint (reply->retry_after_ms, ==, 7000);
      g_assert_cmpstr (reply->text, ==, fixture->body);
    }
}

/* What is not to be kept of a row is not to be kept of an answer, whatever its shape. */
static void
test_act_kept (Fixture *fixture, gconstpointer unused)
{
  static const char *const cases[][2] = {
    { "{\"success\":false,\"error\":\"why\", \"data\":[{\"id\":1,\"password_hash\":\"x\"}]}",
      "{\"success\":false,\"error\":\"why\",\"data\":[{\"id\":1}]}" },
    { "{\"success\":false,\"error\":{\"user\":{\"password\\u005fhash\":\"x\"}}}",
      "{\"success\":false,\"error\":{\"user\":{}}}" },
    { "[ [{\"password_hash\":[1,2],\"a\": {\"password_hash\":3,\"b\":4}}, \"x\"] ]",
      "[[{\"a\": {\"b\":4}},\"x\"]]" },
    { " {\"success\": false, \"error\": \"why\"} ", "{\"success\": false, \"error\": \"why\"}" },
    { "password_hash: x", NULL },
    { "{\"success\":false,\"data\":{\"password_hash\":\"x\"", NULL },
  };

  fixture->status = SOUP_STATUS_FORBIDDEN;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LsActionReply) reply = NULL;

      g_test_message ("%s", cases[i][0]);
      fixture->body = cases[i][0];
      reply = act (fixture, LS_METHOD_PUT, 0, "{}", NULL);
      g_assert_cmpuint (reply->status, ==, 403);
      g_assert_cmpstr (reply->text, ==, cases[i][1]);
    }
}

/* Of what says the token back nothing is kept but the status. */
static void
test_act_says_token (Fixture *fixture, gconstpointer unused)
{
  static const guint statuses[] = { 200, 403 };

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autoptr (LsActionReply) reply = NULL;
      g_autoptr (GError) error = NULL;

      fixture->status = statuses[i];
      fixture->body = "{\"success\":false,\"message\":\"x\",\"error\":\"why\",\"status\":1,"
                      "\"data\":{\"id\":\"Bearer " TOKEN "\"},\"field\":\"" TOKEN "\"}";
      reply = act (fixture, LS_METHOD_PUT, 0, "{}", &error);
      g_assert_no_error (error);
      g_assert_cmpuint (reply->status, ==, statuses[i]);
      g_assert_null (reply->text);
      g_assert_null (reply->row);
      g_assert_null (reply->code);
      g_assert_null (reply->field);
    }
}

/* The classic system says back what it was sent: only when asked for a row it tells the row. */
static void
test_act_classic (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GAsyncResult) answer = NULL;
  g_autoptr (LsActionReply) written = NULL;
  g_autoptr (LsActionReply) row = NULL;
  g_autoptr (GError) error = NULL;

  fixture->is_foreign = TRUE;
  fixture->body = "{\"success\":true,\"message\":\"x\",\"data\":{\"id\":\"g-1\",\"score\":9}}";
  written = act (fixture, LS_METHOD_PUT, 0, "{\"score\":9}", &error);
  g_assert_no_error (error);
  g_assert_false (written->is_ours);
  g_assert_null (written->row);

  ls_transport_get_row_async (fixture->transport, TOKEN, "/api/grades/g-1", NULL, ls_answer_cb,
                              &answer);
  row = ls_transport_get_row_finish (fixture->transport, ls_answer_wait (&answer), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (fixture->request, ==, "GET /api/grades/g-1 Bearer " TOKEN " ");
  g_assert_cmpstr (row->row, ==, "{\"id\":\"g-1\",\"score\":9}");
}

/* A proxy for which a request is too large says so in its own words, each time. */
static void
test_act_too_large (Fixture *fixture, gconstpointer unused)
{
  static const guint statuses[] = { 413, 414, 431 };

  fixture->is_foreign = TRUE;
  fixture->content_type = "text/html";
  fixture->body = "<html>";
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autoptr (LsActionReply) reply = NULL;
      g_autoptr (GError) error = NULL;

      fixture->status = statuses[i];
      reply = act (fixture, LS_METHOD_PUT, 0, "{}", &error);
      g_assert_no_error (error);
      g_assert_cmpuint (reply->status, ==, statuses[i]);
      g_assert_null (reply->text);
    }
}

/* What is not the server's is no answer, least of all a success. */
static void
test_act_intercepted (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    guint status;
    const char *content_type;
    const char *body;
    LsReason reason;
  } cases[] = {
    { 200, "text/html", "<html>", LS_REASON_CAPTIVE_PORTAL },
    { 302, NULL, "{\"success\":true,\"data\":{}}", LS_REASON_CAPTIVE_PORTAL },
    { 407, NULL, "{}", LS_REASON_PROXY_AUTH },
    { 511, NULL, "{}", LS_REASON_CAPTIVE_PORTAL },
    { 502, "text/html", "<html>", LS_REASON_SERVER_UNREACHABLE },
    { 200, NULL, "{\"success\":true", LS_REASON_SERVER_UNREACHABLE },
    { 200, NULL, "[]", LS_REASON_SERVER_UNREACHABLE },
  };

  fixture->is_foreign = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%u %s", cases[i].status, cases[i].body);
      fixture->status = cases[i].status;
      fixture->content_type = cases[i].content_type;
      fixture->body = cases[i].body;
      g_assert_null (act (fixture, LS_METHOD_POST, 0, "{}", &error));
      g_assert_error (error, LS_LINK_ERROR, (gint)cases[i].reason);
      g_assert_false (ls_link_error_is_unsent (error));
    }
}

/* What may have been done is told from what can't have been. */
static void
test_act_unsent (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) cut = NULL;
  g_autoptr (GError) refused = NULL;

  fixture->is_cut = TRUE;
  g_assert_null (act (fixture, LS_METHOD_POST, 0, "{}", &cut));
  g_assert_error (cut, LS_LINK_ERROR, LS_REASON_SERVER_UNREACHABLE);
  g_assert_false (ls_link_error_is_unsent (cut));

  soup_server_disconnect (fixture->server);
  g_assert_null (act (fixture, LS_METHOD_POST, 0, "{}", &refused));
  g_assert_error (refused, LS_LINK_ERROR, LS_REASON_SERVER_UNREACHABLE);
  g_assert_true (ls_link_error_is_unsent (refused));
}

static void
test_sign_in (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (LsSession) session = NULL;
  g_autoptr (GError) error = NULL;

  fixture->body = "{\"success\":true,\"message\":\"ok\",\"data\":{\"user\":{\"id\":\"u1\","
                  "\"name\":\"Ani\",\"email\":\"a@b.test\",\"role\":\"student\","
                  "\"extraRole\":null,\"status\":\"active\"},\"token\":\"t\","
                  "\"refreshToken\":\"r\"}}";
  session = ls_call_sign_in (fixture->transport, "a@b.test", "p\"w", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (fixture->request, ==,
                   "POST /api/auth/login - {\"email\":\"a@b.test\",\"password\":\"p\\\"w\"}");
  g_assert_cmpstr (session->access, ==, "t");
  g_assert_cmpstr (session->refresh, ==, "r");
  g_assert_cmpstr (session->user->id, ==, "u1");
}

static void
test_sign_in_refused (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    guint status;
    GQuark (*domain) (void);
    gint code;
  } cases[] = {
    { 401, ls_error_quark, LS_ERROR_WRONG_CREDENTIALS },
    { 400, ls_error_quark, LS_ERROR_INVALID_ARGUMENT },
    { 403, ls_link_error_quark, LS_REASON_POLICY },
    { 500, ls_link_error_quark, LS_REASON_SERVER_UNREACHABLE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LsSession) session = NULL;
      g_autoptr (GError) error = NULL;

      fixture->status = cases[i].status;
      session = ls_call_sign_in (fixture->transport, "a@b.test", "p\"w", &error);
      g_assert_null (session);
      g_assert_error (error, cases[i].domain (), cases[i].code);
      g_assert_null (strstr (error->message, "p\"w"));
    }
}

static void
test_refresh (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (LsSession) session = NULL;
  g_autoptr (GError) error = NULL;

  fixture->body = "{\"success\":true,\"data\":{\"token\":\"t2\",\"refreshToken\":\"r2\"}}";
  session = ls_call_refresh (fixture->transport, "SECRET", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (fixture->request, ==, "POST /api/auth/refresh - {\"refreshToken\":\"SECRET\"}");
  g_assert_cmpstr (session->access, ==, "t2");
  g_assert_cmpstr (session->refresh, ==, "r2");

  for (guint status = 400; status <= 401; status++)
    {
      g_autoptr (LsSession) refused = NULL;
      g_autoptr (GError) refusal = NULL;

      fixture->status = status;
      refused = ls_call_refresh (fixture->transport, "SECRET", &refusal);
      g_assert_null (refused);
      g_assert_error (refusal, LS_LINK_ERROR, LS_REASON_TOKEN_REFUSED);
    }
}

static void
test_sign_out (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GAsyncResult) answer = NULL;
  g_autoptr (GError) error = NULL;

  fixture->body = "{\"success\":true}";
  ls_transport_sign_out_async (fixture->transport, TOKEN, "SECRET", NULL, ls_answer_cb, &answer);
  g_assert_true (
      ls_transport_sign_out_finish (fixture->transport, ls_answer_wait (&answer), &error));
  g_assert_no_error (error);
  g_assert_cmpstr (fixture->request, ==,
                   "POST /api/auth/logout Bearer " TOKEN " {\"refreshToken\":\"SECRET\"}");
}

static void
test_sign_out_without_refresh (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GAsyncResult) answer = NULL;
  g_autoptr (GError) error = NULL;

  fixture->body = "{\"success\":true}";
  ls_transport_sign_out_async (fixture->transport, TOKEN, NULL, NULL, ls_answer_cb, &answer);
  g_assert_true (
      ls_transport_sign_out_finish (fixture->transport, ls_answer_wait (&answer), &error));
  g_assert_no_error (error);
  g_assert_cmpstr (fixture->request, ==, "POST /api/auth/logout Bearer " TOKEN " {}");
}

static void
test_config (Fixture *fixture, gconstpointer unused)
{
  static const char *const urls[] = { NULL, "", "http://school.test", "nonsense" };

  for (guint i = 0; i < G_N_ELEMENTS (urls); i++)
    {
      LsTransportConfig config = { .url = (char *)urls[i], .connect_timeout_ms = 1000 };
      g_autoptr (LsUpdates) updates = NULL;
      g_autoptr (GError) error = NULL;

      ls_transport_soup_set_config (LS_TRANSPORT_SOUP (fixture->transport), &config);
      updates = get_updates (fixture, &error);
      g_assert_null (updates);
      g_assert_error (error, LS_LINK_ERROR, LS_REASON_NOT_CONFIGURED);
      g_assert_null (fixture->request);
    }
}

static void
test_tls (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (LsUpdates) updates = NULL;
  g_autoptr (GError) error = NULL;

  open_socket (fixture);
  fixture->status = SOUP_STATUS_NOT_MODIFIED;
  updates = get_updates (fixture, &error);
  g_assert_no_error (error);
}

static void
on_next (LsTransport *transport, LsMessage *message, gint64 *seen)
{
  g_assert_cmpint (message->timestamp, ==, *seen + 1);
  *seen = message->timestamp;
}

/* White space that compression does not make short */
static char *
random_space (GRand *rand, gsize length)
{
  char *text = g_strnfill (length, ' ');

  for (gsize i = 0; i < length; i++)
    text[i] = " \t\n\r"[g_rand_int_range (rand, 0, 4)];
  return text;
}

/* Much more than TLS and a turn take at once, and held in the midst of it: nothing is lost, also of
 * what TLS has read by then. */
static void
test_much (Fixture *fixture, gconstpointer unused)
{
  const gint64 last = 2000;
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  gint64 seen = 0, seen_when_held;

  open_socket (fixture);
  g_signal_connect (fixture->transport, "message", G_CALLBACK (on_next), &seen);
  for (gint64 i = 1; i <= last; i++)
    {
      g_autofree char *padding = random_space (rand, 2000);
      g_autofree char *text =
          g_strdup_printf ("{\"type\":\"ping\",\"timestamp\":%" G_GINT64_FORMAT "%s}", i, padding);

      soup_websocket_connection_send_text (fixture->peer, text);
    }
  while (seen == 0)
    g_main_context_iteration (NULL, TRUE);

  ls_transport_set_held (fixture->transport, TRUE);
  seen_when_held = seen;
  g_assert_cmpint (seen, <, last);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_assert_cmpint (seen, ==, seen_when_held);

  ls_transport_set_held (fixture->transport, FALSE);
  while (seen < last)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (fixture->closed_error);
}

static void
assert_untrusted (const GError *error)
{
  g_assert_error (error, LS_LINK_ERROR, LS_REASON_TLS_UNTRUSTED);
  g_assert_nonnull (strstr (error->message, "Lab Sync Test Authority"));
}

static void
test_tls_untrusted (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (LsUpdates) updates = NULL;
  g_autoptr (GError) call_error = NULL;
  g_autoptr (GError) open_error = NULL;

  g_clear_object (&fixture->transport);
  fixture->transport = LS_TRANSPORT (create_transport (fixture, NULL));
  updates = get_updates (fixture, &call_error);
  assert_untrusted (call_error);

  g_assert_cmpint (ls_call_open_socket (fixture->transport, TOKEN, &open_error), ==,
                   LS_PROTOCOL_UNKNOWN);
  assert_untrusted (open_error);
}

static void
add (const char *path, const char *certificate, void (*test) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, certificate, fixture_set_up, test, fixture_tear_down);
}

int
main (int argc, char *argv[])
{
  g_autofree char *certificate = NULL;

  /* Nobody listens there: loopback must not go through a proxy. */
  g_setenv ("http_proxy", "http://127.0.0.1:1", TRUE);
  g_setenv ("https_proxy", "http://127.0.0.1:1", TRUE);
  g_unsetenv ("no_proxy");
  g_test_init (&argc, &argv, NULL);
  certificate = g_test_build_filename (G_TEST_DIST, "data", "server.pem", NULL);

  add ("/transport/socket/talks", NULL, test_talk);
  add ("/transport/socket/cuts-fields-of-events", NULL, test_events);
  add ("/transport/socket/closes-politely", NULL, test_close);
  add ("/transport/socket/opens-again", NULL, test_reopen);
  add ("/transport/socket/much", NULL, test_much);
  add ("/transport/calls/get-updates", NULL, test_updates);
  add ("/transport/calls/get-snapshot", NULL, test_snapshot);
  add ("/transport/calls/get-checksum", NULL, test_checksum);
  add ("/transport/calls/act", NULL, test_act);
  add ("/transport/calls/act-refused", NULL, test_act_refused);
  add ("/transport/calls/act-kept", NULL, test_act_kept);
  add ("/transport/calls/act-says-token", NULL, test_act_says_token);
  add ("/transport/calls/act-classic", NULL, test_act_classic);
  add ("/transport/calls/act-too-large", NULL, test_act_too_large);
  add ("/transport/calls/act-intercepted", NULL, test_act_intercepted);
  add ("/transport/calls/act-unsent", NULL, test_act_unsent);
  add ("/transport/calls/sign-in", NULL, test_sign_in);
  add ("/transport/calls/sign-in-refused", NULL, test_sign_in_refused);
  add ("/transport/calls/refresh", NULL, test_refresh);
  add ("/transport/calls/sign-out", NULL, test_sign_out);
  add ("/transport/calls/sign-out/without-refresh-token", NULL, test_sign_out_without_refresh);
  add ("/transport/config/unusable-is-not-configured", NULL, test_config);
  add ("/transport/tls/trusts-ca-file", certificate, test_tls);
  add ("/transport/tls/much", certificate, test_much);
  add ("/transport/tls/names-untrusted-issuer", certificate, test_tls_untrusted);

  return g_test_run ();
}
