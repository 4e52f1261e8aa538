/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-http-answer.h"
#include "ls-http-call.h"
#include "ls-address.h"
#include "ls-http-request.h"
#include "ls-http-trace.h"
#include "ls-json-writer.h"
#include "ls-reply.h"
#include "ls-request-hash.h"
#include "ls-wire-action.h"

/* No password has it. */
#define UNUSABLE_HASH "*"

/* What is known of a write while a password is hashed, and at the end of any */
typedef struct
{
  SoupServerMessage *message; /* (owned) */
  LsSchool *school;           /* (owned) */
  LsAuth *auth;               /* (owned) */
  char *token;                /* (owned) */
  LsWriteKind kind;
  char *table;      /* (owned) */
  char *id;         /* (owned) (nullable) */
  JsonObject *body; /* (owned) (nullable) */
  gint64 if_version;
  char *action_id;    /* (owned) (nullable) */
  char *request_hash; /* (owned) (nullable): with an action_id */
} Job;

static void
job_free (Job *job)
{
  g_object_unref (job->message);
  g_object_unref (job->school);
  g_object_unref (job->auth);
  g_free (job->token);
  g_free (job->table);
  g_free (job->id);
  g_clear_pointer (&job->body, json_object_unref);
  g_free (job->action_id);
  g_free (job->request_hash);
  g_free (job);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Job, job_free)

static void
set_version_header (SoupServerMessage *message, gint64 version)
{
  g_autofree char *etag = g_strdup_printf ("\"%" G_GINT64_FORMAT "\"", version);

  soup_message_headers_replace (soup_server_message_get_response_headers (message), "ETag", etag);
}

/* The row that was in the way comes with a refusal, so that the conflict can be shown at once. */
static void
answer_result (SoupServerMessage *message,
               guint status,
               const char *code,
               const char *text,
               const LsWriteResult *result)
{
  const LsActionReply reply = { .code = (char *)code,
                                .status = status,
                                .message = (char *)text,
                                .field = result->field,
                                .row = result->row,
                                .version = result->version,
                                .cursor = result->cursor };
  gsize length;
  char *json = ls_wire_encode_action_reply (&reply, &length);

  if (code != NULL)
    ls_http_trace_set_code (message, code);
  if (result->row != NULL)
    set_version_header (message, result->version);
  if (result->replayed)
    soup_message_headers_replace (soup_server_message_get_response_headers (message),
                                  LS_HTTP_REPLAYED, "true");
  ls_http_answer_json (message, status, json, length);
}

static void
answer_written (SoupServerMessage *message, LsWriteKind kind, const LsWriteResult *result)
{
  static const struct
  {
    guint status;
    const char *text;
  } answers[] = {
    [LS_WRITE_CREATE] = { SOUP_STATUS_CREATED, "Data berhasil dibuat" },
    [LS_WRITE_UPDATE] = { SOUP_STATUS_OK, "Data berhasil diperbarui" },
    [LS_WRITE_DELETE] = { SOUP_STATUS_OK, "Data berhasil dihapus" },
  };

  answer_result (message, answers[kind].status, NULL, answers[kind].text, result);
}

static void
answer_not_written (SoupServerMessage *message, const GError *error, const LsWriteResult *result)
{
  const char *code, *text;
  guint status = ls_http_describe_failure (error, &code, &text);

  answer_result (message, status, code, text, result);
}

static void
do_write (const Job *job, const LsViewer *viewer, const char *password_hash)
{
  g_autofree char *address =
      ls_address_to_string (soup_server_message_get_remote_address (job->message));
  const LsWrite write = { .kind = job->kind,
                          .table = job->table,
                          .id = job->id,
                          .body = job->body,
                          .password_hash = password_hash,
                          .if_version = job->if_version,
                          .action_id = job->action_id,
                          .request_hash = job->request_hash,
                          .address = address };
  g_auto (LsWriteResult) result = { 0 };
  g_autoptr (GError) error = NULL;

  if (ls_school_write (job->school, viewer, &write, &result, &error))
    answer_written (job->message, job->kind, &result);
  else
    answer_not_written (job->message, error, &result);
}

/* The user may have been signed out or have lost a right meanwhile. */
static void
hash_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Job) job = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *hash = ls_auth_hash_finish (LS_AUTH (source), result, &error);
  g_autoptr (LsIdentity) identity =
      hash != NULL ? ls_auth_check (job->auth, job->token, &error) : NULL;

  if (identity != NULL)
    do_write (job, identity->viewer, hash);
  else
    ls_http_answer_failure (job->message, error);
  soup_server_message_unpause (job->message);
}

/* Returns: (nullable): what a user is to have as @name, if that is what is written */
static const char *
get_of_user (const Job *job, const char *name)
{
  JsonNode *node = NULL;

  if (job->body != NULL && g_str_equal (job->table, ls_entity_get_table (LS_ENTITY_USER)))
    node = json_object_get_member (job->body, name);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_get_string (node)
             : NULL;
}

/* Returns: (transfer full): @body without the password. What json-glib has parsed is immutable. */
static JsonObject *
without_password (JsonObject *body)
{
  JsonObject *copy = json_object_new ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *value;

  json_object_iter_init (&iter, body);
  while (json_object_iter_next (&iter, &name, &value))
    if (!g_str_equal (name, "password"))
      json_object_set_member (copy, name, json_node_copy (value));

  return copy;
}

/* Only an admin may do that. Who else tries is refused by the school, and before anything is computed:
 * it costs more than anything else here. */
static void
write_password (Job *job, const LsViewer *viewer, const char *password)
{
  char *kept = g_strdup (password);
  JsonObject *body = without_password (job->body);

  json_object_unref (job->body);
  job->body = body;
  if (ls_viewer_get_role (viewer) == LS_ROLE_ADMIN)
    {
      soup_server_message_pause (job->message);
      ls_auth_hash_async (job->auth, kept, hash_cb, job);
    }
  else
    {
      do_write (job, viewer, UNUSABLE_HASH);
      job_free (job);
    }
  ls_secret_free (kept);
}

/* Returns: (transfer full) (nullable): the write that is asked for */
static Job *
new_job (const LsHttpCall *call, LsWriteKind kind, GError **error)
{
  g_autoptr (Job) job = g_new0 (Job, 1);
  const char *action_id;

  job->message = g_object_ref (call->message);
  job->school = g_object_ref (call->school);
  job->auth = g_object_ref (call->auth);
  job->token = ls_http_request_get_token (call->message);
  job->kind = kind;
  job->table = g_strdup (call->route->table);
  job->id = g_strdup (call->route->id);

  if (!ls_http_request_get_action_id (call->message, &action_id, error) ||
      !ls_http_request_get_if_match (call->message, &job->if_version, error))
    return NULL;
  job->action_id = g_strdup (action_id);

  if (kind != LS_WRITE_DELETE)
    {
      job->body = ls_http_request_get_body (call->message, error);
      if (job->body == NULL)
        return NULL;
    }
  if (action_id != NULL)
    job->request_hash =
        ls_request_hash (soup_server_message_get_method (call->message), call->route, job->body);

  return g_steal_pointer (&job);
}

static gboolean
may_try_email (const Job *job, const LsViewer *viewer, GError **error)
{
  const char *email = get_of_user (job, "email");
  gint64 retry_after;

  if (email == NULL || ls_auth_try_email (job->auth, viewer, email, &retry_after, error))
    return TRUE;

  ls_http_answer_later (job->message, retry_after);
  return FALSE;
}

static void
handle_write (const LsHttpCall *call, LsWriteKind kind)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Job) job = new_job (call, kind, &error);
  const char *password;

  if (job == NULL || !may_try_email (job, call->identity->viewer, &error))
    {
      ls_http_answer_failure (call->message, error);
      return;
    }

  password = get_of_user (job, "password");
  if (password != NULL)
    write_password (g_steal_pointer (&job), call->identity->viewer, password);
  else
    do_write (job, call->identity->viewer, NULL);
}

static void
list_rows (const LsHttpCall *call)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows =
      ls_school_list (call->school, call->identity->viewer, call->route->table, &error);
  g_autoptr (GString) data = NULL;

  if (rows == NULL)
    {
      ls_http_answer_failure (call->message, error);
      return;
    }

  data = g_string_new ("[");
  for (guint i = 0; i < rows->len; i++)
    {
      const LsRow *row = g_ptr_array_index (rows, i);

      ls_json_next_element (data);
      g_string_append (data, row->data);
    }
  g_string_append_c (data, ']');
  ls_http_answer_ok (call->message, SOUP_STATUS_OK, "Data berhasil diambil", data->str);
}

static void
get_row (const LsHttpCall *call)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsRow) row = ls_school_get (call->school, call->identity->viewer, call->route->table,
                                         call->route->id, &error);

  if (row == NULL)
    {
      ls_http_answer_failure (call->message, error);
      return;
    }

  set_version_header (call->message, row->version);
  ls_http_answer_ok (call->message, SOUP_STATUS_OK, "Data berhasil diambil", row->data);
}

/**
 * ls_http_handle_table:
 * @call: `GET` or `POST /api/TABLE`
 *
 * Lists the rows, or makes one.
 */
void
ls_http_handle_table (const LsHttpCall *call)
{
  if (call->method == LS_METHOD_POST)
    handle_write (call, LS_WRITE_CREATE);
  else
    list_rows (call);
}

/**
 * ls_http_handle_row:
 * @call: `GET`, `PUT`, `PATCH` or `DELETE /api/TABLE/ID`
 *
 * Gives a row, or changes or deletes it.
 */
void
ls_http_handle_row (const LsHttpCall *call)
{
  if (call->method == LS_METHOD_GET)
    get_row (call);
  else
    handle_write (call, call->method == LS_METHOD_DELETE ? LS_WRITE_DELETE : LS_WRITE_UPDATE);
}
