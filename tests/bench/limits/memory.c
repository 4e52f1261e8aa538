/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an idle program needs that has all the agent's libraries at work: a main loop, the bus, an
 * open database on a thread, a WebSocket to URL. Its memory after SECONDS, and how often it woke up
 * in a minute of them. */
#include <libsoup/soup.h>
#include <malloc.h>
#include <stdlib.h>

#include "limit.h"

typedef struct
{
  GMainLoop *loop;
  SoupWebsocketConnection *socket;
  guint seconds;
  guint switches;
} Memory;

static gboolean
on_end (gpointer user_data)
{
  Memory *self = user_data;
  guint n = limit_get_switches () - self->switches;

  g_print ("{\"pss_kib\":%u,\"wakeups_per_minute\":%.1f}\n", limit_get_pss (),
           n * 60.0 / self->seconds);
  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static gboolean
on_settled (gpointer user_data)
{
  Memory *self = user_data;

  malloc_trim (0);
  self->switches = limit_get_switches ();
  g_timeout_add_seconds (self->seconds, on_end, self);
  return G_SOURCE_REMOVE;
}

static void
connect_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Memory *self = user_data;
  g_autoptr (GError) error = NULL;

  self->socket = soup_session_websocket_connect_finish (SOUP_SESSION (object), result, &error);
  if (self->socket == NULL)
    g_error ("%s", error->message);
  g_timeout_add_seconds (1, on_settled, self);
}

static gpointer
keep_store (gpointer user_data)
{
  g_autoptr (GAsyncQueue) orders = g_async_queue_ref (user_data);
  LimitStore *store = limit_store_open (":memory:");

  g_async_queue_pop (orders);
  limit_store_free (store);
  return NULL;
}

int
main (int argc, char *argv[])
{
  Memory self = { 0 };
  g_autoptr (SoupSession) session = NULL;
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GAsyncQueue) orders = g_async_queue_new ();
  LimitBus *bus;
  GThread *thread;
  char *protocols[] = { "labsync.v1", NULL };

  if (argc != 3)
    {
      g_printerr ("Usage: memory URL SECONDS\n");
      return 2;
    }

  self.seconds = (guint)atoi (argv[2]);
  self.loop = g_main_loop_new (NULL, FALSE);
  bus = limit_bus_new (NULL, NULL);
  thread = g_thread_new ("store", keep_store, orders);
  session = soup_session_new ();
  message = soup_message_new (SOUP_METHOD_GET, argv[1]);
  soup_session_websocket_connect_async (session, message, NULL, protocols, G_PRIORITY_DEFAULT, NULL,
                                        connect_cb, &self);
  g_main_loop_run (self.loop);
  g_clear_object (&self.socket);
  g_async_queue_push (orders, orders);
  g_thread_join (thread);
  limit_bus_free (bus);
  g_main_loop_unref (self.loop);
  return EXIT_SUCCESS;
}
