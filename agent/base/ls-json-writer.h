/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* JSON text is built in a GString: the caller writes the brackets, these functions the members,
 * the elements and the commas between them. All text must be UTF-8. */

void ls_json_append_string (GString *out, const char *text);
void ls_json_append_int (GString *out, gint64 integer);

void ls_json_next_element (GString *out);
void ls_json_write_name (GString *out, const char *name);
void ls_json_write_string (GString *out, const char *name, const char *text);
void ls_json_write_int (GString *out, const char *name, gint64 integer);
void ls_json_write_boolean (GString *out, const char *name, gboolean boolean);
void ls_json_write_raw (GString *out, const char *name, const char *json);

G_END_DECLS
