/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-event.h"

G_BEGIN_DECLS

GVariant *ls_bus_events_new (GPtrArray *events);
GStrv ls_bus_event_types_to_strv (const gboolean *types);
gboolean ls_bus_event_types_parse (const char *const *names, gboolean *types, GError **error);

G_END_DECLS
