/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One user after the other: what was asked for of the one is not answered from what there is of the other. */
#include "ls-service-fixture.h"

static void
assert_cancelled (LsServiceFixture *f, LsServiceAnswer *answer)
{
  g_autoptr (GError) error = NULL;

  LS_SERVICE_WAIT (f, answer->done);
  error = answer->error;
  g_assert_error (error, LS_ERROR, LS_ERROR_CANCELLED);
  g_assert_null (answer->value);
}

static void
begin_sign_in (LsServiceFixture *f, const char *user_id, LsServiceAnswer *answer)
{
  g_autofree char *token = ls_service_fixture_make_token (user_id);
  g_autofree char *arguments = g_strdup_printf ("('%s', 'refresh', @a{sv} {})", token);

  f->user_id = user_id;
  ls_service_fixture_begin (f, "Account.SetTokens", arguments, answer);
}

/* The read and the change of user are with the store, in this order, and done at once. */
static void
test_store (LsServiceFixture *f, gconstpointer data)
{
  static const char *const calls[][2] = {
    { "Cache.Get", "('grade', 'r-1', {'view': <'server'>})" },
    { "Cache.List", "('grade', {'view': <'server'>})" },
    { "Events.GetEvents", "('', uint32 10, @a{sv} {})" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      LsServiceAnswer read, switched;
      guint n_pending;

      g_test_message ("%s", calls[i][0]);
      f->user_id = "u-1";
      ls_service_fixture_sign_in (f);
      ls_service_fixture_publish (f, "grade_updated", 1, 1);
      ls_fake_store_set_manual (f->fake_store, TRUE);
      ls_service_fixture_begin (f, calls[i][0], calls[i][1], &read);
      LS_SERVICE_WAIT (f, ls_fake_store_count_pending (f->fake_store) > 0);
      n_pending = ls_fake_store_count_pending (f->fake_store);
      begin_sign_in (f, "u-2", &switched);
      LS_SERVICE_WAIT (f, ls_fake_store_count_pending (f->fake_store) > n_pending);
      ls_fake_store_set_manual (f->fake_store, FALSE);
      assert_cancelled (f, &read);
      LS_SERVICE_WAIT (f, switched.done);
      g_assert_no_error (switched.error);
      g_clear_pointer (&switched.value, g_variant_unref);
    }
}

/* What waits for a queue that is not open yet does not go on when that is another's. */
static void
test_queue (LsServiceFixture *f, gconstpointer data)
{
  static const char *const calls[][2] = {
    { "Cache.Get", "('grade', 'r-1', @a{sv} {})" },
    { "Cache.List", "('grade', @a{sv} {})" },
  };

  ls_service_fixture_sign_in (f);
  ls_service_fixture_publish (f, "grade_created", 1, 1);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      g_autoptr (GVariant) health = NULL;
      LsServiceAnswer read;

      g_test_message ("%s", calls[i][0]);
      f->user_id = "u-1";
      ls_fake_queue_store_set_manual (f->queue_store, TRUE);
      ls_service_fixture_sign_in (f);
      ls_service_fixture_begin (f, calls[i][0], calls[i][1], &read);
      /* calls of one app are served in order: then it waits */
      health = ls_service_fixture_call (f, "Diagnostics.GetHealth", "(@a{sv} {},)");
      g_assert_false (read.done);

      /* by the bus it would wait for the queue, too */
      ls_agent_sign_out_async (f->agent, FALSE, NULL, NULL, NULL);
      f->user_id = "u-2";
      ls_service_fixture_sign_in (f);
      ls_fake_queue_store_set_manual (f->queue_store, FALSE);
      assert_cancelled (f, &read);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/service/switch/store", LsServiceFixture, LS_SERVICE_FAKE_STORE,
              ls_service_fixture_set_up, test_store, ls_service_fixture_tear_down);
  g_test_add ("/service/switch/queue", LsServiceFixture, NULL, ls_service_fixture_set_up,
              test_queue, ls_service_fixture_tear_down);
  return g_test_run ();
}
