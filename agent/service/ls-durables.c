/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-durables.h"

#include <string.h>

#include "ls-error.h"
#include "ls-kept-file.h"

/* How long changes are gathered before they are written. What a crash loses is delivered again. */
#define SAVE_DELAY_MS 1000

typedef struct
{
  char *app; /* (owned): whose it is; empty: nobody knows any more */
  guint64 seq;
  gint64 used_at; /* wall clock, milliseconds */
} Place;

/**
 * LsDurables:
 *
 * The places in the log of events that apps keep under a name, in a key file. Belongs to a store: in
 * another one the same name is another place.
 */
struct _LsDurables
{
  GObject parent_instance;

  LsClock *clock;     /* (owned) */
  LsKeptFile *file;   /* (owned) */
  GHashTable *places; /* (owned) (element-type utf8 Place): by group in the file */
  guint alarm_id;     /* 0: nothing is to be written */
};

G_DEFINE_FINAL_TYPE (LsDurables, ls_durables, G_TYPE_OBJECT)

static void
place_free (gpointer data)
{
  Place *place = data;

  g_free (place->app);
  g_free (place);
}

static GKeyFile *
to_key_file (LsDurables *self)
{
  GKeyFile *file = g_key_file_new ();
  GHashTableIter iter;
  const char *group;
  const Place *place;

  g_hash_table_iter_init (&iter, self->places);
  while (g_hash_table_iter_next (&iter, (gpointer *)&group, (gpointer *)&place))
    {
      g_key_file_set_uint64 (file, group, "seq", place->seq);
      g_key_file_set_int64 (file, group, "used-at", place->used_at);
      g_key_file_set_string (file, group, "app", place->app);
    }
  return file;
}

static void
ls_durables_dispose (GObject *object)
{
  LsDurables *self = LS_DURABLES (object);

  if (self->alarm_id != 0)
    {
      g_autoptr (GKeyFile) file = to_key_file (self);

      ls_clock_remove_alarm (self->clock, self->alarm_id);
      self->alarm_id = 0;
      ls_kept_file_save_now (self->file, file);
    }

  G_OBJECT_CLASS (ls_durables_parent_class)->dispose (object);
}

static void
ls_durables_finalize (GObject *object)
{
  LsDurables *self = LS_DURABLES (object);

  g_clear_object (&self->clock);
  g_clear_object (&self->file);
  g_hash_table_unref (self->places);

  G_OBJECT_CLASS (ls_durables_parent_class)->finalize (object);
}

static void
ls_durables_class_init (LsDurablesClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ls_durables_dispose;
  object_class->finalize = ls_durables_finalize;
}

static void
ls_durables_init (LsDurables *self)
{
  self->places = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, place_free);
}

/* A group of a key file can't hold brackets or control characters, a name can. */
static char *
to_group (const char *store_id, const char *name)
{
  g_autofree char *escaped = g_uri_escape_string (name, NULL, FALSE);

  return g_strdup_printf ("%s %s", store_id, escaped);
}

/* @group, @app: (transfer full) */
static void
put (LsDurables *self, char *group, char *app, guint64 seq, gint64 used_at)
{
  Place *place = g_new (Place, 1);

  *place = (Place) { app, seq, used_at };
  g_hash_table_replace (self->places, group, place);
}

static guint
count_of (LsDurables *self, const char *app)
{
  GHashTableIter iter;
  const Place *place;
  guint n = 0;

  g_hash_table_iter_init (&iter, self->places);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&place))
    n += g_str_equal (place->app, app);
  return n;
}

static gboolean
is_stale (gpointer key, gpointer value, gpointer user_data)
{
  const Place *place = value;
  const gint64 *now = user_data;

  return *now - place->used_at > LS_DURABLES_KEEP_MS;
}

static void
drop_stale (LsDurables *self)
{
  gint64 now = ls_clock_get_wall (self->clock);

  g_hash_table_foreach_remove (self->places, is_stale, &now);
}

static void
load (LsDurables *self)
{
  g_autoptr (GKeyFile) file = ls_kept_file_load (self->file);
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);

  for (guint i = 0; groups[i] != NULL; i++)
    {
      char *app = g_key_file_get_string (file, groups[i], "app", NULL);

      put (self, g_strdup (groups[i]), app != NULL ? app : g_strdup (""),
           g_key_file_get_uint64 (file, groups[i], "seq", NULL),
           g_key_file_get_int64 (file, groups[i], "used-at", NULL));
    }
}

/**
 * ls_durables_new:
 * @clock: the clock
 * @path: (nullable): the key file; %NULL: nothing is kept on disk
 *
 * Reads the file, which blocks: for the start of the program. A file that can't be read is reported
 * and taken as empty.
 *
 * Returns: (transfer full): what was kept
 */
LsDurables *
ls_durables_new (LsClock *clock, const char *path)
{
  LsDurables *self = g_object_new (LS_TYPE_DURABLES, NULL);

  self->clock = g_object_ref (clock);
  self->file = ls_kept_file_new (path, "durable subscriptions");
  load (self);
  drop_stale (self);
  return self;
}

/**
 * ls_durables_lookup:
 * @self: the places
 * @store_id: in which store
 * @name: a name
 * @seq: (out): the place
 *
 * Returns: whether there is one
 */
gboolean
ls_durables_lookup (LsDurables *self, const char *store_id, const char *name, guint64 *seq)
{
  g_autofree char *group = NULL;
  const Place *place;

  g_return_val_if_fail (LS_IS_DURABLES (self), FALSE);

  drop_stale (self);
  group = to_group (store_id, name);
  place = g_hash_table_lookup (self->places, group);
  if (place == NULL)
    return FALSE;

  *seq = place->seq;
  return TRUE;
}

static void
save_alarm_cb (gpointer user_data)
{
  LsDurables *self = user_data;
  g_autoptr (GKeyFile) file = to_key_file (self);

  self->alarm_id = 0;
  ls_kept_file_save (self->file, file);
}

static void
save_soon (LsDurables *self)
{
  if (self->alarm_id == 0)
    self->alarm_id = ls_clock_add_alarm (self->clock, LS_CLOCK_MONOTONIC,
                                         ls_clock_get_monotonic (self->clock) + SAVE_DELAY_MS,
                                         save_alarm_cb, self);
}

/* So that one app that makes up names all the time does not keep the others from having theirs. */
static gboolean
check_room (LsDurables *self, const char *app, GError **error)
{
  if (g_hash_table_size (self->places) >= LS_DURABLES_MAX)
    g_set_error (error, LS_ERROR, LS_ERROR_LIMIT_EXCEEDED, "more than %d durable names",
                 LS_DURABLES_MAX);
  else if (count_of (self, app) >= LS_DURABLES_MAX_OF_APP)
    g_set_error (error, LS_ERROR, LS_ERROR_LIMIT_EXCEEDED, "more than %d durable names of this app",
                 LS_DURABLES_MAX_OF_APP);
  else
    return TRUE;

  return FALSE;
}

/**
 * ls_durables_set:
 * @self: the places
 * @store_id: in which store
 * @name: a name
 * @app: who asks; a name stays with who had it first
 * @seq: the place
 * @error: %LS_ERROR_INVALID_ARGUMENT: not a name; %LS_ERROR_LIMIT_EXCEEDED: too many names
 *
 * Keeps a place for another 7 days. It is on disk about a second later.
 *
 * Returns: whether it is kept
 */
gboolean
ls_durables_set (LsDurables *self,
                 const char *store_id,
                 const char *name,
                 const char *app,
                 guint64 seq,
                 GError **error)
{
  g_autofree char *group = NULL;
  const Place *place;

  g_return_val_if_fail (LS_IS_DURABLES (self), FALSE);

  if (*name == '\0' || strlen (name) > LS_DURABLES_MAX_NAME)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "a durable name has 1 to %d bytes",
                   LS_DURABLES_MAX_NAME);
      return FALSE;
    }

  drop_stale (self);
  group = to_group (store_id, name);
  place = g_hash_table_lookup (self->places, group);
  if (place == NULL && !check_room (self, app, error))
    return FALSE;

  put (self, g_steal_pointer (&group), g_strdup (place != NULL ? place->app : app), seq,
       ls_clock_get_wall (self->clock));
  save_soon (self);
  return TRUE;
}

static gboolean
begins_with (gpointer key, gpointer value, gpointer user_data)
{
  return g_str_has_prefix (key, user_data);
}

/**
 * ls_durables_forget:
 * @self: the places
 * @store_id: of a store that is wiped
 *
 * Forgets all places in it, also on disk, about a second later.
 */
void
ls_durables_forget (LsDurables *self, const char *store_id)
{
  g_autofree char *beginning = to_group (store_id, "");

  g_return_if_fail (LS_IS_DURABLES (self));

  if (g_hash_table_foreach_remove (self->places, begins_with, beginning) > 0)
    save_soon (self);
}
