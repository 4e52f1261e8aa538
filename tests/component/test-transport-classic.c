/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The transport against answers as the classic system gives them, and as others do in its place. */
#include <libsoup/soup.h>
#include <string.h>

#include "ls-answer.h"
#include "ls-error.h"
#include "ls-link-error.h"
#include "ls-transport-calls.h"
#include "ls-transport-soup.h"

#define TOKEN "header.SECRET.signature"

/* In school it was seven in the morning of the 23rd then. */
#define RESET "2026-11-23T00:01:00.640Z"
#define RESET_MS G_GINT64_CONSTANT (1795392060640)

#define POLL                                                                                       \
  "{\"success\":true,\"message\":\"Updates retrieved\",\"data\":{\"updates\":["                    \
  "{\"type\":\"grade_updated\",\"entity\":\"grades\",\"entityId\":\"g-1\","                        \
  "\"data\":{\"id\":\"g-1\",\"score\":80,\"secret\":\"x\"},"                                       \
  "\"timestamp\":\"2026-11-23T06:09:33.640Z\",\"userRole\":\"student\",\"userId\":\"u\"}]}}"
#define LISTING                                                                                    \
  "{\"success\":true,\"message\":\"Berhasil\",\"data\":["                                          \
  "{\"id\":\"m-1\",\"secret\":\"x\"},{\"id\":\"m-2\"}]}"

typedef struct
{
  SoupServer *server;             /* (owned) */
  guint status;                   /* how it answers calls */
  const char *type;               /* (unowned): the content's */
  const char *body;               /* (unowned) (nullable) */
  const char *const *headers;     /* (unowned) (nullable): names and values in turns */
  gboolean is_zipped, is_chunked; /* whether the body is */
  GString *requests;              /* (owned): what it was asked, a line each */
  SoupWebsocketConnection *peer;  /* (owned) (nullable): its end of the socket */
  LsTransport *transport;         /* (owned) */
  LsMessage *message;             /* (owned) (nullable): the last that came */
} Fixture;

static const char *
get_header (SoupServerMessage *message, const char *name)
{
  const char *value =
      soup_message_headers_get_one (soup_server_message_get_request_headers (message), name);

  return value != NULL ? value : "-";
}

static void
note_request (Fixture *fixture, SoupServerMessage *message)
{
  g_autofree char *url =
      g_uri_to_string_partial (soup_server_message_get_uri (message), G_URI_HIDE_AUTH_PARAMS);

  g_string_append_printf (fixture->requests, "%s %s %s %s\n",
                          soup_server_message_get_method (message), strstr (url, "/school"),
                          get_header (message, "Authorization"),
                          get_header (message, "If-Modified-Since"));
}

static GBytes *
zip (const char *text)
{
  g_autoptr (GZlibCompressor) compressor =
      g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, -1);
  g_autoptr (GInputStream) plain = g_memory_input_stream_new_from_data (text, -1, NULL);
  g_autoptr (GInputStream) zipped = g_converter_input_stream_new (plain, G_CONVERTER (compressor));
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
  g_autoptr (GError) error = NULL;

  g_output_stream_splice (out, zipped, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL, &error);
  g_assert_no_error (error);
  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (out));
}

static void
set_body (Fixture *fixture, SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  g_autoptr (GBytes) body = fixture->is_zipped
                                ? zip (fixture->body)
                                : g_bytes_new_static (fixture->body, strlen (fixture->body));

  soup_message_headers_set_content_type (headers, fixture->type, NULL);
  soup_message_body_append_bytes (soup_server_message_get_response_body (message), body);
  if (fixture->is_zipped)
    {
      g_assert_nonnull (strstr (get_header (message, "Accept-Encoding"), "gzip"));
      soup_message_headers_replace (headers, "Content-Encoding", "gzip");
    }
  if (fixture->is_chunked)
    {
      soup_message_headers_set_encoding (headers, SOUP_ENCODING_CHUNKED);
      soup_message_body_complete (soup_server_message_get_response_body (message));
    }
}

static void
on_call (SoupServer *server,
         SoupServerMessage *message,
         const char *path,
         GHashTable *query,
         gpointer user_data)
{
  Fixture *fixture = user_data;

  note_request (fixture, message);
  soup_server_message_set_status (message, fixture->status, NULL);
  for (guint i = 0; fixture->headers != NULL && fixture->headers[i] != NULL; i += 2)
    soup_message_headers_replace (soup_server_message_get_response_headers (message),
                                  fixture->headers[i], fixture->headers[i + 1]);
  if (fixture->body != NULL)
    set_body (fixture, message);
}

/* It looks for the token in the query alone. */
static void
on_handshake (SoupServer *server,
              SoupServerMessage *message,
              const char *path,
              GHashTable *query,
              gpointer user_data)
{
  const char *text = query == NULL ? "Token required" : "Invalid token";

  note_request (user_data, message);
  if (query != NULL && g_strcmp0 (g_hash_table_lookup (query, "token"), TOKEN) == 0)
    return;

  soup_server_message_set_status (message, SOUP_STATUS_UNAUTHORIZED, NULL);
  soup_server_message_set_response (message, "text/plain", SOUP_MEMORY_STATIC, text, strlen (text));
}

static void
on_peer (SoupServer *server,
         SoupServerMessage *message,
         const char *path,
         SoupWebsocketConnection *peer,
         gpointer user_data)
{
  g_set_object (&((Fixture *)user_data)->peer, peer);
}

static void
on_message (LsTransport *transport, LsMessage *message, Fixture *fixture)
{
  g_clear_pointer (&fixture->message, ls_message_unref);
  fixture->message = ls_message_ref (message);
}

static void
fixture_set_up (Fixture *fixture, gconstpointer unused)
{
  static const char *const drop_fields[] = { "secret", NULL };
  LsTransportConfig config = { .connect_timeout_ms = 10000,
                               .drop_fields = (GStrv)drop_fields,
                               .agent_version = "1.2.3" };
  g_autoptr (GError) error = NULL;
  g_autoslist (GUri) uris = NULL;
  g_autofree char *origin = NULL;

  fixture->server = soup_server_new (NULL, NULL);
  fixture->requests = g_string_new (NULL);
  fixture->status = SOUP_STATUS_OK;
  fixture->type = "application/json";
  soup_server_add_handler (fixture->server, "/school/api", on_call, fixture, NULL);
  soup_server_add_early_handler (fixture->server, "/school/ws", on_handshake, fixture, NULL);
  soup_server_add_websocket_handler (fixture->server, "/school/ws", NULL, NULL, on_peer, fixture,
                                     NULL);
  soup_server_listen_local (fixture->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (fixture->server);
  origin = g_uri_to_string (uris->data);
  config.url = g_strconcat (origin, "school", NULL);
  fixture->transport = LS_TRANSPORT (ls_transport_soup_new (&config));
  g_signal_connect (fixture->transport, "message", G_CALLBACK (on_message), fixture);
  g_free (config.url);
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
  g_string_free (fixture->requests, TRUE);
  g_clear_pointer (&fixture->message, ls_message_unref);
}

static LsPoll *
poll (Fixture *fixture, gint64 since, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_transport_poll_async (fixture->transport, TOKEN, since, NULL, ls_answer_cb, &answer);
  return ls_transport_poll_finish (fixture->transport, ls_answer_wait (&answer), error);
}

static LsListing *
list (Fixture *fixture, const char *table, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_transport_list_async (fixture->transport, TOKEN, table, NULL, ls_answer_cb, &answer);
  return ls_transport_list_finish (fixture->transport, ls_answer_wait (&answer), error);
}

static void
assert_requests (Fixture *fixture, const char *requests)
{
  g_assert_cmpstr (fixture->requests->str, ==, requests);
  g_string_set_size (fixture->requests, 0);
}

static void
assert_grade (const LsPoll *poll)
{
  g_assert_nonnull (poll);
  g_assert_nonnull (poll->tables[LS_ENTITY_GRADE]);
  g_assert_cmpuint (poll->tables[LS_ENTITY_GRADE]->rows->len, ==, 1);
  g_assert_cmpstr (((LsRow *)poll->tables[LS_ENTITY_GRADE]->rows->pdata[0])->data, ==,
                   "{\"id\":\"g-1\",\"score\":80}");
}

/* The time is written as JavaScript reads it, to the millisecond; without one everything comes. */
static void
test_poll (Fixture *fixture, gconstpointer unused)
{
  static const char *const headers[] = {
    "X-RateLimit-Limit", "100", "X-RateLimit-Remaining", "61", "X-RateLimit-Reset", RESET, NULL
  };
  g_autoptr (LsPoll) all = NULL;
  g_autoptr (LsPoll) some = NULL;
  g_autoptr (GError) error = NULL;

  fixture->body = POLL;
  all = poll (fixture, 0, &error);
  g_assert_no_error (error);
  assert_grade (all);
  assert_requests (fixture, "GET /school/api/updates Bearer " TOKEN " -\n");
  g_assert_cmpuint (all->quota.limit, ==, 0);
  g_assert_cmpint (all->quota.reset_at, ==, 0);
  g_assert_false (all->is_ours);

  fixture->headers = headers;
  some = poll (fixture, RESET_MS - RESET_MS % 86400000 - 1, &error);
  g_assert_no_error (error);
  assert_grade (some);
  assert_requests (fixture, "GET /school/api/updates Bearer " TOKEN " 2026-11-22T23:59:59.999Z\n");
  g_assert_cmpuint (some->quota.limit, ==, 100);
  g_assert_cmpuint (some->quota.remaining, ==, 61);
  g_assert_cmpint (some->quota.reset_at, ==, RESET_MS);
}

static void
test_since (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    gint64 since;
    const char *text;
  } times[] = {
    { 1, "1970-01-01T00:00:00.001Z" },
    { 1709164800000, "2024-02-29T00:00:00.000Z" },
    { 4102444800050, "2100-01-01T00:00:00.050Z" },
  };

  fixture->body = POLL;
  for (guint i = 0; i < G_N_ELEMENTS (times); i++)
    {
      g_autoptr (LsPoll) answer = poll (fixture, times[i].since, NULL);
      g_autofree char *request =
          g_strdup_printf ("GET /school/api/updates Bearer " TOKEN " %s\n", times[i].text);

      assert_grade (answer);
      assert_requests (fixture, request);
    }
}

static void
test_list (Fixture *fixture, gconstpointer unused)
{
  static const char *const headers[] = { "X-RateLimit-Limit", "100", "X-RateLimit-Remaining", "0",
                                         NULL };
  g_autoptr (LsListing) listing = NULL;
  g_autoptr (GError) error = NULL;

  fixture->body = LISTING;
  fixture->headers = headers;
  listing = list (fixture, "e_library", &error);
  g_assert_no_error (error);
  assert_requests (fixture, "GET /school/api/e_library Bearer " TOKEN " -\n");
  g_assert_cmpuint (listing->rows->n_sent, ==, 2);
  g_assert_cmpstr (((LsRow *)listing->rows->rows->pdata[0])->data, ==, "{\"id\":\"m-1\"}");
  g_assert_cmpuint (listing->quota.limit, ==, 100);
  g_assert_cmpuint (listing->quota.remaining, ==, 0);
}

/* As one piece or in many, packed or not */
static void
test_encodings (Fixture *fixture, gconstpointer unused)
{
  fixture->body = POLL;
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (LsPoll) answer = NULL;
      g_autoptr (GError) error = NULL;

      fixture->is_zipped = (i & 1) != 0;
      fixture->is_chunked = (i & 2) != 0;
      answer = poll (fixture, 0, &error);
      g_assert_no_error (error);
      assert_grade (answer);
    }
}

/* What is no number is as if it was not said. */
static void
test_odd_quota (Fixture *fixture, gconstpointer unused)
{
  static const struct
  {
    const char *headers[7];
    LsQuota quota;
  } quotas[] = {
    { { "X-RateLimit-Limit", "100" }, { 100, 0, 0 } },
    { { "X-RateLimit-Limit", "-1", "X-RateLimit-Remaining", "x", "X-RateLimit-Reset", "60" },
      { 0, 0, 0 } },
    { { "X-RateLimit-Limit", "99999999999", "X-RateLimit-Remaining", "", "X-RateLimit-Reset",
        "1700000000000" },
      { 0, 0, 0 } },
    { { "X-RateLimit-Reset", "1969-12-31T23:59:59.000Z" }, { 0, 0, 0 } },
    { { "X-RateLimit-Limit", "100", "X-RateLimit-Remaining", "7", "X-RateLimit-Reset",
        "2026-11-23T07:01:00.640+07:00" },
      { 100, 7, RESET_MS } },
  };

  fixture->body = POLL;
  for (guint i = 0; i < G_N_ELEMENTS (quotas); i++)
    {
      g_autoptr (LsPoll) answer = NULL;

      fixture->headers = quotas[i].headers;
      answer = poll (fixture, 0, NULL);
      g_assert_nonnull (answer);
      g_assert_cmpuint (answer->quota.limit, ==, quotas[i].quota.limit);
      g_assert_cmpuint (answer->quota.remaining, ==, quotas[i].quota.remaining);
      g_assert_cmpint (answer->quota.reset_at, ==, quotas[i].quota.reset_at);
    }
}

/* The HTTP status counts, whatever shape the body has and whatever it says. */
static void
test_errors (Fixture *fixture, gconstpointer unused)
{
  static const char *const wait[] = { "Retry-After", "17", NULL };
  static const char *const away[] = { "Location", "http://portal.example/", NULL };
  static const struct
  {
    guint status;
    const char *type;
    const char *body;
    const char *const *headers;
    int reason;
    gint64 retry_after;
  } answers[] = {
    { 401, "text/plain", "Invalid token", NULL, LS_REASON_TOKEN_REFUSED, 0 },
    { 401, "application/json",
      "{\"success\":false,\"message\":\"x\",\"error\":\"x\",\"status\":500}", NULL,
      LS_REASON_TOKEN_REFUSED, 0 },
    { 404, "application/json",
      "{\"success\":false,\"message\":\"Endpoint tidak ditemukan\",\"error\":\"x\",\"status\":404}",
      NULL, LS_REASON_SERVER_UNREACHABLE, 0 },
    { 404, "text/html", "<!DOCTYPE html><title>404</title>", NULL, LS_REASON_SERVER_UNREACHABLE,
      0 },
    { 500, "application/json", "{\"success\":false,\"status\":500}", NULL,
      LS_REASON_SERVER_UNREACHABLE, 0 },
    { 500, "text/plain", "Internal Server Error", NULL, LS_REASON_SERVER_UNREACHABLE, 0 },
    { 429, "application/json", "{\"error\":\"Terlalu banyak\",\"message\":\"x\",\"retryAfter\":60}",
      wait, LS_REASON_RATE_LIMITED, 17000 },
    { 429, "text/html", "<html>", NULL, LS_REASON_RATE_LIMITED, 0 },
    { 503, "application/json", "{}", wait, LS_REASON_SERVER_DRAINING, 17000 },
    { 302, "text/html", NULL, away, LS_REASON_CAPTIVE_PORTAL, 0 },
    { 200, "text/html", "<html>", NULL, LS_REASON_CAPTIVE_PORTAL, 0 },
    { 200, "text/plain", POLL, NULL, LS_REASON_SERVER_UNREACHABLE, 0 },
    { 200, "application/json", "{\"success\":true,\"data\":", NULL, LS_REASON_SERVER_UNREACHABLE,
      0 },
    { 200, "application/json", "{\"success\":false,\"data\":{\"updates\":[]}}", NULL,
      LS_REASON_SERVER_UNREACHABLE, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (GError) poll_error = NULL;
      g_autoptr (GError) list_error = NULL;

      g_test_message ("%u %s", answers[i].status, answers[i].type);
      fixture->status = answers[i].status;
      fixture->type = answers[i].type;
      fixture->body = answers[i].body;
      fixture->headers = answers[i].headers;
      g_assert_null (poll (fixture, 0, &poll_error));
      g_assert_error (poll_error, LS_LINK_ERROR, answers[i].reason);
      g_assert_cmpuint (ls_link_error_get_status (poll_error), ==, answers[i].status);
      g_assert_cmpint (ls_link_error_get_retry_after (poll_error), ==, answers[i].retry_after);
      g_assert_null (list (fixture, "grades", &list_error));
      g_assert_error (list_error, LS_LINK_ERROR, answers[i].reason);
    }
}

/* labsync-server answers a poll in the same form, and says who it is. */
static void
test_ours (Fixture *fixture, gconstpointer unused)
{
  static const char *const headers[] = { "X-Labsync-Server", "1", NULL };
  g_autoptr (LsPoll) answer = NULL;

  fixture->body = POLL;
  fixture->headers = headers;
  answer = poll (fixture, 0, NULL);
  g_assert_true (answer->is_ours);
}

static void
test_sessions (Fixture *fixture, gconstpointer unused)
{
  static const char *const ours[] = { "X-Labsync-Server", "1", NULL };
  static const char *const wait[] = { "Retry-After", "60", NULL };
  g_autoptr (LsSession) session = NULL;
  g_autoptr (LsSession) refreshed = NULL;
  g_autoptr (LsSession) session_of_ours = NULL;
  g_autoptr (GError) busy = NULL;
  g_autoptr (GError) ended = NULL;

  fixture->body =
      "{\"success\":true,\"message\":\"Login berhasil\",\"data\":{\"user\":{\"id\":\"u\","
      "\"name\":\"Siti\",\"email\":\"a@b.test\",\"role\":\"student\",\"extraRole\":null,"
      "\"status\":\"active\"},\"token\":\"a.b.c\",\"refreshToken\":\"r\"}}";
  session = ls_call_sign_in (fixture->transport, "a@b.test", "pw", NULL);
  g_assert_cmpstr (session->user->id, ==, "u");
  g_assert_true (session->is_classic);
  fixture->headers = ours;
  session_of_ours = ls_call_sign_in (fixture->transport, "a@b.test", "pw", NULL);
  g_assert_false (session_of_ours->is_classic);

  fixture->headers = NULL;
  fixture->body = "{\"success\":true,\"message\":\"Token berhasil diperbarui\","
                  "\"data\":{\"token\":\"d.e.f\"}}";
  refreshed = ls_call_refresh (fixture->transport, "SECRET", NULL);
  g_assert_cmpstr (refreshed->access, ==, "d.e.f");
  g_assert_null (refreshed->refresh);

  fixture->status = 429;
  fixture->headers = wait;
  fixture->body = "{\"error\":\"x\",\"message\":\"x\",\"retryAfter\":60}";
  g_assert_null (ls_call_sign_in (fixture->transport, "a@b.test", "pw", &busy));
  g_assert_error (busy, LS_LINK_ERROR, LS_REASON_RATE_LIMITED);
  g_assert_cmpint (ls_link_error_get_retry_after (busy), ==, 60000);

  fixture->status = 401;
  fixture->body = "{\"success\":false,\"message\":\"x\",\"error\":\"x\",\"status\":500}";
  g_assert_null (ls_call_refresh (fixture->transport, "SECRET", &ended));
  g_assert_error (ended, LS_LINK_ERROR, LS_REASON_TOKEN_REFUSED);
}

/* The socket takes the token in the query, speaks no subprotocol, and says little. */
static void
test_socket (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (ls_call_open_socket (fixture->transport, TOKEN, &error), ==,
                   LS_PROTOCOL_CLASSIC);
  g_assert_no_error (error);
  assert_requests (fixture, "GET /school/ws Bearer " TOKEN " -\n"
                            "GET /school/ws?token=" TOKEN " Bearer " TOKEN " -\n");

  soup_websocket_connection_send_text (fixture->peer,
                                       "{\"type\":\"pong\",\"timestamp\":\"" RESET "\"}");
  while (fixture->message == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (fixture->message->kind, ==, LS_MESSAGE_PONG);
  g_assert_cmpint (fixture->message->timestamp, ==, RESET_MS);
  g_assert_false (ls_cursor_is_set (fixture->message->sent));

  soup_websocket_connection_send_text (
      fixture->peer, "{\"type\":\"error\",\"message\":\"Pesan WebSocket tidak valid\"}");
  while (fixture->message->kind == LS_MESSAGE_PONG)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (fixture->message->kind, ==, LS_MESSAGE_ERROR);
}

static void
test_socket_refused (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (ls_call_open_socket (fixture->transport, "old", &error), ==,
                   LS_PROTOCOL_UNKNOWN);
  g_assert_error (error, LS_LINK_ERROR, LS_REASON_TOKEN_REFUSED);
  g_assert_cmpuint (ls_link_error_get_status (error), ==, 401);
}

#define ADD(name, test)                                                                            \
  g_test_add ("/transport/classic/" name, Fixture, NULL, fixture_set_up, test, fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("poll", test_poll);
  ADD ("since", test_since);
  ADD ("list", test_list);
  ADD ("encodings", test_encodings);
  ADD ("odd-quota", test_odd_quota);
  ADD ("errors", test_errors);
  ADD ("ours", test_ours);
  ADD ("sessions", test_sessions);
  ADD ("socket", test_socket);
  ADD ("socket-refused", test_socket_refused);
  return g_test_run ();
}
