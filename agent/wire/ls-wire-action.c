/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-wire-action.h"

#include "ls-json-writer.h"
#include "ls-json.h"
#include "ls-wire-http.h"
#include "ls-wire-value.h"

enum
{
  SUCCESS,
  MESSAGE,
  CODE,
  STATUS,
  DATA,
  VERSION,
  CURSOR,
  FIELD,
  N_MEMBERS
};

static const char *const names[] = { "success", "message", "error", "status", "data",
                                     "version", "cursor",  "field", NULL };

static gboolean
read_row (LsJsonSlice value, char **row, GError **error)
{
  if (ls_wire_is_absent (value))
    return TRUE;

  if (ls_json_get_kind (value) != LS_JSON_OBJECT)
    {
      g_set_error_literal (error, LS_JSON_ERROR, LS_JSON_ERROR_SHAPE, "the data is not an object");
      return FALSE;
    }

  *row = ls_json_get_raw (value);
  return TRUE;
}

/* The version stands beside the row; where a row was asked for, in it. */
static gboolean
read_version (LsJsonSlice value, LsJsonSlice row, gint64 *version, GError **error)
{
  if (ls_wire_is_absent (value) && ls_json_get_kind (row) == LS_JSON_OBJECT &&
      !ls_json_find_member (row, names[VERSION], &value, error))
    return FALSE;

  return ls_wire_read_optional_integer (value, version, error);
}

static gboolean
read_refusal (const LsJsonSlice *members, LsActionReply *reply, GError **error)
{
  g_autofree char *code = ls_json_get_string (members[CODE], error);
  gint64 status;

  if (code == NULL || !ls_wire_read_optional_integer (members[STATUS], &status, error))
    return FALSE;

  if (ls_message_is_code (code))
    reply->code = g_steal_pointer (&code);
  reply->status = (guint)MIN (status, G_MAXUINT);
  return ls_wire_read_optional_string (members[FIELD], &reply->field, error);
}

/**
 * ls_wire_decode_action_reply:
 * @text: (array length=length): body of the answer to an action, whatever its status
 * @length: its length in bytes
 * @error: return location for a #LsJsonError
 *
 * Reads what became of an action. The classic system knows neither versions nor cursors, and for a code it has a
 * sentence, which is left out, as is anything else that is no name.
 *
 * Returns: (transfer full) (nullable): the reply
 */
LsActionReply *
ls_wire_decode_action_reply (const char *text, gsize length, GError **error)
{
  g_autoptr (LsActionReply) reply = ls_action_reply_new (0);
  LsJsonSlice root, members[N_MEMBERS];
  gboolean success;

  g_return_val_if_fail (text != NULL, NULL);

  if (!ls_json_check_root (text, length, LS_WIRE_MAX_BODY, &root, error) ||
      !ls_json_find_members (root, names, members, error) ||
      !ls_json_get_boolean (members[SUCCESS], &success, error))
    return NULL;

  if (!ls_wire_read_optional_string (members[MESSAGE], &reply->message, error) ||
      !read_row (members[DATA], &reply->row, error) ||
      !read_version (members[VERSION], members[DATA], &reply->version, error))
    return NULL;
  if (!ls_wire_is_absent (members[CURSOR]) &&
      !ls_wire_read_cursor (members[CURSOR], &reply->cursor, error))
    return NULL;

  return success || read_refusal (members, reply, error) ? g_steal_pointer (&reply) : NULL;
}

/**
 * ls_wire_encode_action_reply:
 * @reply: a reply with a message, and if it is a refusal, a status
 * @length: (out) (optional): the text's length in bytes
 *
 * Returns: (transfer full): the body of the answer to an action
 */
char *
ls_wire_encode_action_reply (const LsActionReply *reply, gsize *length)
{
  GString *out;

  g_return_val_if_fail (reply != NULL, NULL);

  out = g_string_new ("{");
  ls_json_write_boolean (out, names[SUCCESS], reply->code == NULL);
  ls_json_write_string (out, names[MESSAGE], reply->message);
  if (reply->code != NULL)
    {
      ls_json_write_string (out, names[CODE], reply->code);
      ls_json_write_int (out, names[STATUS], reply->status);
    }
  if (reply->row != NULL)
    {
      ls_json_write_raw (out, names[DATA], reply->row);
      ls_wire_write_version (out, reply->version);
    }
  if (ls_cursor_is_set (reply->cursor))
    ls_wire_write_cursor (out, names[CURSOR], reply->cursor);
  if (reply->field != NULL)
    ls_json_write_string (out, names[FIELD], reply->field);
  g_string_append_c (out, '}');

  if (length != NULL)
    *length = out->len;
  return g_string_free (out, FALSE);
}
