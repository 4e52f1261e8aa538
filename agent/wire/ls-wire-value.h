/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-cursor.h"
#include "ls-json.h"
#include "ls-message.h"

G_BEGIN_DECLS

/* The values that messages, events and HTTP bodies have in common. All readers set a #LsJsonError
 * and leave their result untouched when the value is not what it should be. */

gboolean ls_wire_is_absent (LsJsonSlice value);
gboolean ls_wire_read_integer (LsJsonSlice value, gint64 *integer, GError **error);
gboolean ls_wire_read_optional_integer (LsJsonSlice value, gint64 *integer, GError **error);
gboolean ls_wire_read_optional_string (LsJsonSlice value, char **text, GError **error);
gboolean ls_wire_read_token (LsJsonSlice value, char **token, GError **error);
gboolean ls_wire_read_timestamp (LsJsonSlice value, gint64 *timestamp, GError **error);
gboolean ls_wire_read_cursor (LsJsonSlice value, LsCursor *cursor, GError **error);
gboolean ls_wire_read_resume (LsJsonSlice value, LsResume *resume, GError **error);
char *ls_wire_read_id (LsJsonSlice value, GError **error);
LsUser *ls_wire_read_user (LsJsonSlice value, GError **error);

void ls_wire_write_cursor (GString *out, const char *name, LsCursor cursor);
void ls_wire_write_resume (GString *out, const char *name, LsResume resume);
void ls_wire_write_version (GString *out, gint64 version);

G_END_DECLS
