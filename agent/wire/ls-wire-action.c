/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-wire-action.h"

#include "ls-json.h"
#include "ls-wire-http.h"
#include "ls-wire-value.h"

/* The version is beside the row or in it. */
static gboolean
read_version (LsActionReply *reply, LsJsonSlice version, LsJsonSlice row, GError **error)
{
  if (ls_wire_is_absent (version) && ls_json_get_kind (row) == LS_JSON_OBJECT &&
      !ls_json_find_member (row, "version", &version, error))
    return FALSE;

  return ls_wire_read_optional_integer (version, &reply->version, error);
}

/**
 * ls_wire_read_action_reply:
 * @reply: an answer, of which the status is known
 * @text: (array length=length): its body
 * @length: its length in bytes
 * @error: return location for a #LsJsonError
 *
 * Reads what the server says to an action, good or bad: row, version, cursor, error code. Whether what
 * stands in `data` is the row is for the caller to know.
 *
 * Returns: %TRUE on success
 */
gboolean
ls_wire_read_action_reply (LsActionReply *reply, const char *text, gsize length, GError **error)
{
  enum
  {
    DATA,
    VERSION,
    CURSOR,
    CODE,
    N_MEMBERS
  };
  static const char *const names[] = { "data", "version", "cursor", "error", NULL };
  LsJsonSlice root, members[N_MEMBERS];

  g_return_val_if_fail (reply != NULL && text != NULL, FALSE);

  if (!ls_json_check_root (text, length, LS_WIRE_MAX_BODY, &root, error) ||
      !ls_json_find_members (root, names, members, error) ||
      !read_version (reply, members[VERSION], members[DATA], error))
    return FALSE;
  if (!ls_wire_is_absent (members[CURSOR]) &&
      !ls_wire_read_cursor (members[CURSOR], &reply->cursor, error))
    return FALSE;

  if (ls_json_get_kind (members[DATA]) == LS_JSON_OBJECT)
    reply->row = ls_json_get_raw (members[DATA]);
  if (ls_json_get_kind (members[CODE]) == LS_JSON_STRING)
    reply->code = ls_json_get_string (members[CODE], NULL);

  return TRUE;
}
