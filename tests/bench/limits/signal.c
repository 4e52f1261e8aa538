/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the bus can carry: COUNT events to each of SUBSCRIBERS apps, 100 in a signal, from when the
 * last of them has subscribed until everybody has acknowledged everything. */
#include "limit.h"

#include <stdlib.h>
#include <string.h>

typedef struct
{
  GMainLoop *loop;
  LimitBus *bus;
  GPtrArray *events;
  guint n_wanted;
  guint n_done;
  gint64 begun;
} Signal;

static void
on_call (const char *method, guint64 argument, gpointer user_data)
{
  Signal *self = user_data;

  if (g_str_equal (method, "Subscribe") && argument == self->n_wanted)
    {
      self->begun = g_get_monotonic_time ();
      limit_bus_send (self->bus, self->events);
    }
  if (g_str_equal (method, "Acknowledge") && argument == self->events->len &&
      ++self->n_done == self->n_wanted)
    g_main_loop_quit (self->loop);
}

int
main (int argc, char *argv[])
{
  Signal self = { 0 };
  double seconds;

  if (argc != 3)
    {
      g_printerr ("Usage: signal COUNT SUBSCRIBERS\n");
      return 2;
    }

  self.loop = g_main_loop_new (NULL, FALSE);
  self.events = limit_events_new ((guint)atoi (argv[1]));
  self.n_wanted = (guint)atoi (argv[2]);
  self.bus = limit_bus_new (on_call, &self);
  g_main_loop_run (self.loop);
  seconds = (double)(g_get_monotonic_time () - self.begun) / G_USEC_PER_SEC;
  g_print ("{\"events_per_second\":%.0f}\n", self.events->len / seconds);
  limit_bus_free (self.bus);
  g_ptr_array_unref (self.events);
  g_main_loop_unref (self.loop);
  return EXIT_SUCCESS;
}
