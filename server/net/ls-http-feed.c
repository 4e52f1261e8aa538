/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-http-answer.h"
#include "ls-http-call.h"
#include "ls-http-request.h"
#include "ls-wire-http.h"

static const char *
get_parameter (const LsHttpCall *call, const char *name)
{
  return call->query != NULL ? g_hash_table_lookup (call->query, name) : NULL;
}

static void
answer_bad_request (const LsHttpCall *call, const char *text)
{
  ls_http_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, "bad-request", text);
}

/**
 * ls_http_handle_updates:
 * @call: `GET /api/updates[?cursor=E:O&limit=N]`
 *
 * Gives what came after a cursor. When nothing visible came but the log went on, that is said too,
 * so that it need not be looked through again. Without a cursor the original's form is asked for.
 */
void
ls_http_handle_updates (const LsHttpCall *call)
{
  g_autoptr (LsUpdates) updates = NULL;
  g_autoptr (GError) error = NULL;
  const char *text = get_parameter (call, "cursor");
  LsCursor cursor;
  gsize length;
  guint limit;
  char *json;

  if (text == NULL)
    {
      ls_http_handle_poll (call);
      return;
    }
  if (!ls_cursor_parse (text, &cursor))
    {
      answer_bad_request (call, "cursor is not EPOCH:OFFSET");
      return;
    }

  if (ls_http_request_get_limit (call->query, LS_SCHOOL_MAX_PAGE, &limit, &error))
    updates = ls_school_updates (call->school, call->identity->viewer, cursor, limit,
                                 LS_SCHOOL_MAX_ANSWER, &error);
  if (updates == NULL)
    {
      ls_http_answer_failure (call->message, error);
      return;
    }

  if (updates->resume == LS_RESUME_RESUMED && ls_cursor_equal (updates->cursor, cursor))
    {
      soup_server_message_set_status (call->message, SOUP_STATUS_NOT_MODIFIED, NULL);
      return;
    }

  json = ls_wire_encode_updates (updates, &length);
  ls_http_answer_json (call->message, SOUP_STATUS_OK, json, length);
}

static gboolean
get_entity (const LsHttpCall *call, LsEntity *entity)
{
  *entity = ls_entity_from_string (get_parameter (call, "entity"));
  if (*entity != LS_ENTITY_INVALID && *entity != LS_ENTITY_PRESENCE)
    return TRUE;

  answer_bad_request (call, "entity is not one that is stored");
  return FALSE;
}

/**
 * ls_http_handle_snapshot:
 * @call: `GET /api/snapshot?entity=E[&page=TOKEN&limit=N]`
 *
 * Gives a page of all rows of an entity.
 */
void
ls_http_handle_snapshot (const LsHttpCall *call)
{
  g_autoptr (LsSnapshotPage) page = NULL;
  g_autoptr (GError) error = NULL;
  LsEntity entity;
  gsize length;
  guint limit;
  char *json;

  if (!get_entity (call, &entity))
    return;

  if (ls_http_request_get_limit (call->query, LS_SCHOOL_MAX_PAGE, &limit, &error))
    page = ls_school_snapshot (call->school, call->identity->viewer, entity,
                               get_parameter (call, "page"), limit, &error);
  if (page == NULL)
    {
      ls_http_answer_failure (call->message, error);
      return;
    }

  json = ls_wire_encode_snapshot_page (page, &length);
  ls_http_answer_json (call->message, SOUP_STATUS_OK, json, length);
}

static void
checksum_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SoupServerMessage) message = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsChecksum) checksum = ls_school_checksum_finish (LS_SCHOOL (source), result, &error);
  gsize length;

  if (checksum != NULL)
    {
      char *json = ls_wire_encode_checksum (checksum, &length);

      ls_http_answer_json (message, SOUP_STATUS_OK, json, length);
    }
  else
    {
      ls_http_answer_failure (message, error);
    }
  soup_server_message_unpause (message);
}

/**
 * ls_http_handle_checksum:
 * @call: `GET /api/checksum?entity=E`
 *
 * Gives the checksum of all rows of an entity.
 */
void
ls_http_handle_checksum (const LsHttpCall *call)
{
  LsEntity entity;

  if (!get_entity (call, &entity))
    return;

  soup_server_message_pause (call->message);
  ls_school_checksum_async (call->school, call->identity->viewer, entity, checksum_cb,
                            g_object_ref (call->message));
}
