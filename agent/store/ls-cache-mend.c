/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a cache can't be decrypted any more, as the file was damaged or tampered with: the server has it all. */
#include "ls-cache.h"

/* Forgotten rows, by whether they are live and can't be opened. What is staged stays: a snapshot that lacks a row
 * would delete it, so one that is damaged there fails and is taken anew. */
#define BROKEN_ROWS " FROM row WHERE data IS NOT NULL AND NOT opens (data, 'row', entity, id)"

static gboolean
find_entities (LsCache *self, LsEntitySet *entities, GError **error)
{
  LsDatabase *database = ls_cache_get_database (self);
  g_autoptr (GError) step_error = NULL;
  sqlite3_stmt *stmt = ls_database_prepare (database, "SELECT DISTINCT entity" BROKEN_ROWS, error);

  if (stmt == NULL)
    return FALSE;

  *entities = LS_ENTITY_SET_NONE;
  while (ls_database_step (database, stmt, &step_error))
    {
      LsEntity entity = ls_entity_from_string (ls_database_column_text (stmt, 0));

      if (entity != LS_ENTITY_INVALID)
        *entities |= 1u << entity;
    }
  if (step_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&step_error));
      return FALSE;
    }

  return TRUE;
}

/* A further snapshot is taken of each, also after a crash. */
static gboolean
forget_baselines (LsCache *self, LsEntitySet entities, GError **error)
{
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    if ((entities & (1u << i)) != 0 && !ls_cache_forget_baseline (self, (LsEntity)i, error))
      return FALSE;

  return TRUE;
}

static guint
count_changes (LsCache *self)
{
  return (guint)ls_database_get_int (ls_cache_get_database (self), "SELECT changes ()");
}

static gboolean
remove_rows (LsCache *self, LsEntitySet *entities, guint *n_lost, GError **error)
{
  if (!find_entities (self, entities, error) || !forget_baselines (self, *entities, error) ||
      !ls_database_run (ls_cache_get_database (self), "DELETE" BROKEN_ROWS, error))
    return FALSE;

  *n_lost += count_changes (self);
  return TRUE;
}

/* The log has no holes: it begins behind the last event that is lost. Who has not come that far is told so, lists and
 * goes on from there, as after any other trimming. */
static gboolean
remove_events (LsCache *self, guint *n_lost, GError **error)
{
  LsDatabase *database = ls_cache_get_database (self);

  if (!ls_database_run (database,
                        "UPDATE meta SET trimmed = max (trimmed, coalesce ("
                        " (SELECT max (seq) FROM event WHERE NOT opens (data, 'event', seq)), 0));"
                        "DELETE FROM event WHERE seq <= (SELECT trimmed FROM meta)",
                        error))
    return FALSE;

  *n_lost += count_changes (self);
  return TRUE;
}

/**
 * ls_cache_mend:
 * @self: a cache, in a transaction
 * @entities: (out): of which rows are gone, and have to be fetched anew
 * @n_lost: (out): how many rows and events are gone
 * @error: %LS_ERROR_STORAGE: roll back
 *
 * Looks through all of it and lets go of what can't be decrypted.
 *
 * Returns: whether that could be done
 */
gboolean
ls_cache_mend (LsCache *self, LsEntitySet *entities, guint *n_lost, GError **error)
{
  *n_lost = 0;
  if (!remove_rows (self, entities, n_lost, error) || !remove_events (self, n_lost, error))
    return FALSE;

  ls_cache_note_mended (self);
  return TRUE;
}
