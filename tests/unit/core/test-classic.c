/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs at the classic system: what is asked, told and written; and what the socket brings. */
#include "ls-classic-world.h"

/* The first time everything comes without a word; then only changes are told, and nothing is written
 * when there are none. */
static void
test_classic_changes (LsClassicWorld *w, gconstpointer data)
{
  ls_classic_world_set_announcements (w, 1, 3);
  ls_classic_world_assert_run (w, "students poll", "", 1);
  g_assert_cmpuint (ls_classic_world_count (w, LS_ENTITY_ANNOUNCEMENT), ==, 3);
  ls_classic_world_assert_run (w, "poll", "", 0);
  ls_classic_world_set_announcements (w, 4, 4);
  ls_classic_world_assert_run (w, "poll", "announcement_created:a4", 1);
  ls_classic_world_set_row (w, LS_ENTITY_ANNOUNCEMENT, "a2", "{\"id\":\"a2\",\"title\":\"new\"}");
  ls_classic_world_assert_run (w, "poll", "announcement_updated:a2", 1);
  ls_classic_world_delete_row (w, LS_ENTITY_ANNOUNCEMENT, "a1");
  ls_classic_world_assert_run (w, "poll", "announcement_deleted:a1", 1);
  ls_classic_world_assert_run (w, "poll", "", 0);
}

/* Rows of others are neither kept nor a reason to write. */
static void
test_classic_rows_of_others (LsClassicWorld *w, gconstpointer data)
{
  w->followed = BIT (GRADE);
  ls_classic_world_set_grade (w, "g1", "s-anna", 80);
  ls_classic_world_set_grade (w, "g2", "s-ben", 70);
  ls_classic_world_assert_run (w, "students poll", "", 1);
  g_assert_cmpuint (ls_classic_world_count (w, LS_ENTITY_GRADE), ==, 1);
  ls_classic_world_set_grade (w, "g2", "s-ben", 75);
  ls_classic_world_set_grade (w, "g3", "s-ben", 60);
  ls_classic_world_assert_run (w, "poll", "", 0);
  ls_classic_world_set_grade (w, "g1", "s-anna", 85);
  ls_classic_world_assert_run (w, "poll", "grade_updated:g1", 1);
  ls_classic_world_set_grade (w, "g1", "s-ben", 85);
  ls_classic_world_assert_run (w, "poll", "grade_deleted:g1", 1);
}

/* A table that is left out has failed, or is empty: its list tells. */
static void
test_classic_left_out (LsClassicWorld *w, gconstpointer data)
{
  ls_classic_world_set_announcements (w, 1, 2);
  ls_classic_world_run (w);
  ls_classic_world_forget_log (w);
  w->failing = BIT (ANNOUNCEMENT);
  w->list_error = LS_REASON_SERVER_UNREACHABLE;
  ls_classic_world_assert_run (w, "poll announcements", "", 0);
  ls_classic_world_assert_run (w, "poll", "", 0);
  g_assert_cmphex (ls_classic_get_incomplete (w->classic), ==, BIT (ANNOUNCEMENT));
  w->failing = 0;
  ls_classic_world_assert_run (w, "poll", "", 0);
  g_assert_cmphex (ls_classic_get_incomplete (w->classic), ==, 0);
}

static void
test_classic_empty (LsClassicWorld *w, gconstpointer data)
{
  ls_classic_world_assert_run (w, "students poll announcements", "", 1);
  g_assert_cmphex (w->baselines, ==, BIT (ANNOUNCEMENT));
  ls_classic_world_wait (w, HOUR);
  ls_classic_world_assert_run (w, "poll", "", 0); /* known by now to be empty */
  ls_classic_world_set_announcements (w, 1, 1);
  ls_classic_world_assert_run (w, "poll", "announcement_created:a1", 1);
  ls_classic_world_delete_row (w, LS_ENTITY_ANNOUNCEMENT, "a1");
  ls_classic_world_assert_run (w, "poll announcements", "announcement_deleted:a1", 1);
}

/* Where a row could not be read, nothing is gone; when it is readable again, or gone itself, what is
 * gone shows. */
static void
test_classic_bad_rows (LsClassicWorld *w, gconstpointer data)
{
  ls_classic_world_set_announcements (w, 1, 3);
  ls_classic_world_run (w);
  ls_classic_world_forget_log (w);
  ls_classic_world_delete_row (w, LS_ENTITY_ANNOUNCEMENT, "a1");
  w->n_bad_announcements = 1;
  ls_classic_world_assert_run (w, "poll", "", 1);
  w->n_bad_announcements = 0;
  w->n_bad = 1;
  ls_classic_world_assert_run (w, "poll", "", 0);
  w->n_bad = 0;
  ls_classic_world_assert_run (w, "poll", "announcement_deleted:a1", 1);
}

/* An entity that is followed again has nothing on disk that counts: it is put again, users as a
 * whole. */
static void
test_classic_followed_again (LsClassicWorld *w, gconstpointer data)
{
  w->followed = BIT (USER) | BIT (ANNOUNCEMENT);
  ls_classic_world_set_user (w, "sari", "Sari");
  ls_classic_world_set_announcements (w, 1, 1);
  ls_classic_world_run (w);
  ls_classic_world_forget_log (w);
  w->baselines = 0;
  ls_classic_world_assert_run (w, "poll", "", 2);
  g_assert_cmpint (w->since, ==, 0);
  g_assert_cmphex (w->baselines, ==, w->followed);
  ls_classic_world_assert_run (w, "poll", "", 1); /* the users of the day, for the first time */
  ls_classic_world_assert_run (w, "poll", "", 0);
}

/* What breaks off is put again, and users are asked for as a whole again. */
static void
test_classic_broken_off (LsClassicWorld *w, gconstpointer data)
{
  LsCommand *command;

  w->followed = BIT (USER) | BIT (ANNOUNCEMENT);
  ls_classic_world_set_user (w, "sari", "Sari");
  ls_classic_world_set_announcements (w, 1, 101);
  command = ls_classic_world_start (w);
  while (command->kind != LS_COMMAND_STAGE)
    command = ls_classic_world_answer (w, command);
  ls_command_free (ls_classic_staged (w->classic));
  ls_command_free (command);
  ls_classic_world_forget_log (w);

  ls_classic_world_wait (w, 5 * MINUTE);
  ls_classic_world_assert_run (w, "poll announcements", "", 2);
  g_assert_cmpint (w->since, ==, 0);
  g_assert_cmpuint (ls_classic_world_count (w, LS_ENTITY_ANNOUNCEMENT), ==, 101);
}

/* Grades can't be judged before the table that tells whose they are. */
static void
test_classic_not_learnt_yet (LsClassicWorld *w, gconstpointer data)
{
  w->followed = BIT (GRADE) | BIT (ANNOUNCEMENT);
  w->lesson_error = LS_REASON_SERVER_UNREACHABLE;
  ls_classic_world_set_grade (w, "g1", "s-anna", 80);
  ls_classic_world_set_announcements (w, 1, 1);
  ls_classic_world_assert_run (w, "students poll", "", 1);
  g_assert_cmphex (w->baselines, ==, BIT (ANNOUNCEMENT));
  g_assert_cmphex (ls_classic_get_obtainable (w->classic) & w->followed, ==, BIT (ANNOUNCEMENT));
  g_assert_cmphex (ls_classic_get_incomplete (w->classic), ==, BIT (GRADE));
  g_assert_null (ls_classic_take_sight (w->classic));

  w->lesson_error = LS_REASON_NONE;
  ls_classic_world_assert_run (w, "poll", "", 0);
  ls_classic_world_wait (w, 5 * MINUTE);
  ls_classic_world_assert_run (w, "students poll", "", 1);
  g_assert_cmphex (ls_classic_get_incomplete (w->classic), ==, 0);
  g_assert_cmphex (ls_classic_get_obtainable (w->classic), ==, POLLED);
}

/* What was learnt is handed out once, and stands for the next start, where no list may be had. */
static void
test_classic_sight_is_kept (LsClassicWorld *w, gconstpointer data)
{
  g_autoptr (LsUser) anna = ls_user_new ("anna", NULL, LS_ROLE_STUDENT, LS_EXTRA_ROLE_NONE);
  g_autofree char *sight = NULL;

  w->followed = BIT (GRADE);
  ls_classic_world_set_grade (w, "g1", "s-anna", 80);
  ls_classic_world_run (w);
  sight = ls_classic_take_sight (w->classic);
  g_assert_nonnull (sight);
  g_assert_null (ls_classic_take_sight (w->classic));
  ls_classic_world_forget_log (w);

  ls_classic_set_user (w->classic, anna, sight);
  w->list_error = LS_REASON_TOKEN_REFUSED;
  w->lesson_error = LS_REASON_TOKEN_REFUSED;
  ls_classic_world_assert_run (w, "poll", "", 1);
  g_assert_null (ls_classic_take_sight (w->classic));

  /* another sign-in learns anew, and until then what is known counts */
  ls_classic_signed_in (w->classic);
  ls_classic_world_set_grade (w, "g1", "s-anna", 81);
  ls_classic_world_assert_run (w, "students poll", "grade_updated:g1", 1);
  g_assert_null (ls_classic_take_sight (w->classic));
}

static GPtrArray *
push (LsClassicWorld *w, const char *type, const char *id, const char *data)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  LsEvent *event = ls_event_new (ls_event_type_from_string (type), id, data);

  event->timestamp = 5;
  g_ptr_array_add (events, event);
  return ls_classic_look_at_events (w->classic, events);
}

/* The socket brings everybody's events; only those for the user are taken. */
static void
test_classic_pushed (LsClassicWorld *w, gconstpointer data)
{
  static const struct
  {
    const char *type;
    const char *data;
    const char *seen;
  } events[] = {
    { "grade_updated", "{\"id\":\"x\",\"student_id\":\"s-anna\"}", "" },
    { "grade_updated", "{\"id\":\"x\",\"student_id\":\"s-ben\"}", NULL },
    { "grade_deleted", "{\"id\":\"x\"}", "" },
    { "announcement_created", "{\"id\":\"x\"}", "" },
    { "announcement_created", "{\"id\":\"x\",\"is_active\":0}", NULL },
    { "user_role_changed", "{\"id\":\"x\",\"name\":\"X\",\"phone\":\"1\",\"role\":\"teacher\"}",
      "{\"id\":\"x\",\"name\":\"X\",\"role\":\"teacher\"}" },
    { "user_online", "{\"id\":\"x\"}", "" },
    { "message_created", "{\"id\":\"x\",\"recipient_id\":\"anna\"}", NULL },
  };

  w->followed = BIT (GRADE);
  ls_classic_world_run (w);
  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    {
      g_autoptr (GPtrArray) seen = push (w, events[i].type, "x", events[i].data);

      g_test_message ("%s %s", events[i].type, events[i].data);
      g_assert_cmpuint (seen->len, ==, events[i].seen != NULL);
      if (seen->len == 0)
        continue;
      g_assert_cmpstr (((LsEvent *)seen->pdata[0])->data, ==,
                       *events[i].seen != '\0' ? events[i].seen : events[i].data);
      g_assert_cmpint (((LsEvent *)seen->pdata[0])->timestamp, ==, 5);
    }
}

/* What was pushed may be late: the next poll puts right what it did, also if it came in the midst of
 * a run. */
static void
test_classic_pushed_late (LsClassicWorld *w, gconstpointer data)
{
  LsCommand *command;

  ls_classic_world_set_announcements (w, 1, 1);
  ls_classic_world_run (w);
  ls_classic_world_forget_log (w);
  g_ptr_array_unref (push (w, "announcement_updated", "a1", "{\"id\":\"a1\",\"old\":1}"));
  ls_classic_world_assert_run (w, "poll", "", 1);
  ls_classic_world_assert_run (w, "poll", "", 0);

  ls_classic_world_set_announcements (w, 2, 2);
  command = ls_classic_world_start (w);
  while (command->kind != LS_COMMAND_STAGE)
    command = ls_classic_world_answer (w, command);
  g_ptr_array_unref (push (w, "announcement_updated", "a1", "{\"id\":\"a1\",\"old\":1}"));
  while (command != NULL)
    command = ls_classic_world_answer (w, command);
  ls_classic_world_forget_log (w);
  ls_classic_world_assert_run (w, "poll", "", 1);
  ls_classic_world_assert_run (w, "poll", "", 0);
}

/* The next one who signs in has nothing to do with the last. */
static void
test_classic_another_user (LsClassicWorld *w, gconstpointer data)
{
  g_autoptr (LsUser) ben = ls_user_new ("ben", NULL, LS_ROLE_ADMIN, LS_EXTRA_ROLE_NONE);

  ls_classic_world_set_announcements (w, 1, 101);
  w->list_error = LS_REASON_TOKEN_REFUSED;
  ls_classic_world_run (w);
  ls_classic_world_forget_log (w);
  w->list_error = LS_REASON_NONE;
  w->baselines = 0;
  g_hash_table_remove_all (w->disk[LS_ENTITY_ANNOUNCEMENT]);
  ls_classic_set_user (w->classic, ben, NULL);
  g_assert_false (ls_classic_are_lists_refused (w->classic));
  ls_classic_world_assert_run (w, "poll announcements", "", 1);
  g_assert_cmpuint (ls_classic_world_count (w, LS_ENTITY_ANNOUNCEMENT), ==, 101);

  ls_classic_set_user (w->classic, NULL, NULL);
  g_assert_cmphex (ls_classic_get_obtainable (w->classic), ==, 0);
}

/* A day of polls, in which nothing happens */
static void
test_classic_quiet_day (LsClassicWorld *w, gconstpointer data)
{
  w->followed = POLLED;
  w->remaining = 90;
  ls_classic_world_set_announcements (w, 1, 131);
  ls_classic_world_set_grade (w, "g1", "s-anna", 80);
  ls_classic_world_set_user (w, "sari", "Sari");
  ls_classic_world_run (w);
  ls_classic_world_run (w);
  ls_classic_world_forget_log (w);
  for (gint64 t = 0; t < DAY; t += MINUTE)
    {
      ls_classic_world_wait (w, MINUTE);
      ls_classic_world_run (w);
    }
  ls_classic_world_assert_took (w->told, "");
  g_assert_cmpuint (w->n_puts, ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  LS_CLASSIC_ADD ("changes", test_classic_changes);
  LS_CLASSIC_ADD ("rows-of-others", test_classic_rows_of_others);
  LS_CLASSIC_ADD ("left-out", test_classic_left_out);
  LS_CLASSIC_ADD ("empty", test_classic_empty);
  LS_CLASSIC_ADD ("bad-rows", test_classic_bad_rows);
  LS_CLASSIC_ADD ("followed-again", test_classic_followed_again);
  LS_CLASSIC_ADD ("broken-off", test_classic_broken_off);
  LS_CLASSIC_ADD ("sight/not-learnt-yet", test_classic_not_learnt_yet);
  LS_CLASSIC_ADD ("sight/is-kept", test_classic_sight_is_kept);
  LS_CLASSIC_ADD ("pushed/whose", test_classic_pushed);
  LS_CLASSIC_ADD ("pushed/late", test_classic_pushed_late);
  LS_CLASSIC_ADD ("another-user", test_classic_another_user);
  LS_CLASSIC_ADD ("quiet-day", test_classic_quiet_day);
  return g_test_run ();
}
