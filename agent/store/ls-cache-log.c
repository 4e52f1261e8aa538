/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cache's log of events: reading and trimming. */
#include "ls-cache.h"

#include "ls-error.h"

/* How many events one step of trimming removes: little enough not to hold anybody up. */
#define TRIM_STEP "500"

/**
 * ls_cache_get_last_seq:
 * @self: a cache
 *
 * Returns: the last number given to an event; 0: none yet
 */
guint64
ls_cache_get_last_seq (LsCache *self)
{
  return (guint64)ls_database_get_int (ls_cache_get_database (self),
                                       "SELECT max (last_seq, 0) FROM meta");
}

static gboolean
put_last_seq (LsCache *self, guint64 seq, GError **error)
{
  LsDatabase *database = ls_cache_get_database (self);
  sqlite3_stmt *stmt = ls_database_prepare (database, "UPDATE meta SET last_seq = ?", error);

  if (stmt == NULL)
    return FALSE;

  sqlite3_bind_int64 (stmt, 1, (gint64)seq);
  return ls_database_finish (database, stmt, error);
}

static gboolean
put_event (LsCache *self, const LsEvent *event, gint64 as_of, GError **error)
{
  LsDatabase *database = ls_cache_get_database (self);
  sqlite3_stmt *stmt = ls_database_prepare (
      database, "INSERT INTO event VALUES (?1, ?2, ?3, seal (?4, 'event', ?1), ?5, ?6, ?7, ?8, ?9)",
      error);

  if (stmt == NULL)
    return FALSE;

  sqlite3_bind_int64 (stmt, 1, (gint64)event->seq);
  ls_database_bind_text (stmt, 2, ls_event_type_to_string (event->type));
  ls_database_bind_text (stmt, 3, event->entity_id);
  ls_database_bind_text (stmt, 4, event->data);
  sqlite3_bind_int64 (stmt, 5, event->timestamp);
  ls_database_bind_text (stmt, 6, event->user_role);
  ls_database_bind_text (stmt, 7, event->user_id);
  sqlite3_bind_int64 (stmt, 8, event->version);
  sqlite3_bind_int64 (stmt, 9, as_of);
  return ls_database_finish (database, stmt, error);
}

/**
 * ls_cache_log_events:
 * @self: a cache, in a transaction
 * @events: (element-type LsEvent): events; the `seq` of each is set
 * @as_of: when we learnt of them, in milliseconds since the epoch
 * @error: %LS_ERROR_STORAGE: roll back
 *
 * Adds events to the log, in order. Presence is left out: it is told and forgotten.
 *
 * Returns: whether they are in
 */
gboolean
ls_cache_log_events (LsCache *self, GPtrArray *events, gint64 as_of, GError **error)
{
  guint64 last = ls_cache_get_last_seq (self);
  guint64 seq = last;

  for (guint i = 0; i < events->len; i++)
    {
      LsEvent *event = g_ptr_array_index (events, i);

      if (ls_event_get_entity (event) == LS_ENTITY_PRESENCE)
        continue;
      event->seq = ++seq;
      if (!put_event (self, event, as_of, error))
        return FALSE;
    }

  return seq == last || put_last_seq (self, seq, error);
}

static char *
copy_text (sqlite3_stmt *stmt, int column)
{
  return g_strdup (ls_database_column_text (stmt, column));
}

static LsEvent *
event_from_row (sqlite3_stmt *stmt)
{
  LsEventType type = ls_event_type_from_string (ls_database_column_text (stmt, 1));
  LsEvent *event;

  if (type == LS_EVENT_TYPE_INVALID)
    return NULL;

  event = ls_event_new_take (type, copy_text (stmt, 2), copy_text (stmt, 3), copy_text (stmt, 5),
                             copy_text (stmt, 6));
  event->seq = (guint64)sqlite3_column_int64 (stmt, 0);
  event->timestamp = sqlite3_column_int64 (stmt, 4);
  event->version = sqlite3_column_int64 (stmt, 7);
  return event;
}

/* Sets @gapless to whether the log holds all that came after @after_seq. */
static gboolean
check_position (LsCache *self, guint64 after_seq, gboolean *gapless, GError **error)
{
  LsDatabase *database = ls_cache_get_database (self);
  guint64 last = ls_cache_get_last_seq (self);
  guint64 trimmed = (guint64)ls_database_get_int (database, "SELECT trimmed FROM meta");

  *gapless = after_seq >= trimmed;
  /* 0 is the beginning of what is kept, not a cursor of somebody who has it all. */
  if (after_seq == 0 || (after_seq <= last && *gapless))
    return TRUE;

  g_set_error (error, LS_ERROR, LS_ERROR_CURSOR_EXPIRED, "events after this cursor are gone");
  return FALSE;
}

/**
 * ls_cache_read_events:
 * @self: a cache
 * @after_seq: start after it; 0: at the beginning
 * @types: (nullable): which; %NULL: all
 * @limit: how many at most
 * @max_size: how many bytes at most, but never less than one event
 * @error: %LS_ERROR_CURSOR_EXPIRED, %LS_ERROR_STORAGE
 *
 * Returns: (transfer full) (nullable): a page
 */
LsEventPage *
ls_cache_read_events (LsCache *self,
                      guint64 after_seq,
                      const gboolean *types,
                      guint limit,
                      gsize max_size,
                      GError **error)
{
  g_autoptr (GError) step_error = NULL;
  g_autoptr (LsEventPage) page = NULL;
  LsDatabase *database = ls_cache_get_database (self);
  sqlite3_stmt *stmt;
  gboolean gapless = FALSE;
  gsize size = 0;

  if (!check_position (self, after_seq, &gapless, error))
    return NULL;
  stmt = ls_database_prepare (database,
                              "SELECT seq, type, entity_id, unseal (data, 'event', seq), timestamp,"
                              " user_role, user_id, version FROM event WHERE seq > ? ORDER BY seq",
                              error);
  if (stmt == NULL)
    return NULL;

  page = g_new0 (LsEventPage, 1);
  page->events = ls_event_array_new ();
  page->last_seq = after_seq;
  page->gapless = gapless;
  sqlite3_bind_int64 (stmt, 1, (gint64)after_seq);
  while (ls_database_step (database, stmt, &step_error))
    {
      g_autoptr (LsEvent) event = event_from_row (stmt);

      if (event != NULL && (types == NULL || types[event->type]))
        {
          size += ls_event_get_size (event);
          page->more = page->events->len > 0 && (page->events->len >= limit || size > max_size);
          if (page->more)
            break;
          g_ptr_array_add (page->events, ls_event_ref (event));
        }
      page->last_seq = (guint64)sqlite3_column_int64 (stmt, 0);
    }
  sqlite3_reset (stmt);
  if (step_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&step_error));
      return NULL;
    }

  return g_steal_pointer (&page);
}

/**
 * ls_cache_trim:
 * @self: a cache, in a transaction
 * @max_size: how large the file may be, in bytes
 * @oldest: events that came before are removed, in milliseconds since the epoch
 * @error: %LS_ERROR_STORAGE
 *
 * One small step towards the limits: removes the oldest events, never rows, and gives free pages
 * back to the disk. Numbers of events that are gone are never given again.
 *
 * Returns: whether there is more to trim
 */
gboolean
ls_cache_trim (LsCache *self, gint64 max_size, gint64 oldest, GError **error)
{
  LsDatabase *database = ls_cache_get_database (self);
  gboolean too_large = ls_database_get_used (database) > max_size;
  sqlite3_stmt *stmt = ls_database_prepare (
      database,
      "UPDATE meta SET trimmed = max (trimmed, coalesce ((SELECT max (seq) FROM (SELECT seq, as_of"
      " FROM event ORDER BY seq LIMIT " TRIM_STEP ") WHERE ? OR as_of < ?), 0))",
      error);
  gint64 n_removed;

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int (stmt, 1, too_large);
  sqlite3_bind_int64 (stmt, 2, oldest);
  if (!ls_database_finish (database, stmt, error) ||
      !ls_database_run (database, "DELETE FROM event WHERE seq <= (SELECT trimmed FROM meta)",
                        error))
    return FALSE;

  n_removed = ls_database_get_int (database, "SELECT changes ()");
  return n_removed > 0 && ls_database_run (database, "PRAGMA incremental_vacuum (1000)", error);
}
