/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The limits of an app in a sandbox, however many connections it opens, and what is said to one that can't be
 * looked at. */
#include "ls-service-fixture.h"

#include "ls-callers.h"

#define GRADES "org.school.Grades"
#define ALL "(@as [], @a{sv} {})"

/* Both connections are those of one app, which may do everything but exceed its limits. */
static void
set_up (LsServiceFixture *f, gconstpointer data)
{
  const LsAccessPolicy policy = { .host = TRUE, .sandboxed = TRUE };
  GDBusConnection *connections[2];

  ls_service_fixture_set_up (f, data);
  connections[0] = f->app;
  connections[1] = f->other;
  for (guint i = 0; i < G_N_ELEMENTS (connections); i++)
    ls_fake_app_finder_set (f->finder, g_dbus_connection_get_unique_name (connections[i]),
                            LS_APP_SANDBOXED, GRADES);
  ls_service_set_policy (f->service, &policy);
  ls_service_fixture_sign_in (f);
}

/* Calls come from the other connection from now on. */
static void
change_places (LsServiceFixture *f)
{
  GDBusConnection *app = f->app;

  f->app = f->other;
  f->other = app;
}

static char *
subscribe (LsServiceFixture *f)
{
  g_autoptr (GVariant) answer = ls_service_fixture_call (f, "Events.Subscribe", ALL);
  char *path;

  g_variant_get (answer, "(o)", &path);
  return path;
}

static void
subscribe_often (LsServiceFixture *f, guint n)
{
  for (guint i = 0; i < n; i++)
    g_free (subscribe (f));
}

static void
assert_full (LsServiceFixture *f)
{
  ls_service_fixture_refused (f, "Events.Subscribe", ALL, LS_ERROR_LIMIT_EXCEEDED, "64");
}

static void
test_subscriptions (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  subscribe_often (f, 40);
  change_places (f);
  subscribe_often (f, LS_CALLERS_MAX_SUBSCRIPTIONS - 41);
  path = subscribe (f);
  assert_full (f);
  change_places (f);
  assert_full (f);

  ls_service_fixture_call_subscription (f, f->other, path, "Subscription.Close", NULL, &error);
  g_assert_no_error (error);
  subscribe_often (f, 1);
  assert_full (f);

  /* what one connection had is free when it has left */
  g_assert_true (g_dbus_connection_close_sync (f->app, NULL, NULL));
  LS_SERVICE_WAIT (f,
                   ls_service_fixture_count_subscriptions (f) == LS_CALLERS_MAX_SUBSCRIPTIONS - 41);
  change_places (f);
  subscribe_often (f, 41);
  assert_full (f);
}

static guint
count_done (const LsServiceAnswer *answers, guint n)
{
  guint n_done = 0;

  for (guint i = 0; i < n; i++)
    n_done += answers[i].done;
  return n_done;
}

/* Begins more calls than there may be, by both connections, and returns how many were one too many. */
static guint
exceed_calls (LsServiceFixture *f, gboolean hidden)
{
  LsServiceAnswer answers[LS_CALLERS_MAX_CALLS + 8];
  const guint n = G_N_ELEMENTS (answers);
  guint n_limited = 0;

  if (hidden)
    ls_fake_app_finder_hide (f->finder);
  for (guint i = 0; i < n; i++)
    {
      ls_service_fixture_begin (f, "Connection.SyncNow", "(@a{sv} {},)", &answers[i]);
      change_places (f);
    }
  if (hidden)
    {
      LS_SERVICE_WAIT (f, ls_fake_app_finder_count_waiting (f->finder) == n);
      ls_fake_app_finder_reveal (f->finder);
    }
  /* while the server answers nothing */
  while (count_done (answers, n) < 8)
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < n; i++)
    n_limited += g_error_matches (answers[i].error, LS_ERROR, LS_ERROR_LIMIT_EXCEEDED);

  LS_SERVICE_WAIT (f, count_done (answers, n) == n);
  for (guint i = 0; i < n; i++)
    {
      g_clear_pointer (&answers[i].value, g_variant_unref);
      g_clear_error (&answers[i].error);
    }
  return n_limited;
}

static void
test_calls (LsServiceFixture *f, gconstpointer data)
{
  LS_SERVICE_WAIT (f, ls_agent_get_status (f->agent)->state == LS_STATE_LIVE);
  g_assert_cmpuint (exceed_calls (f, FALSE), ==, 8);
  /* also where it turns out only then that two connections are one app's */
  g_assert_cmpuint (exceed_calls (f, TRUE), ==, 8);
  g_assert_cmpuint (exceed_calls (f, FALSE), ==, 8);
}

static void
test_waits (LsServiceFixture *f, gconstpointer data)
{
  g_autofree LsServiceAnswer *answers = g_new (LsServiceAnswer, LS_CALLERS_MAX_WAITS);
  g_autofree char *id =
      ls_service_fixture_enqueue (f, "('update', 'grade', 'r-1', '{}', @a{sv} {})");
  g_autofree char *wait = g_strdup_printf ("('%s', 'accepted', @a{sv} {})", id);

  for (guint i = 0; i < LS_CALLERS_MAX_WAITS; i++)
    {
      ls_service_fixture_begin (f, "Queue.WaitFor", wait, &answers[i]);
      change_places (f);
    }
  ls_service_fixture_flush (f);
  ls_service_fixture_refused (f, "Queue.WaitFor", wait, LS_ERROR_LIMIT_EXCEEDED, "64");
  change_places (f);
  ls_service_fixture_refused (f, "Queue.WaitFor", wait, LS_ERROR_LIMIT_EXCEEDED, "64");

  ls_service_fixture_reply (f, 200, NULL, NULL, 2);
  for (guint i = 0; i < LS_CALLERS_MAX_WAITS; i++)
    {
      LS_SERVICE_WAIT (f, answers[i].done);
      g_assert_no_error (answers[i].error);
      g_clear_pointer (&answers[i].value, g_variant_unref);
    }
}

/* Another app has limits of its own. */
static void
test_others (LsServiceFixture *f, gconstpointer data)
{
  subscribe_often (f, LS_CALLERS_MAX_SUBSCRIPTIONS);
  change_places (f);
  assert_full (f);
  ls_service_fixture_become (f, LS_APP_SANDBOXED, "org.school.Reports");
  subscribe_often (f, 1);
}

/* Who could not be looked at is told so, and may well be somebody with the next call. */
static void
test_no_room_to_look (LsServiceFixture *f, gconstpointer data)
{
  LsServiceAnswer answer;

  ls_fake_app_finder_hide (f->finder);
  ls_service_fixture_begin (f, "Cache.List", "('grade', @a{sv} {})", &answer);
  LS_SERVICE_WAIT (f, ls_fake_app_finder_count_waiting (f->finder) == 1);
  ls_fake_app_finder_fail (f->finder);
  LS_SERVICE_WAIT (f, answer.done);
  g_assert_error (answer.error, LS_ERROR, LS_ERROR_LIMIT_EXCEEDED);
  g_clear_error (&answer.error);

  ls_fake_app_finder_reveal (f->finder);
  g_variant_unref (ls_service_fixture_call (f, "Cache.List", "('grade', @a{sv} {})"));
}

#define ADD(name, function)                                                                        \
  g_test_add ("/service-callers/" name, LsServiceFixture, NULL, set_up, function,                  \
              ls_service_fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("subscriptions", test_subscriptions);
  ADD ("calls", test_calls);
  ADD ("waits", test_waits);
  ADD ("others", test_others);
  ADD ("no-room-to-look", test_no_room_to_look);
  return g_test_run ();
}
