/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-checkpointer.h"

/* SQLite begins the log anew when all of it is in the file at the moment of a commit, which seldom comes
 * by itself while commits go on. So beyond this many times what the thread copies at once, a commit copies
 * what the thread has left: if that is little; at twice as many however much it is. */
#define LARGE 8
#define LITTLE(n) ((n) / 4)

/**
 * LsCheckpointer:
 *
 * Copies the write-ahead log into the file on a thread of its own, with a connection of its own: it
 * waits for the disk several times, and a commit should not wait with it.
 */
struct _LsCheckpointer
{
  sqlite3 *handle; /* (unowned): of the writer */
  char *path;      /* (owned) */
  guint n_pages;   /* so many are copied at once */
  guint n_large;   /* in pages: beyond it a commit copies what little is left */

  GThreadPool *pool; /* (owned): whose only thread is there while it is needed */
  GMutex mutex;
  GCond done;
  gboolean busy; /* the thread is at work; under @mutex */

  guint copied;  /* so many of the log's pages were there when it was last copied */
  gboolean rest; /* the thread did that, and no commit what it left */
};

static void
set_busy (LsCheckpointer *self, gboolean busy)
{
  g_mutex_lock (&self->mutex);
  self->busy = busy;
  g_cond_broadcast (&self->done);
  g_mutex_unlock (&self->mutex);
}

/* Returns: whether the thread is at work; never after it was waited for */
static gboolean
is_busy (LsCheckpointer *self, gboolean wait)
{
  gboolean busy;

  g_mutex_lock (&self->mutex);
  while (self->busy && wait)
    g_cond_wait (&self->done, &self->mutex);
  busy = self->busy;
  g_mutex_unlock (&self->mutex);
  return busy;
}

/* A connection knows of the log only once it has read something. What fails here is tried again, at the
 * latest when the file is closed. */
static void
copy (gpointer data, gpointer user_data)
{
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  LsCheckpointer *self = user_data;
  sqlite3 *handle = NULL;

  if (sqlite3_open_v2 (self->path, &handle, flags, NULL) != SQLITE_OK ||
      sqlite3_exec (handle, "PRAGMA user_version", NULL, NULL, NULL) != SQLITE_OK ||
      sqlite3_wal_checkpoint_v2 (handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) != SQLITE_OK)
    g_debug ("the log was not copied: %s", sqlite3_errmsg (handle));

  sqlite3_close (handle);
  set_busy (self, FALSE);
}

/* Called after each commit, with how many pages are in the log. */
static int
on_commit (void *data, sqlite3 *handle, const char *name, int n_pages)
{
  LsCheckpointer *self = data;
  guint n_log = (guint)n_pages;
  guint n_new = n_log < self->copied ? n_log : n_log - self->copied;
  gboolean large = n_log >= self->n_large;
  gboolean too_large = n_log >= 2 * LARGE * self->n_pages;

  if (is_busy (self, too_large))
    return SQLITE_OK;

  if (self->rest && (too_large || (large && n_new <= LITTLE (self->n_pages))))
    {
      self->rest = FALSE;
      self->copied = n_log;
      sqlite3_wal_checkpoint_v2 (handle, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
  else if (n_new >= self->n_pages)
    {
      self->rest = TRUE;
      self->copied = n_log;
      set_busy (self, TRUE);
      g_thread_pool_push (self->pool, self, NULL);
    }
  return SQLITE_OK;
}

/**
 * ls_checkpointer_new:
 * @handle: the connection that writes; takes the place of its `wal_autocheckpoint`
 * @n_pages: how many pages are copied at once; the log grows to 16 times as many when commits do not stop
 *
 * Returns: (transfer full): a checkpointer, to be freed before @handle is closed
 */
LsCheckpointer *
ls_checkpointer_new (sqlite3 *handle, guint n_pages)
{
  LsCheckpointer *self = g_new0 (LsCheckpointer, 1);

  self->handle = handle;
  self->path = g_strdup (sqlite3_db_filename (handle, NULL));
  self->n_pages = n_pages;
  self->n_large = LARGE * n_pages;
  self->pool = g_thread_pool_new (copy, self, 1, FALSE, NULL);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->done);
  sqlite3_wal_hook (handle, on_commit, self);
  return self;
}

/**
 * ls_checkpointer_keep_short:
 * @self: a checkpointer
 *
 * Has the log begun anew as often as can be, with half of it copied at once. That is for a log whose every commit
 * waits for the disk: to write over what is there takes it half of the time that it takes to make the log longer
 * (README.md, "Figures").
 */
void
ls_checkpointer_keep_short (LsCheckpointer *self)
{
  self->n_pages /= 2;
  self->n_large = self->n_pages;
}

/**
 * ls_checkpointer_free:
 * @self: (transfer full): a checkpointer
 *
 * Waits for the thread.
 */
void
ls_checkpointer_free (LsCheckpointer *self)
{
  sqlite3_wal_hook (self->handle, NULL, NULL);
  g_thread_pool_free (self->pool, FALSE, TRUE);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->done);
  g_free (self->path);
  g_free (self);
}
