/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-database.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "ls-checkpointer.h"
#include "ls-error.h"

/* How long another process that reads the file (a backup, a test) may hold us up, in ms. */
#define BUSY_TIMEOUT 5000
/* How many pages of the write-ahead log are copied into the file at once; SQLite's own default. */
#define CHECKPOINT_PAGES 1000
/* Of each connection. What a flood made of the write-ahead log is cut to 4 MiB when that begins anew. There are
 * no temporary files, and what is deleted is overwritten: nothing of it lies in a page that is free. */
#define SETTINGS                                                                                   \
  "PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -1024;"            \
  "PRAGMA journal_size_limit = 4194304; PRAGMA secure_delete = ON;"
/* Lists are made of what apps ask for; their statements must not pile up. */
#define MAX_STATEMENTS 200

/**
 * LsDatabase:
 *
 * A SQLite file with a version, and the statements that were prepared for it. Used by one thread at
 * a time.
 */
struct _LsDatabase
{
  sqlite3 *handle;              /* (owned) */
  GHashTable *statements;       /* (element-type utf8 sqlite3_stmt) (owned): by their SQL */
  LsCheckpointer *checkpointer; /* (owned) (nullable) */
  gboolean read_only;
};

/* Statements are long and few, and found many times a millisecond: how long one is and how it ends says
 * enough. */
static guint
hash_sql (gconstpointer sql)
{
  gsize length = strlen (sql);

  return g_str_hash ((const char *)sql + length - MIN (length, 8)) + (guint)length;
}

static void
set_error (LsDatabase *self, GError **error, const char *what)
{
  g_set_error (error, LS_ERROR, LS_ERROR_STORAGE, "%s: %s", what, sqlite3_errmsg (self->handle));
}

/**
 * ls_database_run:
 * @self: a database
 * @sql: statements without parameters
 * @error: %LS_ERROR_STORAGE
 *
 * Returns: whether all of them were carried out
 */
gboolean
ls_database_run (LsDatabase *self, const char *sql, GError **error)
{
  if (sqlite3_exec (self->handle, sql, NULL, NULL, NULL) == SQLITE_OK)
    return TRUE;

  set_error (self, error, "the store can't be changed");
  return FALSE;
}

/**
 * ls_database_in_transaction:
 * @self: a database
 *
 * Returns: whether a transaction is open; SQLite may end one by itself when the disk fails
 */
gboolean
ls_database_in_transaction (LsDatabase *self)
{
  return sqlite3_get_autocommit (self->handle) == 0;
}

/**
 * ls_database_prepare:
 * @self: a database
 * @sql: one statement
 * @error: %LS_ERROR_STORAGE
 *
 * Prepares a statement, or finds it prepared. One that was prepared before is then no longer to be
 * used unless it is at its end.
 *
 * Returns: (transfer none) (nullable): the statement, reset, nothing bound
 */
sqlite3_stmt *
ls_database_prepare (LsDatabase *self, const char *sql, GError **error)
{
  sqlite3_stmt *stmt = g_hash_table_lookup (self->statements, sql);

  if (stmt != NULL)
    {
      sqlite3_reset (stmt);
      sqlite3_clear_bindings (stmt);
      return stmt;
    }
  if (sqlite3_prepare_v3 (self->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) !=
      SQLITE_OK)
    {
      set_error (self, error, "the store can't be read");
      return NULL;
    }

  if (g_hash_table_size (self->statements) >= MAX_STATEMENTS)
    g_hash_table_remove_all (self->statements);
  g_hash_table_insert (self->statements, g_strdup (sql), stmt);
  return stmt;
}

/**
 * ls_database_step:
 * @self: a database
 * @stmt: a statement of it
 * @error: %LS_ERROR_STORAGE
 *
 * Steps once. At the end of the rows, and on an error, the statement is reset.
 *
 * Returns: whether there is a row; if not, @error tells whether that is the end
 */
gboolean
ls_database_step (LsDatabase *self, sqlite3_stmt *stmt, GError **error)
{
  int rc = sqlite3_step (stmt);

  if (rc == SQLITE_ROW)
    return TRUE;
  if (rc != SQLITE_DONE)
    set_error (self, error, "the store fails");

  sqlite3_reset (stmt);
  return FALSE;
}

/**
 * ls_database_finish:
 * @self: a database
 * @stmt: (nullable): a statement of it; %NULL if it could not be prepared
 * @error: %LS_ERROR_STORAGE
 *
 * Steps a statement that has no rows to give.
 *
 * Returns: whether it was carried out
 */
gboolean
ls_database_finish (LsDatabase *self, sqlite3_stmt *stmt, GError **error)
{
  int rc;

  if (stmt == NULL)
    return FALSE;

  rc = sqlite3_step (stmt);
  if (rc != SQLITE_DONE && rc != SQLITE_ROW)
    set_error (self, error, "the store can't be written");
  sqlite3_reset (stmt);
  return rc == SQLITE_DONE || rc == SQLITE_ROW;
}

/**
 * ls_database_get_int:
 * @self: a database
 * @sql: a statement that gives one integer
 *
 * Returns: the integer; 0 if there is no row, or on an error
 */
gint64
ls_database_get_int (LsDatabase *self, const char *sql)
{
  sqlite3_stmt *stmt = ls_database_prepare (self, sql, NULL);
  gint64 value = 0;

  if (stmt != NULL && ls_database_step (self, stmt, NULL))
    {
      value = sqlite3_column_int64 (stmt, 0);
      sqlite3_reset (stmt);
    }

  return value;
}

/**
 * ls_database_get_size:
 * @self: a database
 *
 * Returns: how large the file is, in bytes
 */
gint64
ls_database_get_size (LsDatabase *self)
{
  return ls_database_get_int (self, "PRAGMA page_count") *
         ls_database_get_int (self, "PRAGMA page_size");
}

/**
 * ls_database_get_used:
 * @self: a database
 *
 * Returns: how much of the file is in use, in bytes
 */
gint64
ls_database_get_used (LsDatabase *self)
{
  return ls_database_get_size (self) - ls_database_get_int (self, "PRAGMA freelist_count") *
                                           ls_database_get_int (self, "PRAGMA page_size");
}

/**
 * ls_database_add_function:
 * @self: a database
 * @name: what SQL calls it, with any number of arguments
 * @function: the function
 * @user_data: for @function
 * @error: %LS_ERROR_STORAGE
 *
 * Returns: whether statements may call it
 */
gboolean
ls_database_add_function (LsDatabase *self,
                          const char *name,
                          LsSqlFunction function,
                          gpointer user_data,
                          GError **error)
{
  if (sqlite3_create_function_v2 (self->handle, name, -1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
                                  user_data, function, NULL, NULL, NULL) == SQLITE_OK)
    return TRUE;

  set_error (self, error, "the store can't be read");
  return FALSE;
}

/**
 * ls_database_release_memory:
 * @self: a database
 *
 * Gives back what is kept of the file in memory; it is read again when it is needed.
 */
void
ls_database_release_memory (LsDatabase *self)
{
  sqlite3_db_release_memory (self->handle);
}

/**
 * ls_database_bind_text:
 * @stmt: a statement
 * @index: of the parameter, from 1
 * @text: (nullable): the text; must live until the statement is stepped
 *
 * Binds a text without copying it.
 */
void
ls_database_bind_text (sqlite3_stmt *stmt, int index, const char *text)
{
  sqlite3_bind_text (stmt, index, text, -1, SQLITE_STATIC);
}

/**
 * ls_database_column_text:
 * @stmt: a statement that stands on a row
 * @column: from 0
 *
 * Returns: (transfer none) (nullable): the text, until the next step
 */
const char *
ls_database_column_text (sqlite3_stmt *stmt, int column)
{
  return (const char *)sqlite3_column_text (stmt, column);
}

static void
finalize_statement (gpointer stmt)
{
  sqlite3_finalize (stmt);
}

/* Each step and its version in one transaction. One that fails ends as the file is closed: until then it is known why. */
static gboolean
migrate (LsDatabase *self, const LsMigration *migrations, guint n_migrations, GError **error)
{
  gint64 version = ls_database_get_int (self, "PRAGMA user_version");

  if (version > n_migrations)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_NEWER_STORE,
                   "the store has version %" G_GINT64_FORMAT ", this program knows up to %u",
                   version, n_migrations);
      return FALSE;
    }

  for (guint i = (guint)version; i < n_migrations; i++)
    {
      g_autofree char *sql = g_strdup_printf (
          "BEGIN IMMEDIATE; %s; PRAGMA user_version = %u; COMMIT", migrations[i], i + 1);

      if (!ls_database_run (self, sql, error))
        return FALSE;
    }

  return TRUE;
}

/* Nobody else may read a pupil's data, whatever the umask. SQLite gives its log the same mode. */
static gboolean
create_private (const char *path, GError **error)
{
  int fd = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  if (fd < 0)
    {
      int saved = errno;

      /* A store that can't be written can still be read. */
      if (g_access (path, R_OK) == 0)
        return TRUE;
      g_set_error (error, LS_ERROR, LS_ERROR_STORAGE, "the store can't be opened: %s",
                   g_strerror (saved));
      return FALSE;
    }

  fchmod (fd, 0600);
  close (fd);
  return TRUE;
}

static gboolean
is_damaged (int rc)
{
  return rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB;
}

static gboolean
configure (LsDatabase *self,
           gint32 application_id,
           const LsMigration *migrations,
           guint n_migrations,
           GError **error)
{
  g_autofree char *sql = NULL;
  gboolean empty;

  if (!ls_database_run (self, "SELECT count(*) FROM sqlite_schema", error))
    return FALSE;
  empty = ls_database_get_int (self, "SELECT count(*) FROM sqlite_schema") == 0;
  if (!empty && ls_database_get_int (self, "PRAGMA application_id") != application_id)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_STORAGE, "the file is not a store of ours");
      return FALSE;
    }
  if (ls_database_get_int (self, "PRAGMA user_version") > n_migrations)
    return migrate (self, migrations, n_migrations, error);

  sql = g_strdup_printf ("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;" SETTINGS
                         "PRAGMA application_id = %d",
                         application_id);
  /* A store that can't be written is still read: the pragmas then fail, and that is all. */
  if (empty && !ls_database_run (self, sql, error))
    return FALSE;
  if (!empty)
    ls_database_run (self, SETTINGS, NULL);

  return migrate (self, migrations, n_migrations, error);
}

static gboolean
connect (LsDatabase *self, const char *path)
{
  return sqlite3_open_v2 (path, &self->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
         SQLITE_OK;
}

/* On a disk that can't be written SQLite lacks the shared memory beside the log. Where there is a
 * log, it makes do with memory of its own if it need not lock anybody out; where there is none, if
 * it is told that nothing will change. Nobody but us writes these files, and we can't. */
static gboolean
connect_read_only (LsDatabase *self, const char *path)
{
  const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI;
  g_autofree char *log_path = g_strconcat (path, "-wal", NULL);
  g_autofree char *uri = g_filename_to_uri (path, NULL, NULL);
  g_autofree char *unchanging = g_strconcat (uri, "?immutable=1", NULL);
  GStatBuf info;

  if (g_stat (log_path, &info) != 0 || info.st_size == 0)
    return sqlite3_open_v2 (unchanging, &self->handle, flags, NULL) == SQLITE_OK;

  return sqlite3_open_v2 (uri, &self->handle, flags, "unix-none") == SQLITE_OK &&
         ls_database_run (self, "PRAGMA locking_mode = EXCLUSIVE", NULL);
}

static LsDatabase *
database_new (void)
{
  LsDatabase *self = g_new0 (LsDatabase, 1);

  self->statements = g_hash_table_new_full (hash_sql, g_str_equal, g_free, finalize_statement);
  return self;
}

static LsDatabase *
try_open (const char *path,
          gint32 application_id,
          const LsMigration *migrations,
          guint n_migrations,
          gboolean read_only,
          gboolean *damaged,
          GError **error)
{
  g_autoptr (LsDatabase) self = database_new ();

  *damaged = FALSE;
  self->read_only = read_only;
  if (!create_private (path, error))
    return NULL;

  if (!(read_only ? connect_read_only (self, path) : connect (self, path)))
    {
      set_error (self, error, "the store can't be opened");
      return NULL;
    }
  sqlite3_busy_timeout (self->handle, BUSY_TIMEOUT);
  if (!configure (self, application_id, migrations, n_migrations, error))
    {
      *damaged = is_damaged (sqlite3_errcode (self->handle));
      return NULL;
    }
  if (!read_only)
    self->checkpointer = ls_checkpointer_new (self->handle, CHECKPOINT_PAGES);

  return g_steal_pointer (&self);
}

/**
 * ls_database_make_durable:
 * @self: a database
 * @error: %LS_ERROR_STORAGE
 *
 * From now on what is committed is on the disk for good, and each commit waits for it.
 *
 * Returns: whether that is so
 */
gboolean
ls_database_make_durable (LsDatabase *self, GError **error)
{
  if (self->checkpointer != NULL)
    ls_checkpointer_keep_short (self->checkpointer);
  return ls_database_run (self, "PRAGMA synchronous = FULL", error);
}

/**
 * ls_database_move_aside:
 * @path: a damaged file that is not open
 * @error: %LS_ERROR_STORAGE
 *
 * Moves it, with what is beside it, to a name of its own.
 *
 * Returns: (transfer full) (nullable): that name
 */
char *
ls_database_move_aside (const char *path, GError **error)
{
  static const char *const suffixes[] = { "", "-wal", "-shm" };
  g_autofree char *aside = NULL;

  for (guint n = 1; aside == NULL || g_file_test (aside, G_FILE_TEST_EXISTS); n++)
    {
      g_free (aside);
      aside = g_strdup_printf ("%s.corrupt-%u", path, n);
    }
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *from = g_strconcat (path, suffixes[i], NULL);
      g_autofree char *to = g_strconcat (aside, suffixes[i], NULL);

      if (g_rename (from, to) != 0 && i == 0)
        {
          g_set_error (error, LS_ERROR, LS_ERROR_STORAGE, "a damaged store can't be moved aside");
          return NULL;
        }
    }

  g_warning ("a damaged store was moved aside");
  return g_steal_pointer (&aside);
}

/**
 * ls_database_open_damaged:
 * @path: a file that was moved aside
 * @error: %LS_ERROR_STORAGE
 *
 * Returns: (transfer full) (nullable): it, to read from what can be read
 */
LsDatabase *
ls_database_open_damaged (const char *path, GError **error)
{
  g_autoptr (LsDatabase) self = database_new ();

  self->read_only = TRUE;
  if (!connect (self, path))
    {
      set_error (self, error, "the damaged store can't be opened");
      return NULL;
    }

  return g_steal_pointer (&self);
}

/**
 * ls_database_open:
 * @path: the file; made if it is not there, its directory has to be
 * @application_id: what SQLite's application_id has to be
 * @migrations: (array length=n_migrations): from version 0 on
 * @n_migrations: how many, and the version that comes out
 * @aside: (out) (optional) (nullable): where a damaged file was moved to; %NULL: it was well
 * @error: %LS_ERROR_STORAGE; %LS_ERROR_NEWER_STORE: left as it was
 *
 * Opens a database and brings it up to date. A damaged file is moved aside and begun anew. One that
 * can't be written, as its disk is read-only or full, is opened for reading as it is.
 *
 * Returns: (transfer full) (nullable): the database
 */
LsDatabase *
ls_database_open (const char *path,
                  gint32 application_id,
                  const LsMigration *migrations,
                  guint n_migrations,
                  char **aside,
                  GError **error)
{
  g_autoptr (GError) first_error = NULL;
  g_autofree char *moved_to = NULL;
  gboolean damaged;
  LsDatabase *self =
      try_open (path, application_id, migrations, n_migrations, FALSE, &damaged, &first_error);
  gboolean was_damaged = damaged;

  if (aside != NULL)
    *aside = NULL;
  if (self != NULL)
    return self;
  if (!was_damaged && g_error_matches (first_error, LS_ERROR, LS_ERROR_STORAGE))
    self = try_open (path, application_id, migrations, n_migrations, TRUE, &damaged, NULL);
  if (self != NULL)
    {
      g_warning ("%s; it is only read", first_error->message);
      return self;
    }
  if (!was_damaged)
    {
      g_propagate_error (error, g_steal_pointer (&first_error));
      return NULL;
    }
  moved_to = ls_database_move_aside (path, error);
  if (moved_to == NULL)
    return NULL;

  if (aside != NULL)
    *aside = g_steal_pointer (&moved_to);
  return try_open (path, application_id, migrations, n_migrations, FALSE, &damaged, error);
}

/**
 * ls_database_is_read_only:
 * @self: a database
 *
 * Returns: whether it could only be opened for reading
 */
gboolean
ls_database_is_read_only (LsDatabase *self)
{
  return self->read_only;
}

/**
 * ls_database_is_damaged:
 * @self: a database, of which a call just failed
 *
 * Returns: whether it failed because the file is damaged
 */
gboolean
ls_database_is_damaged (LsDatabase *self)
{
  return is_damaged (sqlite3_errcode (self->handle));
}

/**
 * ls_database_remove:
 * @path: a file that is not open
 * @error: %LS_ERROR_STORAGE
 *
 * Removes it and what belongs to it, such as a log or a copy that was moved aside.
 *
 * Returns: whether all of it is gone; it need not have been there
 */
gboolean
ls_database_remove (const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  g_autoptr (GDir) listing = g_dir_open (directory, 0, NULL);
  gboolean removed = TRUE;
  const char *entry;

  while (listing != NULL && (entry = g_dir_read_name (listing)) != NULL)
    {
      g_autofree char *file = g_build_filename (directory, entry, NULL);

      if (g_str_has_prefix (entry, name) && g_unlink (file) != 0)
        removed = FALSE;
    }
  if (!removed)
    g_set_error (error, LS_ERROR, LS_ERROR_STORAGE, "the store can't be removed");
  return removed;
}

/**
 * ls_database_abandon:
 * @self: (transfer full): a database
 *
 * Closes it when its files are going to be removed: what is in the log, up to 64 MiB, is not copied and synced
 * any more, for which a disk may need seconds.
 */
void
ls_database_abandon (LsDatabase *self)
{
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  ls_database_free (self);
}

/**
 * ls_database_free:
 * @self: (transfer full): a database
 *
 * Closes it.
 */
void
ls_database_free (LsDatabase *self)
{
  g_hash_table_unref (self->statements);
  g_clear_pointer (&self->checkpointer, ls_checkpointer_free);
  sqlite3_close (self->handle);
  g_free (self);
}
