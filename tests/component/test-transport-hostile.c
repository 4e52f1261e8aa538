/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The transport against peers that do what no server should. */
#include "ls-answer.h"
#include "ls-deflater.h"
#include "ls-hostile-peer.h"
#include "ls-link-error.h"
#include "ls-transport-calls.h"
#include "ls-transport-soup.h"

#include <malloc.h>
#include <string.h>
#include <sys/resource.h>

#define TOKEN "header.SECRET.signature"

/* The most that a hostile peer may cost: two messages of the largest size, and what libsoup has read
 * of them. A sanitizer keeps what is freed. */
#ifdef __SANITIZE_ADDRESS__
#define MEMORY_SLACK_KIB (1 << 20)
#else
#define MEMORY_SLACK_KIB (24 << 10)
#endif

typedef struct
{
  LsHostilePeer *peer;    /* (owned) */
  LsTransport *transport; /* (owned) */
  GString *heard;         /* (owned), one letter a signal: message, bad message, closed */
  GError *closed_error;   /* (owned) (nullable) */
} Fixture;

static void
on_message (LsTransport *transport, LsMessage *message, Fixture *fixture)
{
  g_string_append_c (fixture->heard, 'm');
}

static void
on_bad_message (LsTransport *transport, const GError *error, Fixture *fixture)
{
  g_assert_nonnull (error);
  g_string_append_c (fixture->heard, 'b');
}

static void
on_closed (LsTransport *transport, const GError *error, Fixture *fixture)
{
  g_string_append_c (fixture->heard, 'c');
  g_assert_null (fixture->closed_error);
  fixture->closed_error = g_error_copy (error);
}

static void
fixture_init (Fixture *fixture, const LsPeerScript *script, gint64 timeout_ms, const char *query)
{
  g_autofree char *url = NULL;
  LsTransportConfig config = { .connect_timeout_ms = timeout_ms, .token_in_query = (char *)query };

  fixture->peer = ls_hostile_peer_new (script);
  url = g_strdup_printf ("http://127.0.0.1:%u", ls_hostile_peer_get_port (fixture->peer));
  config.url = url;
  fixture->transport = LS_TRANSPORT (ls_transport_soup_new (&config));
  fixture->heard = g_string_new (NULL);
  fixture->closed_error = NULL;
  g_signal_connect (fixture->transport, "message", G_CALLBACK (on_message), fixture);
  g_signal_connect (fixture->transport, "bad-message", G_CALLBACK (on_bad_message), fixture);
  g_signal_connect (fixture->transport, "closed", G_CALLBACK (on_closed), fixture);
}

static void
fixture_clear (Fixture *fixture)
{
  g_assert_finalize_object (fixture->transport);
  ls_hostile_peer_free (fixture->peer);
  g_string_free (fixture->heard, TRUE);
  g_clear_error (&fixture->closed_error);
}

static LsProtocol
open_socket (Fixture *fixture, GError **error)
{
  return ls_call_open_socket (fixture->transport, TOKEN, error);
}

static LsUpdates *
get_updates (Fixture *fixture, GError **error)
{
  return ls_call_updates (fixture->transport, TOKEN, ls_cursor_new ("e", 1), error);
}

static void
assert_link_error (const GError *error, LsReason reason, guint status)
{
  g_test_message ("%s", error->message);
  g_assert_error (error, LS_LINK_ERROR, (gint)reason);
  g_assert_cmpuint (ls_link_error_get_status (error), ==, status);
  g_assert_null (g_strstr_len (error->message, -1, "SECRET"));
}

static const struct
{
  const char *name;
  const char *answer;
  LsPeerEnding ending;
  LsReason reason;
  guint status;
  gint64 retry_after_ms;
} refusals[] = {
  { "token",
    "HTTP/1.1 401 Unauthorized\r\nX-Labsync-Server: 1\r\nWWW-Authenticate: Bearer realm=\"x\"\r\n"
    "Content-Length: 2\r\nContent-Type: application/json\r\n\r\n{}",
    LS_PEER_READS, LS_REASON_TOKEN_REFUSED, 401, 0 },
  { "draining", "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", LS_PEER_READS,
    LS_REASON_SERVER_DRAINING, 503, 7000 },
  { "busy", "HTTP/1.1 429 Slow down\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n", LS_PEER_READS,
    LS_REASON_RATE_LIMITED, 429, 2000 },
  { "proxy",
    "HTTP/1.1 407 Sign in\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n",
    LS_PEER_READS, LS_REASON_PROXY_AUTH, 407, 0 },
  { "redirect",
    "HTTP/1.1 302 Found\r\nLocation: /ok\r\nX-Labsync-Server: 1\r\nContent-Length: 0\r\n\r\n",
    LS_PEER_READS, LS_REASON_SERVER_UNREACHABLE, 302, 0 },
  { "redirect-elsewhere",
    "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:1/" TOKEN "\r\nContent-Length: 0\r\n\r\n",
    LS_PEER_READS, LS_REASON_CAPTIVE_PORTAL, 302, 0 },
  { "bad-accept",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: AAAA\r\n\r\n",
    LS_PEER_READS, LS_REASON_UPGRADE_REFUSED, 101, 0 },
  { "ordinary", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", LS_PEER_READS,
    LS_REASON_UPGRADE_REFUSED, 200, 0 },
  { "portal", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi",
    LS_PEER_READS, LS_REASON_CAPTIVE_PORTAL, 200, 0 },
  { "no-socket-there", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", LS_PEER_READS,
    LS_REASON_UPGRADE_REFUSED, 404, 0 },
  { "end-in-handshake", NULL, LS_PEER_FINISHES, LS_REASON_SERVER_UNREACHABLE, 0, 0 },
  { "end-in-answer", "HTTP/1.1 101 Swi", LS_PEER_FINISHES, LS_REASON_SERVER_UNREACHABLE, 0, 0 },
  { "reset-in-handshake", NULL, LS_PEER_RESETS, LS_REASON_SERVER_UNREACHABLE, 0, 0 },
  { "not-http", "SSH-2.0-OpenSSH_9.2\r\n\r\n", LS_PEER_READS, LS_REASON_SERVER_UNREACHABLE, 0, 0 },
};

static void
test_refusals (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      LsPeerScript script = { .answer = refusals[i].answer, .ending = refusals[i].ending };
      g_autoptr (GError) error = NULL;
      Fixture fixture;

      g_test_message ("%s", refusals[i].name);
      fixture_init (&fixture, &script, 10000, "auto");
      g_assert_cmpint (open_socket (&fixture, &error), ==, LS_PROTOCOL_UNKNOWN);
      assert_link_error (error, refusals[i].reason, refusals[i].status);
      g_assert_cmpint (ls_link_error_get_retry_after (error), ==, refusals[i].retry_after_ms);
      g_assert_cmpuint (ls_hostile_peer_count_requests (fixture.peer), ==, 1);
      g_assert_cmpstr (fixture.heard->str, ==, "");
      fixture_clear (&fixture);
    }
}

/* The same against a peer that never answers, one that dribbles, and one that never stops. */
static void
assert_bounded (const LsPeerScript *script, gboolean is_call)
{
  g_autoptr (GError) error = NULL;
  Fixture fixture;

  fixture_init (&fixture, script, 300, "auto");
  if (is_call)
    g_assert_null (get_updates (&fixture, &error));
  else
    g_assert_cmpint (open_socket (&fixture, &error), ==, LS_PROTOCOL_UNKNOWN);
  g_test_message ("%s", error->message);
  g_assert_error (error, LS_LINK_ERROR, LS_REASON_SERVER_UNREACHABLE);
  fixture_clear (&fixture);
}

static void
test_time_and_size (void)
{
  static const char padding[] =
      "X-Padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n";
  static const LsPeerScript scripts[] = {
    { .ending = LS_PEER_READS },
    { "HTTP/1.1 101 ", .filler = "x", .filler_size = G_MAXSIZE, .filler_pause = 20000 },
    { "HTTP/1.1 101 Switching Protocols\r\n", .filler = padding, .filler_size = G_MAXSIZE },
    { "HTTP/1.1 200 OK\r\n", .filler = padding, .filler_size = G_MAXSIZE },
    { "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{", .filler = " ",
      .filler_size = G_MAXSIZE, .filler_pause = 20000 },
  };

  for (guint i = 0; i < 3; i++)
    assert_bounded (&scripts[i], FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++)
    assert_bounded (&scripts[i], TRUE);
}

static GBytes *
join (GBytes *first, GBytes *second)
{
  GByteArray *both = g_bytes_unref_to_array (first);

  g_byte_array_append (both, g_bytes_get_data (second, NULL), g_bytes_get_size (second));
  g_bytes_unref (second);

  return g_byte_array_free_to_bytes (both);
}

static GBytes *
create_text (const char *text)
{
  return ls_hostile_peer_frame (0x81, text, -1);
}

static const char drain[] = "{\"type\":\"drain\",\"retryAfter\":1,\"spread\":2}";

/* Plays @script to an open socket and waits for its end. */
static void
assert_script_ends (const char *name,
                    const LsPeerScript *script,
                    const char *heard,
                    LsReason reason,
                    guint status)
{
  g_autoptr (LsMessage) ping = ls_message_new (LS_MESSAGE_PING);
  g_autoptr (GError) error = NULL;
  Fixture fixture;

  g_test_message ("%s", name);
  fixture_init (&fixture, script, 10000, "auto");
  g_assert_cmpint (open_socket (&fixture, &error), ==, LS_PROTOCOL_LABSYNC_V1);
  g_assert_no_error (error);
  ls_transport_send (fixture.transport, ping);
  while (fixture.closed_error == NULL)
    g_main_context_iteration (NULL, TRUE);

  g_assert_cmpstr (fixture.heard->str, ==, heard);
  assert_link_error (fixture.closed_error, reason, status);

  /* All this is allowed and does nothing. */
  ls_transport_send (fixture.transport, ping);
  ls_transport_close (fixture.transport);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpstr (fixture.heard->str, ==, heard);
  fixture_clear (&fixture);
}

/* The same with frames (transfer full) and nothing else. */
static void
assert_ends (const char *name,
             GBytes *frames,
             LsPeerEnding ending,
             const char *heard,
             LsReason reason,
             guint status)
{
  g_autoptr (GBytes) owned = frames;
  LsPeerScript script = {
    .upgrades = TRUE, .subprotocol = "labsync.v1", .frames = frames, .ending = ending
  };

  assert_script_ends (name, &script, heard, reason, status);
}

static void
test_endings (void)
{
  assert_ends ("fin", create_text (drain), LS_PEER_FINISHES, "mc", LS_REASON_SERVER_UNREACHABLE, 0);
  assert_ends ("reset", g_bytes_new (NULL, 0), LS_PEER_RESETS, "c", LS_REASON_SERVER_UNREACHABLE,
               0);
  assert_ends ("going away", ls_hostile_peer_close_frame (1001, "going away"), LS_PEER_FINISHES,
               "c", LS_REASON_SERVER_DRAINING, 1001);
  assert_ends ("restarting", ls_hostile_peer_close_frame (1012, ""), LS_PEER_FINISHES, "c",
               LS_REASON_SERVER_DRAINING, 1012);
  assert_ends ("token", ls_hostile_peer_close_frame (4001, TOKEN), LS_PEER_FINISHES, "c",
               LS_REASON_TOKEN_REFUSED, 4001);
  assert_ends ("forbidden", ls_hostile_peer_close_frame (4003, ""), LS_PEER_FINISHES, "c",
               LS_REASON_POLICY, 4003);
  assert_ends ("too many", ls_hostile_peer_close_frame (4008, ""), LS_PEER_FINISHES, "c",
               LS_REASON_RATE_LIMITED, 4008);
  assert_ends ("duplicate", ls_hostile_peer_close_frame (4009, ""), LS_PEER_FINISHES, "c",
               LS_REASON_POLICY, 4009);
  assert_ends ("empty close", ls_hostile_peer_frame (0x88, "", 0), LS_PEER_FINISHES, "c",
               LS_REASON_SERVER_UNREACHABLE, 1005);
}

static void
test_broken_frames (void)
{
  g_autofree char *big = g_strnfill (2 << 20, 'x');

  assert_ends ("too big", ls_hostile_peer_frame (0x81, big, 2 << 20), LS_PEER_FINISHES, "c",
               LS_REASON_SERVER_UNREACHABLE, 0);
  assert_ends ("bad UTF-8", create_text ("\xff\xfe"), LS_PEER_FINISHES, "c",
               LS_REASON_SERVER_UNREACHABLE, 0);
  assert_ends ("masked",
               g_bytes_new_static ("\x81\x82"
                                   "abcd\0\0",
                                   8),
               LS_PEER_FINISHES, "c", LS_REASON_SERVER_UNREACHABLE, 0);
}

static void
test_bad_messages (void)
{
  g_autofree char *deep = g_strnfill (100000, '[');
  g_autofree char *big = g_strnfill ((1 << 20) + 1, ' ');

  assert_ends ("binary", join (ls_hostile_peer_frame (0x82, drain, -1), create_text (drain)),
               LS_PEER_FINISHES, "bmc", LS_REASON_SERVER_UNREACHABLE, 0);
  assert_ends ("empty", join (create_text (""), create_text (drain)), LS_PEER_FINISHES, "bmc",
               LS_REASON_SERVER_UNREACHABLE, 0);
  assert_ends ("no JSON", join (create_text ("hello"), create_text (drain)), LS_PEER_FINISHES,
               "bmc", LS_REASON_SERVER_UNREACHABLE, 0);
  assert_ends ("deep", join (create_text (deep), create_text (drain)), LS_PEER_FINISHES, "bmc",
               LS_REASON_SERVER_UNREACHABLE, 0);
  assert_ends ("just too long", join (create_text (big), create_text (drain)), LS_PEER_FINISHES,
               "bmc", LS_REASON_SERVER_UNREACHABLE, 0);
  assert_ends ("unknown type", join (create_text ("{\"type\":\"novelty\"}"), create_text (drain)),
               LS_PEER_FINISHES, "bmc", LS_REASON_SERVER_UNREACHABLE, 0);
  assert_ends (
      "fragments",
      join (ls_hostile_peer_frame (0x01, drain, 5), ls_hostile_peer_frame (0x80, drain + 5, -1)),
      LS_PEER_FINISHES, "mc", LS_REASON_SERVER_UNREACHABLE, 0);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_cmpint (ls_transport_open_finish (fixture->transport, result, NULL), ==,
                   LS_PROTOCOL_LABSYNC_V1);
  g_string_append_c (fixture->heard, 'o');
}

static void
test_early (void)
{
  g_autoptr (GBytes) frames = join (create_text (drain), create_text (drain));
  LsPeerScript script = { .upgrades = TRUE,
                          .subprotocol = "labsync.v1",
                          .is_early = TRUE,
                          .frames = frames,
                          .ending = LS_PEER_FINISHES };
  Fixture fixture;

  fixture_init (&fixture, &script, 10000, "auto");
  ls_transport_open_async (fixture.transport, TOKEN, NULL, opened_cb, &fixture);
  while (fixture.closed_error == NULL)
    g_main_context_iteration (NULL, TRUE);

  g_assert_cmpstr (fixture.heard->str, ==, "ommc");
  fixture_clear (&fixture);
}

/* However much comes at once, others on the main loop get their turn in between; and all of it is told
 * before the end is. */
static void
test_flood (void)
{
  const guint n_frames = 200;
  const gsize frame_size = 8 << 10;
  const gsize largest_turn = 64 << 10;
  g_autofree char *padding = g_strnfill (frame_size - strlen (drain), ' ');
  g_autofree char *text = g_strconcat (drain, padding, NULL);
  g_autoptr (GBytes) frames = g_bytes_new (NULL, 0);
  LsPeerScript script = {
    .upgrades = TRUE, .subprotocol = "labsync.v1", .is_early = TRUE, .ending = LS_PEER_FINISHES
  };
  gsize most = 0;
  Fixture fixture;

  for (guint i = 0; i < n_frames; i++)
    frames = join (g_steal_pointer (&frames), create_text (text));
  script.frames = frames;
  fixture_init (&fixture, &script, 10000, "auto");
  ls_transport_open_async (fixture.transport, TOKEN, NULL, opened_cb, &fixture);
  while (fixture.closed_error == NULL)
    {
      gsize before = fixture.heard->len;

      g_main_context_iteration (NULL, TRUE);
      most = MAX (most, fixture.heard->len - before);
    }

  g_assert_cmpuint (fixture.heard->len, ==, n_frames + 2);
  g_assert_cmpint (fixture.heard->str[n_frames + 1], ==, 'c');
  /* with the last turn comes the end */
  g_assert_cmpuint (most, <=, largest_turn / frame_size + 1);
  fixture_clear (&fixture);
}

/* What comes faster than it is dealt with stays with the peer: neither what was read nor what is read
 * while the socket is held is any more for it. */
static void
test_flood_waits (void)
{
  const gsize n_frames = 4000;
  const gsize frame_size = 8 << 10;
  const gsize room = 2 << 20;
  g_autofree char *padding = g_strnfill (frame_size - strlen (drain), ' ');
  g_autofree char *text = g_strconcat (drain, padding, NULL);
  g_autoptr (GByteArray) flood = g_byte_array_new ();
  g_autoptr (GBytes) frame = create_text (text);
  g_autoptr (GBytes) frames = NULL;
  LsPeerScript script = { .upgrades = TRUE,
                          .subprotocol = "labsync.v1",
                          .ending = LS_PEER_FINISHES };
  g_autoptr (LsMessage) ping = ls_message_new (LS_MESSAGE_PING);
  g_autoptr (GError) error = NULL;
  Fixture fixture;
  gsize before, most = 0;

  for (gsize i = 0; i < n_frames; i++)
    g_byte_array_append (flood, g_bytes_get_data (frame, NULL), (guint)g_bytes_get_size (frame));
  script.frames = frames = g_byte_array_free_to_bytes (g_steal_pointer (&flood));
  fixture_init (&fixture, &script, 10000, "auto");
  open_socket (&fixture, &error);
  g_assert_no_error (error);
  before = mallinfo2 ().uordblks + mallinfo2 ().hblkhd;
  ls_transport_send (fixture.transport, ping); /* opens the flood */
  while (fixture.closed_error == NULL)
    {
      gsize heard = fixture.heard->len;

      g_main_context_iteration (NULL, TRUE);
      most = MAX (most, mallinfo2 ().uordblks + mallinfo2 ().hblkhd);
      if (heard < n_frames / 2 && fixture.heard->len >= n_frames / 2)
        {
          ls_transport_set_held (fixture.transport, TRUE);
          heard = fixture.heard->len;
          while (g_main_context_iteration (NULL, FALSE))
            continue;
          g_assert_cmpuint (fixture.heard->len, ==, heard);
          ls_transport_set_held (fixture.transport, FALSE);
        }
    }

  g_assert_cmpuint (fixture.heard->len, ==, n_frames + 1);
  g_assert_cmpuint (most, <, before + room);
  fixture_clear (&fixture);
}

/* Returns: (transfer full): a compressed frame of @deflater */
static GBytes *
pack (LsDeflater *deflater, const char *text)
{
  g_autoptr (GBytes) message = g_bytes_new (text, strlen (text));
  g_autoptr (GBytes) packed = ls_deflater_deflate (deflater, message, 0, NULL);

  return ls_hostile_peer_frame (0xc1, g_bytes_get_data (packed, NULL), g_bytes_get_size (packed));
}

/* Plays @frames (transfer full) where @extensions were agreed on. */
static void
assert_compressed_ends (const char *extensions, GBytes *frames, const char *heard)
{
  g_autoptr (GBytes) owned = frames;
  LsPeerScript script = { .upgrades = TRUE,
                          .subprotocol = "labsync.v1",
                          .extensions = extensions,
                          .frames = frames,
                          .ending = LS_PEER_FINISHES };

  assert_script_ends (extensions, &script, heard, LS_REASON_SERVER_UNREACHABLE, 0);
}

static void
test_compressed (void)
{
  static const struct
  {
    const char *extensions;
    LsDeflateSide side;
  } answers[] = {
    { "permessage-deflate", { FALSE, 15 } },
    { "permessage-deflate; client_max_window_bits=15", { FALSE, 15 } },
    { "permessage-deflate; server_max_window_bits=9", { FALSE, 9 } },
    { "permessage-deflate; server_max_window_bits=8", { FALSE, 8 } },
    { "permessage-deflate; server_no_context_takeover", { TRUE, 15 } },
    { "permessage-deflate; client_no_context_takeover; server_no_context_takeover; "
      "server_max_window_bits=10; client_max_window_bits=8",
      { TRUE, 10 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (LsDeflater) deflater = ls_deflater_new (&answers[i].side);
      GBytes *frames = pack (deflater, drain);

      frames = join (frames, pack (deflater, drain));
      /* What is not compressed may come between. */
      frames = join (frames, create_text (drain));
      frames = join (frames, pack (deflater, "no JSON"));
      frames = join (frames, pack (deflater, drain));
      assert_compressed_ends (answers[i].extensions, frames, "mmmbmc");
    }
}

static void
test_offer (void)
{
  static const char offer[] = "permessage-deflate; client_max_window_bits\r\n";
  LsPeerScript script = { .upgrades = TRUE, .ending = LS_PEER_FINISHES };
  g_autofree char *request = NULL;
  const char *header;
  Fixture fixture;

  fixture_init (&fixture, &script, 10000, "auto");
  g_assert_cmpint (open_socket (&fixture, NULL), ==, LS_PROTOCOL_CLASSIC);
  request = ls_hostile_peer_get_request (fixture.peer, 0);
  header = strstr (request, "Sec-WebSocket-Extensions: ");
  g_assert_nonnull (header);
  g_assert_true (g_str_has_prefix (header + strlen ("Sec-WebSocket-Extensions: "), offer));
  g_assert_null (strstr (header + 1, "Sec-WebSocket-Extensions"));
  fixture_clear (&fixture);
}

static void
test_bad_answers (void)
{
  static const char *const answers[] = {
    "permessage-deflate; client_max_window_bits",
    "permessage-deflate; client_max_window_bits=16",
    "permessage-deflate; server_max_window_bits=7",
    "permessage-deflate; server_max_window_bits",
    "permessage-deflate; server_no_context_takeover=1",
    "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9",
    "permessage-deflate; novelty",
    "x-novelty",
  };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      LsPeerScript script = { .upgrades = TRUE,
                              .subprotocol = "labsync.v1",
                              .extensions = answers[i],
                              .is_early = TRUE,
                              .ending = LS_PEER_FINISHES };
      g_autoptr (GBytes) frames = create_text (drain);
      g_autoptr (GError) error = NULL;
      Fixture fixture;

      g_test_message ("%s", answers[i]);
      script.frames = frames;
      fixture_init (&fixture, &script, 10000, "auto");
      g_assert_cmpint (open_socket (&fixture, &error), ==, LS_PROTOCOL_UNKNOWN);
      assert_link_error (error, LS_REASON_UPGRADE_REFUSED, 101);
      fixture_clear (&fixture);
    }
}

static glong
get_peak_kib (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

/* Returns: (transfer full): a message in @n fragments, the last of which never comes */
static GBytes *
create_endless (guint8 first_byte, guint n, gsize size)
{
  g_autofree char *part = g_strnfill (size, ' ');
  GBytes *frames = ls_hostile_peer_frame (first_byte, part, (gssize)size);

  for (guint i = 1; i < n; i++)
    frames = join (frames, ls_hostile_peer_frame (0x00, part, (gssize)size));
  return frames;
}

static void
test_endless_fragments (void)
{
  assert_compressed_ends (NULL, create_endless (0x01, 50, 100000), "c");
  assert_compressed_ends ("permessage-deflate", create_endless (0x01, 50, 100000), "c");
  assert_compressed_ends ("permessage-deflate", create_endless (0x41, 50, 100000), "c");
}

static void
test_broken_compression (void)
{
  g_autoptr (LsDeflater) deflater = ls_deflater_new (&(LsDeflateSide) { FALSE, 15 });
  GBytes *good = pack (deflater, drain);
  GBytes *late = pack (deflater, drain);

  assert_compressed_ends ("permessage-deflate",
                          join (good, join (ls_hostile_peer_frame (0xc1, "\x07", 1), late)), "mc");
  assert_compressed_ends (NULL, ls_hostile_peer_frame (0xc1, "\x07", 1), "c");
  assert_compressed_ends ("permessage-deflate", ls_hostile_peer_frame (0xa1, "x", 1), "c");
  assert_compressed_ends ("permessage-deflate", ls_hostile_peer_frame (0xc9, "x", 1), "c");
}

static void
test_bomb (void)
{
  const gsize size = 64 << 20;
  g_autoptr (LsDeflater) deflater = ls_deflater_new (&(LsDeflateSide) { FALSE, 15 });
  g_autofree char *text = g_strnfill (size, ' ');
  GBytes *bomb = pack (deflater, text);
  glong before;

  g_clear_pointer (&text, g_free);
  g_assert_cmpuint (g_bytes_get_size (bomb), <, 70000);
  before = get_peak_kib ();
  assert_compressed_ends ("permessage-deflate", join (bomb, pack (deflater, drain)), "c");
  g_assert_cmpint (get_peak_kib () - before, <, MEMORY_SLACK_KIB);
}

/* Many that are just small enough cost no more than one. */
static void
test_many_bombs (void)
{
  const guint n = 128;
  g_autoptr (LsDeflater) deflater = ls_deflater_new (&(LsDeflateSide) { FALSE, 15 });
  g_autofree char *text = g_strnfill (1 << 20, ' ');
  GBytes *frames = pack (deflater, drain);
  g_autofree char *bad = g_strnfill (n, 'b');
  g_autofree char *heard = g_strconcat ("m", bad, "mc", NULL);
  glong before;

  for (guint i = 0; i < n; i++)
    frames = join (frames, pack (deflater, text));
  frames = join (frames, pack (deflater, drain));
  before = get_peak_kib ();
  assert_compressed_ends ("permessage-deflate", frames, heard);
  g_assert_cmpint (get_peak_kib () - before, <, MEMORY_SLACK_KIB);
}

/* Behind an error libsoup would read on for five seconds, and keep all of it. What a peer can send
 * after all is what the kernel takes, which is 10 MiB at most. */
static void
assert_drops (gboolean is_closing, const char *heard)
{
  const gsize most = 16 << 20;
  g_autofree char *filler = g_strnfill (1 << 20, ' ');
  g_autoptr (GBytes) frames = create_endless (0x01, 12, 100000);
  g_autoptr (GBytes) received = NULL;
  LsPeerScript script = { .upgrades = TRUE,
                          .subprotocol = "labsync.v1",
                          .is_early = !is_closing,
                          .frames = frames,
                          .filler = filler,
                          .filler_size = G_MAXSIZE,
                          .ending = LS_PEER_FINISHES };
  Fixture fixture;

  fixture_init (&fixture, &script, 10000, "auto");
  g_assert_cmpint (open_socket (&fixture, NULL), ==, LS_PROTOCOL_LABSYNC_V1);
  if (is_closing)
    ls_transport_close (fixture.transport);
  received = ls_hostile_peer_wait_gone (fixture.peer);
  g_assert_cmpstr (fixture.heard->str, ==, heard);
  g_assert_cmpuint (ls_hostile_peer_get_filler_sent (fixture.peer), <, most);
  fixture_clear (&fixture);
}

static void
test_drops (void)
{
  assert_drops (FALSE, "c");
  assert_drops (TRUE, "");
}

/* The peer never answers our close: the connection is given up all the same. */
static void
test_close_unanswered (void)
{
  LsPeerScript script = { .upgrades = TRUE, .subprotocol = "labsync.v1", .ending = LS_PEER_READS };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) received = NULL;
  Fixture fixture;

  fixture_init (&fixture, &script, 10000, "auto");
  g_assert_cmpint (open_socket (&fixture, &error), ==, LS_PROTOCOL_LABSYNC_V1);
  ls_transport_close (fixture.transport);
  ls_transport_close (fixture.transport);
  received = ls_hostile_peer_wait_gone (fixture.peer);

  /* {"type":"disconnect"} and a close frame with 1000, both masked */
  g_assert_cmpuint (g_bytes_get_size (received), ==, 6 + 21 + 6 + 2);
  g_assert_cmpstr (fixture.heard->str, ==, "");
  fixture_clear (&fixture);
}

static void
test_cancel (void)
{
  LsPeerScript script = { .ending = LS_PEER_READS };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) answer = NULL;
  g_autoptr (GError) error = NULL;
  Fixture fixture;

  fixture_init (&fixture, &script, 10000, "auto");
  ls_transport_open_async (fixture.transport, TOKEN, cancellable, ls_answer_cb, &answer);
  while (ls_hostile_peer_count_requests (fixture.peer) == 0)
    g_main_context_iteration (NULL, FALSE);
  g_cancellable_cancel (cancellable);
  g_assert_cmpint (ls_transport_open_finish (fixture.transport, ls_answer_wait (&answer), &error),
                   ==, LS_PROTOCOL_UNKNOWN);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_object (&answer); /* it holds the transport */
  fixture_clear (&fixture);
}

static void
assert_query (const char *mode, guint n_requests, gboolean last_in_query)
{
  LsPeerScript script = { .answer = "HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain\r\n"
                                    "Content-Length: 14\r\n\r\nToken required",
                          .ending = LS_PEER_READS };
  g_autoptr (GError) error = NULL;
  g_autofree char *last = NULL;
  Fixture fixture;

  fixture_init (&fixture, &script, 10000, mode);
  g_assert_cmpint (open_socket (&fixture, &error), ==, LS_PROTOCOL_UNKNOWN);
  assert_link_error (error, LS_REASON_TOKEN_REFUSED, 401);
  g_assert_cmpuint (ls_hostile_peer_count_requests (fixture.peer), ==, n_requests);
  last = ls_hostile_peer_get_request (fixture.peer, n_requests - 1);
  g_assert_cmpint (g_str_has_prefix (last, "GET /ws?token=" TOKEN " HTTP"), ==, last_in_query);
  g_assert_nonnull (strstr (last, "Authorization: Bearer " TOKEN "\r\n"));
  fixture_clear (&fixture);
}

static void
test_query (void)
{
  assert_query ("auto", 2, TRUE);
  assert_query (NULL, 2, TRUE);
  assert_query ("never", 1, FALSE);
  assert_query ("always", 1, TRUE);
}

static void
test_classic (void)
{
  LsPeerScript script = { .upgrades = TRUE, .ending = LS_PEER_FINISHES };
  g_autoptr (GError) error = NULL;
  Fixture fixture;

  fixture_init (&fixture, &script, 10000, "auto");
  g_assert_cmpint (open_socket (&fixture, &error), ==, LS_PROTOCOL_CLASSIC);
  g_assert_no_error (error);
  fixture_clear (&fixture);
}

static const struct
{
  const char *name;
  LsPeerScript script;
  LsReason reason;
  guint status;
} answers[] = {
  { "wrong-type",
    { .answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}" },
    LS_REASON_SERVER_UNREACHABLE,
    200 },
  { "no-type",
    { .answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" },
    LS_REASON_SERVER_UNREACHABLE,
    200 },
  { "portal",
    { .answer = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi" },
    LS_REASON_CAPTIVE_PORTAL,
    200 },
  { "redirect",
    { .answer = "HTTP/1.1 307 Go\r\nLocation: http://127.0.0.2:1/\r\nContent-Length: 0\r\n\r\n" },
    LS_REASON_CAPTIVE_PORTAL,
    307 },
  { "cut-json",
    { .answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
                "{\"succes\"" },
    LS_REASON_SERVER_UNREACHABLE,
    200 },
  { "cut-body",
    { .answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
                "{\"succ",
      .ending = LS_PEER_FINISHES },
    LS_REASON_SERVER_UNREACHABLE,
    200 },
  { "other-json",
    { .answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
                "[]" },
    LS_REASON_SERVER_UNREACHABLE,
    200 },
  { "end", { .ending = LS_PEER_FINISHES }, LS_REASON_SERVER_UNREACHABLE, 0 },
};

static void
test_answers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (LsUpdates) updates = NULL;
      g_autoptr (GError) error = NULL;
      Fixture fixture;

      g_test_message ("%s", answers[i].name);
      fixture_init (&fixture, &answers[i].script, 10000, "auto");
      updates = get_updates (&fixture, &error);
      g_assert_null (updates);
      assert_link_error (error, answers[i].reason, answers[i].status);
      g_assert_cmpuint (ls_hostile_peer_count_requests (fixture.peer), ==, 1);
      fixture_clear (&fixture);
    }
}

static void
test_big_answer (void)
{
  g_autofree char *filler = g_strnfill (1 << 20, ' ');
  LsPeerScript script = { .answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n",
                          .filler = filler,
                          .filler_size = G_MAXSIZE,
                          .ending = LS_PEER_FINISHES };
  g_autoptr (LsUpdates) updates = NULL;
  g_autoptr (GError) error = NULL;
  Fixture fixture;

  fixture_init (&fixture, &script, 10000, "auto");
  updates = get_updates (&fixture, &error);
  g_assert_null (updates);
  assert_link_error (error, LS_REASON_SERVER_UNREACHABLE, 200);
  g_assert_nonnull (strstr (error->message, "16 MiB"));
  fixture_clear (&fixture);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/transport/socket/names-each-refusal", test_refusals);
  g_test_add_func ("/transport/socket/bounds-the-handshake", test_time_and_size);
  g_test_add_func ("/transport/socket/names-each-ending", test_endings);
  g_test_add_func ("/transport/socket/ends-on-broken-frames", test_broken_frames);
  g_test_add_func ("/transport/socket/survives-bad-messages", test_bad_messages);
  g_test_add_func ("/transport/socket/loses-no-early-message", test_early);
  g_test_add_func ("/transport/socket/flood-leaves-others-their-turn", test_flood);
  g_test_add_func ("/transport/socket/flood-waits-at-the-peer", test_flood_waits);
  g_test_add_func ("/transport/socket/gives-up-unanswered-close", test_close_unanswered);
  g_test_add_func ("/transport/deflate/is-offered-once", test_offer);
  g_test_add_func ("/transport/deflate/refuses-bad-answers", test_bad_answers);
  g_test_add_func ("/transport/deflate/reads-what-was-agreed-on", test_compressed);
  g_test_add_func ("/transport/deflate/ends-on-broken-frames", test_broken_compression);
  g_test_add_func ("/transport/deflate/bounds-endless-fragments", test_endless_fragments);
  g_test_add_func ("/transport/deflate/bounds-a-bomb", test_bomb);
  g_test_add_func ("/transport/deflate/bounds-many-bombs", test_many_bombs);
  g_test_add_func ("/transport/deflate/drops-who-goes-on-behind-an-error", test_drops);
  g_test_add_func ("/transport/socket/can-be-cancelled", test_cancel);
  g_test_add_func ("/transport/socket/puts-token-in-query-only-if-asked", test_query);
  g_test_add_func ("/transport/socket/knows-classic", test_classic);
  g_test_add_func ("/transport/calls/name-each-bad-answer", test_answers);
  g_test_add_func ("/transport/calls/bound-the-answer", test_big_answer);

  return g_test_run ();
}
