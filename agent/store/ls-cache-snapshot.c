/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cache's snapshots: rows are staged page by page, then become the truth at once. */
#include "ls-cache.h"

/* A staged row is sealed as the row that it becomes, so that it is just moved there. */
#define STAGED "unseal (s.data, 'row', s.entity, s.id)"

static gboolean
run_for_entity (LsCache *self, const char *sql, LsEntity entity, GError **error)
{
  LsDatabase *database = ls_cache_get_database (self);
  sqlite3_stmt *stmt = ls_database_prepare (database, sql, error);

  if (stmt == NULL)
    return FALSE;

  ls_database_bind_text (stmt, 1, ls_entity_to_string (entity));
  return ls_database_finish (database, stmt, error);
}

/**
 * ls_cache_stage:
 * @self: a cache, in a transaction
 * @entity: of what
 * @rows: (element-type LsRow): a page
 * @first: whether what was staged before is dropped
 * @error: %LS_ERROR_STORAGE
 *
 * Returns: whether the page is put aside
 */
gboolean
ls_cache_stage (LsCache *self, LsEntity entity, GPtrArray *rows, gboolean first, GError **error)
{
  LsDatabase *database = ls_cache_get_database (self);

  if (first && !run_for_entity (self, "DELETE FROM staged WHERE entity = ?", entity, error))
    return FALSE;

  for (guint i = 0; i < rows->len; i++)
    {
      const LsRow *row = rows->pdata[i];
      sqlite3_stmt *stmt = ls_database_prepare (
          database, "INSERT OR REPLACE INTO staged VALUES (?1, ?2, ?3, seal (?4, 'row', ?1, ?2))",
          error);

      if (stmt == NULL)
        return FALSE;
      ls_database_bind_text (stmt, 1, ls_entity_to_string (entity));
      ls_database_bind_text (stmt, 2, row->id);
      sqlite3_bind_int64 (stmt, 3, row->version);
      ls_database_bind_text (stmt, 4, row->data);
      if (!ls_database_finish (database, stmt, error))
        return FALSE;
    }

  return TRUE;
}

/* A JSON object with nothing but the id, which may hold anything a string can hold. */
static char *
deletion_data (const char *id)
{
  g_autoptr (GString) text = g_string_new ("{\"id\":\"");

  for (const char *c = id; *c != '\0'; c++)
    {
      if (*c == '"' || *c == '\\')
        g_string_append_printf (text, "\\%c", *c);
      else if ((guchar)*c < 0x20)
        g_string_append_printf (text, "\\u%04x", (guint)*c);
      else
        g_string_append_c (text, *c);
    }
  g_string_append (text, "\"}");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Collects what differs, as events that are not logged yet: a statement can't be stepped while
 * others change what it reads. Columns: id, version, data or NULL, whether it was there. */
static gboolean
collect (LsCache *self,
         const char *sql,
         LsEntity entity,
         gint64 as_of,
         GPtrArray *events,
         GError **error)
{
  g_autoptr (GError) step_error = NULL;
  LsDatabase *database = ls_cache_get_database (self);
  sqlite3_stmt *stmt = ls_database_prepare (database, sql, error);

  if (stmt == NULL)
    return FALSE;

  ls_database_bind_text (stmt, 1, ls_entity_to_string (entity));
  while (ls_database_step (database, stmt, &step_error))
    {
      const char *id = ls_database_column_text (stmt, 0);
      const char *data = ls_database_column_text (stmt, 2);
      g_autofree char *deletion = data == NULL ? deletion_data (id) : NULL;
      LsChangeKind change = data == NULL                        ? LS_CHANGE_DELETED
                            : sqlite3_column_int (stmt, 3) != 0 ? LS_CHANGE_UPDATED
                                                                : LS_CHANGE_CREATED;
      LsEvent *event =
          ls_event_new (ls_event_type_for (entity, change), id, data == NULL ? deletion : data);

      event->version = sqlite3_column_int64 (stmt, 1);
      event->timestamp = as_of;
      g_ptr_array_add (events, event);
    }
  if (step_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&step_error));
      return FALSE;
    }

  return TRUE;
}

static gboolean
has_baseline (LsCache *self, LsEntity entity)
{
  LsDatabase *database = ls_cache_get_database (self);
  sqlite3_stmt *stmt =
      ls_database_prepare (database, "SELECT 1 FROM baseline WHERE entity = ?", NULL);
  gboolean found;

  if (stmt == NULL)
    return FALSE;

  ls_database_bind_text (stmt, 1, ls_entity_to_string (entity));
  found = ls_database_step (database, stmt, NULL);
  sqlite3_reset (stmt);
  return found;
}

static gboolean
put_baseline (LsCache *self, LsEntity entity, LsCursor cursor, gint64 as_of, GError **error)
{
  LsDatabase *database = ls_cache_get_database (self);
  sqlite3_stmt *stmt =
      ls_database_prepare (database, "INSERT OR REPLACE INTO baseline VALUES (?, ?, ?, ?)", error);

  if (stmt == NULL)
    return FALSE;

  ls_database_bind_text (stmt, 1, ls_entity_to_string (entity));
  ls_database_bind_text (stmt, 2, cursor.epoch);
  sqlite3_bind_int64 (stmt, 3, cursor.offset);
  sqlite3_bind_int64 (stmt, 4, as_of);
  return ls_database_finish (database, stmt, error);
}

static gboolean
replace_rows (LsCache *self, LsEntity entity, gint64 as_of, gboolean delete_absent, GError **error)
{
  LsDatabase *database = ls_cache_get_database (self);
  sqlite3_stmt *stmt = ls_database_prepare (
      database,
      "INSERT INTO row SELECT entity, id, version, data, ?2 FROM staged WHERE entity = ?1"
      " ON CONFLICT DO UPDATE SET version = excluded.version, data = excluded.data,"
      " as_of = excluded.as_of",
      error);

  if (stmt == NULL)
    return FALSE;
  ls_database_bind_text (stmt, 1, ls_entity_to_string (entity));
  sqlite3_bind_int64 (stmt, 2, as_of);
  if (!ls_database_finish (database, stmt, error))
    return FALSE;

  /* A tombstone keeps no version: in a log that was restored from a backup the row may come back
   * with a lower one, and what is older than the snapshot is known by its offset. */
  stmt = ls_database_prepare (
      database,
      "UPDATE row SET data = NULL, version = 0, as_of = ?2 WHERE ?3 AND entity = ?1"
      " AND (data IS NOT NULL OR version != 0)"
      " AND id NOT IN (SELECT id FROM staged WHERE entity = ?1)",
      error);
  if (stmt == NULL)
    return FALSE;
  ls_database_bind_text (stmt, 1, ls_entity_to_string (entity));
  sqlite3_bind_int64 (stmt, 2, as_of);
  sqlite3_bind_int (stmt, 3, delete_absent);
  return ls_database_finish (database, stmt, error) &&
         run_for_entity (self, "DELETE FROM staged WHERE entity = ?", entity, error);
}

static GStrv
ids_of (GPtrArray *events)
{
  GStrv ids = g_new0 (char *, events->len + 1);

  for (guint i = 0; i < events->len; i++)
    ids[i] = g_strdup (((LsEvent *)events->pdata[i])->entity_id);
  return ids;
}

static gboolean
tell (LsCache *self, LsCommit *commit, GPtrArray *events, gint64 as_of, GError **error)
{
  if (!has_baseline (self, commit->entity))
    {
      commit->ids = ids_of (events);
      return TRUE;
    }

  if (!ls_cache_log_events (self, events, as_of, error))
    return FALSE;
  for (guint i = 0; i < events->len; i++)
    g_ptr_array_add (commit->events, ls_event_ref (events->pdata[i]));
  return TRUE;
}

/* Decides whether what the snapshot lacks is gone, and notes how much stays although it should be. */
static gboolean
judge_absence (LsCache *self,
               LsAbsence absence,
               LsCommit *commit,
               gboolean *delete_absent,
               GError **error)
{
  g_autoptr (GError) step_error = NULL;
  LsDatabase *database = ls_cache_get_database (self);
  gint64 n_rows, n_absent;
  sqlite3_stmt *stmt = ls_database_prepare (
      database,
      "SELECT count(*), count(CASE WHEN id NOT IN (SELECT id FROM staged WHERE entity = ?1)"
      " THEN 1 END) FROM row WHERE entity = ?1 AND data IS NOT NULL",
      error);

  if (stmt == NULL)
    return FALSE;

  ls_database_bind_text (stmt, 1, ls_entity_to_string (commit->entity));
  if (!ls_database_step (database, stmt, &step_error))
    {
      g_propagate_error (error, g_steal_pointer (&step_error));
      return FALSE;
    }

  n_rows = sqlite3_column_int64 (stmt, 0);
  n_absent = sqlite3_column_int64 (stmt, 1);
  sqlite3_reset (stmt);
  *delete_absent = ls_absence_is_believed (absence, n_absent, n_rows);
  if (absence != LS_ABSENCE_IS_NOTHING && !*delete_absent)
    commit->n_kept = (guint)n_absent;
  return TRUE;
}

/**
 * ls_cache_finish_snapshot:
 * @self: a cache, in a transaction
 * @entity: of what
 * @cursor: the position that it stands for
 * @as_of: when the server said so, in milliseconds since the epoch
 * @absence: what it means that a row is absent
 * @error: %LS_ERROR_STORAGE: roll back
 *
 * Makes what was staged the truth.
 *
 * Returns: (transfer full) (nullable): what was done
 */
LsCommit *
ls_cache_finish_snapshot (LsCache *self,
                          LsEntity entity,
                          LsCursor cursor,
                          gint64 as_of,
                          LsAbsence absence,
                          GError **error)
{
  g_autoptr (LsCommit) commit = ls_commit_new ();
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  gboolean delete_absent = FALSE;

  commit->entity = entity;
  if (!judge_absence (self, absence, commit, &delete_absent, error) ||
      !collect (self,
                "SELECT s.id, s.version, " STAGED
                ", r.data IS NOT NULL FROM staged s LEFT JOIN row r"
                " ON r.entity = s.entity AND r.id = s.id WHERE s.entity = ?"
                " AND (r.data IS NULL OR unseal (r.data, 'row', r.entity, r.id) != " STAGED ")"
                " ORDER BY s.id",
                entity, as_of, events, error) ||
      (delete_absent &&
       !collect (self,
                 "SELECT id, version, NULL, 1 FROM row WHERE entity = ?1 AND data IS NOT NULL"
                 " AND id NOT IN (SELECT id FROM staged WHERE entity = ?1) ORDER BY id",
                 entity, as_of, events, error)) ||
      !tell (self, commit, events, as_of, error) ||
      !replace_rows (self, entity, as_of, delete_absent, error) ||
      !put_baseline (self, entity, cursor, as_of, error))
    return NULL;

  return g_steal_pointer (&commit);
}

/**
 * ls_cache_forget_baseline:
 * @self: a cache, in a transaction
 * @entity: of what
 * @error: %LS_ERROR_STORAGE
 *
 * Returns: whether it is noted that the entity is no longer followed
 */
gboolean
ls_cache_forget_baseline (LsCache *self, LsEntity entity, GError **error)
{
  /* The row of the baseline stays, without a position: the next snapshot is not the first. */
  return run_for_entity (self, "UPDATE baseline SET epoch = '', log_offset = 0 WHERE entity = ?",
                         entity, error);
}
