/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-visibility.h"

#include "ls-viewer-private.h"

/* Who sees and writes what: the one place that decides it, for list, get, snapshot, updates, live
 * events and writes alike. First the rules, then the table that is protocol §4. */

typedef gboolean (*WriteRule) (const LsViewer *viewer, const LsWriteFacts *facts);

static gboolean
is_self (const LsViewer *viewer, const char *user_id)
{
  return g_strcmp0 (user_id, ls_viewer_get_id (viewer)) == 0;
}

static gboolean
column_in_scope (const LsViewer *viewer, const LsRecord *row, const char *column, LsScopeKind kind)
{
  return ls_viewer_has (viewer, kind, ls_record_get_text (row, column));
}

/* Sight: whose test holds first says how much is seen; see #LsSightRule. */

/* clang-format off */

#define ANYBODY(sight) { sight, LS_SIGHT_TEST_ANYBODY, NULL, 0 }
#define SELF(sight, column) { sight, LS_SIGHT_TEST_SELF, column, 0 }
#define SCOPE(sight, column, scope) { sight, LS_SIGHT_TEST_SCOPE, column, scope }
#define MEMBER(sight) { sight, LS_SIGHT_TEST_MEMBER, NULL, 0 }
#define AUDIENCE(sight) { sight, LS_SIGHT_TEST_AUDIENCE, NULL, 0 }
#define TEACHER(sight) { sight, LS_SIGHT_TEST_TEACHER, NULL, 0 }
#define RULE(name, ...) static const LsSightRule name = { { __VA_ARGS__ } }

RULE (all, ANYBODY (LS_SIGHT_FULL));
static const LsSightRule none;

RULE (taught_or_created, SCOPE (LS_SIGHT_FULL, "class_id", LS_SCOPE_CLASSES),
                         SELF (LS_SIGHT_FULL, "created_by"));
RULE (taught_or_recorded, SCOPE (LS_SIGHT_FULL, "class_id", LS_SCOPE_CLASSES),
                          SELF (LS_SIGHT_FULL, "recorded_by"));

/* Of a student: own; of a parent: the children's; of a teacher: of the students taught. */
RULE (of_my_students, SCOPE (LS_SIGHT_FULL, "student_id", LS_SCOPE_STUDENTS));
RULE (my_students, SCOPE (LS_SIGHT_FULL, "id", LS_SCOPE_STUDENTS));
RULE (of_my_classes, SCOPE (LS_SIGHT_FULL, "class_id", LS_SCOPE_CLASSES));

RULE (audience, AUDIENCE (LS_SIGHT_FULL));
RULE (audience_or_created, SELF (LS_SIGHT_FULL, "created_by"), AUDIENCE (LS_SIGHT_FULL));

RULE (own, SELF (LS_SIGHT_FULL, "user_id"));
RULE (own_parenthood, SELF (LS_SIGHT_FULL, "parent_id"));
RULE (member, MEMBER (LS_SIGHT_FULL));
RULE (member_of_conversation, SCOPE (LS_SIGHT_FULL, "conversation_id", LS_SCOPE_CONVERSATIONS));

/* A teacher's number in the civil service is nobody else's business. */
RULE (own_or_name, SELF (LS_SIGHT_FULL, "user_id"), ANYBODY (LS_SIGHT_NAME));

RULE (user_for_teacher, SELF (LS_SIGHT_FULL, "id"),
                        SCOPE (LS_SIGHT_CONTACT, "id", LS_SCOPE_PEOPLE),
                        ANYBODY (LS_SIGHT_ROLE));
RULE (user_for_student, SELF (LS_SIGHT_FULL, "id"),
                        SCOPE (LS_SIGHT_ROLE, "id", LS_SCOPE_PEOPLE),
                        TEACHER (LS_SIGHT_ROLE));
RULE (user_for_parent, SELF (LS_SIGHT_FULL, "id"),
                       SCOPE (LS_SIGHT_FULL, "id", LS_SCOPE_PEOPLE),
                       TEACHER (LS_SIGHT_NAME));

/* clang-format on */

/* Writing. Whoever writes an existing row must see it to begin with: ls_school_write() has checked
 * that before it asks here. */

static gboolean
has_role (const LsViewer *viewer, LsRole role)
{
  return ls_viewer_get_role (viewer) == role;
}

static gboolean
is_staff_member (const LsViewer *viewer)
{
  return has_role (viewer, LS_ROLE_ADMIN) || has_role (viewer, LS_ROLE_TEACHER);
}

static gboolean
has_extra_role (const LsViewer *viewer, LsExtraRole role)
{
  return ls_viewer_get_extra_role (viewer) == role;
}

static gboolean
changes_only (const LsWriteFacts *facts, const char *const *columns)
{
  guint64 changes = ls_record_get_changes (facts->before, facts->after);

  if (facts->before == NULL || facts->after == NULL)
    return FALSE;

  for (; *columns != NULL; columns++)
    changes &= ~(G_GUINT64_CONSTANT (1) << ls_table_find_column (facts->after->table, *columns));
  return changes == 0;
}

static gboolean
admin (const LsViewer *viewer, const LsWriteFacts *facts)
{
  return has_role (viewer, LS_ROLE_ADMIN);
}

/* A teacher's row must belong to a student and a class that they teach, unless it was theirs to
 * see before and keeps both. */
static gboolean
admin_or_its_teacher (const LsViewer *viewer, const LsWriteFacts *facts)
{
  if (!has_role (viewer, LS_ROLE_TEACHER))
    return has_role (viewer, LS_ROLE_ADMIN);
  if (facts->after == NULL)
    return TRUE;
  if (facts->before != NULL &&
      g_strcmp0 (ls_record_get_text (facts->before, "class_id"),
                 ls_record_get_text (facts->after, "class_id")) == 0 &&
      g_strcmp0 (ls_record_get_text (facts->before, "student_id"),
                 ls_record_get_text (facts->after, "student_id")) == 0)
    return TRUE;

  return column_in_scope (viewer, facts->after, "class_id", LS_SCOPE_CLASSES) &&
         column_in_scope (viewer, facts->after, "student_id", LS_SCOPE_STUDENTS);
}

static gboolean
is_activity (const LsRecord *announcement)
{
  return announcement == NULL ||
         g_strcmp0 (ls_record_get_text (announcement, "category"), "kegiatan") == 0;
}

static gboolean
staff_or_osis_activity (const LsViewer *viewer, const LsWriteFacts *facts)
{
  if (is_staff_member (viewer) || has_extra_role (viewer, LS_EXTRA_ROLE_STAFF))
    return TRUE;

  return has_extra_role (viewer, LS_EXTRA_ROLE_OSIS) && is_activity (facts->before) &&
         is_activity (facts->after);
}

static gboolean
teacher_or_staff (const LsViewer *viewer, const LsWriteFacts *facts)
{
  return is_staff_member (viewer) || has_extra_role (viewer, LS_EXTRA_ROLE_STAFF);
}

static gboolean
teacher_or_osis (const LsViewer *viewer, const LsWriteFacts *facts)
{
  return is_staff_member (viewer) || has_extra_role (viewer, LS_EXTRA_ROLE_OSIS);
}

static gboolean
admin_or_own_contact (const LsViewer *viewer, const LsWriteFacts *facts)
{
  static const char *const columns[] = { "name", "email", NULL };

  if (has_role (viewer, LS_ROLE_ADMIN))
    return TRUE;

  return changes_only (facts, columns) && is_self (viewer, ls_record_get_id (facts->before));
}

static gboolean
own_read_mark (const LsViewer *viewer, const LsWriteFacts *facts)
{
  static const char *const columns[] = { "read", NULL };

  return changes_only (facts, columns);
}

/* Students talk where a teacher or an admin is about. */
static gboolean
may_talk (const LsViewer *viewer, const LsWriteFacts *facts)
{
  return facts->supervised || !has_role (viewer, LS_ROLE_STUDENT);
}

/* Who started a conversation arranges it; so does any teacher or admin in it. */
static gboolean
arranger (const LsViewer *viewer, const LsWriteFacts *facts)
{
  if (!may_talk (viewer, facts))
    return FALSE;

  return facts->before == NULL || is_staff_member (viewer) ||
         is_self (viewer, ls_record_get_text (facts->before, "created_by"));
}

/* What was said stays its sender's; other members mark it as read. */
static gboolean
sender_or_reader (const LsViewer *viewer, const LsWriteFacts *facts)
{
  static const char *const reader_columns[] = { "status", "read_at", NULL };
  static const char *const sender_columns[] = { "status",       "read_at",  "content",
                                                "message_type", "reply_to", NULL };

  if (facts->before == NULL)
    return may_talk (viewer, facts) &&
           column_in_scope (viewer, facts->after, "conversation_id", LS_SCOPE_CONVERSATIONS);
  if (!is_self (viewer, ls_record_get_text (facts->before, "sender_id")))
    return changes_only (facts, reader_columns);

  return facts->after == NULL || changes_only (facts, sender_columns);
}

static const struct
{
  const char *table;
  const LsSightRule *admin;
  const LsSightRule *teacher;
  const LsSightRule *student;
  const LsSightRule *parent;
  WriteRule writes;
} rules[] = {
  /* clang-format off */
  /* table                         admin                    teacher                  student                  parent                   writes */
  { "grades",                      &all,                    &taught_or_created,      &of_my_students,         &of_my_students,         admin_or_its_teacher },
  { "attendance",                  &all,                    &taught_or_recorded,     &of_my_students,         &of_my_students,         admin_or_its_teacher },
  { "announcements",               &all,                    &audience_or_created,    &audience,               &audience,               staff_or_osis_activity },
  { "e_library",                   &all,                    &all,                    &all,                    &none,                   teacher_or_staff },
  { "school_events",               &all,                    &all,                    &all,                    &all,                    teacher_or_osis },
  { "users",                       &all,                    &user_for_teacher,       &user_for_student,       &user_for_parent,        admin_or_own_contact },
  { "messages",                    &member_of_conversation, &member_of_conversation, &member_of_conversation, &member_of_conversation, sender_or_reader },
  { "conversations",               &member,                 &member,                 &member,                 &member,                 arranger },
  { "notifications",               &own,                    &own,                    &own,                    &own,                    own_read_mark },
  { "students",                    &all,                    &my_students,            &my_students,            &my_students,            admin },
  { "teachers",                    &all,                    &own_or_name,            &own_or_name,            &own_or_name,            admin },
  { "subjects",                    &all,                    &all,                    &all,                    &all,                    admin },
  { "classes",                     &all,                    &all,                    &all,                    &all,                    admin },
  { "schedules",                   &all,                    &all,                    &of_my_classes,          &of_my_classes,          admin },
  { "parent_student_relationship", &all,                    &of_my_students,         &of_my_students,         &own_parenthood,         admin },
  /* clang-format on */
};

static guint
find_rule (const LsTable *table)
{
  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    if (g_str_equal (rules[i].table, table->name))
      return i;

  g_assert_not_reached ();
}

static const LsSightRule *
find_sight_rule (const LsViewer *viewer, const LsTable *table)
{
  guint rule = find_rule (table);

  if (!ls_viewer_is_active (viewer))
    return &none;

  switch (ls_viewer_get_role (viewer))
    {
    case LS_ROLE_ADMIN:
      return rules[rule].admin;
    case LS_ROLE_TEACHER:
      return rules[rule].teacher;
    case LS_ROLE_STUDENT:
      return rules[rule].student;
    case LS_ROLE_PARENT:
      return rules[rule].parent;
    case LS_ROLE_NONE:
    default:
      return &none;
    }
}

/**
 * ls_visibility_get_sight:
 * @viewer: who looks
 * @record: at what
 *
 * Returns: how much of the row @viewer may see
 */
LsSight
ls_visibility_get_sight (const LsViewer *viewer, const LsRecord *record)
{
  return ls_sight_rule_judge (find_sight_rule (viewer, record->table), viewer, record);
}

/**
 * ls_visibility_get_condition:
 * @viewer: who looks
 * @table: at what
 *
 * The same as ls_visibility_get_sight(), asked of the database.
 *
 * Returns: (transfer full): SQL for ls_sight_rule_prepare() that holds for the rows of which
 *   @viewer sees anything
 */
char *
ls_visibility_get_condition (const LsViewer *viewer, const LsTable *table)
{
  return ls_sight_rule_get_condition (find_sight_rule (viewer, table), table);
}

/**
 * ls_visibility_may_write:
 * @viewer: who writes; must see the row as it is
 * @facts: what
 *
 * Returns: whether @viewer may do that
 */
gboolean
ls_visibility_may_write (const LsViewer *viewer, const LsWriteFacts *facts)
{
  const LsRecord *record = facts->after != NULL ? facts->after : facts->before;

  g_return_val_if_fail (record != NULL, FALSE);

  return ls_viewer_is_active (viewer) && rules[find_rule (record->table)].writes (viewer, facts);
}

/* Presence is of no table. */
static gboolean
sees_any_presence (const LsViewer *viewer)
{
  return ls_viewer_is_active (viewer) && !has_role (viewer, LS_ROLE_PARENT);
}

static gboolean
sees_any (const LsViewer *viewer, const LsTable *table)
{
  return find_sight_rule (viewer, table)->terms[0].test != LS_SIGHT_TEST_END;
}

/**
 * ls_viewer_may_subscribe:
 * @viewer: who wants to know
 * @entity: of what
 *
 * Who saw an entity before a change of role may follow it on, and has what was seen taken away by it.
 *
 * Returns: whether there can be anything of @entity for @viewer in the log
 */
gboolean
ls_viewer_may_subscribe (const LsViewer *viewer, LsEntity entity)
{
  const LsTable *table = ls_schema_get_entity_table (entity);

  if (table == NULL)
    return entity == LS_ENTITY_PRESENCE && sees_any_presence (viewer);

  for (guint i = 0; i < viewer->past->len; i++)
    {
      const LsPastView *past = viewer->past->pdata[i];

      if (sees_any (past->viewer, table))
        return TRUE;
    }

  return sees_any (viewer, table);
}

/**
 * ls_viewer_sees_presence:
 * @viewer: who looks
 * @user_id: who came or went
 *
 * Returns: whether @viewer may know that
 */
gboolean
ls_viewer_sees_presence (const LsViewer *viewer, const char *user_id)
{
  return sees_any_presence (viewer) &&
         (has_role (viewer, LS_ROLE_ADMIN) || ls_viewer_has (viewer, LS_SCOPE_PEOPLE, user_id));
}
