/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program on the bus needs that does nothing there but wait for somebody: for the tray. */
#include <gio/gio.h>
#include <malloc.h>

int
main (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);

  if (connection == NULL)
    g_error ("%s", error->message);
  g_bus_watch_name_on_connection (connection, "org.labsync.Agent", G_BUS_NAME_WATCHER_FLAGS_NONE,
                                  NULL, NULL, NULL, NULL);
  malloc_trim (0);
  g_main_loop_run (loop);

  return 0;
}
