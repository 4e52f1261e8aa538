/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a sign-out leaves on the disk: cache and queue are wiped apart. */
#include <glib/gstdio.h>

#include "ls-answer.h"
#include "ls-fake-store-keys.h"
#include "ls-queue-store-sqlite.h"
#include "ls-remove-tree.h"
#include "ls-store-calls.h"
#include "ls-store-sqlite.h"

typedef struct
{
  char *dir;
  char *user_dir;
  LsStore *cache;
  LsQueueStore *queue;
} Fixture;

/* Returns: how many actions there were */
static guint
open_queue (Fixture *fixture)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) actions = NULL;

  ls_queue_store_open_async (fixture->queue, "http://s", "u", ls_answer_cb, &result);
  actions = ls_queue_store_open_finish (fixture->queue, ls_answer_wait (&result), NULL);
  g_assert_nonnull (actions);
  return actions->len;
}

static void
put_action (Fixture *fixture)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) put = ls_action_array_new ();
  LsAction *action = ls_action_new ("a-1", LS_ACTION_DELETE, "grade", "g-1");

  action->seq = 1;
  action->method = LS_METHOD_DELETE;
  g_ptr_array_add (put, action);
  ls_queue_store_write_async (fixture->queue, put, NULL, ls_answer_cb, &result);
  g_assert_true (ls_queue_store_write_finish (fixture->queue, ls_answer_wait (&result), NULL));
}

static void
close_queue (Fixture *fixture, gboolean wipe)
{
  g_autoptr (GAsyncResult) result = NULL;

  ls_queue_store_close_async (fixture->queue, wipe, ls_answer_cb, &result);
  g_assert_true (ls_queue_store_close_finish (fixture->queue, ls_answer_wait (&result), NULL));
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsStoreState) state = NULL;
  g_autoptr (GDir) dir = NULL;

  fixture->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  fixture->cache = LS_STORE (ls_store_sqlite_new (fixture->dir));
  fixture->queue = LS_QUEUE_STORE (ls_queue_store_sqlite_new (fixture->dir));
  state = ls_call_open (fixture->cache, "http://s", "u", NULL);
  g_assert_cmpuint (open_queue (fixture), ==, 0);
  put_action (fixture);
  dir = g_dir_open (fixture->dir, 0, NULL);
  fixture->user_dir = g_build_filename (fixture->dir, g_dir_read_name (dir), NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->cache);
  g_assert_finalize_object (fixture->queue);
  ls_remove_tree (fixture->dir);
  g_free (fixture->dir);
  g_free (fixture->user_dir);
}

static gboolean
has_file (Fixture *fixture, const char *name)
{
  g_autofree char *path = g_build_filename (fixture->user_dir, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
test_cache_alone (Fixture *fixture, gconstpointer data)
{
  g_assert_true (has_file (fixture, "cache.db"));
  g_assert_true (ls_call_close (fixture->cache, TRUE, NULL));
  g_assert_false (has_file (fixture, "cache.db"));
  g_assert_false (has_file (fixture, "lock"));
  close_queue (fixture, FALSE);
  g_assert_true (has_file (fixture, "queue.db"));
  g_assert_cmpuint (open_queue (fixture), ==, 1);
}

static void
test_queue_alone (Fixture *fixture, gconstpointer data)
{
  g_autofree char *aside = g_build_filename (fixture->user_dir, "queue.db.corrupt-1", NULL);

  g_assert_true (g_file_set_contents (aside, "x", 1, NULL));
  close_queue (fixture, TRUE);
  g_assert_false (has_file (fixture, "queue.db"));
  g_assert_false (has_file (fixture, "queue.db.corrupt-1"));
  g_assert_true (has_file (fixture, "cache.db"));
  g_assert_cmpuint (open_queue (fixture), ==, 0);
}

/* Whichever is the last leaves nothing. */
static void
test_both (Fixture *fixture, gconstpointer data)
{
  const gboolean queue_first = GPOINTER_TO_INT (data);

  if (queue_first)
    close_queue (fixture, TRUE);
  g_assert_true (ls_call_close (fixture->cache, TRUE, NULL));
  if (!queue_first)
    close_queue (fixture, TRUE);
  g_assert_false (g_file_test (fixture->user_dir, G_FILE_TEST_EXISTS));
}

/* Both have one key: it goes with the last of them. */
static void
test_key_goes_last (Fixture *fixture, gconstpointer data)
{
  const gboolean queue_first = GPOINTER_TO_INT (data);
  g_autoptr (LsFakeStoreKeys) keys = ls_fake_store_keys_new ();
  g_autoptr (LsStoreState) state = NULL;

  ls_store_sqlite_set_encryption (LS_STORE_SQLITE (fixture->cache), LS_STORE_KEYS (keys), TRUE);
  ls_queue_store_sqlite_set_encryption (LS_QUEUE_STORE_SQLITE (fixture->queue),
                                        LS_STORE_KEYS (keys), TRUE);
  state = ls_call_open (fixture->cache, "http://s", "u", NULL);
  g_assert_cmpuint (open_queue (fixture), ==, 1);
  g_assert_cmpuint (ls_fake_store_keys_get_count (keys), ==, 1);

  if (queue_first)
    close_queue (fixture, TRUE);
  else
    g_assert_true (ls_call_close (fixture->cache, TRUE, NULL));
  g_assert_cmpuint (ls_fake_store_keys_get_count (keys), ==, 1);
  if (queue_first)
    g_assert_true (ls_call_close (fixture->cache, TRUE, NULL));
  else
    close_queue (fixture, TRUE);
  g_assert_cmpuint (ls_fake_store_keys_get_count (keys), ==, 0);
}

/* Nothing is left to be decrypted once the queue, too, is plain again. */
static void
test_key_goes_when_turned_off (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsFakeStoreKeys) keys = ls_fake_store_keys_new ();

  ls_queue_store_sqlite_set_encryption (LS_QUEUE_STORE_SQLITE (fixture->queue),
                                        LS_STORE_KEYS (keys), TRUE);
  g_assert_cmpuint (open_queue (fixture), ==, 1);
  g_assert_cmpuint (ls_fake_store_keys_get_count (keys), ==, 1);
  ls_queue_store_sqlite_set_encryption (LS_QUEUE_STORE_SQLITE (fixture->queue),
                                        LS_STORE_KEYS (keys), FALSE);
  g_assert_cmpuint (open_queue (fixture), ==, 1);
  g_assert_cmpuint (ls_fake_store_keys_get_count (keys), ==, 0);
  close_queue (fixture, FALSE);
  g_assert_cmpuint (open_queue (fixture), ==, 1);
}

#define ADD(name, data, function)                                                                  \
  g_test_add ("/store/wipe/" name, Fixture, data, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("cache-alone", NULL, test_cache_alone);
  ADD ("queue-alone", NULL, test_queue_alone);
  ADD ("both/queue-first", GINT_TO_POINTER (TRUE), test_both);
  ADD ("both/cache-first", GINT_TO_POINTER (FALSE), test_both);
  ADD ("key-goes-last/queue-first", GINT_TO_POINTER (TRUE), test_key_goes_last);
  ADD ("key-goes-last/cache-first", GINT_TO_POINTER (FALSE), test_key_goes_last);
  ADD ("key-goes-when-turned-off", NULL, test_key_goes_when_turned_off);
  return g_test_run ();
}
