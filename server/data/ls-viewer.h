/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

#include "ls-entity.h"
#include "ls-role.h"

G_BEGIN_DECLS

/**
 * LsScopeKind:
 * @LS_SCOPE_CLASSES: ids of classes: taught or homeroom; a student's own; a parent's children's
 * @LS_SCOPE_STUDENTS: ids of students: of those classes; a student's own; a parent's children
 * @LS_SCOPE_PEOPLE: ids of users: a teacher's students; a student's classmates; a parent's children
 * @LS_SCOPE_CONVERSATIONS: ids of conversations that the user is a member of
 *
 * The sets of ids that decide, together with the roles, what a user may see.
 */
typedef enum
{
  LS_SCOPE_CLASSES,
  LS_SCOPE_STUDENTS,
  LS_SCOPE_PEOPLE,
  LS_SCOPE_CONVERSATIONS,
} LsScopeKind;

#define LS_N_SCOPES (LS_SCOPE_CONVERSATIONS + 1)

/**
 * LsViewer:
 *
 * A user as someone who looks at the school: who it is, and the scope. Immutable, so that it can
 * be kept as long as anybody likes; LsSchool::viewer-changed says when it is out of date.
 */
typedef struct _LsViewer LsViewer;

#define LS_TYPE_VIEWER (ls_viewer_get_type ())
GType ls_viewer_get_type (void);

LsViewer *ls_viewer_ref (LsViewer *viewer);
void ls_viewer_unref (LsViewer *viewer);

const char *ls_viewer_get_id (const LsViewer *viewer);
const char *ls_viewer_get_name (const LsViewer *viewer);
const char *ls_viewer_get_email (const LsViewer *viewer);
LsRole ls_viewer_get_role (const LsViewer *viewer);
LsExtraRole ls_viewer_get_extra_role (const LsViewer *viewer);
gboolean ls_viewer_is_active (const LsViewer *viewer);
gboolean ls_viewer_has (const LsViewer *viewer, LsScopeKind kind, const char *id);
GPtrArray *ls_viewer_list (const LsViewer *viewer, LsScopeKind kind);
gboolean ls_viewer_may_subscribe (const LsViewer *viewer, LsEntity entity);
gboolean ls_viewer_sees_presence (const LsViewer *viewer, const char *user_id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsViewer, ls_viewer_unref)

G_END_DECLS
