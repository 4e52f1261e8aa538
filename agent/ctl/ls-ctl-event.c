/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-ctl-event.h"

#include "ls-bus-names.h"
#include "ls-ctl-output.h"

/**
 * ls_ctl_event_to_cells:
 * @event: a %LS_BUS_EVENT_TYPE
 *
 * Returns: (transfer full): its time, type, id and data, for people
 */
GStrv
ls_ctl_event_to_cells (GVariant *event)
{
  GStrv cells = g_new0 (char *, 5);
  gint64 timestamp = 0;

  g_variant_get (event, "(tssssxss)", NULL, &cells[1], NULL, &cells[2], &cells[3], &timestamp, NULL,
                 NULL);
  cells[0] = ls_ctl_format_time (timestamp);

  return cells;
}
