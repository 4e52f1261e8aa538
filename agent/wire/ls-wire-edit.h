/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** LS_WIRE_MAX_ACTION: bytes in an action's body */
#define LS_WIRE_MAX_ACTION ((gsize)1 << 20)

/** LS_WIRE_MAX_MEMBERS: members of an action's body; no table has as many columns */
#define LS_WIRE_MAX_MEMBERS 1000

gboolean ls_wire_edit_check (const char *text, gboolean plain, GError **error);
char *ls_wire_edit_lay_over (const char *row, const char *changes);
gboolean ls_wire_edit_agrees (const char *row, const char *changes);
gboolean ls_wire_edit_is_same (const char *a, const char *b);
char *ls_wire_edit_merge (const char *base, const char *changes, const char *server);
char *ls_wire_edit_invert (const char *before, const char *changes);
char *ls_wire_edit_set_member (const char *object, const char *name, const char *text);
char *ls_wire_edit_rename (const char *object, const char *from, const char *to);
gboolean ls_wire_edit_has_member (const char *object, const char *name);

G_END_DECLS
