/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/**
 * LsDatabase:
 *
 * An SQLite database with its statements, prepared once each. SQL is always ours; values are
 * always bound.
 */
typedef struct _LsDatabase LsDatabase;

/** LsStatement: a statement in use; going out of scope makes it free for the next use */
typedef sqlite3_stmt LsStatement;

LsDatabase *ls_database_open (const char *path, GError **error);
void ls_database_close (LsDatabase *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsDatabase, ls_database_close)

LsStatement *
ls_database_prepare (LsDatabase *self, GError **error, const char *sql, const char *types, ...);
gboolean
ls_database_run (LsDatabase *self, GError **error, const char *sql, const char *types, ...);
gboolean ls_database_begin (LsDatabase *self, GError **error);
gboolean ls_database_end (LsDatabase *self, gboolean ok, GError **error);
gboolean ls_database_execute (LsDatabase *self, const char *sql, GError **error);
gint64 ls_database_get_last_id (LsDatabase *self);
gint64 ls_database_get_n_changes (LsDatabase *self);

gboolean ls_statement_step (LsStatement *statement, gboolean *row, GError **error);
const char *ls_statement_get_text (LsStatement *statement, int column);
gint64 ls_statement_get_integer (LsStatement *statement, int column);
void ls_statement_release (LsStatement *statement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsStatement, ls_statement_release)

G_END_DECLS
