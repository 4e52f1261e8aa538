/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include <glib/gstdio.h>

#include "ls-actions.h"
#include "ls-i18n.h"
#include "ls-log.h"
#include "ls-migrations.h"
#include "ls-school-private.h"
#include "ls-scope.h"

G_DEFINE_QUARK (ls_school_error, ls_school_error)

G_DEFINE_FINAL_TYPE (LsSchool, ls_school, G_TYPE_OBJECT)

enum
{
  SIGNAL_VIEWER_CHANGED,
  SIGNAL_APPENDED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
ls_school_finalize (GObject *object)
{
  LsSchool *self = LS_SCHOOL (object);

  g_clear_pointer (&self->database, ls_database_close);
  if (self->lock_fd >= 0)
    close (self->lock_fd);
  g_free (self->epoch);
  g_hash_table_unref (self->viewers);

  G_OBJECT_CLASS (ls_school_parent_class)->finalize (object);
}

static void
ls_school_class_init (LsSchoolClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_school_finalize;

  signals[SIGNAL_VIEWER_CHANGED] =
      g_signal_new ("viewer-changed", LS_TYPE_SCHOOL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SIGNAL_APPENDED] = g_signal_new ("appended", LS_TYPE_SCHOOL, G_SIGNAL_RUN_LAST, 0, NULL,
                                           NULL, NULL, G_TYPE_NONE, 1, G_TYPE_PTR_ARRAY);
}

static void
ls_school_init (LsSchool *self)
{
  self->lock_fd = -1;
  self->viewers =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)ls_viewer_unref);
}

static gboolean
fail_with_errno (GError **error, const char *what, const char *path)
{
  int saved_errno = errno;

  g_set_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_STORAGE, "%s “%s”: %s", what, path,
               g_strerror (saved_errno));
  return FALSE;
}

/* Two servers would each keep their own idea of the log's top. */
static gboolean
lock_directory (LsSchool *self, const char *data_dir, GError **error)
{
  g_autofree char *path = g_build_filename (data_dir, "school.lock", NULL);

  if (g_mkdir_with_parents (data_dir, 0700) != 0)
    return fail_with_errno (error, _ ("Can’t create the directory"), data_dir);

  self->lock_fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (self->lock_fd < 0)
    return fail_with_errno (error, _ ("Can’t open"), path);
  if (flock (self->lock_fd, LOCK_EX | LOCK_NB) == 0)
    return TRUE;
  if (errno != EWOULDBLOCK)
    return fail_with_errno (error, _ ("Can’t lock"), path);

  g_set_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_STORAGE,
               _ ("Another server is running with “%s”"), data_dir);
  return FALSE;
}

/* SQLite gives its other files the mode of this one. */
static gboolean
create_privately (const char *path, GError **error)
{
  int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  if (fd < 0)
    return fail_with_errno (error, _ ("Can’t open"), path);

  close (fd);
  return TRUE;
}

static gboolean
load_epoch (LsSchool *self, GError **error)
{
  g_autofree char *new_epoch = g_uuid_string_random ();
  g_autoptr (LsStatement) statement = NULL;
  gboolean row;

  if (!ls_database_run (
          self->database, error,
          "INSERT INTO meta (name, value) VALUES ('epoch', ?1) ON CONFLICT DO NOTHING", "t",
          new_epoch))
    return FALSE;

  statement = ls_database_prepare (self->database, error,
                                   "SELECT value FROM meta WHERE name = 'epoch'", "");
  if (statement == NULL || !ls_statement_step (statement, &row, error))
    return FALSE;

  self->epoch = g_strdup (ls_statement_get_text (statement, 0));
  return TRUE;
}

/**
 * ls_school_open:
 * @data_dir: the directory of the school's data; made, 0700, if it does not exist
 * @error: return location for an error; %LS_SCHOOL_ERROR_NEWER: the data is of a later version
 *
 * Opens `school.db` in @data_dir, or makes it, and brings it to this version.
 *
 * Returns: (transfer full) (nullable): the school
 */
LsSchool *
ls_school_open (const char *data_dir, GError **error)
{
  g_autoptr (LsSchool) self = NULL;
  g_autofree char *path = NULL;
  gint64 floor;

  g_return_val_if_fail (data_dir != NULL, NULL);
  g_return_val_if_fail (error == NULL || *error == NULL, NULL);

  self = g_object_new (LS_TYPE_SCHOOL, NULL);
  path = g_build_filename (data_dir, "school.db", NULL);
  if (!lock_directory (self, data_dir, error) || !create_privately (path, error))
    return NULL;

  self->database = ls_database_open (path, error);
  if (self->database == NULL)
    return NULL;
  if (!ls_migrations_apply (self->database, error) || !load_epoch (self, error) ||
      !ls_log_get_ends (self->database, &floor, &self->top, error))
    {
      g_prefix_error (error, _ ("Can’t use “%s”: "), path);
      return NULL;
    }
  return g_steal_pointer (&self);
}

/**
 * ls_school_check:
 * @self: a school
 * @error: return location for an error
 *
 * Returns: whether the database answers
 */
gboolean
ls_school_check (LsSchool *self, GError **error)
{
  gint64 floor, top;

  g_return_val_if_fail (LS_IS_SCHOOL (self), FALSE);

  return ls_log_get_ends (self->database, &floor, &top, error);
}

/**
 * ls_school_get_cursor:
 * @self: a school
 *
 * Returns: the top of the log
 */
LsCursor
ls_school_get_cursor (LsSchool *self)
{
  g_return_val_if_fail (LS_IS_SCHOOL (self), LS_CURSOR_NONE);

  return ls_cursor_new (self->epoch, self->top);
}

static gboolean
trim (LsSchool *self, gint64 now_ms, gboolean *more, GError **error)
{
  return ls_log_trim (self->database, now_ms - LS_SCHOOL_LOG_AGE, error) &&
         ls_actions_forget (self->database, now_ms - LS_SCHOOL_ACTION_AGE, more, error) &&
         ls_database_run (self->database, error, "DELETE FROM sessions WHERE expires_at < ?1", "i",
                          now_ms);
}

/**
 * ls_school_trim:
 * @self: a school
 * @now_ms: the time, milliseconds since the epoch
 * @more: (out): whether to call again soon: this was one step of many
 * @error: return location for an error
 *
 * Forgets what is older than %LS_SCHOOL_LOG_AGE in the log, actions that are older than
 * %LS_SCHOOL_ACTION_AGE, and sessions that are over.
 *
 * Returns: whether it was done
 */
gboolean
ls_school_trim (LsSchool *self, gint64 now_ms, gboolean *more, GError **error)
{
  g_return_val_if_fail (LS_IS_SCHOOL (self), FALSE);
  g_return_val_if_fail (more != NULL, FALSE);

  *more = FALSE;
  if (!ls_database_begin (self->database, error) ||
      !ls_database_end (self->database, trim (self, now_ms, more, error), error))
    return FALSE;

  g_hash_table_remove_all (self->viewers);
  return TRUE;
}

/**
 * ls_school_get_viewer:
 * @self: a school
 * @user_id: a user's id
 * @error: return location for an error; %LS_SCHOOL_ERROR_NOT_FOUND: there is no such user
 *
 * Returns: (transfer full) (nullable): the user as a viewer, good until LsSchool::viewer-changed
 */
LsViewer *
ls_school_get_viewer (LsSchool *self, const char *user_id, GError **error)
{
  g_autoptr (LsViewer) viewer = NULL;
  LsViewer *known;

  g_return_val_if_fail (LS_IS_SCHOOL (self), NULL);
  g_return_val_if_fail (user_id != NULL, NULL);

  known = g_hash_table_lookup (self->viewers, user_id);
  if (known != NULL)
    return ls_viewer_ref (known);

  viewer = ls_scope_load_viewer (self->database, user_id, error);
  if (viewer == NULL || !ls_scope_load_past (self->database, viewer, error))
    return NULL;

  g_hash_table_insert (self->viewers, g_strdup (user_id), ls_viewer_ref (viewer));
  return g_steal_pointer (&viewer);
}

/**
 * ls_school_publish:
 * @self: a school
 * @viewer_ids: (element-type utf8): the users whose account or scope a transaction changed
 * @entries: (element-type LsLogEntry): what it appended to the log
 *
 * Tells everyone what has just been committed.
 */
void
ls_school_publish (LsSchool *self, GPtrArray *viewer_ids, GPtrArray *entries)
{
  if (entries->len > 0)
    self->top = ls_log_entry_get_offset (entries->pdata[entries->len - 1]);

  for (guint i = 0; i < viewer_ids->len; i++)
    g_hash_table_remove (self->viewers, viewer_ids->pdata[i]);
  for (guint i = 0; i < viewer_ids->len; i++)
    g_signal_emit (self, signals[SIGNAL_VIEWER_CHANGED], 0, viewer_ids->pdata[i]);
  if (entries->len > 0)
    g_signal_emit (self, signals[SIGNAL_APPENDED], 0, entries);
}

/**
 * ls_school_check_active:
 * @viewer: a viewer
 * @error: return location for %LS_SCHOOL_ERROR_FORBIDDEN
 *
 * Returns: whether the viewer's account may be used
 */
gboolean
ls_school_check_active (const LsViewer *viewer, GError **error)
{
  if (ls_viewer_is_active (viewer))
    return TRUE;

  g_set_error_literal (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_FORBIDDEN,
                       "The account is not active");
  return FALSE;
}
