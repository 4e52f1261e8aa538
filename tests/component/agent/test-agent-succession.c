/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Somebody signs in while somebody else is signed in: the server, the keyring, the disk and who has unsent work
 * are the test's. */
#include "ls-agent-fixture.h"
#include "ls-fake-store.h"
#include "ls-quiet-log.h"
#include "ls-store-calls.h"

#define SERVER "http://server"
#define OTHER_SERVER "http://other"

/* What the agent asks of whoever knows about unsent work. */
#define TEST_TYPE_FAREWELL (test_farewell_get_type ())
G_DECLARE_FINAL_TYPE (TestFarewell, test_farewell, TEST, FAREWELL, GObject)

struct _TestFarewell
{
  GObject parent_instance;

  GTask *flush; /* (owned) (nullable): waits for the test */
  guint n_flushes;
  guint n_parted;
  gboolean wipe;
  gboolean has_unsent;
};

static void test_farewell_farewell_init (LsFarewellInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TestFarewell,
                               test_farewell,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_FAREWELL,
                                                      test_farewell_farewell_init))

static void
test_farewell_init (TestFarewell *self)
{
}

static void
test_farewell_class_init (TestFarewellClass *klass)
{
}

/* The older one of two that wait has been cancelled, and ends here. */
static void
flush_async (LsFarewell *farewell,
             GCancellable *cancellable,
             GAsyncReadyCallback callback,
             gpointer user_data)
{
  TestFarewell *self = TEST_FAREWELL (farewell);
  g_autoptr (GTask) older = g_steal_pointer (&self->flush);

  if (older != NULL)
    g_task_return_boolean (older, TRUE);
  self->flush = g_task_new (self, cancellable, callback, user_data);
  self->n_flushes++;
}

static gboolean
flush_finish (LsFarewell *farewell, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
part (LsFarewell *farewell, gboolean *wipe, GError **error)
{
  TestFarewell *self = TEST_FAREWELL (farewell);

  if (self->has_unsent)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_UNSENT_WORK, "there is work");
      return FALSE;
    }

  self->n_parted++;
  *wipe = self->wipe;
  return TRUE;
}

static void
test_farewell_farewell_init (LsFarewellInterface *iface)
{
  iface->flush_async = flush_async;
  iface->flush_finish = flush_finish;
  iface->part = part;
}

typedef struct
{
  LsAgentFixture base;
  TestFarewell *farewell;
  GString *told; /* who was told to be signed in, each followed by a blank; "-": nobody */
} Fixture;

static void
on_account_changed (LsAgent *agent, Fixture *f)
{
  const LsUser *user = ls_agent_get_user (agent);
  g_autofree char *name = g_strdup_printf ("%s ", user != NULL ? user->id : "-");

  if (!g_str_has_suffix (f->told->str, name))
    g_string_append (f->told, name);
}

static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    continue;
}

static void
start_agent (Fixture *f)
{
  ls_agent_fixture_make_agent (&f->base);
  ls_agent_set_farewell (f->base.agent, LS_FAREWELL (f->farewell));
  g_signal_connect (f->base.agent, "account-changed", G_CALLBACK (on_account_changed), f);
  ls_agent_start (f->base.agent);
  settle ();
}

/* How one sign-in ended. */
typedef struct
{
  gboolean done;
  GError *error; /* (owned) (nullable) */
} Outcome;

static void
signed_in_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Outcome *outcome = user_data;

  ls_agent_sign_in_finish (LS_AGENT (object), result, &outcome->error);
  outcome->done = TRUE;
}

static void
assert_failed (Outcome *outcome, GQuark domain, int code)
{
  g_assert_true (outcome->done);
  g_assert_error (outcome->error, domain, code);
  g_clear_error (&outcome->error);
}

/* The server takes the password. */
static void
begin (Fixture *f, const char *name, GCancellable *cancellable, Outcome *outcome)
{
  *outcome = (Outcome) { 0 };
  ls_agent_sign_in_async (f->base.agent, name, "secret", cancellable, signed_in_cb, outcome);
  settle ();
  ls_fake_transport_answer_sign_in (f->base.transport,
                                    ls_agent_fixture_issue_tokens (&f->base, name, TRUE));
  settle ();
}

/* An app has signed in by itself. */
static void
begin_with_tokens (Fixture *f, const char *name, Outcome *outcome)
{
  g_autoptr (LsSession) session = ls_agent_fixture_issue_tokens (&f->base, name, FALSE);

  *outcome = (Outcome) { 0 };
  ls_agent_set_tokens_async (f->base.agent, session, NULL, signed_in_cb, outcome);
  settle ();
}

static void
finish_flush (Fixture *f)
{
  g_autoptr (GTask) flush = g_steal_pointer (&f->farewell->flush);

  g_assert_nonnull (flush);
  g_task_return_boolean (flush, TRUE);
  settle ();
}

static void
assert_user (Fixture *f, const char *name)
{
  const LsUser *user = ls_agent_get_user (f->base.agent);

  g_assert_cmpstr (user != NULL ? user->id : NULL, ==, name);
}

static void
lookup_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LsSession) session = ls_secrets_lookup_finish (LS_SECRETS (object), result, NULL);
  char **access = user_data;

  *access = g_strdup (session != NULL ? session->access : "");
}

static gboolean
is_in_keyring (Fixture *f, const char *server, const char *name)
{
  g_autofree char *access = NULL;

  ls_secrets_lookup_async (LS_SECRETS (f->base.secrets), server, name, NULL, lookup_cb, &access);
  settle ();
  g_assert_nonnull (access);
  return g_str_has_prefix (access, name);
}

/* Answers a revocation, which must be of these tokens. */
static void
assert_revoked (Fixture *f, const char *name)
{
  const LsFakeCall *call = ls_fake_transport_peek_call (f->base.transport, LS_FAKE_CALL_SIGN_OUT);

  g_assert_nonnull (call);
  g_assert_true (g_str_has_prefix (call->token, name));
  ls_fake_transport_answer_sign_out (f->base.transport);
  settle ();
}

static void
assert_nothing_revoked (Fixture *f)
{
  g_assert_null (ls_fake_transport_peek_call (f->base.transport, LS_FAKE_CALL_SIGN_OUT));
}

/* Nothing of Anna's has changed, and nothing of who tried to sign in is left. */
static void
assert_anna_stays (Fixture *f, const char *other)
{
  assert_user (f, "anna");
  g_assert_cmpstr (f->told->str, ==, "anna ");
  g_assert_cmpint (ls_agent_get_account_state (f->base.agent), ==, LS_ACCOUNT_SIGNED_IN);
  g_assert_true (is_in_keyring (f, SERVER, "anna"));
  g_assert_false (is_in_keyring (f, SERVER, other));
  g_assert_cmpuint (f->farewell->n_parted, ==, 0);
}

/* Anna is signed in. */
static void
set_up (Fixture *f, gconstpointer data)
{
  Outcome anna;

  ls_agent_fixture_init (&f->base, LS_STORE (ls_fake_store_new ()));
  f->farewell = g_object_new (TEST_TYPE_FAREWELL, NULL);
  f->told = g_string_new (NULL);
  start_agent (f);
  begin (f, "anna", NULL, &anna);
  g_assert_true (anna.done);
  g_assert_no_error (anna.error);
  g_assert_cmpuint (f->farewell->n_flushes + f->farewell->n_parted, ==, 0);
  assert_nothing_revoked (f);
  g_assert_true (g_str_has_suffix (f->told->str, "anna "));
  g_string_assign (f->told, "anna ");
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  ls_agent_fixture_tear_down (&f->base, NULL);
  g_assert_null (f->farewell->flush);
  g_assert_finalize_object (f->farewell);
  g_string_free (f->told, TRUE);
}

/* Nobody waits for the first one's tokens to be revoked, nor does it matter whether they are. */
static void
test_another (Fixture *f, gconstpointer data)
{
  Outcome ben;

  begin (f, "ben", NULL, &ben);
  assert_user (f, "anna");
  assert_nothing_revoked (f);
  g_assert_cmpuint (f->farewell->n_flushes, ==, 1);

  finish_flush (f);
  g_assert_true (ben.done);
  g_assert_no_error (ben.error);
  assert_user (f, "ben");
  g_assert_cmpstr (f->told->str, ==, "anna - ben ");
  g_assert_false (is_in_keyring (f, SERVER, "anna"));
  g_assert_true (is_in_keyring (f, SERVER, "ben"));
  g_assert_true (g_str_has_prefix (
      ls_fake_transport_peek_call (f->base.transport, LS_FAKE_CALL_SIGN_OUT)->token, "anna"));
  ls_fake_transport_fail (f->base.transport, LS_FAKE_CALL_SIGN_OUT,
                          ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "no"));
  settle ();
  assert_user (f, "ben");

  /* It is who was signed in last that is remembered. */
  ls_agent_fixture_stop (&f->base);
  start_agent (f);
  assert_user (f, "ben");
}

static void
test_wrong_password (Fixture *f, gconstpointer data)
{
  Outcome ben = { 0 };

  ls_agent_sign_in_async (f->base.agent, "ben", "wrong", NULL, signed_in_cb, &ben);
  settle ();
  ls_fake_transport_fail (f->base.transport, LS_FAKE_CALL_SIGN_IN,
                          g_error_new (LS_ERROR, LS_ERROR_WRONG_CREDENTIALS, "no"));
  settle ();
  assert_failed (&ben, LS_ERROR, LS_ERROR_WRONG_CREDENTIALS);
  g_assert_cmpuint (f->farewell->n_flushes, ==, 0);
  assert_nothing_revoked (f);
  assert_anna_stays (f, "ben");
}

/* Also once her tokens are of no use any more. */
static void
test_same_again (Fixture *f, gconstpointer data)
{
  Outcome anna;

  for (guint i = 0; i < 2; i++)
    {
      begin (f, "anna", NULL, &anna);
      g_assert_true (anna.done);
      g_assert_no_error (anna.error);
      assert_user (f, "anna");
      g_assert_cmpuint (f->farewell->n_flushes + f->farewell->n_parted, ==, 0);
      assert_nothing_revoked (f);
      g_assert_true (is_in_keyring (f, SERVER, "anna"));

      ls_fake_transport_refuse (f->base.transport,
                                ls_link_error_new (LS_REASON_TOKEN_REFUSED, 401, 0, "no"));
      settle ();
      ls_fake_clock_advance (f->base.clock, 20000);
      settle ();
      ls_fake_transport_fail (f->base.transport, LS_FAKE_CALL_REFRESH,
                              ls_link_error_new (LS_REASON_TOKEN_REFUSED, 401, 0, "no"));
      settle ();
      g_assert_cmpint (ls_agent_get_account_state (f->base.agent), ==, LS_ACCOUNT_EXPIRED);
    }
}

static void
test_unsent (Fixture *f, gconstpointer data)
{
  Outcome ben;

  f->farewell->has_unsent = TRUE;
  begin (f, "ben", NULL, &ben);
  finish_flush (f);
  assert_failed (&ben, LS_ERROR, LS_ERROR_UNSENT_WORK);
  assert_revoked (f, "ben");
  assert_nothing_revoked (f);
  assert_anna_stays (f, "ben");

  f->farewell->has_unsent = FALSE;
  begin (f, "ben", NULL, &ben);
  finish_flush (f);
  g_assert_no_error (ben.error);
  assert_user (f, "ben");
  assert_revoked (f, "anna");
}

/* Nobody knows what there is. */
static void
test_unreadable (Fixture *f, gconstpointer data)
{
  g_autoptr (GTask) flush = NULL;
  Outcome ben;

  begin (f, "ben", NULL, &ben);
  flush = g_steal_pointer (&f->farewell->flush);
  g_task_return_new_error (flush, LS_ERROR, LS_ERROR_NEWER_STORE, "from the future");
  settle ();
  assert_failed (&ben, LS_ERROR, LS_ERROR_NEWER_STORE);
  assert_revoked (f, "ben");
  assert_anna_stays (f, "ben");
}

/* The tokens are an app's own. */
static void
test_tokens_of_an_app (Fixture *f, gconstpointer data)
{
  Outcome ben;

  f->farewell->has_unsent = TRUE;
  begin_with_tokens (f, "ben", &ben);
  finish_flush (f);
  assert_failed (&ben, LS_ERROR, LS_ERROR_UNSENT_WORK);
  assert_nothing_revoked (f);
  assert_anna_stays (f, "ben");

  f->farewell->has_unsent = FALSE;
  begin_with_tokens (f, "ben", &ben);
  finish_flush (f);
  g_assert_no_error (ben.error);
  assert_user (f, "ben");
  assert_revoked (f, "anna");
}

static void
test_cancelled_while_flushing (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Outcome ben;

  begin (f, "ben", cancellable, &ben);
  g_cancellable_cancel (cancellable);
  finish_flush (f);
  assert_failed (&ben, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_revoked (f, "ben");
  assert_anna_stays (f, "ben");
}

static void
test_cancelled_while_keeping (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Outcome ben;

  begin (f, "ben", cancellable, &ben);
  ls_fake_secrets_set_state (f->base.secrets, LS_FAKE_SECRETS_HUNG);
  finish_flush (f);
  g_assert_false (ben.done);
  ls_fake_secrets_set_state (f->base.secrets, LS_FAKE_SECRETS_OK);
  g_cancellable_cancel (cancellable);
  settle ();
  assert_failed (&ben, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_revoked (f, "ben");
  assert_anna_stays (f, "ben");
}

/* The newest one counts, and nothing is left of the other. */
static void
test_a_third_one (Fixture *f, gconstpointer data)
{
  const gboolean is_keeping[] = { FALSE, TRUE };

  for (guint i = 0; i < G_N_ELEMENTS (is_keeping); i++)
    {
      Outcome ben, carl, anna;

      begin (f, "ben", NULL, &ben);
      if (is_keeping[i])
        {
          ls_fake_secrets_set_state (f->base.secrets, LS_FAKE_SECRETS_HUNG);
          finish_flush (f);
          ls_fake_secrets_set_state (f->base.secrets, LS_FAKE_SECRETS_OK);
        }
      begin (f, "carl", NULL, &carl);
      assert_failed (&ben, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      assert_revoked (f, "ben");
      assert_user (f, "anna");
      finish_flush (f);
      g_assert_no_error (carl.error);
      assert_user (f, "carl");
      assert_revoked (f, "anna");
      g_assert_true (is_in_keyring (f, SERVER, "carl"));
      g_assert_false (is_in_keyring (f, SERVER, "ben"));

      begin (f, "anna", NULL, &anna);
      finish_flush (f);
      g_assert_no_error (anna.error);
      assert_revoked (f, "carl");
    }
}

/* What the older one takes back from the keyring must not be the newer one's. */
static void
test_twice_at_once (Fixture *f, gconstpointer data)
{
  Outcome ben, again;

  begin_with_tokens (f, "ben", &ben);
  ls_fake_secrets_set_state (f->base.secrets, LS_FAKE_SECRETS_HUNG);
  finish_flush (f);
  ls_fake_secrets_set_state (f->base.secrets, LS_FAKE_SECRETS_OK);
  ls_agent_set_farewell (f->base.agent, NULL);
  begin_with_tokens (f, "ben", &again);
  assert_failed (&ben, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (again.done);
  g_assert_no_error (again.error);
  assert_user (f, "ben");
  g_assert_true (is_in_keyring (f, SERVER, "ben"));
  assert_revoked (f, "anna");
  assert_nothing_revoked (f);
}

/* She signs out herself meanwhile. */
static void
test_sign_out_meanwhile (Fixture *f, gconstpointer data)
{
  Outcome ben;

  begin (f, "ben", NULL, &ben);
  ls_agent_sign_out_async (f->base.agent, FALSE, NULL, NULL, NULL);
  settle ();
  finish_flush (f);
  assert_failed (&ben, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_user (f, NULL);
  assert_revoked (f, "anna");
  assert_revoked (f, "ben");
  g_assert_false (is_in_keyring (f, SERVER, "anna"));
  g_assert_false (is_in_keyring (f, SERVER, "ben"));
}

static void
test_locked_keyring (Fixture *f, gconstpointer data)
{
  Outcome ben;

  begin (f, "ben", NULL, &ben);
  ls_fake_secrets_set_state (f->base.secrets, LS_FAKE_SECRETS_LOCKED);
  finish_flush (f);
  assert_failed (&ben, LS_ERROR, LS_ERROR_LOCKED);
  ls_fake_secrets_set_state (f->base.secrets, LS_FAKE_SECRETS_OK);
  assert_revoked (f, "ben");
  assert_anna_stays (f, "ben");
}

/* The disk fails when Anna has left already: then nobody is signed in. */
static void
test_broken_store (Fixture *f, gconstpointer data)
{
  Outcome ben;

  begin (f, "ben", NULL, &ben);
  ls_fake_store_set_state (LS_FAKE_STORE (f->base.store), LS_FAKE_STORE_BROKEN);
  finish_flush (f);
  assert_failed (&ben, LS_ERROR, LS_ERROR_STORAGE);
  assert_user (f, NULL);
  assert_revoked (f, "anna");
  assert_revoked (f, "ben");
  g_assert_false (is_in_keyring (f, SERVER, "anna"));
  g_assert_false (is_in_keyring (f, SERVER, "ben"));
  ls_fake_store_set_state (LS_FAKE_STORE (f->base.store), LS_FAKE_STORE_OK);
}

/* A third one comes while the second one's store opens. */
static void
test_overtaken_while_opening (Fixture *f, gconstpointer data)
{
  Outcome ben, carl;

  begin (f, "ben", NULL, &ben);
  ls_fake_store_set_manual (LS_FAKE_STORE (f->base.store), TRUE);
  finish_flush (f);
  g_assert_false (ben.done);
  begin_with_tokens (f, "carl", &carl);
  ls_fake_store_set_manual (LS_FAKE_STORE (f->base.store), FALSE);
  settle ();
  assert_failed (&ben, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (carl.done);
  g_assert_no_error (carl.error);
  assert_user (f, "carl");
  assert_revoked (f, "anna");
  assert_revoked (f, "ben");
  g_assert_true (is_in_keyring (f, SERVER, "carl"));
  g_assert_false (is_in_keyring (f, SERVER, "ben"));
}

static gboolean
is_store (Fixture *f, const char *id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsStoreState) state = ls_call_open (f->base.store, SERVER, "anna", &error);

  g_assert_no_error (error);
  return g_str_equal (state->id, id);
}

static void
test_store (Fixture *f, gconstpointer data)
{
  g_autofree char *id = g_strdup (ls_agent_get_store_id (f->base.agent));
  gboolean wipe = GPOINTER_TO_INT (data);
  Outcome ben;

  f->farewell->wipe = wipe;
  begin (f, "ben", NULL, &ben);
  finish_flush (f);
  g_assert_no_error (ben.error);
  assert_revoked (f, "anna");
  g_assert_true (is_store (f, id) != wipe);
}

static void
move_to_other_server (Fixture *f)
{
  g_free (f->base.config->server);
  f->base.config->server = g_strdup (OTHER_SERVER);
  ls_agent_set_config (f->base.agent, f->base.config);
  settle ();
}

/* Her tokens are for the server before, so that they are told to no other; and what they were for may be gone. */
static void
test_at_another_server (Fixture *f, gconstpointer data)
{
  g_autofree char *id = g_strdup (ls_agent_get_store_id (f->base.agent));
  gboolean wipe = GPOINTER_TO_INT (data);
  Outcome ben;

  f->farewell->wipe = wipe;
  move_to_other_server (f);
  assert_user (f, NULL);
  g_assert_cmpstr (f->told->str, ==, "anna - ");
  g_assert_true (is_in_keyring (f, SERVER, "anna"));

  begin (f, "ben", NULL, &ben);
  g_assert_true (ben.done);
  g_assert_no_error (ben.error);
  g_assert_cmpuint (f->farewell->n_flushes, ==, 0);
  g_assert_cmpuint (f->farewell->n_parted, ==, 1);
  assert_nothing_revoked (f);
  g_assert_false (is_in_keyring (f, SERVER, "anna"));
  g_assert_true (is_in_keyring (f, OTHER_SERVER, "ben"));
  g_assert_true (is_store (f, id) != wipe);
}

/* The same id at another server is another person. */
static void
test_same_name_at_another_server (Fixture *f, gconstpointer data)
{
  Outcome anna;

  move_to_other_server (f);
  begin (f, "anna", NULL, &anna);
  g_assert_no_error (anna.error);
  g_assert_false (is_in_keyring (f, SERVER, "anna"));
  g_assert_true (is_in_keyring (f, OTHER_SERVER, "anna"));
}

/* Who was signed in could not be taken up again at the start. */
static void
test_behind_a_broken_store (Fixture *f, gconstpointer data)
{
  Outcome ben;

  ls_agent_fixture_stop (&f->base);
  ls_fake_store_set_manual (LS_FAKE_STORE (f->base.store), TRUE);
  start_agent (f);
  g_assert_true (ls_fake_store_step (LS_FAKE_STORE (f->base.store)));
  settle ();
  ls_fake_store_set_state (LS_FAKE_STORE (f->base.store), LS_FAKE_STORE_BROKEN);
  ls_fake_store_set_manual (LS_FAKE_STORE (f->base.store), FALSE);
  settle ();
  ls_fake_store_set_state (LS_FAKE_STORE (f->base.store), LS_FAKE_STORE_OK);
  assert_user (f, NULL);

  begin (f, "ben", NULL, &ben);
  g_assert_true (ben.done);
  g_assert_no_error (ben.error);
  assert_user (f, "ben");
  g_assert_false (is_in_keyring (f, SERVER, "anna"));
}

#define ADD_WITH(name, data, function)                                                             \
  g_test_add ("/agent/succession/" name, Fixture, data, set_up, function, tear_down)
#define ADD(name, function) ADD_WITH (name, NULL, function)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ls_quiet_log_install ();
  ADD ("another", test_another);
  ADD ("wrong-password", test_wrong_password);
  ADD ("same-again", test_same_again);
  ADD ("unsent", test_unsent);
  ADD ("unreadable", test_unreadable);
  ADD ("tokens-of-an-app", test_tokens_of_an_app);
  ADD ("cancelled/flushing", test_cancelled_while_flushing);
  ADD ("cancelled/keeping", test_cancelled_while_keeping);
  ADD ("third", test_a_third_one);
  ADD ("twice-at-once", test_twice_at_once);
  ADD ("sign-out-meanwhile", test_sign_out_meanwhile);
  ADD ("locked-keyring", test_locked_keyring);
  ADD ("broken-store", test_broken_store);
  ADD ("overtaken-while-opening", test_overtaken_while_opening);
  ADD_WITH ("store/kept", GINT_TO_POINTER (FALSE), test_store);
  ADD_WITH ("store/wiped", GINT_TO_POINTER (TRUE), test_store);
  ADD_WITH ("other-server/kept", GINT_TO_POINTER (FALSE), test_at_another_server);
  ADD_WITH ("other-server/wiped", GINT_TO_POINTER (TRUE), test_at_another_server);
  ADD ("other-server/same-name", test_same_name_at_another_server);
  ADD ("behind-a-broken-store", test_behind_a_broken_store);
  return g_test_run ();
}
