/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-viewer.h"

G_BEGIN_DECLS

/** LS_VIEWER_FORMAT: a stored viewer: role, extra role, one list of ids for each #LsScopeKind */
#define LS_VIEWER_FORMAT "(uuaas)"

struct _LsViewer
{
  char *id;
  char *name;
  char *email;
  LsRole role;
  LsExtraRole extra_role;
  gboolean active;
  GHashTable *scopes[LS_N_SCOPES]; /* (owned) (element-type utf8): sets of ids */
  GPtrArray *past;                 /* (owned) (element-type LsPastView): oldest first */

  gatomicrefcount ref_count;
};

/**
 * LsPastView:
 * @until: the last offset of the log at which @viewer still held
 * @viewer: (owned): what the user could see then
 *
 * A scope that a user had before it changed.
 */
typedef struct
{
  gint64 until;
  LsViewer *viewer;
} LsPastView;

LsViewer *ls_viewer_new (const char *id);
void ls_viewer_add (LsViewer *viewer, LsScopeKind kind, const char *id);
void ls_viewer_add_past (LsViewer *viewer, gint64 until, LsViewer *past);
const LsViewer *ls_viewer_get_at (const LsViewer *viewer, gint64 offset);
gboolean ls_viewer_sees_alike (const LsViewer *a, const LsViewer *b);
gboolean ls_viewer_has_same_account (const LsViewer *a, const LsViewer *b);
GPtrArray *ls_viewer_list_differences (const LsViewer *a, const LsViewer *b, LsScopeKind kind);
GVariant *ls_viewer_to_variant (const LsViewer *viewer);
LsViewer *ls_viewer_new_from_variant (const char *id, GVariant *variant);

G_END_DECLS
