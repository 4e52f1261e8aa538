/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-json.h"

#include <string.h>

/* json-glib 1.6 overflows the stack on deep nesting, accepts comments, two documents and `010`, and
 * lets integers wrap round; so every text from outside passes this check first. */

G_DEFINE_QUARK (ls_json_error, ls_json_error)

typedef struct
{
  const char *start;    /* (unowned): of the whole text */
  const char *position; /* (unowned): the next byte to look at */
  const char *end;      /* (unowned): behind the last byte */
  GError **error;       /* (unowned) (nullable) */
} Checker;

static gboolean check_value (Checker *self, guint depth);

static gboolean
fail (Checker *self, LsJsonError code, const char *what)
{
  g_set_error (self->error, LS_JSON_ERROR, code, "%s at byte %" G_GSIZE_FORMAT, what,
               (gsize)(self->position - self->start));
  return FALSE;
}

/* Returns: the next byte; 0, which is in no token, at the end */
static inline char
peek (const Checker *self)
{
  return self->position < self->end ? *self->position : '\0';
}

static inline void
skip_space (Checker *self)
{
  while (self->position < self->end && (*self->position == ' ' || *self->position == '\n' ||
                                        *self->position == '\r' || *self->position == '\t'))
    self->position++;
}

/* Takes white space and then @token, if it is there. */
static inline gboolean
accept (Checker *self, char token)
{
  skip_space (self);
  if (peek (self) != token)
    return FALSE;

  self->position++;
  return TRUE;
}

/* Returns: the value of the `\uXXXX` that begins here, which it takes; -1 if there is none */
static gint
take_unicode_escape (Checker *self)
{
  gint unit = 0;

  if (self->end - self->position < 6 || self->position[0] != '\\' || self->position[1] != 'u')
    return -1;

  for (guint i = 2; i < 6; i++)
    {
      if (!g_ascii_isxdigit (self->position[i]))
        return -1;
      unit = unit << 4 | g_ascii_xdigit_value (self->position[i]);
    }
  self->position += 6;
  return unit;
}

static gboolean
check_unicode_escape (Checker *self)
{
  gint unit = take_unicode_escape (self);
  gint low;

  if (unit < 0)
    return fail (self, LS_JSON_ERROR_SYNTAX, "bad \\u escape");
  if (unit < 0xd800 || unit > 0xdfff)
    return TRUE;

  low = unit < 0xdc00 ? take_unicode_escape (self) : -1;
  if (low < 0xdc00 || low > 0xdfff)
    return fail (self, LS_JSON_ERROR_UTF8, "lone surrogate");

  return TRUE;
}

static gboolean
check_escape (Checker *self)
{
  if (self->end - self->position < 2)
    return fail (self, LS_JSON_ERROR_SYNTAX, "unterminated string");

  switch (self->position[1])
    {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      self->position += 2;
      return TRUE;
    case 'u':
      return check_unicode_escape (self);
    default:
      return fail (self, LS_JSON_ERROR_SYNTAX, "unknown escape");
    }
}

static gboolean
check_multibyte (Checker *self)
{
  gunichar character = g_utf8_get_char_validated (self->position, self->end - self->position);

  /* (gunichar) -1 and -2: not a character, and not yet a whole one */
  if (character >= (gunichar)-2)
    return fail (self, LS_JSON_ERROR_UTF8, "invalid UTF-8");

  self->position = g_utf8_next_char (self->position);
  return TRUE;
}

/* Takes the characters that stand for themselves. Most bytes of a message pass here, so that they are
 * told by a table. */
static inline void
take_plain (Checker *self)
{
  static const guint8 plain[256] = { [' '] = 1, ['!'] = 1, ['#' ... '['] = 1, [']' ... 0x7f] = 1 };
  const char *position = self->position;

  while (position < self->end && plain[(guchar)*position])
    position++;
  self->position = position;
}

/* Takes the string whose opening quotation mark is the next byte. */
static gboolean
check_string (Checker *self)
{
  self->position++;
  for (;;)
    {
      take_plain (self);
      if (self->position == self->end)
        return fail (self, LS_JSON_ERROR_SYNTAX, "unterminated string");

      if (*self->position == '"')
        {
          self->position++;
          return TRUE;
        }
      if (*self->position == '\\')
        {
          if (!check_escape (self))
            return FALSE;
        }
      else if ((guchar)*self->position < 0x20)
        return fail (self, LS_JSON_ERROR_SYNTAX, "control character in a string");
      else if (!check_multibyte (self))
        return FALSE;
    }
}

/* Takes digits; at least one is needed. */
static gboolean
check_digits (Checker *self)
{
  const char *first = self->position;

  while (self->position < self->end && g_ascii_isdigit (*self->position))
    self->position++;

  return self->position > first || fail (self, LS_JSON_ERROR_SYNTAX, "digit expected");
}

static gboolean
check_number (Checker *self)
{
  if (peek (self) == '-')
    self->position++;

  /* A leading zero stands alone: what follows it is then not part of the number. */
  if (peek (self) == '0')
    self->position++;
  else if (!check_digits (self))
    return FALSE;

  if (peek (self) == '.')
    {
      self->position++;
      if (!check_digits (self))
        return FALSE;
    }
  if (peek (self) == 'e' || peek (self) == 'E')
    {
      self->position++;
      if (peek (self) == '+' || peek (self) == '-')
        self->position++;
      return check_digits (self);
    }

  return TRUE;
}

static gboolean
check_literal (Checker *self, const char *literal)
{
  gsize length = strlen (literal);

  if ((gsize)(self->end - self->position) < length || memcmp (self->position, literal, length) != 0)
    return fail (self, LS_JSON_ERROR_SYNTAX, "value expected");

  self->position += length;
  return TRUE;
}

static gboolean
check_object (Checker *self, guint depth)
{
  self->position++;
  if (accept (self, '}'))
    return TRUE;

  do
    {
      skip_space (self);
      if (peek (self) != '"')
        return fail (self, LS_JSON_ERROR_SYNTAX, "name expected");
      if (!check_string (self))
        return FALSE;
      if (!accept (self, ':'))
        return fail (self, LS_JSON_ERROR_SYNTAX, "':' expected");
      if (!check_value (self, depth))
        return FALSE;
    }
  while (accept (self, ','));

  return accept (self, '}') || fail (self, LS_JSON_ERROR_SYNTAX, "',' or '}' expected");
}

static gboolean
check_array (Checker *self, guint depth)
{
  self->position++;
  if (accept (self, ']'))
    return TRUE;

  do
    if (!check_value (self, depth))
      return FALSE;
  while (accept (self, ','));

  return accept (self, ']') || fail (self, LS_JSON_ERROR_SYNTAX, "',' or ']' expected");
}

/* Takes white space and one value. @depth counts the containers around it, so the recursion goes
 * no deeper than LS_JSON_MAX_DEPTH. */
static gboolean
check_value (Checker *self, guint depth)
{
  skip_space (self);
  switch (peek (self))
    {
    case '{':
    case '[':
      if (depth == LS_JSON_MAX_DEPTH)
        return fail (self, LS_JSON_ERROR_DEPTH, "nested too deeply");
      return *self->position == '{' ? check_object (self, depth + 1)
                                    : check_array (self, depth + 1);
    case '"':
      return check_string (self);
    case 't':
      return check_literal (self, "true");
    case 'f':
      return check_literal (self, "false");
    case 'n':
      return check_literal (self, "null");
    default:
      if (peek (self) == '-' || g_ascii_isdigit (peek (self)))
        return check_number (self);
      return fail (self, LS_JSON_ERROR_SYNTAX, "value expected");
    }
}

/**
 * ls_json_check_root:
 * @text: (array length=length): a text from outside; need not end with a zero byte
 * @length: its length in bytes
 * @max_length: the largest @length allowed
 * @root: (out): the document's value, without the white space around it
 * @error: return location for a #LsJsonError that names the byte, never the content
 *
 * Checks that @text is exactly one JSON document as RFC 8259 has it: any value at the top, UTF-8
 * without a byte order mark, nested no deeper than %LS_JSON_MAX_DEPTH. Escaped lone surrogates are
 * refused, as they stand for no character. Numbers of any size and `\u0000` are JSON and pass, so
 * that one such value inside a row does not cost the page that it is on; the functions that read a
 * value refuse what a gint64 or a C string can't hold.
 *
 * Returns: %TRUE if it is
 */
gboolean
ls_json_check_root (const char *text,
                    gsize length,
                    gsize max_length,
                    LsJsonSlice *root,
                    GError **error)
{
  Checker checker = { text, text, text + length, error };

  g_return_val_if_fail (text != NULL && root != NULL, FALSE);

  if (length > max_length)
    {
      g_set_error (error, LS_JSON_ERROR, LS_JSON_ERROR_SIZE,
                   "%" G_GSIZE_FORMAT " bytes, the limit is %" G_GSIZE_FORMAT, length, max_length);
      return FALSE;
    }

  skip_space (&checker);
  root->start = checker.position;
  if (!check_value (&checker, 0))
    return FALSE;
  root->length = (gsize)(checker.position - root->start);

  skip_space (&checker);
  if (checker.position < checker.end)
    return fail (&checker, LS_JSON_ERROR_SYNTAX, "text after the document");

  return TRUE;
}

/**
 * ls_json_check:
 * @text: (array length=length): a text from outside; need not end with a zero byte
 * @length: its length in bytes
 * @max_length: the largest @length allowed
 * @error: return location for a #LsJsonError
 *
 * ls_json_check_root() for a caller that does not look inside.
 *
 * Returns: %TRUE if @text is one JSON document
 */
gboolean
ls_json_check (const char *text, gsize length, gsize max_length, GError **error)
{
  LsJsonSlice root;

  return ls_json_check_root (text, length, max_length, &root, error);
}
