/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is signed in, with which tokens, and what is on disk of that. */
#include <glib/gstdio.h>

#include "ls-agent-fixture.h"
#include "ls-fake-store-keys.h"
#include "ls-store-sqlite.h"

static void
test_agent_nobody (LsAgentFixture *f, gconstpointer data)
{
  LS_AGENT_WAIT (ls_agent_fixture_get_state (f) == LS_STATE_SIGNED_OUT);
  g_assert_cmpint (ls_agent_get_account_state (f->agent), ==, LS_ACCOUNT_SIGNED_OUT);
}

static void
test_agent_wrong_password (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_begin_sign_in (f, "a@b", "wrong");
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_SIGN_IN));
  ls_fake_transport_fail (f->transport, LS_FAKE_CALL_SIGN_IN,
                          g_error_new (LS_ERROR, LS_ERROR_WRONG_CREDENTIALS, "no"));
  LS_AGENT_WAIT (f->done);
  g_assert_error (f->error, LS_ERROR, LS_ERROR_WRONG_CREDENTIALS);
  g_assert_null (ls_agent_get_user (f->agent));
}

static void
test_agent_refreshes_in_time (LsAgentFixture *f, gconstpointer data)
{
  g_autoptr (LsMessage) auth = NULL;

  ls_agent_fixture_go_live (f);
  for (gint64 t = 0; t < LS_AGENT_FIXTURE_LIFE * 69 / 100; t += 4000)
    {
      ls_agent_fixture_deliver (f, 10, 10);
      ls_fake_clock_advance (f->clock, 4000);
    }
  g_assert_false (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_REFRESH));
  for (gint64 t = 0; t < LS_AGENT_FIXTURE_LIFE * 22 / 100; t += 4000)
    {
      ls_agent_fixture_deliver (f, 10, 10);
      ls_fake_clock_advance (f->clock, 4000);
    }
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_REFRESH));
  ls_fake_transport_answer_refresh (f->transport, ls_agent_fixture_issue_tokens (f, "anna", FALSE));
  auth = ls_agent_fixture_take_sent (f, LS_MESSAGE_AUTH);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_LIVE);
}

static void
test_agent_token_refused (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  ls_fake_transport_drop (f->transport,
                          ls_link_error_new (LS_REASON_TOKEN_REFUSED, 4001, 0, "expired"));
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_REFRESH));
  ls_fake_transport_fail (f->transport, LS_FAKE_CALL_REFRESH,
                          ls_link_error_new (LS_REASON_TOKEN_REFUSED, 401, 0, "revoked"));
  LS_AGENT_WAIT (ls_agent_get_account_state (f->agent) == LS_ACCOUNT_EXPIRED);
  g_assert_cmpint (ls_agent_get_status (f->agent)->reason, ==, LS_REASON_TOKEN_REFUSED);
  /* only a sign-in helps: no storm */
  ls_fake_clock_advance (f->clock, 24 * 3600 * 1000);
  ls_agent_fixture_settle (f);
  g_assert_cmpuint (ls_fake_transport_count_started (f->transport, LS_FAKE_CALL_REFRESH), ==, 1);
  g_assert_cmpuint (ls_fake_transport_count_pending (f->transport), ==, 0);
}

static void
lookup_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  LsSession **session = user_data;

  *session = ls_secrets_lookup_finish (LS_SECRETS (object), result, NULL);
  g_assert_nonnull (*session);
}

/* A refresh that brings another user's tokens is as good as refused: they are neither used nor kept in the place of
 * ours. */
static void
test_agent_tokens_of_another (LsAgentFixture *f, gconstpointer data)
{
  g_autoptr (LsSession) kept = NULL;

  ls_agent_fixture_go_live (f);
  ls_fake_transport_drop (f->transport,
                          ls_link_error_new (LS_REASON_TOKEN_REFUSED, 4001, 0, "expired"));
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_REFRESH));
  ls_fake_transport_answer_refresh (f->transport, ls_agent_fixture_issue_tokens (f, "ben", FALSE));
  LS_AGENT_WAIT (ls_agent_get_account_state (f->agent) == LS_ACCOUNT_EXPIRED);
  g_assert_cmpint (ls_agent_get_status (f->agent)->reason, ==, LS_REASON_TOKEN_REFUSED);

  ls_secrets_lookup_async (LS_SECRETS (f->secrets), f->config->server, "anna", NULL, lookup_cb,
                           &kept);
  LS_AGENT_WAIT (kept != NULL);
  g_assert_true (g_str_has_prefix (kept->access, "anna@"));
  ls_fake_clock_advance (f->clock, 24 * 3600 * 1000);
  ls_agent_fixture_settle (f);
  g_assert_cmpuint (ls_fake_transport_count_pending (f->transport), ==, 0);
}

static void
signed_out_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  LsAgentFixture *f = user_data;

  g_assert_true (ls_agent_sign_out_finish (LS_AGENT (object), result, &f->error));
  f->done = TRUE;
}

static void
left_locked_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  LsAgentFixture *f = user_data;

  g_assert_false (ls_agent_sign_out_finish (LS_AGENT (object), result, &f->error));
  f->done = TRUE;
}

static void
test_agent_sign_out (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  f->done = FALSE;
  ls_agent_sign_out_async (f->agent, TRUE, NULL, signed_out_cb, f);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_SIGNED_OUT);
  g_assert_null (ls_agent_get_user (f->agent));
  LS_AGENT_WAIT (f->done);
  g_assert_true (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_SIGN_OUT));
  /* It ends the session when the access token has expired, too. */
  g_assert_cmpstr (ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_SIGN_OUT)->refresh_token,
                   ==, "refresh");
  ls_fake_transport_answer_sign_out (f->transport);
}

/* What the keyring does not answer for is over after five seconds. */
static void
give_up_on_keyring (LsAgentFixture *f)
{
  ls_agent_fixture_settle (f);
  ls_fake_clock_advance (f->clock, 5000);
  ls_agent_fixture_settle (f);
}

/* A sign-in while it is still read who was signed in before: what the store said to the one must not
 * be used after the other. */
static void
test_agent_sign_in_while_loading (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  ls_agent_fixture_settle (f);
  g_assert_finalize_object (f->agent);
  ls_fake_secrets_set_state (f->secrets, LS_FAKE_SECRETS_HUNG);

  f->config->tokens_in_memory = TRUE;
  ls_agent_fixture_start (f);
  ls_agent_fixture_begin_sign_in (f, "a@b", "secret");
  ls_fake_transport_answer_sign_in (f->transport, ls_agent_fixture_issue_tokens (f, "anna", TRUE));
  ls_agent_fixture_settle (f);
  g_assert_false (f->done);
  give_up_on_keyring (f);
  g_assert_true (f->done);
  g_assert_no_error (f->error);
  g_assert_cmpstr (ls_agent_get_user (f->agent)->id, ==, "anna");
}

/* A store that can't be opened is tried again when the user asks, and not forgotten meanwhile. */
static void
test_agent_broken_store (LsAgentFixture *f, gconstpointer data)
{
  g_autofree char *away = g_strconcat (f->dir, ".away", NULL);
  g_autofree char *file = NULL;
  g_autoptr (GDir) dir = NULL;
  g_autofree char *path = NULL;
  const char *name;

  ls_agent_fixture_go_live (f);
  ls_agent_fixture_settle (f);
  dir = g_dir_open (f->dir, 0, NULL);
  while (path == NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      file = g_build_filename (f->dir, name, NULL);
      if (g_file_test (file, G_FILE_TEST_IS_DIR))
        path = g_steal_pointer (&file);
      g_clear_pointer (&file, g_free);
    }
  g_assert_nonnull (path);
  g_assert_finalize_object (f->agent);
  g_clear_object (&f->store);
  g_assert_cmpint (g_rename (path, away), ==, 0);
  g_assert_true (g_file_set_contents (path, "", 0, NULL));

  f->store = LS_STORE (ls_store_sqlite_new (f->dir));
  ls_agent_fixture_start (f);
  ls_agent_fixture_settle (f);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_SIGNED_OUT);
  g_assert_cmpint (ls_agent_get_status (f->agent)->reason, ==, LS_REASON_STORAGE);
  ls_agent_fixture_begin_sync (f);
  ls_agent_fixture_settle (f);
  g_assert_error (f->error, LS_ERROR, LS_ERROR_STORAGE);
  ls_agent_reconnect (f->agent);
  ls_agent_fixture_settle (f);
  g_assert_cmpint (ls_agent_get_status (f->agent)->reason, ==, LS_REASON_STORAGE);

  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_rename (away, path), ==, 0);
  ls_agent_connect (f->agent);
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
  g_assert_cmpstr (ls_agent_get_user (f->agent)->id, ==, "anna");
}

/* A store whose key is locked away is tried again by itself; the account says meanwhile what is the matter. */
static void
test_agent_locked_store (LsAgentFixture *f, gconstpointer data)
{
  g_autoptr (LsFakeStoreKeys) keys = ls_fake_store_keys_new ();

  ls_store_sqlite_set_encryption (LS_STORE_SQLITE (f->store), LS_STORE_KEYS (keys), TRUE);
  ls_agent_fixture_go_live (f);
  ls_agent_fixture_settle (f);
  g_assert_finalize_object (f->agent);
  g_clear_object (&f->store);

  ls_fake_store_keys_set_locked (keys, TRUE);
  f->store = LS_STORE (ls_store_sqlite_new (f->dir));
  ls_store_sqlite_set_encryption (LS_STORE_SQLITE (f->store), LS_STORE_KEYS (keys), TRUE);
  ls_agent_fixture_start (f);
  ls_agent_fixture_settle (f);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_SIGNED_OUT);
  g_assert_cmpint (ls_agent_get_account_state (f->agent), ==, LS_ACCOUNT_LOCKED);
  ls_fake_clock_advance (f->clock, 30000);
  ls_agent_fixture_settle (f);
  g_assert_cmpint (ls_agent_get_account_state (f->agent), ==, LS_ACCOUNT_LOCKED);

  ls_fake_store_keys_set_locked (keys, FALSE);
  ls_fake_clock_advance (f->clock, 30000);
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
  g_assert_cmpstr (ls_agent_get_user (f->agent)->id, ==, "anna");
}

/* Of two sign-ins the later one counts, and the tokens of the other are given back. */
static void
test_agent_sign_in_twice (LsAgentFixture *f, gconstpointer data)
{
  f->config->tokens_in_memory = TRUE;
  ls_agent_set_config (f->agent, f->config);
  ls_fake_secrets_set_state (f->secrets, LS_FAKE_SECRETS_HUNG);
  ls_agent_fixture_begin_sign_in (f, "a@b", "secret");
  ls_fake_transport_answer_sign_in (f->transport, ls_agent_fixture_issue_tokens (f, "anna", TRUE));
  ls_agent_fixture_settle (f);
  ls_agent_fixture_begin_sign_in (f, "b@b", "secret");
  ls_fake_transport_answer_sign_in (f->transport, ls_agent_fixture_issue_tokens (f, "ben", TRUE));
  ls_fake_transport_answer_sign_out (f->transport);
  give_up_on_keyring (f);
  g_assert_error (f->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpstr (ls_agent_get_user (f->agent)->id, ==, "ben");
}

/* Tokens that can't be kept are given back, and whoever was signed in before stays so. */
static void
test_agent_sign_in_locked (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  ls_agent_fixture_settle (f);
  ls_fake_secrets_set_state (f->secrets, LS_FAKE_SECRETS_LOCKED);
  ls_agent_fixture_begin_sign_in (f, "b@b", "secret");
  ls_fake_transport_answer_sign_in (f->transport, ls_agent_fixture_issue_tokens (f, "ben", TRUE));
  LS_AGENT_WAIT (f->done);
  g_assert_error (f->error, LS_ERROR, LS_ERROR_LOCKED);
  ls_fake_transport_answer_sign_out (f->transport);
  ls_agent_fixture_settle (f);
  g_assert_cmpstr (ls_agent_get_user (f->agent)->id, ==, "anna");
  g_assert_cmpint (ls_agent_get_account_state (f->agent), ==, LS_ACCOUNT_SIGNED_IN);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_LIVE);
}

/* A first sign-in that can't be kept leaves nobody signed in, and nothing to wait for. */
static void
test_agent_sign_in_absent (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_settle (f);
  ls_fake_secrets_set_state (f->secrets, LS_FAKE_SECRETS_ABSENT);
  ls_agent_fixture_begin_sign_in (f, "a@b", "secret");
  ls_fake_transport_answer_sign_in (f->transport, ls_agent_fixture_issue_tokens (f, "anna", TRUE));
  LS_AGENT_WAIT (f->done);
  g_assert_error (f->error, LS_ERROR, LS_ERROR_LOCKED);
  ls_fake_transport_answer_sign_out (f->transport);
  ls_agent_fixture_settle (f);
  g_assert_null (ls_agent_get_user (f->agent));
  g_assert_cmpint (ls_agent_get_account_state (f->agent), ==, LS_ACCOUNT_SIGNED_OUT);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_SIGNED_OUT);
}

/* The server's new tokens are used when they are kept, and not before. */
static void
test_agent_stores_before_use (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  ls_fake_transport_drop (f->transport,
                          ls_link_error_new (LS_REASON_TOKEN_REFUSED, 4001, 0, "expired"));
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_REFRESH));
  ls_fake_secrets_set_state (f->secrets, LS_FAKE_SECRETS_HUNG);
  ls_fake_clock_advance (f->clock, 1000);
  ls_fake_transport_answer_refresh (f->transport, ls_agent_fixture_issue_tokens (f, "anna", FALSE));
  ls_agent_fixture_settle (f);
  g_assert_false (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
  /* What the server gave is good once only: it is not thrown away. */
  ls_fake_clock_advance (f->clock, 5000);
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
}

/* Whoever signs in while the keyring still forgets the one before keeps the store. */
static void
test_agent_sign_in_while_signing_out (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  ls_agent_fixture_settle (f);
  ls_fake_secrets_set_state (f->secrets, LS_FAKE_SECRETS_HUNG);
  ls_agent_sign_out_async (f->agent, TRUE, NULL, left_locked_cb, f);
  ls_fake_transport_answer_sign_out (f->transport);
  ls_agent_fixture_settle (f);
  ls_fake_secrets_set_state (f->secrets, LS_FAKE_SECRETS_OK);
  ls_agent_fixture_go_live (f);
  give_up_on_keyring (f);
  g_assert_error (f->error, LS_ERROR, LS_ERROR_LOCKED);
  ls_agent_fixture_deliver (f, 10, 11);
  ls_agent_fixture_assert_told (f, 11, 11);
}

/* Signs anna out while the keyring is locked, which she is told. */
static void
leave_tokens (LsAgentFixture *f)
{
  ls_agent_fixture_go_live (f);
  ls_agent_fixture_settle (f);
  ls_fake_secrets_set_state (f->secrets, LS_FAKE_SECRETS_LOCKED);
  f->done = FALSE;
  ls_agent_sign_out_async (f->agent, FALSE, NULL, left_locked_cb, f);
  LS_AGENT_WAIT (f->done);
  g_assert_error (f->error, LS_ERROR, LS_ERROR_LOCKED);
  g_clear_error (&f->error);
  ls_fake_transport_answer_sign_out (f->transport);
  g_assert_cmpint (ls_agent_get_account_state (f->agent), ==, LS_ACCOUNT_SIGNED_OUT);
  g_assert_cmpuint (ls_fake_secrets_count (f->secrets), ==, 1);
}

/* What a locked keyring has kept at a sign-out is cleared once it is unlocked. */
static void
test_agent_sign_out_locked (LsAgentFixture *f, gconstpointer data)
{
  leave_tokens (f);
  ls_fake_clock_advance (f->clock, 30000);
  ls_agent_fixture_settle (f);
  g_assert_cmpuint (ls_fake_secrets_count (f->secrets), ==, 1);
  ls_fake_secrets_set_state (f->secrets, LS_FAKE_SECRETS_OK);
  ls_fake_clock_advance (f->clock, 30000);
  ls_agent_fixture_settle (f);
  g_assert_cmpuint (ls_fake_secrets_count (f->secrets), ==, 0);
}

/* Who signs in again keeps the new tokens. */
static void
test_agent_sign_out_and_in_again (LsAgentFixture *f, gconstpointer data)
{
  leave_tokens (f);
  ls_fake_secrets_set_state (f->secrets, LS_FAKE_SECRETS_OK);
  ls_agent_fixture_sign_in (f, "anna");
  ls_fake_clock_advance (f->clock, 60000);
  ls_agent_fixture_settle (f);
  g_assert_cmpuint (ls_fake_secrets_count (f->secrets), ==, 1);
}

/* Tokens that were in memory alone are gone, whatever the keyring says. */
static void
test_agent_sign_out_in_memory (LsAgentFixture *f, gconstpointer data)
{
  f->config->tokens_in_memory = TRUE;
  ls_agent_set_config (f->agent, f->config);
  ls_fake_secrets_set_state (f->secrets, LS_FAKE_SECRETS_ABSENT);
  ls_agent_fixture_sign_in (f, "anna");
  f->done = FALSE;
  ls_agent_sign_out_async (f->agent, FALSE, NULL, signed_out_cb, f);
  LS_AGENT_WAIT (f->done);
  ls_fake_transport_answer_sign_out (f->transport);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  /* A keyring that hangs is worth a warning. */
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  LS_AGENT_ADD ("nobody", test_agent_nobody);
  LS_AGENT_ADD ("wrong-password", test_agent_wrong_password);
  LS_AGENT_ADD ("refreshes-in-time", test_agent_refreshes_in_time);
  LS_AGENT_ADD ("tokens-of-another", test_agent_tokens_of_another);
  LS_AGENT_ADD ("token-refused", test_agent_token_refused);
  LS_AGENT_ADD ("sign-out", test_agent_sign_out);
  LS_AGENT_ADD ("sign-out/locked-keyring", test_agent_sign_out_locked);
  LS_AGENT_ADD ("sign-out/and-in-again", test_agent_sign_out_and_in_again);
  LS_AGENT_ADD ("sign-out/in-memory", test_agent_sign_out_in_memory);
  LS_AGENT_ADD ("sign-in/while-loading", test_agent_sign_in_while_loading);
  LS_AGENT_ADD ("broken-store", test_agent_broken_store);
  LS_AGENT_ADD ("locked-store", test_agent_locked_store);
  LS_AGENT_ADD ("sign-in/twice", test_agent_sign_in_twice);
  LS_AGENT_ADD ("sign-in/locked-keyring", test_agent_sign_in_locked);
  LS_AGENT_ADD ("sign-in/absent-keyring", test_agent_sign_in_absent);
  LS_AGENT_ADD ("stores-before-use", test_agent_stores_before_use);
  LS_AGENT_ADD ("sign-in/while-signing-out", test_agent_sign_in_while_signing_out);
  return g_test_run ();
}
