/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void ls_json_write_variant (GString *out, const char *name, GVariant *value);
void ls_json_write_dict (GString *out, GVariant *dict, const char *const *raw);
void ls_json_write_object (GString *out, const char *name, const char *json);

G_END_DECLS
