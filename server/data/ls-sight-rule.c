/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-sight-rule.h"

#include "ls-json-writer.h"
#include "ls-school-error.h"

/* A rule is asked in two ways: of a row in memory (an event, a single row) and of the database,
 * which then finds the rows by their indexes instead of looking at every one. Each test therefore
 * stands here twice, side by side; test-school-visibility.c compares the two for everybody and
 * every row. */

static gboolean
is_anybody (const LsViewer *viewer, const LsRecord *row, const char *column, LsScopeKind scope)
{
  return TRUE;
}

static gboolean
is_self (const LsViewer *viewer, const LsRecord *row, const char *column, LsScopeKind scope)
{
  return g_strcmp0 (ls_record_get_text (row, column), ls_viewer_get_id (viewer)) == 0;
}

static gboolean
is_in_scope (const LsViewer *viewer, const LsRecord *row, const char *column, LsScopeKind scope)
{
  return ls_viewer_has (viewer, scope, ls_record_get_text (row, column));
}

static gboolean
is_member (const LsViewer *viewer, const LsRecord *row, const char *column, LsScopeKind scope)
{
  return ls_record_list_has (row, "members", ls_viewer_get_id (viewer));
}

static gboolean
is_audience (const LsViewer *viewer, const LsRecord *row, const char *column, LsScopeKind scope)
{
  const char *role = ls_role_to_string (ls_viewer_get_role (viewer));

  return ls_record_get_integer (row, "is_active") != 0 &&
         (ls_record_get_text (row, "target_audience") == NULL ||
          ls_record_list_has (row, "target_audience", role));
}

static gboolean
is_teacher (const LsViewer *viewer, const LsRecord *row, const char *column, LsScopeKind scope)
{
  return ls_role_from_string (ls_record_get_text (row, "role")) == LS_ROLE_TEACHER;
}

/* The column of SELF and SCOPE is put in place of %s. A list of roles is one of our own words each,
 * so that a role between quotation marks is found in its text. */
static const struct
{
  gboolean (*holds) (const LsViewer *viewer,
                     const LsRecord *row,
                     const char *column,
                     LsScopeKind scope);
  const char *sql;
} tests[] = {
  [LS_SIGHT_TEST_ANYBODY] = { is_anybody, "1" },
  [LS_SIGHT_TEST_SELF] = { is_self, "\"%s\" = :self" },
  [LS_SIGHT_TEST_SCOPE] = { is_in_scope, "\"%s\" IN (SELECT value FROM json_each (%s))" },
  [LS_SIGHT_TEST_MEMBER] = { is_member, "id IN (SELECT conversation_id FROM conversation_members "
                                        "WHERE user_id = :self)" },
  [LS_SIGHT_TEST_AUDIENCE] = { is_audience, "is_active <> 0 AND (target_audience IS NULL "
                                            "OR instr (target_audience, :role))" },
  [LS_SIGHT_TEST_TEACHER] = { is_teacher, "role = 'teacher'" },
};

static const char *const scope_parameters[LS_N_SCOPES] = {
  [LS_SCOPE_CLASSES] = ":classes",
  [LS_SCOPE_STUDENTS] = ":students",
  [LS_SCOPE_PEOPLE] = ":people",
  [LS_SCOPE_CONVERSATIONS] = ":conversations",
};

/**
 * ls_sight_rule_judge:
 * @rule: a rule
 * @viewer: who looks
 * @record: at what
 *
 * Returns: how much of the row @viewer may see
 */
LsSight
ls_sight_rule_judge (const LsSightRule *rule, const LsViewer *viewer, const LsRecord *record)
{
  for (guint i = 0; rule->terms[i].test != LS_SIGHT_TEST_END; i++)
    if (tests[rule->terms[i].test].holds (viewer, record, rule->terms[i].column,
                                          rule->terms[i].scope))
      return rule->terms[i].sight;

  return LS_SIGHT_NONE;
}

static void
append_test (GString *sql, const LsSightRule *rule, guint term)
{
  g_autoptr (GString) test = g_string_new (tests[rule->terms[term].test].sql);

  if (rule->terms[term].column != NULL)
    g_string_replace (test, "%s", rule->terms[term].column, 1);
  g_string_replace (test, "%s", scope_parameters[rule->terms[term].scope], 1);
  g_string_append (sql, test->str);
}

/**
 * ls_sight_rule_get_condition:
 * @rule: a rule
 * @table: the table whose rows it is about
 *
 * Each test finds the ids of its rows by an index of its own; an OR of them would read the whole
 * table.
 *
 * Returns: (transfer full): SQL that can stand in a WHERE for ls_sight_rule_prepare(); it holds for
 *   the rows of which somebody sees anything
 */
char *
ls_sight_rule_get_condition (const LsSightRule *rule, const LsTable *table)
{
  GString *sql = g_string_new (NULL);

  if (rule->terms[0].test == LS_SIGHT_TEST_END)
    g_string_append (sql, "0");

  for (guint i = 0; rule->terms[i].test != LS_SIGHT_TEST_END; i++)
    {
      if (rule->terms[i].test == LS_SIGHT_TEST_ANYBODY)
        {
          g_string_assign (sql, "1");
          return g_string_free (sql, FALSE);
        }
      g_string_append_printf (
          sql, "%s SELECT id FROM \"%s\" WHERE deleted_at IS NULL AND id > :after AND ",
          i == 0 ? "id IN (" : " UNION ALL", table->name);
      append_test (sql, rule, i);
    }
  if (rule->terms[0].test != LS_SIGHT_TEST_END)
    g_string_append_c (sql, ')');
  return g_string_free (sql, FALSE);
}

static char *
get_scope_as_json (const LsViewer *viewer, LsScopeKind kind)
{
  g_autoptr (GPtrArray) ids = ls_viewer_list (viewer, kind);
  GString *json = g_string_new ("[");

  for (guint i = 0; i < ids->len; i++)
    {
      ls_json_next_element (json);
      ls_json_append_string (json, ids->pdata[i]);
    }
  g_string_append_c (json, ']');
  return g_string_free (json, FALSE);
}

static gboolean
bind (LsStatement *statement, const char *name, const char *text)
{
  int index = sqlite3_bind_parameter_index (statement, name);

  /* Most conditions need only some of the parameters. */
  return index == 0 ||
         sqlite3_bind_text (statement, index, text, -1, SQLITE_TRANSIENT) == SQLITE_OK;
}

static gboolean
bind_viewer (LsStatement *statement, const LsViewer *viewer)
{
  g_autofree char *role =
      g_strdup_printf ("\"%s\"", ls_role_to_string (ls_viewer_get_role (viewer)));

  for (guint i = 0; i < LS_N_SCOPES; i++)
    if (sqlite3_bind_parameter_index (statement, scope_parameters[i]) != 0)
      {
        g_autofree char *scope = get_scope_as_json (viewer, (LsScopeKind)i);

        if (!bind (statement, scope_parameters[i], scope))
          return FALSE;
      }

  return bind (statement, ":self", ls_viewer_get_id (viewer)) && bind (statement, ":role", role);
}

/**
 * ls_sight_rule_prepare:
 * @database: the school's database
 * @sql: one statement with a condition from ls_sight_rule_get_condition()
 * @viewer: who looks
 * @after: only rows whose id comes after this one; "": all
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the statement with its parameters
 */
LsStatement *
ls_sight_rule_prepare (LsDatabase *database,
                       const char *sql,
                       const LsViewer *viewer,
                       const char *after,
                       GError **error)
{
  g_autoptr (LsStatement) statement = ls_database_prepare (database, error, sql, "");

  if (statement == NULL)
    return NULL;

  if (!bind (statement, ":after", after) || !bind_viewer (statement, viewer))
    {
      g_set_error_literal (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_STORAGE, "Too large a scope");
      return NULL;
    }
  return g_steal_pointer (&statement);
}
