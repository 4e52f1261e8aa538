/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls of org.labsync.Agent1.Queue that wait for what comes of an action. */
#include "ls-service-fixture.h"

#include "ls-callers.h"

#define UPDATE "('update', 'grade', 'r-1', '{\"n\":5}', @a{sv} {})"

/* Signed in, a row in the cache, an action with the server. */
typedef struct
{
  LsServiceFixture service;
  char *id;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  ls_service_fixture_set_up (&f->service, data);
  ls_service_fixture_sign_in (&f->service);
  ls_service_fixture_publish (&f->service, "grade_created", 1, 1);
  f->id = ls_service_fixture_enqueue (&f->service, UPDATE);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_free (f->id);
  ls_service_fixture_tear_down (&f->service, data);
}

static void
begin (Fixture *f, const char *until, const char *options, LsServiceAnswer *answer)
{
  g_autofree char *arguments = g_strdup_printf ("('%s', '%s', %s)", f->id, until, options);

  ls_service_fixture_begin (&f->service, "Queue.WaitFor", arguments, answer);
}

/* All calls that were made before are with the service by the time that this one is answered. */
static void
let_arrive (Fixture *f)
{
  g_variant_unref (ls_service_fixture_call (&f->service, "Connection.Connect", "(@a{sv} {},)"));
}

static void
assert_outcome (LsServiceAnswer *answer, const char *outcome, const char *reason)
{
  g_autoptr (GVariant) value = answer->value;
  g_autoptr (GVariant) details = NULL;
  const char *text;

  g_assert_true (answer->done);
  g_assert_no_error (answer->error);
  g_variant_get_child (value, 0, "&s", &text);
  g_assert_cmpstr (text, ==, outcome);
  details = g_variant_get_child_value (value, 1);
  g_assert_true (g_variant_lookup (details, "outcome", "&s", &text));
  g_assert_cmpstr (text, ==, outcome);
  g_assert_true (g_variant_lookup (details, "reason", "&s", &text));
  g_assert_cmpstr (text, ==, reason);
}

static void
test_accepted_and_visible (Fixture *f, gconstpointer data)
{
  LsServiceFixture *service = &f->service;
  LsServiceAnswer accepted, visible;

  begin (f, "accepted", "@a{sv} {}", &accepted);
  begin (f, "visible", "@a{sv} {}", &visible);
  let_arrive (f);
  g_assert_false (accepted.done);

  ls_service_fixture_reply (service, 200, NULL, "{\"id\":\"r-1\",\"n\":5}", 2);
  LS_SERVICE_WAIT (service, accepted.done);
  assert_outcome (&accepted, "accepted", "");
  let_arrive (f);
  g_assert_false (visible.done);

  ls_service_fixture_publish (service, "grade_updated", 1, 1);
  LS_SERVICE_WAIT (service, visible.done);
  assert_outcome (&visible, "accepted", "");
  /* an app that was closed meanwhile asks again */
  begin (f, "visible", "@a{sv} {}", &visible);
  LS_SERVICE_WAIT (service, visible.done);
  assert_outcome (&visible, "accepted", "");
}

static void
test_dead_letter_ends_it (Fixture *f, gconstpointer data)
{
  LsServiceAnswer answer;

  begin (f, "visible", "@a{sv} {}", &answer);
  let_arrive (f);
  ls_service_fixture_reply (&f->service, 403, "forbidden", NULL, 0);
  LS_SERVICE_WAIT (&f->service, answer.done);
  assert_outcome (&answer, "rejected", "forbidden");
}

static void
test_timeout (Fixture *f, gconstpointer data)
{
  LsServiceAnswer answer;

  begin (f, "accepted", "{'timeout': <uint32 60>}", &answer);
  let_arrive (f);
  /* in steps, as the connection wants to be heard of */
  for (guint second = 0; second < 59; second++)
    {
      ls_fake_clock_advance (f->service.clock, 1000);
      let_arrive (f);
    }
  ls_fake_clock_advance (f->service.clock, 999);
  let_arrive (f);
  g_assert_false (answer.done);
  ls_fake_clock_advance (f->service.clock, 1);
  LS_SERVICE_WAIT (&f->service, answer.done);
  g_assert_error (answer.error, LS_ERROR, LS_ERROR_TIMEOUT);
  g_clear_error (&answer.error);
}

/* Waits have a limit of their own, and leave the app's other calls alone. */
static void
test_limit (Fixture *f, gconstpointer data)
{
  g_autofree LsServiceAnswer *answers = g_new (LsServiceAnswer, LS_CALLERS_MAX_WAITS);
  LsServiceAnswer further;

  for (guint i = 0; i < LS_CALLERS_MAX_WAITS; i++)
    begin (f, "accepted", "@a{sv} {}", &answers[i]);
  let_arrive (f);
  begin (f, "accepted", "@a{sv} {}", &further);
  LS_SERVICE_WAIT (&f->service, further.done);
  g_assert_error (further.error, LS_ERROR, LS_ERROR_LIMIT_EXCEEDED);
  g_clear_error (&further.error);

  ls_service_fixture_reply (&f->service, 200, NULL, NULL, 2);
  for (guint i = 0; i < LS_CALLERS_MAX_WAITS; i++)
    {
      LS_SERVICE_WAIT (&f->service, answers[i].done);
      assert_outcome (&answers[i], "accepted", "");
    }
  begin (f, "accepted", "@a{sv} {}", &further);
  LS_SERVICE_WAIT (&f->service, further.done);
  assert_outcome (&further, "accepted", "");
}

static guint64
count_callers (Fixture *f)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new ("(a{sv})", NULL));
  g_autoptr (GVariant) answer = ls_service_fixture_call_from (
      &f->service, f->service.other, LS_BUS_PATH, "Diagnostics.GetStatistics", value, NULL);
  g_autoptr (GVariant) statistics = g_variant_get_child_value (answer, 0);
  guint64 n;

  g_assert_true (g_variant_lookup (statistics, "callers", "t", &n));
  return n;
}

static void
test_ends_with_the_caller (Fixture *f, gconstpointer data)
{
  LsServiceAnswer answer;

  begin (f, "accepted", "{'timeout': <uint32 60>}", &answer);
  let_arrive (f);
  g_assert_cmpuint (count_callers (f), ==, 2);
  g_dbus_connection_close_sync (f->service.app, NULL, NULL);
  LS_SERVICE_WAIT (&f->service, answer.done);
  g_clear_error (&answer.error);
  /* whoever asks counts, too */
  while (count_callers (f) != 1)
    ;
}

static void
test_ends_with_the_account (Fixture *f, gconstpointer data)
{
  LsServiceAnswer answer;

  begin (f, "accepted", "@a{sv} {}", &answer);
  let_arrive (f);
  g_variant_unref (ls_service_fixture_call (&f->service, "Account.SignOut", "(@a{sv} {},)"));
  LS_SERVICE_WAIT (&f->service, answer.done);
  g_assert_error (answer.error, LS_ERROR, LS_ERROR_NOT_SIGNED_IN);
  g_clear_error (&answer.error);
}

static void
test_ends_with_the_service (Fixture *f, gconstpointer data)
{
  LsServiceAnswer answer;

  begin (f, "accepted", "{'timeout': <uint32 60>}", &answer);
  let_arrive (f);
  ls_service_unexport (f->service.service);
  LS_SERVICE_WAIT (&f->service, answer.done);
  g_assert_error (answer.error, LS_ERROR, LS_ERROR_CANCELLED);
  g_clear_error (&answer.error);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/service/waits/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("accepted-and-visible", test_accepted_and_visible);
  ADD ("dead-letter", test_dead_letter_ends_it);
  ADD ("timeout", test_timeout);
  ADD ("limit", test_limit);
  ADD ("ends/caller", test_ends_with_the_caller);
  ADD ("ends/account", test_ends_with_the_account);
  ADD ("ends/service", test_ends_with_the_service);
  return g_test_run ();
}
