/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-event.h"
#include "ls-json.h"

G_BEGIN_DECLS

LsEvent *ls_wire_read_event (LsJsonSlice value, GError **error);
GPtrArray *ls_wire_read_events (LsJsonSlice array, guint *n_bad, GError **error);
void ls_wire_append_event (GString *out, const LsEvent *event);
void ls_wire_write_events (GString *out, const char *name, GPtrArray *events);

G_END_DECLS
