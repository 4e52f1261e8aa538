/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-wire-value.h"

#include <string.h>

#include "ls-json-writer.h"

static const char *const resume_names[] = { "resumed", "snapshot", "fresh" };

static gboolean
fail (GError **error, LsJsonError code, const char *what)
{
  g_set_error_literal (error, LS_JSON_ERROR, code, what);
  return FALSE;
}

/**
 * ls_wire_is_absent:
 * @value: a value, or none
 *
 * Returns: whether there is none, or it is `null`, which means the same for every optional member
 */
gboolean
ls_wire_is_absent (LsJsonSlice value)
{
  return ls_json_get_kind (value) <= LS_JSON_NULL;
}

/**
 * ls_wire_read_integer:
 * @value: an integer from 0 to %LS_MAX_INTEGER
 * @integer: (out): the integer
 * @error: return location for a #LsJsonError
 *
 * Returns: %TRUE on success
 */
gboolean
ls_wire_read_integer (LsJsonSlice value, gint64 *integer, GError **error)
{
  return ls_json_get_int (value, 0, LS_MAX_INTEGER, integer, error);
}

/**
 * ls_wire_read_optional_integer:
 * @value: an integer from 0 to %LS_MAX_INTEGER, `null` or none
 * @integer: (out): the integer, 0 if there is none
 * @error: return location for a #LsJsonError
 *
 * Returns: %TRUE on success
 */
gboolean
ls_wire_read_optional_integer (LsJsonSlice value, gint64 *integer, GError **error)
{
  if (!ls_wire_is_absent (value))
    return ls_wire_read_integer (value, integer, error);

  *integer = 0;
  return TRUE;
}

/**
 * ls_wire_read_optional_string:
 * @value: a string, `null` or none
 * @text: (inout): the text takes the place of what is there, which is freed; untouched if there is
 *   none
 * @error: return location for a #LsJsonError
 *
 * Returns: %TRUE on success
 */
gboolean
ls_wire_read_optional_string (LsJsonSlice value, char **text, GError **error)
{
  char *string;

  if (ls_wire_is_absent (value))
    return TRUE;

  string = ls_json_get_string (value, error);
  if (string == NULL)
    return FALSE;

  g_free (*text);
  *text = string;
  return TRUE;
}

/**
 * ls_wire_read_token:
 * @value: a string of printable ASCII without blanks: it will stand in an HTTP header
 * @token: (out): the token
 * @error: return location for a #LsJsonError
 *
 * Returns: %TRUE on success
 */
gboolean
ls_wire_read_token (LsJsonSlice value, char **token, GError **error)
{
  g_autofree char *text = ls_json_get_string (value, error);

  if (text == NULL)
    return FALSE;
  if (*text == '\0')
    return fail (error, LS_JSON_ERROR_RANGE, "empty token");

  for (const char *c = text; *c != '\0'; c++)
    if (!g_ascii_isgraph (*c))
      return fail (error, LS_JSON_ERROR_RANGE, "a token of other than printable ASCII");

  *token = g_steal_pointer (&text);
  return TRUE;
}

/* Reads a date and time as JavaScript (`2026-11-23T06:09:33.640Z`) and SQLite
 * (`2026-11-23 06:02:49`, in UTC) write it. */
static gboolean
parse_date (LsJsonSlice value, gint64 *timestamp, GError **error)
{
  g_autofree char *text = ls_json_get_string (value, error);
  g_autoptr (GTimeZone) utc = NULL;
  g_autoptr (GDateTime) date = NULL;
  gint64 milliseconds;

  if (text == NULL)
    return FALSE;

  utc = g_time_zone_new_utc ();
  date = g_date_time_new_from_iso8601 (text, utc);
  milliseconds =
      date == NULL ? -1
                   : g_date_time_to_unix (date) * 1000 + g_date_time_get_microsecond (date) / 1000;
  if (milliseconds < 0)
    return fail (error, LS_JSON_ERROR_RANGE, "not a date and time since 1970");

  *timestamp = milliseconds;
  return TRUE;
}

/**
 * ls_wire_read_timestamp:
 * @value: an integer of milliseconds, or text in ISO 8601 or in SQLite's form (UTC)
 * @timestamp: (out): milliseconds since the epoch
 * @error: return location for a #LsJsonError
 *
 * Returns: %TRUE on success
 */
gboolean
ls_wire_read_timestamp (LsJsonSlice value, gint64 *timestamp, GError **error)
{
  return ls_json_get_kind (value) == LS_JSON_STRING
             ? parse_date (value, timestamp, error)
             : ls_wire_read_integer (value, timestamp, error);
}

/**
 * ls_wire_read_cursor:
 * @value: a string `EPOCH:OFFSET`
 * @cursor: (out): the position
 * @error: return location for a #LsJsonError
 *
 * Returns: %TRUE on success
 */
gboolean
ls_wire_read_cursor (LsJsonSlice value, LsCursor *cursor, GError **error)
{
  g_autofree char *text = ls_json_get_string (value, error);

  if (text == NULL)
    return FALSE;
  if (!ls_cursor_parse (text, cursor))
    return fail (error, LS_JSON_ERROR_RANGE, "not a cursor");

  return TRUE;
}

/**
 * ls_wire_read_resume:
 * @value: the name of a #LsResume
 * @resume: (out): what it names
 * @error: return location for a #LsJsonError
 *
 * Returns: %TRUE on success
 */
gboolean
ls_wire_read_resume (LsJsonSlice value, LsResume *resume, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (resume_names); i++)
    if (ls_json_string_equals (value, resume_names[i]))
      {
        *resume = (LsResume)i;
        return TRUE;
      }

  return fail (error, LS_JSON_ERROR_SHAPE, "not a way to resume");
}

/**
 * ls_wire_read_id:
 * @value: a string that is not empty, or an integer
 * @error: return location for a #LsJsonError
 *
 * Reads the id of a row. An integer, which some tables of the classic system have, becomes the same
 * digits as text, whatever its size.
 *
 * Returns: (transfer full) (nullable): the id
 */
char *
ls_wire_read_id (LsJsonSlice value, GError **error)
{
  g_autofree char *id = NULL;

  if (ls_json_get_kind (value) == LS_JSON_NUMBER)
    {
      id = ls_json_get_raw (value);
      if (strpbrk (id, ".eE") == NULL)
        return g_steal_pointer (&id);
      fail (error, LS_JSON_ERROR_RANGE, "a number that is not an integer");
      return NULL;
    }

  id = ls_json_get_string (value, error);
  if (id == NULL)
    return NULL;
  if (*id == '\0')
    {
      fail (error, LS_JSON_ERROR_RANGE, "empty");
      return NULL;
    }

  return g_steal_pointer (&id);
}

/**
 * ls_wire_read_user:
 * @value: an object with at least `id` and `role`
 * @error: return location for a #LsJsonError
 *
 * Reads a user. A role that this version does not know becomes none: it gives no rights.
 *
 * Returns: (transfer full) (nullable): the user
 */
LsUser *
ls_wire_read_user (LsJsonSlice value, GError **error)
{
  enum
  {
    ID,
    NAME,
    EMAIL,
    ROLE,
    EXTRA_ROLE,
    N_MEMBERS
  };
  static const char *const names[] = { "id", "name", "email", "role", "extraRole", NULL };
  LsJsonSlice members[N_MEMBERS];
  g_autoptr (LsUser) user = NULL;
  g_autofree char *id = NULL, *role = NULL, *extra_role = NULL;

  if (!ls_json_find_members (value, names, members, error))
    return NULL;

  id = ls_wire_read_id (members[ID], error);
  role = id != NULL ? ls_json_get_string (members[ROLE], error) : NULL;
  if (role == NULL || !ls_wire_read_optional_string (members[EXTRA_ROLE], &extra_role, error))
    return NULL;

  user = ls_user_new (id, NULL, ls_role_from_string (role), ls_extra_role_from_string (extra_role));
  if (!ls_wire_read_optional_string (members[NAME], &user->name, error) ||
      !ls_wire_read_optional_string (members[EMAIL], &user->email, error))
    return NULL;

  return g_steal_pointer (&user);
}

/**
 * ls_wire_write_cursor:
 * @out: where to, inside an object
 * @name: the member's name
 * @cursor: its value; no position is written as `null`
 *
 * Appends a member.
 */
void
ls_wire_write_cursor (GString *out, const char *name, LsCursor cursor)
{
  g_autofree char *text = ls_cursor_to_string (cursor);

  ls_json_write_string (out, name, text);
}

/**
 * ls_wire_write_resume:
 * @out: where to, inside an object
 * @name: the member's name
 * @resume: its value
 *
 * Appends a member.
 */
void
ls_wire_write_resume (GString *out, const char *name, LsResume resume)
{
  g_return_if_fail ((guint)resume < G_N_ELEMENTS (resume_names));

  ls_json_write_string (out, name, resume_names[resume]);
}

/**
 * ls_wire_write_version:
 * @out: where to, inside an object
 * @version: a row's version; 0, unknown, is written as `null`
 *
 * Appends the member `version`.
 */
void
ls_wire_write_version (GString *out, gint64 version)
{
  if (version > 0)
    ls_json_write_int (out, "version", version);
  else
    ls_json_write_raw (out, "version", "null");
}
