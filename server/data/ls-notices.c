/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-notices.h"

#include "ls-rows.h"

/* How much of a message its notification shows, in characters: a line or two. */
#define MAX_EXCERPT 120

static gboolean
notify (LsTransaction *transaction,
        const char *user_id,
        const char *type,
        const char *title,
        const char *body,
        GError **error)
{
  g_autoptr (LsRecord) notice = ls_record_new (ls_schema_find_table ("notifications"));
  g_autofree char *id = g_uuid_string_random ();
  g_autofree char *excerpt =
      g_utf8_substring (body, 0, MIN (g_utf8_strlen (body, -1), MAX_EXCERPT));

  ls_record_set_text (notice, "id", id);
  ls_record_set_text (notice, "user_id", user_id);
  ls_record_set_text (notice, "type", type);
  ls_record_set_text (notice, "title", title);
  ls_record_set_text (notice, "body", excerpt);
  return ls_transaction_create (transaction, notice, error);
}

static gboolean
find (LsDatabase *database, const char *table, const char *id, LsRecord **row, GError **error)
{
  gboolean deleted;

  return ls_rows_find (database, ls_schema_find_table (table), id, row, &deleted, error);
}

static gboolean
send_for_message (LsTransaction *transaction,
                  LsDatabase *database,
                  const LsRecord *message,
                  GError **error)
{
  g_autoptr (LsRecord) conversation = NULL;
  g_auto (GStrv) members = NULL;

  if (!find (database, "conversations", ls_record_get_text (message, "conversation_id"),
             &conversation, error))
    return FALSE;

  members = ls_record_get_list (conversation, "members");
  for (guint i = 0; members[i] != NULL; i++)
    if (!g_str_equal (members[i], ls_record_get_text (message, "sender_id")) &&
        !notify (transaction, members[i], "message", "Pesan baru",
                 ls_record_get_text (message, "content"), error))
      return FALSE;

  return TRUE;
}

static gboolean
send_for_grade (LsTransaction *transaction,
                LsDatabase *database,
                const LsRecord *grade,
                GError **error)
{
  g_autoptr (LsRecord) student = NULL;
  g_autofree char *score = ls_record_get_as_text (grade, "score");
  g_autofree char *body = NULL;

  if (!find (database, "students", ls_record_get_text (grade, "student_id"), &student, error))
    return FALSE;

  body = g_strdup_printf ("%s: %s", ls_record_get_text (grade, "assignment_name"), score);
  return notify (transaction, ls_record_get_text (student, "user_id"), "grade", "Nilai baru", body,
                 error);
}

/**
 * ls_notices_send:
 * @transaction: a transaction
 * @database: the school's database
 * @created: a row that has just been created in it
 * @error: return location for an error
 *
 * Notifies those whom @created concerns: of a message the other members of its conversation, of a
 * grade the student. The texts are in the school's language, as are all that the existing system
 * makes.
 *
 * Returns: whether it was done
 */
gboolean
ls_notices_send (LsTransaction *transaction,
                 LsDatabase *database,
                 const LsRecord *created,
                 GError **error)
{
  if (created->table->entity == LS_ENTITY_MESSAGE)
    return send_for_message (transaction, database, created, error);
  if (created->table->entity == LS_ENTITY_GRADE)
    return send_for_grade (transaction, database, created, error);

  return TRUE;
}
