/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-error.h"
#include "ls-fake-clock.h"
#include "ls-fake-secrets.h"
#include "ls-keyring-world.h"
#include "ls-secrets-libsecret.h"

#define SERVER "https://school.test"

/* As the port promises. */
#define DEADLINE_MS 5000

typedef struct
{
  LsFakeClock *clock;   /* (owned) */
  LsSecrets *secrets;   /* (owned) */
  GAsyncResult *result; /* (owned) (nullable): of the last call */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->clock = ls_fake_clock_new ();
  if (g_str_equal (data, "fake"))
    fixture->secrets = LS_SECRETS (ls_fake_secrets_new (LS_CLOCK (fixture->clock)));
  else
    fixture->secrets = ls_secrets_libsecret_new (LS_CLOCK (fixture->clock));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_object (&fixture->result);
  g_assert_finalize_object (fixture->secrets);
  g_assert_cmpuint (ls_fake_clock_count_alarms (fixture->clock), ==, 0);
  g_assert_finalize_object (fixture->clock);
}

static void
set_state (Fixture *fixture, LsFakeSecretsState state)
{
  if (LS_IS_FAKE_SECRETS (fixture->secrets))
    ls_fake_secrets_set_state (LS_FAKE_SECRETS (fixture->secrets), state);
  else if (state == LS_FAKE_SECRETS_LOCKED)
    ls_keyring_world_lock ();
  else if (state == LS_FAKE_SECRETS_HUNG)
    ls_keyring_world_hang (TRUE);
  else if (state == LS_FAKE_SECRETS_OK)
    ls_keyring_world_hang (FALSE);
}

static void
call_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_null (fixture->result);
  fixture->result = g_object_ref (result);
}

static void
wait_for_result (Fixture *fixture)
{
  while (fixture->result == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static gboolean
store (Fixture *fixture, const char *user, const char *access, const char *refresh, GError **error)
{
  g_autoptr (LsSession) session = ls_session_new (access, refresh);
  gboolean stored = FALSE;

  ls_secrets_store_async (fixture->secrets, SERVER, user, session, NULL, call_cb, fixture);
  wait_for_result (fixture);
  stored = ls_secrets_store_finish (fixture->secrets, fixture->result, error);
  g_clear_object (&fixture->result);

  return stored;
}

static gboolean
clear (Fixture *fixture, const char *user, GError **error)
{
  gboolean cleared = FALSE;

  ls_secrets_clear_async (fixture->secrets, SERVER, user, NULL, call_cb, fixture);
  wait_for_result (fixture);
  cleared = ls_secrets_clear_finish (fixture->secrets, fixture->result, error);
  g_clear_object (&fixture->result);

  return cleared;
}

static LsSession *
lookup (Fixture *fixture, const char *user, GError **error)
{
  LsSession *session = NULL;

  ls_secrets_lookup_async (fixture->secrets, SERVER, user, NULL, call_cb, fixture);
  wait_for_result (fixture);
  session = ls_secrets_lookup_finish (fixture->secrets, fixture->result, error);
  g_clear_object (&fixture->result);

  return session;
}

static void
check_tokens (Fixture *fixture, const char *user, const char *access, const char *refresh)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsSession) session = lookup (fixture, user, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (session->access, ==, access);
  g_assert_cmpstr (session->refresh, ==, refresh);
  g_assert_null (session->user);
}

static void
check_not_found (Fixture *fixture, const char *user)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsSession) session = lookup (fixture, user, &error);

  g_assert_error (error, LS_ERROR, LS_ERROR_NOT_FOUND);
  g_assert_null (session);
}

/* That all calls fail, as nobody can know what is there. */
static void
check_locked (Fixture *fixture, const char *user)
{
  g_autoptr (GError) store_error = NULL;
  g_autoptr (GError) lookup_error = NULL;
  g_autoptr (GError) clear_error = NULL;

  g_assert_null (lookup (fixture, user, &lookup_error));
  g_assert_error (lookup_error, LS_ERROR, LS_ERROR_LOCKED);
  g_assert_false (store (fixture, user, "a9", "r9", &store_error));
  g_assert_error (store_error, LS_ERROR, LS_ERROR_LOCKED);
  g_assert_false (clear (fixture, user, &clear_error));
  g_assert_error (clear_error, LS_ERROR, LS_ERROR_LOCKED);
}

static void
test_stores_and_clears (Fixture *fixture, gconstpointer data)
{
  check_not_found (fixture, "u1");
  g_assert_true (store (fixture, "u1", "a1", "r1", NULL));
  check_tokens (fixture, "u1", "a1", "r1");

  g_assert_true (store (fixture, "u1", "a2", "r2", NULL));
  check_tokens (fixture, "u1", "a2", "r2");

  g_assert_true (clear (fixture, "u1", NULL));
  check_not_found (fixture, "u1");
  g_assert_true (clear (fixture, "u1", NULL));
}

static void
test_no_refresh_token_keeps_the_old (Fixture *fixture, gconstpointer data)
{
  g_assert_true (store (fixture, "u1", "a1", "r1", NULL));
  g_assert_true (store (fixture, "u1", "a2", NULL, NULL));
  check_tokens (fixture, "u1", "a2", "r1");
  g_assert_true (clear (fixture, "u1", NULL));

  g_assert_true (store (fixture, "u1", "a3", NULL, NULL));
  check_tokens (fixture, "u1", "a3", NULL);
  g_assert_true (clear (fixture, "u1", NULL));
}

static void
test_users_are_apart (Fixture *fixture, gconstpointer data)
{
  g_assert_true (store (fixture, "u1", "a1", "r1", NULL));
  g_assert_true (store (fixture, "u2", "a2", "r2", NULL));
  check_tokens (fixture, "u1", "a1", "r1");
  g_assert_true (clear (fixture, "u1", NULL));
  check_not_found (fixture, "u1");
  check_tokens (fixture, "u2", "a2", "r2");
  g_assert_true (clear (fixture, "u2", NULL));
}

static void
test_cancelled_is_told (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  ls_secrets_lookup_async (fixture->secrets, SERVER, "u1", cancellable, call_cb, fixture);
  g_cancellable_cancel (cancellable);
  wait_for_result (fixture);
  g_assert_null (ls_secrets_lookup_finish (fixture->secrets, fixture->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_hung_ends_by_deadline (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) cancelled = NULL;
  gint64 started = g_get_monotonic_time ();

  g_assert_true (store (fixture, "u1", "a1", "r1", NULL));
  set_state (fixture, LS_FAKE_SECRETS_HUNG);

  ls_secrets_lookup_async (fixture->secrets, SERVER, "u1", NULL, call_cb, fixture);
  g_assert_cmpint (ls_fake_clock_get_next_delay (fixture->clock), ==, DEADLINE_MS);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_null (fixture->result);
  ls_fake_clock_advance (fixture->clock, DEADLINE_MS);
  wait_for_result (fixture);
  g_assert_null (ls_secrets_lookup_finish (fixture->secrets, fixture->result, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_LOCKED);
  g_clear_object (&fixture->result);

  ls_secrets_clear_async (fixture->secrets, SERVER, "u1", cancellable, call_cb, fixture);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_cancellable_cancel (cancellable);
  wait_for_result (fixture);
  g_assert_false (ls_secrets_clear_finish (fixture->secrets, fixture->result, &cancelled));
  g_assert_error (cancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_object (&fixture->result);
  /* GDBus itself would have waited for 25 seconds. */
  g_assert_cmpint (g_get_monotonic_time () - started, <, 15 * G_USEC_PER_SEC);

  set_state (fixture, LS_FAKE_SECRETS_OK);
  check_tokens (fixture, "u1", "a1", "r1");
  g_assert_true (clear (fixture, "u1", NULL));
}

static void
test_absent_is_not_empty (Fixture *fixture, gconstpointer data)
{
  set_state (fixture, LS_FAKE_SECRETS_ABSENT);
  check_locked (fixture, "u1");
}

/* The last one: the real keyring stays locked. */
static void
test_locked_is_not_empty (Fixture *fixture, gconstpointer data)
{
  g_assert_true (store (fixture, "u1", "a1", "r1", NULL));
  set_state (fixture, LS_FAKE_SECRETS_LOCKED);
  check_locked (fixture, "u1");
}

#define ADD(promise, test)                                                                         \
  g_test_add ("/contract/secrets/" promise, Fixture, kind, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_autofree char *directory = NULL;
  const char *kind = NULL;
  int status = 0;

  g_test_init (&argc, &argv, NULL);
  kind = argc > 1 ? argv[1] : "fake";
  if (g_str_equal (kind, "file"))
    directory = ls_keyring_world_use_file ();

  if (!g_str_equal (kind, "absent"))
    {
      ADD ("stores-and-clears", test_stores_and_clears);
      ADD ("no-refresh-token-keeps-the-old", test_no_refresh_token_keeps_the_old);
      ADD ("users-are-apart", test_users_are_apart);
      ADD ("cancelled-is-told", test_cancelled_is_told);
    }
  if (g_str_equal (kind, "fake") || g_str_equal (kind, "absent"))
    ADD ("absent-is-not-empty", test_absent_is_not_empty);
  if (g_str_equal (kind, "fake") || g_str_equal (kind, "keyring"))
    {
      ADD ("hung-ends-by-deadline", test_hung_ends_by_deadline);
      ADD ("locked-is-not-empty", test_locked_is_not_empty);
    }

  status = g_test_run ();
  if (directory != NULL)
    ls_keyring_world_remove_file (directory);

  return status;
}
