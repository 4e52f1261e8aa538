/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/**
 * LsMigration:
 *
 * SQL that brings a database from one version to the next.
 */
typedef const char *LsMigration;

/**
 * LsSqlFunction:
 *
 * A function for SQL, as for sqlite3_create_function_v2().
 */
typedef void (*LsSqlFunction) (sqlite3_context *context, int n_values, sqlite3_value **values);

typedef struct _LsDatabase LsDatabase;

LsDatabase *ls_database_open (const char *path,
                              gint32 application_id,
                              const LsMigration *migrations,
                              guint n_migrations,
                              char **aside,
                              GError **error);
LsDatabase *ls_database_open_damaged (const char *path, GError **error);
gboolean ls_database_make_durable (LsDatabase *self, GError **error);
char *ls_database_move_aside (const char *path, GError **error);
gboolean ls_database_remove (const char *path, GError **error);
void ls_database_abandon (LsDatabase *self);
void ls_database_free (LsDatabase *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsDatabase, ls_database_free)

gboolean ls_database_is_read_only (LsDatabase *self);
gboolean ls_database_is_damaged (LsDatabase *self);
gboolean ls_database_run (LsDatabase *self, const char *sql, GError **error);
gboolean ls_database_in_transaction (LsDatabase *self);
sqlite3_stmt *ls_database_prepare (LsDatabase *self, const char *sql, GError **error);
gboolean ls_database_step (LsDatabase *self, sqlite3_stmt *stmt, GError **error);
gboolean ls_database_finish (LsDatabase *self, sqlite3_stmt *stmt, GError **error);
gint64 ls_database_get_int (LsDatabase *self, const char *sql);
gint64 ls_database_get_size (LsDatabase *self);
gint64 ls_database_get_used (LsDatabase *self);

gboolean ls_database_add_function (LsDatabase *self,
                                   const char *name,
                                   LsSqlFunction function,
                                   gpointer user_data,
                                   GError **error);
void ls_database_release_memory (LsDatabase *self);
void ls_database_bind_text (sqlite3_stmt *stmt, int index, const char *text);
const char *ls_database_column_text (sqlite3_stmt *stmt, int column);

G_END_DECLS
