/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-transaction.h"

#include "ls-log.h"
#include "ls-log-entry-private.h"
#include "ls-rows.h"
#include "ls-school-private.h"
#include "ls-scope.h"
#include "ls-viewer-private.h"
#include "ls-visibility.h"

struct _LsTransaction
{
  LsSchool *school;       /* (owned); NULL once it is over */
  const char *actor_id;   /* (unowned) */
  const char *actor_role; /* (unowned) */
  const char *action_id;  /* (unowned) (nullable) */
  gint64 now;
  GPtrArray *entries;    /* (owned) (element-type LsLogEntry): in the order of the log */
  GPtrArray *viewer_ids; /* (owned) (element-type utf8): whose account or scope changed */
};

/**
 * ls_transaction_begin:
 * @school: the school
 * @actor: who writes; must outlive the transaction
 * @action_id: (nullable): idempotency key; must outlive the transaction
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): a transaction
 */
LsTransaction *
ls_transaction_begin (LsSchool *school,
                      const LsViewer *actor,
                      const char *action_id,
                      GError **error)
{
  LsTransaction *self;

  if (!ls_database_execute (school->database, "BEGIN IMMEDIATE", error))
    return NULL;

  self = g_new0 (LsTransaction, 1);
  self->school = g_object_ref (school);
  self->actor_id = ls_viewer_get_id (actor);
  self->actor_role = ls_role_to_string (ls_viewer_get_role (actor));
  self->action_id = action_id;
  self->now = g_get_real_time () / 1000;
  self->entries = g_ptr_array_new_with_free_func ((GDestroyNotify)ls_log_entry_unref);
  self->viewer_ids = g_ptr_array_new_with_free_func (g_free);
  return self;
}

/**
 * ls_transaction_free:
 * @self: (transfer full): a transaction
 *
 * Ends it; unless it was committed, nothing of it remains.
 */
void
ls_transaction_free (LsTransaction *self)
{
  if (self->school != NULL)
    ls_database_execute (self->school->database, "ROLLBACK", NULL);

  g_clear_object (&self->school);
  g_ptr_array_unref (self->entries);
  g_ptr_array_unref (self->viewer_ids);
  g_free (self);
}

/**
 * ls_transaction_touch_viewer:
 * @self: a transaction
 * @user_id: a user
 *
 * Notes that the user's account or scope changed.
 */
void
ls_transaction_touch_viewer (LsTransaction *self, const char *user_id)
{
  if (!g_ptr_array_find_with_equal_func (self->viewer_ids, user_id, g_str_equal, NULL))
    g_ptr_array_add (self->viewer_ids, g_strdup (user_id));
}

/**
 * ls_transaction_get_viewer:
 * @self: a transaction
 * @user_id: a user
 *
 * Returns: (transfer full) (nullable): the user as a viewer once the transaction is committed;
 *   %NULL: there is no such user any more
 */
LsViewer *
ls_transaction_get_viewer (LsTransaction *self, const char *user_id)
{
  if (g_ptr_array_find_with_equal_func (self->viewer_ids, user_id, g_str_equal, NULL))
    return ls_scope_load_viewer (self->school->database, user_id, NULL);

  return ls_school_get_viewer (self->school, user_id, NULL);
}

/**
 * ls_transaction_get_cursor:
 * @self: a transaction
 *
 * Returns: the top of the log once the transaction is committed
 */
LsCursor
ls_transaction_get_cursor (LsTransaction *self)
{
  guint n = self->entries->len;

  if (n == 0)
    return ls_school_get_cursor (self->school);

  return ls_cursor_new (self->school->epoch, ls_log_entry_get_offset (self->entries->pdata[n - 1]));
}

static gboolean
append (LsTransaction *self, LsLogEntry *entry, const char *recipient, GError **error)
{
  entry->transaction = self->school->top;
  entry->timestamp = self->now;
  entry->user_id = g_strdup (self->actor_id);
  entry->user_role = g_strdup (self->actor_role);
  entry->action_id = g_strdup (self->action_id);
  entry->recipient = g_strdup (recipient);
  g_ptr_array_add (self->entries, entry);
  return ls_log_append (self->school->database, entry, error);
}

static gboolean
differ (const LsRecord *before, const LsRecord *after, const char *column)
{
  return g_strcmp0 (ls_record_get_text (before, column), ls_record_get_text (after, column)) != 0;
}

static LsEventType
get_update_type (const LsRecord *before, const LsRecord *after)
{
  switch (after->table->entity)
    {
    case LS_ENTITY_USER:
      if (differ (before, after, "role") || differ (before, after, "extra_role"))
        return ls_event_type_from_string ("user_role_changed");
      if (differ (before, after, "status"))
        return ls_event_type_from_string ("user_status_changed");
      break;
    case LS_ENTITY_MESSAGE:
      if (!differ (before, after, "content") &&
          ls_record_get_integer (before, "read_at") != ls_record_get_integer (after, "read_at"))
        return ls_event_type_from_string ("message_read");
      break;
    case LS_ENTITY_ANNOUNCEMENT:
    case LS_ENTITY_NOTIFICATION:
    case LS_ENTITY_GRADE:
    case LS_ENTITY_ATTENDANCE:
    case LS_ENTITY_EVENT:
    case LS_ENTITY_CONVERSATION:
    case LS_ENTITY_LIBRARY_MATERIAL:
    case LS_ENTITY_PRESENCE:
    case LS_ENTITY_INVALID:
    default:
      break;
    }
  return ls_event_type_for (after->table->entity, LS_CHANGE_UPDATED);
}

static gboolean
append_row (LsTransaction *self,
            const LsRecord *before,
            const LsRecord *after,
            gint64 version,
            GError **error)
{
  const LsRecord *row = after != NULL ? after : before;
  LsLogEntry *entry;
  LsEventType type;
  LsEntity entity;

  g_assert (row != NULL);

  entity = row->table->entity;
  if (entity == LS_ENTITY_INVALID)
    return TRUE;

  if (before == NULL)
    type = ls_event_type_for (entity, LS_CHANGE_CREATED);
  else if (after == NULL)
    type = ls_event_type_for (entity, LS_CHANGE_DELETED);
  else
    type = get_update_type (before, after);

  entry = ls_log_entry_new (type, before, after);
  entry->version = version;
  return append (self, entry, NULL, error);
}

/* Somebody's sight of a row changed although the row did not. */
static gboolean
compare_sight (LsTransaction *self,
               const LsViewer *old_viewer,
               const LsViewer *new_viewer,
               const LsRecord *row,
               GError **error)
{
  LsSight before = ls_visibility_get_sight (old_viewer, row);
  LsSight after = ls_visibility_get_sight (new_viewer, row);
  LsChangeKind change = LS_CHANGE_UPDATED;
  LsLogEntry *entry;

  if (before == after)
    return TRUE;

  if (before == LS_SIGHT_NONE)
    change = LS_CHANGE_CREATED;
  else if (after == LS_SIGHT_NONE)
    change = LS_CHANGE_DELETED;

  entry = ls_log_entry_new (ls_event_type_for (row->table->entity, change), row,
                            change == LS_CHANGE_DELETED ? NULL : row);
  return append (self, entry, ls_viewer_get_id (new_viewer), error);
}

static gboolean
compare_rows (LsTransaction *self,
              const LsViewer *old_viewer,
              const LsViewer *new_viewer,
              GPtrArray *rows,
              GHashTable *done,
              GError **error)
{
  if (rows == NULL)
    return FALSE;

  for (guint i = 0; i < rows->len; i++)
    {
      const LsRecord *row = rows->pdata[i];
      char *key = g_strdup_printf ("%s/%s", row->table->name, ls_record_get_id (row));

      if (g_hash_table_add (done, key) && !compare_sight (self, old_viewer, new_viewer, row, error))
        return FALSE;
    }
  return TRUE;
}

/* The user's role changed: anything may look different. */
static gboolean
compare_everything (LsTransaction *self,
                    const LsViewer *old_viewer,
                    const LsViewer *new_viewer,
                    GHashTable *done,
                    GError **error)
{
  guint n_tables;
  const LsTable *tables = ls_schema_get_tables (&n_tables);

  for (guint i = 0; i < n_tables; i++)
    {
      g_autofree char *sql =
          ls_rows_get_select (&tables[i], "WHERE deleted_at IS NULL ORDER BY id");
      g_autoptr (GPtrArray) rows = NULL;

      if (tables[i].entity == LS_ENTITY_INVALID)
        continue;

      rows = ls_rows_collect (ls_database_prepare (self->school->database, error, sql, ""),
                              &tables[i], error);
      if (!compare_rows (self, old_viewer, new_viewer, rows, done, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
compare_dependents (LsTransaction *self,
                    const LsViewer *old_viewer,
                    const LsViewer *new_viewer,
                    const LsScopeDependent *dependent,
                    GHashTable *done,
                    GError **error)
{
  g_autoptr (GPtrArray) ids = ls_viewer_list_differences (old_viewer, new_viewer, dependent->kind);
  const LsTable *table = ls_schema_find_table (dependent->table);
  g_autofree char *condition =
      g_strdup_printf ("WHERE \"%s\" = ?1 AND deleted_at IS NULL ORDER BY id", dependent->column);
  g_autofree char *sql = ls_rows_get_select (table, condition);

  for (guint i = 0; i < ids->len; i++)
    {
      g_autoptr (GPtrArray) rows = ls_rows_collect (
          ls_database_prepare (self->school->database, error, sql, "t", ids->pdata[i]), table,
          error);

      if (!compare_rows (self, old_viewer, new_viewer, rows, done, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
compare_views (LsTransaction *self,
               const LsViewer *old_viewer,
               const LsViewer *new_viewer,
               GError **error)
{
  g_autoptr (GHashTable) done = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint n_dependents;
  const LsScopeDependent *dependents = ls_scope_get_dependents (&n_dependents);

  if (old_viewer->role != new_viewer->role || old_viewer->extra_role != new_viewer->extra_role)
    return compare_everything (self, old_viewer, new_viewer, done, error);

  for (guint i = 0; i < n_dependents; i++)
    if (!compare_dependents (self, old_viewer, new_viewer, &dependents[i], done, error))
      return FALSE;

  return TRUE;
}

/* An account that may not be used just now sees nothing, but what it would see is followed all the
 * same: when it is used again, its events go on where they stopped. */
static LsViewer *
as_if_active (const LsViewer *viewer)
{
  g_autoptr (GVariant) variant = g_variant_ref_sink (ls_viewer_to_variant (viewer));

  return ls_viewer_new_from_variant (viewer->id, variant);
}

static gboolean
follow_viewer (LsTransaction *self, const LsViewer *old_viewer, GError **error)
{
  g_autoptr (LsViewer) old_view = NULL;
  g_autoptr (LsViewer) new_view = NULL;
  g_autoptr (LsViewer) new_viewer = NULL;
  g_autoptr (GError) local_error = NULL;

  new_viewer = ls_scope_load_viewer (self->school->database, old_viewer->id, &local_error);
  if (g_error_matches (local_error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_NOT_FOUND))
    {
      ls_transaction_touch_viewer (self, old_viewer->id);
      return TRUE;
    }
  if (new_viewer == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  if (!ls_viewer_has_same_account (old_viewer, new_viewer))
    ls_transaction_touch_viewer (self, old_viewer->id);
  if (ls_viewer_sees_alike (old_viewer, new_viewer))
    return TRUE;

  ls_transaction_touch_viewer (self, old_viewer->id);
  old_view = as_if_active (old_viewer);
  new_view = as_if_active (new_viewer);
  return ls_scope_remember (self->school->database, old_viewer, self->school->top, error) &&
         compare_views (self, old_view, new_view, error);
}

/* Must be asked before the row is written. */
static GPtrArray *
load_affected_viewers (LsTransaction *self,
                       const LsRecord *before,
                       const LsRecord *after,
                       GError **error)
{
  LsDatabase *database = self->school->database;
  g_autoptr (GPtrArray) ids = ls_scope_list_affected (database, before, after, error);
  g_autoptr (GPtrArray) viewers = g_ptr_array_new_with_free_func ((GDestroyNotify)ls_viewer_unref);

  for (guint i = 0; ids != NULL && i < ids->len; i++)
    {
      g_autoptr (GError) local_error = NULL;
      LsViewer *viewer = ls_scope_load_viewer (database, ids->pdata[i], &local_error);

      if (viewer != NULL)
        g_ptr_array_add (viewers, viewer);
      else if (!g_error_matches (local_error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_NOT_FOUND))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return NULL;
        }
    }
  return ids == NULL ? NULL : g_steal_pointer (&viewers);
}

static gboolean
store (LsTransaction *self, const LsRecord *before, const LsRecord *after, GError **error)
{
  LsDatabase *database = self->school->database;

  if (before == NULL)
    return ls_rows_insert (database, after, error);

  return ls_rows_update (database, after, error);
}

static gboolean
put (LsTransaction *self,
     const LsRecord *before,
     const LsRecord *after,
     const LsRecord *tombstone,
     GError **error)
{
  LsDatabase *database = self->school->database;
  g_autoptr (GPtrArray) viewers = load_affected_viewers (self, before, after, error);
  gint64 version = ls_record_get_version (after != NULL ? after : tombstone);

  if (viewers == NULL)
    return FALSE;
  if (tombstone != NULL ? !ls_rows_bury (database, tombstone, self->now, error)
                        : !store (self, before, after, error))
    return FALSE;
  if (!append_row (self, before, after, version, error))
    return FALSE;

  for (guint i = 0; i < viewers->len; i++)
    if (!follow_viewer (self, viewers->pdata[i], error))
      return FALSE;

  return TRUE;
}

/**
 * ls_transaction_create:
 * @self: a transaction
 * @row: a new row; gets its version and times
 * @error: return location for an error; %LS_SCHOOL_ERROR_INVALID: a constraint was violated
 *
 * Returns: whether it is in
 */
gboolean
ls_transaction_create (LsTransaction *self, LsRecord *row, GError **error)
{
  ls_record_set_integer (row, "version", 1);
  ls_record_set_integer (row, "created_at", self->now);
  ls_record_set_integer (row, "updated_at", self->now);
  return put (self, NULL, row, NULL, error);
}

/**
 * ls_transaction_update:
 * @self: a transaction
 * @before: a row as it is
 * @after: the row as it becomes; gets its version and time
 * @error: return location for an error; %LS_SCHOOL_ERROR_INVALID: a constraint was violated
 *
 * Returns: whether it is in
 */
gboolean
ls_transaction_update (LsTransaction *self, const LsRecord *before, LsRecord *after, GError **error)
{
  ls_record_set_integer (after, "version", ls_record_get_version (before) + 1);
  ls_record_set_integer (after, "updated_at", self->now);
  return put (self, before, after, NULL, error);
}

/**
 * ls_transaction_delete:
 * @self: a transaction
 * @row: a row as it is
 * @error: return location for an error
 *
 * Makes a row a tombstone, one version later.
 *
 * Returns: whether it is one
 */
gboolean
ls_transaction_delete (LsTransaction *self, const LsRecord *row, GError **error)
{
  g_autoptr (LsRecord) tombstone = ls_record_copy (row);

  ls_record_set_integer (tombstone, "version", ls_record_get_version (row) + 1);
  return put (self, row, NULL, tombstone, error);
}

/**
 * ls_transaction_commit:
 * @self: a transaction; over afterwards unless it failed
 * @error: return location for an error; nothing has been changed then
 *
 * Makes it last, then tells everyone.
 *
 * Returns: whether it lasts
 */
gboolean
ls_transaction_commit (LsTransaction *self, GError **error)
{
  g_autoptr (LsSchool) school = NULL;

  if (!ls_database_execute (self->school->database, "COMMIT", error))
    return FALSE;

  school = g_steal_pointer (&self->school);
  ls_school_publish (school, self->viewer_ids, self->entries);
  return TRUE;
}
