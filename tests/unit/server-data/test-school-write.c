/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "school-fixture.h"

#define FORBIDDEN LS_SCHOOL_ERROR_FORBIDDEN
#define NOT_FOUND LS_SCHOOL_ERROR_NOT_FOUND
#define INVALID LS_SCHOOL_ERROR_INVALID

#define GRADE(student, class)                                                                      \
  "{'student_id':'" student "','subject_id':'M','class_id':'" class                                \
      "',"                                                                                         \
      "'academic_year':'2026/2027','semester':'1','assignment_type':'t','assignment_name':'n',"    \
      "'score':50}"
#define ATTENDANCE "{'student_id':'S1','class_id':'A','date':'2026-11-24','status':'sakit'}"
#define ACTIVITY "{'title':'T','content':'C','category':'kegiatan'}"
#define NOTICE "{'title':'T','content':'C','category':'umum'}"
#define BOOK "{'title':'T','category':'c','file_url':'u','file_type':'pdf'}"
#define EVENT "{'event_name':'E','date':'2026-12-01','organizer':'O'}"
#define SUBJECT "{'name':'Fisika','code':'FIS'}"
#define USER "{'name':'N','email':'new@x','role':'student'}"

/* Protocol §4, last column: who may write what. An id: update; else create; no JSON: delete. */
static const struct
{
  const char *user;
  const char *table;
  const char *id;
  const char *json;
  int result;
} rights[] = {
  { "admin", "grades", NULL, GRADE ("S3", "B"), OK },
  { "t1", "grades", NULL, GRADE ("S1", "A"), OK },
  { "t1", "grades", NULL, GRADE ("S3", "B"), FORBIDDEN },
  { "t1", "grades", NULL, GRADE ("S3", "A"), FORBIDDEN },
  { "s1", "grades", NULL, GRADE ("S1", "A"), FORBIDDEN },
  { "p1", "grades", NULL, GRADE ("S1", "A"), FORBIDDEN },
  { "staff", "grades", NULL, GRADE ("S3", "B"), FORBIDDEN },
  { "t1", "grades", "g2", "{'score':1}", OK },
  { "t1", "grades", "g2", "{'class_id':'B'}", FORBIDDEN },
  { "t1", "grades", "g3", "{'score':1}", NOT_FOUND },
  { "s1", "grades", "g1", "{'score':100}", FORBIDDEN },
  { "s1", "grades", "g2", "{'score':100}", NOT_FOUND },
  { "t2", "grades", "g1", NULL, NOT_FOUND },
  { "t1", "grades", "g1", NULL, OK },

  { "t1", "attendance", NULL, ATTENDANCE, OK },
  { "t2", "attendance", NULL, ATTENDANCE, FORBIDDEN },
  { "s1", "attendance", NULL, ATTENDANCE, FORBIDDEN },
  { "s1", "attendance", "a1", "{'status':'hadir'}", FORBIDDEN },

  { "t1", "announcements", NULL, NOTICE, OK },
  { "staff", "announcements", NULL, NOTICE, OK },
  { "osis", "announcements", NULL, ACTIVITY, OK },
  { "osis", "announcements", NULL, NOTICE, FORBIDDEN },
  { "s1", "announcements", NULL, ACTIVITY, FORBIDDEN },
  { "osis", "announcements", "n1", "{'category':'kegiatan'}", FORBIDDEN },
  { "osis", "announcements", "n1", NULL, FORBIDDEN },
  { "t2", "announcements", "n3", NULL, NOT_FOUND },

  { "t1", "e_library", NULL, BOOK, OK },
  { "staff", "e_library", NULL, BOOK, OK },
  { "s1", "e_library", NULL, BOOK, FORBIDDEN },
  { "osis", "e_library", NULL, BOOK, FORBIDDEN },
  { "p1", "e_library", NULL, BOOK, FORBIDDEN },

  { "osis", "school_events", NULL, EVENT, OK },
  { "t2", "school_events", NULL, EVENT, OK },
  { "s1", "school_events", NULL, EVENT, FORBIDDEN },
  { "staff", "school_events", NULL, EVENT, FORBIDDEN },

  { "admin", "users", NULL, USER, OK },
  { "t1", "users", NULL, USER, FORBIDDEN },
  { "s1", "users", "s1", "{'name':'Me','email':'me@x'}", OK },
  { "s1", "users", "s1", "{'role':'admin'}", FORBIDDEN },
  { "s1", "users", "s1", "{'extra_role':'staff'}", FORBIDDEN },
  { "s1", "users", "s1", "{'status':'inactive'}", FORBIDDEN },
  { "s1", "users", "s2", "{'name':'You'}", FORBIDDEN },
  { "t1", "users", "s1", "{'name':'You'}", FORBIDDEN },
  { "p1", "users", "s1", "{'name':'You'}", FORBIDDEN },
  { "s1", "users", "s1", NULL, FORBIDDEN },

  { "t1", "conversations", NULL, "{'type':'direct','members':['s3']}", OK },
  { "s1", "conversations", NULL, "{'type':'direct','members':['t1']}", OK },
  { "s1", "conversations", NULL, "{'type':'direct','members':['s2']}", FORBIDDEN },
  { "p1", "conversations", NULL, "{'type':'direct','members':['staff']}", OK },
  { "s1", "conversations", "c1", "{'members':['s1','s2','t1']}", FORBIDDEN },
  { "t2", "conversations", "c1", "{'name':'x'}", NOT_FOUND },
  { "admin", "conversations", "c1", "{'name':'x'}", NOT_FOUND },
  { "t1", "conversations", "c2", "{'name':'x'}", OK },

  { "s1", "messages", NULL, "{'conversation_id':'c1','content':'x'}", OK },
  { "s2", "messages", NULL, "{'conversation_id':'c1','content':'x'}", FORBIDDEN },
  { "admin", "messages", NULL, "{'conversation_id':'c1','content':'x'}", FORBIDDEN },
  { "s1", "messages", NULL, "{'conversation_id':'none','content':'x'}", FORBIDDEN },
  { "s1", "messages", "m1", "{'status':'read','read_at':7}", OK },
  { "s1", "messages", "m1", "{'content':'x'}", FORBIDDEN },
  { "s1", "messages", "m1", NULL, FORBIDDEN },
  { "s1", "messages", "m2", "{'content':'x'}", OK },
  { "s1", "messages", "m2", "{'conversation_id':'c2'}", FORBIDDEN },
  { "s1", "messages", "m2", NULL, OK },
  { "s1", "messages", "m3", "{'read_at':7}", NOT_FOUND },

  { "admin", "notifications", NULL, "{'user_id':'s1','title':'x','body':'x','type':'x'}",
    FORBIDDEN },

  { "admin", "subjects", NULL, SUBJECT, OK },
  { "t1", "subjects", NULL, SUBJECT, FORBIDDEN },
  { "t2", "students", "S3", "{'class':'A'}", FORBIDDEN },
  { "s1", "students", "S1", "{'nis':'1'}", FORBIDDEN },
  { "t1", "teachers", "T1", "{'nip':'1'}", FORBIDDEN },
  { "t1", "classes", "A", "{'homeroom_teacher_id':'T1'}", FORBIDDEN },
  { "t1", "schedules", "L1", "{'room':'1'}", FORBIDDEN },
  { "p1", "parent_student_relationship", NULL,
    "{'parent_id':'p1','student_id':'S2','relationship_type':'ibu'}", FORBIDDEN },
};

static void
test_rights (School *school, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (rights); i++)
    {
      int result;

      g_test_message ("%s %s %s %s", rights[i].user, rights[i].table, rights[i].id, rights[i].json);
      if (rights[i].id == NULL)
        result = school_create (school, rights[i].user, rights[i].table, rights[i].json);
      else if (rights[i].json == NULL)
        result = school_delete (school, rights[i].user, rights[i].table, rights[i].id);
      else
        result =
            school_update (school, rights[i].user, rights[i].table, rights[i].id, rights[i].json);
      g_assert_cmpint (result, ==, rights[i].result);
    }
}

/* A student who lost the teacher of a conversation may not go on alone. */
static void
test_supervision (School *school, gconstpointer data)
{
  g_assert_cmpint (school_create (school, "s1", "conversations",
                                  "{'id':'x','type':'group','members':['t1','s2']}"),
                   ==, OK);
  g_assert_cmpint (
      school_create (school, "s2", "messages", "{'conversation_id':'x','content':'x'}"), ==, OK);
  g_assert_cmpint (school_update (school, "s1", "conversations", "x", "{'members':['s1','s2']}"),
                   ==, FORBIDDEN);
  g_assert_cmpint (school_update (school, "t1", "conversations", "x", "{'members':['s1','s2']}"),
                   ==, OK);
  g_assert_cmpint (
      school_create (school, "s2", "messages", "{'conversation_id':'x','content':'x'}"), ==,
      FORBIDDEN);
}

static void
test_own_notification (School *school, gconstpointer data)
{
  g_autofree char *id = school_list_ids (school, "s2", "notifications");

  g_assert_cmpint (school_update (school, "s1", "notifications", id, "{'read':1}"), ==, NOT_FOUND);
  g_assert_cmpint (school_update (school, "admin", "notifications", id, "{'read':1}"), ==,
                   NOT_FOUND);
  g_assert_cmpint (school_update (school, "s2", "notifications", id, "{'title':'x'}"), ==,
                   FORBIDDEN);
  g_assert_cmpint (school_update (school, "s2", "notifications", id, "{'read':1}"), ==, OK);
  g_assert_cmpint (school_delete (school, "s2", "notifications", id), ==, FORBIDDEN);
}

/* What the client says about who it is does not count. */
static void
test_author (School *school, gconstpointer data)
{
  static const struct
  {
    const char *table;
    const char *column;
    const char *json;
  } cases[] = {
    { "grades", "created_by", GRADE ("S1", "A") },
    { "attendance", "recorded_by", ATTENDANCE },
    { "announcements", "created_by", NOTICE },
    { "e_library", "uploaded_by", BOOK },
    { "school_events", "created_by", EVENT },
    { "messages", "sender_id", "{'conversation_id':'c1','content':'x'}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JsonObject) body = school_parse (cases[i].json);
      LsWrite write = { .kind = LS_WRITE_CREATE, .table = cases[i].table, .body = body };
      g_auto (LsWriteResult) created = { 0 };
      g_auto (LsWriteResult) updated = { 0 };
      g_autoptr (JsonObject) row = NULL;
      g_autoptr (JsonObject) change = json_object_new ();

      json_object_set_string_member (body, cases[i].column, "admin");
      g_assert_cmpint (school_write_full (school, "t1", write, &created), ==, OK);
      row = school_parse (created.row);
      g_assert_cmpstr (json_object_get_string_member (row, cases[i].column), ==, "t1");

      json_object_set_string_member (change, cases[i].column, "s1");
      write = (LsWrite) {
        .kind = LS_WRITE_UPDATE, .table = cases[i].table, .id = created.id, .body = change
      };
      g_assert_cmpint (school_write_full (school, "t1", write, &updated), ==, OK);
      g_clear_pointer (&row, json_object_unref);
      row = school_parse (updated.row);
      g_assert_cmpstr (json_object_get_string_member (row, cases[i].column), ==, "t1");
    }
}

static void
assert_field (School *school,
              const char *table,
              const char *id,
              const char *json,
              const char *field)
{
  g_autoptr (JsonObject) body = school_parse (json);
  LsWrite write = {
    .kind = id == NULL ? LS_WRITE_CREATE : LS_WRITE_UPDATE, .table = table, .id = id, .body = body
  };
  g_auto (LsWriteResult) result = { 0 };
  LsCursor before = ls_school_get_cursor (school->school);

  g_test_message ("%s %s", table, json);
  g_assert_cmpint (school_write_full (school, "admin", write, &result), ==, INVALID);
  g_assert_cmpstr (result.field, ==, field);
  g_assert_null (result.row);
  g_assert_true (ls_cursor_equal (before, ls_school_get_cursor (school->school)));
}

static void
test_invalid (School *school, gconstpointer data)
{
  assert_field (school, "grades", "g1", "{'studentId':'S1'}", "studentId");
  assert_field (school, "grades", "g1", "{'score':'80'}", "score");
  assert_field (school, "grades", "g1", "{'score':101}", "score");
  assert_field (school, "grades", "g1", "{'score':-0.5}", "score");
  assert_field (school, "grades", "g1", "{'score':null}", "score");
  assert_field (school, "grades", "g1", "{'semester':'3'}", "semester");
  assert_field (school, "grades", "g1", "{'student_id':'nobody'}", "student_id");
  assert_field (school, "grades", "g1", "{'id':'other'}", "id");
  assert_field (school, "grades", "g1", "{'id':5}", "id");
  assert_field (school, "grades", "g1", "{'deleted_at':5}", "deleted_at");
  assert_field (school, "grades", "g1", "{}", NULL);
  assert_field (school, "attendance", "a1", "{'status':'late'}", "status");
  assert_field (school, "users", NULL, "{'name':'N','email':'s1@x','role':'student'}", "email");
  assert_field (school, "users", NULL, "{'name':'N','email':'n@x','role':'root'}", "role");
  assert_field (school, "users", NULL, "{'email':'n@x','role':'student'}", "name");
  assert_field (school, "users", "s1", "{'password':'x'}", "password");
  assert_field (school, "users", "s1", "{'password_hash':'x'}", "password_hash");
  assert_field (school, "conversations", NULL, "{'type':'group','members':['nobody']}", "members");
  assert_field (school, "schedules", "L1", "{'day_of_week':'Monday'}", "day_of_week");
}

/* Nothing that a client sends becomes SQL. */
static void
test_injection (School *school, gconstpointer data)
{
  static const char *const names[] = {
    "score = 5, assignment_name",
    "score\" = 5, \"assignment_name",
    "\"",
    "'",
    "grades.score",
    "",
    "rowid",
    "version--",
  };
  static const char *const ids[] = {
    "",      "g1' OR '1'='1", "g1; DROP TABLE grades",
    "../g1", "g1%00",         "g 1",
    "é",     "g1\n",          "a23456789012345678901234567890123456789012345678901234567890123456",
  };
  g_autofree char *before = school_get_row (school, "admin", "grades", "g1");
  g_autofree char *after = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (JsonObject) body = json_object_new ();
      LsWrite write = { .kind = LS_WRITE_UPDATE, .table = "grades", .id = "g1", .body = body };
      g_auto (LsWriteResult) result = { 0 };

      json_object_set_string_member (body, names[i], "x");
      g_assert_cmpint (school_write_full (school, "admin", write, &result), ==, INVALID);
      g_assert_cmpstr (result.field, ==, names[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      g_autoptr (JsonObject) body = school_parse (GRADE ("S1", "A"));
      LsWrite write = { .kind = LS_WRITE_CREATE, .table = "grades", .body = body };
      g_auto (LsWriteResult) result = { 0 };

      json_object_set_string_member (body, "id", ids[i]);
      g_assert_cmpint (school_write_full (school, "admin", write, &result), ==, INVALID);
      g_assert_cmpint (school_update (school, "admin", "grades", ids[i], "{'score':5}"), ==,
                       INVALID);
      g_assert_cmpint (school_delete (school, "admin", "grades", ids[i]), ==, INVALID);
    }
  g_assert_cmpint (school_create (school, "admin", "grades; --", GRADE ("S1", "A")), ==, NOT_FOUND);
  g_assert_cmpint (school_update (school, "admin", "sqlite_master", "x", "{'sql':'x'}"), ==,
                   NOT_FOUND);
  g_assert_cmpint (school_update (school, "admin", "sessions", "x", "{'is_revoked':0}"), ==,
                   NOT_FOUND);

  after = school_get_row (school, "admin", "grades", "g1");
  g_assert_cmpstr (before, ==, after);
}

/* Values are only ever values. */
static void
test_odd_values (School *school, gconstpointer data)
{
  g_autoptr (JsonObject) body = school_parse (NOTICE);
  LsWrite write = { .kind = LS_WRITE_CREATE, .table = "announcements", .body = body };
  g_auto (LsWriteResult) result = { 0 };
  g_autoptr (JsonNode) row = NULL;
  const char *odd = "'); DROP TABLE grades; -- \" \\ \n \x01 \xf0\x9f\x98\x80";

  json_object_set_string_member (body, "title", odd);
  g_assert_cmpint (school_write_full (school, "admin", write, &result), ==, OK);
  row = json_from_string (result.row, NULL);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (row), "title"), ==, odd);
}

static void
test_versions (School *school, gconstpointer data)
{
  g_autoptr (JsonObject) body = school_parse ("{'score':1}");
  LsWrite write = {
    .kind = LS_WRITE_UPDATE, .table = "grades", .id = "g1", .body = body, .if_version = 1
  };
  g_auto (LsWriteResult) first = { 0 };
  g_auto (LsWriteResult) stale = { 0 };
  g_auto (LsWriteResult) bury = { 0 };
  g_auto (LsWriteResult) unseen = { 0 };
  g_autofree char *row = NULL;

  g_assert_cmpint (school_write_full (school, "t1", write, &first), ==, OK);
  g_assert_cmpint (first.version, ==, 2);
  g_assert_cmpstr (first.id, ==, "g1");

  g_assert_cmpint (school_write_full (school, "admin", write, &stale), ==, LS_SCHOOL_ERROR_VERSION);
  row = school_get_row (school, "admin", "grades", "g1");
  g_assert_cmpstr (stale.row, ==, row);
  g_assert_cmpint (stale.version, ==, 2);

  /* Who may not see or write the row learns nothing of its version. */
  g_assert_cmpint (school_write_full (school, "t2", write, &unseen), ==, NOT_FOUND);
  g_assert_null (unseen.row);
  g_assert_cmpint (school_write_full (school, "s1", write, &unseen), ==, FORBIDDEN);
  g_assert_null (unseen.row);

  write = (LsWrite) { .kind = LS_WRITE_DELETE, .table = "grades", .id = "g1", .if_version = 1 };
  g_assert_cmpint (school_write_full (school, "t1", write, &bury), ==, LS_SCHOOL_ERROR_VERSION);
  ls_write_result_clear (&bury);
  write.if_version = 2;
  g_assert_cmpint (school_write_full (school, "t1", write, &bury), ==, OK);
  g_assert_cmpint (bury.version, ==, 3);
  g_assert_cmpstr (bury.row, ==, "{\"id\":\"g1\"}");
}

static void
test_tombstone (School *school, gconstpointer data)
{
  g_autoptr (LsViewer) admin = school_get_viewer (school, "admin");
  g_autoptr (LsViewer) other = school_get_viewer (school, "s2");
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (school_delete (school, "t1", "grades", "g1"), ==, OK);
  g_assert_null (ls_school_get (school->school, admin, "grades", "g1", &error));
  g_assert_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_GONE);
  g_clear_error (&error);
  g_assert_null (ls_school_get (school->school, other, "grades", "g1", &error));
  g_assert_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_NOT_FOUND);

  g_assert_cmpint (school_delete (school, "t1", "grades", "g1"), ==, LS_SCHOOL_ERROR_GONE);
  g_assert_cmpint (school_update (school, "t1", "grades", "g1", "{'score':1}"), ==,
                   LS_SCHOOL_ERROR_GONE);
  g_assert_cmpint (school_delete (school, "admin", "grades", "none"), ==, NOT_FOUND);

  /* Its address may be used again, its id may not. */
  g_assert_cmpint (school_delete (school, "admin", "users", "p1"), ==, OK);
  g_assert_cmpint (
      school_create (school, "admin", "users", "{'name':'N','email':'p1@x','role':'parent'}"), ==,
      OK);
  g_assert_cmpint (school_create (school, "admin", "users",
                                  "{'id':'p1','name':'N','email':'x@x','role':'parent'}"),
                   ==, LS_SCHOOL_ERROR_GONE);
}

static void
test_client_id (School *school, gconstpointer data)
{
  g_autoptr (JsonObject) body = school_parse (GRADE ("S1", "A"));
  LsWrite write = { .kind = LS_WRITE_CREATE, .table = "grades", .body = body };
  g_auto (LsWriteResult) generated = { 0 };
  g_auto (LsWriteResult) kept = { 0 };
  g_auto (LsWriteResult) again = { 0 };

  g_assert_cmpint (school_write_full (school, "t1", write, &generated), ==, OK);
  g_assert_true (g_uuid_string_is_valid (generated.id));
  g_assert_cmpint (generated.version, ==, 1);

  json_object_set_string_member (body, "id", "mine");
  g_assert_cmpint (school_write_full (school, "t1", write, &kept), ==, OK);
  g_assert_cmpstr (kept.id, ==, "mine");
  g_assert_cmpint (school_write_full (school, "t1", write, &again), ==, LS_SCHOOL_ERROR_EXISTS);
  g_assert_cmpstr (again.row, ==, kept.row);
  g_assert_cmpint (again.version, ==, 1);
}

/* The whole row as it was read may be sent back. */
static void
test_whole_row (School *school, gconstpointer data)
{
  g_autofree char *row = school_get_row (school, "t1", "grades", "g1");
  g_autoptr (JsonObject) body = school_parse (row);
  LsWrite write = { .kind = LS_WRITE_UPDATE, .table = "grades", .id = "g1", .body = body };
  g_auto (LsWriteResult) result = { 0 };

  json_object_set_int_member (body, "score", 55);
  g_assert_cmpint (school_write_full (school, "t1", write, &result), ==, OK);
  g_assert_cmpint (result.version, ==, 2);
  g_assert_nonnull (strstr (result.row, "\"score\":55,"));
}

static void
test_defaults (School *school, gconstpointer data)
{
  g_autofree char *grade = school_get_row (school, "admin", "grades", "g1");
  g_autofree char *notice = school_get_row (school, "admin", "announcements", "n1");
  g_autofree char *event = school_get_row (school, "admin", "school_events", "e1");
  g_autofree char *user = school_get_row (school, "admin", "users", "s1");

  g_assert_nonnull (strstr (grade, "\"max_score\":100,"));
  g_assert_nonnull (strstr (notice, "\"is_active\":1,"));
  g_assert_nonnull (strstr (event, "\"status\":\"Upcoming\","));
  g_assert_nonnull (strstr (user, "\"status\":\"active\","));
}

/* The writer may lose sight of the row by the very write. */
static void
test_out_of_own_sight (School *school, gconstpointer data)
{
  g_autoptr (JsonObject) body = school_parse ("{'is_active':0}");
  LsWrite write = { .kind = LS_WRITE_UPDATE, .table = "announcements", .id = "n1", .body = body };
  g_auto (LsWriteResult) result = { 0 };

  g_assert_cmpint (school_write_full (school, "t1", write, &result), ==, OK);
  g_assert_cmpstr (result.row, ==, "{\"id\":\"n1\"}");
  g_assert_cmpint (result.version, ==, 2);
}

static void
test_password (School *school, gconstpointer data)
{
  LsWrite write = { .kind = LS_WRITE_UPDATE, .table = "users", .id = "s1", .password_hash = "H" };
  g_auto (LsWriteResult) own = { 0 };
  g_auto (LsWriteResult) elsewhere = { 0 };

  g_assert_cmpint (school_write_full (school, "s1", write, &own), ==, FORBIDDEN);
  write.table = "grades";
  write.id = "g1";
  g_assert_cmpint (school_write_full (school, "admin", write, &elsewhere), ==, INVALID);
  g_assert_cmpstr (elsewhere.field, ==, "password");
}

#define ADD(path, function)                                                                        \
  g_test_add ("/school/write/" path, School, NULL, school_set_up, function, school_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("rights", test_rights);
  ADD ("supervision", test_supervision);
  ADD ("own-notification", test_own_notification);
  ADD ("author", test_author);
  ADD ("invalid", test_invalid);
  ADD ("injection", test_injection);
  ADD ("odd-values", test_odd_values);
  ADD ("versions", test_versions);
  ADD ("tombstone", test_tombstone);
  ADD ("client-id", test_client_id);
  ADD ("whole-row", test_whole_row);
  ADD ("defaults", test_defaults);
  ADD ("out-of-own-sight", test_out_of_own_sight);
  ADD ("password", test_password);

  return g_test_run ();
}
