/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-record.h"

#include <math.h>
#include <string.h>

#include "ls-cursor.h"
#include "ls-json.h"
#include "ls-json-writer.h"
#include "ls-role.h"
#include "ls-school-error.h"

/* A double has at most 17 significant decimal digits; most numbers that people write have 15. */
#define MIN_DIGITS 15
#define MAX_DIGITS 17

/* Far more than a list of all roles takes. */
#define MAX_ROLES_LENGTH 1024

static void
append_real (GString *out, double real)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  if (real == floor (real) && fabs (real) <= (double)LS_MAX_INTEGER)
    {
      ls_json_append_int (out, (gint64)real);
      return;
    }

  for (int digits = MIN_DIGITS; digits <= MAX_DIGITS; digits++)
    {
      char format[] = "%.15g";

      format[3] = (char)('0' + digits - 10);
      g_ascii_formatd (text, sizeof text, format, real);
      if (g_ascii_strtod (text, NULL) == real)
        break;
    }
  g_string_append (out, text);
}

static void
append_value (GString *out, const LsColumn *column, const LsValue *value)
{
  switch (value->kind)
    {
    case LS_VALUE_INTEGER:
      ls_json_append_int (out, value->integer);
      break;
    case LS_VALUE_REAL:
      append_real (out, value->real);
      break;
    case LS_VALUE_TEXT:
      if (column->type == LS_COLUMN_MEMBERS)
        g_string_append (out, value->text);
      else
        ls_json_append_string (out, value->text);
      break;
    case LS_VALUE_NULL:
    default:
      g_string_append (out, "null");
    }
}

/**
 * ls_record_to_json:
 * @record: a row
 * @sight: how much of it to show, not %LS_SIGHT_NONE
 *
 * The one form of a row: socket, poll, snapshot and GET have the same bytes.
 *
 * Returns: (transfer full): the row as JSON text, columns in the order of the table
 */
char *
ls_record_to_json (const LsRecord *record, LsSight sight)
{
  GString *out = g_string_new ("{");

  g_return_val_if_fail (sight != LS_SIGHT_NONE, NULL);

  for (guint i = 0; i < record->table->n_columns; i++)
    if (record->table->columns[i].sight <= sight)
      {
        ls_json_write_name (out, record->table->columns[i].name);
        append_value (out, &record->table->columns[i], &record->values[i]);
      }

  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

/**
 * ls_record_id_to_json:
 * @id: a row's id
 *
 * Returns: (transfer full): what stands for a row that is gone or out of sight: `{"id":…}`
 */
char *
ls_record_id_to_json (const char *id)
{
  GString *out = g_string_new ("{");

  ls_json_write_string (out, "id", id);
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

static gboolean G_GNUC_PRINTF (2, 3) refuse (GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list arguments;

  va_start (arguments, format);
  message = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  g_set_error_literal (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_INVALID, message);
  return FALSE;
}

static gboolean
read_integer (LsValue *value, JsonNode *node, gint64 minimum, gint64 maximum, GError **error)
{
  gint64 integer;

  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64)
    return refuse (error, "must be an integer");

  integer = json_node_get_int (node);
  if (integer < minimum || integer > maximum)
    return refuse (error, "must be between %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT, minimum,
                   maximum);

  *value = (LsValue) { LS_VALUE_INTEGER, .integer = integer };
  return TRUE;
}

static gboolean
read_boolean (LsValue *value, JsonNode *node, GError **error)
{
  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    {
      *value = (LsValue) { LS_VALUE_INTEGER, .integer = json_node_get_boolean (node) };
      return TRUE;
    }

  return read_integer (value, node, 0, 1, NULL) || refuse (error, "must be true or false");
}

static gboolean
read_real (LsValue *value, JsonNode *node, GError **error)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  double real;

  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return refuse (error, "must be a number");

  real = json_node_get_double (node);
  if (!isfinite (real))
    return refuse (error, "is too large");

  *value = (LsValue) { LS_VALUE_REAL, .real = real };
  return TRUE;
}

static const char *
peek_text (JsonNode *node)
{
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;

  return json_node_get_string (node);
}

static gboolean
read_text (LsValue *value, JsonNode *node, GError **error)
{
  const char *text = peek_text (node);

  if (text == NULL)
    return refuse (error, "must be a string");
  if (!g_utf8_validate (text, -1, NULL))
    return refuse (error, "must be UTF-8");

  *value = (LsValue) { LS_VALUE_TEXT, .text = g_strdup (text) };
  return TRUE;
}

static gboolean
read_time (LsValue *value, JsonNode *node, GError **error)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = NULL;
  const char *text = peek_text (node);

  if (text == NULL)
    return read_integer (value, node, 0, LS_MAX_INTEGER, NULL) ||
           refuse (error, "must be milliseconds since 1970 or an ISO 8601 time");

  time = g_date_time_new_from_iso8601 (text, utc);
  if (time == NULL)
    return refuse (error, "is not an ISO 8601 time");

  *value = (LsValue) { LS_VALUE_INTEGER, .integer = g_date_time_to_unix (time) * 1000 +
                                                    g_date_time_get_microsecond (time) / 1000 };
  return TRUE;
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static char *
list_to_json (GPtrArray *items)
{
  GString *out = g_string_new ("[");

  for (guint i = 0; i < items->len; i++)
    if (i == 0 || !g_str_equal (items->pdata[i], items->pdata[i - 1]))
      {
        ls_json_next_element (out);
        ls_json_append_string (out, items->pdata[i]);
      }

  g_string_append_c (out, ']');
  return g_string_free (out, FALSE);
}

static GPtrArray *
parse_list (JsonNode *node)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_free);
  JsonArray *array;

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return NULL;

  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      const char *text = peek_text (json_array_get_element (array, i));

      if (text == NULL)
        return NULL;
      g_ptr_array_add (items, g_strdup (text));
    }
  return g_steal_pointer (&items);
}

static gboolean
read_members (LsValue *value, JsonNode *node, GError **error)
{
  g_autoptr (GPtrArray) items = parse_list (node);

  if (items == NULL)
    return refuse (error, "must be a list of user ids");

  g_ptr_array_sort (items, compare_texts);
  *value = (LsValue) { LS_VALUE_TEXT, .text = list_to_json (items) };
  return TRUE;
}

static gboolean
read_roles (LsValue *value, JsonNode *node, GError **error)
{
  const char *text = peek_text (node);
  g_autoptr (JsonNode) parsed = NULL;
  g_autoptr (GPtrArray) items = NULL;

  /* Text inside a string has not been checked yet, and json-glib does not survive deep nesting. */
  if (text != NULL && ls_json_check (text, strlen (text), MAX_ROLES_LENGTH, NULL))
    parsed = json_from_string (text, NULL);

  items = parse_list (text == NULL ? node : parsed);
  if (items == NULL)
    return refuse (error, "must be a list of roles or null");
  for (guint i = 0; i < items->len; i++)
    if (ls_role_from_string (items->pdata[i]) == LS_ROLE_NONE)
      return refuse (error, "names an unknown role");

  *value = (LsValue) { LS_VALUE_TEXT, .text = list_to_json (items) };
  return TRUE;
}

static gboolean
read_value (LsValue *value, LsColumnType type, JsonNode *node, GError **error)
{
  if (JSON_NODE_HOLDS_NULL (node))
    return TRUE;

  switch (type)
    {
    case LS_COLUMN_INTEGER:
      return read_integer (value, node, -LS_MAX_INTEGER, LS_MAX_INTEGER, error);
    case LS_COLUMN_REAL:
      return read_real (value, node, error);
    case LS_COLUMN_BOOLEAN:
      return read_boolean (value, node, error);
    case LS_COLUMN_TIME:
      return read_time (value, node, error);
    case LS_COLUMN_ROLES:
      return read_roles (value, node, error);
    case LS_COLUMN_MEMBERS:
      return read_members (value, node, error);
    case LS_COLUMN_TEXT:
    default:
      return read_text (value, node, error);
    }
}

/**
 * ls_record_set_json:
 * @record: a row
 * @column: index of a column of its table
 * @node: its new value, from outside
 * @error: return location for %LS_SCHOOL_ERROR_INVALID
 *
 * Sets a column to a value whose type is checked.
 *
 * Returns: %FALSE, with @record as it was, if the column can't hold @node
 */
gboolean
ls_record_set_json (LsRecord *record, guint column, JsonNode *node, GError **error)
{
  LsValue value = { LS_VALUE_NULL };

  if (!read_value (&value, record->table->columns[column].type, node, error))
    {
      g_prefix_error (error, "“%s” ", record->table->columns[column].name);
      return FALSE;
    }

  g_free (record->values[column].text);
  record->values[column] = value;
  return TRUE;
}

/**
 * ls_record_new_from_json:
 * @table: a table
 * @json: a row that ls_record_to_json() wrote with full sight
 * @error: return location for %LS_SCHOOL_ERROR_STORAGE
 *
 * Returns: (transfer full) (nullable): the row
 */
LsRecord *
ls_record_new_from_json (const LsTable *table, const char *json, GError **error)
{
  g_autoptr (LsRecord) record = ls_record_new (table);
  g_autoptr (JsonNode) root = json_from_string (json, NULL);
  JsonObject *object =
      root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;

  for (guint i = 0; object != NULL && i < table->n_columns; i++)
    {
      JsonNode *node = json_object_get_member (object, table->columns[i].name);

      /* A column that was added after the row was logged keeps its initial value. */
      if (node != NULL && !ls_record_set_json (record, i, node, error))
        object = NULL;
    }
  if (object != NULL && ls_record_get_id (record) != NULL)
    return g_steal_pointer (&record);

  g_clear_error (error);
  g_set_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_STORAGE, "A row of “%s” is damaged",
               table->name);
  return NULL;
}

/**
 * ls_record_list_has:
 * @record: a row
 * @column: a column that holds a list
 * @item: a role or a plain id
 *
 * Returns: whether the list has @item
 */
gboolean
ls_record_list_has (const LsRecord *record, const char *column, const char *item)
{
  const char *text = ls_record_get_text (record, column);
  g_autofree char *quoted = g_strdup_printf ("\"%s\"", item);

  /* Lists are stored in one form, and neither roles nor plain ids contain quotation marks. */
  return text != NULL && strstr (text, quoted) != NULL;
}

/**
 * ls_record_get_list:
 * @record: a row
 * @column: a column that holds a list
 *
 * Returns: (transfer full) (nullable): its items; %NULL if it holds none
 */
GStrv
ls_record_get_list (const LsRecord *record, const char *column)
{
  const char *text = ls_record_get_text (record, column);
  g_autoptr (JsonNode) node = text == NULL ? NULL : json_from_string (text, NULL);
  g_autoptr (GPtrArray) items = parse_list (node);

  if (items == NULL)
    return NULL;

  g_ptr_array_add (items, NULL);
  g_ptr_array_set_free_func (items, NULL);
  return (GStrv)g_ptr_array_free (g_steal_pointer (&items), FALSE);
}

/**
 * ls_record_take_list:
 * @record: a row
 * @column: a column that holds a list
 * @items: (transfer full) (element-type utf8): its items, in any order
 *
 * Sets a column.
 */
void
ls_record_take_list (LsRecord *record, const char *column, GPtrArray *items)
{
  g_autofree char *text = NULL;

  g_ptr_array_sort (items, compare_texts);
  text = list_to_json (items);
  ls_record_set_text (record, column, text);
  g_ptr_array_unref (items);
}
