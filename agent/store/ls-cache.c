/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-cache.h"

#include "ls-cache-rules.h"
#include "ls-error.h"
#include "ls-seal.h"

/* "LSca" */
#define APPLICATION_ID 0x4c536361

static const LsMigration migrations[] = {
  /* 1: the first */
  "CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 1), store_id TEXT NOT NULL,"
  "  epoch TEXT NOT NULL, log_offset INTEGER NOT NULL, confirmed_at INTEGER NOT NULL);"
  "INSERT INTO meta VALUES (1, lower (hex (randomblob (16))), '', 0, 0);"
  "CREATE TABLE event (seq INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL,"
  "  entity_id TEXT NOT NULL, data TEXT NOT NULL, timestamp INTEGER NOT NULL,"
  "  user_role TEXT NOT NULL, user_id TEXT NOT NULL, version INTEGER NOT NULL,"
  "  as_of INTEGER NOT NULL);"
  "CREATE TABLE row (entity TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,"
  "  data TEXT, as_of INTEGER NOT NULL, PRIMARY KEY (entity, id)) WITHOUT ROWID;"
  "CREATE TABLE baseline (entity TEXT PRIMARY KEY, epoch TEXT NOT NULL,"
  "  log_offset INTEGER NOT NULL, as_of INTEGER NOT NULL) WITHOUT ROWID;"
  "CREATE TABLE staged (entity TEXT NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,"
  "  data TEXT NOT NULL, PRIMARY KEY (entity, id)) WITHOUT ROWID",
  /* 2: the newest event that was removed from the log, as numbers have gaps */
  "ALTER TABLE meta ADD COLUMN trimmed INTEGER NOT NULL DEFAULT 0;"
  "UPDATE meta SET trimmed = coalesce ((SELECT min (seq) - 1 FROM event),"
  "  (SELECT seq FROM sqlite_sequence WHERE name = 'event'), 0)",
  /* 3: whose rows of the classic system the user may see */
  "ALTER TABLE meta ADD COLUMN sight TEXT NOT NULL DEFAULT ''",
  /* 4: the last number given to an event, which AUTOINCREMENT looked up and noted for every event; -1: no
   * event could be logged yet */
  "ALTER TABLE meta ADD COLUMN last_seq INTEGER NOT NULL DEFAULT -1;"
  "UPDATE meta SET last_seq ="
  "  coalesce ((SELECT seq FROM sqlite_sequence WHERE name = 'event'), -1);"
  "ALTER TABLE event RENAME TO old_event;"
  "CREATE TABLE event (seq INTEGER PRIMARY KEY, type TEXT NOT NULL, entity_id TEXT NOT NULL,"
  "  data TEXT NOT NULL, timestamp INTEGER NOT NULL, user_role TEXT NOT NULL,"
  "  user_id TEXT NOT NULL, version INTEGER NOT NULL, as_of INTEGER NOT NULL);"
  "INSERT INTO event SELECT * FROM old_event;"
  "DROP TABLE old_event",
  /* 5: whether payloads are encrypted, and with which key: something that opens with it */
  "ALTER TABLE meta ADD COLUMN proof BLOB",
};

/* More numbers than there can be events in the write-ahead log, which grows to 64 MiB. */
#define SEQ_GAP "10000000"

struct _LsCache
{
  LsDatabase *database; /* (owned) (nullable): %NULL while it is opened */
  LsSealer sealer;
  gboolean has_gap;
};

static LsCache *
try_open (const char *path, LsCipher *cipher, GError **error)
{
  g_autoptr (LsCache) self = g_new0 (LsCache, 1);

  self->sealer.cipher = cipher;
  self->database =
      ls_database_open (path, APPLICATION_ID, migrations, G_N_ELEMENTS (migrations), NULL, error);
  if (self->database == NULL || !ls_seal_install (self->database, &self->sealer, error))
    return NULL;

  return g_steal_pointer (&self);
}

/* Nothing was ever written to it, as that leaves a gap first. */
static gboolean
is_new (LsCache *self)
{
  return ls_database_get_int (self->database, "SELECT last_seq FROM meta") < 0;
}

/* Begins a cache anew: its payloads are plain and should be encrypted, or the other way round, or their
 * key is gone. The server has it all. */
static LsCache *
begin_anew (LsCache *old, const char *path, LsCipher *cipher, GError **error)
{
  g_autoptr (LsCache) self = old;

  if (ls_database_is_read_only (self->database))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_STORAGE,
                   "the store can't be decrypted, nor begun anew");
      return NULL;
    }
  if (!is_new (self))
    {
      g_message ("the store is begun anew, as it %s",
                 cipher != NULL ? "is not encrypted with this key" : "is encrypted");
      g_clear_pointer (&self, ls_cache_free);
      if (!ls_database_remove (path, error))
        return NULL;
      self = try_open (path, cipher, error);
    }
  if (self == NULL || !ls_seal_note (self->database, error))
    return NULL;

  return g_steal_pointer (&self);
}

/**
 * ls_cache_open:
 * @path: the file
 * @cipher: (nullable): what to encrypt payloads with; must live as long as the cache; %NULL: they are plain
 * @error: as for ls_database_open()
 *
 * Opens a cache. One whose payloads can't be read with @cipher is begun anew.
 *
 * Returns: (transfer full) (nullable): the cache
 */
LsCache *
ls_cache_open (const char *path, LsCipher *cipher, GError **error)
{
  g_autoptr (LsCache) self = try_open (path, cipher, error);
  LsSeal seal;

  if (self == NULL || !ls_seal_check (self->database, cipher, &seal, error))
    return NULL;
  if (seal != (cipher != NULL ? LS_SEAL_OURS : LS_SEAL_NONE))
    return begin_anew (g_steal_pointer (&self), path, cipher, error);

  return g_steal_pointer (&self);
}

/**
 * ls_cache_free:
 * @self: (transfer full): a cache
 *
 * Closes it.
 */
void
ls_cache_free (LsCache *self)
{
  g_clear_pointer (&self->database, ls_database_free);
  g_free (self);
}

/**
 * ls_cache_abandon:
 * @self: (transfer full): a cache
 *
 * Closes it when its files are going to be removed.
 */
void
ls_cache_abandon (LsCache *self)
{
  ls_database_abandon (self->database);
  g_free (self);
}

/**
 * ls_cache_get_database:
 * @self: a cache
 *
 * Returns: (transfer none): its database
 */
LsDatabase *
ls_cache_get_database (LsCache *self)
{
  return self->database;
}

/**
 * ls_cache_is_broken:
 * @self: a cache
 *
 * Returns: whether something in it could not be decrypted since it was opened, or mended
 */
gboolean
ls_cache_is_broken (LsCache *self)
{
  return self->sealer.n_failed > 0;
}

/**
 * ls_cache_note_mended:
 * @self: a cache that has just been looked through
 *
 * Begins to count anew.
 */
void
ls_cache_note_mended (LsCache *self)
{
  self->sealer.n_failed = 0;
}

static gboolean
read_meta (LsCache *self, LsStoreState *state, GError **error)
{
  sqlite3_stmt *stmt = ls_database_prepare (
      self->database, "SELECT store_id, epoch, log_offset, confirmed_at, sight FROM meta", error);

  if (stmt == NULL || !ls_database_step (self->database, stmt, error))
    return FALSE;

  state->id = g_strdup (ls_database_column_text (stmt, 0));
  if (*ls_database_column_text (stmt, 1) != '\0')
    state->cursor =
        ls_cursor_new (ls_database_column_text (stmt, 1), sqlite3_column_int64 (stmt, 2));
  state->confirmed_at = sqlite3_column_int64 (stmt, 3);
  state->sight = g_strdup (ls_database_column_text (stmt, 4));
  sqlite3_reset (stmt);
  return TRUE;
}

static gboolean
read_baselines (LsCache *self, LsStoreState *state, GError **error)
{
  g_autoptr (GError) step_error = NULL;
  sqlite3_stmt *stmt = ls_database_prepare (
      self->database, "SELECT entity, epoch, log_offset, as_of FROM baseline", error);

  if (stmt == NULL)
    return FALSE;

  while (ls_database_step (self->database, stmt, &step_error))
    {
      LsEntity entity = ls_entity_from_string (ls_database_column_text (stmt, 0));

      if (entity == LS_ENTITY_INVALID)
        continue;
      state->baselines[entity].cursor =
          ls_cursor_new (ls_database_column_text (stmt, 1), sqlite3_column_int64 (stmt, 2));
      state->baselines[entity].as_of = sqlite3_column_int64 (stmt, 3);
    }
  if (step_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&step_error));
      return FALSE;
    }

  return TRUE;
}

/**
 * ls_cache_read_state:
 * @self: a cache
 * @error: %LS_ERROR_STORAGE
 *
 * Returns: (transfer full) (nullable): where things stand
 */
LsStoreState *
ls_cache_read_state (LsCache *self, GError **error)
{
  g_autoptr (LsStoreState) state = g_new0 (LsStoreState, 1);

  if (!read_meta (self, state, error) || !read_baselines (self, state, error))
    return NULL;

  state->first_seq = (guint64)ls_database_get_int (self->database, "SELECT min (seq) FROM event");
  state->last_seq = ls_cache_get_last_seq (self);
  return g_steal_pointer (&state);
}

/**
 * ls_cache_leave_gap:
 * @self: a cache, outside of a transaction
 * @error: %LS_ERROR_STORAGE
 *
 * Makes sure, before the first event after opening, that no `seq` is given out twice. A power cut may
 * take the last commits away, which apps had been told of: with the numbers of those again, an app
 * that reads on from its cursor would miss as many events. So each opening leaves a gap in the
 * numbers, and that alone is synced before anything else is told.
 *
 * Returns: whether events may be logged
 */
gboolean
ls_cache_leave_gap (LsCache *self, GError **error)
{
  g_autoptr (GError) pragma_error = NULL;

  if (self->has_gap)
    return TRUE;

  if (!ls_database_run (self->database, "PRAGMA synchronous = FULL", error))
    return FALSE;
  self->has_gap = ls_database_run (
      self->database,
      "UPDATE meta SET last_seq = CASE WHEN last_seq < 0 THEN 0 ELSE last_seq + " SEQ_GAP " END",
      error);
  if (!ls_database_run (self->database, "PRAGMA synchronous = NORMAL", &pragma_error))
    g_warning ("the store stays slow: %s", pragma_error->message);

  return self->has_gap;
}

static gboolean
put_row (LsCache *self,
         LsEvent *event,
         gint64 version,
         gboolean deleted,
         gint64 as_of,
         GError **error)
{
  sqlite3_stmt *stmt = ls_database_prepare (
      self->database,
      "INSERT OR REPLACE INTO row VALUES (?1, ?2, ?3, seal (?4, 'row', ?1, ?2), ?5)", error);

  if (stmt == NULL)
    return FALSE;

  ls_database_bind_text (stmt, 1, ls_entity_to_string (ls_event_get_entity (event)));
  ls_database_bind_text (stmt, 2, event->entity_id);
  sqlite3_bind_int64 (stmt, 3, version);
  ls_database_bind_text (stmt, 4, deleted ? NULL : event->data);
  sqlite3_bind_int64 (stmt, 5, as_of);
  return ls_database_finish (self->database, stmt, error);
}

/* Looks for a row. Returns: (nullable): the statement that found it, or is at its end; %NULL: failed */
static sqlite3_stmt *
find_row (LsCache *self, LsEntity entity, const char *id, gboolean *found, GError **error)
{
  g_autoptr (GError) step_error = NULL;
  sqlite3_stmt *stmt = ls_database_prepare (
      self->database,
      "SELECT version, unseal (data, 'row', entity, id), as_of FROM row WHERE entity = ? AND id = ?",
      error);

  if (stmt == NULL)
    return NULL;

  ls_database_bind_text (stmt, 1, ls_entity_to_string (entity));
  ls_database_bind_text (stmt, 2, id);
  *found = ls_database_step (self->database, stmt, &step_error);
  if (step_error == NULL)
    return stmt;

  g_propagate_error (error, g_steal_pointer (&step_error));
  return NULL;
}

/* Judges by the row where it lies: a copy of it would be made for every event. */
static gboolean
judge (LsCache *self, const LsEvent *event, LsVerdict *verdict, gint64 *old_version, GError **error)
{
  LsRow row = { .entity = ls_event_get_entity (event), .id = event->entity_id };
  gboolean found;
  sqlite3_stmt *stmt = find_row (self, row.entity, row.id, &found, error);

  if (stmt == NULL)
    return FALSE;

  if (found)
    {
      row.version = sqlite3_column_int64 (stmt, 0);
      row.data = (char *)ls_database_column_text (stmt, 1);
      row.deleted = row.data == NULL;
    }
  *verdict = ls_cache_rules_judge (found ? &row : NULL, event);
  *old_version = row.version;
  sqlite3_reset (stmt);
  return TRUE;
}

static gboolean
apply (LsCache *self, LsEvent *event, gint64 as_of, LsCommit *commit, GError **error)
{
  LsVerdict verdict;
  gint64 version = event->version;
  gint64 old_version;

  if (ls_event_get_entity (event) == LS_ENTITY_PRESENCE)
    {
      g_ptr_array_add (commit->events, ls_event_ref (event));
      return TRUE;
    }
  if (!judge (self, event, &verdict, &old_version, error))
    return FALSE;
  if (verdict == LS_VERDICT_DROP)
    {
      commit->n_dropped++;
      return TRUE;
    }
  if (version == 0 && verdict == LS_VERDICT_DELETE)
    version = old_version;
  if (!put_row (self, event, version, verdict == LS_VERDICT_DELETE, as_of, error))
    return FALSE;

  g_ptr_array_add (commit->events, ls_event_ref (event));
  return TRUE;
}

static gboolean
put_cursor (LsCache *self, LsCursor cursor, gint64 as_of, GError **error)
{
  sqlite3_stmt *stmt;

  if (!ls_cursor_is_set (cursor))
    return TRUE;

  stmt = ls_database_prepare (self->database,
                              "UPDATE meta SET epoch = ?, log_offset = ?, confirmed_at = ?", error);
  if (stmt == NULL)
    return FALSE;

  ls_database_bind_text (stmt, 1, cursor.epoch);
  sqlite3_bind_int64 (stmt, 2, cursor.offset);
  sqlite3_bind_int64 (stmt, 3, as_of);
  return ls_database_finish (self->database, stmt, error);
}

static gboolean
put_sight (LsCache *self, const char *sight, GError **error)
{
  sqlite3_stmt *stmt;

  if (sight == NULL)
    return TRUE;

  stmt = ls_database_prepare (self->database, "UPDATE meta SET sight = ?", error);
  if (stmt == NULL)
    return FALSE;

  ls_database_bind_text (stmt, 1, sight);
  return ls_database_finish (self->database, stmt, error);
}

/**
 * ls_cache_commit:
 * @self: a cache, in a transaction
 * @change_set: what to put in
 * @error: %LS_ERROR_STORAGE: roll back
 *
 * Puts events, the rows they change and the cursor in.
 *
 * Returns: (transfer full) (nullable): what was done
 */
LsCommit *
ls_cache_commit (LsCache *self, const LsChangeSet *change_set, GError **error)
{
  g_autoptr (LsCommit) commit = ls_commit_new ();

  for (guint i = 0; i < change_set->events->len; i++)
    if (!apply (self, change_set->events->pdata[i], change_set->as_of, commit, error))
      return NULL;
  if (!ls_cache_log_events (self, commit->events, change_set->as_of, error))
    return NULL;
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    if ((change_set->forgotten & (1u << i)) != 0 &&
        !ls_cache_forget_baseline (self, (LsEntity)i, error))
      return NULL;
  if (!put_cursor (self, change_set->cursor, change_set->as_of, error) ||
      !put_sight (self, change_set->sight, error))
    return NULL;

  return g_steal_pointer (&commit);
}

/**
 * ls_cache_get:
 * @self: a cache
 * @entity: of what
 * @id: which
 * @error: %LS_ERROR_NOT_FOUND, %LS_ERROR_STORAGE
 *
 * Returns: (transfer full) (nullable): the row; it may be a tombstone
 */
LsRow *
ls_cache_get (LsCache *self, LsEntity entity, const char *id, GError **error)
{
  gboolean found;
  sqlite3_stmt *stmt = find_row (self, entity, id, &found, error);
  LsRow *row = NULL;

  if (stmt == NULL)
    return NULL;
  if (!found)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_NOT_FOUND, "there is no such %s",
                   ls_entity_to_string (entity));
      return NULL;
    }

  row = ls_row_new (entity, id, ls_database_column_text (stmt, 1), sqlite3_column_int64 (stmt, 0));
  row->as_of = sqlite3_column_int64 (stmt, 2);
  row->deleted = row->data == NULL;
  sqlite3_reset (stmt);
  return row;
}

/**
 * ls_cache_get_checksum:
 * @self: a cache
 * @entity: of what
 * @error: %LS_ERROR_STORAGE
 *
 * Returns: (transfer full) (nullable): the checksum of the live rows
 */
LsChecksum *
ls_cache_get_checksum (LsCache *self, LsEntity entity, GError **error)
{
  g_autoptr (LsChecksum) checksum = ls_checksum_new (entity);
  g_autoptr (GError) step_error = NULL;
  sqlite3_stmt *stmt = ls_database_prepare (
      self->database, "SELECT id, version FROM row WHERE entity = ? AND data IS NOT NULL", error);

  if (stmt == NULL)
    return NULL;

  ls_database_bind_text (stmt, 1, ls_entity_to_string (entity));
  while (ls_database_step (self->database, stmt, &step_error))
    ls_checksum_add (checksum, ls_database_column_text (stmt, 0), sqlite3_column_int64 (stmt, 1));
  if (step_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&step_error));
      return NULL;
    }

  return g_steal_pointer (&checksum);
}

/**
 * ls_cache_get_statistics:
 * @self: a cache
 * @error: never set
 *
 * Returns: (transfer full): the counts
 */
LsStoreStatistics *
ls_cache_get_statistics (LsCache *self, GError **error)
{
  LsStoreStatistics *statistics = g_new0 (LsStoreStatistics, 1);

  statistics->n_events = ls_database_get_int (self->database, "SELECT count (*) FROM event");
  statistics->n_rows =
      ls_database_get_int (self->database, "SELECT count (*) FROM row WHERE data IS NOT NULL");
  statistics->n_tombstones =
      ls_database_get_int (self->database, "SELECT count (*) FROM row WHERE data IS NULL");
  statistics->file_size = ls_database_get_size (self->database);
  return statistics;
}
