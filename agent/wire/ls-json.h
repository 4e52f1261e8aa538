/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsJsonError:
 * @LS_JSON_ERROR_SYNTAX: not a JSON document (RFC 8259)
 * @LS_JSON_ERROR_DEPTH: nested deeper than %LS_JSON_MAX_DEPTH
 * @LS_JSON_ERROR_SIZE: longer than the caller allows
 * @LS_JSON_ERROR_UTF8: not UTF-8, or an escaped lone surrogate
 * @LS_JSON_ERROR_RANGE: a number or a string that does not fit where it is read to
 * @LS_JSON_ERROR_SHAPE: JSON, but not what was expected: a member missing, twice or of a wrong type
 *
 * What is wrong with a text from outside.
 */
typedef enum
{
  LS_JSON_ERROR_SYNTAX,
  LS_JSON_ERROR_DEPTH,
  LS_JSON_ERROR_SIZE,
  LS_JSON_ERROR_UTF8,
  LS_JSON_ERROR_RANGE,
  LS_JSON_ERROR_SHAPE,
} LsJsonError;

#define LS_JSON_ERROR (ls_json_error_quark ())
GQuark ls_json_error_quark (void);

/** LS_JSON_MAX_DEPTH: how deep arrays and objects may nest (protocol, "Limits") */
#define LS_JSON_MAX_DEPTH 32

/**
 * LsJsonSlice:
 * @start: (unowned) (nullable): first byte of the value; %NULL: there is no such value
 * @length: its length in bytes, without surrounding white space
 *
 * One value inside a text that ls_json_check() has accepted. Points into the text and is valid as
 * long as that is. All functions that take one rely on the check: they never meet bad syntax.
 */
typedef struct
{
  const char *start;
  gsize length;
} LsJsonSlice;

/** LsJsonKind: what a value is */
typedef enum
{
  LS_JSON_ABSENT,
  LS_JSON_NULL,
  LS_JSON_BOOLEAN,
  LS_JSON_NUMBER,
  LS_JSON_STRING,
  LS_JSON_ARRAY,
  LS_JSON_OBJECT,
} LsJsonKind;

/**
 * LsJsonIter:
 *
 * Walks over the members of an object or the elements of an array; lives on the stack.
 */
typedef struct
{
  /*< private >*/
  const char *position;
} LsJsonIter;

/* The check: everything else works on checked text only. */
gboolean ls_json_check (const char *text, gsize length, gsize max_length, GError **error);
gboolean ls_json_check_root (const char *text,
                             gsize length,
                             gsize max_length,
                             LsJsonSlice *root,
                             GError **error);

/* Walking */
LsJsonKind ls_json_get_kind (LsJsonSlice value);
void ls_json_iter_init (LsJsonIter *iter, LsJsonSlice container);
gboolean ls_json_iter_next_element (LsJsonIter *iter, LsJsonSlice *element);
gboolean ls_json_iter_next_member (LsJsonIter *iter, LsJsonSlice *name, LsJsonSlice *value);
gboolean
ls_json_find_member (LsJsonSlice object, const char *name, LsJsonSlice *value, GError **error);
gboolean ls_json_find_members (LsJsonSlice object,
                               const char *const *names,
                               LsJsonSlice *values,
                               GError **error);

/* Comparing */
gboolean ls_json_equal (LsJsonSlice a, LsJsonSlice b);

/* Reading one value */
gboolean ls_json_string_equals (LsJsonSlice string, const char *text);
char *ls_json_get_string (LsJsonSlice value, GError **error);
gboolean ls_json_get_int (LsJsonSlice value,
                          gint64 minimum,
                          gint64 maximum,
                          gint64 *integer,
                          GError **error);
gboolean ls_json_get_boolean (LsJsonSlice value, gboolean *boolean, GError **error);
char *ls_json_get_raw (LsJsonSlice value);

/* Cutting */
char *ls_json_without_members (const char *object, const char *const *names);
char *ls_json_prune (LsJsonSlice value, const char *const *names);
char *ls_json_with_members (const char *object, const char *const *names);

G_END_DECLS
