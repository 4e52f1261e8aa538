/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action.h"

G_BEGIN_DECLS

GVariant *ls_bus_action_new (const LsAction *action, const char *detail, gboolean open);
GVariant *ls_bus_action_new_details (const LsAction *action, const char *detail, gboolean open);
void ls_bus_action_append_json (GString *out, const LsAction *action, const char *detail);

G_END_DECLS
