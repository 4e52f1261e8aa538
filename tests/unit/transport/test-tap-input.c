/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-tap-input.h"

#include <gio/gunixinputstream.h>
#include <glib-unix.h>
#include <glib/gstdio.h>

typedef struct
{
  int fds[2];
  LsTapInput *tap;  /* (owned) */
  GSource *source;  /* (owned) (nullable) */
  guint n_readable; /* how often the source said so */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GInputStream) base = NULL;

  g_assert_true (g_unix_open_pipe (fixture->fds, FD_CLOEXEC, NULL));
  g_assert_true (g_unix_set_fd_nonblocking (fixture->fds[0], TRUE, NULL));
  base = g_unix_input_stream_new (fixture->fds[0], TRUE);
  fixture->tap = ls_tap_input_new (base);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  if (fixture->source != NULL)
    g_source_destroy (fixture->source);
  g_clear_pointer (&fixture->source, g_source_unref);
  g_assert_finalize_object (fixture->tap);
  g_assert_true (g_close (fixture->fds[1], NULL));
}

static void
fill (Fixture *fixture, const char *text)
{
  gssize length = (gssize)strlen (text);

  g_assert_cmpint (write (fixture->fds[1], text, (gsize)length), ==, length);
}

/* Reads up to 4 bytes. Returns: how many; 0: it would block */
static gssize
read_some (Fixture *fixture)
{
  GPollableInputStream *stream = G_POLLABLE_INPUT_STREAM (fixture->tap);
  g_autoptr (GError) error = NULL;
  char buffer[4];
  gssize n = g_pollable_input_stream_read_nonblocking (stream, buffer, sizeof buffer, NULL, &error);

  if (n > 0)
    return n;

  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  return 0;
}

static gboolean
on_readable (GObject *stream, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->n_readable++;
  return G_SOURCE_REMOVE;
}

static void
wait_for_input (Fixture *fixture)
{
  g_clear_pointer (&fixture->source, g_source_unref);
  fixture->source =
      g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (fixture->tap), NULL);
  g_source_set_callback (fixture->source, G_SOURCE_FUNC (on_readable), fixture, NULL);
  g_source_attach (fixture->source, NULL);
}

static guint
count_readable (Fixture *fixture)
{
  while (g_main_context_iteration (NULL, FALSE))
    continue;

  return fixture->n_readable;
}

static void
test_passes (Fixture *fixture, gconstpointer data)
{
  wait_for_input (fixture);
  g_assert_cmpuint (count_readable (fixture), ==, 0);
  fill (fixture, "abcdef");
  g_assert_cmpuint (count_readable (fixture), ==, 1);
  g_assert_cmpint (read_some (fixture), ==, 4);
  g_assert_cmpint (read_some (fixture), ==, 2);
  g_assert_cmpint (read_some (fixture), ==, 0);
}

/* After a turn the reader is sent back to the main loop, which sends it here again. */
static void
test_turns (Fixture *fixture, gconstpointer data)
{
  ls_tap_input_set_turn (fixture->tap, 8);
  fill (fixture, "abcdefghijkl");
  g_assert_cmpint (read_some (fixture), ==, 4);
  g_assert_cmpint (read_some (fixture), ==, 4);
  g_assert_cmpint (read_some (fixture), ==, 0);
  wait_for_input (fixture);
  g_assert_cmpuint (count_readable (fixture), ==, 1);
  g_assert_cmpint (read_some (fixture), ==, 4);
  /* a turn ends with what there is, too */
  g_assert_cmpint (read_some (fixture), ==, 0);
  fill (fixture, "mnopqrst");
  g_assert_cmpint (read_some (fixture), ==, 4);
  g_assert_cmpint (read_some (fixture), ==, 4);
}

static void
test_shut (Fixture *fixture, gconstpointer data)
{
  fill (fixture, "abcd");
  ls_tap_input_set_open (fixture->tap, FALSE);
  g_assert_false (g_pollable_input_stream_is_readable (G_POLLABLE_INPUT_STREAM (fixture->tap)));
  g_assert_cmpint (read_some (fixture), ==, 0);
  wait_for_input (fixture);
  g_assert_cmpuint (count_readable (fixture), ==, 0);

  ls_tap_input_set_open (fixture->tap, TRUE);
  g_assert_cmpuint (count_readable (fixture), ==, 1);
  g_assert_cmpint (read_some (fixture), ==, 4);
}

/* A source that was given up while the tap was shut is none of our business when it opens. */
static void
test_shut_and_left (Fixture *fixture, gconstpointer data)
{
  ls_tap_input_set_open (fixture->tap, FALSE);
  wait_for_input (fixture);
  g_source_destroy (fixture->source);
  ls_tap_input_set_open (fixture->tap, TRUE);
  g_assert_cmpuint (count_readable (fixture), ==, 0);
}

/* Who reads from a thread waits for what comes, as it would without a tap. */
static void
test_blocking (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  char buffer[4];

  ls_tap_input_set_open (fixture->tap, FALSE);
  fill (fixture, "abcd");
  g_assert_cmpint (
      g_input_stream_read (G_INPUT_STREAM (fixture->tap), buffer, sizeof buffer, NULL, &error), ==,
      4);
  g_assert_no_error (error);
}

#define ADD(promise, test)                                                                         \
  g_test_add ("/transport/tap-input/" promise, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("passes", test_passes);
  ADD ("turns", test_turns);
  ADD ("shut", test_shut);
  ADD ("shut-and-left", test_shut_and_left);
  ADD ("blocking", test_blocking);
  return g_test_run ();
}
