/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What SQLite can store: COUNT events, 100 in a transaction. */
#include "limit.h"

#include <glib/gstdio.h>
#include <stdlib.h>

#define GROUP 100

int
main (int argc, char *argv[])
{
  guint count = argc == 3 ? (guint)atoi (argv[1]) : 0;
  g_autoptr (GPtrArray) events = NULL;
  LimitStore *store;
  GStatBuf file;
  gint64 begun;
  double seconds;

  if (count == 0)
    {
      g_printerr ("Usage: store COUNT FILE\n");
      return 2;
    }

  events = limit_events_new (count);
  store = limit_store_open (argv[2]);
  begun = g_get_monotonic_time ();
  for (guint i = 0; i < count; i += GROUP)
    {
      guint n = MIN (GROUP, count - i);
      GPtrArray *group = g_ptr_array_sized_new (n);

      for (guint j = 0; j < n; j++)
        g_ptr_array_add (group, events->pdata[i + j]);
      limit_store_put (store, &group, 1, i + n);
      g_ptr_array_unref (group);
    }
  seconds = (double)(g_get_monotonic_time () - begun) / G_USEC_PER_SEC;
  limit_store_free (store);
  g_stat (argv[2], &file);
  g_print ("{\"events_per_second\":%.0f,\"bytes_per_event\":%.1f}\n", count / seconds,
           (double)file.st_size / count);
  return EXIT_SUCCESS;
}
