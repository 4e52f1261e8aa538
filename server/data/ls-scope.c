/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-scope.h"

#include "ls-school-error.h"
#include "ls-viewer-private.h"

/* From which rows a scope follows. ?1 is the user. */

#define LIVING(alias) " AND " alias ".deleted_at IS NULL "

/* Classes that a teacher has lessons in or is the homeroom teacher of. */
#define TAUGHT                                                                                     \
  "SELECT s.class_id FROM teachers t JOIN schedules s ON s.teacher_id = t.id "                     \
  "WHERE t.user_id = ?1" LIVING ("t") LIVING (                                                     \
      "s") "UNION SELECT c.id FROM teachers t JOIN classes c ON c.homeroom_teacher_id = t.id "     \
           "WHERE t.user_id = ?1" LIVING ("t") LIVING ("c")

#define CHILDREN                                                                                   \
  "FROM parent_student_relationship r JOIN students s ON s.id = r.student_id "                     \
  "WHERE r.parent_id = ?1" LIVING ("r") LIVING ("s")

static const struct
{
  LsRole role; /* LS_ROLE_NONE: any */
  LsScopeKind kind;
  const char *sql;
} sources[] = {
  { LS_ROLE_TEACHER, LS_SCOPE_CLASSES, TAUGHT },
  { LS_ROLE_TEACHER, LS_SCOPE_STUDENTS,
    "SELECT id FROM students WHERE deleted_at IS NULL AND class IN (" TAUGHT ")" },
  { LS_ROLE_TEACHER, LS_SCOPE_PEOPLE,
    "SELECT user_id FROM students WHERE deleted_at IS NULL AND class IN (" TAUGHT ")" },
  { LS_ROLE_STUDENT, LS_SCOPE_CLASSES,
    "SELECT s.class FROM students s WHERE s.user_id = ?1" LIVING ("s") },
  { LS_ROLE_STUDENT, LS_SCOPE_STUDENTS,
    "SELECT s.id FROM students s WHERE s.user_id = ?1" LIVING ("s") },
  { LS_ROLE_STUDENT, LS_SCOPE_PEOPLE,
    "SELECT m.user_id FROM students s JOIN students m ON m.class = s.class "
    "WHERE s.user_id = ?1" LIVING ("s") LIVING ("m") },
  { LS_ROLE_PARENT, LS_SCOPE_CLASSES, "SELECT s.class " CHILDREN },
  { LS_ROLE_PARENT, LS_SCOPE_STUDENTS, "SELECT s.id " CHILDREN },
  { LS_ROLE_PARENT, LS_SCOPE_PEOPLE, "SELECT s.user_id " CHILDREN },
  { LS_ROLE_NONE, LS_SCOPE_CONVERSATIONS,
    "SELECT m.conversation_id FROM conversation_members m "
    "JOIN conversations c ON c.id = m.conversation_id WHERE m.user_id = ?1" LIVING ("c") },
};

/* Whose scope may follow from a row: given its columns, the users. A few too many do no harm. */
static const struct
{
  const char *table;
  const char *columns[3]; /* bound to ?1, ?2 and ?3 */
  const char *sql;
} affected[] = {
  { "users", { "id" }, "SELECT ?1" },
  { "teachers", { "user_id" }, "SELECT ?1" },
  { "classes", { "homeroom_teacher_id" }, "SELECT user_id FROM teachers WHERE id = ?1" },
  { "schedules", { "teacher_id" }, "SELECT user_id FROM teachers WHERE id = ?1" },
  { "students",
    { "user_id", "class", "id" },
    "SELECT ?1 UNION SELECT user_id FROM students WHERE class = ?2 "
    "UNION SELECT t.user_id FROM schedules s JOIN teachers t ON t.id = s.teacher_id "
    "WHERE s.class_id = ?2 "
    "UNION SELECT t.user_id FROM classes c JOIN teachers t ON t.id = c.homeroom_teacher_id "
    "WHERE c.id = ?2 "
    "UNION SELECT parent_id FROM parent_student_relationship WHERE student_id = ?3" },
  { "parent_student_relationship", { "parent_id" }, "SELECT ?1" },
  { "conversations", { "members" }, "SELECT value FROM json_each (?1)" },
};

static const LsScopeDependent dependents[] = {
  { LS_SCOPE_CLASSES, "grades", "class_id" },
  { LS_SCOPE_CLASSES, "attendance", "class_id" },
  { LS_SCOPE_STUDENTS, "grades", "student_id" },
  { LS_SCOPE_STUDENTS, "attendance", "student_id" },
  { LS_SCOPE_PEOPLE, "users", "id" },
  { LS_SCOPE_CONVERSATIONS, "messages", "conversation_id" },
};

/**
 * ls_scope_get_dependents:
 * @n_dependents: (out): how many there are
 *
 * Returns: (array length=n_dependents): what depends on the scopes
 */
const LsScopeDependent *
ls_scope_get_dependents (guint *n_dependents)
{
  *n_dependents = G_N_ELEMENTS (dependents);
  return dependents;
}

static LsViewer *
load_account (LsDatabase *database, const char *user_id, GError **error)
{
  g_autoptr (LsStatement) statement =
      ls_database_prepare (database, error,
                           "SELECT name, email, role, extra_role, status = 'active' FROM users "
                           "WHERE id = ?1 AND deleted_at IS NULL",
                           "t", user_id);
  LsViewer *viewer;
  gboolean row;

  if (statement == NULL || !ls_statement_step (statement, &row, error))
    return NULL;
  if (!row)
    {
      g_set_error_literal (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_NOT_FOUND, "No such user");
      return NULL;
    }

  viewer = ls_viewer_new (user_id);
  viewer->name = g_strdup (ls_statement_get_text (statement, 0));
  viewer->email = g_strdup (ls_statement_get_text (statement, 1));
  viewer->role = ls_role_from_string (ls_statement_get_text (statement, 2));
  viewer->extra_role = ls_extra_role_from_string (ls_statement_get_text (statement, 3));
  viewer->active = ls_statement_get_integer (statement, 4) != 0;
  return viewer;
}

static gboolean
load_set (LsDatabase *database, LsViewer *viewer, LsScopeKind kind, const char *sql, GError **error)
{
  g_autoptr (LsStatement) statement = ls_database_prepare (database, error, sql, "t", viewer->id);
  gboolean row = TRUE;

  if (statement == NULL)
    return FALSE;

  while (row)
    {
      if (!ls_statement_step (statement, &row, error))
        return FALSE;
      /* A student without a class has none. */
      if (row && ls_statement_get_text (statement, 0) != NULL)
        ls_viewer_add (viewer, kind, ls_statement_get_text (statement, 0));
    }
  return TRUE;
}

/**
 * ls_scope_load_past:
 * @database: the school's database
 * @viewer: a viewer that nobody else has yet
 * @error: return location for an error
 *
 * Adds the scopes that the user had before, as far back as the log goes.
 *
 * Returns: whether they could be read
 */
gboolean
ls_scope_load_past (LsDatabase *database, LsViewer *viewer, GError **error)
{
  g_autoptr (LsStatement) statement = ls_database_prepare (
      database, error, "SELECT until, scope FROM past_viewers WHERE user_id = ?1 ORDER BY until",
      "t", viewer->id);
  gboolean row = TRUE;

  if (statement == NULL)
    return FALSE;

  while (row)
    {
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (GVariant) variant = NULL;
      LsViewer *past;

      if (!ls_statement_step (statement, &row, error))
        return FALSE;
      if (!row)
        break;

      bytes = g_bytes_new (sqlite3_column_blob (statement, 1),
                           (gsize)sqlite3_column_bytes (statement, 1));
      variant = g_variant_new_from_bytes (G_VARIANT_TYPE (LS_VIEWER_FORMAT), bytes, FALSE);
      past = ls_viewer_new_from_variant (viewer->id, g_variant_ref_sink (variant));
      ls_viewer_add_past (viewer, ls_statement_get_integer (statement, 0), past);
    }
  return TRUE;
}

/**
 * ls_scope_load_viewer:
 * @database: the school's database
 * @user_id: a user's id
 * @error: return location for an error; %LS_SCHOOL_ERROR_NOT_FOUND: there is no such user, or no
 *   longer
 *
 * Returns: (transfer full) (nullable): the user as a viewer, as the database has it now, without
 *   the past
 */
LsViewer *
ls_scope_load_viewer (LsDatabase *database, const char *user_id, GError **error)
{
  g_autoptr (LsViewer) viewer = load_account (database, user_id, error);

  if (viewer == NULL)
    return NULL;

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    if ((sources[i].role == LS_ROLE_NONE || sources[i].role == viewer->role) &&
        !load_set (database, viewer, sources[i].kind, sources[i].sql, error))
      return NULL;

  return g_steal_pointer (&viewer);
}

static const char *
get_parameter (const LsRecord *row, const char *column)
{
  return column == NULL ? NULL : ls_record_get_text (row, column);
}

static gboolean
add_affected (LsDatabase *database,
              guint which,
              const LsRecord *row,
              GPtrArray *ids,
              GError **error)
{
  const char *const *columns = affected[which].columns;
  const char types[] = { 't', columns[1] == NULL ? '\0' : 't', 't', '\0' };
  g_autoptr (LsStatement) statement = ls_database_prepare (
      database, error, affected[which].sql, types, get_parameter (row, columns[0]),
      get_parameter (row, columns[1]), get_parameter (row, columns[2]));
  gboolean has_row = TRUE;

  if (statement == NULL)
    return FALSE;

  while (has_row)
    {
      const char *id;

      if (!ls_statement_step (statement, &has_row, error))
        return FALSE;

      id = has_row ? ls_statement_get_text (statement, 0) : NULL;
      if (id != NULL && !g_ptr_array_find_with_equal_func (ids, id, g_str_equal, NULL))
        g_ptr_array_add (ids, g_strdup (id));
    }
  return TRUE;
}

/**
 * ls_scope_list_affected:
 * @database: the school's database, before the write
 * @before: (nullable): the row as it is
 * @after: (nullable): the row as it becomes
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable) (element-type utf8): the users whose scope the write may
 *   change; empty for most tables
 */
GPtrArray *
ls_scope_list_affected (LsDatabase *database,
                        const LsRecord *before,
                        const LsRecord *after,
                        GError **error)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  const LsRecord *row = after != NULL ? after : before;

  g_return_val_if_fail (row != NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (affected); i++)
    {
      if (!g_str_equal (affected[i].table, row->table->name))
        continue;
      if (before != NULL && !add_affected (database, i, before, ids, error))
        return NULL;
      if (after != NULL && !add_affected (database, i, after, ids, error))
        return NULL;
    }
  return g_steal_pointer (&ids);
}

/**
 * ls_scope_remember:
 * @database: the school's database, in a transaction
 * @viewer: a viewer whose scope or role has just changed, as it was before
 * @until: the top of the log before the transaction
 * @error: return location for an error
 *
 * Keeps the old scope for ls_log_project().
 *
 * Returns: whether it was stored
 */
gboolean
ls_scope_remember (LsDatabase *database, const LsViewer *viewer, gint64 until, GError **error)
{
  g_autoptr (GVariant) variant = g_variant_ref_sink (ls_viewer_to_variant (viewer));
  g_autoptr (GBytes) bytes = g_variant_get_data_as_bytes (variant);

  /* A second change in the same transaction: what held before the first counts. */
  return ls_database_run (database, error,
                          "INSERT INTO past_viewers (user_id, until, scope) VALUES (?1, ?2, ?3) "
                          "ON CONFLICT DO NOTHING",
                          "tib", ls_viewer_get_id (viewer), until, bytes);
}
