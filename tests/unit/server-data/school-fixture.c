/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "school-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#include "ls-database.h"
#include "ls-schema.h"
#include "ls-viewer-private.h"

/* Two classes. t1 has lessons in A, t2 is homeroom teacher of B. s1, s2 are in A; s3 and osis in B.
 * p1 is s1's parent; staff is s3's, and works in the office. */
static const char *const people[][2] = {
  { "users", "{'id':'admin','name':'Admin','email':'admin@x','role':'admin'}" },
  { "users", "{'id':'t1','name':'T One','email':'t1@x','role':'teacher'}" },
  { "users", "{'id':'t2','name':'T Two','email':'t2@x','role':'teacher'}" },
  { "users", "{'id':'s1','name':'S One','email':'s1@x','role':'student'}" },
  { "users", "{'id':'s2','name':'S Two','email':'s2@x','role':'student'}" },
  { "users", "{'id':'s3','name':'S Three','email':'s3@x','role':'student'}" },
  { "users", "{'id':'osis','name':'Osis','email':'o@x','role':'student','extra_role':'osis'}" },
  { "users", "{'id':'p1','name':'P One','email':'p1@x','role':'parent'}" },
  { "users", "{'id':'staff','name':'Staff','email':'f@x','role':'parent','extra_role':'staff'}" },
  { "teachers", "{'id':'T1','user_id':'t1','nip':'111'}" },
  { "teachers", "{'id':'T2','user_id':'t2','nip':'222'}" },
  { "subjects", "{'id':'M','name':'Matematika','code':'MTK'}" },
  { "classes", "{'id':'A','name':'X A','academic_year':'2026/2027','semester':'1'}" },
  { "classes", "{'id':'B','name':'X B','academic_year':'2026/2027','semester':'1',"
               "'homeroom_teacher_id':'T2'}" },
  { "students", "{'id':'S1','user_id':'s1','class':'A'}" },
  { "students", "{'id':'S2','user_id':'s2','class':'A'}" },
  { "students", "{'id':'S3','user_id':'s3','class':'B'}" },
  { "students", "{'id':'S4','user_id':'osis','class':'B'}" },
  { "schedules", "{'id':'L1','class_id':'A','subject_id':'M','teacher_id':'T1',"
                 "'day_of_week':'Senin','start_time':'07:00','end_time':'08:30'}" },
  { "parent_student_relationship", "{'id':'R1','parent_id':'p1','student_id':'S1',"
                                   "'relationship_type':'ibu'}" },
  { "parent_student_relationship", "{'id':'R2','parent_id':'staff','student_id':'S3',"
                                   "'relationship_type':'wali'}" },
};

#define GRADE(id, student, class)                                                                  \
  "{'id':'" id "','student_id':'" student "','subject_id':'M','class_id':'" class                  \
      "',"                                                                                         \
      "'academic_year':'2026/2027','semester':'1','assignment_type':'tugas',"                      \
      "'assignment_name':'A1','score':80}"

#define ATTENDANCE(id, student, class)                                                             \
  "{'id':'" id "','student_id':'" student "','class_id':'" class "','date':'2026-11-23',"          \
                                                                 "'status':'hadir'}"

/* Who writes, where, what. */
static const char *const records[][3] = {
  { "t1", "grades", GRADE ("g1", "S1", "A") },
  { "admin", "grades", GRADE ("g2", "S2", "A") },
  { "admin", "grades", GRADE ("g3", "S3", "B") },
  { "t2", "grades", GRADE ("g4", "S3", "B") },
  { "t1", "attendance", ATTENDANCE ("a1", "S1", "A") },
  { "t1", "attendance", ATTENDANCE ("a2", "S2", "A") },
  { "t2", "attendance", ATTENDANCE ("a3", "S3", "B") },
  { "admin", "announcements", "{'id':'n1','title':'T','content':'C','category':'umum'}" },
  { "admin", "announcements",
    "{'id':'n2','title':'T','content':'C','category':'akademik',"
    "'target_audience':['teacher','parent']}" },
  { "t1", "announcements",
    "{'id':'n3','title':'T','content':'C','category':'umum',"
    "'is_active':false}" },
  { "t2", "announcements",
    "{'id':'n4','title':'T','content':'C','category':'umum',"
    "'target_audience':'[\\\"student\\\"]'}" },
  { "t1", "e_library",
    "{'id':'l1','title':'T','category':'modul','file_url':'u','file_type':'pdf'}" },
  { "osis", "school_events", "{'id':'e1','event_name':'E','date':'2026-12-01','organizer':'O'}" },
  { "t1", "conversations", "{'id':'c1','type':'direct','members':['s1']}" },
  { "t2", "conversations", "{'id':'c2','type':'group','name':'B','members':['s3','t1']}" },
  { "t1", "messages", "{'id':'m1','conversation_id':'c1','content':'Halo'}" },
  { "s1", "messages", "{'id':'m2','conversation_id':'c1','content':'Ya'}" },
  { "s3", "messages", "{'id':'m3','conversation_id':'c2','content':'Hai'}" },
};

/* Test data is easier to read with single quotation marks. */
JsonObject *
school_parse (const char *json)
{
  g_autofree char *text = g_strdelimit (g_strdup (json), "'", '"');
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = json_from_string (text, &error);

  g_assert_no_error (error);
  return json_node_dup_object (node);
}

char *
school_make_directory (void)
{
  g_autoptr (GError) error = NULL;
  char *directory = g_dir_make_tmp ("labsync-school-XXXXXX", &error);

  g_assert_no_error (error);
  return directory;
}

void
school_remove_directory (const char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (directory, name, NULL);

      g_assert_cmpint (g_remove (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (directory), ==, 0);
}

/* With a connection of its own, beside a school that may be open. */
void
school_execute (const char *directory, const char *sql)
{
  g_autofree char *path = g_build_filename (directory, "school.db", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (LsDatabase) database = ls_database_open (path, &error);

  g_assert_no_error (error);
  ls_database_execute (database, sql, &error);
  g_assert_no_error (error);
}

void
school_set_up (School *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->directory = school_make_directory ();
  self->school = ls_school_open (self->directory, &error);
  g_assert_no_error (error);
  school_add_people (self);
  school_add_records (self);
}

void
school_tear_down (School *self, gconstpointer data)
{
  g_assert_finalize_object (self->school);
  school_remove_directory (self->directory);
  g_free (self->directory);
}

void
school_add_people (School *self)
{
  /* Nobody is there yet who could make the first account. */
  g_autoptr (LsViewer) founder = ls_viewer_new ("admin");

  founder->role = LS_ROLE_ADMIN;
  founder->active = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (people); i++)
    {
      g_autoptr (JsonObject) body = school_parse (people[i][1]);
      LsWrite write = { .kind = LS_WRITE_CREATE, .table = people[i][0], .body = body };
      g_auto (LsWriteResult) result = { 0 };
      g_autoptr (GError) error = NULL;

      ls_school_write (self->school, founder, &write, &result, &error);
      g_assert_no_error (error);
    }
}

void
school_add_records (School *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (records); i++)
    g_assert_cmpint (school_create (self, records[i][0], records[i][1], records[i][2]), ==, OK);
}

LsViewer *
school_get_viewer (School *self, const char *user_id)
{
  g_autoptr (GError) error = NULL;
  LsViewer *viewer = ls_school_get_viewer (self->school, user_id, &error);

  g_assert_no_error (error);
  return viewer;
}

int
school_write_full (School *self, const char *user_id, LsWrite write, LsWriteResult *result)
{
  g_autoptr (LsViewer) viewer = school_get_viewer (self, user_id);
  g_autoptr (GError) error = NULL;

  if (ls_school_write (self->school, viewer, &write, result, &error))
    {
      g_assert_no_error (error);
      return OK;
    }

  g_assert_nonnull (error);
  g_assert_true (error->domain == LS_SCHOOL_ERROR);
  g_test_message ("%s", error->message);
  return error->code;
}

static int
write_json (School *self, const char *user_id, LsWrite write, const char *json)
{
  g_autoptr (JsonObject) body = json == NULL ? NULL : school_parse (json);
  g_auto (LsWriteResult) result = { 0 };

  write.body = body;
  return school_write_full (self, user_id, write, &result);
}

int
school_create (School *self, const char *user_id, const char *table, const char *json)
{
  return write_json (self, user_id, (LsWrite) { .kind = LS_WRITE_CREATE, .table = table }, json);
}

int
school_update (School *self,
               const char *user_id,
               const char *table,
               const char *id,
               const char *json)
{
  return write_json (self, user_id, (LsWrite) { .kind = LS_WRITE_UPDATE, .table = table, .id = id },
                     json);
}

int
school_delete (School *self, const char *user_id, const char *table, const char *id)
{
  return write_json (self, user_id, (LsWrite) { .kind = LS_WRITE_DELETE, .table = table, .id = id },
                     NULL);
}

/* The ids, separated by blanks. */
char *
school_list_ids (School *self, const char *user_id, const char *table)
{
  g_autoptr (LsViewer) viewer = school_get_viewer (self, user_id);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) rows = ls_school_list (self->school, viewer, table, &error);
  GString *ids = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < rows->len; i++)
    g_string_append_printf (ids, "%s%s", i == 0 ? "" : " ", ((LsRow *)rows->pdata[i])->id);
  return g_string_free (ids, FALSE);
}

/* NULL if there is none to be seen. */
char *
school_get_row (School *self, const char *user_id, const char *table, const char *id)
{
  g_autoptr (LsViewer) viewer = school_get_viewer (self, user_id);
  g_autoptr (LsRow) row = ls_school_get (self->school, viewer, table, id, NULL);

  return row == NULL ? NULL : g_strdup (row->data);
}

Replica *
replica_new (School *school, const char *user_id)
{
  Replica *self = g_new0 (Replica, 1);

  self->school = school;
  self->user_id = g_strdup (user_id);
  self->cursor = ls_school_get_cursor (school->school);
  self->cursor.offset = 0;
  self->rows = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
replica_free (Replica *self)
{
  g_hash_table_unref (self->rows);
  g_free (self->user_id);
  g_free (self);
}

void
replica_apply (Replica *self, const LsEvent *event)
{
  char *key = g_strdup_printf ("%s/%s", ls_entity_to_string (ls_event_get_entity (event)),
                               event->entity_id);

  self->n_events++;
  if (ls_event_type_get_change (event->type) == LS_CHANGE_DELETED)
    {
      g_autofree char *expected = g_strdup_printf ("{\"id\":\"%s\"}", event->entity_id);

      g_assert_cmpstr (event->data, ==, expected);
      g_hash_table_remove (self->rows, key);
      g_free (key);
      return;
    }
  g_hash_table_insert (self->rows, key, g_strdup (event->data));
}

void
replica_catch_up (Replica *self, guint limit)
{
  g_autoptr (LsViewer) viewer = school_get_viewer (self->school, self->user_id);
  gboolean more = TRUE;

  while (more)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (LsUpdates) updates = ls_school_updates (self->school->school, viewer, self->cursor,
                                                         limit, LS_SCHOOL_MAX_ANSWER, &error);

      g_assert_no_error (error);
      g_assert_cmpint (updates->resume, ==, LS_RESUME_RESUMED);
      g_assert_cmpuint (updates->events->len, <=, LS_SCHOOL_MAX_PAGE);
      g_assert_false (updates->partial);
      g_assert_true (ls_cursor_covers (updates->cursor, self->cursor));
      for (guint i = 0; i < updates->events->len; i++)
        {
          const LsEvent *event = updates->events->pdata[i];

          g_assert_cmpint (event->offset, >, self->cursor.offset);
          g_assert_cmpint (event->offset, <=, updates->cursor.offset);
          replica_apply (self, event);
        }
      self->cursor = updates->cursor;
      more = updates->more;
    }
  g_assert_true (ls_cursor_equal (self->cursor, ls_school_get_cursor (self->school->school)));
}

static void
snapshot_entity (Replica *self, LsEntity entity, guint limit)
{
  g_autoptr (LsViewer) viewer = school_get_viewer (self->school, self->user_id);
  g_autofree char *token = NULL;

  do
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (LsSnapshotPage) page =
          ls_school_snapshot (self->school->school, viewer, entity, token, limit, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (page->rows->len, <=, limit);
      for (guint i = 0; i < page->rows->len; i++)
        {
          const LsRow *row = page->rows->pdata[i];
          char *key = g_strdup_printf ("%s/%s", ls_entity_to_string (entity), row->id);

          g_assert_true (g_hash_table_insert (self->rows, key, g_strdup (row->data)));
        }
      self->cursor = page->cursor;
      g_free (token);
      token = g_strdup (page->next);
    }
  while (token != NULL);
}

void
replica_snapshot (Replica *self, guint limit)
{
  g_hash_table_remove_all (self->rows);
  for (guint entity = 0; entity < LS_N_ENTITIES; entity++)
    if (entity != LS_ENTITY_PRESENCE)
      snapshot_entity (self, (LsEntity)entity, limit);
}

/* The replica has the very bytes that the user may see now, and nothing else. */
void
replica_assert_complete (Replica *self)
{
  g_autoptr (LsViewer) viewer = school_get_viewer (self->school, self->user_id);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer key;

  for (guint entity = 0; entity < LS_N_ENTITIES; entity++)
    {
      g_autoptr (GPtrArray) rows = NULL;

      if (entity == LS_ENTITY_PRESENCE)
        continue;

      rows = ls_school_list (self->school->school, viewer, ls_entity_get_table ((LsEntity)entity),
                             NULL);
      g_assert_nonnull (rows);
      for (guint i = 0; i < rows->len; i++)
        {
          const LsRow *row = rows->pdata[i];
          g_autofree char *name =
              g_strdup_printf ("%s/%s", ls_entity_to_string ((LsEntity)entity), row->id);

          g_assert_cmpstr (g_hash_table_lookup (self->rows, name), ==, row->data);
          g_hash_table_add (seen, g_steal_pointer (&name));
        }
    }

  g_hash_table_iter_init (&iter, self->rows);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (!g_hash_table_contains (seen, key))
      g_error ("%s has %s, which is out of sight", self->user_id, (const char *)key);
}
