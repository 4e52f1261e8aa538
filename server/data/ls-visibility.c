/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-visibility.h"

/* Who sees and writes what: the one place that decides it, for list, get, snapshot, updates, live
 * events and writes alike. First the rules, then the table that is protocol §4. */

typedef LsSight (*SightRule) (const LsViewer *viewer, const LsRecord *row);
typedef gboolean (*WriteRule) (const LsViewer *viewer, const LsWriteFacts *facts);

static gboolean
is_self (const LsViewer *viewer, const char *user_id)
{
  return g_strcmp0 (user_id, ls_viewer_get_id (viewer)) == 0;
}

static LsSight
full_if (gboolean seen)
{
  return seen ? LS_SIGHT_FULL : LS_SIGHT_NONE;
}

static gboolean
column_in_scope (const LsViewer *viewer, const LsRecord *row, const char *column, LsScopeKind kind)
{
  return ls_viewer_has (viewer, kind, ls_record_get_text (row, column));
}

/* Sight */

static LsSight
all (const LsViewer *viewer, const LsRecord *row)
{
  return LS_SIGHT_FULL;
}

static LsSight
none (const LsViewer *viewer, const LsRecord *row)
{
  return LS_SIGHT_NONE;
}

static LsSight
taught_or_created (const LsViewer *viewer, const LsRecord *row)
{
  return full_if (column_in_scope (viewer, row, "class_id", LS_SCOPE_CLASSES) ||
                  is_self (viewer, ls_record_get_text (row, "created_by")));
}

static LsSight
taught_or_recorded (const LsViewer *viewer, const LsRecord *row)
{
  return full_if (column_in_scope (viewer, row, "class_id", LS_SCOPE_CLASSES) ||
                  is_self (viewer, ls_record_get_text (row, "recorded_by")));
}

/* Of a student: own; of a parent: the children's; of a teacher: of the students taught. */
static LsSight
of_my_students (const LsViewer *viewer, const LsRecord *row)
{
  return full_if (column_in_scope (viewer, row, "student_id", LS_SCOPE_STUDENTS));
}

static LsSight
my_students (const LsViewer *viewer, const LsRecord *row)
{
  return full_if (ls_viewer_has (viewer, LS_SCOPE_STUDENTS, ls_record_get_id (row)));
}

static LsSight
of_my_classes (const LsViewer *viewer, const LsRecord *row)
{
  return full_if (column_in_scope (viewer, row, "class_id", LS_SCOPE_CLASSES));
}

static LsSight
audience (const LsViewer *viewer, const LsRecord *row)
{
  const char *role = ls_role_to_string (ls_viewer_get_role (viewer));

  return full_if (ls_record_get_integer (row, "is_active") != 0 &&
                  (ls_record_get_text (row, "target_audience") == NULL ||
                   ls_record_list_has (row, "target_audience", role)));
}

static LsSight
audience_or_created (const LsViewer *viewer, const LsRecord *row)
{
  if (is_self (viewer, ls_record_get_text (row, "created_by")))
    return LS_SIGHT_FULL;

  return audience (viewer, row);
}

static LsSight
own (const LsViewer *viewer, const LsRecord *row)
{
  return full_if (is_self (viewer, ls_record_get_text (row, "user_id")));
}

static LsSight
own_parenthood (const LsViewer *viewer, const LsRecord *row)
{
  return full_if (is_self (viewer, ls_record_get_text (row, "parent_id")));
}

static LsSight
member (const LsViewer *viewer, const LsRecord *row)
{
  return full_if (ls_record_list_has (row, "members", ls_viewer_get_id (viewer)));
}

static LsSight
member_of_conversation (const LsViewer *viewer, const LsRecord *row)
{
  return full_if (column_in_scope (viewer, row, "conversation_id", LS_SCOPE_CONVERSATIONS));
}

/* A teacher's number in the civil service is nobody else's business. */
static LsSight
own_or_name (const LsViewer *viewer, const LsRecord *row)
{
  return own (viewer, row) == LS_SIGHT_FULL ? LS_SIGHT_FULL : LS_SIGHT_NAME;
}

static LsSight
user_for_teacher (const LsViewer *viewer, const LsRecord *row)
{
  if (is_self (viewer, ls_record_get_id (row)))
    return LS_SIGHT_FULL;

  return ls_viewer_has (viewer, LS_SCOPE_PEOPLE, ls_record_get_id (row)) ? LS_SIGHT_CONTACT
                                                                         : LS_SIGHT_ROLE;
}

static gboolean
is_teacher (const LsRecord *user)
{
  return ls_role_from_string (ls_record_get_text (user, "role")) == LS_ROLE_TEACHER;
}

static LsSight
user_for_student (const LsViewer *viewer, const LsRecord *row)
{
  if (is_self (viewer, ls_record_get_id (row)))
    return LS_SIGHT_FULL;
  if (is_teacher (row) || ls_viewer_has (viewer, LS_SCOPE_PEOPLE, ls_record_get_id (row)))
    return LS_SIGHT_ROLE;

  return LS_SIGHT_NONE;
}

static LsSight
user_for_parent (const LsViewer *viewer, const LsRecord *row)
{
  if (is_self (viewer, ls_record_get_id (row)) ||
      ls_viewer_has (viewer, LS_SCOPE_PEOPLE, ls_record_get_id (row)))
    return LS_SIGHT_FULL;

  return is_teacher (row) ? LS_SIGHT_NAME : LS_SIGHT_NONE;
}

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
           member_of_conversation (viewer, facts->after) != LS_SIGHT_NONE;
  if (!is_self (viewer, ls_record_get_text (facts->before, "sender_id")))
    return changes_only (facts, reader_columns);

  return facts->after == NULL || changes_only (facts, sender_columns);
}

static const struct
{
  const char *table;
  SightRule admin;
  SightRule teacher;
  SightRule student;
  SightRule parent;
  WriteRule writes;
} rules[] = {
  /* clang-format off */
  /*                table          admin                   teacher                 student                 parent                  writes */
  { "grades",                      all,                    taught_or_created,      of_my_students,         of_my_students,         admin_or_its_teacher },
  { "attendance",                  all,                    taught_or_recorded,     of_my_students,         of_my_students,         admin_or_its_teacher },
  { "announcements",               all,                    audience_or_created,    audience,               audience,               staff_or_osis_activity },
  { "e_library",                   all,                    all,                    all,                    none,                   teacher_or_staff },
  { "school_events",               all,                    all,                    all,                    all,                    teacher_or_osis },
  { "users",                       all,                    user_for_teacher,       user_for_student,       user_for_parent,        admin_or_own_contact },
  { "messages",                    member_of_conversation, member_of_conversation, member_of_conversation, member_of_conversation, sender_or_reader },
  { "conversations",               member,                 member,                 member,                 member,                 arranger },
  { "notifications",               own,                    own,                    own,                    own,                    own_read_mark },
  { "students",                    all,                    my_students,            my_students,            my_students,            admin },
  { "teachers",                    all,                    own_or_name,            own_or_name,            own_or_name,            admin },
  { "subjects",                    all,                    all,                    all,                    all,                    admin },
  { "classes",                     all,                    all,                    all,                    all,                    admin },
  { "schedules",                   all,                    all,                    of_my_classes,          of_my_classes,          admin },
  { "parent_student_relationship", all,                    of_my_students,         of_my_students,         own_parenthood,         admin },
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
  guint rule = find_rule (record->table);

  if (!ls_viewer_is_active (viewer))
    return LS_SIGHT_NONE;

  switch (ls_viewer_get_role (viewer))
    {
    case LS_ROLE_ADMIN:
      return rules[rule].admin (viewer, record);
    case LS_ROLE_TEACHER:
      return rules[rule].teacher (viewer, record);
    case LS_ROLE_STUDENT:
      return rules[rule].student (viewer, record);
    case LS_ROLE_PARENT:
      return rules[rule].parent (viewer, record);
    case LS_ROLE_NONE:
    default:
      return LS_SIGHT_NONE;
    }
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
  if (!ls_viewer_is_active (viewer) || has_role (viewer, LS_ROLE_PARENT))
    return FALSE;

  return has_role (viewer, LS_ROLE_ADMIN) || ls_viewer_has (viewer, LS_SCOPE_PEOPLE, user_id);
}
