/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-merged-rows.h"

#include "ls-error.h"

/**
 * ls_cache_view_from_string:
 * @name: a name from the bus
 *
 * Returns: the view, or %LS_CACHE_VIEW_INVALID
 */
LsCacheView
ls_cache_view_from_string (const char *name)
{
  static const char *const names[] = { "server", "pending", "merged" };
  guint view = 0;

  while (view < G_N_ELEMENTS (names) && !g_str_equal (names[view], name))
    view++;
  return (LsCacheView)view;
}

/**
 * ls_merged_row_new:
 * @queue: the queue
 * @entity: of the row
 * @id: of the row
 * @row: (transfer full) (nullable): as the cache has it
 *
 * Returns: (transfer full): it, with what is laid over it now
 */
LsMergedRow *
ls_merged_row_new (LsActionQueue *queue, LsEntity entity, const char *id, LsRow *row)
{
  LsMergedRow *self = g_new0 (LsMergedRow, 1);

  self->row = row;
  self->overlay = ls_action_queue_lay_over (queue, entity, id, row != NULL ? row->data : NULL);
  if (self->overlay->pending[0] == NULL)
    g_clear_pointer (&self->overlay, ls_overlay_free);
  return self;
}

/**
 * ls_merged_row_free:
 * @self: (transfer full): a row
 *
 * Frees it.
 */
void
ls_merged_row_free (LsMergedRow *self)
{
  g_clear_pointer (&self->row, ls_row_free);
  g_clear_pointer (&self->overlay, ls_overlay_free);
  g_free (self);
}

static gboolean
is_changed (const LsMergedRow *self, LsCacheView view)
{
  return self->overlay != NULL && view != LS_CACHE_VIEW_SERVER;
}

/**
 * ls_merged_row_is_in:
 * @self: a row
 * @view: a view
 *
 * Returns: whether the view has it; it may be deleted
 */
gboolean
ls_merged_row_is_in (const LsMergedRow *self, LsCacheView view)
{
  return is_changed (self, view) || (self->row != NULL && view != LS_CACHE_VIEW_PENDING);
}

/**
 * ls_merged_row_get_data:
 * @self: a row
 * @view: a view that has it
 *
 * Returns: (nullable): its data there; %NULL: it is deleted
 */
const char *
ls_merged_row_get_data (const LsMergedRow *self, LsCacheView view)
{
  return is_changed (self, view) ? self->overlay->data : self->row->data;
}

static const char *
get_source (const LsMergedRow *self, LsCacheView view)
{
  if (!is_changed (self, view))
    return "server";

  return view == LS_CACHE_VIEW_PENDING || self->row == NULL || self->row->deleted ? "pending"
                                                                                  : "merged";
}

/**
 * ls_merged_row_get_meta:
 * @self: a row
 * @view: a view that has it
 *
 * Returns: (transfer floating): its meta there, see org.labsync.Agent1.Cache
 */
GVariant *
ls_merged_row_get_meta (const LsMergedRow *self, LsCacheView view)
{
  const char *const nothing[] = { NULL };
  g_auto (GVariantDict) meta = G_VARIANT_DICT_INIT (NULL);
  const char *const *pending =
      is_changed (self, view) ? (const char *const *)self->overlay->pending : nothing;

  g_variant_dict_insert (&meta, "version", "x", self->row != NULL ? self->row->version : 0);
  g_variant_dict_insert (&meta, "as-of", "t",
                         self->row != NULL ? (guint64)self->row->as_of : (guint64)0);
  g_variant_dict_insert (&meta, "source", "s", get_source (self, view));
  g_variant_dict_insert (&meta, "pending", "^as", pending);
  g_variant_dict_insert (&meta, "deleted", "b", ls_merged_row_get_data (self, view) == NULL);
  return g_variant_dict_end (&meta);
}

/* Reading the rows that are changed. */
typedef struct
{
  LsEntity entity;
  GPtrArray *ids;   /* (owned) (element-type utf8) */
  guint n_left;     /* of them to be read */
  GHashTable *rows; /* (owned) (element-type utf8 LsMergedRow) */
  GError *error;    /* (owned) (nullable) */
} Reading;

static void
reading_free (gpointer data)
{
  Reading *reading = data;

  g_ptr_array_unref (reading->ids);
  g_clear_pointer (&reading->rows, g_hash_table_unref);
  g_clear_error (&reading->error);
  g_free (reading);
}

static void
finish_reading (GTask *task)
{
  Reading *reading = g_task_get_task_data (task);

  if (reading->error != NULL)
    g_task_return_error (task, g_steal_pointer (&reading->error));
  else
    g_task_return_pointer (task, g_steal_pointer (&reading->rows),
                           (GDestroyNotify)g_hash_table_unref);
}

/* The store answers in the order of the calls, so that @id is known without being passed along. */
static void
store_get_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsMergedRow) merged = NULL;
  Reading *reading = g_task_get_task_data (task);
  LsRow *row = ls_store_get_finish (LS_STORE (object), result, &error);
  const char *id = g_ptr_array_index (reading->ids, reading->ids->len - reading->n_left);

  if (row != NULL || g_error_matches (error, LS_ERROR, LS_ERROR_NOT_FOUND))
    merged = ls_merged_row_new (g_task_get_source_object (task), reading->entity, id, row);
  else if (reading->error == NULL)
    reading->error = g_steal_pointer (&error);

  /* what has arrived meanwhile is in the cache */
  if (merged != NULL && merged->overlay != NULL)
    g_hash_table_insert (reading->rows, g_strdup (id), g_steal_pointer (&merged));
  if (--reading->n_left == 0)
    finish_reading (task);
}

/**
 * ls_merged_rows_read_async:
 * @queue: the queue
 * @store: the store
 * @entity: of what rows
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Reads all rows that something is laid over.
 */
void
ls_merged_rows_read_async (LsActionQueue *queue,
                           LsStore *store,
                           LsEntity entity,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (queue, NULL, callback, user_data);
  Reading *reading = g_new0 (Reading, 1);

  g_task_set_source_tag (task, ls_merged_rows_read_async);
  g_task_set_task_data (task, reading, reading_free);
  reading->entity = entity;
  reading->ids = ls_action_queue_get_touched (queue, entity);
  reading->n_left = reading->ids->len;
  reading->rows =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)ls_merged_row_free);
  for (guint i = 0; i < reading->ids->len; i++)
    ls_store_get_async (store, entity, g_ptr_array_index (reading->ids, i), store_get_cb,
                        g_object_ref (task));
  if (reading->n_left == 0)
    finish_reading (task);
}

/**
 * ls_merged_rows_read_finish:
 * @queue: the queue
 * @result: what the callback was given
 * @error: %LS_ERROR_STORAGE, %LS_ERROR_NOT_SIGNED_IN
 *
 * Returns: (transfer full) (nullable) (element-type utf8 LsMergedRow): them, by id
 */
GHashTable *
ls_merged_rows_read_finish (LsActionQueue *queue, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
