/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-http-request.h"

#include <math.h>
#include <string.h>

#include "ls-cursor.h"
#include "ls-error.h"
#include "ls-json.h"
#include "ls-wire-http.h"

/* An idempotency key is a UUID or the like; 128 characters hold any. */
#define MAX_ACTION_ID 128

static gboolean
fail (GError **error, const char *text)
{
  g_set_error_literal (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, text);
  return FALSE;
}

static const char *
get_header (SoupServerMessage *message, const char *name)
{
  return soup_message_headers_get_one (soup_server_message_get_request_headers (message), name);
}

/**
 * ls_http_request_get_token:
 * @message: a request
 *
 * Returns: (transfer full) (nullable): the token of the header `Authorization: Bearer TOKEN`
 */
char *
ls_http_request_get_token (SoupServerMessage *message)
{
  static const char scheme[] = "Bearer ";
  const char *header = get_header (message, "Authorization");

  if (header == NULL || g_ascii_strncasecmp (header, scheme, strlen (scheme)) != 0)
    return NULL;

  return g_strstrip (g_strdup (header + strlen (scheme)));
}

static gboolean
check_number (LsJsonSlice number, GError **error)
{
  g_autofree char *text = ls_json_get_raw (number);
  gint64 unused;

  if (strpbrk (text, ".eE") == NULL)
    return ls_json_get_int (number, -LS_MAX_INTEGER, LS_MAX_INTEGER, &unused, error);

  return isfinite (g_ascii_strtod (text, NULL)) || fail (error, "A number is too large");
}

/* json-glib reads a number that it can't hold as another one, and a text up to an escaped zero,
 * without a word. */
static gboolean
check_value (LsJsonSlice value, GError **error)
{
  g_autofree char *text = NULL;

  switch (ls_json_get_kind (value))
    {
    case LS_JSON_NUMBER:
      return check_number (value, error);
    case LS_JSON_STRING:
      return (text = ls_json_get_string (value, error)) != NULL;
    case LS_JSON_ABSENT:
    case LS_JSON_NULL:
    case LS_JSON_BOOLEAN:
    case LS_JSON_ARRAY:
    case LS_JSON_OBJECT:
    default:
      return TRUE;
    }
}

/* No column is nested deeper than a list of texts. */
static gboolean
check_column (LsJsonSlice value, GError **error)
{
  LsJsonSlice element;
  LsJsonIter iter;

  if (ls_json_get_kind (value) != LS_JSON_ARRAY)
    return check_value (value, error);

  ls_json_iter_init (&iter, value);
  while (ls_json_iter_next_element (&iter, &element))
    if (!check_value (element, error))
      return FALSE;

  return TRUE;
}

/* The members are the columns of a row: a name that comes twice would be one of them ignored. */
static gboolean
check_members (LsJsonSlice root, GError **error)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  LsJsonSlice name, value;
  LsJsonIter iter;

  if (ls_json_get_kind (root) != LS_JSON_OBJECT)
    return fail (error, "The body is not a JSON object");

  ls_json_iter_init (&iter, root);
  while (ls_json_iter_next_member (&iter, &name, &value))
    {
      char *text = ls_json_get_string (name, error);

      if (text == NULL)
        return FALSE;
      if (!g_hash_table_add (names, text))
        return fail (error, "The body has a member twice");
      if (!check_column (value, error))
        return FALSE;
    }

  return TRUE;
}

/**
 * ls_http_request_get_body:
 * @message: a request
 * @error: return location for an error
 *
 * Reads the body, which has to be a JSON object. It is checked strictly before json-glib, which is
 * lenient, sees it.
 *
 * Returns: (transfer full) (nullable): the object
 */
JsonObject *
ls_http_request_get_body (SoupServerMessage *message, GError **error)
{
  g_autoptr (GBytes) body =
      soup_message_body_flatten (soup_server_message_get_request_body (message));
  g_autoptr (JsonParser) parser = NULL;
  LsJsonSlice root;
  const char *text;
  gsize length;

  text = g_bytes_get_data (body, &length);
  if (length == 0)
    {
      fail (error, "The request has no body");
      return NULL;
    }
  if (!ls_json_check_root (text, length, LS_WIRE_MAX_BODY, &root, error) ||
      !check_members (root, error))
    return NULL;

  parser = json_parser_new_immutable ();
  if (!json_parser_load_from_data (parser, text, (gssize)length, error))
    return NULL;

  return json_object_ref (json_node_get_object (json_parser_get_root (parser)));
}

/**
 * ls_http_request_get_if_match:
 * @message: a request
 * @version: (out): the version of the header `If-Match: "VERSION"`; 0: any
 * @error: return location for %LS_ERROR_INVALID_ARGUMENT: the header is there, but not of that form
 *
 * Returns: whether the request is good
 */
gboolean
ls_http_request_get_if_match (SoupServerMessage *message, gint64 *version, GError **error)
{
  const char *header = get_header (message, "If-Match");
  gsize length = header != NULL ? strlen (header) : 0;
  g_autofree char *digits = NULL;
  guint64 number;

  *version = 0;
  if (header == NULL || g_str_equal (header, "*"))
    return TRUE;

  if (length > 2 && header[0] == '"' && header[length - 1] == '"')
    digits = g_strndup (header + 1, length - 2);
  if (digits == NULL ||
      !g_ascii_string_to_unsigned (digits, 10, 1, (guint64)LS_MAX_INTEGER, &number, NULL))
    return fail (error, "If-Match is not a version, as in \"3\"");

  *version = (gint64)number;
  return TRUE;
}

/**
 * ls_http_request_get_action_id:
 * @message: a request
 * @action_id: (out) (nullable): the header `Idempotency-Key`
 * @error: return location for %LS_ERROR_INVALID_ARGUMENT: the header is there, but not usable
 *
 * Returns: whether the request is good
 */
gboolean
ls_http_request_get_action_id (SoupServerMessage *message, const char **action_id, GError **error)
{
  const char *header = get_header (message, "Idempotency-Key");

  *action_id = header;
  if (header == NULL)
    return TRUE;

  if (*header == '\0' || strlen (header) > MAX_ACTION_ID)
    return fail (error, "Idempotency-Key has not 1 to 128 characters");
  for (const char *c = header; *c != '\0'; c++)
    if (!g_ascii_isgraph (*c))
      return fail (error, "Idempotency-Key has a character that is not printable ASCII");

  return TRUE;
}

/**
 * ls_http_request_get_before:
 * @query: (nullable): the request's query
 * @before: (out): the parameter `before`: an id that a page ends before; without it, the largest
 * @error: return location for %LS_ERROR_INVALID_ARGUMENT
 *
 * Returns: whether the request is good
 */
gboolean
ls_http_request_get_before (GHashTable *query, gint64 *before, GError **error)
{
  const char *text = query != NULL ? g_hash_table_lookup (query, "before") : NULL;
  guint64 number = LS_MAX_INTEGER;

  if (text != NULL && !g_ascii_string_to_unsigned (text, 10, 1, LS_MAX_INTEGER, &number, NULL))
    return fail (error, "before is not a number above 0");

  *before = (gint64)number;
  return TRUE;
}

/**
 * ls_http_request_get_limit:
 * @query: (nullable): the request's query
 * @maximum: the largest limit, which is also the default
 * @limit: (out): the parameter `limit`
 * @error: return location for %LS_ERROR_INVALID_ARGUMENT
 *
 * Returns: whether the request is good
 */
gboolean
ls_http_request_get_limit (GHashTable *query, guint maximum, guint *limit, GError **error)
{
  const char *text = query != NULL ? g_hash_table_lookup (query, "limit") : NULL;
  guint64 number = maximum;

  if (text != NULL && !g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT, &number, NULL))
    return fail (error, "limit is not a number above 0");

  *limit = (guint)MIN (number, maximum);
  return TRUE;
}
