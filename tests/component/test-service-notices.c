/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the user is told who looks at no app. */
#include "ls-service-fixture.h"

#include "ls-link-error.h"

#define NOTICE "account"

/* The server takes the tokens no longer, and gives no others. */
static void
expire (LsServiceFixture *f)
{
  g_assert_true (ls_agent_refresh_tokens (f->agent));
  LS_SERVICE_WAIT (f, ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_REFRESH) != NULL);
  ls_fake_transport_fail (f->transport, LS_FAKE_CALL_REFRESH,
                          ls_link_error_new (LS_REASON_TOKEN_REFUSED, 0, 0, "signed out"));
  LS_SERVICE_WAIT (f, ls_agent_get_account_state (f->agent) == LS_ACCOUNT_EXPIRED);
}

/* Otherwise a second refresh would be one too many. */
static void
pass_time (LsServiceFixture *f)
{
  ls_fake_clock_advance (f->clock, 90 * 1000);
}

static void
test_expired (LsServiceFixture *f, gconstpointer data)
{
  const char *text;

  ls_service_fixture_sign_in (f);
  g_assert_null (ls_fake_notifier_get_text (f->notifier, NOTICE));
  expire (f);
  text = ls_fake_notifier_get_text (f->notifier, NOTICE);
  g_assert_nonnull (strstr (text, "kept"));
  g_assert_null (strstr (text, f->user_id));
  g_assert_cmpuint (ls_fake_notifier_count (f->notifier), ==, 1);

  /* once is enough, also for who has closed it */
  ls_fake_notifier_close (f->notifier, NOTICE);
  g_signal_emit_by_name (f->agent, "account-changed");
  ls_service_fixture_restart_service (f);
  g_signal_emit_by_name (f->agent, "account-changed");
  g_assert_cmpuint (ls_fake_notifier_count (f->notifier), ==, 1);

  /* until it expires anew */
  pass_time (f);
  ls_service_fixture_sign_in (f);
  expire (f);
  g_assert_cmpuint (ls_fake_notifier_count (f->notifier), ==, 2);
}

static void
test_withdrawn (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (GVariant) answer = NULL;

  ls_service_fixture_sign_in (f);
  expire (f);
  g_assert_nonnull (ls_fake_notifier_get_text (f->notifier, NOTICE));
  pass_time (f);
  ls_service_fixture_sign_in (f);
  g_assert_null (ls_fake_notifier_get_text (f->notifier, NOTICE));

  expire (f);
  g_assert_nonnull (ls_fake_notifier_get_text (f->notifier, NOTICE));
  answer = ls_service_fixture_call (f, "Account.SignOut", "(@a{sv} {},)");
  g_assert_null (ls_fake_notifier_get_text (f->notifier, NOTICE));
}

/* What nobody has seen is told once there is a screen, or after a restart. */
static void
test_unseen (LsServiceFixture *f, gconstpointer data)
{
  ls_fake_notifier_set_present (f->notifier, FALSE);
  ls_service_fixture_sign_in (f);
  expire (f);
  g_assert_cmpuint (ls_fake_notifier_count (f->notifier), ==, 0);
  g_assert_false (ls_agent_is_expiry_told (f->agent));
  ls_fake_notifier_set_present (f->notifier, TRUE);
  g_assert_cmpuint (ls_fake_notifier_count (f->notifier), ==, 1);
  g_assert_true (ls_agent_is_expiry_told (f->agent));
}

#define ADD(name, function)                                                                        \
  g_test_add ("/service/notices/" name, LsServiceFixture, NULL, ls_service_fixture_set_up,         \
              function, ls_service_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("expired", test_expired);
  ADD ("expired/withdrawn", test_withdrawn);
  ADD ("expired/unseen", test_unseen);
  return g_test_run ();
}
