/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-json-writer.h"

static void
append_escape (GString *out, guchar byte)
{
  switch (byte)
    {
    case '"':
      g_string_append (out, "\\\"");
      break;
    case '\\':
      g_string_append (out, "\\\\");
      break;
    case '\n':
      g_string_append (out, "\\n");
      break;
    case '\r':
      g_string_append (out, "\\r");
      break;
    case '\t':
      g_string_append (out, "\\t");
      break;
    default:
      g_string_append_printf (out, "\\u%04x", byte);
    }
}

/**
 * ls_json_append_string:
 * @out: where to
 * @text: UTF-8 text
 *
 * Appends @text as a JSON string, with quotation marks.
 */
void
ls_json_append_string (GString *out, const char *text)
{
  const char *run = text;

  g_string_append_c (out, '"');
  for (; *text != '\0'; text++)
    if ((guchar)*text < 0x20 || *text == '"' || *text == '\\')
      {
        g_string_append_len (out, run, text - run);
        append_escape (out, (guchar)*text);
        run = text + 1;
      }
  g_string_append_len (out, run, text - run);
  g_string_append_c (out, '"');
}

/**
 * ls_json_append_int:
 * @out: where to
 * @integer: an integer
 *
 * Appends @integer as a JSON number.
 */
void
ls_json_append_int (GString *out, gint64 integer)
{
  char digits[20]; /* 19 digits and a sign */
  char *digit = digits + sizeof digits;
  guint64 rest = integer < 0 ? -(guint64)integer : (guint64)integer;

  do
    *--digit = (char)('0' + rest % 10);
  while ((rest /= 10) > 0);
  if (integer < 0)
    *--digit = '-';

  g_string_append_len (out, digit, digits + sizeof digits - digit);
}

/**
 * ls_json_next_element:
 * @out: where to, inside an array
 *
 * Appends a comma unless the next element is the first.
 */
void
ls_json_next_element (GString *out)
{
  g_return_if_fail (out->len > 0);

  if (out->str[out->len - 1] != '[')
    g_string_append_c (out, ',');
}

/**
 * ls_json_write_name:
 * @out: where to, inside an object
 * @name: the next member's name
 *
 * Appends the name and its colon, after a comma unless the member is the first. The caller appends
 * the value.
 */
void
ls_json_write_name (GString *out, const char *name)
{
  g_return_if_fail (out->len > 0);

  if (out->str[out->len - 1] != '{')
    g_string_append_c (out, ',');
  ls_json_append_string (out, name);
  g_string_append_c (out, ':');
}

/**
 * ls_json_write_string:
 * @out: where to, inside an object
 * @name: the member's name
 * @text: (nullable): its text; %NULL is written as `null`
 *
 * Appends a member.
 */
void
ls_json_write_string (GString *out, const char *name, const char *text)
{
  ls_json_write_name (out, name);
  if (text != NULL)
    ls_json_append_string (out, text);
  else
    g_string_append (out, "null");
}

/**
 * ls_json_write_int:
 * @out: where to, inside an object
 * @name: the member's name
 * @integer: its value
 *
 * Appends a member.
 */
void
ls_json_write_int (GString *out, const char *name, gint64 integer)
{
  ls_json_write_name (out, name);
  ls_json_append_int (out, integer);
}

/**
 * ls_json_write_boolean:
 * @out: where to, inside an object
 * @name: the member's name
 * @boolean: its value
 *
 * Appends a member.
 */
void
ls_json_write_boolean (GString *out, const char *name, gboolean boolean)
{
  ls_json_write_name (out, name);
  g_string_append (out, boolean ? "true" : "false");
}

/**
 * ls_json_write_raw:
 * @out: where to, inside an object
 * @name: the member's name
 * @json: its value as JSON text
 *
 * Appends a member whose value goes in byte for byte.
 */
void
ls_json_write_raw (GString *out, const char *name, const char *json)
{
  ls_json_write_name (out, name);
  g_string_append (out, json);
}
