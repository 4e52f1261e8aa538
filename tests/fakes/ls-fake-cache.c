/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-fake-cache.h"

#include <string.h>

#include "ls-cache-rules.h"
#include "ls-error.h"
#include "ls-json.h"

struct _LsFakeCache
{
  LsStoreState *state;           /* (owned): without first_seq, which follows from the log */
  gboolean known[LS_N_ENTITIES]; /* whether there ever was a baseline */
  GPtrArray *log;                /* (element-type LogEntry) (owned) */
  GTree *rows[LS_N_ENTITIES];    /* (element-type utf8 LsRow) (owned) */
  GTree *staged[LS_N_ENTITIES];  /* (element-type utf8 LsRow) (owned) */
};

typedef struct
{
  LsEvent *event; /* (owned) */
  gint64 as_of;
} LogEntry;

static void
log_entry_free (gpointer data)
{
  LogEntry *entry = data;

  ls_event_unref (entry->event);
  g_free (entry);
}

static int
compare_ids (gconstpointer a, gconstpointer b, gpointer user_data)
{
  return strcmp (a, b);
}

static GTree *
row_tree_new (void)
{
  return g_tree_new_full (compare_ids, NULL, g_free, (GDestroyNotify)ls_row_free);
}

static void
put_row (GTree *tree, const LsRow *row)
{
  LsRow *copy = ls_row_new (row->entity, row->id, row->data, row->version);

  copy->as_of = row->as_of;
  copy->deleted = row->data == NULL;
  g_tree_replace (tree, g_strdup (row->id), copy);
}

/**
 * ls_fake_cache_new:
 * @id: what the store is called
 *
 * Returns: (transfer full): a cache with nothing in it
 */
LsFakeCache *
ls_fake_cache_new (const char *id)
{
  LsFakeCache *self = g_new0 (LsFakeCache, 1);

  self->state = g_new0 (LsStoreState, 1);
  self->state->id = g_strdup (id);
  self->log = g_ptr_array_new_with_free_func (log_entry_free);
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      self->rows[i] = row_tree_new ();
      self->staged[i] = row_tree_new ();
    }
  return self;
}

/**
 * ls_fake_cache_free:
 * @self: (transfer full): a cache
 *
 * Frees it.
 */
void
ls_fake_cache_free (LsFakeCache *self)
{
  ls_store_state_free (self->state);
  g_ptr_array_unref (self->log);
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      g_tree_unref (self->rows[i]);
      g_tree_unref (self->staged[i]);
    }
  g_free (self);
}

static guint64
first_seq (LsFakeCache *self)
{
  return self->log->len > 0 ? ((LogEntry *)self->log->pdata[0])->event->seq : 0;
}

/**
 * ls_fake_cache_get_state:
 * @self: a cache
 *
 * Returns: (transfer full): where things stand
 */
LsStoreState *
ls_fake_cache_get_state (LsFakeCache *self)
{
  LsStoreState *state = g_memdup2 (self->state, sizeof *self->state);

  state->id = g_strdup (self->state->id);
  state->sight = g_strdup (self->state->sight);
  state->first_seq = first_seq (self);
  return state;
}

/* Logs what a reader will find, which is less than what came: no offset, no action. */
static void
log_event (LsFakeCache *self, LsEvent *event, gint64 as_of)
{
  LogEntry *entry = g_new0 (LogEntry, 1);

  event->seq = ++self->state->last_seq;
  entry->as_of = as_of;
  entry->event = ls_event_new (event->type, event->entity_id, event->data);
  entry->event->seq = event->seq;
  entry->event->timestamp = event->timestamp;
  entry->event->version = event->version;
  g_free (entry->event->user_role);
  entry->event->user_role = g_strdup (event->user_role);
  g_free (entry->event->user_id);
  entry->event->user_id = g_strdup (event->user_id);
  g_ptr_array_add (self->log, entry);
}

static void
apply (LsFakeCache *self, LsEvent *event, gint64 as_of, LsCommit *commit)
{
  LsEntity entity = ls_event_get_entity (event);
  const LsRow *row = g_tree_lookup (self->rows[entity], event->entity_id);
  LsVerdict verdict = ls_cache_rules_judge (row, event);
  g_autoptr (LsRow) next = ls_row_new (entity, event->entity_id, NULL, event->version);

  if (entity == LS_ENTITY_PRESENCE)
    {
      g_ptr_array_add (commit->events, ls_event_ref (event));
      return;
    }
  if (verdict == LS_VERDICT_DROP)
    {
      commit->n_dropped++;
      return;
    }

  next->as_of = as_of;
  if (verdict == LS_VERDICT_UPSERT)
    next->data = g_strdup (event->data);
  else if (event->version == 0)
    next->version = row->version;
  put_row (self->rows[entity], next);
  log_event (self, event, as_of);
  g_ptr_array_add (commit->events, ls_event_ref (event));
}

/**
 * ls_fake_cache_commit:
 * @self: a cache
 * @change_set: what to put in
 *
 * Returns: (transfer full): what was done
 */
LsCommit *
ls_fake_cache_commit (LsFakeCache *self, const LsChangeSet *change_set)
{
  LsCommit *commit = ls_commit_new ();

  for (guint i = 0; i < change_set->events->len; i++)
    apply (self, change_set->events->pdata[i], change_set->as_of, commit);
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    if (change_set->forgotten & (1u << i))
      self->state->baselines[i].cursor = LS_CURSOR_NONE;
  if (ls_cursor_is_set (change_set->cursor))
    {
      self->state->cursor = change_set->cursor;
      self->state->confirmed_at = change_set->as_of;
    }
  if (change_set->sight != NULL)
    {
      g_free (self->state->sight);
      self->state->sight = g_strdup (change_set->sight);
    }
  return commit;
}

/**
 * ls_fake_cache_stage:
 * @self: a cache
 * @entity: of what
 * @rows: (element-type LsRow): a page
 * @first: whether what was staged before is dropped
 *
 * Puts a page aside.
 */
void
ls_fake_cache_stage (LsFakeCache *self, LsEntity entity, GPtrArray *rows, gboolean first)
{
  if (first)
    g_tree_remove_all (self->staged[entity]);
  for (guint i = 0; i < rows->len; i++)
    put_row (self->staged[entity], rows->pdata[i]);
}

static gboolean
is_live (const LsRow *row)
{
  return row != NULL && !row->deleted;
}

static void
add_difference (GPtrArray *events,
                LsEntity entity,
                LsChangeKind change,
                const LsRow *row,
                const char *data)
{
  LsEvent *event = ls_event_new (ls_event_type_for (entity, change), row->id, data);

  event->version = row->version;
  g_ptr_array_add (events, event);
}

/* Puts what was staged in place, and collects what differs. */
static void
take_staged (LsFakeCache *self, LsEntity entity, gint64 as_of, GPtrArray *events)
{
  for (GTreeNode *node = g_tree_node_first (self->staged[entity]); node != NULL;
       node = g_tree_node_next (node))
    {
      LsRow *row = g_tree_node_value (node);
      const LsRow *old = g_tree_lookup (self->rows[entity], row->id);

      if (!is_live (old) || !g_str_equal (old->data, row->data))
        add_difference (events, entity, is_live (old) ? LS_CHANGE_UPDATED : LS_CHANGE_CREATED, row,
                        row->data);
      row->as_of = as_of;
      put_row (self->rows[entity], row);
    }
}

static char *
deletion_data (const char *id)
{
  GString *data = g_string_new ("{\"id\":\"");

  for (const char *c = id; *c != '\0'; c++)
    {
      gboolean is_control = (guchar)*c < 0x20;

      if (*c == '"' || *c == '\\')
        g_string_append_c (data, '\\');
      g_string_append_printf (data, is_control ? "\\u%04x" : "%c", *c);
    }
  g_string_append (data, "\"}");
  return g_string_free (data, FALSE);
}

/* Makes tombstones of rows that were not staged. */
static void
drop_absent (LsFakeCache *self, LsEntity entity, gint64 as_of, GPtrArray *events)
{
  for (GTreeNode *node = g_tree_node_first (self->rows[entity]); node != NULL;
       node = g_tree_node_next (node))
    {
      LsRow *row = g_tree_node_value (node);
      g_autofree char *data = NULL;

      if (g_tree_lookup (self->staged[entity], row->id) != NULL)
        continue;
      if (!is_live (row))
        {
          row->version = 0;
          continue;
        }
      data = deletion_data (row->id);
      add_difference (events, entity, LS_CHANGE_DELETED, row, data);
      g_clear_pointer (&row->data, g_free);
      row->deleted = TRUE;
      row->version = 0;
      row->as_of = as_of;
    }
}

static gint64
count_absent (LsFakeCache *self, LsEntity entity, gint64 *n_rows)
{
  gint64 n_absent = 0;

  for (GTreeNode *node = g_tree_node_first (self->rows[entity]); node != NULL;
       node = g_tree_node_next (node))
    {
      const LsRow *row = g_tree_node_value (node);

      *n_rows += is_live (row);
      n_absent += is_live (row) && g_tree_lookup (self->staged[entity], row->id) == NULL;
    }
  return n_absent;
}

/**
 * ls_fake_cache_finish_snapshot:
 * @self: a cache
 * @entity: of what
 * @cursor: the position that it stands for
 * @as_of: when the server said so, in milliseconds since the epoch
 * @absence: what it means that a row is absent
 *
 * Returns: (transfer full): what was done
 */
LsCommit *
ls_fake_cache_finish_snapshot (LsFakeCache *self,
                               LsEntity entity,
                               LsCursor cursor,
                               gint64 as_of,
                               LsAbsence absence)
{
  LsCommit *commit = ls_commit_new ();
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  gint64 n_rows = 0;
  gint64 n_absent;

  commit->entity = entity;
  n_absent = count_absent (self, entity, &n_rows);
  take_staged (self, entity, as_of, events);
  if (ls_absence_is_believed (absence, n_absent, n_rows))
    drop_absent (self, entity, as_of, events);
  else if (absence != LS_ABSENCE_IS_NOTHING)
    commit->n_kept = (guint)n_absent;
  g_tree_remove_all (self->staged[entity]);

  if (!self->known[entity])
    commit->ids = g_new0 (char *, events->len + 1);
  for (guint i = 0; i < events->len; i++)
    {
      LsEvent *event = events->pdata[i];

      event->timestamp = as_of;
      if (commit->ids != NULL)
        {
          commit->ids[i] = g_strdup (event->entity_id);
          continue;
        }
      log_event (self, event, as_of);
      g_ptr_array_add (commit->events, ls_event_ref (event));
    }

  self->known[entity] = TRUE;
  self->state->baselines[entity] = (LsBaseline) { cursor, as_of };
  return commit;
}

/**
 * ls_fake_cache_read_events:
 * @self: a cache
 * @after_seq: start after it; 0: at the beginning
 * @types: (nullable): which; %NULL: all
 * @limit: how many at most
 * @max_size: how many bytes at most, but never less than one event
 * @error: %LS_ERROR_CURSOR_EXPIRED
 *
 * Returns: (transfer full) (nullable): a page
 */
LsEventPage *
ls_fake_cache_read_events (LsFakeCache *self,
                           guint64 after_seq,
                           const gboolean *types,
                           guint limit,
                           gsize max_size,
                           GError **error)
{
  LsEventPage *page;
  guint64 last = self->state->last_seq;
  guint64 next = self->log->len > 0 ? first_seq (self) : last + 1;
  gsize size = 0;

  if (after_seq > last || (after_seq != 0 && after_seq + 1 < next))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_CURSOR_EXPIRED, "events after this cursor are gone");
      return NULL;
    }

  page = g_new0 (LsEventPage, 1);
  page->events = ls_event_array_new ();
  page->last_seq = after_seq;
  page->gapless = after_seq + 1 >= next;
  for (guint i = 0; i < self->log->len; i++)
    {
      LsEvent *event = ((LogEntry *)self->log->pdata[i])->event;

      if (event->seq <= after_seq)
        continue;
      if (types == NULL || types[event->type])
        {
          size += ls_event_get_size (event);
          page->more = page->events->len > 0 && (page->events->len >= limit || size > max_size);
          if (page->more)
            break;
          g_ptr_array_add (page->events, ls_event_ref (event));
        }
      page->last_seq = event->seq;
    }
  return page;
}

/**
 * ls_fake_cache_get:
 * @self: a cache
 * @entity: of what
 * @id: which
 * @error: %LS_ERROR_NOT_FOUND
 *
 * Returns: (transfer full) (nullable): the row; it may be a tombstone
 */
LsRow *
ls_fake_cache_get (LsFakeCache *self, LsEntity entity, const char *id, GError **error)
{
  const LsRow *row = g_tree_lookup (self->rows[entity], id);

  if (row != NULL)
    return ls_row_copy (row);

  g_set_error (error, LS_ERROR, LS_ERROR_NOT_FOUND, "there is no such row");
  return NULL;
}

/* By what a list is ordered: numbers before texts, then the id. */
typedef struct
{
  const LsRow *row; /* (nullable): of a position: none */
  gboolean is_number;
  double number;
  char *text; /* (owned) */
  char *id;   /* (owned) */
} Key;

static void
key_free (gpointer data)
{
  Key *key = data;

  g_free (key->text);
  g_free (key->id);
  g_free (key);
}

static int
key_compare (gconstpointer a, gconstpointer b)
{
  const Key *x = *(Key *const *)a;
  const Key *y = *(Key *const *)b;
  int order = (int)y->is_number - (int)x->is_number;

  if (order == 0 && x->is_number)
    order = (x->number > y->number) - (x->number < y->number);
  else if (order == 0)
    order = strcmp (x->text, y->text);
  return order != 0 ? order : strcmp (x->id, y->id);
}

static gboolean
find_member (const LsRow *row, const char *name, LsJsonSlice *value)
{
  LsJsonSlice root;

  *value = (LsJsonSlice) { NULL, 0 };
  return ls_json_check_root (row->data, strlen (row->data), G_MAXSIZE, &root, NULL) &&
         ls_json_get_kind (root) == LS_JSON_OBJECT &&
         ls_json_find_member (root, name, value, NULL) && value->start != NULL;
}

/* The member as a filter compares it; %NULL: it is missing. */
static char *
member_text (const LsRow *row, const char *name)
{
  LsJsonSlice value;

  if (!find_member (row, name, &value))
    return NULL;
  return ls_json_get_kind (value) == LS_JSON_STRING ? ls_json_get_string (value, NULL)
                                                    : ls_json_get_raw (value);
}

static Key *
key_new (const LsRow *row, const char *order_by)
{
  Key *key = g_new0 (Key, 1);
  LsJsonSlice value = { NULL, 0 };
  LsJsonKind kind;

  key->row = row;
  key->id = g_strdup (row->id);
  if (order_by == NULL)
    {
      key->text = g_strdup (row->id);
      return key;
    }

  kind = find_member (row, order_by, &value) ? ls_json_get_kind (value) : LS_JSON_NULL;
  key->is_number = kind == LS_JSON_NUMBER || kind == LS_JSON_BOOLEAN;
  if (kind == LS_JSON_NULL)
    key->text = g_strdup ("");
  else
    key->text = member_text (row, order_by);
  if (kind == LS_JSON_NUMBER)
    key->number = g_ascii_strtod (key->text, NULL);
  else if (kind == LS_JSON_BOOLEAN)
    key->number = g_str_equal (key->text, "true") ? 1 : 0;
  return key;
}

static char *
key_to_token (const Key *key)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (
      g_variant_new ("(bdss)", key->is_number, key->number, key->text, key->id));
  g_autofree char *text = g_variant_print (value, FALSE);

  return g_base64_encode ((const guchar *)text, strlen (text));
}

static Key *
key_from_token (const char *token, GError **error)
{
  gsize length;
  g_autofree guchar *bytes = g_base64_decode (token, &length);
  g_autofree char *text = g_strndup ((const char *)bytes, length);
  g_autoptr (GVariant) value = g_variant_parse (G_VARIANT_TYPE ("(bdss)"), text, NULL, NULL, NULL);
  Key *key;

  if (value == NULL)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "'after' is not from a page before");
      return NULL;
    }

  key = g_new0 (Key, 1);
  g_variant_get (value, "(bdss)", &key->is_number, &key->number, &key->text, &key->id);
  return key;
}

static gboolean
check_name (const char *name, GError **error)
{
  gboolean plain = name == NULL || g_regex_match_simple ("^[A-Za-z_][A-Za-z0-9_]*\\z", name, 0, 0);

  if (!plain)
    g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "'%s' is not the name of a member",
                 name);
  return plain;
}

static gboolean
check_query (const LsListQuery *query, GError **error)
{
  GHashTableIter iter;
  gpointer name;

  if (!check_name (query->order_by, error))
    return FALSE;
  if (query->filter == NULL)
    return TRUE;

  g_hash_table_iter_init (&iter, query->filter);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (!check_name (name, error))
      return FALSE;
  return TRUE;
}

static gboolean
matches (const LsListQuery *query, const LsRow *row)
{
  GHashTableIter iter;
  gpointer name, wanted;

  if (row->data == NULL)
    return FALSE;
  if (query->filter == NULL)
    return TRUE;

  g_hash_table_iter_init (&iter, query->filter);
  while (g_hash_table_iter_next (&iter, &name, &wanted))
    {
      g_autofree char *text = member_text (row, name);

      if (g_strcmp0 (text, wanted) != 0)
        return FALSE;
    }
  return TRUE;
}

static void
take_key (const LsListQuery *query, const LsRow *row, const Key *after, GPtrArray *keys)
{
  Key *key;
  int order;

  if (!matches (query, row))
    return;

  key = key_new (row, query->order_by);
  order = after != NULL ? key_compare (&key, &after) : 0;
  if (after == NULL || (query->descending ? order < 0 : order > 0))
    g_ptr_array_add (keys, key);
  else
    key_free (key);
}

static gboolean
is_overlaid (const LsListQuery *query, const LsRow *row)
{
  for (guint i = 0; query->overlay != NULL && i < query->overlay->len; i++)
    if (g_str_equal (((LsRow *)query->overlay->pdata[i])->id, row->id))
      return TRUE;

  return query->only_overlay;
}

static GPtrArray *
collect_keys (LsFakeCache *self, const LsListQuery *query, const Key *after)
{
  GPtrArray *keys = g_ptr_array_new_with_free_func (key_free);

  for (GTreeNode *node = g_tree_node_first (self->rows[query->entity]); node != NULL;
       node = g_tree_node_next (node))
    if (!is_overlaid (query, g_tree_node_value (node)))
      take_key (query, g_tree_node_value (node), after, keys);
  for (guint i = 0; query->overlay != NULL && i < query->overlay->len; i++)
    take_key (query, query->overlay->pdata[i], after, keys);
  g_ptr_array_sort (keys, key_compare);
  return keys;
}

/**
 * ls_fake_cache_list:
 * @self: a cache
 * @query: what to list
 * @error: %LS_ERROR_INVALID_ARGUMENT
 *
 * Returns: (transfer full) (nullable): a page of rows
 */
LsRowPage *
ls_fake_cache_list (LsFakeCache *self, const LsListQuery *query, GError **error)
{
  g_autoptr (GPtrArray) keys = NULL;
  Key *after = NULL;
  LsRowPage *page;

  if (!check_query (query, error))
    return NULL;
  if (query->after != NULL && (after = key_from_token (query->after, error)) == NULL)
    return NULL;

  keys = collect_keys (self, query, after);
  g_clear_pointer (&after, key_free);
  page = g_new0 (LsRowPage, 1);
  page->rows = ls_row_array_new ();
  page->seq = self->state->last_seq;
  for (guint i = 0; i < MIN (keys->len, query->limit); i++)
    {
      const Key *key = keys->pdata[query->descending ? keys->len - 1 - i : i];

      g_ptr_array_add (page->rows, ls_row_copy (key->row));
      if (i + 1 == query->limit && keys->len > query->limit)
        page->next = key_to_token (key);
    }
  return page;
}

/**
 * ls_fake_cache_get_checksum:
 * @self: a cache
 * @entity: of what
 *
 * Returns: (transfer full): the checksum of the live rows
 */
LsChecksum *
ls_fake_cache_get_checksum (LsFakeCache *self, LsEntity entity)
{
  LsChecksum *checksum = ls_checksum_new (entity);

  for (GTreeNode *node = g_tree_node_first (self->rows[entity]); node != NULL;
       node = g_tree_node_next (node))
    {
      const LsRow *row = g_tree_node_value (node);

      if (!row->deleted)
        ls_checksum_add (checksum, row->id, row->version);
    }
  return checksum;
}

/**
 * ls_fake_cache_get_statistics:
 * @self: a cache
 *
 * Returns: (transfer full): the counts; the size is that of the events and rows
 */
LsStoreStatistics *
ls_fake_cache_get_statistics (LsFakeCache *self)
{
  LsStoreStatistics *statistics = g_new0 (LsStoreStatistics, 1);

  statistics->n_events = self->log->len;
  for (guint i = 0; i < self->log->len; i++)
    statistics->file_size += ls_event_get_size (((LogEntry *)self->log->pdata[i])->event);
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    for (GTreeNode *node = g_tree_node_first (self->rows[i]); node != NULL;
         node = g_tree_node_next (node))
      {
        const LsRow *row = g_tree_node_value (node);

        statistics->n_rows += !row->deleted;
        statistics->n_tombstones += row->deleted;
        statistics->file_size += strlen (row->id) + (row->deleted ? 0 : strlen (row->data));
      }
  return statistics;
}

/**
 * ls_fake_cache_trim:
 * @self: a cache
 * @oldest: events that came before are removed, in milliseconds since the epoch
 *
 * Removes old events, never rows. Their numbers are never given again.
 */
void
ls_fake_cache_trim (LsFakeCache *self, gint64 oldest)
{
  guint i = 0;

  while (i < self->log->len)
    if (((LogEntry *)self->log->pdata[i])->as_of < oldest)
      g_ptr_array_remove_index (self->log, i);
    else
      i++;
}
