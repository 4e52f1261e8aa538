/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-error.h"
#include "ls-http-answer.h"
#include "ls-http-call.h"
#include "ls-http-request.h"
#include "ls-wire-http.h"

/* What an event or a row needs besides its texts, in bytes; generous */
#define ITEM_OVERHEAD 512

/* What is left of the limit of an answer (protocol, "Limits") for the items in it */
#define MAX_ITEMS_SIZE (1024 * 1024 - 4096)

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

/* Returns: how many of the first of @items fit into an answer, at least 1 of 1 */
static guint
count_fitting (GPtrArray *items, gsize (*get_size) (gconstpointer item))
{
  gsize size = 0;

  for (guint i = 0; i < items->len; i++)
    {
      size += get_size (g_ptr_array_index (items, i)) + ITEM_OVERHEAD;
      if (size > MAX_ITEMS_SIZE)
        return MAX (i, 1);
    }

  return items->len;
}

static gsize
get_event_size (gconstpointer item)
{
  return ls_event_get_size (item);
}

/* Leaves out of a page what would make the answer too large; it comes with the next. */
static void
trim_updates (LsUpdates *updates)
{
  guint n = count_fitting (updates->events, get_event_size);
  const LsEvent *last;

  if (n == updates->events->len)
    return;

  g_ptr_array_set_size (updates->events, (gint)n);
  last = g_ptr_array_index (updates->events, n - 1);
  updates->cursor.offset = last->offset;
  updates->more = TRUE;
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
    updates = ls_school_updates (call->school, call->identity->viewer, cursor, limit, &error);
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

  trim_updates (updates);
  json = ls_wire_encode_updates (updates, &length);
  ls_http_answer_json (call->message, SOUP_STATUS_OK, json, length);
}

static gsize
get_row_size (gconstpointer item)
{
  return strlen (((const LsRow *)item)->data);
}

/* Returns: (transfer full) (nullable): a page that fits into an answer. What is behind a page only
 *   LsSchool can tell, so a smaller one is asked for. */
static LsSnapshotPage *
take_page (const LsHttpCall *call, LsEntity entity, guint limit, GError **error)
{
  LsSnapshotPage *page = ls_school_snapshot (call->school, call->identity->viewer, entity,
                                             get_parameter (call, "page"), limit, error);
  guint n = page != NULL ? count_fitting (page->rows, get_row_size) : 0;

  if (page == NULL || n == page->rows->len)
    return page;

  ls_snapshot_page_free (page);
  return ls_school_snapshot (call->school, call->identity->viewer, entity,
                             get_parameter (call, "page"), n, error);
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
  LsEntity entity = ls_entity_from_string (get_parameter (call, "entity"));
  g_autoptr (LsSnapshotPage) page = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;
  guint limit;
  char *json;

  if (entity == LS_ENTITY_INVALID || entity == LS_ENTITY_PRESENCE)
    {
      answer_bad_request (call, "entity is not one that is stored");
      return;
    }

  if (ls_http_request_get_limit (call->query, LS_SCHOOL_MAX_PAGE, &limit, &error))
    page = take_page (call, entity, limit, &error);
  if (page == NULL)
    {
      ls_http_answer_failure (call->message, error);
      return;
    }

  json = ls_wire_encode_snapshot_page (page, &length);
  ls_http_answer_json (call->message, SOUP_STATUS_OK, json, length);
}
