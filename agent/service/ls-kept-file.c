/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-kept-file.h"

#include <gio/gio.h>

/**
 * LsKeptFile:
 *
 * A small key file that outlasts the program, for nobody else to read. It is always written as a whole, and
 * after a crash there is the old or the new one. Where it can't be read or written that is reported, and
 * what is in memory goes on.
 */
struct _LsKeptFile
{
  GObject parent_instance;

  char *path; /* (owned) (nullable): %NULL: nothing is kept on disk */
  char *what; /* (owned): what is in it, for reports */
  gboolean busy;
  GBytes *next; /* (owned) (nullable): what to write when that is done which is being written */
};

G_DEFINE_FINAL_TYPE (LsKeptFile, ls_kept_file, G_TYPE_OBJECT)

static void
ls_kept_file_finalize (GObject *object)
{
  LsKeptFile *self = LS_KEPT_FILE (object);

  g_free (self->path);
  g_free (self->what);
  g_clear_pointer (&self->next, g_bytes_unref);

  G_OBJECT_CLASS (ls_kept_file_parent_class)->finalize (object);
}

static void
ls_kept_file_class_init (LsKeptFileClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_kept_file_finalize;
}

static void
ls_kept_file_init (LsKeptFile *self)
{
}

/**
 * ls_kept_file_new:
 * @path: (nullable): the file; %NULL: nothing is kept on disk
 * @what: what is in it, in the plural, for the log
 *
 * Returns: (transfer full): the file, not read yet
 */
LsKeptFile *
ls_kept_file_new (const char *path, const char *what)
{
  LsKeptFile *self = g_object_new (LS_TYPE_KEPT_FILE, NULL);

  self->path = g_strdup (path);
  self->what = g_strdup (what);
  return self;
}

/**
 * ls_kept_file_load:
 * @self: the file
 *
 * Reads it, which blocks: for the start of the program. One that can't be read is taken as empty.
 *
 * Returns: (transfer full): what is in it
 */
GKeyFile *
ls_kept_file_load (LsKeptFile *self)
{
  GKeyFile *file = g_key_file_new ();
  g_autoptr (GError) error = NULL;

  g_return_val_if_fail (LS_IS_KEPT_FILE (self), file);

  if (self->path != NULL &&
      !g_key_file_load_from_file (file, self->path, G_KEY_FILE_NONE, &error) &&
      !g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    g_warning ("%s start afresh: %s", self->what, error->message);
  return file;
}

static void write_next (LsKeptFile *self);

static void
replace_contents_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LsKeptFile) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!g_file_replace_contents_finish (G_FILE (object), result, NULL, &error))
    g_warning ("%s are not kept: %s", self->what, error->message);
  self->busy = FALSE;
  write_next (self);
}

static void
write_next (LsKeptFile *self)
{
  g_autoptr (GBytes) bytes = g_steal_pointer (&self->next);
  g_autoptr (GFile) file = NULL;

  if (bytes == NULL)
    return;

  self->busy = TRUE;
  file = g_file_new_for_path (self->path);
  g_file_replace_contents_bytes_async (file, bytes, NULL, FALSE, G_FILE_CREATE_PRIVATE, NULL,
                                       replace_contents_cb, g_object_ref (self));
}

/**
 * ls_kept_file_save:
 * @self: the file
 * @file: what is to be in it
 *
 * Writes it beside the main loop, one after the other.
 */
void
ls_kept_file_save (LsKeptFile *self, GKeyFile *file)
{
  gsize length;
  char *text;

  g_return_if_fail (LS_IS_KEPT_FILE (self));

  if (self->path == NULL)
    return;

  g_clear_pointer (&self->next, g_bytes_unref);
  text = g_key_file_to_data (file, &length, NULL);
  self->next = g_bytes_new_take (text, length);
  if (!self->busy)
    write_next (self);
}

/**
 * ls_kept_file_save_now:
 * @self: the file
 * @file: what is to be in it
 *
 * Writes it at the end of the program, when nothing can be waited for.
 */
void
ls_kept_file_save_now (LsKeptFile *self, GKeyFile *file)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  g_return_if_fail (LS_IS_KEPT_FILE (self));

  if (self->path == NULL)
    return;

  g_clear_pointer (&self->next, g_bytes_unref);
  text = g_key_file_to_data (file, NULL, NULL);
  if (!g_file_set_contents_full (self->path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                 &error))
    g_warning ("%s are not kept: %s", self->what, error->message);
}

/**
 * ls_kept_file_is_busy:
 * @self: the file
 *
 * Returns: whether something is not on disk yet that should be
 */
gboolean
ls_kept_file_is_busy (LsKeptFile *self)
{
  g_return_val_if_fail (LS_IS_KEPT_FILE (self), FALSE);

  return self->busy;
}
