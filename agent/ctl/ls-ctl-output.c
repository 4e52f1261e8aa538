/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-ctl-output.h"

#include <locale.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP "  "

/* Width of the labels of ls_ctl_print_line(), in columns. */
#define LABEL_COLUMNS 16

struct _LsCtlTable
{
  GPtrArray *rows; /* (owned) (element-type GStrv): the headings first */
  guint n_columns;
};

static gboolean
wants_color (void)
{
  const char *no_color = g_getenv ("NO_COLOR");

  return isatty (STDOUT_FILENO) && (no_color == NULL || *no_color == '\0') &&
         g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
}

/* The columns of the terminal, or 0 when there is none: then nothing is cut off. */
static guint
get_terminal_columns (void)
{
  struct winsize size = { 0 };

  if (!isatty (STDOUT_FILENO) || ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
    return 0;

  return size.ws_col;
}

static const char *
get_escape (LsCtlColor color)
{
  switch (color)
    {
    case LS_CTL_COLOR_BOLD:
      return "\033[1m";
    case LS_CTL_COLOR_GOOD:
      return "\033[32m";
    case LS_CTL_COLOR_WAIT:
      return "\033[33m";
    case LS_CTL_COLOR_BAD:
      return "\033[31m";
    case LS_CTL_COLOR_NONE:
    default:
      return "";
    }
}

static void
print_colored (const char *text, LsCtlColor color)
{
  if (color != LS_CTL_COLOR_NONE && wants_color ())
    g_print ("%s%s\033[0m", get_escape (color), text);
  else
    g_print ("%s", text);
}

static guint
get_char_columns (gunichar character)
{
  if (g_unichar_iszerowidth (character))
    return 0;

  return g_unichar_iswide (character) ? 2 : 1;
}

static guint
get_columns (const char *text)
{
  guint columns = 0;

  for (; *text != '\0'; text = g_utf8_next_char (text))
    columns += get_char_columns (g_utf8_get_char (text));

  return columns;
}

/* As much of @text as fits, with an ellipsis for the rest. */
static char *
cut (const char *text, guint max_columns)
{
  const char *end = text;
  guint columns = 1; /* the ellipsis */

  if (get_columns (text) <= max_columns)
    return g_strdup (text);

  while (columns + get_char_columns (g_utf8_get_char (end)) <= max_columns)
    {
      columns += get_char_columns (g_utf8_get_char (end));
      end = g_utf8_next_char (end);
    }

  return g_strdup_printf ("%.*s…", (int)(end - text), text);
}

static guint
get_column_width (const LsCtlTable *self, guint column)
{
  guint width = 0;

  for (guint i = 0; i < self->rows->len; i++)
    {
      const char *const *cells = g_ptr_array_index (self->rows, i);

      width = MAX (width, get_columns (cells[column]));
    }

  return width;
}

static void
print_row (const LsCtlTable *self, const char *const *cells, const guint *widths, LsCtlColor color)
{
  guint terminal = get_terminal_columns ();
  guint position = 0;

  for (guint column = 0; column + 1 < self->n_columns; column++)
    {
      print_colored (cells[column], color);
      g_print ("%*s" GAP, (int)(widths[column] - get_columns (cells[column])), "");
      position += widths[column] + strlen (GAP);
    }

  /* Only the last cell is ever long; a little of it is better than none. */
  if (terminal > 0)
    {
      g_autofree char *last =
          cut (cells[self->n_columns - 1], terminal > position + 10 ? terminal - position : 10);

      print_colored (last, color);
    }
  else
    {
      print_colored (cells[self->n_columns - 1], color);
    }
  g_print ("\n");
}

/**
 * ls_ctl_table_new:
 * @headings: (array zero-terminated=1): what stands above the columns
 *
 * Returns: (transfer full): a table without rows
 */
LsCtlTable *
ls_ctl_table_new (const char *const *headings)
{
  LsCtlTable *self = g_new0 (LsCtlTable, 1);

  self->n_columns = g_strv_length ((GStrv)headings);
  self->rows = g_ptr_array_new_with_free_func ((GDestroyNotify)g_strfreev);
  ls_ctl_table_add (self, headings);

  return self;
}

/**
 * ls_ctl_table_free:
 * @self: (transfer full): a table
 *
 * Frees @self.
 */
void
ls_ctl_table_free (LsCtlTable *self)
{
  g_ptr_array_unref (self->rows);
  g_free (self);
}

/**
 * ls_ctl_table_add:
 * @self: a table
 * @cells: (array zero-terminated=1): one for each column; may come from anywhere
 *
 * Adds a row.
 */
void
ls_ctl_table_add (LsCtlTable *self, const char *const *cells)
{
  GStrv row = g_new0 (char *, self->n_columns + 1);

  for (guint i = 0; i < self->n_columns; i++)
    row[i] = ls_ctl_format_text (cells[i]);
  g_ptr_array_add (self->rows, row);
}

/**
 * ls_ctl_table_print:
 * @self: a table
 *
 * Prints @self; on a terminal the last column is cut off at its edge.
 */
void
ls_ctl_table_print (const LsCtlTable *self)
{
  g_autofree guint *widths = g_new0 (guint, self->n_columns);

  for (guint column = 0; column < self->n_columns; column++)
    widths[column] = get_column_width (self, column);
  for (guint i = 0; i < self->rows->len; i++)
    print_row (self, g_ptr_array_index (self->rows, i), widths,
               i == 0 ? LS_CTL_COLOR_BOLD : LS_CTL_COLOR_NONE);
}

/**
 * ls_ctl_print_raw:
 * @text: UTF-8 text
 *
 * Prints a line as it is, whatever the locale: JSON is UTF-8.
 */
void
ls_ctl_print_raw (const char *text)
{
  fputs (text, stdout);
  fputc ('\n', stdout);
  fflush (stdout);
}

/**
 * ls_ctl_print_line:
 * @label: what it is
 * @text: its value; may come from anywhere
 * @color: of @text
 *
 * Prints a label and its value.
 */
void
ls_ctl_print_line (const char *label, const char *text, LsCtlColor color)
{
  g_autofree char *harmless = ls_ctl_format_text (text);
  guint columns = get_columns (label);

  g_print ("%s%*s" GAP, label, columns < LABEL_COLUMNS ? (int)(LABEL_COLUMNS - columns) : 0, "");
  print_colored (harmless, color);
  g_print ("\n");
}

/* As the locale writes dates; without one, as ISO 8601 does, not as in the United States. */
static const char *
get_time_format (void)
{
  const char *locale = setlocale (LC_TIME, NULL);
  gboolean is_any =
      g_str_equal (locale, "C") || g_str_has_prefix (locale, "C.") || g_str_equal (locale, "POSIX");

  return is_any ? "%F %T" : "%x %X";
}

/**
 * ls_ctl_format_time:
 * @ms: milliseconds since the epoch, 0 for never
 *
 * Returns: (transfer full): the date and time here, as the locale writes them, or a dash
 */
char *
ls_ctl_format_time (gint64 ms)
{
  g_autoptr (GDateTime) time = ms != 0 ? g_date_time_new_from_unix_local (ms / 1000) : NULL;

  return time != NULL ? g_date_time_format (time, get_time_format ()) : g_strdup ("-");
}

/**
 * ls_ctl_format_text:
 * @text: text from anywhere
 *
 * Returns: (transfer full): @text in one line, and with nothing in it that a terminal would obey
 */
char *
ls_ctl_format_text (const char *text)
{
  GString *out = g_string_new (NULL);
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  for (const char *next = valid; *next != '\0'; next = g_utf8_next_char (next))
    {
      gunichar character = g_utf8_get_char (next);

      if (g_ascii_isspace (*next))
        g_string_append_c (out, ' ');
      else if (g_unichar_iscntrl (character))
        g_string_append_unichar (out, 0xfffd);
      else
        g_string_append_unichar (out, character);
    }

  return g_string_free (out, FALSE);
}

static void
append_line_break (GString *out, guint depth)
{
  g_string_append_printf (out, "\n%*s", (int)depth * 2, "");
}

/* Appends what stands outside strings. An empty object or array stays in one line. */
static void
append_structure (GString *out, const char *next, guint *depth)
{
  switch (*next)
    {
    case '{':
    case '[':
      g_string_append_c (out, *next);
      ++*depth;
      if (next[1] != '}' && next[1] != ']')
        append_line_break (out, *depth);
      break;
    case '}':
    case ']':
      *depth -= *depth > 0 ? 1 : 0;
      if (out->len > 0 && out->str[out->len - 1] != '{' && out->str[out->len - 1] != '[')
        append_line_break (out, *depth);
      g_string_append_c (out, *next);
      break;
    case ',':
      g_string_append_c (out, ',');
      append_line_break (out, *depth);
      break;
    case ':':
      g_string_append (out, ": ");
      break;
    case ' ':
      break;
    default:
      g_string_append_c (out, *next);
    }
}

/**
 * ls_ctl_format_json:
 * @json: JSON text that was checked before
 *
 * Returns: (transfer full): the same, a member in each line
 */
char *
ls_ctl_format_json (const char *json)
{
  g_autofree char *text = ls_ctl_format_text (json);
  GString *out = g_string_new (NULL);
  gboolean in_string = FALSE;
  guint depth = 0;

  for (const char *next = text; *next != '\0'; next++)
    {
      if (in_string && *next == '\\' && next[1] != '\0')
        {
          g_string_append_c (out, *next++);
          g_string_append_c (out, *next);
          continue;
        }
      if (*next == '"')
        in_string = !in_string;
      if (in_string || *next == '"')
        g_string_append_c (out, *next);
      else
        append_structure (out, next, &depth);
    }

  return g_string_free (out, FALSE);
}
