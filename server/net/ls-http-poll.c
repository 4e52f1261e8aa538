/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-http-answer.h"
#include "ls-http-call.h"
#include "ls-json-writer.h"
#include "ls-wire-value.h"

/* What the original polls, in its order, and the types that it gives them */
static const struct
{
  LsEntity entity;
  const char *type;
} polled[] = {
  { LS_ENTITY_GRADE, "grade_updated" },
  { LS_ENTITY_ATTENDANCE, "attendance_updated" },
  { LS_ENTITY_ANNOUNCEMENT, "announcement_updated" },
  { LS_ENTITY_LIBRARY_MATERIAL, "library_material_updated" },
  { LS_ENTITY_EVENT, "event_updated" },
  { LS_ENTITY_USER, "user_status_changed" },
};

/* Returns: since when changes are wanted, milliseconds since the epoch; 0: since ever. A date that
 *   can't be read costs nothing but bytes. */
static gint64
get_since (SoupServerMessage *message)
{
  const char *text = soup_message_headers_get_one (
      soup_server_message_get_request_headers (message), "If-Modified-Since");
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) date = text != NULL ? g_date_time_new_from_iso8601 (text, utc) : NULL;

  if (date == NULL && text != NULL)
    date = soup_date_time_new_from_http_string (text);
  return date != NULL ? g_date_time_to_unix (date) * 1000 : 0;
}

/* Returns: when the row last changed, milliseconds since the epoch; 0 if it does not say */
static gint64
get_updated_at (const LsRow *row)
{
  LsJsonSlice value, data = { row->data, strlen (row->data) };
  gint64 updated_at = 0;

  if (ls_json_find_member (data, "updated_at", &value, NULL))
    ls_wire_read_timestamp (value, &updated_at, NULL);
  return updated_at;
}

/* Who makes the poll stands where an event has its author, as in the original. */
static void
append_update (GString *out, guint i, const LsRow *row, gint64 updated_at, const LsViewer *viewer)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (updated_at / 1000);
  g_autofree char *seconds = g_date_time_format (date, "%Y-%m-%dT%H:%M:%S");
  g_autofree char *timestamp = g_strdup_printf ("%s.%03dZ", seconds, (int)(updated_at % 1000));

  ls_json_next_element (out);
  g_string_append_c (out, '{');
  ls_json_write_string (out, "type", polled[i].type);
  ls_json_write_string (out, "entity", ls_entity_get_poll_name (polled[i].entity));
  ls_json_write_string (out, "entityId", row->id);
  ls_json_write_raw (out, "data", row->data);
  ls_json_write_string (out, "timestamp", timestamp);
  ls_json_write_string (out, "userRole", ls_role_to_string (ls_viewer_get_role (viewer)));
  ls_json_write_string (out, "userId", ls_viewer_get_id (viewer));
  g_string_append_c (out, '}');
}

static gboolean
append_updates (GString *out, const LsHttpCall *call, guint i, gint64 since, GError **error)
{
  const LsViewer *viewer = call->identity->viewer;
  g_autofree char *token = NULL;

  do
    {
      g_autoptr (LsSnapshotPage) page = ls_school_snapshot (call->school, viewer, polled[i].entity,
                                                            token, LS_SCHOOL_MAX_PAGE, error);

      if (page == NULL)
        return FALSE;

      for (guint j = 0; j < page->rows->len; j++)
        {
          const LsRow *row = g_ptr_array_index (page->rows, j);
          gint64 updated_at = get_updated_at (row);

          if (updated_at >= since)
            append_update (out, i, row, updated_at, viewer);
        }

      g_free (token);
      token = g_steal_pointer (&page->next);
    }
  while (token != NULL);

  return TRUE;
}

/**
 * ls_http_handle_poll:
 * @call: `GET /api/updates` without a cursor
 *
 * Gives what the original gives its clients: the rows of six tables as updates, here those that
 * changed since `If-Modified-Since`, and of those what the user may see.
 */
void
ls_http_handle_poll (const LsHttpCall *call)
{
  g_autoptr (GString) out =
      g_string_new ("{\"success\":true,\"message\":\"Updates retrieved\",\"data\":{\"updates\":[");
  gint64 since = get_since (call->message);
  g_autoptr (GError) error = NULL;
  gsize length;

  for (guint i = 0; i < G_N_ELEMENTS (polled); i++)
    if (!append_updates (out, call, i, since, &error))
      {
        ls_http_answer_failure (call->message, error);
        return;
      }

  g_string_append (out, "]}}");
  length = out->len;
  ls_http_answer_json (call->message, SOUP_STATUS_OK, g_string_free (g_steal_pointer (&out), FALSE),
                       length);
}
