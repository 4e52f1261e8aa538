/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-model-table.h"

#include <string.h>

#define EPOCH "e"
#define TABLE "/api/grades"

/* What an action came to, to be said again to the same key. */
typedef struct
{
  char *request; /* all that it asks for */
  guint status;
  char *row;
  gint64 version;
  gint64 offset;
  guint n_done;
} Memory;

struct _LsModelTable
{
  LsDataEditor editor;
  gboolean is_classic;
  GHashTable *rows;     /* (owned) (element-type utf8 LsRow): tombstones, too */
  GHashTable *memories; /* (owned) (element-type utf8 Memory): by key */
  GPtrArray *log;       /* (owned) (element-type LsEvent): offsets from 1 */
};

static void
memory_free (Memory *memory)
{
  g_free (memory->request);
  g_free (memory->row);
  g_free (memory);
}

/**
 * ls_model_table_new:
 * @editor: works on JSON
 * @is_classic: whether it knows neither keys nor versions
 *
 * Returns: (transfer full): a table without rows
 */
LsModelTable *
ls_model_table_new (const LsDataEditor *editor, gboolean is_classic)
{
  LsModelTable *self = g_new0 (LsModelTable, 1);

  self->editor = *editor;
  self->is_classic = is_classic;
  self->rows = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)ls_row_free);
  self->memories =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)memory_free);
  self->log = ls_event_array_new ();
  return self;
}

/**
 * ls_model_table_free:
 * @self: (transfer full): a table
 *
 * Frees it.
 */
void
ls_model_table_free (LsModelTable *self)
{
  g_hash_table_unref (self->rows);
  g_hash_table_unref (self->memories);
  g_ptr_array_unref (self->log);
  g_free (self);
}

/**
 * ls_model_table_find:
 * @self: a table
 * @id: of a row
 *
 * Returns: (transfer none) (nullable): the row, or its tombstone
 */
const LsRow *
ls_model_table_find (LsModelTable *self, const char *id)
{
  return g_hash_table_lookup (self->rows, id);
}

/**
 * ls_model_table_get_top:
 * @self: a table
 *
 * Returns: the offset of the last change
 */
gint64
ls_model_table_get_top (LsModelTable *self)
{
  return self->log->len;
}

/**
 * ls_model_table_get_event:
 * @self: a table
 * @offset: from 1 on
 *
 * Returns: (transfer none): a change
 */
LsEvent *
ls_model_table_get_event (LsModelTable *self, gint64 offset)
{
  return self->log->pdata[offset - 1];
}

/**
 * ls_model_table_count:
 * @self: a table
 * @key: of an action
 *
 * Returns: how often it was done
 */
guint
ls_model_table_count (LsModelTable *self, const char *key)
{
  const Memory *memory = g_hash_table_lookup (self->memories, key);

  return memory != NULL ? memory->n_done : 0;
}

/* The one place where a row changes: @data takes its place, %NULL deletes it. */
static LsRow *
put (LsModelTable *self, const char *id, char *data, const char *key)
{
  LsRow *row = g_hash_table_lookup (self->rows, id);
  gboolean is_new = row == NULL || row->deleted;
  LsEvent *event;
  g_autofree char *gone = NULL;
  const char *type = "grade_updated";

  if (row == NULL)
    {
      row = ls_row_new (LS_ENTITY_GRADE, id, NULL, 0);
      g_hash_table_insert (self->rows, g_strdup (id), row);
    }
  if (data == NULL)
    type = "grade_deleted";
  else if (is_new)
    type = "grade_created";
  g_free (row->data);
  row->data = data;
  row->deleted = data == NULL;
  row->version++;

  gone = g_strdup_printf ("{\"id\":\"%s\"}", id);
  event = ls_event_new (ls_event_type_from_string (type), id, data != NULL ? data : gone);
  event->version = self->is_classic ? 0 : row->version;
  event->action_id = g_strdup (key);
  event->offset = self->log->len + 1;
  g_ptr_array_add (self->log, event);
  return row;
}

/**
 * ls_model_table_write:
 * @self: a table
 * @id: of a row
 * @changes: (nullable): what somebody else changes in it; %NULL: deletes it
 *
 * Somebody else writes.
 */
void
ls_model_table_write (LsModelTable *self, const char *id, const char *changes)
{
  const LsRow *row = ls_model_table_find (self, id);
  g_autofree char *fresh = g_strdup_printf ("{\"id\":\"%s\"}", id);

  if (changes == NULL)
    put (self, id, NULL, NULL);
  else
    put (self, id,
         self->editor.lay_over (row != NULL && !row->deleted ? row->data : fresh, changes), NULL);
}

static LsActionReply *
reply_with (LsModelTable *self, guint status, const LsRow *row)
{
  LsActionReply *reply = ls_action_reply_new (status);

  reply->is_ours = !self->is_classic;
  if (row != NULL && !self->is_classic)
    {
      reply->row = g_strdup (row->data);
      reply->version = row->version;
    }
  if (status / 100 == 2 && !self->is_classic)
    reply->cursor = ls_cursor_new (EPOCH, self->log->len);
  return reply;
}

static gboolean
is_poison (LsModelTable *self, const char *body)
{
  g_autofree char *score = body != NULL ? self->editor.get_text (body, "score") : NULL;

  return score != NULL && g_ascii_strtoll (score, NULL, 10) == LS_MODEL_POISON;
}

static LsActionReply *
create (LsModelTable *self, const LsActionRequest *request)
{
  g_autofree char *id = self->editor.get_text (request->body, "id");
  const LsRow *row = ls_model_table_find (self, id);

  if (row != NULL && !row->deleted)
    return reply_with (self, self->is_classic ? 500 : 409, row);
  if (row != NULL && !self->is_classic)
    return reply_with (self, 410, row);

  return reply_with (self, 201, put (self, id, g_strdup (request->body), request->key));
}

static LsActionReply *
change (LsModelTable *self, const LsActionRequest *request)
{
  const char *id = request->path + strlen (TABLE "/");
  const LsRow *row = ls_model_table_find (self, id);
  gboolean is_gone = row == NULL || row->deleted;
  char *data = NULL;

  if (is_gone && self->is_classic)
    return reply_with (self, 200, NULL);
  if (is_gone)
    return reply_with (self, row == NULL ? 404 : 410, row);
  if (request->version != 0 && request->version != row->version)
    return reply_with (self, 412, row);

  if (request->method != LS_METHOD_DELETE)
    data = self->editor.lay_over (row->data, request->body);
  return reply_with (self, 200, put (self, id, data, request->key));
}

static LsActionReply *
perform (LsModelTable *self, const LsActionRequest *request)
{
  if (is_poison (self, request->body))
    return reply_with (self, self->is_classic ? 500 : 400, NULL);

  return request->method == LS_METHOD_POST ? create (self, request) : change (self, request);
}

static LsActionReply *
say_again (LsModelTable *self, const Memory *memory, const char *asked)
{
  LsActionReply *reply;

  if (!g_str_equal (memory->request, asked))
    return reply_with (self, 422, NULL);

  reply = reply_with (self, memory->status, NULL);
  reply->row = g_strdup (memory->row);
  reply->version = memory->version;
  reply->replayed = TRUE;
  if (memory->status / 100 == 2)
    reply->cursor = ls_cursor_new (EPOCH, memory->offset);
  return reply;
}

/**
 * ls_model_table_act:
 * @self: a table
 * @request: an action
 *
 * Does it, unless it was done.
 *
 * Returns: (transfer full): the answer
 */
LsActionReply *
ls_model_table_act (LsModelTable *self, const LsActionRequest *request)
{
  g_autofree char *asked =
      g_strdup_printf ("%s %s %" G_GINT64_FORMAT " %s", ls_method_to_string (request->method),
                       request->path, request->version, request->body);
  Memory *memory = g_hash_table_lookup (self->memories, request->key);
  LsActionReply *reply;

  if (memory != NULL && !self->is_classic)
    return say_again (self, memory, asked);

  reply = perform (self, request);
  if (memory == NULL)
    {
      memory = g_new0 (Memory, 1);
      g_hash_table_insert (self->memories, g_strdup (request->key), memory);
      memory->request = g_steal_pointer (&asked);
      memory->status = reply->status;
      memory->row = g_strdup (reply->row);
      memory->version = reply->version;
      memory->offset = reply->cursor.offset;
    }
  if (reply->status / 100 == 2)
    memory->n_done++;
  return reply;
}

/**
 * ls_model_table_get:
 * @self: a table
 * @path: of a row
 *
 * Returns: (transfer full): what it is now
 */
LsActionReply *
ls_model_table_get (LsModelTable *self, const char *path)
{
  const LsRow *row = ls_model_table_find (self, path + strlen (TABLE "/"));
  LsActionReply *reply;

  if (row == NULL || row->deleted)
    return reply_with (self, 404, NULL);

  reply = reply_with (self, 200, row);
  g_free (reply->row);
  reply->row = g_strdup (row->data);
  return reply;
}
