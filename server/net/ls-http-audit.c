/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-http-answer.h"
#include "ls-http-call.h"
#include "ls-http-request.h"
#include "ls-json-writer.h"

static void
write_number (GString *out, const char *name, gint64 number)
{
  if (number > 0)
    ls_json_write_int (out, name, number);
  else
    ls_json_write_raw (out, name, "null");
}

static void
write_entry (GString *out, const LsAuditEntry *entry)
{
  ls_json_next_element (out);
  g_string_append_c (out, '{');
  ls_json_write_int (out, "id", entry->id);
  ls_json_write_int (out, "time", entry->time);
  ls_json_write_string (out, "kind", ls_audit_kind_to_string (entry->kind));
  ls_json_write_string (out, "outcome", entry->outcome);
  ls_json_write_string (out, "userId", entry->user_id);
  ls_json_write_string (out, "address", entry->address);
  ls_json_write_string (out, "subject", entry->subject);
  write_number (out, "version", entry->version);
  write_number (out, "offset", entry->offset);
  ls_json_write_int (out, "count", entry->count);
  g_string_append_c (out, '}');
}

/* A full page may have another behind it. */
static void
answer_page (SoupServerMessage *message, GPtrArray *entries, guint limit)
{
  g_autoptr (GString) data = g_string_new ("{\"entries\":[");
  gint64 next = 0;

  for (guint i = 0; i < entries->len; i++)
    write_entry (data, entries->pdata[i]);
  if (entries->len == limit)
    next = ((const LsAuditEntry *)entries->pdata[limit - 1])->id;

  g_string_append_c (data, ']');
  write_number (data, "next", next);
  g_string_append_c (data, '}');
  ls_http_answer_ok (message, SOUP_STATUS_OK, "Data berhasil diambil", data->str);
}

/**
 * ls_http_handle_audit:
 * @call: `GET /api/audit[?before=ID][&limit=N][&user=ID]`
 *
 * Gives a page of the audit, the newest first, to an admin.
 */
void
ls_http_handle_audit (const LsHttpCall *call)
{
  const char *user_id = call->query != NULL ? g_hash_table_lookup (call->query, "user") : NULL;
  g_autoptr (GPtrArray) entries = NULL;
  g_autoptr (GError) error = NULL;
  gint64 before;
  guint limit;

  if (ls_http_request_get_before (call->query, &before, &error) &&
      ls_http_request_get_limit (call->query, LS_SCHOOL_MAX_PAGE, &limit, &error))
    {
      ls_auditor_flush (call->auditor);
      entries = ls_school_list_audit (call->school, call->identity->viewer, user_id, before, limit,
                                      &error);
    }

  if (entries != NULL)
    answer_page (call->message, entries, limit);
  else
    ls_http_answer_failure (call->message, error);
}
