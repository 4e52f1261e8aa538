/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-database.h"
#include "ls-record.h"
#include "ls-viewer.h"

G_BEGIN_DECLS

/**
 * LsScopeDependent:
 * @kind: a set of a viewer's scope
 * @table: where there are rows whose visibility it decides
 * @column: which of their columns is looked up in the set
 *
 * What may come into or go out of sight when an id joins or leaves a set.
 */
typedef struct
{
  LsScopeKind kind;
  const char *table;
  const char *column;
} LsScopeDependent;

const LsScopeDependent *ls_scope_get_dependents (guint *n_dependents);
LsViewer *ls_scope_load_viewer (LsDatabase *database, const char *user_id, GError **error);
gboolean ls_scope_load_past (LsDatabase *database, LsViewer *viewer, GError **error);
GPtrArray *ls_scope_list_affected (LsDatabase *database,
                                   const LsRecord *before,
                                   const LsRecord *after,
                                   GError **error);
gboolean
ls_scope_remember (LsDatabase *database, const LsViewer *viewer, gint64 until, GError **error);

G_END_DECLS
