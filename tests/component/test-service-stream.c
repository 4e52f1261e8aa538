/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Subscriptions by a socket. */
#include "ls-service-fixture.h"

#include <errno.h>
#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ls-store-sqlite.h"
#include "ls-window.h"

/* An app's end of a stream. */
typedef struct
{
  int fd;
  char *path;
  GPtrArray *packets; /* (element-type GVariant) */
  gboolean ended;
} Stream;

static Stream *
open_stream_from (LsServiceFixture *f, GDBusConnection *from, const char *arguments)
{
  Stream *stream = g_new0 (Stream, 1);

  stream->packets = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
  stream->fd = ls_service_fixture_open_stream (f, from, arguments, &stream->path);
  g_assert_true (g_str_has_prefix (stream->path, LS_BUS_SUBSCRIPTION_PATH));
  return stream;
}

static Stream *
open_stream (LsServiceFixture *f, const char *arguments)
{
  return open_stream_from (f, f->app, arguments);
}

static void
stream_free (Stream *stream)
{
  if (stream->fd != -1)
    close (stream->fd);
  g_free (stream->path);
  g_ptr_array_unref (stream->packets);
  g_free (stream);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Stream, stream_free)

/* One packet, if there is one. */
static gboolean
receive_one (Stream *stream)
{
  g_autofree char *buffer = g_malloc (2 * LS_BUS_PACKET_SIZE);
  gssize size = recv (stream->fd, buffer, 2 * LS_BUS_PACKET_SIZE, MSG_DONTWAIT);
  g_autoptr (GBytes) bytes = NULL;
  GVariant *packet;

  if (size <= 0)
    {
      g_assert_true (size == 0 || errno == EAGAIN || errno == ECONNRESET);
      stream->ended |= size == 0 || errno == ECONNRESET;
      return FALSE;
    }

  g_assert_cmpint (size, <=, LS_BUS_PACKET_SIZE);
  bytes = g_bytes_new (buffer, (gsize)size);
  packet = g_variant_new_from_bytes (G_VARIANT_TYPE ("a" LS_BUS_EVENT_TYPE), bytes, FALSE);
  g_assert_true (g_variant_is_normal_form (packet));
  g_ptr_array_add (stream->packets, g_variant_ref_sink (packet));
  return TRUE;
}

static void
receive (Stream *stream)
{
  while (receive_one (stream))
    ;
}

/* Reads until there are so many events. */
static void
receive_events (LsServiceFixture *f, Stream *stream, guint n)
{
  for (receive (stream); ls_service_count_events (stream->packets) < n; receive (stream))
    {
      g_assert_false (stream->ended);
      ls_service_fixture_step (f);
    }
}

static void
receive_end (LsServiceFixture *f, Stream *stream)
{
  for (receive (stream); !stream->ended; receive (stream))
    ls_service_fixture_step (f);
}

static char *
with_cursor (LsServiceFixture *f, guint64 seq)
{
  g_autofree char *cursor = ls_agent_format_cursor (f->agent, seq);

  return g_strdup_printf ("(@as [], {'cursor': <'%s'>})", cursor);
}

static void
test_one (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (Stream) stream = NULL;
  g_autofree char *text = NULL;

  ls_service_fixture_sign_in (f);
  stream = open_stream (f, "(@as [], @a{sv} {})");
  ls_service_fixture_publish (f, "grade_created", 1, 1);
  receive_events (f, stream, 1);
  ls_service_fixture_flush (f);
  text = g_variant_print (g_ptr_array_index (stream->packets, 0), FALSE);
  g_assert_cmpstr (
      text, ==,
      "[(1, 'grade_created', 'grade', 'r-1', '{\"id\":\"r-1\", \"n\":1,\"odd\":true}', "
      "1700000000000, '', '')]");
  g_assert_cmpuint (f->batches->len, ==, 0);
}

/* Somebody who keeps up gets all of it, in batches, in order. */
static void
test_order (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (Stream) stream = NULL;

  ls_service_fixture_sign_in (f);
  stream = open_stream (f, "(@as [], @a{sv} {})");
  for (guint i = 0; i < 10; i++)
    {
      ls_service_fixture_publish (f, "grade_created", 350 * i + 1, 350);
      receive (stream);
    }
  receive_events (f, stream, 3500);
  ls_service_assert_sequence (stream->packets, 1, 3500);
  g_assert_cmpuint (stream->packets->len, <=, 10 * 4);
}

static void
test_types_and_filter (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (Stream) announcements = NULL;
  g_autoptr (Stream) odd = NULL;

  ls_service_fixture_sign_in (f);
  announcements = open_stream (f, "(['announcement_created'], @a{sv} {})");
  odd = open_stream_from (f, f->other,
                          "(['grade_created'], {'filter': <{'odd': 'false', 'n': '4'}>})");
  ls_service_fixture_publish (f, "grade_created", 1, 6);
  ls_service_fixture_publish (f, "announcement_created", 1, 2);
  receive_events (f, announcements, 2);
  receive_events (f, odd, 1);
  ls_service_assert_sequence (announcements->packets, 7, 8);
  ls_service_assert_sequence (odd->packets, 4, 4);
}

/* From a cursor on, nothing is missing and nothing comes twice. */
static void
test_resume (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *arguments = NULL;
  g_autoptr (Stream) stream = NULL;

  ls_service_fixture_sign_in (f);
  ls_service_fixture_publish (f, "grade_created", 1, 3000);
  arguments = with_cursor (f, 10);
  stream = open_stream (f, arguments);
  ls_service_fixture_publish (f, "grade_updated", 1, 40);
  receive_events (f, stream, 3030);
  ls_service_assert_sequence (stream->packets, 11, 3040);
}

static void
test_durable (LsServiceFixture *f, gconstpointer data)
{
  const char *arguments = "(@as [], {'durable': <'org.example.App'>})";
  g_autoptr (Stream) first = NULL;
  g_autoptr (Stream) second = NULL;
  g_autoptr (GVariant) cursor = NULL;
  g_autofree char *expected = NULL;

  ls_service_fixture_sign_in (f);
  first = open_stream (f, arguments);
  ls_service_fixture_publish (f, "grade_created", 1, 10);
  receive_events (f, first, 10);
  ls_service_fixture_acknowledge (f, first->path, 6);
  cursor = ls_service_fixture_get_property_of (f, first->path, "Subscription", "Cursor");
  expected = ls_agent_format_cursor (f->agent, 6);
  g_assert_cmpstr (g_variant_get_string (cursor, NULL), ==, expected);

  ls_service_fixture_restart_service (f);
  receive_end (f, first);
  second = open_stream (f, arguments);
  receive_events (f, second, 4);
  ls_service_assert_sequence (second->packets, 7, 10);
}

/* Also from the log, and between others. */
static void
test_too_large (LsServiceFixture *f, gconstpointer data)
{
  const char *const types[] = { "grade_created", "grade_updated", "grade_updated", NULL };
  g_autofree char *padding = g_strnfill (LS_BUS_PACKET_SIZE, 'x');
  g_autofree char *large = g_strdup_printf ("{\"id\":\"r\",\"notes\":\"%s\"}", padding);
  g_autofree char *arguments = NULL;
  g_autoptr (GVariant) cursor = NULL;
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GVariant) events = NULL;
  g_autoptr (Stream) live = NULL;
  g_autoptr (Stream) late = NULL;
  const char *text;

  ls_service_fixture_sign_in (f);
  live = open_stream (f, "(@as [], @a{sv} {})");
  ls_service_fixture_publish (f, "grade_created", 1, 1);
  ls_service_fixture_publish_row (f, types, large);
  LS_SERVICE_WAIT (f, ls_agent_get_last_seq (f->agent) == 4);
  arguments = with_cursor (f, 0);
  late = open_stream_from (f, f->other, arguments);
  receive_events (f, live, 4);
  receive_events (f, late, 4);
  ls_service_assert_sequence (live->packets, 1, 4);
  ls_service_assert_sequence (late->packets, 1, 4);
  g_variant_get_child (g_ptr_array_index (live->packets, 2), 0, "(tsss&sxss)", NULL, NULL, NULL,
                       NULL, &text, NULL, NULL, NULL);
  g_assert_cmpstr (text, ==, "");

  ls_service_fixture_acknowledge (f, live->path, 2);
  cursor = ls_service_fixture_get_property_of (f, live->path, "Subscription", "Cursor");
  answer = ls_service_fixture_call_from (
      f, f->app, LS_BUS_PATH, "Events.GetEvents",
      g_variant_new_parsed ("(%s, uint32 1, @a{sv} {})", g_variant_get_string (cursor, NULL)),
      NULL);
  events = g_variant_get_child_value (answer, 0);
  g_variant_get_child (events, 0, "(tsss&sxss)", NULL, NULL, NULL, NULL, &text, NULL, NULL, NULL);
  g_assert_cmpstr (text, ==, large);
}

/* Publishes n events and has them read by somebody who keeps up. Returns: the memory in use then */
static gsize
keep_up (LsServiceFixture *f, Stream *stream, guint n)
{
  guint64 last = ls_agent_get_last_seq (f->agent);

  for (guint i = 0; i < n; i += 500)
    {
      g_ptr_array_set_size (stream->packets, 0);
      ls_service_fixture_publish (f, "grade_updated", 1, 500);
      receive_events (f, stream, 500);
      ls_service_assert_sequence (stream->packets, last + i + 1, last + i + 500);
    }
  g_ptr_array_set_size (stream->packets, 0);
  return mallinfo2 ().uordblks;
}

/* Who does not read costs the socket and nothing else: no events, and no pages of the log. Who reads
 * beside them notices nothing. */
static void
test_full (LsServiceFixture *f, gconstpointer data)
{
  const guint n = 30000;
  g_autoptr (Stream) stopped = NULL;
  g_autoptr (Stream) reading = NULL;
  gsize before;
  guint64 first;

  ls_service_fixture_sign_in (f);
  reading = open_stream_from (f, f->other, "(@as [], @a{sv} {})");
  before = keep_up (f, reading, n);
  first = ls_agent_get_last_seq (f->agent) + 1;
  stopped = open_stream (f, "(@as [], @a{sv} {})");
  g_assert_cmpuint (keep_up (f, reading, n), <, before + 256 * 1024);

  receive_events (f, stopped, n);
  ls_service_assert_sequence (stopped->packets, first, first + n - 1);
  ls_service_fixture_publish (f, "grade_created", n + 1, 1);
  receive_events (f, stopped, n + 1);
  g_assert_cmpuint (ls_service_fixture_count_subscriptions (f), ==, 2);
}

/* A packet now and then: in order, whatever is told meanwhile. */
static void
test_slow (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (Stream) stream = NULL;
  guint n = 0;

  ls_service_fixture_sign_in (f);
  stream = open_stream (f, "(@as [], @a{sv} {})");
  for (guint i = 0; i < 100; i++)
    {
      ls_service_fixture_publish (f, "grade_updated", 1, 120);
      n += 120;
      g_assert_true (receive_one (stream));
    }
  receive_events (f, stream, n);
  ls_service_assert_sequence (stream->packets, 1, n);
}

/* Presence comes to who is level, after what was committed with it, and to nobody later. */
static void
test_presence (LsServiceFixture *f, gconstpointer data)
{
  const char *const types[] = { "presence_update", "grade_created", NULL };
  g_autoptr (Stream) level = NULL;
  g_autoptr (Stream) behind = NULL;
  g_autofree char *text = NULL;

  ls_service_fixture_sign_in (f);
  behind = open_stream (f, "(['grade_created', 'presence_update'], @a{sv} {})");
  for (guint i = 0; i < 3000; i += 500)
    ls_service_fixture_publish (f, "grade_created", i + 1, 500);
  level = open_stream_from (f, f->other, "(['grade_created', 'presence_update'], @a{sv} {})");
  ls_service_fixture_publish_row (f, types, "{}");
  receive_events (f, level, 2);
  text = g_variant_print (g_ptr_array_index (level->packets, 1), FALSE);
  g_assert_cmpstr (text, ==,
                   "[(0, 'presence_update', 'presence', 'r', '{}', 1700000000000, '', '')]");

  receive_events (f, behind, 3001);
  ls_service_fixture_publish (f, "grade_created", 1, 1);
  receive_events (f, behind, 3002);
  ls_service_assert_sequence (behind->packets, 1, 3002);
}

/* The log's beginning overtakes a full stream: what was sent, then the end, then the reason. */
static void
test_overtaken (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (Stream) stream = NULL;
  g_autofree char *arguments = NULL;
  guint n;

  ls_service_fixture_sign_in (f);
  stream = open_stream (f, "(@as [], @a{sv} {})");
  for (guint i = 0; i < 6000; i += 500)
    ls_service_fixture_publish (f, "grade_created", i + 1, 500);
  ls_store_sqlite_set_limits (LS_STORE_SQLITE (f->store), 1, G_MAXINT32);
  for (guint i = 0; i < 250; i++)
    ls_service_fixture_publish (f, "grade_updated", 1, 1);

  receive_end (f, stream);
  n = ls_service_count_events (stream->packets);
  g_assert_cmpuint (n, >, 0);
  ls_service_assert_sequence (stream->packets, 1, n);
  LS_SERVICE_WAIT (f, ls_service_fixture_count_subscriptions (f) == 0);
  arguments = with_cursor (f, n);
  ls_service_fixture_refused (f, "Events.OpenStream", arguments, LS_ERROR_CURSOR_EXPIRED, NULL);
}

/* Fetching what came without its data must not cost what is not sent yet. */
static void
test_get_events_moves_nothing (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (Stream) stream = NULL;
  g_autoptr (GVariant) answer = NULL;
  guint64 last;

  ls_service_fixture_sign_in (f);
  stream = open_stream (f, "(@as [], @a{sv} {})");
  for (guint i = 0; i < 5000; i += 500)
    ls_service_fixture_publish (f, "grade_created", i + 1, 500);
  last = ls_agent_get_last_seq (f->agent);
  answer = ls_service_fixture_call (f, "Events.GetEvents", "('', uint32 0, @a{sv} {})");
  receive_events (f, stream, 5000);
  ls_service_assert_sequence (stream->packets, 1, last);
}

static void
test_reader_closes (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (Stream) leaving = NULL;
  g_autoptr (Stream) full = NULL;
  g_autoptr (Stream) staying = NULL;

  ls_service_fixture_sign_in (f);
  leaving = open_stream (f, "(@as [], @a{sv} {})");
  full = open_stream (f, "(@as [], @a{sv} {})");
  staying = open_stream_from (f, f->other, "(['announcement_created'], @a{sv} {})");
  ls_service_fixture_publish (f, "grade_created", 1, 3000);
  receive_events (f, leaving, 500);
  close (g_steal_fd (&leaving->fd));
  close (g_steal_fd (&full->fd));
  ls_service_fixture_publish (f, "grade_created", 1, 3000);
  LS_SERVICE_WAIT (f, ls_service_fixture_count_subscriptions (f) == 1);
  ls_service_fixture_publish (f, "announcement_created", 1, 1);
  receive_events (f, staying, 1);
}

static void
test_rubbish (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (Stream) stream = NULL;

  ls_service_fixture_sign_in (f);
  stream = open_stream (f, "(@as [], @a{sv} {})");
  g_assert_cmpint (send (stream->fd, "hello", 5, MSG_NOSIGNAL), ==, 5);
  receive_end (f, stream);
  LS_SERVICE_WAIT (f, ls_service_fixture_count_subscriptions (f) == 0);
}

static void
test_caller_vanishes (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (Stream) stream = NULL;
  LsEntitySet users = 1u << LS_ENTITY_USER;

  ls_service_fixture_sign_in (f);
  stream = open_stream (f, "(['user_updated'], @a{sv} {})");
  g_assert_cmpuint (ls_agent_get_followed (f->agent) & users, ==, users);
  g_assert_true (g_dbus_connection_close_sync (f->app, NULL, NULL));
  receive_end (f, stream);
  g_assert_cmpuint (ls_service_fixture_count_subscriptions (f), ==, 0);
}

static void
test_close (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (Stream) stream = NULL;
  g_autoptr (GError) error = NULL;

  ls_service_fixture_sign_in (f);
  stream = open_stream (f, "(@as [], @a{sv} {})");
  ls_service_fixture_call_subscription (f, f->other, stream->path, "Subscription.Close", NULL,
                                        &error);
  g_assert_error (error, LS_ERROR, LS_ERROR_ACCESS_DENIED);
  g_clear_error (&error);
  ls_service_fixture_publish (f, "grade_created", 1, 1);
  ls_service_fixture_call_subscription (f, f->app, stream->path, "Subscription.Close", NULL,
                                        &error);
  g_assert_no_error (error);
  receive_end (f, stream);
  ls_service_assert_sequence (stream->packets, 1, 1);
}

static void
test_sign_out (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (Stream) stream = NULL;
  g_autoptr (Stream) full = NULL;

  ls_service_fixture_refused (f, "Events.OpenStream", "(@as [], @a{sv} {})", LS_ERROR_NOT_SIGNED_IN,
                              NULL);
  ls_service_fixture_sign_in (f);
  stream = open_stream (f, "(@as [], @a{sv} {})");
  full = open_stream (f, "(@as [], @a{sv} {})");
  ls_service_fixture_publish (f, "grade_created", 1, 3000);
  receive_events (f, stream, 3000);
  g_variant_unref (ls_service_fixture_call (f, "Account.SignOut", "(@a{sv} {},)"));
  receive_end (f, stream);
  receive_end (f, full);
  g_assert_cmpuint (ls_service_count_events (stream->packets), ==, 3000);
  g_assert_cmpuint (ls_service_fixture_count_subscriptions (f), ==, 0);
}

/* One limit for both ways. */
static void
test_limit (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) streams = g_ptr_array_new_with_free_func ((GDestroyNotify)stream_free);

  ls_service_fixture_sign_in (f);
  for (guint i = 0; i < 32; i++)
    {
      g_ptr_array_add (streams, open_stream (f, "(@as [], @a{sv} {})"));
      g_variant_unref (ls_service_fixture_call (f, "Events.Subscribe", "(@as [], @a{sv} {})"));
    }
  ls_service_fixture_refused (f, "Events.OpenStream", "(@as [], @a{sv} {})",
                              LS_ERROR_LIMIT_EXCEEDED, "64");
  ls_service_fixture_refused (f, "Events.Subscribe", "(@as [], @a{sv} {})", LS_ERROR_LIMIT_EXCEEDED,
                              "64");
  g_ptr_array_remove_index (streams, 0);
  LS_SERVICE_WAIT (f, ls_service_fixture_count_subscriptions (f) < 64);
  g_ptr_array_add (streams, open_stream (f, "(@as [], @a{sv} {})"));
}

static void
test_bad_requests (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *future = NULL;

  ls_service_fixture_sign_in (f);
  ls_service_fixture_refused (f, "Events.OpenStream", "(['grade_exploded'], @a{sv} {})",
                              LS_ERROR_INVALID_ARGUMENT, "grade_exploded");
  ls_service_fixture_refused (f, "Events.OpenStream", "(@as [], {'speed': <'high'>})",
                              LS_ERROR_UNKNOWN_OPTION, "speed");
  ls_service_fixture_refused (f, "Events.OpenStream", "(@as [], {'cursor': <1>})",
                              LS_ERROR_INVALID_ARGUMENT, "cursor");
  ls_service_fixture_refused (f, "Events.OpenStream", "(@as [], {'cursor': <'nonsense'>})",
                              LS_ERROR_INVALID_ARGUMENT, "cursor");
  ls_service_fixture_refused (f, "Events.OpenStream", "(@as [], {'cursor': <'another-store.1'>})",
                              LS_ERROR_CURSOR_EXPIRED, NULL);
  ls_service_fixture_refused (f, "Events.OpenStream", "(@as [], {'durable': <''>})",
                              LS_ERROR_INVALID_ARGUMENT, "durable");
  future = with_cursor (f, 1000);
  ls_service_fixture_refused (f, "Events.OpenStream", future, LS_ERROR_CURSOR_EXPIRED, NULL);
  g_assert_cmpuint (ls_service_fixture_count_subscriptions (f), ==, 0);
}

/* By signal and by stream to the same app: the window of the one does not hold the other. */
static void
test_beside_signals (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (Stream) stream = NULL;
  const char *path;

  ls_service_fixture_sign_in (f);
  answer = ls_service_fixture_call (f, "Events.Subscribe", "(@as [], @a{sv} {})");
  g_variant_get (answer, "(&o)", &path);
  stream = open_stream (f, "(@as [], @a{sv} {})");
  ls_service_fixture_publish (f, "grade_created", 1, 2500);
  receive_events (f, stream, 2500);
  ls_service_fixture_flush (f);
  g_assert_cmpuint (ls_service_count_events (f->batches), ==, LS_WINDOW_EVENTS);
  ls_service_fixture_acknowledge (f, stream->path, 2500);
  ls_service_fixture_flush (f);
  g_assert_cmpuint (ls_service_count_events (f->batches), ==, LS_WINDOW_EVENTS);
  ls_service_fixture_acknowledge (f, path, 1000);
  LS_SERVICE_WAIT (f, ls_service_count_events (f->batches) == 2 * LS_WINDOW_EVENTS);
  ls_service_fixture_acknowledge (f, path, 2000);
  LS_SERVICE_WAIT (f, ls_service_count_events (f->batches) == 2500);
  ls_service_assert_sequence (stream->packets, 1, 2500);
  ls_service_assert_sequence (f->batches, 1, 2500);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/service/stream/" name, LsServiceFixture, NULL, ls_service_fixture_set_up,          \
              function, ls_service_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("one", test_one);
  ADD ("order", test_order);
  ADD ("types-and-filter", test_types_and_filter);
  ADD ("resume", test_resume);
  ADD ("durable", test_durable);
  ADD ("too-large", test_too_large);
  ADD ("full", test_full);
  ADD ("slow", test_slow);
  ADD ("presence", test_presence);
  ADD ("overtaken", test_overtaken);
  ADD ("get-events", test_get_events_moves_nothing);
  ADD ("reader-closes", test_reader_closes);
  ADD ("rubbish", test_rubbish);
  ADD ("caller-vanishes", test_caller_vanishes);
  ADD ("close", test_close);
  ADD ("sign-out", test_sign_out);
  ADD ("limit", test_limit);
  ADD ("bad-requests", test_bad_requests);
  ADD ("beside-signals", test_beside_signals);
  return g_test_run ();
}
