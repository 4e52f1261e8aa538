/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream's socket, without a log behind it and without a bus. */
#include "ls-delivery-stream.h"

#include <errno.h>
#include <gio/gio.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct
{
  LsDelivery *delivery;
  int app; /* the app's end */
  guint n_ready;
  guint n_ended;
} Fixture;

static void
count (LsDelivery *delivery, guint *n)
{
  (*n)++;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->delivery = LS_DELIVERY (ls_delivery_stream_new (&f->app, &error));
  g_assert_no_error (error);
  g_signal_connect (f->delivery, "ready", G_CALLBACK (count), &f->n_ready);
  g_signal_connect (f->delivery, "ended", G_CALLBACK (count), &f->n_ended);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->delivery);
  if (f->app != -1)
    close (f->app);
  g_assert_false (g_main_context_iteration (NULL, FALSE));
}

static LsLogPage *
page_of (guint n, gsize data_size)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  g_autofree char *data = g_strnfill (data_size, 'x');

  for (guint i = 0; i < n; i++)
    {
      LsEvent *event = ls_event_new (ls_event_type_from_string ("grade_updated"), "g", data);

      event->seq = i + 1;
      g_ptr_array_add (events, event);
    }
  return ls_log_page_new (0, n, NULL, events);
}

static gssize
receive (Fixture *f)
{
  char buffer[128 * 1024];

  return recv (f->app, buffer, sizeof buffer, MSG_DONTWAIT);
}

/* Until it is full. Returns: how many packets it took */
static guint
fill (Fixture *f, LsLogPage *page)
{
  guint n = 0;

  while (ls_delivery_has_room (f->delivery))
    n += ls_delivery_put (f->delivery, page) > 0;
  return n;
}

static void
wait_for (guint *n)
{
  while (*n == 0)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_stream_packet (Fixture *f, gconstpointer data)
{
  g_autoptr (LsLogPage) page = page_of (3, 100);

  g_assert_false (ls_delivery_is_paced (f->delivery));
  g_assert_cmpuint (ls_delivery_put (f->delivery, page), ==, 3);
  g_assert_cmpint (receive (f), ==, (gssize)g_bytes_get_size (ls_log_page_get_packet (page)));
  g_assert_cmpint (receive (f), ==, -1);
  g_assert_cmpint (errno, ==, EAGAIN);
}

/* The largest packet fits, and what is kept for who does not read is bounded. */
static void
test_stream_full (Fixture *f, gconstpointer data)
{
  g_autoptr (LsLogPage) large = page_of (1, 65 * 1000);

  g_assert_cmpuint (fill (f, large), <=, 8);
  g_assert_cmpint (receive (f), >, 65 * 1000);
}

static void
test_stream_drains (Fixture *f, gconstpointer data)
{
  g_autoptr (LsLogPage) page = page_of (100, 100);
  guint n = fill (f, page);

  /* no busy waiting while it is full */
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  while (receive (f) > 0)
    n--;
  g_assert_cmpuint (n, ==, 0);
  wait_for (&f->n_ready);
  g_assert_true (ls_delivery_has_room (f->delivery));
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  g_assert_cmpuint (f->n_ready, ==, 1);
}

static void
assert_ended (Fixture *f)
{
  wait_for (&f->n_ended);
  g_assert_false (ls_delivery_has_room (f->delivery));
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  g_assert_cmpuint (f->n_ended, ==, 1);
}

static void
test_stream_closed (Fixture *f, gconstpointer data)
{
  close (g_steal_fd (&f->app));
  assert_ended (f);
}

static void
test_stream_closed_unread (Fixture *f, gconstpointer data)
{
  g_autoptr (LsLogPage) page = page_of (100, 100);

  fill (f, page);
  close (g_steal_fd (&f->app));
  assert_ended (f);
}

/* Closed between two looks: sending finds it out first, and no SIGPIPE comes of it. */
static void
test_stream_closed_unseen (Fixture *f, gconstpointer data)
{
  g_autoptr (LsLogPage) page = page_of (1, 1);

  close (g_steal_fd (&f->app));
  g_assert_cmpuint (ls_delivery_put (f->delivery, page), ==, 0);
  assert_ended (f);
}

static void
test_stream_shut (Fixture *f, gconstpointer how)
{
  g_autoptr (LsLogPage) page = page_of (1, 1);

  g_assert_cmpint (shutdown (f->app, GPOINTER_TO_INT (how)), ==, 0);
  /* of an app that only stopped reading one hears when something is to be sent */
  ls_delivery_put (f->delivery, page);
  assert_ended (f);
}

static void
test_stream_rubbish (Fixture *f, gconstpointer data)
{
  g_assert_cmpint (send (f->app, "hello", 5, MSG_NOSIGNAL), ==, 5);
  assert_ended (f);
}

/* What was sent before can be read, then there is the end. */
static void
test_stream_broken_off (Fixture *f, gconstpointer data)
{
  g_autoptr (LsLogPage) page = page_of (1, 1);

  ls_delivery_put (f->delivery, page);
  ls_delivery_break_off (f->delivery);
  g_assert_cmpint (receive (f), >, 0);
  g_assert_cmpint (receive (f), ==, 0);
  assert_ended (f);
}

#define ADD(name, data, function)                                                                  \
  g_test_add ("/service/delivery-stream/" name, Fixture, data, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("packet", NULL, test_stream_packet);
  ADD ("full", NULL, test_stream_full);
  ADD ("drains", NULL, test_stream_drains);
  ADD ("closed", NULL, test_stream_closed);
  ADD ("closed/unread", NULL, test_stream_closed_unread);
  ADD ("closed/unseen", NULL, test_stream_closed_unseen);
  ADD ("shut/reading", GINT_TO_POINTER (SHUT_RD), test_stream_shut);
  ADD ("shut/writing", GINT_TO_POINTER (SHUT_WR), test_stream_shut);
  ADD ("shut/both", GINT_TO_POINTER (SHUT_RDWR), test_stream_shut);
  ADD ("rubbish", NULL, test_stream_rubbish);
  ADD ("broken-off", NULL, test_stream_broken_off);
  return g_test_run ();
}
