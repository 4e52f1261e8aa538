/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-deflater.h"
#include "ls-inflater.h"

#include <libsoup/soup.h>
#include <string.h>
#include <sys/resource.h>

#define MAX_SIZE (1 << 20)

/* Nothing is small here, where a sanitizer keeps what is freed. */
#ifdef __SANITIZE_ADDRESS__
#define MEMORY_SLACK_KIB (1 << 20)
#else
#define MEMORY_SLACK_KIB (8 << 10)
#endif

static GBytes *
create_event (guint number)
{
  char *text = g_strdup_printf (
      "{\"type\":\"events\",\"prev\":\"0b6f5c1e-2f4b-4c8f-9a55-6f1c2d3e4f50:%u\","
      "\"cursor\":\"0b6f5c1e-2f4b-4c8f-9a55-6f1c2d3e4f50:%u\",\"more\":false,\"events\":["
      "{\"type\":\"grade_updated\",\"entity\":\"grade\",\"entityId\":\"g-%u\","
      "\"data\":{\"id\":\"g-%u\",\"student_id\":\"s-1\",\"score\":%u,\"sent\":%u},"
      "\"timestamp\":179541360%04u,\"userRole\":\"teacher\",\"userId\":\"u-teacher\","
      "\"offset\":%u,\"version\":%u,\"actionId\":null}]}",
      number, number + 1, number % 7, number % 7, number % 100, number * 7919, number, number + 1,
      number);

  return g_bytes_new_take (text, strlen (text));
}

static GBytes *
create_noise (gsize size)
{
  guint8 *data = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    data[i] = (guint8)g_test_rand_int ();
  return g_bytes_new_take (data, size);
}

/* Returns: (transfer full): @message after a round trip, and in @size what it was on the way */
static GBytes *
send_over (LsDeflater *deflater, LsInflater *inflater, GBytes *message, gsize *size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) packed = ls_deflater_deflate (deflater, message, 0, &error);
  GBytes *again;

  g_assert_no_error (error);
  again = ls_inflater_inflate (inflater, packed, MAX_SIZE, &error);
  g_assert_no_error (error);
  *size = g_bytes_get_size (packed);
  return again;
}

static void
assert_passes (const LsDeflateSide *sender, const LsDeflateSide *receiver)
{
  g_autoptr (LsDeflater) deflater = ls_deflater_new (sender);
  g_autoptr (LsInflater) inflater = ls_inflater_new (receiver);
  gsize first = 0, last = 0;

  for (guint i = 0; i < 100; i++)
    {
      g_autoptr (GBytes) message = i % 10 == 9 ? create_noise (5000) : create_event (i);
      g_autoptr (GBytes) again = NULL;

      again = send_over (deflater, inflater, message, &last);
      g_assert_true (g_bytes_equal (message, again));
      if (i == 0)
        first = last;
      /* An event refers to the one before it, if that is remembered, and near enough. */
      if (i % 10 == 5 && !sender->no_context_takeover && sender->max_bits >= 10)
        g_assert_cmpuint (last, <=, 60);
      else if (i % 10 == 5)
        g_assert_cmpuint (last, >, first / 2);
    }
}

static void
test_round_trips (void)
{
  for (guint bits = 8; bits <= 15; bits++)
    for (guint forgets = 0; forgets < 2; forgets++)
      {
        LsDeflateSide side = { .no_context_takeover = forgets, .max_bits = bits };

        g_test_message ("%u bits, %s", bits, forgets ? "no context" : "context");
        assert_passes (&side, &side);
        assert_passes (&side, &(LsDeflateSide) { 0 });
      }

  assert_passes (&(LsDeflateSide) { FALSE, 15 }, &(LsDeflateSide) { 0 });
}

static void
test_sizes (void)
{
  g_autoptr (LsDeflater) deflater = ls_deflater_new (&(LsDeflateSide) { 0 });
  g_autoptr (LsInflater) inflater = ls_inflater_new (&(LsDeflateSide) { 0 });

  for (gsize size = 1; size < MAX_SIZE; size = size * 2 + 1)
    {
      g_autofree char *text = g_strnfill (size, 'x');
      g_autoptr (GBytes) even = g_bytes_new (text, size);
      g_autoptr (GBytes) noise = create_noise (size);
      g_autoptr (GBytes) first = NULL, second = NULL;
      gsize packed;

      first = send_over (deflater, inflater, even, &packed);
      g_assert_true (g_bytes_equal (even, first));
      second = send_over (deflater, inflater, noise, &packed);
      g_assert_true (g_bytes_equal (noise, second));
      g_assert_cmpuint (packed, <=, size + size / 100 + 16);
    }
}

static void
assert_reads (LsInflater *inflater, const char *packed, gsize size, const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (packed, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) found = ls_inflater_inflate (inflater, bytes, MAX_SIZE, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (found, NULL), g_bytes_get_size (found), text, strlen (text));
}

/* RFC 7692, 7.2.3 */
static void
test_examples (void)
{
  g_autoptr (LsInflater) inflater = ls_inflater_new (&(LsDeflateSide) { 0 });

  assert_reads (inflater, "\xf2\x48\xcd\xc9\xc9\x07\x00", 7, "Hello");
  assert_reads (inflater, "\xf2\x00\x11\x00\x00", 5, "Hello");
  assert_reads (inflater, "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11, "Hello");
  assert_reads (inflater, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13, "Hello");
  assert_reads (inflater, "\x00", 1, "");
  assert_reads (inflater, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8, "Hello");
  assert_reads (inflater, "\xf2\x48\xcd\xc9\xc9\x07\x00", 7, "Hello");
}

static void
assert_fails (const char *packed, gsize size, gsize max_size, SoupWebsocketCloseCode code)
{
  g_autoptr (LsInflater) inflater = ls_inflater_new (&(LsDeflateSide) { 0 });
  g_autoptr (GBytes) bytes = g_bytes_new (packed, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) found = ls_inflater_inflate (inflater, bytes, max_size, &error);

  g_assert_null (found);
  g_assert_error (error, SOUP_WEBSOCKET_ERROR, (int)code);
}

static void
test_broken (void)
{
  const SoupWebsocketCloseCode code = SOUP_WEBSOCKET_CLOSE_PROTOCOL_ERROR;

  assert_fails ("", 0, MAX_SIZE, code);                     /* not even an empty block */
  assert_fails ("\x07", 1, MAX_SIZE, code);                 /* no such kind of block */
  assert_fails ("\x00\x05\x00\x05\x00", 5, MAX_SIZE, code); /* lengths that contradict each other */
  assert_fails ("\xf2\x00\x11\x00\x00", 5, MAX_SIZE, code); /* back to before the beginning */
  assert_fails ("\x00\x50\x00\xaf\xff\x48", 6, MAX_SIZE, code); /* cut short */
}

/* Whatever bytes are changed, there is an answer, and none that is too large. */
static void
test_changed (void)
{
  const LsDeflateSide side = { 0 };

  for (guint round = 0; round < 500; round++)
    {
      g_autoptr (LsDeflater) deflater = ls_deflater_new (&side);
      g_autoptr (LsInflater) inflater = ls_inflater_new (&side);
      g_autoptr (GBytes) message = create_event (round);
      g_autoptr (GBytes) packed = ls_deflater_deflate (deflater, message, 0, NULL);
      g_autoptr (GBytes) changed = NULL;
      g_autoptr (GBytes) found = NULL;
      g_autoptr (GError) error = NULL;
      gsize size;
      guint8 *data = g_bytes_unref_to_data (g_steal_pointer (&packed), &size);

      data[g_test_rand_int_range (0, (gint)size)] ^= (guint8)g_test_rand_int_range (1, 256);
      changed = g_bytes_new_take (data, size);
      found = ls_inflater_inflate (inflater, changed, 2000, &error);
      g_assert_true ((found == NULL) == (error != NULL));
      if (found != NULL)
        g_assert_cmpuint (g_bytes_get_size (found), <=, 2000);
    }
}

static GBytes *
create_bomb (gsize size)
{
  g_autoptr (LsDeflater) deflater = ls_deflater_new (&(LsDeflateSide) { 0 });
  g_autoptr (GBytes) zeros = g_bytes_new_take (g_malloc0 (size), size);

  return ls_deflater_deflate (deflater, zeros, 0, NULL);
}

static glong
get_peak_kib (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

static void
test_bomb (void)
{
  const gsize size = 32 << 20;
  g_autoptr (GBytes) bomb = create_bomb (size);
  g_autofree char *filler = g_malloc0 (size);
  glong before;

  memset (filler, 1, size); /* so that the peak is above what the bomb took to make */
  g_clear_pointer (&filler, g_free);
  before = get_peak_kib ();
  g_test_message ("%" G_GSIZE_FORMAT " bytes for %" G_GSIZE_FORMAT, g_bytes_get_size (bomb), size);
  g_assert_cmpuint (g_bytes_get_size (bomb), <, size / 900);
  assert_fails (g_bytes_get_data (bomb, NULL), g_bytes_get_size (bomb), MAX_SIZE,
                SOUP_WEBSOCKET_CLOSE_TOO_BIG);
  g_assert_cmpint (get_peak_kib () - before, <, MEMORY_SLACK_KIB);
}

static void
test_limit (void)
{
  g_autoptr (GBytes) bomb = create_bomb (100000);
  g_autoptr (LsInflater) inflater = ls_inflater_new (&(LsDeflateSide) { 0 });
  g_autoptr (GBytes) found = ls_inflater_inflate (inflater, bomb, 100000, NULL);

  g_assert_cmpuint (g_bytes_get_size (found), ==, 100000);
  assert_fails (g_bytes_get_data (bomb, NULL), g_bytes_get_size (bomb), 99999,
                SOUP_WEBSOCKET_CLOSE_TOO_BIG);
  assert_fails (g_bytes_get_data (bomb, NULL), g_bytes_get_size (bomb), 0,
                SOUP_WEBSOCKET_CLOSE_TOO_BIG);
}

static void
test_rest (void)
{
  const gint64 minute = 60 * G_USEC_PER_SEC;
  g_autoptr (LsDeflater) deflater = ls_deflater_new (&(LsDeflateSide) { 0 });
  g_autoptr (LsInflater) inflater = ls_inflater_new (&(LsDeflateSide) { 0 });
  g_autoptr (GBytes) message = create_event (1);

  g_assert_true (ls_deflater_is_at_rest (deflater));
  for (guint i = 0; i < 3; i++)
    {
      gint64 now = i * 10 * minute;
      g_autoptr (GBytes) packed = ls_deflater_deflate (deflater, message, now, NULL);
      g_autoptr (GBytes) found = ls_inflater_inflate (inflater, packed, MAX_SIZE, NULL);

      g_assert_true (g_bytes_equal (found, message));
      ls_deflater_rest (deflater, now + minute - 1);
      g_assert_false (ls_deflater_is_at_rest (deflater));
      ls_deflater_rest (deflater, now + minute);
      g_assert_true (ls_deflater_is_at_rest (deflater));
    }
}

static void
test_forgets (void)
{
  g_autoptr (LsDeflater) deflater = ls_deflater_new (&(LsDeflateSide) { TRUE, 0 });
  g_autoptr (GBytes) message = create_event (1);
  g_autoptr (GBytes) first = ls_deflater_deflate (deflater, message, 0, NULL);
  g_autoptr (GBytes) second = NULL;

  g_assert_true (ls_deflater_is_at_rest (deflater));
  second = ls_deflater_deflate (deflater, message, 0, NULL);
  g_assert_true (g_bytes_equal (first, second));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/deflate/deflater/brings-messages-over", test_round_trips);
  g_test_add_func ("/deflate/deflater/brings-any-size-over", test_sizes);
  g_test_add_func ("/deflate/deflater/gives-back-what-is-not-used", test_rest);
  g_test_add_func ("/deflate/deflater/keeps-no-context-if-agreed", test_forgets);
  g_test_add_func ("/deflate/inflater/reads-the-examples-of-the-rfc", test_examples);
  g_test_add_func ("/deflate/inflater/refuses-what-is-broken", test_broken);
  g_test_add_func ("/deflate/inflater/survives-any-change", test_changed);
  g_test_add_func ("/deflate/inflater/stops-at-the-limit", test_limit);
  g_test_add_func ("/deflate/inflater/bounds-the-memory-for-a-bomb", test_bomb);

  return g_test_run ();
}
