/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-answer.h"
#include "ls-error.h"
#include "ls-fake-clock.h"
#include "ls-fake-store-keys.h"
#include "ls-keyring-world.h"
#include "ls-random-system.h"
#include "ls-secrets-libsecret.h"
#include "ls-store-keys-secrets.h"

#define SERVER "https://school.test"

typedef struct
{
  LsFakeClock *clock; /* (owned) */
  LsStoreKeys *keys;  /* (owned) */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsRandom) random = ls_random_system_new ();
  g_autoptr (LsSecrets) secrets = NULL;

  fixture->clock = ls_fake_clock_new ();
  if (g_str_equal (data, "fake"))
    {
      fixture->keys = LS_STORE_KEYS (ls_fake_store_keys_new ());
      return;
    }

  secrets = ls_secrets_libsecret_new_for_keys (LS_CLOCK (fixture->clock));
  fixture->keys = ls_store_keys_secrets_new (secrets, random);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->keys);
  g_assert_cmpuint (ls_fake_clock_count_alarms (fixture->clock), ==, 0);
  g_assert_finalize_object (fixture->clock);
}

/* A call as a store makes it: on its thread, while the main loop turns. */
typedef struct
{
  LsStoreKeys *keys;
  const char *user;
  gboolean make;
  guchar *key; /* (nullable): NULL: it is to be forgotten */
  gboolean good;
  GError *error;
  gint done;
} Call;

static gpointer
work (gpointer data)
{
  Call *call = data;

  call->good = call->key != NULL
                   ? ls_store_keys_obtain_sync (call->keys, SERVER, call->user, call->make,
                                                call->key, &call->error)
                   : ls_store_keys_forget_sync (call->keys, SERVER, call->user, &call->error);
  g_atomic_int_set (&call->done, TRUE);
  g_main_context_wakeup (NULL);
  return NULL;
}

static gboolean
make_call (Call *call, GError **error)
{
  GThread *thread = g_thread_new ("store", work, call);

  while (!g_atomic_int_get (&call->done))
    g_main_context_iteration (NULL, TRUE);
  g_thread_join (thread);
  if (call->error != NULL)
    g_propagate_error (error, call->error);
  return call->good;
}

static gboolean
obtain (Fixture *fixture, const char *user, gboolean make, guchar *key, GError **error)
{
  Call call = { .keys = fixture->keys, .user = user, .make = make, .key = key };

  return make_call (&call, error);
}

static gboolean
forget (Fixture *fixture, const char *user, GError **error)
{
  Call call = { .keys = fixture->keys, .user = user };

  return make_call (&call, error);
}

static void
test_made_once (Fixture *fixture, gconstpointer data)
{
  guchar key[LS_STORE_KEY_SIZE], again[LS_STORE_KEY_SIZE], other[LS_STORE_KEY_SIZE];
  g_autoptr (GError) error = NULL;

  g_assert_false (obtain (fixture, "anna", FALSE, key, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (obtain (fixture, "anna", TRUE, key, &error));
  g_assert_no_error (error);
  g_assert_true (obtain (fixture, "anna", TRUE, again, NULL));
  g_assert_cmpmem (key, sizeof key, again, sizeof again);
  g_assert_true (obtain (fixture, "anna", FALSE, again, NULL));
  g_assert_cmpmem (key, sizeof key, again, sizeof again);

  g_assert_false (obtain (fixture, "ben", FALSE, other, NULL));
  g_assert_true (obtain (fixture, "ben", TRUE, other, NULL));
  g_assert_cmpint (memcmp (key, other, sizeof key), !=, 0);
}

static void
test_forgotten (Fixture *fixture, gconstpointer data)
{
  guchar key[LS_STORE_KEY_SIZE], other[LS_STORE_KEY_SIZE];
  g_autoptr (GError) error = NULL;

  g_assert_true (obtain (fixture, "carla", TRUE, key, NULL));
  g_assert_true (obtain (fixture, "dora", TRUE, other, NULL));
  g_assert_true (forget (fixture, "carla", &error));
  g_assert_no_error (error);
  g_assert_true (forget (fixture, "carla", NULL));
  g_assert_false (obtain (fixture, "carla", FALSE, key, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_NOT_FOUND);
  g_assert_true (obtain (fixture, "dora", FALSE, key, NULL));
  g_assert_cmpmem (key, sizeof key, other, sizeof other);
}

/* A sign-out takes the tokens and leaves the key. */
static void
test_apart_from_tokens (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsSecrets) tokens = ls_secrets_libsecret_new (LS_CLOCK (fixture->clock));
  g_autoptr (LsSession) session = ls_session_new ("access", "refresh");
  g_autoptr (GAsyncResult) stored = NULL, cleared = NULL;
  guchar key[LS_STORE_KEY_SIZE], again[LS_STORE_KEY_SIZE];

  g_assert_true (obtain (fixture, "gina", TRUE, key, NULL));
  ls_secrets_store_async (tokens, SERVER, "gina", session, NULL, ls_answer_cb, &stored);
  g_assert_true (ls_secrets_store_finish (tokens, ls_answer_wait (&stored), NULL));
  ls_secrets_clear_async (tokens, SERVER, "gina", NULL, ls_answer_cb, &cleared);
  g_assert_true (ls_secrets_clear_finish (tokens, ls_answer_wait (&cleared), NULL));
  g_assert_true (obtain (fixture, "gina", FALSE, again, NULL));
  g_assert_cmpmem (key, sizeof key, again, sizeof again);
}

static void
assert_locked (Fixture *fixture)
{
  guchar key[LS_STORE_KEY_SIZE];
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) forget_error = NULL;

  g_assert_false (obtain (fixture, "eve", TRUE, key, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_LOCKED);
  g_assert_false (forget (fixture, "eve", &forget_error));
  g_assert_error (forget_error, LS_ERROR, LS_ERROR_LOCKED);
}

/* That a key can't be looked at is not that there is none: nothing is made in its place. */
static void
test_locked (Fixture *fixture, gconstpointer data)
{
  guchar key[LS_STORE_KEY_SIZE];

  g_assert_true (obtain (fixture, "eve", TRUE, key, NULL));
  if (LS_IS_FAKE_STORE_KEYS (fixture->keys))
    ls_fake_store_keys_set_locked (LS_FAKE_STORE_KEYS (fixture->keys), TRUE);
  else
    ls_keyring_world_lock ();
  assert_locked (fixture);
}

/* A service that hangs holds nobody up for longer than the keyring promises. */
static void
test_hung (Fixture *fixture, gconstpointer data)
{
  guchar key[LS_STORE_KEY_SIZE];
  Call call = { .keys = fixture->keys, .user = "frida", .make = TRUE, .key = key };
  GThread *thread;

  ls_keyring_world_hang (TRUE);
  thread = g_thread_new ("store", work, &call);
  while (ls_fake_clock_count_alarms (fixture->clock) == 0)
    g_main_context_iteration (NULL, TRUE);
  ls_fake_clock_advance (fixture->clock, 5000);
  while (!g_atomic_int_get (&call.done))
    g_main_context_iteration (NULL, TRUE);
  g_thread_join (thread);
  g_assert_false (call.good);
  g_assert_error (call.error, LS_ERROR, LS_ERROR_LOCKED);
  g_clear_error (&call.error);
  ls_keyring_world_hang (FALSE);
}

static void
test_absent (Fixture *fixture, gconstpointer data)
{
  assert_locked (fixture);
}

#define ADD(promise, test)                                                                         \
  g_test_add ("/contract/store-keys/" promise, Fixture, kind, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_autofree char *directory = NULL;
  const char *kind;
  int status;

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  kind = argv[1];
  if (g_str_equal (kind, "file"))
    directory = ls_keyring_world_use_file ();

  if (g_str_equal (kind, "absent"))
    {
      ADD ("absent", test_absent);
    }
  else
    {
      ADD ("made-once", test_made_once);
      ADD ("forgotten", test_forgotten);
    }
  if (g_str_equal (kind, "keyring") || g_str_equal (kind, "file"))
    ADD ("apart-from-tokens", test_apart_from_tokens);
  if (g_str_equal (kind, "keyring"))
    ADD ("hung", test_hung);
  if (g_str_equal (kind, "keyring") || g_str_equal (kind, "fake"))
    ADD ("locked", test_locked); /* the last: nothing unlocks the keyring again */

  status = g_test_run ();
  if (directory != NULL)
    ls_keyring_world_remove_file (directory);

  return status;
}
