/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-json.h"

#include <string.h>

/* Everything here walks over text that ls_json_check_root() has accepted. That is why no function
 * looks for the end of the text: a string ends with its quotation mark and a container with its
 * bracket. */

/**
 * ls_json_get_kind:
 * @value: a value, or none
 *
 * Returns: what it is; %LS_JSON_ABSENT for none
 */
LsJsonKind
ls_json_get_kind (LsJsonSlice value)
{
  if (value.start == NULL)
    return LS_JSON_ABSENT;

  switch (*value.start)
    {
    case '{':
      return LS_JSON_OBJECT;
    case '[':
      return LS_JSON_ARRAY;
    case '"':
      return LS_JSON_STRING;
    case 't':
    case 'f':
      return LS_JSON_BOOLEAN;
    case 'n':
      return LS_JSON_NULL;
    default:
      return LS_JSON_NUMBER;
    }
}

static inline const char *
skip_space (const char *position)
{
  while (*position == ' ' || *position == '\n' || *position == '\r' || *position == '\t')
    position++;

  return position;
}

/* Returns: whether the quotation mark at @position belongs to an escape: an odd number of
 * backslashes is before it. The one that opens the string ends the search. */
static inline gboolean
is_escaped (const char *position)
{
  const char *before = position;

  while (before[-1] == '\\')
    before--;

  return (position - before) % 2 != 0;
}

/* @position is at the opening quotation mark. Returns: the byte behind the closing one */
static inline const char *
skip_string (const char *position)
{
  /* Most of the time of reading a message goes into this search, so it is left to memchr(). It
   * needs no true end: it reads no further than the closing mark, which the check has seen. */
  do
    position = memchr (position + 1, '"', G_MAXSSIZE / 2);
  while (is_escaped (position));

  return position + 1;
}

/* @position is at the opening bracket. Returns: the byte behind the closing one */
static const char *
skip_container (const char *position)
{
  /* A table, as a branch for every sort of bracket is hard to predict. */
  static const gint8 steps[256] = { ['{'] = 1, ['['] = 1, ['}'] = -1, [']'] = -1 };
  gint depth = 0;

  do
    if (*position == '"')
      position = skip_string (position);
    else
      depth += steps[(guchar)*position++];
  while (depth > 0);

  return position;
}

/* @position is at the first byte of a value inside a container. Returns: the byte behind it */
static const char *
skip_value (const char *position)
{
  switch (*position)
    {
    case '"':
      return skip_string (position);
    case '{':
    case '[':
      return skip_container (position);
    default:
      while (g_ascii_isalnum (*position) || *position == '-' || *position == '+' ||
             *position == '.')
        position++;
      return position;
    }
}

/**
 * ls_json_iter_init:
 * @iter: an iterator
 * @container: an array or an object
 *
 * Starts a walk over @container.
 */
void
ls_json_iter_init (LsJsonIter *iter, LsJsonSlice container)
{
  iter->position = "]";
  g_return_if_fail (ls_json_get_kind (container) == LS_JSON_ARRAY ||
                    ls_json_get_kind (container) == LS_JSON_OBJECT);

  iter->position = container.start + 1;
}

static inline void
take_value (LsJsonIter *iter, LsJsonSlice *value)
{
  value->start = skip_space (iter->position);
  iter->position = skip_value (value->start);
  value->length = (gsize)(iter->position - value->start);
}

static inline void
take_separator (LsJsonIter *iter, char separator)
{
  iter->position = skip_space (iter->position);
  if (*iter->position == separator)
    iter->position++;
}

/**
 * ls_json_iter_next_element:
 * @iter: an iterator over an array
 * @element: (out): the next element
 *
 * Returns: %FALSE behind the last element
 */
gboolean
ls_json_iter_next_element (LsJsonIter *iter, LsJsonSlice *element)
{
  iter->position = skip_space (iter->position);
  if (*iter->position == ']')
    return FALSE;

  take_value (iter, element);
  take_separator (iter, ',');
  return TRUE;
}

/**
 * ls_json_iter_next_member:
 * @iter: an iterator over an object
 * @name: (out): the next member's name, a string: compare it by ls_json_string_equals()
 * @value: (out): its value
 *
 * Returns: %FALSE behind the last member
 */
gboolean
ls_json_iter_next_member (LsJsonIter *iter, LsJsonSlice *name, LsJsonSlice *value)
{
  iter->position = skip_space (iter->position);
  if (*iter->position == '}' || *iter->position == ']')
    return FALSE;

  take_value (iter, name);
  take_separator (iter, ':');
  take_value (iter, value);
  take_separator (iter, ',');
  return TRUE;
}

/* Returns: the position of @name in @names, -1 if it is not there. The search begins at @guess:
 * senders keep one order, so mostly the first look finds it. */
static gint
find_name (const char *const *names, guint n_names, guint guess, LsJsonSlice name)
{
  for (guint k = 0; k < n_names; k++)
    {
      guint i = (guess + k) % n_names;

      if (ls_json_string_equals (name, names[i]))
        return (gint)i;
    }

  return -1;
}

/**
 * ls_json_find_members:
 * @object: a value
 * @names: (array zero-terminated=1): names of members
 * @values: (out caller-allocates): as many values, in the order of @names; those that @object
 *   does not have are %LS_JSON_ABSENT
 * @error: return location for %LS_JSON_ERROR_SHAPE: @object is no object, or has one of the
 *   members twice
 *
 * Finds several members in one walk. Members of other names are passed over.
 *
 * Returns: %TRUE on success
 */
gboolean
ls_json_find_members (LsJsonSlice object,
                      const char *const *names,
                      LsJsonSlice *values,
                      GError **error)
{
  guint n_names = g_strv_length ((GStrv)names);
  guint guess = 0;
  LsJsonIter iter;
  LsJsonSlice name, value;

  memset (values, 0, n_names * sizeof *values);
  if (ls_json_get_kind (object) != LS_JSON_OBJECT)
    {
      g_set_error_literal (error, LS_JSON_ERROR, LS_JSON_ERROR_SHAPE, "not an object");
      return FALSE;
    }

  ls_json_iter_init (&iter, object);
  while (ls_json_iter_next_member (&iter, &name, &value))
    {
      gint found = find_name (names, n_names, guess, name);

      if (found < 0)
        continue;
      if (values[found].start != NULL)
        {
          g_set_error (error, LS_JSON_ERROR, LS_JSON_ERROR_SHAPE, "“%s” occurs twice",
                       names[found]);
          return FALSE;
        }
      values[found] = value;
      guess = (guint)found + 1;
    }

  return TRUE;
}

/**
 * ls_json_find_member:
 * @object: a value
 * @name: a member's name
 * @value: (out): the member's value, %LS_JSON_ABSENT if there is none
 * @error: return location for %LS_JSON_ERROR_SHAPE, as for ls_json_find_members()
 *
 * Finds one member.
 *
 * Returns: %TRUE on success, also when there is no such member
 */
gboolean
ls_json_find_member (LsJsonSlice object, const char *name, LsJsonSlice *value, GError **error)
{
  const char *const names[] = { name, NULL };

  return ls_json_find_members (object, names, value, error);
}

/* Reads four hexadecimal digits. */
static gunichar
read_unit (const char *digits)
{
  gunichar unit = 0;

  for (guint i = 0; i < 4; i++)
    unit = unit << 4 | (gunichar)g_ascii_xdigit_value (digits[i]);

  return unit;
}

/* Reads the escape at *@position, which is moved behind it. */
static gunichar
read_escape (const char **position)
{
  static const char letters[] = "bfnrt";
  static const char controls[] = "\b\f\n\r\t";
  const char *escape = *position + 1;
  const char *letter;
  gunichar unit;

  if (*escape != 'u')
    {
      *position = escape + 1;
      letter = strchr (letters, *escape);
      return (guchar)(letter != NULL ? controls[letter - letters] : *escape);
    }

  unit = read_unit (escape + 1);
  *position = escape + 5;
  if (unit < 0xd800 || unit > 0xdfff)
    return unit;

  /* The check has seen to it that the other half follows. */
  unit = 0x10000 + ((unit - 0xd800) << 10) + (read_unit (*position + 2) - 0xdc00);
  *position += 6;
  return unit;
}

/* Returns: (nullable): the string without its escapes, which never makes it longer; %NULL if a
 *   zero character is in it */
static char *
unescape (LsJsonSlice string)
{
  const char *position = string.start + 1;
  const char *end = string.start + string.length - 1;
  g_autofree char *text = g_malloc (string.length);
  char *out = text;

  while (position < end)
    if (*position == '\\')
      {
        gunichar character = read_escape (&position);

        if (character == 0)
          return NULL;
        out += g_unichar_to_utf8 (character, out);
      }
    else
      *out++ = *position++;

  *out = '\0';
  return g_steal_pointer (&text);
}

static inline gboolean
has_escape (LsJsonSlice string)
{
  return memchr (string.start, '\\', string.length) != NULL;
}

/**
 * ls_json_string_equals:
 * @string: a value
 * @text: UTF-8 text
 *
 * Returns: whether @string is a JSON string that stands for @text, whichever way it is escaped
 */
gboolean
ls_json_string_equals (LsJsonSlice string, const char *text)
{
  g_autofree char *unescaped = NULL;
  gsize length;

  if (ls_json_get_kind (string) != LS_JSON_STRING)
    return FALSE;

  length = string.length - 2;
  if (!has_escape (string))
    return strncmp (string.start + 1, text, length) == 0 && text[length] == '\0';

  unescaped = unescape (string);
  return g_strcmp0 (unescaped, text) == 0;
}

/**
 * ls_json_get_string:
 * @value: a value
 * @error: return location for %LS_JSON_ERROR_SHAPE: not a string, or %LS_JSON_ERROR_RANGE: it
 *   contains a zero character, which a C string can't
 *
 * Returns: (transfer full) (nullable): the text, UTF-8; %NULL on error
 */
char *
ls_json_get_string (LsJsonSlice value, GError **error)
{
  char *text;

  if (ls_json_get_kind (value) != LS_JSON_STRING)
    {
      g_set_error_literal (error, LS_JSON_ERROR, LS_JSON_ERROR_SHAPE, "not a string");
      return NULL;
    }

  if (!has_escape (value))
    return g_strndup (value.start + 1, value.length - 2);

  text = unescape (value);
  if (text == NULL)
    g_set_error_literal (error, LS_JSON_ERROR, LS_JSON_ERROR_RANGE, "zero character in a string");

  return text;
}

/* Returns: whether @number is written as an integer that a gint64 holds; that is then in @integer.
 */
static gboolean
parse_integer (LsJsonSlice number, gint64 *integer)
{
  const char *end = number.start + number.length;
  const char *digit = number.start + (*number.start == '-');
  gint64 magnitude = 0;

  /* 18 digits never overflow; limits on the wire have 16. */
  if (end - digit > 18)
    return FALSE;

  for (; digit < end; digit++)
    {
      if (!g_ascii_isdigit (*digit))
        return FALSE;
      magnitude = magnitude * 10 + (*digit - '0');
    }

  *integer = *number.start == '-' ? -magnitude : magnitude;
  return TRUE;
}

/**
 * ls_json_get_int:
 * @value: a value
 * @minimum: the smallest integer allowed
 * @maximum: the largest integer allowed; with @minimum within ±(10^18 - 1)
 * @integer: (out): the integer; untouched on error
 * @error: return location for %LS_JSON_ERROR_SHAPE: not a number, or %LS_JSON_ERROR_RANGE: not an
 *   integer, written with a fraction or an exponent, or out of bounds
 *
 * Returns: %TRUE on success
 */
gboolean
ls_json_get_int (LsJsonSlice value, gint64 minimum, gint64 maximum, gint64 *integer, GError **error)
{
  gint64 number;

  if (ls_json_get_kind (value) != LS_JSON_NUMBER)
    {
      g_set_error_literal (error, LS_JSON_ERROR, LS_JSON_ERROR_SHAPE, "not a number");
      return FALSE;
    }

  if (!parse_integer (value, &number) || number < minimum || number > maximum)
    {
      g_set_error (error, LS_JSON_ERROR, LS_JSON_ERROR_RANGE,
                   "not an integer from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, minimum,
                   maximum);
      return FALSE;
    }

  *integer = number;
  return TRUE;
}

/**
 * ls_json_get_boolean:
 * @value: a value
 * @boolean: (out): the truth; untouched on error
 * @error: return location for %LS_JSON_ERROR_SHAPE: neither `true` nor `false`
 *
 * Returns: %TRUE on success
 */
gboolean
ls_json_get_boolean (LsJsonSlice value, gboolean *boolean, GError **error)
{
  if (ls_json_get_kind (value) != LS_JSON_BOOLEAN)
    {
      g_set_error_literal (error, LS_JSON_ERROR, LS_JSON_ERROR_SHAPE, "not true or false");
      return FALSE;
    }

  *boolean = *value.start == 't';
  return TRUE;
}

/**
 * ls_json_get_raw:
 * @value: a value
 *
 * Returns: (transfer full): its text, byte for byte
 */
char *
ls_json_get_raw (LsJsonSlice value)
{
  g_return_val_if_fail (value.start != NULL, NULL);

  return g_strndup (value.start, value.length);
}

static gboolean
is_one_of (LsJsonSlice name, const char *const *names)
{
  for (guint i = 0; names[i] != NULL; i++)
    if (ls_json_string_equals (name, names[i]))
      return TRUE;

  return FALSE;
}

/* The members of @object that are among @names, or those that are not. Returns: (transfer full): an
 * object of them; @n_cut says how many others there were */
static GString *
sift (const char *object, const char *const *names, gboolean keep, guint *n_cut)
{
  LsJsonSlice name, value;
  LsJsonIter iter;
  GString *rest = g_string_new ("{");

  *n_cut = 0;
  ls_json_iter_init (&iter, (LsJsonSlice) { object, strlen (object) });
  while (ls_json_iter_next_member (&iter, &name, &value))
    {
      if (is_one_of (name, names) != keep)
        {
          (*n_cut)++;
          continue;
        }
      if (rest->len > 1)
        g_string_append_c (rest, ',');
      g_string_append_len (rest, name.start, value.start + value.length - name.start);
    }
  g_string_append_c (rest, '}');
  return rest;
}

/**
 * ls_json_without_members:
 * @object: a checked JSON object as a C string, without white space before it
 * @names: (array zero-terminated=1): names of members
 *
 * Cuts members out of the top level of @object. The members that stay keep their bytes; only when
 * something is cut does the white space between members go.
 *
 * Returns: (transfer full): the rest; a copy of @object when it has none of the members
 */
char *
ls_json_without_members (const char *object, const char *const *names)
{
  GString *rest;
  guint n_cut;

  g_return_val_if_fail (object != NULL && *object == '{', NULL);
  g_return_val_if_fail (names != NULL, NULL);

  rest = sift (object, names, FALSE, &n_cut);
  if (n_cut == 0)
    g_string_assign (rest, object);
  return g_string_free (rest, FALSE);
}

static void append_pruned (GString *out, LsJsonSlice value, const char *const *names);

static void
append_pruned_object (GString *out, LsJsonSlice object, const char *const *names)
{
  LsJsonSlice name, value;
  LsJsonIter iter;
  gboolean is_first = TRUE;

  g_string_append_c (out, '{');
  ls_json_iter_init (&iter, object);
  while (ls_json_iter_next_member (&iter, &name, &value))
    {
      if (is_one_of (name, names))
        continue;
      if (!is_first)
        g_string_append_c (out, ',');
      g_string_append_len (out, name.start, value.start - name.start);
      append_pruned (out, value, names);
      is_first = FALSE;
    }
  g_string_append_c (out, '}');
}

static void
append_pruned_array (GString *out, LsJsonSlice array, const char *const *names)
{
  LsJsonSlice element;
  LsJsonIter iter;
  gboolean is_first = TRUE;

  g_string_append_c (out, '[');
  ls_json_iter_init (&iter, array);
  while (ls_json_iter_next_element (&iter, &element))
    {
      if (!is_first)
        g_string_append_c (out, ',');
      append_pruned (out, element, names);
      is_first = FALSE;
    }
  g_string_append_c (out, ']');
}

/* What was checked nests no deeper than %LS_JSON_MAX_DEPTH. */
static void
append_pruned (GString *out, LsJsonSlice value, const char *const *names)
{
  LsJsonKind kind = ls_json_get_kind (value);

  if (kind == LS_JSON_OBJECT)
    append_pruned_object (out, value, names);
  else if (kind == LS_JSON_ARRAY)
    append_pruned_array (out, value, names);
  else
    g_string_append_len (out, value.start, (gssize)value.length);
}

/**
 * ls_json_prune:
 * @value: a checked value
 * @names: (array zero-terminated=1): names of members
 *
 * Cuts members out of all objects in @value, however deep. White space between what stays goes.
 *
 * Returns: (transfer full): the rest
 */
char *
ls_json_prune (LsJsonSlice value, const char *const *names)
{
  GString *out;

  g_return_val_if_fail (value.start != NULL, NULL);
  g_return_val_if_fail (names != NULL, NULL);

  out = g_string_sized_new (value.length);
  append_pruned (out, value, names);
  return g_string_free (out, FALSE);
}

/**
 * ls_json_with_members:
 * @object: a checked JSON object as a C string, without white space before it
 * @names: (array zero-terminated=1): names of members
 *
 * Takes members out of the top level of @object. They keep their bytes and their order.
 *
 * Returns: (transfer full): an object of them alone
 */
char *
ls_json_with_members (const char *object, const char *const *names)
{
  guint n_cut;

  g_return_val_if_fail (object != NULL && *object == '{', NULL);
  g_return_val_if_fail (names != NULL, NULL);

  return g_string_free (sift (object, names, TRUE, &n_cut), FALSE);
}
