/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-batch.h"
#include "ls-log.h"
#include "ls-page-token.h"
#include "ls-rows.h"
#include "ls-school-private.h"
#include "ls-visibility.h"
#include "ls-visible-rows.h"

/* Bytes of rows on a page: with what stands around them an answer stays below 1 MiB (protocol,
 * "Limits"). */
#define PAGE_BUDGET LS_SCHOOL_MAX_ROW

/* What stands around a row or an event in an answer, rounded up; an id, which is at most 64
 * characters long, an action's id and the names of the members. */
#define ROW_OVERHEAD 512

/* How many entries of the log are looked at in one go: other clients wait meanwhile. */
#define LOG_SCAN_LIMIT 2000

static const LsTable *
find_table (const char *name, GError **error)
{
  const LsTable *table = ls_schema_find_table (name);

  if (table == NULL)
    g_set_error_literal (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_NOT_FOUND, "No such table");
  return table;
}

static LsRow *
show (const LsRecord *record, LsSight sight)
{
  g_autofree char *data = ls_record_to_json (record, sight);

  return ls_row_new (record->table->entity, ls_record_get_id (record), data,
                     ls_record_get_version (record));
}

/**
 * ls_school_has_table:
 * @table: (nullable): a name
 *
 * Returns: whether there is a table of that name, whoever may see it
 */
gboolean
ls_school_has_table (const char *table)
{
  return ls_schema_find_table (table) != NULL;
}

/**
 * ls_school_list:
 * @self: a school
 * @viewer: who asks
 * @table: a table's name
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable) (element-type LsRow): all rows that @viewer may see, by id
 */
GPtrArray *
ls_school_list (LsSchool *self, const LsViewer *viewer, const char *table, GError **error)
{
  g_autoptr (GPtrArray) rows = NULL;
  g_autoptr (LsVisibleRows) visible = NULL;
  const LsTable *found;

  g_return_val_if_fail (LS_IS_SCHOOL (self), NULL);

  found = find_table (table, error);
  if (found == NULL || !ls_school_check_active (viewer, error))
    return NULL;

  visible = ls_visible_rows_new (self->database, viewer, found, "", error);
  if (visible == NULL)
    return NULL;

  rows = ls_row_array_new ();
  for (;;)
    {
      g_autoptr (LsRecord) record = NULL;
      LsSight sight;

      if (!ls_visible_rows_next (visible, &record, &sight, error))
        return NULL;
      if (record == NULL)
        return g_steal_pointer (&rows);

      g_ptr_array_add (rows, show (record, sight));
    }
}

/**
 * ls_school_get:
 * @self: a school
 * @viewer: who asks
 * @table: a table's name
 * @id: an id, as the client gave it
 * @error: return location for an error; %LS_SCHOOL_ERROR_GONE: it was deleted
 *
 * Returns: (transfer full) (nullable): the row as @viewer may see it
 */
LsRow *
ls_school_get (LsSchool *self,
               const LsViewer *viewer,
               const char *table,
               const char *id,
               GError **error)
{
  g_autoptr (LsRecord) record = NULL;
  const LsTable *found;
  LsSight sight;
  gboolean deleted;

  g_return_val_if_fail (LS_IS_SCHOOL (self), NULL);
  g_return_val_if_fail (id != NULL, NULL);

  found = find_table (table, error);
  if (found == NULL || !ls_school_check_active (viewer, error) ||
      !ls_rows_find (self->database, found, id, &record, &deleted, error))
    return NULL;

  /* Who could not see the row learns nothing of its end either. */
  sight = record == NULL ? LS_SIGHT_NONE : ls_visibility_get_sight (viewer, record);
  if (sight == LS_SIGHT_NONE)
    g_set_error_literal (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_NOT_FOUND, "No such row");
  else if (deleted)
    g_set_error_literal (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_GONE, "The row was deleted");
  else
    return show (record, sight);

  return NULL;
}

static gboolean
parse_page (LsSchool *self,
            LsEntity entity,
            const char *page_token,
            LsCursor *cursor,
            char **last_id,
            GError **error)
{
  if (page_token == NULL)
    {
      *cursor = ls_school_get_cursor (self);
      *last_id = g_strdup ("");
      return TRUE;
    }

  if (!ls_page_token_parse (page_token, entity, cursor, last_id))
    g_set_error_literal (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_PAGE,
                         "That is not a page token of this snapshot");
  else if (!g_str_equal (cursor->epoch, self->epoch))
    g_set_error_literal (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_PAGE,
                         "The server’s log began anew: start the snapshot again");
  else
    return TRUE;

  return FALSE;
}

static gboolean
fill_page (LsSnapshotPage *page, LsVisibleRows *visible, guint limit, GError **error)
{
  gsize size = 0;

  for (;;)
    {
      g_autoptr (LsRecord) record = NULL;
      g_autoptr (LsRow) shown = NULL;
      LsSight sight;

      if (!ls_visible_rows_next (visible, &record, &sight, error))
        return FALSE;
      if (record == NULL)
        return TRUE;

      shown = show (record, sight);
      size += strlen (shown->data) + ROW_OVERHEAD;
      if (page->rows->len >= limit || (page->rows->len > 0 && size > PAGE_BUDGET))
        {
          const LsRow *last = page->rows->pdata[page->rows->len - 1];

          page->next = ls_page_token_make (page->entity, page->cursor, last->id);
          return TRUE;
        }
      g_ptr_array_add (page->rows, g_steal_pointer (&shown));
    }
}

/**
 * ls_school_snapshot:
 * @self: a school
 * @viewer: who asks
 * @entity: of what
 * @page_token: (nullable): of the page before; %NULL: the first page
 * @limit: how many rows at most, 1 to %LS_SCHOOL_MAX_PAGE
 * @error: return location for an error; %LS_SCHOOL_ERROR_PAGE: start again
 *
 * Returns: (transfer full) (nullable): a page of the rows that @viewer may see, by id, of at most
 *   1 MiB
 */
LsSnapshotPage *
ls_school_snapshot (LsSchool *self,
                    const LsViewer *viewer,
                    LsEntity entity,
                    const char *page_token,
                    guint limit,
                    GError **error)
{
  g_autoptr (LsSnapshotPage) page = NULL;
  g_autoptr (LsVisibleRows) visible = NULL;
  g_autofree char *last_id = NULL;
  const LsTable *table;

  g_return_val_if_fail (LS_IS_SCHOOL (self), NULL);
  g_return_val_if_fail ((guint)entity < LS_N_ENTITIES, NULL);
  g_return_val_if_fail (limit > 0, NULL);

  table = ls_schema_get_entity_table (entity);
  if (table == NULL)
    {
      g_set_error_literal (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_NOT_FOUND,
                           "There is no snapshot of that");
      return NULL;
    }

  page = ls_snapshot_page_new (entity);
  if (!ls_school_check_active (viewer, error) ||
      !parse_page (self, entity, page_token, &page->cursor, &last_id, error))
    return NULL;

  visible = ls_visible_rows_new (self->database, viewer, table, last_id, error);
  if (visible == NULL || !fill_page (page, visible, MIN (limit, LS_SCHOOL_MAX_PAGE), error))
    return NULL;

  return g_steal_pointer (&page);
}

static void
fill_updates (LsUpdates *updates,
              LsBatch *batch,
              const LsViewer *viewer,
              GPtrArray *entries,
              LsLogEnd end,
              gint64 top)
{
  LsBatchVerdict verdict = LS_BATCH_TAKEN;

  for (guint i = 0; i < entries->len && verdict == LS_BATCH_TAKEN; i++)
    {
      g_autoptr (LsEvent) event = ls_log_project (entries->pdata[i], viewer);

      verdict = ls_batch_add (batch, entries->pdata[i], event);
    }

  /* After the last entry comes nothing that concerns this viewer. */
  if (verdict == LS_BATCH_TAKEN && end == LS_LOG_END_TOP)
    batch->offset = top;
  else if (verdict == LS_BATCH_TAKEN && end == LS_LOG_END_INSIDE)
    verdict = ls_batch_end_whole (batch) ? LS_BATCH_FULL : LS_BATCH_CUT;

  g_ptr_array_unref (updates->events);
  updates->events = g_ptr_array_ref (batch->events);
  updates->cursor.offset = batch->offset;
  updates->partial = verdict == LS_BATCH_CUT;
  updates->more = updates->cursor.offset < top;
}

/**
 * ls_school_updates:
 * @self: a school
 * @viewer: who asks
 * @from: where the viewer stands; may be unset
 * @limit: how many events are wanted at most, 1 to %LS_SCHOOL_MAX_PAGE
 * @size: how many bytes of them
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the events after @from that @viewer may see, at most
 *   %LS_SCHOOL_MAX_PAGE and 1 MiB of them, and within these bounds whole transactions. Its cursor says how far the log was looked at, which may be further than its last
 *   event; there may be more even if it has none. With %LS_RESUME_SNAPSHOT the gap can't be filled
 *   from the log and the cursor is the top.
 */
LsUpdates *
ls_school_updates (LsSchool *self,
                   const LsViewer *viewer,
                   LsCursor from,
                   guint limit,
                   gsize size,
                   GError **error)
{
  g_autoptr (LsUpdates) updates = NULL;
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (LsBatch) batch = NULL;
  gint64 floor, top;
  LsLogEnd end;

  g_return_val_if_fail (LS_IS_SCHOOL (self), NULL);
  g_return_val_if_fail (limit > 0, NULL);

  if (!ls_school_check_active (viewer, error) ||
      !ls_log_get_ends (self->database, &floor, &top, error))
    return NULL;

  updates = ls_updates_new ();
  if (!g_str_equal (from.epoch, self->epoch) || from.offset > self->top || from.offset < floor)
    {
      updates->resume = LS_RESUME_SNAPSHOT;
      updates->cursor = ls_school_get_cursor (self);
      return g_steal_pointer (&updates);
    }

  entries = ls_log_read (self->database, ls_viewer_get_id (viewer), from.offset, LOG_SCAN_LIMIT,
                         &end, error);
  if (entries == NULL)
    return NULL;

  updates->resume = LS_RESUME_RESUMED;
  updates->cursor = from;
  batch = ls_batch_new (MIN (limit, LS_SCHOOL_MAX_PAGE), size);
  batch->offset = from.offset;
  fill_updates (updates, batch, viewer, entries, end, self->top);
  return g_steal_pointer (&updates);
}

/**
 * ls_school_project:
 * @self: a school
 * @viewer: who looks
 * @entry: an entry of the school's log
 *
 * Returns: (transfer full) (nullable): what @viewer gets of @entry; %NULL: nothing
 */
LsEvent *
ls_school_project (LsSchool *self, const LsViewer *viewer, const LsLogEntry *entry)
{
  g_return_val_if_fail (LS_IS_SCHOOL (self), NULL);

  return ls_log_project (entry, viewer);
}
