/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-actions.h"
#include "ls-audit.h"
#include "ls-notices.h"
#include "ls-rows.h"
#include "ls-school-private.h"
#include "ls-transaction.h"
#include "ls-visibility.h"

/* Long enough for a UUID or any other key, short enough for a path. */
#define MAX_ID_LENGTH 64

/* Characters of a member's name that are said again when it is wrong: no column's is as long. */
#define MAX_FIELD_LENGTH 64

/* One call of ls_school_write(). */
typedef struct
{
  LsSchool *school;       /* (unowned) */
  const LsViewer *viewer; /* (unowned) */
  const LsWrite *write;   /* (unowned) */
  const LsTable *table;   /* (unowned) */
  LsWriteResult *result;  /* (unowned) */
} Job;

/**
 * ls_write_result_clear:
 * @result: a result
 *
 * Frees what is in it.
 */
void
ls_write_result_clear (LsWriteResult *result)
{
  g_free (result->row);
  g_free (result->id);
  g_free (result->field);
  *result = (LsWriteResult) { 0 };
}

static gboolean
fail (LsSchoolError code, const char *message, GError **error)
{
  g_set_error_literal (error, LS_SCHOOL_ERROR, (int)code, message);
  return FALSE;
}

static gboolean
fail_field (const Job *job, const char *field, const char *what, GError **error)
{
  glong length = MIN (g_utf8_strlen (field, -1), MAX_FIELD_LENGTH);

  job->result->field = g_utf8_substring (field, 0, length);
  g_set_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_INVALID, "“%s” %s", job->result->field,
               what);
  return FALSE;
}

static gboolean
id_is_plain (const char *id)
{
  gsize length = strlen (id);

  for (const char *byte = id; *byte != '\0'; byte++)
    if (!g_ascii_isalnum (*byte) && *byte != '_' && *byte != '-')
      return FALSE;

  return length > 0 && length <= MAX_ID_LENGTH;
}

/* Puts the row into the result, as far as @viewer may see it. */
static void
show (const Job *job, const LsViewer *viewer, const LsRecord *row)
{
  LsSight sight = viewer == NULL ? LS_SIGHT_NONE : ls_visibility_get_sight (viewer, row);

  if (sight == LS_SIGHT_NONE)
    return;

  job->result->row = ls_record_to_json (row, sight);
  job->result->id = g_strdup (ls_record_get_id (row));
  job->result->version = ls_record_get_version (row);
}

/* After a deletion, or when the writer has lost sight of the row by the write. */
static void
show_id (const Job *job, const LsRecord *row)
{
  job->result->row = ls_record_id_to_json (ls_record_get_id (row));
  job->result->id = g_strdup (ls_record_get_id (row));
  job->result->version = ls_record_get_version (row);
}

/* The body */

static gboolean
apply_member (const Job *job, LsRecord *row, const char *name, JsonNode *node, GError **error)
{
  int column = ls_table_find_column (job->table, name);

  if (column < 0)
    return fail_field (job, name, "is not a column", error);
  if (g_str_equal (name, "id"))
    {
      if (JSON_NODE_HOLDS_NULL (node) ||
          g_strcmp0 (json_node_get_string (node), ls_record_get_id (row)) == 0)
        return TRUE;
      return fail_field (job, name, "can’t be changed", error);
    }
  if (job->table->columns[column].keeper != LS_KEPT_BY_CLIENT)
    return TRUE;
  if (ls_record_set_json (row, (guint)column, node, error))
    return TRUE;

  job->result->field = g_strdup (name);
  return FALSE;
}

static gboolean
apply_body (const Job *job, LsRecord *row, GError **error)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (job->write->body == NULL)
    return TRUE;

  json_object_iter_init (&iter, job->write->body);
  while (json_object_iter_next (&iter, &name, &node))
    if (!apply_member (job, row, name, node, error))
      return FALSE;

  return TRUE;
}

static void
apply_author (const Job *job, LsRecord *row)
{
  const char *author = ls_viewer_get_id (job->viewer);

  for (guint i = 0; i < job->table->n_columns; i++)
    if (job->table->columns[i].keeper == LS_KEPT_AS_AUTHOR)
      ls_record_set_text (row, job->table->columns[i].name, author);
}

/* Who starts a conversation is in it. */
static void
apply_membership (const Job *job, LsRecord *row)
{
  g_auto (GStrv) members = NULL;
  GPtrArray *with_author;

  if (job->table->entity != LS_ENTITY_CONVERSATION ||
      ls_record_list_has (row, "members", ls_viewer_get_id (job->viewer)))
    return;

  members = ls_record_get_list (row, "members");
  with_author = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; members != NULL && members[i] != NULL; i++)
    g_ptr_array_add (with_author, g_strdup (members[i]));
  g_ptr_array_add (with_author, g_strdup (ls_viewer_get_id (job->viewer)));
  ls_record_take_list (row, "members", with_author);
}

/* Rights */

/* Whether a teacher or an admin started a conversation or is in it. */
static gboolean
check_supervised (const Job *job, const LsRecord *row, gboolean *supervised, GError **error)
{
  g_autoptr (LsRecord) loaded = NULL;
  g_autoptr (LsStatement) statement = NULL;
  const LsRecord *conversation = row;
  gboolean deleted;

  *supervised = FALSE;
  if (row->table->entity == LS_ENTITY_MESSAGE)
    {
      const char *id = ls_record_get_text (row, "conversation_id");

      if (!ls_rows_find (job->school->database, ls_schema_find_table ("conversations"), id, &loaded,
                         &deleted, error))
        return FALSE;
      conversation = loaded;
    }
  if (conversation == NULL || conversation->table->entity != LS_ENTITY_CONVERSATION)
    return TRUE;

  statement = ls_database_prepare (job->school->database, error,
                                   "SELECT 1 FROM users WHERE role IN ('admin', 'teacher') "
                                   "AND deleted_at IS NULL "
                                   "AND (id = ?1 OR id IN (SELECT value FROM json_each (?2)))",
                                   "tt", ls_record_get_text (conversation, "created_by"),
                                   ls_record_get_text (conversation, "members"));
  return statement != NULL && ls_statement_step (statement, supervised, error);
}

static gboolean
check_rights (const Job *job, const LsRecord *before, const LsRecord *after, GError **error)
{
  LsWriteFacts facts = { before, after, FALSE };
  gboolean is_admin = ls_viewer_get_role (job->viewer) == LS_ROLE_ADMIN;

  if (!check_supervised (job, after != NULL ? after : before, &facts.supervised, error))
    return FALSE;
  if (!ls_visibility_may_write (job->viewer, &facts) ||
      (job->write->password_hash != NULL && !is_admin))
    return fail (LS_SCHOOL_ERROR_FORBIDDEN, "You may not do that", error);

  return TRUE;
}

/* Validity */

static gboolean
check_exists (const Job *job, const LsColumn *column, const char *id, GError **error)
{
  g_autofree char *sql = g_strdup_printf (
      "SELECT 1 FROM \"%s\" WHERE id = ?1 AND deleted_at IS NULL", column->references);
  g_autoptr (LsStatement) statement =
      ls_database_prepare (job->school->database, error, sql, "t", id);
  gboolean row;

  if (statement == NULL || !ls_statement_step (statement, &row, error))
    return FALSE;

  return row || fail_field (job, column->name, "names a row that does not exist", error);
}

static gboolean
check_reference (const Job *job, const LsColumn *column, const LsRecord *row, GError **error)
{
  g_auto (GStrv) ids = NULL;

  if (column->type != LS_COLUMN_MEMBERS)
    {
      const char *id = ls_record_get_text (row, column->name);

      return id == NULL || check_exists (job, column, id, error);
    }

  ids = ls_record_get_list (row, column->name);
  if (ids == NULL)
    return fail_field (job, column->name, "must be a list of user ids", error);
  for (guint i = 0; ids[i] != NULL; i++)
    if (!check_exists (job, column, ids[i], error))
      return FALSE;

  return TRUE;
}

/* The database checks the rest: see explain_violation(). */
static gboolean
check_row (const Job *job, const LsRecord *before, const LsRecord *after, GError **error)
{
  guint64 changes = ls_record_get_changes (before, after);
  g_autofree char *json = ls_record_to_json (after, LS_SIGHT_FULL);

  if (strlen (json) > LS_SCHOOL_MAX_ROW)
    return fail (LS_SCHOOL_ERROR_INVALID, "The row is too large", error);

  for (guint i = 0; i < job->table->n_columns; i++)
    if ((changes & (G_GUINT64_CONSTANT (1) << i)) != 0 &&
        job->table->columns[i].references != NULL &&
        !check_reference (job, &job->table->columns[i], after, error))
      return FALSE;

  return TRUE;
}

/* Says in our words, and by the column's name, which constraint did not hold. */
static gboolean
explain_violation (const Job *job, GError **error)
{
  g_autoptr (GError) violation = NULL;
  const char *what = "has a value that is not allowed";
  const char *column;

  if (error == NULL || !g_error_matches (*error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_INVALID))
    return FALSE;

  violation = g_steal_pointer (error);
  column = ls_rows_get_violated_column (job->table, violation);
  if (column == NULL)
    return fail (LS_SCHOOL_ERROR_INVALID, "The row is not acceptable", error);

  if (g_str_has_prefix (violation->message, "NOT NULL"))
    what = "is missing";
  else if (g_str_has_prefix (violation->message, "UNIQUE"))
    what = "is taken already";
  return fail_field (job, column, what, error);
}

/* Doing it */

static gboolean
store_password (const Job *job, LsTransaction *transaction, const char *id, GError **error)
{
  LsDatabase *database = job->school->database;

  if (job->write->password_hash == NULL)
    return TRUE;

  /* Whoever signed in with the old one signs in again. */
  ls_transaction_touch_viewer (transaction, id);
  return ls_database_run (database, error, "UPDATE users SET password_hash = ?2 WHERE id = ?1",
                          "tt", id, job->write->password_hash) &&
         ls_database_run (database, error, "UPDATE sessions SET is_revoked = 1 WHERE user_id = ?1",
                          "t", id);
}

static gboolean
note (const Job *job, GError **error)
{
  static const char *const verbs[] = {
    [LS_WRITE_CREATE] = "create",
    [LS_WRITE_UPDATE] = "update",
    [LS_WRITE_DELETE] = "delete",
  };
  gboolean is_password = job->write->kind == LS_WRITE_UPDATE && job->write->password_hash != NULL;
  const char *verb = is_password ? "set-password" : verbs[job->write->kind];
  g_autofree char *subject = g_strdup_printf ("%s %s/%s", verb, job->table->name, job->result->id);
  g_autoptr (LsAuditEntry) entry =
      ls_audit_entry_new (LS_AUDIT_WRITE, LS_AUDIT_OK, ls_viewer_get_id (job->viewer), subject);

  entry->address = g_strdup (job->write->address);
  entry->version = job->result->version;
  entry->offset = job->result->cursor.offset;
  return ls_audit_append (job->school->database, entry, error);
}

/* What the write came to, and who did it, is remembered in its own transaction: a crash leaves all or
 * nothing. */
static gboolean
commit (const Job *job, LsTransaction *transaction, const LsRecord *row, GError **error)
{
  const char *user_id = ls_viewer_get_id (job->viewer);
  g_autoptr (LsViewer) viewer = NULL;

  job->result->cursor = ls_transaction_get_cursor (transaction);
  if (job->write->kind != LS_WRITE_DELETE)
    {
      viewer = ls_transaction_get_viewer (transaction, user_id);
      show (job, viewer, row);
    }
  if (job->result->row == NULL)
    show_id (job, row);

  if (ls_actions_remember (job->school->database, user_id, job->write, NULL, job->result, error) &&
      note (job, error) && ls_transaction_commit (transaction, error))
    return TRUE;

  ls_write_result_clear (job->result);
  return FALSE;
}

static gboolean
do_create (const Job *job, LsRecord *row, GError **error)
{
  g_autoptr (LsTransaction) transaction =
      ls_transaction_begin (job->school, job->viewer, job->write->action_id, error);

  if (transaction == NULL)
    return FALSE;
  if (!ls_transaction_create (transaction, row, error))
    return explain_violation (job, error);

  return store_password (job, transaction, ls_record_get_id (row), error) &&
         ls_notices_send (transaction, job->school->database, row, error) &&
         commit (job, transaction, row, error);
}

static gboolean
do_update (const Job *job, const LsRecord *before, LsRecord *after, GError **error)
{
  g_autoptr (LsTransaction) transaction =
      ls_transaction_begin (job->school, job->viewer, job->write->action_id, error);

  if (transaction == NULL)
    return FALSE;
  if (!ls_transaction_update (transaction, before, after, error))
    return explain_violation (job, error);

  return store_password (job, transaction, ls_record_get_id (after), error) &&
         commit (job, transaction, after, error);
}

static gboolean
do_delete (const Job *job, const LsRecord *before, GError **error)
{
  g_autoptr (LsTransaction) transaction =
      ls_transaction_begin (job->school, job->viewer, job->write->action_id, error);
  g_autoptr (LsRecord) tombstone = ls_record_copy (before);

  ls_record_set_integer (tombstone, "version", ls_record_get_version (before) + 1);
  return transaction != NULL && ls_transaction_delete (transaction, before, error) &&
         commit (job, transaction, tombstone, error);
}

/* Finding the row */

static gboolean
choose_id (const Job *job, char **id, GError **error)
{
  JsonNode *node =
      job->write->body == NULL ? NULL : json_object_get_member (job->write->body, "id");

  if (job->write->id != NULL)
    *id = g_strdup (job->write->id);
  else if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    *id = g_uuid_string_random ();
  else if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    *id = g_strdup (json_node_get_string (node));

  if (*id != NULL && id_is_plain (*id))
    return TRUE;

  return fail_field (job, "id", "must be 1 to 64 letters, digits, - and _", error);
}

static gboolean
check_free (const Job *job, const char *id, GError **error)
{
  g_autoptr (LsRecord) existing = NULL;
  gboolean deleted;

  if (!ls_rows_find (job->school->database, job->table, id, &existing, &deleted, error))
    return FALSE;
  if (existing == NULL)
    return TRUE;
  if (deleted)
    return fail (LS_SCHOOL_ERROR_GONE, "There was a row with that id, and it was deleted", error);

  show (job, job->viewer, existing);
  return fail (LS_SCHOOL_ERROR_EXISTS, "There is a row with that id already", error);
}

static gboolean
find_existing (const Job *job, LsRecord **row, GError **error)
{
  g_autoptr (LsRecord) found = NULL;
  gboolean deleted;

  if (job->write->id == NULL || !id_is_plain (job->write->id))
    return fail_field (job, "id", "must be 1 to 64 letters, digits, - and _", error);
  if (!ls_rows_find (job->school->database, job->table, job->write->id, &found, &deleted, error))
    return FALSE;
  if (found == NULL || ls_visibility_get_sight (job->viewer, found) == LS_SIGHT_NONE)
    return fail (LS_SCHOOL_ERROR_NOT_FOUND, "No such row", error);
  if (deleted)
    return fail (LS_SCHOOL_ERROR_GONE, "The row was deleted", error);

  *row = g_steal_pointer (&found);
  return TRUE;
}

static gboolean
check_version (const Job *job, const LsRecord *row, GError **error)
{
  if (job->write->if_version == 0 || job->write->if_version == ls_record_get_version (row))
    return TRUE;

  show (job, job->viewer, row);
  return fail (LS_SCHOOL_ERROR_VERSION, "The row has changed since", error);
}

/* The three kinds */

static gboolean
create (const Job *job, GError **error)
{
  g_autoptr (LsRecord) row = ls_record_new (job->table);
  g_autofree char *id = NULL;

  if (!choose_id (job, &id, error))
    return FALSE;

  ls_record_set_text (row, "id", id);
  if (!apply_body (job, row, error))
    return FALSE;

  apply_author (job, row);
  apply_membership (job, row);
  return check_rights (job, NULL, row, error) && check_free (job, id, error) &&
         check_row (job, NULL, row, error) && do_create (job, row, error);
}

static gboolean
update (const Job *job, GError **error)
{
  g_autoptr (LsRecord) before = NULL;
  g_autoptr (LsRecord) after = NULL;
  gboolean has_body = job->write->body != NULL && json_object_get_size (job->write->body) > 0;

  if (!find_existing (job, &before, error))
    return FALSE;
  if (!has_body && job->write->password_hash == NULL)
    return fail (LS_SCHOOL_ERROR_INVALID, "There is nothing to change", error);

  after = ls_record_copy (before);
  return apply_body (job, after, error) && check_rights (job, before, after, error) &&
         check_version (job, before, error) && check_row (job, before, after, error) &&
         do_update (job, before, after, error);
}

static gboolean
bury (const Job *job, GError **error)
{
  g_autoptr (LsRecord) before = NULL;

  return find_existing (job, &before, error) && check_rights (job, before, NULL, error) &&
         check_version (job, before, error) && do_delete (job, before, error);
}

static gboolean
perform (const Job *job, GError **error)
{
  if (job->write->password_hash != NULL && job->table->entity != LS_ENTITY_USER)
    return fail_field (job, "password", "is not a column", error);

  switch (job->write->kind)
    {
    case LS_WRITE_CREATE:
      return create (job, error);
    case LS_WRITE_UPDATE:
      return update (job, error);
    case LS_WRITE_DELETE:
      return bury (job, error);
    default:
      g_return_val_if_reached (FALSE);
    }
}

/* A refusal that is not remembered could be another one the next time, so it is not told. */
static gboolean
refuse (const Job *job, GError *refusal, GError **error)
{
  g_autoptr (GError) owned = refusal;

  if (ls_actions_remember (job->school->database, ls_viewer_get_id (job->viewer), job->write, owned,
                           job->result, error))
    g_propagate_error (error, g_steal_pointer (&owned));
  return FALSE;
}

/**
 * ls_school_write:
 * @self: a school
 * @viewer: who writes
 * @write: what
 * @result: (out caller-allocates): what it came to
 * @error: return location for an #LsSchoolError
 *
 * Writes one row, and everything that follows from it, in one transaction; tells everyone. What an
 * action came to is remembered with it, also if it was refused for good: the second time the same is
 * said again, and nothing else happens.
 *
 * Returns: whether it was written; if not, nothing was changed
 */
gboolean
ls_school_write (LsSchool *self,
                 const LsViewer *viewer,
                 const LsWrite *write,
                 LsWriteResult *result,
                 GError **error)
{
  Job job = { self, viewer, write, NULL, result };
  GError *refusal = NULL;

  g_return_val_if_fail (LS_IS_SCHOOL (self), FALSE);
  g_return_val_if_fail (viewer != NULL && write != NULL && result != NULL, FALSE);
  g_return_val_if_fail ((write->action_id == NULL) == (write->request_hash == NULL), FALSE);

  *result = (LsWriteResult) { 0 };
  job.table = ls_schema_find_table (write->table);
  if (job.table == NULL)
    return fail (LS_SCHOOL_ERROR_NOT_FOUND, "No such table", error);
  if (!ls_school_check_active (viewer, error))
    return FALSE;

  switch (ls_actions_recall (self->database, ls_viewer_get_id (viewer), write, result, error))
    {
    case LS_RECALL_ACCEPTED:
      return TRUE;
    case LS_RECALL_REFUSED:
      return FALSE;
    case LS_RECALL_NOTHING:
    default:
      return perform (&job, &refusal) || refuse (&job, refusal, error);
    }
}
