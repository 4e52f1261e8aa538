/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-schema.h"

#define ID                                                                                         \
  {                                                                                                \
    .name = "id", .keeper = LS_KEPT_BY_SERVER                                                      \
  }
#define KEPT                                                                                       \
  { .name = "version", .type = LS_COLUMN_INTEGER, .keeper = LS_KEPT_BY_SERVER },                   \
      { .name = "created_at", .type = LS_COLUMN_TIME, .keeper = LS_KEPT_BY_SERVER },               \
  {                                                                                                \
    .name = "updated_at", .type = LS_COLUMN_TIME, .keeper = LS_KEPT_BY_SERVER                      \
  }
#define TEXT(column)                                                                               \
  {                                                                                                \
    .name = column                                                                                 \
  }
#define REFERENCE(column, table)                                                                   \
  {                                                                                                \
    .name = column, .references = table                                                            \
  }
#define AUTHOR(column)                                                                             \
  {                                                                                                \
    .name = column, .keeper = LS_KEPT_AS_AUTHOR, .references = "users"                             \
  }

/* Protocol, "Data", table by table; defaults as in the existing system. */
static const LsColumn users[] = {
  ID,
  TEXT ("name"),
  { .name = "email", .sight = LS_SIGHT_CONTACT },
  { .name = "role", .sight = LS_SIGHT_ROLE },
  { .name = "extra_role", .sight = LS_SIGHT_FULL },
  { .name = "status", .sight = LS_SIGHT_FULL, .initial = "active" },
  KEPT,
};

static const LsColumn students[] = {
  ID,
  REFERENCE ("user_id", "users"),
  TEXT ("nisn"),
  TEXT ("nis"),
  REFERENCE ("class", "classes"),
  TEXT ("class_name"),
  TEXT ("address"),
  TEXT ("phone_number"),
  TEXT ("parent_name"),
  TEXT ("parent_phone"),
  TEXT ("date_of_birth"),
  KEPT,
};

static const LsColumn teachers[] = {
  ID,
  REFERENCE ("user_id", "users"),
  { .name = "nip", .sight = LS_SIGHT_FULL },
  TEXT ("subjects"),
  KEPT,
};

static const LsColumn subjects[] = { ID, TEXT ("name"), TEXT ("code"), KEPT };

static const LsColumn classes[] = {
  ID,
  TEXT ("name"),
  REFERENCE ("homeroom_teacher_id", "teachers"),
  TEXT ("academic_year"),
  TEXT ("semester"),
  KEPT,
};

static const LsColumn schedules[] = {
  ID,
  REFERENCE ("class_id", "classes"),
  REFERENCE ("subject_id", "subjects"),
  REFERENCE ("teacher_id", "teachers"),
  TEXT ("day_of_week"),
  TEXT ("start_time"),
  TEXT ("end_time"),
  TEXT ("room"),
  KEPT,
};

static const LsColumn relationships[] = {
  ID,
  REFERENCE ("parent_id", "users"),
  REFERENCE ("student_id", "students"),
  TEXT ("relationship_type"),
  KEPT,
};

static const LsColumn grades[] = {
  ID,
  REFERENCE ("student_id", "students"),
  REFERENCE ("subject_id", "subjects"),
  REFERENCE ("class_id", "classes"),
  TEXT ("academic_year"),
  TEXT ("semester"),
  TEXT ("assignment_type"),
  TEXT ("assignment_name"),
  { .name = "score", .type = LS_COLUMN_REAL },
  { .name = "max_score", .type = LS_COLUMN_REAL, .initial = "100" },
  AUTHOR ("created_by"),
  KEPT,
};

static const LsColumn attendance[] = {
  ID,
  REFERENCE ("student_id", "students"),
  REFERENCE ("class_id", "classes"),
  TEXT ("date"),
  TEXT ("status"),
  TEXT ("notes"),
  AUTHOR ("recorded_by"),
  KEPT,
};

static const LsColumn announcements[] = {
  ID,
  TEXT ("title"),
  TEXT ("content"),
  TEXT ("category"),
  { .name = "target_audience", .type = LS_COLUMN_ROLES },
  { .name = "is_active", .type = LS_COLUMN_BOOLEAN, .initial = "1" },
  AUTHOR ("created_by"),
  { .name = "expires_at", .type = LS_COLUMN_TIME },
  KEPT,
};

static const LsColumn library[] = {
  ID,
  TEXT ("title"),
  TEXT ("description"),
  TEXT ("category"),
  TEXT ("file_url"),
  TEXT ("file_type"),
  { .name = "file_size", .type = LS_COLUMN_INTEGER },
  REFERENCE ("subject_id", "subjects"),
  AUTHOR ("uploaded_by"),
  { .name = "download_count", .type = LS_COLUMN_INTEGER, .initial = "0" },
  KEPT,
};

static const LsColumn events[] = {
  ID,
  TEXT ("event_name"),
  TEXT ("description"),
  TEXT ("date"),
  TEXT ("location"),
  { .name = "status", .initial = "Upcoming" },
  TEXT ("organizer"),
  AUTHOR ("created_by"),
  KEPT,
};

static const LsColumn conversations[] = {
  ID,
  TEXT ("type"),
  TEXT ("name"),
  AUTHOR ("created_by"),
  { .name = "members", .type = LS_COLUMN_MEMBERS, .initial = "[]", .references = "users" },
  KEPT,
};

static const LsColumn messages[] = {
  ID,
  REFERENCE ("conversation_id", "conversations"),
  AUTHOR ("sender_id"),
  REFERENCE ("recipient_id", "users"),
  { .name = "message_type", .initial = "text" },
  TEXT ("content"),
  { .name = "status", .initial = "sent" },
  REFERENCE ("reply_to", "messages"),
  { .name = "read_at", .type = LS_COLUMN_TIME },
  KEPT,
};

static const LsColumn notifications[] = {
  ID,
  REFERENCE ("user_id", "users"),
  TEXT ("title"),
  TEXT ("body"),
  TEXT ("type"),
  { .name = "read", .type = LS_COLUMN_BOOLEAN, .initial = "0" },
  KEPT,
};

#define TABLE(name, entity, columns)                                                               \
  {                                                                                                \
    name, entity, columns, G_N_ELEMENTS (columns)                                                  \
  }

static const LsTable tables[] = {
  TABLE ("users", LS_ENTITY_USER, users),
  TABLE ("students", LS_ENTITY_INVALID, students),
  TABLE ("teachers", LS_ENTITY_INVALID, teachers),
  TABLE ("subjects", LS_ENTITY_INVALID, subjects),
  TABLE ("classes", LS_ENTITY_INVALID, classes),
  TABLE ("schedules", LS_ENTITY_INVALID, schedules),
  TABLE ("parent_student_relationship", LS_ENTITY_INVALID, relationships),
  TABLE ("grades", LS_ENTITY_GRADE, grades),
  TABLE ("attendance", LS_ENTITY_ATTENDANCE, attendance),
  TABLE ("announcements", LS_ENTITY_ANNOUNCEMENT, announcements),
  TABLE ("e_library", LS_ENTITY_LIBRARY_MATERIAL, library),
  TABLE ("school_events", LS_ENTITY_EVENT, events),
  TABLE ("conversations", LS_ENTITY_CONVERSATION, conversations),
  TABLE ("messages", LS_ENTITY_MESSAGE, messages),
  TABLE ("notifications", LS_ENTITY_NOTIFICATION, notifications),
};

/**
 * ls_schema_get_tables:
 * @n_tables: (out): how many there are
 *
 * Returns: (array length=n_tables): all tables
 */
const LsTable *
ls_schema_get_tables (guint *n_tables)
{
  *n_tables = G_N_ELEMENTS (tables);
  return tables;
}

/**
 * ls_schema_find_table:
 * @name: (nullable): what a client calls a table
 *
 * Returns: (nullable): the table, %NULL if there is none of that name
 */
const LsTable *
ls_schema_find_table (const char *name)
{
  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (tables); i++)
    if (g_str_equal (tables[i].name, name))
      return &tables[i];

  return NULL;
}

/**
 * ls_schema_get_entity_table:
 * @entity: an entity
 *
 * Returns: (nullable): where its rows stand; %NULL: it is not stored
 */
const LsTable *
ls_schema_get_entity_table (LsEntity entity)
{
  g_return_val_if_fail ((guint)entity < LS_N_ENTITIES, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    if (tables[i].entity == entity)
      return &tables[i];

  return NULL;
}

/**
 * ls_table_find_column:
 * @table: a table
 * @name: a name
 *
 * Returns: the column's index, -1 if there is none of that name
 */
int
ls_table_find_column (const LsTable *table, const char *name)
{
  for (guint i = 0; i < table->n_columns; i++)
    if (g_str_equal (table->columns[i].name, name))
      return (int)i;

  return -1;
}

/**
 * ls_table_get_column_list:
 * @table: a table
 *
 * Returns: (transfer full): all its columns' names for SQL, in their order
 */
char *
ls_table_get_column_list (const LsTable *table)
{
  GString *list = g_string_new (NULL);

  for (guint i = 0; i < table->n_columns; i++)
    g_string_append_printf (list, "%s\"%s\"", i == 0 ? "" : ", ", table->columns[i].name);

  return g_string_free (list, FALSE);
}
