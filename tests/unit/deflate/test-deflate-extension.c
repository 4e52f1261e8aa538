/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The extension as libsoup calls it, frame by frame. */
#include "ls-deflate.h"

#include <string.h>

#define FIN 0x80
#define RSV1 0x40
#define RSV2 0x20
#define TEXT 0x01
#define PING 0x09
#define MAX_MESSAGE 10000

typedef struct
{
  LsDeflate *client; /* (owned) */
  LsDeflate *server; /* (owned) */
} Fixture;

static LsDeflate *
create (SoupWebsocketConnectionType type, const char *params)
{
  LsDeflate *self = g_object_new (LS_TYPE_DEFLATE, NULL);
  GHashTable *table = params != NULL ? soup_header_parse_semi_param_list_strict (params) : NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (
      soup_websocket_extension_configure (SOUP_WEBSOCKET_EXTENSION (self), type, table, &error));
  g_assert_no_error (error);
  g_clear_pointer (&table, soup_header_free_param_list);
  ls_deflate_set_max_message (self, MAX_MESSAGE);
  return self;
}

static void
fixture_init (Fixture *fixture, const char *offer, const char *answer)
{
  fixture->client = create (SOUP_WEBSOCKET_CONNECTION_CLIENT, answer);
  fixture->server = create (SOUP_WEBSOCKET_CONNECTION_SERVER, offer);
}

static void
fixture_clear (Fixture *fixture)
{
  g_assert_finalize_object (fixture->client);
  g_assert_finalize_object (fixture->server);
}

static GBytes *
send_frame (LsDeflate *self, guint8 *head, GBytes *payload)
{
  g_autoptr (GError) error = NULL;
  GBytes *found = soup_websocket_extension_process_outgoing_message (
      SOUP_WEBSOCKET_EXTENSION (self), head, g_bytes_ref (payload), &error);

  g_assert_no_error (error);
  g_assert_nonnull (found);
  return found;
}

static GBytes *
receive_frame (LsDeflate *self, guint8 *head, const guint8 *data, gsize size, GError **error)
{
  return soup_websocket_extension_process_incoming_message (SOUP_WEBSOCKET_EXTENSION (self), head,
                                                            g_bytes_new (data, size), error);
}

/* A message that came in one frame */
static GBytes *
read_frame (LsDeflate *self, guint8 head, GBytes *payload, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (payload, &size);
  GBytes *found = receive_frame (self, &head, data, size, error);

  g_assert_true (found == NULL || head == (FIN | TEXT));
  return found;
}

static GBytes *
create_text (guint number, gsize size)
{
  GString *text = g_string_new (NULL);

  while (text->len < size)
    g_string_append_printf (text, "{\"type\":\"grade_updated\",\"offset\":%u}", number);
  g_string_truncate (text, size);
  return g_string_free_to_bytes (text);
}

static void
assert_arrives (LsDeflate *from, LsDeflate *to, GBytes *text, gboolean is_packed)
{
  guint8 head = FIN | TEXT;
  g_autoptr (GBytes) payload = send_frame (from, &head, text);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) found = NULL;

  g_assert_cmphex (head, ==, is_packed ? FIN | RSV1 | TEXT : FIN | TEXT);
  g_assert_cmpint (g_bytes_get_size (payload) < g_bytes_get_size (text), ==, is_packed);
  found = read_frame (to, head, payload, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (found, text));
}

static void
assert_speak (const char *offer, const char *answer, gboolean is_packed)
{
  Fixture fixture;

  g_test_message ("%s / %s", offer, answer);
  fixture_init (&fixture, offer, answer);
  for (guint i = 0; i < 40; i++)
    {
      g_autoptr (GBytes) text = create_text (i, LS_DEFLATE_MIN_SIZE + i * 17);
      g_autoptr (GBytes) small = create_text (i, LS_DEFLATE_MIN_SIZE - 1 - i);

      assert_arrives (fixture.client, fixture.server, text, is_packed);
      assert_arrives (fixture.server, fixture.client, text, is_packed);
      assert_arrives (fixture.client, fixture.server, small, FALSE);
      assert_arrives (fixture.server, fixture.client, small, FALSE);
    }
  fixture_clear (&fixture);
}

static void
test_speaks (void)
{
  static const char *const offers[] = {
    "",
    "client_max_window_bits",
    "client_max_window_bits=9",
    "client_max_window_bits=8",
    "server_max_window_bits=8; client_max_window_bits",
    "server_no_context_takeover",
    "server_no_context_takeover; client_no_context_takeover",
  };

  for (guint i = 0; i < G_N_ELEMENTS (offers); i++)
    {
      g_autoptr (LsDeflate) server = create (SOUP_WEBSOCKET_CONNECTION_SERVER, offers[i]);
      g_autofree char *answer =
          soup_websocket_extension_get_response_params (SOUP_WEBSOCKET_EXTENSION (server));

      assert_speak (offers[i], answer + strlen ("; "), TRUE);
    }
}

/* Control frames and empty messages are left alone. */
static void
test_leaves_alone (void)
{
  Fixture fixture;
  g_autoptr (GBytes) text = create_text (1, 300);
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) sent = NULL, received = NULL;
  guint8 head = FIN | PING;

  fixture_init (&fixture, "", NULL);
  sent = send_frame (fixture.server, &head, text);
  g_assert_true (sent == text);
  received = receive_frame (fixture.client, &head, g_bytes_get_data (text, NULL), 300, NULL);
  g_assert_true (g_bytes_equal (received, text));
  g_assert_cmphex (head, ==, FIN | PING);
  assert_arrives (fixture.server, fixture.client, empty, FALSE);
  fixture_clear (&fixture);
}

static void
assert_receives_part (LsDeflate *self, guint8 head, const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) delivered = receive_frame (self, &head, data, size, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (delivered), ==, 0);
  g_assert_cmphex (head & RSV1, ==, 0);
}

/* A message in fragments of a byte each, with pings between them */
static void
test_fragments (void)
{
  Fixture fixture;

  fixture_init (&fixture, "", NULL);
  for (guint round = 0; round < 3; round++)
    {
      g_autoptr (GBytes) text = create_text (round, 5000);
      guint8 head = FIN | TEXT;
      guint8 last = FIN;
      g_autoptr (GBytes) payload = send_frame (fixture.server, &head, text);
      g_autoptr (GBytes) found = NULL;
      gsize size;
      const guint8 *data = g_bytes_get_data (payload, &size);

      for (gsize i = 0; i < size; i++)
        {
          guint8 ping = FIN | PING;
          g_autoptr (GBytes) pinged = receive_frame (fixture.client, &ping, data, 1, NULL);

          g_assert_cmpuint (g_bytes_get_size (pinged), ==, 1);
          assert_receives_part (fixture.client, i == 0 ? RSV1 | TEXT : 0, data + i, 1);
        }
      found = receive_frame (fixture.client, &last, NULL, 0, NULL);
      g_assert_true (g_bytes_equal (found, text));
    }
  fixture_clear (&fixture);
}

/* The payload is an empty block: an empty message. */
static void
assert_keeps_bits (LsDeflate *self, guint8 head, guint8 kept)
{
  guint8 changed = head;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) delivered = receive_frame (self, &changed, (const guint8 *)"", 1, &error);

  g_assert_no_error (error);
  g_assert_cmphex (changed & 0x70, ==, kept);
}

/* What is left set ends the connection: libsoup sees to that. */
static void
test_reserved_bits (void)
{
  Fixture fixture;
  g_autoptr (LsDeflate) plain = create (SOUP_WEBSOCKET_CONNECTION_CLIENT, LS_DEFLATE_PLAIN);

  fixture_init (&fixture, "", NULL);
  assert_keeps_bits (fixture.client, FIN | RSV1 | TEXT, 0);
  assert_keeps_bits (fixture.client, FIN | RSV1 | RSV2 | TEXT, RSV2);
  assert_keeps_bits (fixture.client, RSV1 | TEXT, 0);
  assert_keeps_bits (fixture.client, RSV1, RSV1); /* on a fragment that is not the first */
  assert_keeps_bits (fixture.client, FIN | RSV1 | PING, RSV1);

  assert_keeps_bits (plain, FIN | RSV1 | TEXT, RSV1); /* where nothing was agreed on */
  fixture_clear (&fixture);
}

/* Returns: how much of a message that never ends is let through, in bytes */
static gsize
feed_endlessly (LsDeflate *self, guint8 head)
{
  static const guint8 part[100] = { 0 };
  g_autoptr (GError) error = NULL;
  gsize size = 0;

  for (guint i = 0; error == NULL; i++)
    {
      guint8 changed = i == 0 ? head : 0;
      g_autoptr (GBytes) delivered = receive_frame (self, &changed, part, sizeof part, &error);

      size += delivered != NULL ? sizeof part : 0;
      g_assert_cmpuint (size, <=, MAX_MESSAGE);
    }
  g_assert_error (error, SOUP_WEBSOCKET_ERROR, SOUP_WEBSOCKET_CLOSE_TOO_BIG);
  return size;
}

static void
test_endless (void)
{
  Fixture fixture;

  fixture_init (&fixture, "", LS_DEFLATE_PLAIN);
  g_assert_cmpuint (feed_endlessly (fixture.client, TEXT), ==, MAX_MESSAGE);
  g_assert_cmpuint (feed_endlessly (fixture.server, TEXT), ==, MAX_MESSAGE);
  g_assert_cmpuint (feed_endlessly (fixture.server, RSV1 | TEXT), ==, MAX_MESSAGE);
  fixture_clear (&fixture);
}

static void
test_bomb (void)
{
  Fixture fixture;
  g_autoptr (GBytes) most = create_text (1, MAX_MESSAGE);
  g_autoptr (GBytes) more = create_text (1, MAX_MESSAGE + 1);
  g_autoptr (GBytes) bomb = NULL, found = NULL;
  g_autoptr (GError) error = NULL;
  guint8 head = FIN | TEXT;

  fixture_init (&fixture, "", NULL);
  assert_arrives (fixture.server, fixture.client, most, TRUE);
  bomb = send_frame (fixture.server, &head, more);
  g_assert_cmpuint (g_bytes_get_size (bomb), <, 200);
  found = read_frame (fixture.client, head, bomb, &error);
  g_assert_null (found);
  g_assert_error (error, SOUP_WEBSOCKET_ERROR, SOUP_WEBSOCKET_CLOSE_TOO_BIG);
  fixture_clear (&fixture);
}

/* Of a message whose end never came nothing gets into the next. */
static void
test_abandoned (void)
{
  Fixture fixture;
  g_autoptr (GBytes) text = create_text (1, 500);

  fixture_init (&fixture, "", NULL);
  assert_receives_part (fixture.client, RSV1 | TEXT, (const guint8 *)"abc", 3);
  assert_arrives (fixture.server, fixture.client, text, TRUE);
  fixture_clear (&fixture);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/deflate/extension/speaks-as-agreed", test_speaks);
  g_test_add_func ("/deflate/extension/leaves-control-and-empty-alone", test_leaves_alone);
  g_test_add_func ("/deflate/extension/joins-fragments", test_fragments);
  g_test_add_func ("/deflate/extension/keeps-reserved-bits-that-are-wrong", test_reserved_bits);
  g_test_add_func ("/deflate/extension/bounds-endless-fragments", test_endless);
  g_test_add_func ("/deflate/extension/bounds-what-is-unpacked", test_bomb);
  g_test_add_func ("/deflate/extension/forgets-what-never-ended", test_abandoned);

  return g_test_run ();
}
