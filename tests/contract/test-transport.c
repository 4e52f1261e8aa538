/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the engine relies on in a transport, of the fake and of libsoup's: how often it is told of
 * something, when, and in which words. What goes over the wire is the component test's. */
#include <libsoup/soup.h>
#include <string.h>

#include "ls-error.h"
#include "ls-fake-transport.h"
#include "ls-link-error.h"
#include "ls-transport-soup.h"
#include "ls-wire-message.h"

typedef struct
{
  LsTransport *transport;        /* (owned) */
  gboolean is_fake;              /* else the other end is: */
  SoupServer *server;            /* (owned) (nullable) */
  SoupWebsocketConnection *peer; /* (owned) (nullable): its end of the socket */
  guint status;                  /* how it answers everything */
  const char *body;              /* (unowned) (nullable): with what, as the classic system */
  guint n_heard;                 /* pings */
  guint n_results, n_messages, n_bad, n_closed;
  GAsyncResult *result; /* (owned) (nullable): the last */
  GError *error;        /* (owned) (nullable): of what came last, result or signal */
  gint64 timestamp;     /* of the last message */
} Fixture;

/* The other end */

static void
on_peer_message (SoupWebsocketConnection *peer, gint type, GBytes *bytes, Fixture *fixture)
{
  gsize length;
  const char *text = g_bytes_get_data (bytes, &length);

  fixture->n_heard += g_strstr_len (text, (gssize)length, "\"ping\"") != NULL;
}

static void
on_peer (SoupServer *server,
         SoupServerMessage *message,
         const char *path,
         SoupWebsocketConnection *peer,
         gpointer user_data)
{
  Fixture *fixture = user_data;

  g_set_object (&fixture->peer, peer);
  g_signal_connect (peer, "message", G_CALLBACK (on_peer_message), fixture);
}

static void
on_request (SoupServer *server,
            SoupServerMessage *message,
            const char *path,
            GHashTable *query,
            gpointer user_data)
{
  Fixture *fixture = user_data;

  if (fixture->status != SOUP_STATUS_OK || fixture->body != NULL)
    soup_server_message_set_status (message, fixture->status, NULL);
  if (fixture->body != NULL)
    soup_server_message_set_response (message, "application/json", SOUP_MEMORY_STATIC,
                                      fixture->body, strlen (fixture->body));
  else
    soup_message_headers_replace (soup_server_message_get_response_headers (message),
                                  "X-Labsync-Server", "1");
}

static void
start_server (Fixture *fixture)
{
  static const char *protocols[] = { "labsync.v1", NULL };
  g_autoptr (GError) error = NULL;

  fixture->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (fixture->server, NULL, on_request, fixture, NULL);
  soup_server_add_handler (fixture->server, "/ws", on_request, fixture, NULL);
  soup_server_add_websocket_handler (fixture->server, "/ws", NULL, (char **)protocols, on_peer,
                                     fixture, NULL);
  soup_server_listen_local (fixture->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
}

static LsTableRows *
one_grade (void)
{
  LsTableRows *rows = ls_table_rows_new ();

  g_ptr_array_add (rows->rows, ls_row_new (LS_ENTITY_GRADE, "g", "{\"id\":\"g\"}", 0));
  rows->n_sent = 1;
  return rows;
}

static void
serve_classic (LsFakeTransport *fake)
{
  if (ls_fake_transport_peek_call (fake, LS_FAKE_CALL_POLL) != NULL)
    {
      LsPoll *poll = ls_poll_new ();

      poll->tables[LS_ENTITY_GRADE] = one_grade ();
      ls_fake_transport_answer_poll (fake, poll);
    }
  if (ls_fake_transport_peek_call (fake, LS_FAKE_CALL_LIST) != NULL)
    {
      LsListing *listing = ls_listing_new ();

      ls_table_rows_free (listing->rows);
      listing->rows = one_grade ();
      ls_fake_transport_answer_list (fake, listing);
    }
}

/* The fake's other end is the test; libsoup's answers by itself. */
static void
serve (Fixture *fixture)
{
  LsFakeTransport *fake = (LsFakeTransport *)fixture->transport;
  gboolean is_refused = fixture->status == SOUP_STATUS_UNAUTHORIZED;

  if (!fixture->is_fake)
    return;

  if (ls_fake_transport_peek_call (fake, LS_FAKE_CALL_SIGN_IN) != NULL)
    ls_fake_transport_fail (fake, LS_FAKE_CALL_SIGN_IN,
                            g_error_new (LS_ERROR, LS_ERROR_WRONG_CREDENTIALS, "refused"));
  for (guint kind = 0; is_refused && kind < LS_N_FAKE_CALL_KINDS; kind++)
    if (ls_fake_transport_peek_call (fake, (LsFakeCallKind)kind) != NULL)
      ls_fake_transport_fail (fake, (LsFakeCallKind)kind,
                              ls_link_error_new (LS_REASON_TOKEN_REFUSED, 401, 0, "refused"));
  if (ls_fake_transport_peek_call (fake, LS_FAKE_CALL_OPEN) != NULL)
    ls_fake_transport_accept (fake, LS_PROTOCOL_LABSYNC_V1);
  if (ls_fake_transport_peek_call (fake, LS_FAKE_CALL_UPDATES) != NULL)
    {
      LsUpdates *updates = ls_updates_new ();

      updates->not_modified = TRUE;
      ls_fake_transport_answer_updates (fake, updates);
    }
  serve_classic (fake);
}

static void
say (Fixture *fixture, gint64 timestamp)
{
  LsMessage *ping = ls_message_new (LS_MESSAGE_PING);
  g_autofree char *text = NULL;

  ping->timestamp = timestamp;
  if (fixture->is_fake)
    {
      ls_fake_transport_deliver (LS_FAKE_TRANSPORT (fixture->transport), ping);
      return;
    }

  text = ls_wire_encode_message (ping, NULL);
  soup_websocket_connection_send_text (fixture->peer, text);
  ls_message_unref (ping);
}

static void
say_garbage (Fixture *fixture)
{
  if (fixture->is_fake)
    ls_fake_transport_deliver_bad (LS_FAKE_TRANSPORT (fixture->transport),
                                   g_error_new (LS_ERROR, LS_ERROR_FAILED, "garbage"));
  else
    soup_websocket_connection_send_text (fixture->peer, "{");
}

static void
hang_up (Fixture *fixture)
{
  if (fixture->is_fake)
    ls_fake_transport_drop (LS_FAKE_TRANSPORT (fixture->transport),
                            ls_link_error_new (LS_REASON_SERVER_DRAINING, 1001, 0, "restart"));
  else
    soup_websocket_connection_close (fixture->peer, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, "restart");
}

/* Everything that is under way arrives. */
static void
settle (Fixture *fixture)
{
  while (fixture->peer != NULL &&
         soup_websocket_connection_get_state (fixture->peer) == SOUP_WEBSOCKET_STATE_CLOSING)
    g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
wait_for (Fixture *fixture, const guint *count, guint n)
{
  while (*count < n)
    {
      serve (fixture);
      if (*count < n)
        g_main_context_iteration (NULL, !fixture->is_fake);
    }
  settle (fixture);
  g_assert_cmpuint (*count, ==, n);
}

/* This end */

static void
set_error (Fixture *fixture, const GError *error)
{
  g_clear_error (&fixture->error);
  fixture->error = g_error_copy (error);
}

static void
on_message (LsTransport *transport, LsMessage *message, Fixture *fixture)
{
  fixture->n_messages++;
  fixture->timestamp = message->timestamp;
}

static void
on_bad_message (LsTransport *transport, const GError *error, Fixture *fixture)
{
  fixture->n_bad++;
}

static void
on_closed (LsTransport *transport, const GError *error, Fixture *fixture)
{
  fixture->n_closed++;
  set_error (fixture, error);
}

static void
result_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->n_results++;
  g_set_object (&fixture->result, result);
}

static void
set_up (Fixture *fixture, gconstpointer kind)
{
  fixture->is_fake = g_str_equal (kind, "fake");
  fixture->status = SOUP_STATUS_OK;
  if (fixture->is_fake)
    {
      fixture->transport = LS_TRANSPORT (ls_fake_transport_new ());
    }
  else
    {
      LsTransportConfig config = { .connect_timeout_ms = 10000, .agent_version = "1" };
      g_autoslist (GUri) uris = NULL;
      g_autofree char *url = NULL;

      start_server (fixture);
      uris = soup_server_get_uris (fixture->server);
      config.url = url = g_uri_to_string (uris->data);
      fixture->transport = LS_TRANSPORT (ls_transport_soup_new (&config));
    }
  g_signal_connect (fixture->transport, "message", G_CALLBACK (on_message), fixture);
  g_signal_connect (fixture->transport, "bad-message", G_CALLBACK (on_bad_message), fixture);
  g_signal_connect (fixture->transport, "closed", G_CALLBACK (on_closed), fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer kind)
{
  g_clear_object (&fixture->result);
  ls_transport_close (fixture->transport);
  g_assert_finalize_object (g_steal_pointer (&fixture->transport));
  while (fixture->peer != NULL &&
         soup_websocket_connection_get_state (fixture->peer) != SOUP_WEBSOCKET_STATE_CLOSED)
    g_main_context_iteration (NULL, TRUE);
  g_clear_object (&fixture->peer);
  if (fixture->server != NULL)
    soup_server_disconnect (fixture->server);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_clear_object (&fixture->server);
  g_clear_error (&fixture->error);
}

static void
open_socket (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  guint n = fixture->n_results;

  ls_transport_open_async (fixture->transport, "token", NULL, result_cb, fixture);
  g_assert_cmpuint (fixture->n_results, ==, n); /* never from inside the call */
  wait_for (fixture, &fixture->n_results, n + 1);
  g_assert_cmpint (ls_transport_open_finish (fixture->transport, fixture->result, &error), ==,
                   LS_PROTOCOL_LABSYNC_V1);
  g_assert_no_error (error);
}

static void
send_ping (Fixture *fixture)
{
  g_autoptr (LsMessage) ping = ls_message_new (LS_MESSAGE_PING);

  ls_transport_send (fixture->transport, ping);
  if (fixture->is_fake)
    fixture->n_heard = ls_fake_transport_count_sent (LS_FAKE_TRANSPORT (fixture->transport));
}

static void
test_talks (Fixture *fixture, gconstpointer kind)
{
  open_socket (fixture);
  send_ping (fixture);
  wait_for (fixture, &fixture->n_heard, 1);
  say (fixture, 1);
  say (fixture, 2);
  wait_for (fixture, &fixture->n_messages, 2);
  g_assert_cmpint (fixture->timestamp, ==, 2);
  g_assert_cmpuint (fixture->n_closed, ==, 0);
}

/* What can't be understood is told, and costs nothing else. */
static void
test_garbage (Fixture *fixture, gconstpointer kind)
{
  open_socket (fixture);
  say_garbage (fixture);
  wait_for (fixture, &fixture->n_bad, 1);
  say (fixture, 3);
  wait_for (fixture, &fixture->n_messages, 1);
  g_assert_cmpuint (fixture->n_closed, ==, 0);
}

/* What comes while the socket is held waits at the other end, in order. */
static void
test_held (Fixture *fixture, gconstpointer kind)
{
  open_socket (fixture);
  say (fixture, 1);
  wait_for (fixture, &fixture->n_messages, 1);
  ls_transport_set_held (fixture->transport, TRUE);
  say (fixture, 2);
  say (fixture, 3);
  settle (fixture);
  g_assert_cmpuint (fixture->n_messages, ==, 1);
  send_ping (fixture); /* which still goes out */
  wait_for (fixture, &fixture->n_heard, 1);
  g_assert_cmpuint (fixture->n_messages, ==, 1);

  ls_transport_set_held (fixture->transport, FALSE);
  g_assert_cmpuint (fixture->n_messages, ==, 1); /* never from inside the call */
  wait_for (fixture, &fixture->n_messages, 3);
  g_assert_cmpint (fixture->timestamp, ==, 3);
}

/* A socket that is held can be closed; the next one is not held. */
static void
test_held_and_closed (Fixture *fixture, gconstpointer kind)
{
  ls_transport_set_held (fixture->transport, TRUE);
  open_socket (fixture);
  ls_transport_set_held (fixture->transport, TRUE);
  say (fixture, 1);
  ls_transport_close (fixture->transport);
  settle (fixture);
  open_socket (fixture);
  say (fixture, 2);
  wait_for (fixture, &fixture->n_messages, 1);
  g_assert_cmpint (fixture->timestamp, ==, 2);
}

/* The end is told once, in words of the link; there can be another socket then. */
static void
test_server_closes (Fixture *fixture, gconstpointer kind)
{
  open_socket (fixture);
  hang_up (fixture);
  wait_for (fixture, &fixture->n_closed, 1);
  g_assert_error (fixture->error, LS_LINK_ERROR, LS_REASON_SERVER_DRAINING);
  send_ping (fixture);
  ls_transport_close (fixture->transport);
  settle (fixture);
  g_assert_cmpuint (fixture->n_heard, ==, 0);
  open_socket (fixture);
  g_assert_cmpuint (fixture->n_closed, ==, 1);
}

/* Who closes is told nothing any more: neither of the end nor of what was on its way. */
static void
test_closes (Fixture *fixture, gconstpointer kind)
{
  ls_transport_close (fixture->transport);
  open_socket (fixture);
  if (!fixture->is_fake) /* whose messages are never on their way */
    say (fixture, 4);
  ls_transport_close (fixture->transport);
  ls_transport_close (fixture->transport);
  send_ping (fixture);
  settle (fixture);
  while (fixture->peer != NULL &&
         soup_websocket_connection_get_state (fixture->peer) != SOUP_WEBSOCKET_STATE_CLOSED)
    g_main_context_iteration (NULL, TRUE);
  settle (fixture);
  g_assert_cmpuint (fixture->n_heard + fixture->n_messages + fixture->n_closed, ==, 0);
  open_socket (fixture);
}

static void
test_refused (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (GError) open_error = NULL, updates_error = NULL, refresh_error = NULL;
  g_autoptr (GError) sign_in_error = NULL;

  fixture->status = SOUP_STATUS_UNAUTHORIZED;
  ls_transport_open_async (fixture->transport, "token", NULL, result_cb, fixture);
  wait_for (fixture, &fixture->n_results, 1);
  g_assert_cmpint (ls_transport_open_finish (fixture->transport, fixture->result, &open_error), ==,
                   LS_PROTOCOL_UNKNOWN);
  g_assert_error (open_error, LS_LINK_ERROR, LS_REASON_TOKEN_REFUSED);

  ls_transport_updates_async (fixture->transport, "token", ls_cursor_new ("e", 1), NULL, result_cb,
                              fixture);
  wait_for (fixture, &fixture->n_results, 2);
  g_assert_null (ls_transport_updates_finish (fixture->transport, fixture->result, &updates_error));
  g_assert_error (updates_error, LS_LINK_ERROR, LS_REASON_TOKEN_REFUSED);
  g_assert_cmpuint (ls_link_error_get_status (updates_error), ==, 401);

  ls_transport_refresh_async (fixture->transport, "token", NULL, result_cb, fixture);
  wait_for (fixture, &fixture->n_results, 3);
  g_assert_null (ls_transport_refresh_finish (fixture->transport, fixture->result, &refresh_error));
  g_assert_error (refresh_error, LS_LINK_ERROR, LS_REASON_TOKEN_REFUSED);

  /* here it is the user who is wrong */
  ls_transport_sign_in_async (fixture->transport, "a@b", "x", NULL, result_cb, fixture);
  wait_for (fixture, &fixture->n_results, 4);
  g_assert_null (ls_transport_sign_in_finish (fixture->transport, fixture->result, &sign_in_error));
  g_assert_error (sign_in_error, LS_ERROR, LS_ERROR_WRONG_CREDENTIALS);
  g_assert_cmpuint (fixture->n_closed, ==, 0);
}

static void
test_nothing_new (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (LsUpdates) updates = NULL;
  g_autoptr (GError) error = NULL;

  fixture->status = SOUP_STATUS_NOT_MODIFIED;
  ls_transport_updates_async (fixture->transport, "token", ls_cursor_new ("e", 1), NULL, result_cb,
                              fixture);
  g_assert_cmpuint (fixture->n_results, ==, 0);
  wait_for (fixture, &fixture->n_results, 1);
  updates = ls_transport_updates_finish (fixture->transport, fixture->result, &error);
  g_assert_no_error (error);
  g_assert_true (updates->not_modified);
  g_assert_cmpuint (updates->events->len, ==, 0);
}

static void
assert_one_grade (const LsTableRows *rows)
{
  g_assert_nonnull (rows);
  g_assert_cmpuint (rows->n_sent, ==, 1);
  g_assert_cmpuint (rows->n_bad, ==, 0);
  g_assert_cmpstr (((LsRow *)rows->rows->pdata[0])->id, ==, "g");
}

/* What the classic system is asked for: a poll, and a table. */
static void
test_classic (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (LsPoll) poll = NULL;
  g_autoptr (LsListing) listing = NULL;
  g_autoptr (GError) error = NULL;

  fixture->body = "{\"success\":true,\"data\":{\"updates\":[{\"entity\":\"grades\","
                  "\"entityId\":\"g\",\"data\":{\"id\":\"g\"}}]}}";
  ls_transport_poll_async (fixture->transport, "token", 1, NULL, result_cb, fixture);
  g_assert_cmpuint (fixture->n_results, ==, 0);
  wait_for (fixture, &fixture->n_results, 1);
  poll = ls_transport_poll_finish (fixture->transport, fixture->result, &error);
  g_assert_no_error (error);
  assert_one_grade (poll->tables[LS_ENTITY_GRADE]);
  g_assert_null (poll->tables[LS_ENTITY_USER]);
  g_assert_false (poll->is_ours);
  g_assert_cmpuint (poll->quota.limit, ==, 0);

  fixture->body = "{\"success\":true,\"data\":[{\"id\":\"g\"}]}";
  ls_transport_list_async (fixture->transport, "token", "grades", NULL, result_cb, fixture);
  g_assert_cmpuint (fixture->n_results, ==, 1);
  wait_for (fixture, &fixture->n_results, 2);
  listing = ls_transport_list_finish (fixture->transport, fixture->result, &error);
  g_assert_no_error (error);
  assert_one_grade (listing->rows);
}

static void
test_classic_refused (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (GError) poll_error = NULL;
  g_autoptr (GError) list_error = NULL;

  fixture->status = SOUP_STATUS_UNAUTHORIZED;
  ls_transport_poll_async (fixture->transport, "token", 0, NULL, result_cb, fixture);
  wait_for (fixture, &fixture->n_results, 1);
  g_assert_null (ls_transport_poll_finish (fixture->transport, fixture->result, &poll_error));
  g_assert_error (poll_error, LS_LINK_ERROR, LS_REASON_TOKEN_REFUSED);

  ls_transport_list_async (fixture->transport, "token", "grades", NULL, result_cb, fixture);
  wait_for (fixture, &fixture->n_results, 2);
  g_assert_null (ls_transport_list_finish (fixture->transport, fixture->result, &list_error));
  g_assert_error (list_error, LS_LINK_ERROR, LS_REASON_TOKEN_REFUSED);
  g_assert_cmpuint (ls_link_error_get_status (list_error), ==, 401);
}

static void
test_classic_cancelled (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) poll_error = NULL;
  g_autoptr (GError) list_error = NULL;

  ls_transport_poll_async (fixture->transport, "token", 0, cancellable, result_cb, fixture);
  g_cancellable_cancel (cancellable);
  wait_for (fixture, &fixture->n_results, 1);
  g_assert_null (ls_transport_poll_finish (fixture->transport, fixture->result, &poll_error));
  g_assert_error (poll_error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  ls_transport_list_async (fixture->transport, "token", "grades", cancellable, result_cb, fixture);
  wait_for (fixture, &fixture->n_results, 2);
  g_assert_null (ls_transport_list_finish (fixture->transport, fixture->result, &list_error));
  g_assert_error (list_error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* A call that is cancelled, before or after it was made, is answered once, and with that. */
static void
test_cancelled (Fixture *fixture, gconstpointer kind)
{
  for (guint i = 0; i < 4; i++)
    {
      gboolean is_open = i % 2 == 0, before = i >= 2;
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GError) error = NULL;

      if (before)
        g_cancellable_cancel (cancellable);
      if (is_open)
        ls_transport_open_async (fixture->transport, "token", cancellable, result_cb, fixture);
      else
        ls_transport_updates_async (fixture->transport, "token", ls_cursor_new ("e", 1),
                                    cancellable, result_cb, fixture);
      if (!before)
        g_cancellable_cancel (cancellable);
      g_assert_cmpuint (fixture->n_results, ==, i);
      wait_for (fixture, &fixture->n_results, i + 1);
      if (is_open)
        ls_transport_open_finish (fixture->transport, fixture->result, &error);
      else
        g_assert_null (ls_transport_updates_finish (fixture->transport, fixture->result, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    }
  g_assert_cmpuint (fixture->n_closed, ==, 0);
  open_socket (fixture);
}

#define ADD(promise, test)                                                                         \
  g_test_add ("/contract/transport/" promise, Fixture, kind, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  const char *kind = NULL;

  g_test_init (&argc, &argv, NULL);
  kind = argc > 1 ? argv[1] : "fake";
  ADD ("talks", test_talks);
  ADD ("garbage-costs-nothing", test_garbage);
  ADD ("held", test_held);
  ADD ("held-and-closed", test_held_and_closed);
  ADD ("end-is-told-once", test_server_closes);
  ADD ("closing-is-silent", test_closes);
  ADD ("refusals-have-reasons", test_refused);
  ADD ("nothing-new", test_nothing_new);
  ADD ("cancelled-is-told-once", test_cancelled);
  ADD ("classic/answers", test_classic);
  ADD ("classic/refusals-have-reasons", test_classic_refused);
  ADD ("classic/cancelled-is-told-once", test_classic_cancelled);
  return g_test_run ();
}
