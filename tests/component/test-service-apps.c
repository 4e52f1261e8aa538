/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Apps about which the user decides. */
#include "ls-service-fixture.h"

#include <glib/gstdio.h>

#include "ls-apps-service.h"

#define GRADES "org.school.Grades"
#define QUESTION "app " GRADES
#define READ "Cache.List", "('grade', @a{sv} {})"
#define SUBSCRIBE "Events.Subscribe", "(['grade_created'], @a{sv} {})"
#define UPDATE "Queue.Enqueue", "('update', 'grade', 'r-1', '{\"score\":80}', @a{sv} {})"
#define LIST "Apps.List", "(@a{sv} {},)"
#define DECIDE(decision) "Apps.Decide", "('" GRADES "', '" decision "', @a{sv} {})"

static void
set_policy (LsServiceFixture *f, LsSandboxPolicy sandboxed)
{
  const LsAccessPolicy policy = { .host = TRUE, .sandboxed = sandboxed };

  ls_service_set_policy (f->service, &policy);
}

static void
become (LsServiceFixture *f, LsAppKind kind, const char *id)
{
  ls_fake_app_finder_set (f->finder, g_dbus_connection_get_unique_name (f->app), kind, id);
}

/* Somebody is signed in, and the app is in a sandbox whose apps are asked about. */
static void
begin (LsServiceFixture *f)
{
  ls_service_fixture_sign_in (f);
  ls_service_fixture_publish (f, "grade_created", 1, 1);
  set_policy (f, LS_SANDBOX_ASK);
  become (f, LS_APP_SANDBOXED, GRADES);
}

static void
call (LsServiceFixture *f, const char *method, const char *arguments)
{
  g_autoptr (GVariant) answer = ls_service_fixture_call (f, method, arguments);

  g_assert_nonnull (answer);
}

static void
denied (LsServiceFixture *f, const char *method, const char *arguments, const char *names)
{
  ls_service_fixture_refused (f, method, arguments, LS_ERROR_ACCESS_DENIED, names);
}

/* As a program of the host, from another connection. */
static GVariant *
call_as_host (LsServiceFixture *f, const char *method, const char *arguments)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = g_variant_parse (NULL, arguments, NULL, NULL, NULL);
  GVariant *answer = ls_service_fixture_call_from (f, f->other, LS_BUS_PATH, method, value, &error);

  g_assert_no_error (error);
  return answer;
}

static void
decide (LsServiceFixture *f, const char *method, const char *arguments)
{
  g_autoptr (GVariant) answer = call_as_host (f, method, arguments);

  g_assert_nonnull (answer);
}

static void
assert_listed (LsServiceFixture *f, const char *expected)
{
  g_autoptr (GVariant) answer = call_as_host (f, LIST);
  g_autofree char *text = g_variant_print (answer, FALSE);

  g_assert_cmpstr (text, ==, expected);
}

static void
assert_waiting (LsServiceFixture *f, guint n)
{
  g_autoptr (GVariant) value = ls_service_fixture_get_property (f, "Apps", "Waiting");

  g_assert_cmpuint (g_variant_get_uint32 (value), ==, n);
}

static gboolean
is_asked (LsServiceFixture *f)
{
  return ls_fake_notifier_get_text (f->notifier, QUESTION) != NULL;
}

/* Without a server that would want to be answered meanwhile. */
static void
pass_time (LsServiceFixture *f, gint64 duration_ms)
{
  ls_agent_disconnect (f->agent);
  ls_fake_clock_advance (f->clock, duration_ms);
}

static void
test_allow (LsServiceFixture *f, gconstpointer data)
{
  begin (f);
  g_assert_false (is_asked (f));
  denied (f, READ, "the user is asked");
  g_assert_nonnull (strstr (ls_fake_notifier_get_text (f->notifier, QUESTION), GRADES));
  assert_waiting (f, 1);
  assert_listed (f, "([{'app': <'" GRADES "'>, 'decision': <'waiting'>}],)");

  ls_fake_notifier_press (f->notifier, QUESTION, "allow");
  assert_waiting (f, 0);
  assert_listed (f, "([{'app': <'" GRADES "'>, 'decision': <'allow'>}],)");
  call (f, READ);
  call (f, UPDATE);
  call (f, SUBSCRIBE);
  call (f, "Connection.SyncNow", "(@a{sv} {},)");

  /* it is the data that was allowed, not the account, nor what others did */
  denied (f, "Account.SignOut", "(@a{sv} {},)", GRADES);
  denied (f, "Connection.Disconnect", "(@a{sv} {},)", GRADES);
  denied (f, "Diagnostics.GetAudit", "(@a{sv} {},)", GRADES);
  denied (f, LIST, GRADES);
  denied (f, DECIDE ("deny"), GRADES);
  g_assert_cmpuint (ls_fake_notifier_count (f->notifier), ==, 1);
}

static void
test_deny (LsServiceFixture *f, gconstpointer data)
{
  begin (f);
  denied (f, SUBSCRIBE, "the user is asked");
  ls_fake_notifier_press (f->notifier, QUESTION, "deny");
  denied (f, READ, "the user has said no");
  denied (f, UPDATE, "the user has said no");
  pass_time (f, LS_APPS_ASK_AGAIN_MS + 1);
  denied (f, READ, "the user has said no");
  g_assert_cmpuint (ls_fake_notifier_count (f->notifier), ==, 1);
  assert_waiting (f, 0);
}

/* An app that tries again and again does not make a prompt of each. */
static void
test_asked_once (LsServiceFixture *f, gconstpointer data)
{
  begin (f);
  for (guint i = 0; i < 5; i++)
    {
      denied (f, READ, "the user is asked");
      denied (f, UPDATE, "the user is asked");
      denied (f, "Events.GetEvents", "('', uint32 10, @a{sv} {})", "the user is asked");
    }
  g_assert_cmpuint (ls_fake_notifier_count (f->notifier), ==, 1);

  /* not even when it is shown for long */
  pass_time (f, LS_APPS_ASK_AGAIN_MS);
  denied (f, READ, "the user is asked");
  g_assert_cmpuint (ls_fake_notifier_count (f->notifier), ==, 1);

  ls_fake_notifier_close (f->notifier, QUESTION);
  denied (f, READ, "the user is asked");
  g_assert_cmpuint (ls_fake_notifier_count (f->notifier), ==, 2);
  ls_fake_notifier_close (f->notifier, QUESTION);
  pass_time (f, LS_APPS_ASK_AGAIN_MS - 1);
  denied (f, READ, "the user is asked");
  g_assert_cmpuint (ls_fake_notifier_count (f->notifier), ==, 2);
  pass_time (f, 1);
  denied (f, READ, "the user is asked");
  g_assert_cmpuint (ls_fake_notifier_count (f->notifier), ==, 3);
  assert_waiting (f, 1);
}

/* What takes the right to everything is nothing that an answer would change. */
static void
test_not_asked (LsServiceFixture *f, gconstpointer data)
{
  begin (f);
  denied (f, "Account.SignOut", "(@a{sv} {},)", GRADES);
  denied (f, "Diagnostics.GetAudit", "(@a{sv} {},)", GRADES);
  denied (f, LIST, GRADES);
  become (f, LS_APP_UNKNOWN, NULL);
  denied (f, READ, "the settings");
  become (f, LS_APP_SANDBOXED, GRADES);
  set_policy (f, LS_SANDBOX_DENY);
  denied (f, READ, "the settings");
  g_assert_cmpuint (ls_fake_notifier_count (f->notifier), ==, 0);
  assert_waiting (f, 0);
}

static void
test_many (LsServiceFixture *f, gconstpointer data)
{
  begin (f);
  for (guint i = 0; i < LS_APPS_MAX_WAITING + 5; i++)
    {
      g_autofree char *id = g_strdup_printf ("org.school.App%u", i);

      become (f, LS_APP_SANDBOXED, id);
      denied (f, READ, id);
    }
  g_assert_cmpuint (ls_fake_notifier_count (f->notifier), ==, LS_APPS_MAX_WAITING);
}

static void
test_decide (LsServiceFixture *f, gconstpointer data)
{
  ls_service_fixture_refused (f, DECIDE ("allow"), LS_ERROR_NOT_SIGNED_IN, NULL);
  begin (f);
  denied (f, READ, "the user is asked");
  decide (f, DECIDE ("allow"));
  g_assert_false (is_asked (f));
  call (f, READ);
  decide (f, DECIDE ("deny"));
  denied (f, READ, "the user has said no");

  /* who is to be asked again need not wait for it */
  decide (f, DECIDE ("forget"));
  assert_listed (f, "([],)");
  denied (f, READ, "the user is asked");
  g_assert_cmpuint (ls_fake_notifier_count (f->notifier), ==, 2);

  become (f, LS_APP_HOST, "/usr/bin/app");
  ls_service_fixture_refused (f, DECIDE ("maybe"), LS_ERROR_INVALID_ARGUMENT, "maybe");
  ls_service_fixture_refused (f, "Apps.Decide", "('/usr/bin/app', 'deny', @a{sv} {})",
                              LS_ERROR_INVALID_ARGUMENT, "/usr/bin/app");
  ls_service_fixture_refused (f, "Apps.Decide", "(':1.1', 'deny', @a{sv} {})",
                              LS_ERROR_INVALID_ARGUMENT, NULL);
  ls_service_fixture_refused (f, "Apps.Decide", "('a.b', 'deny', {'at': <1>})",
                              LS_ERROR_UNKNOWN_OPTION, "at");
}

static void
test_limit (LsServiceFixture *f, gconstpointer data)
{
  begin (f);
  for (guint i = 0; i < LS_DECISIONS_MAX; i++)
    {
      g_autofree char *arguments = g_strdup_printf ("('org.school.App%u', 'deny', @a{sv} {})", i);

      decide (f, "Apps.Decide", arguments);
    }
  become (f, LS_APP_HOST, "/usr/bin/app");
  ls_service_fixture_refused (f, DECIDE ("allow"), LS_ERROR_LIMIT_EXCEEDED, NULL);

  /* whoever is decided about already can be decided about anew */
  decide (f, "Apps.Decide", "('org.school.App0', 'allow', @a{sv} {})");
  decide (f, "Apps.Decide", "('org.school.App1', 'forget', @a{sv} {})");
  decide (f, DECIDE ("allow"));
}

/* Not even an app that may do everything else, nor one that can't be seen. */
static void
test_who_decides (LsServiceFixture *f, gconstpointer data)
{
  begin (f);
  denied (f, READ, "the user is asked");
  denied (f, DECIDE ("allow"), GRADES);
  set_policy (f, LS_SANDBOX_ALLOW);
  denied (f, DECIDE ("allow"), "sandbox");
  become (f, LS_APP_UNKNOWN, NULL);
  denied (f, DECIDE ("allow"), "unknown");
  set_policy (f, LS_SANDBOX_ASK);
  become (f, LS_APP_SANDBOXED, GRADES);
  denied (f, READ, "the user is asked");
}

/* A running app loses at once what it has open. */
static void
test_taken_away (LsServiceFixture *f, gconstpointer data)
{
  static const char *const decisions[] = { "deny", "forget" };

  begin (f);
  for (guint i = 0; i < G_N_ELEMENTS (decisions); i++)
    {
      g_autofree char *arguments =
          g_strdup_printf ("('" GRADES "', '%s', @a{sv} {})", decisions[i]);

      decide (f, DECIDE ("allow"));
      call (f, SUBSCRIBE);
      g_assert_cmpuint (ls_service_fixture_count_subscriptions (f), ==, 1);
      decide (f, "Apps.Decide", arguments);
      g_assert_cmpuint (ls_service_fixture_count_subscriptions (f), ==, 0);
      /* nobody is asked because of that */
      g_assert_false (is_asked (f));
    }
}

static void
test_settings_win (LsServiceFixture *f, gconstpointer data)
{
  const char *const grants[] = { GRADES ":announcement", NULL };
  const LsAccessPolicy policy = { .host = TRUE, .sandboxed = LS_SANDBOX_ASK, .read = grants };

  begin (f);
  denied (f, READ, "the user is asked");

  /* what is asked is no question any more */
  set_policy (f, LS_SANDBOX_DENY);
  g_assert_false (is_asked (f));
  assert_waiting (f, 0);
  set_policy (f, LS_SANDBOX_ASK);
  denied (f, READ, "the user is asked");
  ls_service_set_policy (f->service, &policy);
  g_assert_false (is_asked (f));

  /* nor does it matter what was said */
  decide (f, DECIDE ("allow"));
  denied (f, READ, "the settings");
  call (f, "Cache.List", "('announcement', @a{sv} {})");
  decide (f, DECIDE ("deny"));
  call (f, "Cache.List", "('announcement', @a{sv} {})");
  set_policy (f, LS_SANDBOX_ALLOW);
  call (f, READ);
  decide (f, DECIDE ("allow"));
  set_policy (f, LS_SANDBOX_DENY);
  denied (f, READ, "the settings");
}

static void
test_restart (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->dir, "decisions", NULL);
  GStatBuf info;

  begin (f);
  decide (f, DECIDE ("allow"));
  ls_service_fixture_restart_service (f);
  set_policy (f, LS_SANDBOX_ASK);
  call (f, READ);
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
}

/* What one user allows is nothing that another one does, and goes with what else is theirs. */
static void
test_another_user (LsServiceFixture *f, gconstpointer data)
{
  begin (f);
  decide (f, DECIDE ("allow"));
  call (f, SUBSCRIBE);
  f->user_id = "u-2";
  become (f, LS_APP_HOST, "/usr/bin/app");
  ls_service_fixture_sign_in (f);
  become (f, LS_APP_SANDBOXED, GRADES);
  g_assert_cmpuint (ls_service_fixture_count_subscriptions (f), ==, 0);
  assert_listed (f, "([],)");
  denied (f, READ, "the user is asked");
  g_assert_true (is_asked (f));

  f->user_id = "u-1";
  become (f, LS_APP_HOST, "/usr/bin/app");
  ls_service_fixture_sign_in (f);
  become (f, LS_APP_SANDBOXED, GRADES);
  g_assert_false (is_asked (f));
  assert_waiting (f, 0);
  call (f, READ);

  decide (f, "Account.SignOut", "({'wipe': <true>},)");
  assert_listed (f, "([],)");
  become (f, LS_APP_HOST, "/usr/bin/app");
  ls_service_fixture_sign_in (f);
  become (f, LS_APP_SANDBOXED, GRADES);
  denied (f, READ, "the user is asked");
}

static void
test_audit (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *lines = NULL;

  begin (f);
  denied (f, READ, "the user is asked");
  ls_fake_notifier_press (f->notifier, QUESTION, "allow");
  decide (f, DECIDE ("deny"));
  decide (f, DECIDE ("forget"));
  denied (f, DECIDE ("allow"), GRADES);
  become (f, LS_APP_HOST, "/usr/bin/app");
  lines = ls_service_fixture_read_audit (f, "@a{sv} {}");
  g_assert_cmpstr (lines, ==,
                   GRADES " decide  AccessDenied\n/usr/bin/app forget " GRADES " ok\n"
                          "/usr/bin/app deny " GRADES " ok\nnotification allow " GRADES
                          " ok\n" GRADES " read grade AccessDenied\n" GRADES
                          " ask  ok\n/usr/bin/app set-tokens  ok\n");
}

#define ADD(name, function)                                                                        \
  g_test_add ("/service/apps/" name, LsServiceFixture, NULL, ls_service_fixture_set_up, function,  \
              ls_service_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("allow", test_allow);
  ADD ("deny", test_deny);
  ADD ("asked-once", test_asked_once);
  ADD ("not-asked", test_not_asked);
  ADD ("many", test_many);
  ADD ("decide", test_decide);
  ADD ("limit", test_limit);
  ADD ("who-decides", test_who_decides);
  ADD ("taken-away", test_taken_away);
  ADD ("settings-win", test_settings_win);
  ADD ("restart", test_restart);
  ADD ("another-user", test_another_user);
  ADD ("audit", test_audit);
  return g_test_run ();
}
