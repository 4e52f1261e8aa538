/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cache's lists: filters, orders, pages. */
#include "ls-cache.h"

#include <string.h>

#include "ls-error.h"
#include "ls-json-writer.h"

static gboolean
check_name (const char *name, GError **error)
{
  gboolean plain = g_ascii_isalpha (*name) || *name == '_';

  for (const char *c = name; *c != '\0'; c++)
    plain = plain && (g_ascii_isalnum (*c) || *c == '_');
  if (!plain)
    g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "'%s' is not the name of a member",
                 name);

  return plain;
}

/* Where a page ended: the row's value of the order, and its id. */
typedef struct
{
  char type;   /* i, r or t: integer, real, text */
  char *value; /* (owned) */
  char *id;    /* (owned) */
} Position;

static void
position_free (Position *position)
{
  g_free (position->value);
  g_free (position->id);
  g_free (position);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Position, position_free)

/* A token is the type, the length of the value in bytes, a colon, the value and the id, in Base64:
 * both may hold any character. */
static Position *
position_parse (const char *token, GError **error)
{
  g_autoptr (Position) position = g_new0 (Position, 1);
  gsize length = 0;
  g_autofree guchar *bytes = g_base64_decode (token, &length);
  g_autofree char *text = g_strndup ((const char *)bytes, length);
  char *colon = strchr (text, ':');
  guint64 value_length = 0;

  if (colon != NULL)
    *colon = '\0';
  if (colon == NULL || strchr ("irt", *text) == NULL || !g_utf8_validate (colon + 1, -1, NULL) ||
      !g_ascii_string_to_unsigned (text + 1, 10, 0, strlen (colon + 1), &value_length, NULL))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "'after' is not from a page before");
      return NULL;
    }

  position->type = *text;
  position->value = g_strndup (colon + 1, value_length);
  position->id = g_strdup (colon + 1 + value_length);
  return g_steal_pointer (&position);
}

static char *
position_format (sqlite3_stmt *stmt)
{
  g_autofree char *text = NULL;
  int type = sqlite3_column_type (stmt, 4);
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  const char *value;

  if (type == SQLITE_FLOAT)
    value = g_ascii_dtostr (buffer, sizeof buffer, sqlite3_column_double (stmt, 4));
  else
    value = ls_database_column_text (stmt, 4);
  text = g_strdup_printf ("%c%" G_GSIZE_FORMAT ":%s%s",
                          type == SQLITE_FLOAT     ? 'r'
                          : type == SQLITE_INTEGER ? 'i'
                                                   : 't',
                          strlen (value), value, ls_database_column_text (stmt, 0));
  return g_base64_encode ((const guchar *)text, strlen (text));
}

static void
position_bind (const Position *position, sqlite3_stmt *stmt, int index)
{
  if (position->type == 'i')
    sqlite3_bind_int64 (stmt, index, g_ascii_strtoll (position->value, NULL, 10));
  else if (position->type == 'r')
    sqlite3_bind_double (stmt, index, g_ascii_strtod (position->value, NULL));
  else
    ls_database_bind_text (stmt, index, position->value);
  ls_database_bind_text (stmt, index + 1, position->id);
}

/* The live rows of an entity, as they were before they were sealed. */
#define CACHED                                                                                     \
  "SELECT id, version, unseal (data, 'row', entity, id) AS data, as_of FROM row"                   \
  " WHERE entity = ? AND data IS NOT NULL"

/* Appends which rows there are. An overlay is bound as JSON: [id, version, data, as_of] of each. */
static void
append_rows (GString *sql, const LsListQuery *query)
{
  if (query->overlay == NULL)
    {
      g_string_append (sql, "WITH rows AS (" CACHED ")");
      return;
    }

  g_string_append (sql,
                   "WITH overlay AS MATERIALIZED (SELECT value ->> 0 AS id, value ->> 1 AS version,"
                   " value ->> 2 AS data, value ->> 3 AS as_of FROM json_each (?)), rows AS (");
  if (!query->only_overlay)
    g_string_append (sql, CACHED " AND id NOT IN (SELECT id FROM overlay) UNION ALL ");
  g_string_append (sql, "SELECT id, version, data, as_of FROM overlay WHERE data IS NOT NULL)");
}

/* The statement's text. Names of members were checked to be plain; values are bound. A member that
 * is missing counts as an empty text. */
static char *
build_sql (const LsListQuery *query, GPtrArray *names)
{
  g_autoptr (GString) sql = g_string_new (NULL);
  g_autofree char *order = g_strdup ("id");
  const char *direction = query->descending ? "DESC" : "ASC";

  if (query->order_by != NULL)
    {
      g_free (order);
      order = g_strdup_printf ("ifnull (json_extract (data, '$.\"%s\"'), '')", query->order_by);
    }
  append_rows (sql, query);
  g_string_append_printf (sql, " SELECT id, version, data, as_of, %s FROM rows WHERE TRUE", order);
  for (guint i = 0; i < names->len; i++)
    g_string_append_printf (sql,
                            " AND CASE json_type (data, '$.\"%1$s\"') WHEN 'text'"
                            " THEN json_extract (data, '$.\"%1$s\"')"
                            " ELSE data -> '$.\"%1$s\"' END = ?",
                            (const char *)names->pdata[i]);
  if (query->after != NULL)
    g_string_append_printf (sql, " AND (%s, id) %s (?, ?)", order, query->descending ? "<" : ">");
  g_string_append_printf (sql, " ORDER BY %s %s, id %s LIMIT ?", order, direction, direction);
  return g_string_free (g_steal_pointer (&sql), FALSE);
}

static char *
format_overlay (GPtrArray *overlay)
{
  GString *out = g_string_new ("[");

  for (guint i = 0; i < overlay->len; i++)
    {
      const LsRow *row = overlay->pdata[i];

      ls_json_next_element (out);
      g_string_append_c (out, '[');
      ls_json_append_string (out, row->id);
      g_string_append_printf (out, ",%" G_GINT64_FORMAT ",", row->version);
      if (row->data != NULL)
        ls_json_append_string (out, row->data);
      else
        g_string_append (out, "null");
      g_string_append_printf (out, ",%" G_GINT64_FORMAT "]", row->as_of);
    }
  g_string_append_c (out, ']');

  return g_string_free (out, FALSE);
}

static void
bind_rows (const LsListQuery *query, sqlite3_stmt *stmt, int *index)
{
  if (query->overlay != NULL)
    sqlite3_bind_text (stmt, (*index)++, format_overlay (query->overlay), -1, g_free);
  if (query->overlay == NULL || !query->only_overlay)
    ls_database_bind_text (stmt, (*index)++, ls_entity_to_string (query->entity));
}

static GPtrArray *
filter_names (const LsListQuery *query, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name;

  if (query->filter == NULL)
    return g_steal_pointer (&names);

  g_hash_table_iter_init (&iter, query->filter);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    {
      if (!check_name (name, error))
        return NULL;
      g_ptr_array_add (names, name);
    }
  return g_steal_pointer (&names);
}

static sqlite3_stmt *
prepare (LsCache *self,
         const LsListQuery *query,
         const Position *position,
         GPtrArray *names,
         GError **error)
{
  g_autofree char *sql = build_sql (query, names);
  sqlite3_stmt *stmt = ls_database_prepare (ls_cache_get_database (self), sql, error);
  int index = 1;

  if (stmt == NULL)
    return NULL;

  bind_rows (query, stmt, &index);
  for (guint i = 0; i < names->len; i++)
    ls_database_bind_text (stmt, index++, g_hash_table_lookup (query->filter, names->pdata[i]));
  if (position != NULL)
    {
      position_bind (position, stmt, index);
      index += 2;
    }
  sqlite3_bind_int64 (stmt, index, (gint64)query->limit + 1);
  return stmt;
}

static void
take_row (const LsListQuery *query, sqlite3_stmt *stmt, LsRowPage *page, char **token)
{
  LsRow *row;

  if (page->rows->len == query->limit)
    {
      page->next = g_steal_pointer (token);
      return;
    }

  row = ls_row_new (query->entity, ls_database_column_text (stmt, 0),
                    ls_database_column_text (stmt, 2), sqlite3_column_int64 (stmt, 1));
  row->as_of = sqlite3_column_int64 (stmt, 3);
  g_ptr_array_add (page->rows, row);
  g_free (*token);
  *token = position_format (stmt);
}

/**
 * ls_cache_list:
 * @self: a cache
 * @query: what to list
 * @error: %LS_ERROR_INVALID_ARGUMENT, %LS_ERROR_STORAGE
 *
 * Returns: (transfer full) (nullable): a page of rows
 */
LsRowPage *
ls_cache_list (LsCache *self, const LsListQuery *query, GError **error)
{
  g_autoptr (GPtrArray) names = filter_names (query, error);
  g_autoptr (Position) position = NULL;
  g_autoptr (LsRowPage) page = NULL;
  g_autoptr (GError) step_error = NULL;
  g_autofree char *token = NULL;
  LsDatabase *database = ls_cache_get_database (self);
  sqlite3_stmt *stmt;

  if (names == NULL || (query->order_by != NULL && !check_name (query->order_by, error)))
    return NULL;
  if (query->after != NULL && (position = position_parse (query->after, error)) == NULL)
    return NULL;
  stmt = prepare (self, query, position, names, error);
  if (stmt == NULL)
    return NULL;

  page = g_new0 (LsRowPage, 1);
  page->rows = ls_row_array_new ();
  while (page->next == NULL && ls_database_step (database, stmt, &step_error))
    take_row (query, stmt, page, &token);
  sqlite3_reset (stmt);
  sqlite3_clear_bindings (stmt); /* an overlay may be large */
  if (step_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&step_error));
      return NULL;
    }

  page->seq = ls_cache_get_last_seq (self);
  return g_steal_pointer (&page);
}
