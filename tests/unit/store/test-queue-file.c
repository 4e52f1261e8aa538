/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-queue-file.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "ls-error.h"
#include "ls-remove-tree.h"
#include "ls-store-keys.h"

#define PAGE_SIZE 4096

#define CANARY "Kanarie-7f3a91c5e2"

typedef struct
{
  char *dir;        /* (owned) */
  char *path;       /* (owned) */
  LsCipher *cipher; /* (owned) (nullable): NULL: it is not encrypted */
} Fixture;

static LsCipher *
cipher_new (guchar seed)
{
  guchar key[LS_STORE_KEY_SIZE];

  memset (key, seed, sizeof key);
  return ls_cipher_new (key);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->dir, "queue.db", NULL);
  if (g_strcmp0 (data, "encrypted") == 0)
    fixture->cipher = cipher_new (1);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ls_remove_tree (fixture->dir);
  g_free (fixture->dir);
  g_free (fixture->path);
  g_clear_pointer (&fixture->cipher, ls_cipher_free);
}

static LsQueueFile *
open_with (Fixture *fixture, LsCipher *reader, LsCipher *writer)
{
  g_autoptr (GError) error = NULL;
  LsQueueFile *queue = ls_queue_file_open (fixture->path, reader, writer, &error);

  g_assert_no_error (error);
  return queue;
}

static LsQueueFile *
open_queue (Fixture *fixture)
{
  return open_with (fixture, fixture->cipher, fixture->cipher);
}

static LsAction *
action_new (guint64 seq)
{
  g_autofree char *id = g_strdup_printf ("action-%d", (int)seq);
  LsAction *action = ls_action_new (id, LS_ACTION_UPDATE, "grade", "g-1");

  action->seq = seq;
  return action;
}

static void
put (LsQueueFile *queue, const LsAction *action)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (ls_queue_file_put (queue, action, &error));
  g_assert_no_error (error);
}

/* Every member, each with a value that no other has */
static LsAction *
full_action_new (void)
{
  LsAction *action = action_new (7);

  ls_action_set_text (&action->key, "key");
  ls_action_set_text (&action->app_key, "app-key");
  ls_action_set_text (&action->app_digest, "0123");
  ls_action_set_text (&action->endpoint, "/api/grades/g-1");
  ls_action_set_text (&action->body, "{\"score\":9}");
  ls_action_set_text (&action->base, "{\"score\":8}");
  ls_action_set_text (&action->depends_on, "other");
  ls_action_set_text (&action->app, "org.example.Grades");
  ls_action_set_text (&action->reason, "conflict");
  ls_action_set_text (&action->answer, "{\"success\":false}");
  ls_action_set_text (&action->server, "{\"score\":7}");
  ls_action_set_text (&action->loser, "{\"score\":6}");
  action->method = LS_METHOD_PATCH;
  action->base_version = 11;
  action->coalesce = TRUE;
  action->expires_at = 12;
  action->created_at = 13;
  action->status = LS_ACTION_CONFLICT;
  action->outcome = LS_OUTCOME_CONFLICTED;
  action->outcome_unknown = TRUE;
  action->attempts = 14;
  action->next_attempt_at = 15;
  action->http_status = 409;
  action->server_version = 16;
  action->commit_cursor = ls_cursor_new ("epoch", 17);
  action->visible = TRUE;
  action->ended_at = 18;
  return action;
}

static void
assert_same (const LsAction *a, const LsAction *b)
{
  g_assert_cmpuint (a->seq, ==, b->seq);
  g_assert_cmpstr (a->id, ==, b->id);
  g_assert_cmpstr (a->key, ==, b->key);
  g_assert_cmpstr (a->app_key, ==, b->app_key);
  g_assert_cmpstr (a->app_digest, ==, b->app_digest);
  g_assert_cmpint (a->type, ==, b->type);
  g_assert_cmpstr (a->entity, ==, b->entity);
  g_assert_cmpstr (a->entity_id, ==, b->entity_id);
  g_assert_cmpstr (a->endpoint, ==, b->endpoint);
  g_assert_cmpint (a->method, ==, b->method);
  g_assert_cmpstr (a->body, ==, b->body);
  g_assert_cmpint (a->base_version, ==, b->base_version);
  g_assert_cmpstr (a->base, ==, b->base);
  g_assert_cmpstr (a->depends_on, ==, b->depends_on);
  g_assert_cmpint (a->coalesce, ==, b->coalesce);
  g_assert_cmpint (a->expires_at, ==, b->expires_at);
  g_assert_cmpstr (a->app, ==, b->app);
  g_assert_cmpint (a->created_at, ==, b->created_at);
  g_assert_cmpint (a->status, ==, b->status);
  g_assert_cmpint (a->outcome, ==, b->outcome);
  g_assert_cmpint (a->outcome_unknown, ==, b->outcome_unknown);
  g_assert_cmpuint (a->attempts, ==, b->attempts);
  g_assert_cmpint (a->next_attempt_at, ==, b->next_attempt_at);
  g_assert_cmpuint (a->http_status, ==, b->http_status);
  g_assert_cmpstr (a->reason, ==, b->reason);
  g_assert_cmpstr (a->answer, ==, b->answer);
  g_assert_cmpint (a->server_version, ==, b->server_version);
  g_assert_cmpstr (a->server, ==, b->server);
  g_assert_true (ls_cursor_equal (a->commit_cursor, b->commit_cursor));
  g_assert_cmpint (a->visible, ==, b->visible);
  g_assert_cmpstr (a->loser, ==, b->loser);
  g_assert_cmpint (a->ended_at, ==, b->ended_at);
}

static void
test_keeps_everything (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsAction) full = full_action_new ();
  g_autoptr (LsAction) empty = action_new (3);
  g_autoptr (LsQueueFile) queue = open_queue (fixture);
  g_autoptr (GPtrArray) actions = NULL;

  put (queue, full);
  put (queue, empty);
  g_clear_pointer (&queue, ls_queue_file_free);

  queue = open_queue (fixture);
  actions = ls_queue_file_take_actions (queue);
  g_assert_cmpuint (actions->len, ==, 2);
  assert_same (actions->pdata[0], empty);
  assert_same (actions->pdata[1], full);
}

static void
test_changes_and_removes (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsAction) first = action_new (1);
  g_autoptr (LsAction) second = action_new (2);
  g_autoptr (LsQueueFile) queue = open_queue (fixture);
  g_autoptr (GPtrArray) actions = NULL;
  g_autoptr (GError) error = NULL;

  put (queue, first);
  put (queue, second);
  second->status = LS_ACTION_FAILED;
  put (queue, second);
  g_assert_true (ls_queue_file_remove (queue, first->id, &error));
  g_assert_true (ls_queue_file_remove (queue, "never-was", &error));
  g_clear_pointer (&queue, ls_queue_file_free);

  queue = open_queue (fixture);
  actions = ls_queue_file_take_actions (queue);
  g_assert_cmpuint (actions->len, ==, 1);
  assert_same (actions->pdata[0], second);
}

/* It is written through: what a commit answers is on the disk. */
static void
test_is_synchronous (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsQueueFile) queue = open_queue (fixture);

  g_assert_cmpint (ls_database_get_int (ls_queue_file_get_database (queue), "PRAGMA synchronous"),
                   ==, 2);
}

static void
test_newer (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsQueueFile) queue = open_queue (fixture);
  g_autoptr (LsAction) action = action_new (1);
  g_autoptr (GError) error = NULL;

  put (queue, action);
  ls_database_run (ls_queue_file_get_database (queue), "PRAGMA user_version = 99", NULL);
  g_clear_pointer (&queue, ls_queue_file_free);

  g_assert_null (ls_queue_file_open (fixture->path, fixture->cipher, fixture->cipher, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_NEWER_STORE);
}

/* So large that each has pages of its own */
static char *
body_of (guint64 seq)
{
  g_autofree char *text = g_strnfill (3 * PAGE_SIZE, (char)('a' + seq % 26));

  return g_strdup_printf ("{\"content\":\"%s\"}", text);
}

static void
fill (Fixture *fixture, guint n)
{
  g_autoptr (LsQueueFile) queue = open_queue (fixture);

  for (guint i = 1; i <= n; i++)
    {
      g_autoptr (LsAction) action = action_new (i);

      action->body = body_of (i);
      put (queue, action);
    }
}

static void
overwrite_page (Fixture *fixture, guint page)
{
  char rubbish[PAGE_SIZE];
  int fd = g_open (fixture->path, O_RDWR, 0);

  memset (rubbish, 0xa5, sizeof rubbish);
  g_assert_cmpint (pwrite (fd, rubbish, sizeof rubbish, (off_t)page * PAGE_SIZE), ==, PAGE_SIZE);
  close (fd);
}

static guint
count_pages (Fixture *fixture)
{
  GStatBuf info;

  g_assert_cmpint (g_stat (fixture->path, &info), ==, 0);
  return (guint)(info.st_size / PAGE_SIZE);
}

/* Whichever page is damaged, the queue opens, at most a few actions are gone, none has become another, and
 * the damaged file is kept. */
static void
test_damage (Fixture *fixture, gconstpointer data)
{
  const guint n = 8;
  guint n_pages, n_recoveries = 0;
  g_autofree char *aside = g_strconcat (fixture->path, ".corrupt-1", NULL);
  g_autofree char *whole = NULL;
  gsize length;

  fill (fixture, n);
  n_pages = count_pages (fixture);
  g_assert_true (g_file_get_contents (fixture->path, &whole, &length, NULL));
  for (guint page = 0; page < n_pages; page++)
    {
      g_autoptr (LsQueueFile) queue = NULL;
      g_autoptr (GPtrArray) actions = NULL;

      g_test_message ("page %u of %u", page, n_pages);
      g_assert_true (g_file_set_contents (fixture->path, whole, (gssize)length, NULL));
      overwrite_page (fixture, page);
      queue = open_queue (fixture);
      actions = ls_queue_file_take_actions (queue);
      if (g_file_test (aside, G_FILE_TEST_EXISTS))
        n_recoveries++;
      g_test_message ("%u of %u actions", actions->len, n);
      for (guint i = 0; i < actions->len; i++)
        {
          const LsAction *action = actions->pdata[i];
          g_autofree char *body = body_of (action->seq);

          g_assert_cmpstr (action->body, ==, body);
        }
      g_clear_pointer (&queue, ls_queue_file_free);
      ls_remove_tree (fixture->dir);
      g_mkdir (fixture->dir, 0700);
    }
  g_assert_cmpuint (n_recoveries, >, n_pages / 2);
}

/* An action with the canary in everything that is encrypted. */
static LsAction *
telling_action_new (void)
{
  LsAction *action = full_action_new ();

  ls_action_set_text (&action->body, "{\"body\":\"" CANARY "\"}");
  ls_action_set_text (&action->base, "{\"base\":\"" CANARY "\"}");
  ls_action_set_text (&action->answer, "{\"answer\":\"" CANARY "\"}");
  ls_action_set_text (&action->server, "{\"server\":\"" CANARY "\"}");
  ls_action_set_text (&action->loser, "{\"loser\":\"" CANARY "\"}");
  ls_action_set_text (&action->app_digest, CANARY);
  return action;
}

/* Whether the canary is in a file of the queue. */
static gboolean
is_told (Fixture *fixture)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->dir, 0, NULL);
  const char *name;
  gboolean found = FALSE;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (fixture->dir, name, NULL);
      g_autofree char *content = NULL;
      gsize length;

      g_assert_true (g_file_get_contents (path, &content, &length, NULL));
      found = found || memmem (content, length, CANARY, strlen (CANARY)) != NULL;
    }
  return found;
}

static void
assert_first (LsQueueFile *queue, const LsAction *expected)
{
  g_autoptr (GPtrArray) actions = ls_queue_file_take_actions (queue);

  g_assert_cmpuint (actions->len, ==, 1);
  assert_same (actions->pdata[0], expected);
}

/* On the way from plain to encrypted and back nothing is lost, and nothing plain is left behind. */
static void
test_converted (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsAction) action = telling_action_new ();
  g_autoptr (LsQueueFile) queue = open_with (fixture, NULL, NULL);

  put (queue, action);
  g_assert_true (is_told (fixture));
  g_clear_pointer (&queue, ls_queue_file_free);

  queue = open_queue (fixture);
  assert_first (queue, action);
  g_assert_false (is_told (fixture));
  put (queue, action);
  g_assert_false (is_told (fixture));
  g_clear_pointer (&queue, ls_queue_file_free);
  g_assert_false (is_told (fixture));

  queue = open_with (fixture, fixture->cipher, NULL);
  assert_first (queue, action);
  g_clear_pointer (&queue, ls_queue_file_free);
  queue = open_with (fixture, NULL, NULL);
  assert_first (queue, action);
}

/* Without a key nobody begins anew: the caller has to look for it. */
static void
test_key_needed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsAction) action = telling_action_new ();
  g_autoptr (LsQueueFile) queue = open_queue (fixture);
  g_autoptr (GError) error = NULL;

  put (queue, action);
  g_clear_pointer (&queue, ls_queue_file_free);
  g_assert_null (ls_queue_file_open (fixture->path, NULL, NULL, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_LOCKED);
  queue = open_queue (fixture);
  assert_first (queue, action);
}

/* What was to be done is still known of, and where it can be found, should the key come back. */
static void
test_key_lost (Fixture *fixture, gconstpointer data)
{
  g_autofree char *aside = g_strconcat (fixture->path, ".corrupt-1", NULL);
  g_autoptr (LsCipher) other = cipher_new (2);
  g_autoptr (LsAction) action = telling_action_new ();
  g_autoptr (LsAction) bare = action_new (9);
  g_autoptr (LsQueueFile) queue = open_queue (fixture);
  g_autoptr (GPtrArray) actions = NULL;
  const LsAction *lost;

  put (queue, action);
  put (queue, bare);
  g_clear_pointer (&queue, ls_queue_file_free);
  queue = open_with (fixture, other, other);
  actions = ls_queue_file_take_actions (queue);
  g_assert_cmpuint (actions->len, ==, 2);
  lost = actions->pdata[0];
  g_assert_cmpstr (lost->id, ==, action->id);
  g_assert_cmpstr (lost->endpoint, ==, action->endpoint);
  g_assert_cmpint (lost->status, ==, LS_ACTION_FAILED);
  g_assert_cmpstr (lost->reason, ==, LS_ACTION_UNREADABLE);
  g_assert_null (lost->body);
  assert_same (actions->pdata[1], bare);
  g_clear_pointer (&queue, ls_queue_file_free);

  g_assert_true (g_file_test (aside, G_FILE_TEST_EXISTS));
  g_free (fixture->path);
  fixture->path = g_steal_pointer (&aside);
  queue = open_queue (fixture);
  g_clear_pointer (&actions, g_ptr_array_unref);
  actions = ls_queue_file_take_actions (queue);
  assert_same (actions->pdata[0], action);
}

/* A payload that was put in another's place is as lost as one that was made up. */
static void
test_swapped_and_made_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsAction) action = telling_action_new ();
  g_autoptr (LsQueueFile) queue = open_queue (fixture);
  g_autoptr (GPtrArray) actions = NULL;

  for (guint i = 1; i <= 3; i++)
    {
      g_autoptr (LsAction) copy = action_new (i);

      ls_action_set_text (&copy->body, action->body);
      put (queue, copy);
    }
  ls_database_run (ls_queue_file_get_database (queue),
                   "UPDATE action SET body = (SELECT body FROM action WHERE seq = 1) WHERE seq = 2;"
                   "UPDATE action SET base = body WHERE seq = 3",
                   NULL);
  g_clear_pointer (&queue, ls_queue_file_free);
  queue = open_queue (fixture);
  actions = ls_queue_file_take_actions (queue);
  g_assert_cmpuint (actions->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (((LsAction *)actions->pdata[i])->status, ==,
                     i == 0 ? LS_ACTION_PENDING : LS_ACTION_FAILED);
}

/* Turns a bit in the midst of a payload of the action with that number, as a disk may. */
static void
flip (LsQueueFile *queue, const char *column, guint seq)
{
  LsDatabase *database = ls_queue_file_get_database (queue);
  g_autofree char *select = g_strdup_printf ("SELECT %s FROM action WHERE seq = %u", column, seq);
  g_autofree char *update =
      g_strdup_printf ("UPDATE action SET %s = ? WHERE seq = %u", column, seq);
  sqlite3_stmt *stmt = ls_database_prepare (database, select, NULL);
  g_autofree guchar *bytes = NULL;
  int size;

  g_assert_true (ls_database_step (database, stmt, NULL));
  size = sqlite3_column_bytes (stmt, 0);
  bytes = g_memdup2 (sqlite3_column_blob (stmt, 0), (gsize)size);
  sqlite3_reset (stmt);
  bytes[size / 2] ^= 1;
  stmt = ls_database_prepare (database, update, NULL);
  sqlite3_bind_blob (stmt, 1, bytes, size, SQLITE_STATIC);
  g_assert_true (ls_database_finish (database, stmt, NULL));
}

/* One bit costs one action, and that only if it is needed to send it. */
static void
test_flipped_bit (Fixture *fixture, gconstpointer data)
{
  static const char *const columns[] = {
    "body", "base", "server", "answer", "loser", "app_digest"
  };
  g_autoptr (LsQueueFile) queue = open_queue (fixture);

  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      g_autoptr (LsAction) telling = telling_action_new ();

      telling->seq = i + 1;
      g_free (telling->id);
      telling->id = g_strdup_printf ("action-%u", i);
      telling->status = LS_ACTION_PENDING;
      put (queue, telling);
      flip (queue, columns[i], i + 1);
    }
  for (guint turn = 0; turn < 2; turn++)
    {
      g_autoptr (GPtrArray) actions = NULL;

      g_clear_pointer (&queue, ls_queue_file_free);
      queue = open_queue (fixture);
      actions = ls_queue_file_take_actions (queue);
      g_assert_cmpuint (actions->len, ==, G_N_ELEMENTS (columns));
      for (guint i = 0; i < actions->len; i++)
        {
          const LsAction *action = actions->pdata[i];

          g_assert_cmpint (action->status, ==, i < 3 ? LS_ACTION_FAILED : LS_ACTION_PENDING);
          g_assert_cmpint (g_strcmp0 (action->reason, LS_ACTION_UNREADABLE) == 0, ==, i < 3);
          g_assert_cmpint (action->body != NULL, ==, i >= 3);
        }
    }
}

static void
add (const char *promise, const char *kind, void (*test) (Fixture *, gconstpointer))
{
  g_autofree char *path = g_strdup_printf ("/store/queue-file/%s/%s", kind, promise);

  g_test_add (path, Fixture, kind, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  static const char *const kinds[] = { "plain", "encrypted" };

  g_test_init (&argc, &argv, NULL);
  /* Damage is warned of. */
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      add ("keeps-everything", kinds[i], test_keeps_everything);
      add ("changes-and-removes", kinds[i], test_changes_and_removes);
      add ("is-synchronous", kinds[i], test_is_synchronous);
      add ("leaves-newer-alone", kinds[i], test_newer);
    }
  add ("recovers-from-damage", "plain", test_damage);
  add ("converted", "encrypted", test_converted);
  add ("key-needed", "encrypted", test_key_needed);
  add ("key-lost", "encrypted", test_key_lost);
  add ("swapped-and-made-up", "encrypted", test_swapped_and_made_up);
  add ("flipped-bit", "encrypted", test_flipped_bit);

  return g_test_run ();
}
