/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signing out while there is something that the server does not have. */
#include "ls-service-fixture.h"

#include <string.h>

#define UPDATE "('update', 'grade', 'r-1', '{\"n\":5}', @a{sv} {})"

/* Signed in, a row in the cache. */
static void
set_up (LsServiceFixture *f, gconstpointer data)
{
  ls_service_fixture_set_up (f, data);
  ls_service_fixture_sign_in (f);
  ls_service_fixture_publish (f, "grade_created", 1, 1);
}

static void
sign_out (LsServiceFixture *f, const char *options)
{
  g_autofree char *arguments = g_strdup_printf ("(%s,)", options);

  g_variant_unref (ls_service_fixture_call (f, "Account.SignOut", arguments));
  g_assert_null (ls_agent_get_user (f->agent));
}

static void
assert_unsent (LsServiceFixture *f, guint32 n)
{
  g_autoptr (GVariant) value = ls_service_fixture_get_property (f, "Account", "Unsent");

  g_assert_cmpuint (g_variant_get_uint32 (value), ==, n);
}

static guint
count_stored (LsServiceFixture *f)
{
  g_autoptr (GPtrArray) stored =
      ls_fake_queue_store_read (f->queue_store, "http://127.0.0.1:8080", "u-1");

  return stored->len;
}

static gboolean
has_row (LsServiceFixture *f)
{
  g_autoptr (GVariant) arguments =
      g_variant_ref_sink (g_variant_new_parsed ("('grade', 'r-1', {'view': <'server'>})"));
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      ls_service_fixture_call_from (f, f->app, LS_BUS_PATH, "Cache.Get", arguments, &error);

  g_assert_true (error == NULL || error->code == LS_ERROR_NOT_FOUND);
  return answer != NULL;
}

static void
test_flushes_first (LsServiceFixture *f, gconstpointer data)
{
  LsServiceAnswer answer;

  g_free (ls_service_fixture_enqueue (f, UPDATE));
  ls_service_fixture_begin (f, "Account.SignOut", "({'flush-seconds': <uint32 5>},)", &answer);
  LS_SERVICE_WAIT (f, ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_ACT) != NULL);
  g_variant_unref (ls_service_fixture_call (f, "Connection.Connect", "(@a{sv} {},)"));
  g_assert_false (answer.done);
  ls_service_fixture_reply (f, 200, NULL, NULL, 2);
  LS_SERVICE_WAIT (f, answer.done);
  g_assert_no_error (answer.error);
  g_variant_unref (answer.value);
  g_assert_cmpuint (ls_fake_transport_count_started (f->transport, LS_FAKE_CALL_ACT), ==, 1);
}

/* What a server that was busy did not want is tried again while there is time. */
static void
test_tries_again (LsServiceFixture *f, gconstpointer data)
{
  LsServiceAnswer answer;

  g_free (ls_service_fixture_enqueue (f, UPDATE));
  ls_service_fixture_begin (f, "Account.SignOut", "({'flush-seconds': <uint32 60>},)", &answer);
  ls_service_fixture_reply (f, 503, "busy", NULL, 0);
  LS_SERVICE_WAIT (f, ls_action_queue_get_counts (f->queue)->in_flight == 0);
  ls_fake_clock_advance (f->clock, 2000);
  g_assert_false (answer.done);
  ls_service_fixture_reply (f, 200, NULL, NULL, 2);
  LS_SERVICE_WAIT (f, answer.done);
  g_assert_no_error (answer.error);
  g_variant_unref (answer.value);
  g_assert_cmpuint (ls_fake_transport_count_started (f->transport, LS_FAKE_CALL_ACT), ==, 2);
}

/* What is left stays, and is sent when the same user is back. */
static void
test_waits_no_longer_than_told (LsServiceFixture *f, gconstpointer data)
{
  LsServiceAnswer answer;

  g_free (ls_service_fixture_enqueue (f, UPDATE));
  ls_service_fixture_begin (f, "Account.SignOut", "({'flush-seconds': <uint32 5>},)", &answer);
  LS_SERVICE_WAIT (f, ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_ACT) != NULL);
  g_variant_unref (ls_service_fixture_call (f, "Connection.Connect", "(@a{sv} {},)"));
  ls_fake_clock_advance (f->clock, 4999);
  g_variant_unref (ls_service_fixture_call (f, "Connection.Connect", "(@a{sv} {},)"));
  g_assert_false (answer.done);
  ls_fake_clock_advance (f->clock, 1);
  LS_SERVICE_WAIT (f, answer.done);
  g_assert_no_error (answer.error);
  g_variant_unref (answer.value);
  g_assert_cmpuint (count_stored (f), ==, 1);

  ls_service_fixture_sign_in (f);
  LS_SERVICE_WAIT (f, ls_action_queue_get_counts (f->queue)->in_flight == 1);
}

static void
test_setting_says_how_long (LsServiceFixture *f, gconstpointer data)
{
  const LsSignOutDefaults defaults = { .flush_seconds = 3 };
  LsServiceAnswer answer;

  ls_service_set_sign_out_defaults (f->service, &defaults);
  g_free (ls_service_fixture_enqueue (f, UPDATE));
  ls_service_fixture_begin (f, "Account.SignOut", "(@a{sv} {},)", &answer);
  g_variant_unref (ls_service_fixture_call (f, "Connection.Connect", "(@a{sv} {},)"));
  ls_fake_clock_advance (f->clock, 2999);
  g_variant_unref (ls_service_fixture_call (f, "Connection.Connect", "(@a{sv} {},)"));
  g_assert_false (answer.done);
  ls_fake_clock_advance (f->clock, 1);
  LS_SERVICE_WAIT (f, answer.done);
  g_assert_no_error (answer.error);
  g_variant_unref (answer.value);
}

/* Nothing can be sent: then there is nothing to wait for. */
static void
test_offline_waits_for_nothing (LsServiceFixture *f, gconstpointer data)
{
  ls_agent_disconnect (f->agent);
  g_free (ls_service_fixture_enqueue (f, UPDATE));
  assert_unsent (f, 0);
  sign_out (f, "{'flush-seconds': <uint32 5>}");
  g_assert_cmpuint (count_stored (f), ==, 1);
  assert_unsent (f, 1);

  ls_agent_connect (f->agent);
  ls_service_fixture_sign_in (f);
  assert_unsent (f, 0);
}

static void
test_wipe_refuses (LsServiceFixture *f, gconstpointer data)
{
  ls_agent_disconnect (f->agent);
  g_free (ls_service_fixture_enqueue (f, UPDATE));
  ls_service_fixture_refused (f, "Account.SignOut", "({'wipe': <true>},)", LS_ERROR_UNSENT_WORK,
                              NULL);
  g_assert_nonnull (ls_agent_get_user (f->agent));
  g_assert_true (has_row (f));
  g_assert_cmpuint (count_stored (f), ==, 1);
}

static void
test_wipe_refuses_dead_letters (LsServiceFixture *f, gconstpointer data)
{
  g_free (ls_service_fixture_enqueue (f, UPDATE));
  ls_service_fixture_reply (f, 403, "forbidden", NULL, 0);
  LS_SERVICE_WAIT (f, ls_action_queue_get_counts (f->queue)->failed == 1);
  ls_service_fixture_refused (f, "Account.SignOut", "({'wipe': <true>},)", LS_ERROR_UNSENT_WORK,
                              NULL);
}

static void
test_wipe_as_told (LsServiceFixture *f, gconstpointer data)
{
  ls_agent_disconnect (f->agent);
  g_free (ls_service_fixture_enqueue (f, UPDATE));
  sign_out (f, "{'wipe': <true>, 'discard-unsent': <true>}");
  g_assert_cmpuint (count_stored (f), ==, 0);
  assert_unsent (f, 0);
  ls_agent_connect (f->agent);
  ls_service_fixture_sign_in (f);
  g_assert_false (has_row (f));
}

/* What is done, and the cache, are no reason to stay. */
static void
test_wipe_of_what_is_done (LsServiceFixture *f, gconstpointer data)
{
  g_free (ls_service_fixture_enqueue (f, UPDATE));
  ls_service_fixture_reply (f, 200, NULL, NULL, 2);
  g_assert_cmpuint (count_stored (f), ==, 1);
  sign_out (f, "{'wipe': <true>, 'flush-seconds': <uint32 5>}");
  g_assert_cmpuint (count_stored (f), ==, 0);
  assert_unsent (f, 0);
}

/* Nobody is kept signed in on a shared machine by a setting, and nothing is lost by it. */
static void
test_wipe_by_setting_keeps_the_queue (LsServiceFixture *f, gconstpointer data)
{
  const LsSignOutDefaults defaults = { .wipe = TRUE };

  ls_service_set_sign_out_defaults (f->service, &defaults);
  ls_agent_disconnect (f->agent);
  g_free (ls_service_fixture_enqueue (f, UPDATE));
  sign_out (f, "@a{sv} {}");
  g_assert_cmpuint (count_stored (f), ==, 1);
  assert_unsent (f, 1);
  ls_agent_connect (f->agent);
  ls_service_fixture_sign_in (f);
  g_assert_false (has_row (f));
}

/* Nobody knows what is in a queue that can't be opened. */
static void
test_wipe_spares_what_it_cannot_read (LsServiceFixture *f, gconstpointer data)
{
  ls_agent_disconnect (f->agent);
  g_free (ls_service_fixture_enqueue (f, UPDATE));
  sign_out (f, "@a{sv} {}");
  ls_fake_queue_store_set_state (f->queue_store, LS_FAKE_QUEUE_STORE_NEWER);
  ls_agent_connect (f->agent);
  ls_service_fixture_sign_in (f);
  ls_service_fixture_refused (f, "Account.SignOut", "({'wipe': <true>, 'discard-unsent': <true>},)",
                              LS_ERROR_NEWER_STORE, NULL);
  sign_out (f, "@a{sv} {}");
  g_assert_cmpuint (count_stored (f), ==, 1);
}

static void
test_somebody_else_signs_in (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *token = ls_service_fixture_make_token ("u-2");
  g_autofree char *arguments = g_strdup_printf ("('%s', 'refresh', @a{sv} {})", token);
  LsServiceAnswer answer;

  g_free (ls_service_fixture_enqueue (f, UPDATE));
  ls_service_fixture_begin (f, "Account.SignOut", "({'flush-seconds': <uint32 5>},)", &answer);
  f->user_id = "u-2";
  g_variant_unref (ls_service_fixture_call (f, "Account.SetTokens", arguments));
  LS_SERVICE_WAIT (f, answer.done);
  g_assert_error (answer.error, LS_ERROR, LS_ERROR_CANCELLED);
  g_clear_error (&answer.error);
  g_assert_cmpstr (ls_agent_get_user (f->agent)->id, ==, "u-2");
}

/* Somebody else signs in, by which whoever is signed in leaves. */
static void
begin_another (LsServiceFixture *f, LsServiceAnswer *answer)
{
  g_autofree char *token = ls_service_fixture_make_token ("u-2");
  g_autofree char *arguments = g_strdup_printf ("('%s', 'refresh', @a{sv} {})", token);

  f->user_id = "u-2";
  ls_service_fixture_begin (f, "Account.SetTokens", arguments, answer);
}

static void
assert_another_is_in (LsServiceFixture *f, LsServiceAnswer *answer)
{
  LS_SERVICE_WAIT (f, answer->done);
  g_assert_no_error (answer->error);
  g_variant_unref (answer->value);
  g_assert_cmpstr (ls_agent_get_user (f->agent)->id, ==, "u-2");
  LS_SERVICE_WAIT (f, ls_agent_get_status (f->agent)->state == LS_STATE_LIVE);
}

/* Has what is unsent sent before, no longer than the setting says; what is left waits for whose it is. */
static void
test_another_flushes_first (LsServiceFixture *f, gconstpointer data)
{
  const LsSignOutDefaults defaults = { .flush_seconds = 3 };
  LsServiceAnswer answer;

  ls_service_set_sign_out_defaults (f->service, &defaults);
  g_free (ls_service_fixture_enqueue (f, UPDATE));
  begin_another (f, &answer);
  LS_SERVICE_WAIT (f, ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_ACT) != NULL);
  g_variant_unref (ls_service_fixture_call (f, "Connection.Connect", "(@a{sv} {},)"));
  ls_fake_clock_advance (f->clock, 2999);
  g_variant_unref (ls_service_fixture_call (f, "Connection.Connect", "(@a{sv} {},)"));
  g_assert_false (answer.done);
  g_assert_cmpstr (ls_agent_get_user (f->agent)->id, ==, "u-1");
  ls_fake_clock_advance (f->clock, 1);
  assert_another_is_in (f, &answer);
  g_assert_cmpuint (count_stored (f), ==, 1);
  g_assert_cmpuint (ls_fake_transport_count_started (f->transport, LS_FAKE_CALL_SIGN_OUT), ==, 1);
  g_assert_false (has_row (f));
}

static void
test_another_waits_for_nothing_offline (LsServiceFixture *f, gconstpointer data)
{
  const LsSignOutDefaults defaults = { .flush_seconds = 5 };
  LsServiceAnswer answer;

  ls_service_set_sign_out_defaults (f->service, &defaults);
  ls_agent_disconnect (f->agent);
  g_free (ls_service_fixture_enqueue (f, UPDATE));
  begin_another (f, &answer);
  LS_SERVICE_WAIT (f, answer.done);
  g_assert_no_error (answer.error);
  g_variant_unref (answer.value);
  g_assert_cmpstr (ls_agent_get_user (f->agent)->id, ==, "u-2");
  g_assert_cmpuint (count_stored (f), ==, 1);
}

/* What the one before did is not for whoever comes next to lose. */
static void
test_another_wipes_nothing_unsent (LsServiceFixture *f, gconstpointer data)
{
  const LsSignOutDefaults defaults = { .wipe = TRUE };
  LsServiceAnswer answer;

  ls_service_set_sign_out_defaults (f->service, &defaults);
  ls_agent_disconnect (f->agent);
  g_free (ls_service_fixture_enqueue (f, UPDATE));
  begin_another (f, &answer);
  LS_SERVICE_WAIT (f, answer.done);
  g_assert_error (answer.error, LS_ERROR, LS_ERROR_UNSENT_WORK);
  g_assert_nonnull (strstr (answer.error->message, "sign out first"));
  g_clear_error (&answer.error);
  g_assert_cmpstr (ls_agent_get_user (f->agent)->id, ==, "u-1");
  g_assert_true (has_row (f));
  g_assert_cmpuint (count_stored (f), ==, 1);

  sign_out (f, "@a{sv} {}");
  begin_another (f, &answer);
  LS_SERVICE_WAIT (f, answer.done);
  g_assert_no_error (answer.error);
  g_variant_unref (answer.value);
  g_assert_cmpuint (count_stored (f), ==, 1);
}

static void
test_another_wipes_by_setting (LsServiceFixture *f, gconstpointer data)
{
  const LsSignOutDefaults defaults = { .wipe = TRUE };
  LsServiceAnswer answer;

  ls_service_set_sign_out_defaults (f->service, &defaults);
  g_free (ls_service_fixture_enqueue (f, UPDATE));
  ls_service_fixture_reply (f, 200, NULL, NULL, 2);
  g_assert_cmpuint (count_stored (f), ==, 1);
  begin_another (f, &answer);
  assert_another_is_in (f, &answer);
  g_assert_cmpuint (count_stored (f), ==, 0);
  f->user_id = "u-1";
  ls_service_fixture_sign_in (f);
  g_assert_false (has_row (f));
}

/* Theirs stays signed in, with their queue. */
static void
test_same_again_keeps_the_queue (LsServiceFixture *f, gconstpointer data)
{
  const LsSignOutDefaults defaults = { .wipe = TRUE, .flush_seconds = 5 };

  ls_service_set_sign_out_defaults (f->service, &defaults);
  g_free (ls_service_fixture_enqueue (f, UPDATE));
  ls_service_fixture_sign_in (f);
  g_assert_true (has_row (f));
  g_assert_cmpuint (count_stored (f), ==, 1);
  g_assert_cmpuint (ls_fake_transport_count_started (f->transport, LS_FAKE_CALL_SIGN_OUT), ==, 0);
}

/* It is in the audit of whose account it was, as done by who signed in. */
static void
test_another_is_noted (LsServiceFixture *f, gconstpointer data)
{
  LsServiceAnswer answer;
  g_autoptr (GVariant) entries = NULL;
  g_autofree char *text = NULL;

  begin_another (f, &answer);
  assert_another_is_in (f, &answer);
  f->user_id = "u-1";
  ls_service_fixture_sign_in (f);
  entries = ls_service_fixture_call (f, "Diagnostics.GetAudit", "(@a{sv} {},)");
  text = g_variant_print (entries, FALSE);
  g_assert_nonnull (strstr (text, "'what': <'sign-out'>"));
}

#define ADD(name, function)                                                                        \
  g_test_add ("/service/sign-out/" name, LsServiceFixture, NULL, set_up, function,                 \
              ls_service_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK); /* a newer queue is warned of */
  ADD ("flushes-first", test_flushes_first);
  ADD ("tries-again", test_tries_again);
  ADD ("no-longer-than-told", test_waits_no_longer_than_told);
  ADD ("setting", test_setting_says_how_long);
  ADD ("offline", test_offline_waits_for_nothing);
  ADD ("wipe/refuses", test_wipe_refuses);
  ADD ("wipe/refuses-dead-letters", test_wipe_refuses_dead_letters);
  ADD ("wipe/as-told", test_wipe_as_told);
  ADD ("wipe/done", test_wipe_of_what_is_done);
  ADD ("wipe/setting", test_wipe_by_setting_keeps_the_queue);
  ADD ("wipe/unreadable", test_wipe_spares_what_it_cannot_read);
  ADD ("somebody-else", test_somebody_else_signs_in);
  ADD ("another/flushes-first", test_another_flushes_first);
  ADD ("another/offline", test_another_waits_for_nothing_offline);
  ADD ("another/wipes-nothing-unsent", test_another_wipes_nothing_unsent);
  ADD ("another/wipes-by-setting", test_another_wipes_by_setting);
  ADD ("another/noted", test_another_is_noted);
  ADD ("same-again", test_same_again_keeps_the_queue);
  return g_test_run ();
}
