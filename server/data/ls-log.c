/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-log.h"

#include "ls-log-entry-private.h"
#include "ls-school-error.h"
#include "ls-viewer-private.h"
#include "ls-visibility.h"

/* Bytes of rows that one call of ls_log_read() holds in memory before it lets it be. */
#define READ_BUDGET (4 << 20)

static char *
get_image (const LsRecord *record)
{
  return record == NULL ? NULL : ls_record_to_json (record, LS_SIGHT_FULL);
}

/**
 * ls_log_append:
 * @database: the school's database, in a transaction
 * @entry: an entry that nobody else has yet; gets its offset
 * @error: return location for an error
 *
 * Returns: whether it was stored
 */
gboolean
ls_log_append (LsDatabase *database, LsLogEntry *entry, GError **error)
{
  g_autofree char *before = get_image (entry->before);
  g_autofree char *after = get_image (entry->after);

  if (!ls_database_run (database, error,
                        "INSERT INTO log (type, entity_id, row_before, row_after, timestamp, "
                        "user_role, user_id, version, action_id, recipient, txn) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        "ttttittitti", ls_event_type_to_string (entry->type), entry->entity_id,
                        before, after, entry->timestamp, entry->user_role, entry->user_id,
                        entry->version, entry->action_id, entry->recipient, entry->transaction))
    return FALSE;

  entry->offset = ls_database_get_last_id (database);
  return TRUE;
}

/* Of the statement of ls_log_read(). */
#define TRANSACTION_COLUMN 11

static gboolean
read_image (LsStatement *statement,
            int column,
            const LsTable *table,
            LsRecord **record,
            GError **error)
{
  const char *json = ls_statement_get_text (statement, column);

  *record = json == NULL ? NULL : ls_record_new_from_json (table, json, error);
  return json == NULL || *record != NULL;
}

static LsLogEntry *
read_entry (LsStatement *statement, GError **error)
{
  LsEventType type = ls_event_type_from_string (ls_statement_get_text (statement, 1));
  g_autoptr (LsRecord) before = NULL;
  g_autoptr (LsRecord) after = NULL;
  const LsTable *table;
  LsLogEntry *entry;

  table = type == LS_EVENT_TYPE_INVALID
              ? NULL
              : ls_schema_get_entity_table (ls_event_type_get_entity (type));
  if (table == NULL || !read_image (statement, 3, table, &before, error) ||
      !read_image (statement, 4, table, &after, error) || (before == NULL && after == NULL))
    {
      g_clear_error (error);
      g_set_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_STORAGE,
                   "Entry %" G_GINT64_FORMAT " of the log is damaged",
                   ls_statement_get_integer (statement, 0));
      return NULL;
    }

  entry = ls_log_entry_new (type, before, after);
  entry->offset = ls_statement_get_integer (statement, 0);
  entry->timestamp = ls_statement_get_integer (statement, 5);
  entry->user_role = g_strdup (ls_statement_get_text (statement, 6));
  entry->user_id = g_strdup (ls_statement_get_text (statement, 7));
  entry->version = ls_statement_get_integer (statement, 8);
  entry->action_id = g_strdup (ls_statement_get_text (statement, 9));
  entry->recipient = g_strdup (ls_statement_get_text (statement, 10));
  entry->transaction = ls_statement_get_integer (statement, TRANSACTION_COLUMN);
  return entry;
}

/* Compares the entry that was not taken any more with the last that was. */
static LsLogEnd
get_end (LsStatement *statement, GPtrArray *entries)
{
  const LsLogEntry *last = entries->pdata[entries->len - 1];
  gint64 next = ls_statement_get_integer (statement, TRANSACTION_COLUMN);

  return next == last->transaction ? LS_LOG_END_INSIDE : LS_LOG_END_BETWEEN;
}

/**
 * ls_log_read:
 * @database: the school's database
 * @recipient: leave out entries that concern only somebody else than this user
 * @after: an offset
 * @limit: how many entries to read at most; fewer are if they are large
 * @end: (out): where that stops
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable) (element-type LsLogEntry): the entries after @after, in order
 */
GPtrArray *
ls_log_read (LsDatabase *database,
             const char *recipient,
             gint64 after,
             guint limit,
             LsLogEnd *end,
             GError **error)
{
  g_autoptr (GPtrArray) entries =
      g_ptr_array_new_with_free_func ((GDestroyNotify)ls_log_entry_unref);
  g_autoptr (LsStatement) statement = ls_database_prepare (
      database, error,
      "SELECT \"offset\", type, entity_id, row_before, row_after, timestamp, user_role, user_id, "
      "version, action_id, recipient, txn FROM log "
      "WHERE \"offset\" > ?1 AND (recipient IS NULL OR recipient = ?2) ORDER BY \"offset\" "
      "LIMIT ?3 + 1",
      "iti", after, recipient, (gint64)limit);
  gboolean row = TRUE;
  gsize size = 0;

  if (statement == NULL)
    return NULL;

  while (TRUE)
    {
      LsLogEntry *entry;

      if (!ls_statement_step (statement, &row, error))
        return NULL;
      if (!row || entries->len == limit || size >= READ_BUDGET)
        break;

      entry = read_entry (statement, error);
      if (entry == NULL)
        return NULL;
      g_ptr_array_add (entries, entry);
      size += (gsize)(sqlite3_column_bytes (statement, 3) + sqlite3_column_bytes (statement, 4));
    }

  *end = row ? get_end (statement, entries) : LS_LOG_END_TOP;
  return g_steal_pointer (&entries);
}

/**
 * ls_log_get_ends:
 * @database: the school's database
 * @floor: (out): the last offset that is no longer kept
 * @top: (out): the last offset
 * @error: return location for an error
 *
 * Returns: whether they could be read
 */
gboolean
ls_log_get_ends (LsDatabase *database, gint64 *floor, gint64 *top, GError **error)
{
  g_autoptr (LsStatement) statement = ls_database_prepare (
      database, error,
      "SELECT value, max (value, coalesce ((SELECT max (\"offset\") FROM log), 0)) "
      "FROM meta WHERE name = 'floor'",
      "");
  gboolean row;

  if (statement == NULL || !ls_statement_step (statement, &row, error))
    return FALSE;

  *floor = ls_statement_get_integer (statement, 0);
  *top = ls_statement_get_integer (statement, 1);
  return TRUE;
}

/**
 * ls_log_trim:
 * @database: the school's database, in a transaction
 * @before_ms: forget entries from the start of the log up to the first that is not older than this
 * @error: return location for an error
 *
 * Forgets the old end of the log and the scopes that only it needed.
 *
 * Returns: whether it was done
 */
gboolean
ls_log_trim (LsDatabase *database, gint64 before_ms, GError **error)
{
  /* The clock may have been set back in between: what is cut off is a prefix all the same. */
  return ls_database_run (database, error,
                          "UPDATE meta SET value = max (value, coalesce ("
                          "(SELECT min (\"offset\") - 1 FROM log WHERE timestamp >= ?1), "
                          "(SELECT max (\"offset\") FROM log), 0)) WHERE name = 'floor'",
                          "i", before_ms) &&
         ls_database_run (database, error,
                          "DELETE FROM log WHERE \"offset\" <= "
                          "(SELECT value FROM meta WHERE name = 'floor')",
                          "") &&
         ls_database_run (database, error,
                          "DELETE FROM past_viewers WHERE until <= "
                          "(SELECT value FROM meta WHERE name = 'floor')",
                          "");
}

static LsEvent *
make_event (const LsLogEntry *entry, LsEventType type, const char *data)
{
  LsEvent *event = ls_event_new (type, entry->entity_id, data);

  event->timestamp = entry->timestamp;
  g_free (event->user_role);
  event->user_role = g_strdup (entry->user_role);
  g_free (event->user_id);
  event->user_id = g_strdup (entry->user_id);
  event->offset = entry->offset;
  event->version = entry->version;
  event->action_id = g_strdup (entry->action_id);
  return event;
}

static LsEvent *
make_deletion (const LsLogEntry *entry)
{
  g_autofree char *data = ls_record_id_to_json (entry->entity_id);
  LsEntity entity = ls_event_type_get_entity (entry->type);

  return make_event (entry, ls_event_type_for (entity, LS_CHANGE_DELETED), data);
}

static gboolean
sees (const LsViewer *viewer, const LsRecord *row)
{
  return row != NULL && ls_visibility_get_sight (viewer, row) != LS_SIGHT_NONE;
}

/* Whether @viewer may have the row as it was before @entry: because it could be seen then, or by a
 * scope that @viewer had later and read an earlier entry of the same backlog with. */
static gboolean
may_have (const LsViewer *viewer, const LsLogEntry *entry)
{
  for (guint i = 0; i < viewer->past->len; i++)
    {
      const LsPastView *past = viewer->past->pdata[i];

      if (entry->offset <= past->until && sees (past->viewer, entry->before))
        return TRUE;
    }

  return sees (viewer, entry->before);
}

/**
 * ls_log_project:
 * @entry: an entry
 * @viewer: who looks
 *
 * What @viewer gets of @entry. The row is shown as @viewer may see it now. If it is gone or out of
 * sight, it is taken away again from whoever may have it, whatever scope they have by now.
 *
 * Returns: (transfer full) (nullable): an event, %NULL: nothing
 */
LsEvent *
ls_log_project (const LsLogEntry *entry, const LsViewer *viewer)
{
  gboolean targeted = entry->recipient != NULL;
  g_autofree char *data = NULL;
  LsEventType type = entry->type;

  if (!ls_viewer_is_active (viewer) ||
      (targeted && !g_str_equal (entry->recipient, ls_viewer_get_id (viewer))))
    return NULL;
  if (!sees (viewer, entry->after))
    return targeted || may_have (viewer, entry) ? make_deletion (entry) : NULL;

  if (!targeted && !sees (ls_viewer_get_at (viewer, entry->offset), entry->before))
    type = ls_event_type_for (ls_event_type_get_entity (type), LS_CHANGE_CREATED);
  data = ls_record_to_json (entry->after, ls_visibility_get_sight (viewer, entry->after));
  return make_event (entry, type, data);
}
