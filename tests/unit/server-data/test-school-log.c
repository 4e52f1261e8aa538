/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "school-fixture.h"

#define DAY G_GINT64_CONSTANT (86400000)

static LsUpdates *
get_updates (School *school, const char *user_id, LsCursor from, guint limit)
{
  g_autoptr (LsViewer) viewer = school_get_viewer (school, user_id);
  g_autoptr (GError) error = NULL;
  LsUpdates *updates =
      ls_school_updates (school->school, viewer, from, limit, LS_SCHOOL_MAX_ANSWER, &error);

  g_assert_no_error (error);
  return updates;
}

static void
assert_snapshot_needed (School *school, LsCursor from)
{
  g_autoptr (LsUpdates) updates = get_updates (school, "admin", from, 10);

  g_assert_cmpint (updates->resume, ==, LS_RESUME_SNAPSHOT);
  g_assert_cmpuint (updates->events->len, ==, 0);
  g_assert_false (updates->more);
  g_assert_true (ls_cursor_equal (updates->cursor, ls_school_get_cursor (school->school)));
}

static void
test_resume (School *school, gconstpointer data)
{
  LsCursor top = ls_school_get_cursor (school->school);
  LsCursor beyond = ls_cursor_new (top.epoch, top.offset + 1);
  g_autoptr (LsUpdates) updates = get_updates (school, "admin", top, 10);

  g_assert_cmpint (updates->resume, ==, LS_RESUME_RESUMED);
  g_assert_cmpuint (updates->events->len, ==, 0);
  g_assert_true (ls_cursor_equal (updates->cursor, top));
  g_assert_false (updates->more);

  assert_snapshot_needed (school, LS_CURSOR_NONE);
  assert_snapshot_needed (school, beyond);
  assert_snapshot_needed (school, ls_cursor_new ("another", 1));
}

/* What one may not see moves the cursor all the same. */
static void
test_unseen (School *school, gconstpointer data)
{
  LsCursor before = ls_school_get_cursor (school->school);
  g_autoptr (LsUpdates) updates = NULL;

  g_assert_cmpint (school_update (school, "t2", "grades", "g3", "{'score':1}"), ==, OK);
  updates = get_updates (school, "s1", before, 10);
  g_assert_cmpuint (updates->events->len, ==, 0);
  g_assert_cmpint (updates->cursor.offset, ==, before.offset + 1);
  g_assert_false (updates->more);
}

static void
test_event (School *school, gconstpointer data)
{
  LsCursor before = ls_school_get_cursor (school->school);
  LsWrite write = { .kind = LS_WRITE_UPDATE,
                    .table = "grades",
                    .id = "g1",
                    .action_id = "key-1",
                    .request_hash = "request" };
  g_autoptr (JsonObject) body = school_parse ("{'score':12.5}");
  g_auto (LsWriteResult) result = { 0 };
  g_autoptr (LsUpdates) updates = NULL;
  const LsEvent *event;

  write.body = body;
  g_assert_cmpint (school_write_full (school, "t1", write, &result), ==, OK);
  updates = get_updates (school, "s1", before, 10);
  g_assert_cmpuint (updates->events->len, ==, 1);
  event = updates->events->pdata[0];
  g_assert_cmpstr (ls_event_type_to_string (event->type), ==, "grade_updated");
  g_assert_cmpstr (event->entity_id, ==, "g1");
  g_assert_cmpstr (event->data, ==, result.row);
  g_assert_cmpstr (event->user_id, ==, "t1");
  g_assert_cmpstr (event->user_role, ==, "teacher");
  g_assert_cmpstr (event->action_id, ==, "key-1");
  g_assert_cmpint (event->version, ==, 2);
  g_assert_cmpint (event->offset, ==, result.cursor.offset);
  g_assert_true (ls_cursor_equal (result.cursor, ls_school_get_cursor (school->school)));
  g_assert_cmpint (ABS (event->timestamp - g_get_real_time () / 1000), <, 60 * 1000);
}

static void
assert_last_type (School *school, const char *user_id, const char *type)
{
  LsCursor before = ls_school_get_cursor (school->school);
  g_autoptr (LsUpdates) updates = NULL;

  before.offset--;
  updates = get_updates (school, user_id, before, 10);
  g_assert_cmpuint (updates->events->len, ==, 1);
  g_assert_cmpstr (ls_event_type_to_string (((const LsEvent *)updates->events->pdata[0])->type), ==,
                   type);
}

static void
test_types (School *school, gconstpointer data)
{
  g_autofree char *notice = NULL;

  school_update (school, "admin", "users", "s1", "{'name':'X'}");
  assert_last_type (school, "admin", "user_updated");
  school_update (school, "admin", "users", "s3", "{'status':'inactive'}");
  assert_last_type (school, "admin", "user_status_changed");
  school_update (school, "admin", "users", "s3", "{'extra_role':'osis'}");
  assert_last_type (school, "admin", "user_role_changed");
  school_update (school, "s1", "messages", "m1", "{'read_at':5}");
  assert_last_type (school, "t1", "message_read");
  school_update (school, "t1", "messages", "m1", "{'content':'x'}");
  assert_last_type (school, "s1", "message_updated");
  notice = school_list_ids (school, "s2", "notifications");
  school_update (school, "s2", "notifications", notice, "{'read':true}");
  assert_last_type (school, "s2", "notification_read");
  school_delete (school, "t1", "attendance", "a1");
  assert_last_type (school, "s1", "attendance_deleted");
}

static void
on_appended (LsSchool *school, GPtrArray *entries, gpointer user_data)
{
  GPtrArray **last = user_data;

  g_clear_pointer (last, g_ptr_array_unref);
  *last = g_ptr_array_ref (entries);
}

/* One transaction is one signal, after the commit, in the order of the log. */
static void
test_signal (School *school, gconstpointer data)
{
  g_autoptr (GPtrArray) entries = NULL;
  LsCursor before = ls_school_get_cursor (school->school);

  g_signal_connect (school->school, "appended", G_CALLBACK (on_appended), &entries);
  g_assert_cmpint (
      school_create (school, "t1", "messages", "{'conversation_id':'c2','content':'x'}"), ==, OK);
  /* The message and a notification for each of the two others. */
  g_assert_cmpuint (entries->len, ==, 3);
  for (guint i = 0; i < entries->len; i++)
    g_assert_cmpint (ls_log_entry_get_offset (entries->pdata[i]), ==, before.offset + i + 1);
  g_assert_cmpint (ls_school_get_cursor (school->school).offset, ==, before.offset + 3);
  g_assert_cmpstr (ls_event_type_to_string (ls_log_entry_get_event_type (entries->pdata[0])), ==,
                   "message_created");

  /* What was refused is not heard of. */
  g_assert_cmpint (school_create (school, "t1", "messages", "{'conversation_id':'c2'}"), ==,
                   LS_SCHOOL_ERROR_INVALID);
  g_assert_cmpint (ls_log_entry_get_offset (entries->pdata[2]), ==, before.offset + 3);
  g_assert_cmpint (ls_school_get_cursor (school->school).offset, ==, before.offset + 3);
  g_signal_handlers_disconnect_by_func (school->school, on_appended, &entries);
}

static void
test_trim (School *school, gconstpointer data)
{
  LsCursor top = ls_school_get_cursor (school->school);
  LsCursor start = ls_cursor_new (top.epoch, 0);
  gint64 now = g_get_real_time () / 1000;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsUpdates) updates = NULL;
  gboolean more;

  g_assert_true (ls_school_trim (school->school, now + 29 * DAY, &more, &error));
  updates = get_updates (school, "admin", start, 1);
  g_assert_cmpint (updates->resume, ==, LS_RESUME_RESUMED);
  g_assert_cmpuint (updates->events->len, ==, 1);

  g_assert_true (ls_school_trim (school->school, now + 31 * DAY, &more, &error));
  g_assert_no_error (error);
  assert_snapshot_needed (school, start);
  assert_snapshot_needed (school, ls_cursor_new (top.epoch, top.offset - 1));
  g_assert_true (ls_cursor_equal (ls_school_get_cursor (school->school), top));
  g_clear_pointer (&updates, ls_updates_free);
  updates = get_updates (school, "admin", top, 1);
  g_assert_cmpint (updates->resume, ==, LS_RESUME_RESUMED);

  /* An empty log goes on where it was, also after a restart. */
  g_assert_finalize_object (school->school);
  school->school = ls_school_open (school->directory, &error);
  g_assert_no_error (error);
  g_assert_true (ls_cursor_equal (ls_school_get_cursor (school->school), top));
  g_assert_cmpint (school_update (school, "t1", "grades", "g1", "{'score':1}"), ==, OK);
  g_assert_cmpint (ls_school_get_cursor (school->school).offset, ==, top.offset + 1);
  assert_snapshot_needed (school, start);
}

static void
assert_page (School *school, LsCursor *from, guint n_events, gboolean partial, gboolean more)
{
  g_autoptr (LsUpdates) updates = get_updates (school, "s1", *from, 500);

  g_assert_cmpuint (updates->events->len, ==, n_events);
  g_assert_cmpint (updates->partial, ==, partial);
  g_assert_cmpint (updates->more, ==, more);
  *from = updates->cursor;
}

/* A grade and the notification of it belong together, however few events are wanted. */
static void
test_whole_transactions (School *school, gconstpointer data)
{
  LsCursor from = ls_school_get_cursor (school->school);
  const guint wanted[] = { 1, 2, 3, 4 };
  const guint come[] = { 2, 2, 2, 4 };

  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (school_create (school, "t1", "grades",
                                    "{'student_id':'S1','subject_id':'M','class_id':'A',"
                                    "'academic_year':'2026/2027','semester':'1','score':1,"
                                    "'assignment_type':'tugas','assignment_name':'A2'}"),
                     ==, OK);

  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    {
      g_autoptr (LsUpdates) updates = get_updates (school, "s1", from, wanted[i]);

      g_assert_cmpuint (updates->events->len, ==, come[i]);
      g_assert_cmpint (updates->cursor.offset, ==, from.offset + come[i]);
      g_assert_false (updates->partial);
      g_assert_true (updates->more);
    }
}

/* A role that changes shows or hides everything at once: up to a page of it comes whole, what is
 * more says that it goes on. */
static void
test_large_transaction (School *school, gconstpointer data)
{
  LsCursor from;

  for (guint i = 0; i < 480; i++)
    g_assert_cmpint (school_create (school, "admin", "announcements",
                                    "{'title':'T','content':'C','category':'umum',"
                                    "'target_audience':['teacher']}"),
                     ==, OK);

  from = ls_school_get_cursor (school->school);
  for (guint i = 0; i < 30; i++)
    g_assert_cmpint (school_update (school, "admin", "announcements", "n1", "{'title':'U'}"), ==,
                     OK);
  g_assert_cmpint (school_update (school, "admin", "users", "s1", "{'role':'teacher'}"), ==, OK);
  assert_page (school, &from, 30, FALSE, TRUE);
  {
    g_autoptr (LsUpdates) updates = get_updates (school, "s1", from, 500);

    g_assert_cmpuint (updates->events->len, >, 480);
    g_assert_false (updates->partial);
    g_assert_false (updates->more);
    from = updates->cursor;
  }

  for (guint i = 0; i < 100; i++)
    g_assert_cmpint (school_create (school, "admin", "announcements",
                                    "{'title':'T','content':'C','category':'umum',"
                                    "'target_audience':['student']}"),
                     ==, OK);
  from = ls_school_get_cursor (school->school);
  g_assert_cmpint (school_update (school, "admin", "users", "s1", "{'role':'student'}"), ==, OK);
  assert_page (school, &from, 500, TRUE, TRUE);
  {
    g_autoptr (LsUpdates) updates = get_updates (school, "s1", from, 1);

    g_assert_cmpuint (updates->events->len, >, 1);
    g_assert_false (updates->partial);
    g_assert_false (updates->more);
  }
}

/* Large rows make small pages: an answer stays below 1 MiB. */
static void
test_large_rows (School *school, gconstpointer data)
{
  LsCursor before = ls_school_get_cursor (school->school);
  g_autofree char *content = g_strnfill (400 * 1024, 'x');
  g_autofree char *too_large = g_strnfill (1024 * 1024, 'x');
  g_autoptr (LsUpdates) updates = NULL;
  g_autoptr (LsViewer) viewer = school_get_viewer (school, "admin");
  g_autoptr (LsSnapshotPage) page = NULL;

  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *json = g_strdup_printf (
          "{'id':'big%u','title':'T','category':'umum','content':'%s'}", i, content);

      g_assert_cmpint (school_create (school, "admin", "announcements", json), ==, OK);
    }
  updates = get_updates (school, "admin", before, 500);
  g_assert_cmpuint (updates->events->len, ==, 2);
  g_assert_true (updates->more);
  g_assert_cmpint (updates->cursor.offset, ==, before.offset + 2);

  page = ls_school_snapshot (school->school, viewer, LS_ENTITY_ANNOUNCEMENT, NULL, 500, NULL);
  g_assert_cmpuint (page->rows->len, ==, 2);
  g_assert_nonnull (page->next);

  content = (g_free (content), g_strdup_printf ("{'content':'%s'}", too_large));
  g_assert_cmpint (school_update (school, "admin", "announcements", "n1", content), ==,
                   LS_SCHOOL_ERROR_INVALID);
}

static LsSnapshotPage *
get_page (School *school, LsEntity entity, const char *token, GError **error)
{
  g_autoptr (LsViewer) viewer = school_get_viewer (school, "admin");

  return ls_school_snapshot (school->school, viewer, entity, token, 2, error);
}

/* The snapshot stands for the position of its first page, whatever is written meanwhile. */
static void
test_snapshot_cursor (School *school, gconstpointer data)
{
  LsCursor start = ls_school_get_cursor (school->school);
  g_autoptr (LsSnapshotPage) first = get_page (school, LS_ENTITY_GRADE, NULL, NULL);
  g_autoptr (LsSnapshotPage) second = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (first->rows->len, ==, 2);
  g_assert_cmpint (school_update (school, "t1", "grades", "g1", "{'score':1}"), ==, OK);
  second = get_page (school, LS_ENTITY_GRADE, first->next, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (second->rows->len, ==, 2);
  g_assert_cmpstr (((LsRow *)second->rows->pdata[0])->id, ==, "g3");
  g_assert_null (second->next);
  g_assert_true (ls_cursor_equal (first->cursor, start));
  g_assert_true (ls_cursor_equal (second->cursor, start));
}

static void
assert_bad_token (School *school, LsEntity entity, const char *token)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (get_page (school, entity, token, &error));
  g_assert_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_PAGE);
}

static void
test_page_token (School *school, gconstpointer data)
{
  g_autoptr (LsSnapshotPage) page = get_page (school, LS_ENTITY_GRADE, NULL, NULL);
  g_autoptr (LsSnapshotPage) other_page = NULL;
  g_autofree char *damaged = g_strdup (page->next);
  g_autofree char *escaped = g_uri_escape_string (page->next, ":", FALSE);
  School other;

  g_assert_cmpstr (escaped, ==, page->next);
  for (gsize i = 0; damaged[i] != '\0'; i++)
    {
      char original = damaged[i];

      damaged[i] = original == 'a' ? 'b' : 'a';
      assert_bad_token (school, LS_ENTITY_GRADE, damaged);
      damaged[i] = original;
    }
  damaged[strlen (damaged) - 1] = '\0';
  assert_bad_token (school, LS_ENTITY_GRADE, damaged);
  assert_bad_token (school, LS_ENTITY_GRADE, "");
  assert_bad_token (school, LS_ENTITY_GRADE, "~~~");
  assert_bad_token (school, LS_ENTITY_USER, page->next);

  school_set_up (&other, NULL);
  other_page = get_page (&other, LS_ENTITY_GRADE, NULL, NULL);
  assert_bad_token (school, LS_ENTITY_GRADE, other_page->next);
  school_tear_down (&other, NULL);
}

static void
test_presence_has_no_snapshot (School *school, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (get_page (school, LS_ENTITY_PRESENCE, NULL, &error));
  g_assert_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_NOT_FOUND);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/school/log/" path, School, NULL, school_set_up, function, school_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("resume", test_resume);
  ADD ("unseen", test_unseen);
  ADD ("event", test_event);
  ADD ("types", test_types);
  ADD ("signal", test_signal);
  ADD ("trim", test_trim);
  ADD ("whole-transactions", test_whole_transactions);
  ADD ("large-transaction", test_large_transaction);
  ADD ("large-rows", test_large_rows);
  ADD ("snapshot-cursor", test_snapshot_cursor);
  ADD ("page-token", test_page_token);
  ADD ("presence-has-no-snapshot", test_presence_has_no_snapshot);

  return g_test_run ();
}
