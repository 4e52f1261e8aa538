/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-actions.h"

#include <string.h>

#include "ls-record.h"
#include "ls-school-error.h"

/* Bytes of a row that are remembered with an action. Hardly any row is larger, and one that is would
 * cost its size again for every action on it, also for those that are refused. A repeated answer has
 * the id in its place (protocol, "Actions"). */
#define MAX_ROW ((gsize)64 << 10)

/* How many actions are forgotten in one transaction, so that nobody waits for long. */
#define FORGET_STEP 200

#define ACCEPTED "accepted"

/* The refusals that are an action's fate, as the database has them: what has been released is never
 * edited. After any other the action may still succeed, so nothing is remembered of it. */
static const struct
{
  LsSchoolError code;
  const char *outcome;
} refusals[] = {
  { LS_SCHOOL_ERROR_FORBIDDEN, "forbidden" }, { LS_SCHOOL_ERROR_NOT_FOUND, "not-found" },
  { LS_SCHOOL_ERROR_GONE, "gone" },           { LS_SCHOOL_ERROR_INVALID, "invalid" },
  { LS_SCHOOL_ERROR_EXISTS, "exists" },       { LS_SCHOOL_ERROR_VERSION, "version" },
};

/* Of the statement in ls_actions_recall() */
enum
{
  REQUEST_HASH,
  OUTCOME,
  MESSAGE,
  FIELD,
  ROW_ID,
  ROW,
  VERSION,
  CURSOR,
};

static LsRecall
refuse (LsSchoolError code, const char *message, GError **error)
{
  g_set_error_literal (error, LS_SCHOOL_ERROR, (int)code, message);
  return LS_RECALL_REFUSED;
}

static void
read_result (LsStatement *statement, LsWriteResult *result)
{
  const char *cursor = ls_statement_get_text (statement, CURSOR);

  result->replayed = TRUE;
  result->field = g_strdup (ls_statement_get_text (statement, FIELD));
  result->id = g_strdup (ls_statement_get_text (statement, ROW_ID));
  result->row = g_strdup (ls_statement_get_text (statement, ROW));
  if (result->row == NULL && result->id != NULL)
    result->row = ls_record_id_to_json (result->id);
  result->version = ls_statement_get_integer (statement, VERSION);
  if (cursor != NULL)
    ls_cursor_parse (cursor, &result->cursor);
}

static LsRecall
replay (LsStatement *statement, LsWriteResult *result, GError **error)
{
  const char *outcome = ls_statement_get_text (statement, OUTCOME);

  read_result (statement, result);
  if (g_str_equal (outcome, ACCEPTED))
    return LS_RECALL_ACCEPTED;
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    if (g_str_equal (outcome, refusals[i].outcome))
      return refuse (refusals[i].code, ls_statement_get_text (statement, MESSAGE), error);

  ls_write_result_clear (result);
  return refuse (LS_SCHOOL_ERROR_STORAGE, "A remembered action is damaged", error);
}

/**
 * ls_actions_recall:
 * @database: the school's database
 * @user_id: who writes
 * @write: what; without an action's key nothing is known of it
 * @result: (inout): gets what the action came to, also if that was a refusal
 * @error: return location for an error: the action's refusal; %LS_SCHOOL_ERROR_KEY_REUSED: the key
 *   belongs to another request
 *
 * Returns: what is known of the action
 */
LsRecall
ls_actions_recall (LsDatabase *database,
                   const char *user_id,
                   const LsWrite *write,
                   LsWriteResult *result,
                   GError **error)
{
  g_autoptr (LsStatement) statement = NULL;
  gboolean row;

  if (write->action_id == NULL)
    return LS_RECALL_NOTHING;

  statement = ls_database_prepare (database, error,
                                   "SELECT request_hash, outcome, message, field, row_id, row, "
                                   "version, cursor FROM actions WHERE user_id = ?1 AND key = ?2",
                                   "tt", user_id, write->action_id);
  if (statement == NULL || !ls_statement_step (statement, &row, error))
    return LS_RECALL_REFUSED;
  if (!row)
    return LS_RECALL_NOTHING;
  if (!g_str_equal (ls_statement_get_text (statement, REQUEST_HASH), write->request_hash))
    return refuse (LS_SCHOOL_ERROR_KEY_REUSED, "The key belongs to another request", error);

  return replay (statement, result, error);
}

/* Returns: (nullable): what the database calls it; %NULL: nothing that is remembered */
static const char *
get_outcome (const GError *refusal)
{
  if (refusal == NULL)
    return ACCEPTED;

  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    if (g_error_matches (refusal, LS_SCHOOL_ERROR, (int)refusals[i].code))
      return refusals[i].outcome;

  return NULL;
}

/**
 * ls_actions_remember:
 * @database: the school's database; if the action was done, in the transaction that did it
 * @user_id: who wrote
 * @write: what; without an action's key nothing is remembered
 * @refusal: (nullable): why the action was refused; %NULL: it was done
 * @result: what it came to
 * @error: return location for %LS_SCHOOL_ERROR_STORAGE
 *
 * Remembers what an action came to, if that is final.
 *
 * Returns: %FALSE if it should be remembered but is not
 */
gboolean
ls_actions_remember (LsDatabase *database,
                     const char *user_id,
                     const LsWrite *write,
                     const GError *refusal,
                     const LsWriteResult *result,
                     GError **error)
{
  const char *outcome = get_outcome (refusal);
  const char *message = refusal != NULL ? refusal->message : NULL;
  const char *row = NULL;
  g_autofree char *cursor = NULL;
  g_autoptr (GError) local_error = NULL;

  if (write->action_id == NULL || outcome == NULL)
    return TRUE;

  if (result->row != NULL && strlen (result->row) <= MAX_ROW)
    row = result->row;
  cursor = ls_cursor_to_string (result->cursor);
  if (ls_database_run (database, &local_error,
                       "INSERT INTO actions (user_id, key, request_hash, time, outcome, message, "
                       "field, row_id, row, version, cursor) "
                       "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                       "tttitttttit", user_id, write->action_id, write->request_hash,
                       g_get_real_time () / 1000, outcome, message, result->field, result->id, row,
                       result->version, cursor))
    return TRUE;

  /* Whatever it was, it was no fault of the client's. */
  g_set_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_STORAGE, "Can’t remember an action: %s",
               local_error->message);
  return FALSE;
}

/**
 * ls_actions_forget:
 * @database: the school's database, in a transaction
 * @before_ms: forget actions that are older than this, milliseconds since the epoch
 * @more: (out): whether there may be more of them
 * @error: return location for an error
 *
 * Forgets some old actions, the oldest first.
 *
 * Returns: whether it was done
 */
gboolean
ls_actions_forget (LsDatabase *database, gint64 before_ms, gboolean *more, GError **error)
{
  if (!ls_database_run (database, error,
                        "DELETE FROM actions WHERE rowid IN "
                        "(SELECT rowid FROM actions WHERE time < ?1 ORDER BY time LIMIT ?2)",
                        "ii", before_ms, (gint64)FORGET_STEP))
    return FALSE;

  *more = ls_database_get_n_changes (database) == FORGET_STEP;
  return TRUE;
}
