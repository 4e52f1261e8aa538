/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void ls_ctl_json_write_properties (GString *out, GDBusProxy *proxy, const GDBusInterfaceInfo *info);
void ls_ctl_json_append_event (GString *out, GVariant *event);
void ls_ctl_json_append_row (GString *out,
                             const char *entity,
                             const char *id,
                             const char *json,
                             GVariant *meta);
void ls_ctl_json_print_dicts (const char *member, GVariant *dicts);

G_END_DECLS
