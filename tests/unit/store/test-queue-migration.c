/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Queues that an older program has left: nothing in them is lost on the way, whole or damaged. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "ls-queue-file.h"
#include "ls-remove-tree.h"

#define PAGE_SIZE 4096

typedef struct
{
  char *dir;  /* (owned) */
  char *path; /* (owned) */
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  f->path = g_build_filename (f->dir, "queue.db", NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  ls_remove_tree (f->dir);
  g_free (f->dir);
  g_free (f->path);
}

/* @more: SQL after that of the old file */
static void
make_old (Fixture *f, const char *more)
{
  g_autofree char *old = g_build_filename (TEST_DIR, "queue-2.sql", NULL);
  g_autofree char *sql = NULL;
  sqlite3 *handle;

  g_assert_true (g_file_get_contents (old, &sql, NULL, NULL));
  g_assert_cmpint (sqlite3_open (f->path, &handle), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (handle, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (handle, more, NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (handle), ==, SQLITE_OK);
}

static GPtrArray *
read_actions (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsQueueFile) queue = ls_queue_file_open (f->path, NULL, NULL, &error);

  g_assert_no_error (error);
  return ls_queue_file_take_actions (queue);
}

/* A key that an app gave is told from the id; from one of ours nobody could, and nobody asks for it. */
static void
test_migration (Fixture *f, gconstpointer data)
{
  make_old (f, "");
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GPtrArray) actions = read_actions (f);
      const LsAction *own, *apps, *dead;

      g_assert_cmpuint (actions->len, ==, 3);
      own = actions->pdata[0];
      g_assert_null (own->app_key);
      g_assert_cmpstr (own->key, ==, own->id);
      g_assert_cmpstr (own->base, ==, "{\"id\":\"g-1\",\"score\":70}");
      apps = actions->pdata[1];
      g_assert_cmpstr (apps->app_key, ==, "the-app's");
      g_assert_null (apps->app_digest);
      g_assert_cmpstr (apps->key, ==, "the-app's");
      g_assert_cmpstr (apps->body, ==, "{\"id\":\"g-2\",\"score\":1}");
      g_assert_cmpint (apps->expires_at, ==, 1800000000000);
      g_assert_true (apps->outcome_unknown);
      dead = actions->pdata[2];
      g_assert_cmpint (dead->status, ==, LS_ACTION_FAILED);
      g_assert_cmpstr (dead->answer, ==, "{\"status\":403}");
    }
}

static void
overwrite_page (Fixture *f, guint page)
{
  char rubbish[PAGE_SIZE];
  int fd = g_open (f->path, O_RDWR, 0);

  memset (rubbish, 0xa5, sizeof rubbish);
  g_assert_cmpint (pwrite (fd, rubbish, sizeof rubbish, (off_t)page * PAGE_SIZE), ==, PAGE_SIZE);
  close (fd);
}

/* A file may be damaged before it can be brought up to date: what is left of it is there all the same. Without its
 * first page and that of the table, the first two here, there is nothing left. */
static void
test_damage (Fixture *f, gconstpointer data)
{
  const char *fill = "WITH RECURSIVE n (i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 43)"
                     " INSERT INTO action SELECT i, 'id-' || i, 'key-' || i, 'update', 'grade',"
                     "  'g-1', '/api/grades/g-1', 'PUT', printf ('{\"n\":\"%s\"}',"
                     "  hex (zeroblob (600))), 0, NULL, NULL, 0, 0, 'app', 1, 'pending', '', 0, 0,"
                     "  0, 0, NULL, NULL, 0, NULL, NULL, 0, NULL, 0 FROM n";
  g_autofree char *whole = NULL;
  gsize length;

  make_old (f, fill);
  g_assert_true (g_file_get_contents (f->path, &whole, &length, NULL));
  for (guint page = 2; page < length / PAGE_SIZE; page++)
    {
      g_autoptr (GPtrArray) actions = NULL;

      g_assert_true (g_file_set_contents (f->path, whole, (gssize)length, NULL));
      overwrite_page (f, page);
      actions = read_actions (f);
      g_assert_cmpuint (actions->len, >, 20);
      for (guint i = 0; i < actions->len; i++)
        {
          const LsAction *action = actions->pdata[i];

          if (g_str_has_prefix (action->id, "id-"))
            g_assert_cmpstr (action->app_key, ==, action->key);
        }
      ls_remove_tree (f->dir);
      g_mkdir (f->dir, 0700);
    }
}

#define ADD(name, function)                                                                        \
  g_test_add ("/store/queue-migration/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* Damage is warned of. */
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
  ADD ("2", test_migration);
  ADD ("damaged", test_damage);
  return g_test_run ();
}
