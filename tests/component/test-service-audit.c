/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is written down of who did what. */
#include "ls-service-fixture.h"

#define GRADES "org.school.Grades"

static void
call (LsServiceFixture *f, const char *method, const char *arguments)
{
  g_autoptr (GVariant) answer = ls_service_fixture_call (f, method, arguments);

  g_assert_nonnull (answer);
}

static void
denied (LsServiceFixture *f, const char *method, const char *arguments)
{
  ls_service_fixture_refused (f, method, arguments, LS_ERROR_ACCESS_DENIED, NULL);
}

static void
assert_audit (LsServiceFixture *f, const char *options, const char *expected)
{
  g_autofree char *lines = ls_service_fixture_read_audit (f, options);

  g_assert_cmpstr (lines, ==, expected);
}

static guint
count_lines (LsServiceFixture *f, const char *beginning)
{
  g_autofree char *text = ls_service_fixture_read_audit (f, "{'limit': <uint32 1000>}");
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint n = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    n += g_str_has_prefix (lines[i], beginning);
  return n;
}

static void
test_audit (LsServiceFixture *f, gconstpointer data)
{
  ls_service_fixture_refused (f, "Diagnostics.GetAudit", "(@a{sv} {},)", LS_ERROR_NOT_SIGNED_IN,
                              NULL);
  ls_service_fixture_sign_in (f);
  assert_audit (f, "@a{sv} {}", "/usr/bin/app set-tokens  ok\n");

  for (guint i = 0; i < 3; i++)
    call (f, "Cache.List", "('grade', @a{sv} {})");
  ls_service_fixture_become (f, LS_APP_SANDBOXED, GRADES);
  for (guint i = 0; i < 3; i++)
    denied (f, "Cache.List", "('grade', @a{sv} {})");
  denied (f, "Account.SignOut", "(@a{sv} {},)");
  ls_service_fixture_become (f, LS_APP_HOST, "/usr/bin/app");
  assert_audit (f, "@a{sv} {}",
                GRADES " sign-out  AccessDenied\n" GRADES " read grade AccessDenied\n"
                       "/usr/bin/app read grade ok\n/usr/bin/app set-tokens  ok\n");
  assert_audit (f, "{'limit': <uint32 1>}", GRADES " sign-out  AccessDenied\n");
  assert_audit (f, "{'before': <uint64 3>}",
                "/usr/bin/app read grade ok\n/usr/bin/app set-tokens  ok\n");
  assert_audit (f, "{'sent': <true>}", "");
  ls_service_fixture_refused (f, "Diagnostics.GetAudit", "({'limit': <uint32 0>},)",
                              LS_ERROR_INVALID_ARGUMENT, "limit");

  /* it lasts, and a sign-out is something that is sent */
  call (f, "Account.SignOut", "(@a{sv} {},)");
  ls_service_fixture_sign_in (f);
  assert_audit (f, "{'sent': <true>}", "/usr/bin/app sign-out  ok\n");
}

/* Who reads what has happened reads the rows. */
static void
test_audit_of_events (LsServiceFixture *f, gconstpointer data)
{
  ls_service_fixture_sign_in (f);
  f->role = LS_ROLE_PARENT;
  ls_agent_reconnect (f->agent);
  LS_SERVICE_WAIT (f, ls_agent_get_user (f->agent)->role == LS_ROLE_PARENT);
  for (guint i = 0; i < 3; i++)
    call (f, "Events.GetEvents", "('', uint32 10, @a{sv} {})");
  g_assert_cmpuint (count_lines (f, "/usr/bin/app read grade ok"), ==, 1);
  /* which a parent does not see */
  g_assert_cmpuint (count_lines (f, "/usr/bin/app read library_material"), ==, 0);
}

/* That somebody tried to is of interest, too; and nothing is sent where nobody hears it. */
static void
test_audit_of_account (LsServiceFixture *f, gconstpointer data)
{
  ls_service_fixture_sign_in (f);
  ls_agent_disconnect (f->agent);
  ls_service_fixture_refused (f, "Account.SetTokens", "('no token', '', @a{sv} {})",
                              LS_ERROR_INVALID_ARGUMENT, NULL);
  g_free (ls_service_fixture_enqueue (f, "('delete', 'grade', 'r-1', '', @a{sv} {})"));
  ls_service_fixture_refused (f, "Account.SignOut", "({'wipe': <true>},)", LS_ERROR_UNSENT_WORK,
                              NULL);
  assert_audit (f, "@a{sv} {}",
                "/usr/bin/app sign-out  UnsentWork\n/usr/bin/app set-tokens  InvalidArgument\n"
                "/usr/bin/app set-tokens  ok\n");

  call (f, "Account.SignOut", "(@a{sv} {},)");
  call (f, "Connection.Connect", "(@a{sv} {},)");
  ls_service_fixture_sign_in (f);
  g_assert_cmpuint (count_lines (f, "/usr/bin/app sign-out  ok"), ==, 1);
  assert_audit (f, "{'sent': <true>}", "");
}

/* The line about an action's outcome has the name of who enqueued it; who else has a hand in it has lines, too. */
static void
test_audit_of_actions (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *id = NULL;
  g_autofree char *one = NULL;
  g_autofree char *with_options = NULL;
  g_autofree char *edit = NULL;

  ls_service_fixture_sign_in (f);
  ls_agent_disconnect (f->agent);
  ls_service_fixture_become (f, LS_APP_HOST, "/usr/bin/other");
  id = ls_service_fixture_enqueue (f, "('update', 'grade', 'r-1', '{\"n\":5}', @a{sv} {})");
  one = g_strdup_printf ("('%s',)", id);
  with_options = g_strdup_printf ("('%s', @a{sv} {})", id);
  edit = g_strdup_printf ("('%s', '{\"n\":6}', @a{sv} {})", id);
  call (f, "Queue.Get", one);
  call (f, "Queue.Edit", edit);
  ls_service_fixture_become (f, LS_APP_HOST, "/usr/bin/app");
  assert_audit (f, "@a{sv} {}", "/usr/bin/app set-tokens  ok\n");

  call (f, "Queue.Get", one);
  call (f, "Queue.List", "(@a{sv} {},)");
  call (f, "Queue.Export", "(@a{sv} {},)");
  call (f, "Queue.Edit", edit);
  ls_service_fixture_refused (f, "Queue.Undo", with_options, LS_ERROR_NOT_FOUND, NULL);
  call (f, "Queue.Cancel", with_options);
  assert_audit (f, "@a{sv} {}",
                "/usr/bin/other update grade/r-1 cancelled\n/usr/bin/app cancel grade/r-1 ok\n"
                "/usr/bin/app undo grade/r-1 NotFound\n/usr/bin/app edit grade/r-1 ok\n"
                "/usr/bin/app read-action grade ok\n/usr/bin/app set-tokens  ok\n");
}

/* What one user did is not for the next one, nor for anybody once it was wiped. */
static void
test_audit_of_another (LsServiceFixture *f, gconstpointer data)
{
  ls_service_fixture_sign_in (f);
  call (f, "Cache.List", "('grade', @a{sv} {})");
  call (f, "Account.SignOut", "(@a{sv} {},)");

  f->user_id = "u-2";
  ls_service_fixture_sign_in (f);
  assert_audit (f, "@a{sv} {}", "/usr/bin/app set-tokens  ok\n");
  call (f, "Account.SignOut", "(@a{sv} {},)");

  f->user_id = "u-1";
  ls_service_fixture_sign_in (f);
  call (f, "Account.SignOut", "({'wipe': <true>},)");
  ls_service_fixture_sign_in (f);
  assert_audit (f, "@a{sv} {}", "/usr/bin/app set-tokens  ok\n");
}

/* Each of these would be another line. */
static void
want_changes (LsServiceFixture *f, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *arguments =
          g_strdup_printf ("('create', 'thing_%u', '', '{}', @a{sv} {})", i);

      denied (f, "Queue.Enqueue", arguments);
    }
}

/* An app that is refused everything has nothing of its own written down, be it as long as it may. */
static void
test_subject (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *long_name = g_strnfill (LS_MAX_ENTITY_NAME + 1, 'a');
  g_autofree char *too_long = g_strdup_printf ("('create', '%s', '', '{}', @a{sv} {})", long_name);

  ls_service_fixture_sign_in (f);
  ls_service_fixture_become (f, LS_APP_SANDBOXED, GRADES);
  denied (f, "Queue.Enqueue", "('create', 'Grade', '', '{}', @a{sv} {})");
  denied (f, "Queue.Enqueue", "('create', 'read it\n', '', '{}', @a{sv} {})");
  denied (f, "Queue.Enqueue", too_long);
  denied (f, "Queue.Enqueue", "('create', 'budget', '', '{}', @a{sv} {})");
  denied (f, "Queue.Enqueue", "('create', 'grade', '', '{}', @a{sv} {})");
  ls_service_fixture_become (f, LS_APP_HOST, "/usr/bin/app");
  assert_audit (f, "@a{sv} {}",
                GRADES " enqueue grade.create AccessDenied\n" GRADES
                       " enqueue budget.create AccessDenied\n" GRADES
                       " enqueue other.create AccessDenied\n/usr/bin/app set-tokens  ok\n");
}

/* No app pushes what others did out of the audit; that it tried is in it. */
static void
test_flood (LsServiceFixture *f, gconstpointer data)
{
  ls_service_fixture_sign_in (f);
  ls_agent_disconnect (f->agent);
  ls_service_fixture_become (f, LS_APP_SANDBOXED, GRADES);
  want_changes (f, 40);
  ls_service_fixture_become (f, LS_APP_HOST, "/usr/bin/app");
  call (f, "Cache.List", "('grade', @a{sv} {})");
  g_assert_cmpuint (count_lines (f, GRADES " enqueue"), ==, 30);
  g_assert_cmpuint (count_lines (f, GRADES " left-out"), ==, 0);
  g_assert_cmpuint (count_lines (f, "/usr/bin/app read grade ok"), ==, 1);

  ls_fake_clock_advance (f->clock, 60000);
  g_assert_cmpuint (count_lines (f, GRADES " left-out  10"), ==, 1);
  /* what did not get a line before gets one now */
  ls_service_fixture_become (f, LS_APP_SANDBOXED, GRADES);
  want_changes (f, 40);
  ls_service_fixture_become (f, LS_APP_HOST, "/usr/bin/app");
  g_assert_cmpuint (count_lines (f, GRADES " enqueue"), ==, 40);
}

/* Nor by what it may do. */
static void
test_flood_of_outcomes (LsServiceFixture *f, gconstpointer data)
{
  ls_service_fixture_sign_in (f);
  ls_agent_disconnect (f->agent);
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *id =
          ls_service_fixture_enqueue (f, "('update', 'grade', 'r-1', '{\"score\":80}', @a{sv} {})");
      g_autofree char *arguments = g_strdup_printf ("('%s', @a{sv} {})", id);

      call (f, "Queue.Cancel", arguments);
    }
  /* one of the thirty was for the tokens */
  g_assert_cmpuint (count_lines (f, "/usr/bin/app update grade/r-1 cancelled"), ==, 29);
  ls_fake_clock_advance (f->clock, 60000);
  g_assert_cmpuint (count_lines (f, "/usr/bin/app left-out  11"), ==, 1);
}

/* What was not noted of one user is not told to the next. */
static void
test_flood_before_sign_out (LsServiceFixture *f, gconstpointer data)
{
  ls_service_fixture_sign_in (f);
  ls_service_fixture_become (f, LS_APP_SANDBOXED, GRADES);
  want_changes (f, 40);
  ls_service_fixture_become (f, LS_APP_HOST, "/usr/bin/app");
  call (f, "Account.SignOut", "(@a{sv} {},)");
  f->user_id = "u-2";
  ls_service_fixture_sign_in (f);
  ls_agent_disconnect (f->agent);
  ls_fake_clock_advance (f->clock, 60000);
  assert_audit (f, "@a{sv} {}", "/usr/bin/app set-tokens  ok\n");
}

#define ADD(name, function)                                                                        \
  g_test_add ("/service/audit/" name, LsServiceFixture, NULL, ls_service_fixture_set_up, function, \
              ls_service_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("lasts", test_audit);
  ADD ("of-events", test_audit_of_events);
  ADD ("of-account", test_audit_of_account);
  ADD ("of-actions", test_audit_of_actions);
  ADD ("of-another", test_audit_of_another);
  ADD ("subject", test_subject);
  ADD ("flood", test_flood);
  ADD ("flood/of-outcomes", test_flood_of_outcomes);
  ADD ("flood/before-sign-out", test_flood_before_sign_out);
  return g_test_run ();
}
