/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-wire-edit.h"

#include <string.h>

#include "ls-error.h"
#include "ls-json-writer.h"
#include "ls-json.h"

/* What an action does to the JSON of a row; see #LsDataEditor. Every text but that of
 * ls_wire_edit_check() has been checked. */

/* Members that the server keeps for itself: nobody's change */
static const char *const kept[] = { "version", "created_at", "updated_at", "deleted_at", NULL };

static LsJsonSlice
slice_of (const char *text)
{
  return (LsJsonSlice) { text, strlen (text) };
}

static const char *
or_empty (const char *object)
{
  return object != NULL ? object : "{}";
}

/* Finds a member by a name that is JSON itself. One that is not there is `null`, which is what a column
 * without a value has. */
static LsJsonSlice
find (const char *object, LsJsonSlice name)
{
  g_autofree char *text = ls_json_get_string (name, NULL);
  LsJsonSlice value = { NULL, 0 };

  if (text == NULL || !ls_json_find_member (slice_of (object), text, &value, NULL) ||
      ls_json_get_kind (value) == LS_JSON_ABSENT)
    return slice_of ("null");

  return value;
}

/**
 * ls_wire_edit_has_member:
 * @object: an object
 * @name: of a member
 *
 * Returns: whether @object has that member, `null` or not
 */
gboolean
ls_wire_edit_has_member (const char *object, const char *name)
{
  LsJsonSlice value;

  return ls_json_find_member (slice_of (object), name, &value, NULL) &&
         ls_json_get_kind (value) != LS_JSON_ABSENT;
}

static gboolean
has (const char *object, LsJsonSlice name)
{
  g_autofree char *text = ls_json_get_string (name, NULL);

  return text != NULL && ls_wire_edit_has_member (object, text);
}

/* A scalar as a number, as a column that is one would take it */
static gboolean
get_number (LsJsonSlice value, double *number)
{
  g_autofree char *text = NULL;
  char *end = NULL;

  switch (ls_json_get_kind (value))
    {
    case LS_JSON_BOOLEAN:
      *number = *value.start == 't';
      return TRUE;
    case LS_JSON_NUMBER:
      *number = g_ascii_strtod (value.start, NULL);
      return TRUE;
    case LS_JSON_STRING:
      text = ls_json_get_string (value, NULL);
      if (text == NULL || !(g_ascii_isdigit (*text) || *text == '-'))
        return FALSE;
      *number = g_ascii_strtod (text, &end);
      return *end == '\0';
    case LS_JSON_ABSENT:
    case LS_JSON_NULL:
    case LS_JSON_ARRAY:
    case LS_JSON_OBJECT:
    default:
      return FALSE;
    }
}

/* Whether a column has the same of both: what is written as true or "80" comes back as 1 or 80. */
static gboolean
is_same_value (LsJsonSlice a, LsJsonSlice b)
{
  double number_a, number_b;

  if (ls_json_equal (a, b))
    return TRUE;

  return ls_json_get_kind (a) != ls_json_get_kind (b) && get_number (a, &number_a) &&
         get_number (b, &number_b) && number_a == number_b;
}

static void
append_member (GString *out, LsJsonSlice name, LsJsonSlice value)
{
  if (out->len > 1)
    g_string_append_c (out, ',');
  g_string_append_len (out, name.start, (gssize)name.length);
  g_string_append_c (out, ':');
  g_string_append_len (out, value.start, (gssize)value.length);
}

static char *
finish (GString *out)
{
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

static gboolean
is_plain (const char *name)
{
  if (!g_ascii_isalpha (*name) && *name != '_')
    return FALSE;

  for (; *name != '\0'; name++)
    if (!g_ascii_isalnum (*name) && *name != '_')
      return FALSE;

  return TRUE;
}

static gboolean
check_names (LsJsonSlice object, gboolean plain, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  LsJsonSlice name, value;
  LsJsonIter iter;

  ls_json_iter_init (&iter, object);
  while (ls_json_iter_next_member (&iter, &name, &value))
    {
      g_autofree char *text = ls_json_get_string (name, NULL);

      if (text == NULL || (plain && !is_plain (text)))
        {
          g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                       "“%s” can't be the name of a column", text != NULL ? text : "");
          return FALSE;
        }
      if (g_hash_table_contains (seen, text))
        {
          g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "“%s” occurs twice", text);
          return FALSE;
        }
      if (g_hash_table_size (seen) == LS_WIRE_MAX_MEMBERS)
        {
          g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "more than %d members",
                       LS_WIRE_MAX_MEMBERS);
          return FALSE;
        }
      g_hash_table_add (seen, g_steal_pointer (&text));
    }

  return TRUE;
}

/**
 * ls_wire_edit_check:
 * @text: from an app
 * @plain: whether the names of members must be plain: `[A-Za-z_][A-Za-z0-9_]*`
 * @error: %LS_ERROR_INVALID_ARGUMENT
 *
 * Returns: whether @text is a JSON object of 1 MiB at most, strict, with no member twice
 */
gboolean
ls_wire_edit_check (const char *text, gboolean plain, GError **error)
{
  g_autoptr (GError) json_error = NULL;
  LsJsonSlice root;

  g_return_val_if_fail (text != NULL, FALSE);

  if (!ls_json_check_root (text, strlen (text), LS_WIRE_MAX_ACTION, &root, &json_error))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "the data can't be taken: %s",
                   json_error->message);
      return FALSE;
    }
  if (ls_json_get_kind (root) != LS_JSON_OBJECT)
    {
      g_set_error_literal (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                           "the data is not a JSON object");
      return FALSE;
    }

  return check_names (root, plain, error);
}

/**
 * ls_wire_edit_lay_over:
 * @row: (nullable): an object; %NULL: `{}`
 * @changes: an object
 *
 * Returns: (transfer full): @row with the members of @changes in place of its own, or behind them
 */
char *
ls_wire_edit_lay_over (const char *row, const char *changes)
{
  GString *out = g_string_new ("{");
  LsJsonSlice name, value;
  LsJsonIter iter;

  row = or_empty (row);
  ls_json_iter_init (&iter, slice_of (row));
  while (ls_json_iter_next_member (&iter, &name, &value))
    append_member (out, name, has (changes, name) ? find (changes, name) : value);
  ls_json_iter_init (&iter, slice_of (changes));
  while (ls_json_iter_next_member (&iter, &name, &value))
    if (!has (row, name))
      append_member (out, name, value);

  return finish (out);
}

/**
 * ls_wire_edit_agrees:
 * @row: an object
 * @changes: an object
 *
 * Returns: whether @row has each member of @changes already
 */
gboolean
ls_wire_edit_agrees (const char *row, const char *changes)
{
  LsJsonSlice name, value;
  LsJsonIter iter;

  ls_json_iter_init (&iter, slice_of (changes));
  while (ls_json_iter_next_member (&iter, &name, &value))
    if (!is_same_value (value, find (row, name)))
      return FALSE;

  return TRUE;
}

/* Whether @b has all of @a, but for what the server keeps for itself */
static gboolean
covers (const char *a, const char *b)
{
  g_autofree char *rest = ls_json_without_members (a, kept);

  return ls_wire_edit_agrees (b, rest);
}

/**
 * ls_wire_edit_is_same:
 * @a: a row
 * @b: a row
 *
 * Returns: whether both say the same, but for what the server keeps for itself
 */
gboolean
ls_wire_edit_is_same (const char *a, const char *b)
{
  return covers (a, b) && covers (b, a);
}

/**
 * ls_wire_edit_merge:
 * @base: (nullable): the row that @changes was made from; %NULL: `{}`
 * @changes: what was changed here
 * @server: what the row has become at the server
 *
 * Merges three ways, member by member.
 *
 * Returns: (transfer full) (nullable): the members of @changes that are still to be sent; %NULL: both
 *   sides changed the same member, and not to the same value
 */
char *
ls_wire_edit_merge (const char *base, const char *changes, const char *server)
{
  g_autoptr (GString) out = g_string_new ("{");
  LsJsonSlice name, value;
  LsJsonIter iter;

  base = or_empty (base);
  ls_json_iter_init (&iter, slice_of (changes));
  while (ls_json_iter_next_member (&iter, &name, &value))
    {
      LsJsonSlice was = find (base, name), is = find (server, name);

      if (is_same_value (value, was) || is_same_value (value, is))
        continue;
      if (!is_same_value (is, was))
        return NULL;
      append_member (out, name, value);
    }

  return finish (g_steal_pointer (&out));
}

/**
 * ls_wire_edit_invert:
 * @before: (nullable): a row; %NULL: nothing was known of it
 * @changes: what was changed in it
 *
 * Returns: (transfer full): the change that brings the members of @changes back to what they were; the
 *   id is left alone
 */
char *
ls_wire_edit_invert (const char *before, const char *changes)
{
  GString *out = g_string_new ("{");
  LsJsonSlice name, value;
  LsJsonIter iter;

  ls_json_iter_init (&iter, slice_of (changes));
  while (ls_json_iter_next_member (&iter, &name, &value))
    if (!ls_json_string_equals (name, "id"))
      append_member (out, name, find (or_empty (before), name));

  return finish (out);
}

/**
 * ls_wire_edit_set_member:
 * @object: an object
 * @name: of a member
 * @text: its value
 *
 * Returns: (transfer full): @object with that member
 */
char *
ls_wire_edit_set_member (const char *object, const char *name, const char *text)
{
  g_autoptr (GString) change = g_string_new ("{");

  ls_json_write_string (change, name, text);
  g_string_append_c (change, '}');
  return ls_wire_edit_lay_over (object, change->str);
}

/**
 * ls_wire_edit_rename:
 * @object: an object
 * @from: what a text is
 * @to: what it becomes
 *
 * Returns: (transfer full): @object with each top-level text that is @from being @to
 */
char *
ls_wire_edit_rename (const char *object, const char *from, const char *to)
{
  g_autoptr (GString) text = g_string_new (NULL);
  GString *out = g_string_new ("{");
  LsJsonSlice name, value;
  LsJsonIter iter;

  ls_json_append_string (text, to);
  ls_json_iter_init (&iter, slice_of (object));
  while (ls_json_iter_next_member (&iter, &name, &value))
    {
      gboolean is_it =
          ls_json_get_kind (value) == LS_JSON_STRING && ls_json_string_equals (value, from);

      append_member (out, name, is_it ? (LsJsonSlice) { text->str, text->len } : value);
    }

  return finish (out);
}
