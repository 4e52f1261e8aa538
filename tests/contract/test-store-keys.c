/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-error.h"
#include "ls-fake-store-keys.h"
#include "ls-keyring-world.h"
#include "ls-random-system.h"
#include "ls-store-keys-libsecret.h"

#define SERVER "https://school.test"

/* How long to wait for a keyring here, in milliseconds. */
#define PATIENCE 500

typedef struct
{
  LsStoreKeys *keys; /* (owned) */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsRandom) random = ls_random_system_new ();

  fixture->keys = g_str_equal (data, "fake") ? LS_STORE_KEYS (ls_fake_store_keys_new ())
                                             : ls_store_keys_libsecret_new (random, PATIENCE);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_object_unref (fixture->keys);
}

static gboolean
obtain (Fixture *fixture, const char *user, gboolean make, guchar *key, GError **error)
{
  return ls_store_keys_obtain_sync (fixture->keys, SERVER, user, make, key, error);
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
  g_assert_true (ls_store_keys_forget_sync (fixture->keys, SERVER, "carla", &error));
  g_assert_no_error (error);
  g_assert_true (ls_store_keys_forget_sync (fixture->keys, SERVER, "carla", NULL));
  g_assert_false (obtain (fixture, "carla", FALSE, key, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_NOT_FOUND);
  g_assert_true (obtain (fixture, "dora", FALSE, key, NULL));
  g_assert_cmpmem (key, sizeof key, other, sizeof other);
}

static void
assert_locked (Fixture *fixture)
{
  guchar key[LS_STORE_KEY_SIZE];
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) forget_error = NULL;

  g_assert_false (obtain (fixture, "eve", TRUE, key, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_LOCKED);
  g_assert_false (ls_store_keys_forget_sync (fixture->keys, SERVER, "eve", &forget_error));
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

/* A service that hangs holds nobody up for long. */
static void
test_hung (Fixture *fixture, gconstpointer data)
{
  gint64 begin = g_get_monotonic_time ();
  guchar key[LS_STORE_KEY_SIZE];
  g_autoptr (GError) error = NULL;

  ls_keyring_world_hang (TRUE);
  g_assert_false (obtain (fixture, "frida", TRUE, key, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_LOCKED);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 10 * PATIENCE * 1000);
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
  if (g_str_equal (kind, "keyring"))
    ADD ("hung", test_hung);
  if (g_str_equal (kind, "keyring") || g_str_equal (kind, "fake"))
    ADD ("locked", test_locked); /* the last: nothing unlocks the keyring again */

  status = g_test_run ();
  if (directory != NULL)
    ls_keyring_world_remove_file (directory);

  return status;
}
