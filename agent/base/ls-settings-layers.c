/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-settings-layers.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "ls-i18n.h"
#include "ls-settings-problem.h"

/* A settings file is a page or two; what is larger is something else. */
#define MAX_FILE_BYTES (1024 * 1024)

#define VARIABLE_PREFIX "LABSYNC_"

/* What the reading of all layers works on. */
typedef struct
{
  GPtrArray *layers;   /* (owned) (element-type LsSettingsLayer) */
  GPtrArray *previous; /* (unowned) (nullable) (element-type LsSettingsLayer) */
  GPtrArray *problems; /* (unowned) (element-type LsSettingsProblem) */
} Reader;

/* The environment variables that the original frontend is configured with. */
static const struct
{
  const char *variable;
  const char *group;
  const char *name;
} original_variables[] = {
  { "VITE_API_BASE_URL", "Server", "url" },
  { "VITE_WS_BASE_URL", "Server", "ws-url" },
  { "VITE_WS_ENABLED", "Server", "websocket" },
};

static const LsSettingsLayer *
find_previous (Reader *reader, LsSettingsLevel level, const char *source)
{
  for (guint i = 0; reader->previous != NULL && i < reader->previous->len; i++)
    {
      const LsSettingsLayer *layer = g_ptr_array_index (reader->previous, i);

      if (layer->level == level && g_str_equal (layer->source, source))
        return layer;
    }

  return NULL;
}

/* Takes over as it was what came from the file @path or the files in the directory @path. */
static gboolean
keep_previous (Reader *reader, LsSettingsLevel level, const char *path)
{
  guint n_layers = reader->layers->len;

  for (guint i = 0; reader->previous != NULL && i < reader->previous->len; i++)
    {
      LsSettingsLayer *layer = g_ptr_array_index (reader->previous, i);
      g_autofree char *directory = g_path_get_dirname (layer->source);

      if (layer->level == level &&
          (g_str_equal (layer->source, path) || g_str_equal (directory, path)))
        g_ptr_array_add (reader->layers, ls_settings_layer_ref (layer));
    }

  return reader->layers->len > n_layers;
}

/* Returns: 0 and the contents, or an errno. */
static int
load_text (const char *path, char **text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *contents = NULL;
  GStatBuf info;
  gsize length = 0;

  if (g_stat (path, &info) != 0)
    return errno;
  if (S_ISDIR (info.st_mode))
    return EISDIR;
  if (!S_ISREG (info.st_mode))
    return EINVAL;
  if (info.st_size > MAX_FILE_BYTES)
    return EFBIG;

  errno = 0;
  if (!g_file_get_contents (path, &contents, &length, &error))
    return errno != 0 ? errno : EIO;

  /* A NUL would hide the rest of the file. As a byte that UTF-8 does not have it spoils its own
   * line alone, which is reported. */
  for (gsize i = 0; i < length; i++)
    {
      if (contents[i] == '\0')
        contents[i] = '\xff';
    }
  *text = g_steal_pointer (&contents);

  return 0;
}

/* What could not be read may hold locks. Unless it is known what it held, all is locked, so that
 * nothing opens by it. */
static void
add_unreadable (Reader *reader, LsSettingsLevel level, const char *path, int error_number)
{
  g_ptr_array_add (
      reader->problems,
      ls_settings_problem_new (path, 0, NULL, _ ("cannot be read: %s"), g_strerror (error_number)));

  if (!keep_previous (reader, level, path) && level <= LS_SETTINGS_LEVEL_SYSTEM)
    {
      LsSettingsLayer *layer = ls_settings_layer_new (level, path);

      layer->locks_all = TRUE;
      g_ptr_array_add (reader->layers, layer);
    }
}

static void
read_file (Reader *reader, LsSettingsLevel level, const char *path)
{
  g_autofree char *text = NULL;
  LsSettingsLayer *layer = NULL;
  int error_number = 0;

  if (path == NULL)
    return;

  error_number = load_text (path, &text);
  if ((error_number == ENOENT || error_number == ENOTDIR) &&
      level != LS_SETTINGS_LEVEL_COMMAND_LINE)
    return;
  if (error_number != 0)
    {
      add_unreadable (reader, level, path, error_number);
      return;
    }

  layer = ls_settings_layer_new (level, path);
  ls_settings_layer_read_text (layer, text, find_previous (reader, level, path), reader->problems);
  g_ptr_array_add (reader->layers, layer);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static void
read_drop_ins (Reader *reader, const char *directory)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = NULL;
  const char *name = NULL;

  errno = 0;
  dir = g_dir_open (directory, 0, NULL);
  if (dir == NULL)
    {
      if (errno != ENOENT && errno != ENOTDIR)
        add_unreadable (reader, LS_SETTINGS_LEVEL_SYSTEM, directory, errno);
      return;
    }

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      if (g_str_has_suffix (name, ".conf") && *name != '.')
        g_ptr_array_add (names, g_strdup (name));
    }

  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *path = g_build_filename (directory, g_ptr_array_index (names, i), NULL);

      read_file (reader, LS_SETTINGS_LEVEL_SYSTEM, path);
    }
}

static void
read_system_dir (Reader *reader, const char *directory)
{
  g_autofree char *file = NULL;
  g_autofree char *drop_ins = NULL;

  if (directory == NULL)
    return;

  file = g_build_filename (directory, "agent.conf", NULL);
  drop_ins = g_build_filename (directory, "agent.conf.d", NULL);
  read_file (reader, LS_SETTINGS_LEVEL_SYSTEM, file);
  read_drop_ins (reader, drop_ins);
}

static void
read_variable (Reader *reader,
               LsSettingsLayer *layer,
               GStrv environment,
               const char *variable,
               const LsSettingKey *key)
{
  const char *text = g_environ_getenv (environment, variable);

  if (text != NULL)
    ls_settings_layer_set (layer, key, variable, 0, text, NULL, reader->problems);
}

static void
read_original_variables (Reader *reader, GStrv environment)
{
  LsSettingsLayer *layer =
      ls_settings_layer_new (LS_SETTINGS_LEVEL_ORIGINAL, LS_SETTINGS_SOURCE_ENVIRONMENT);

  for (guint i = 0; i < G_N_ELEMENTS (original_variables); i++)
    read_variable (reader, layer, environment, original_variables[i].variable,
                   ls_setting_keys_find (original_variables[i].group, original_variables[i].name));

  g_ptr_array_add (reader->layers, layer);
}

static void
read_own_variables (Reader *reader, GStrv environment)
{
  LsSettingsLayer *layer =
      ls_settings_layer_new (LS_SETTINGS_LEVEL_ENVIRONMENT, LS_SETTINGS_SOURCE_ENVIRONMENT);
  guint n_keys = 0;
  const LsSettingKey *keys = ls_setting_keys_get_all (&n_keys);

  for (guint i = 0; i < n_keys; i++)
    {
      g_autofree char *variable = ls_settings_key_to_variable (&keys[i]);

      read_variable (reader, layer, environment, variable, &keys[i]);
    }

  g_ptr_array_add (reader->layers, layer);
}

/* Whether @variable begins like that of a setting and names none. Variables in no group of ours
 * are somebody else's business. */
static gboolean
is_misspelt (const char *variable)
{
  guint n_keys = 0;
  const LsSettingKey *keys = ls_setting_keys_get_all (&n_keys);
  gboolean in_group = FALSE;

  for (guint i = 0; i < n_keys; i++)
    {
      g_autofree char *group = g_ascii_strup (keys[i].group, -1);
      g_autofree char *prefix = g_strconcat (VARIABLE_PREFIX, group, "_", NULL);
      g_autofree char *known = ls_settings_key_to_variable (&keys[i]);

      if (g_str_equal (variable, known))
        return FALSE;
      in_group = in_group || g_str_has_prefix (variable, prefix);
    }

  return in_group;
}

static void
report_misspelt_variables (Reader *reader, GStrv environment)
{
  for (guint i = 0; environment != NULL && environment[i] != NULL; i++)
    {
      g_auto (GStrv) pair = g_strsplit (environment[i], "=", 2);

      if (pair[0] != NULL && g_str_has_prefix (pair[0], VARIABLE_PREFIX) && is_misspelt (pair[0]))
        g_ptr_array_add (reader->problems,
                         ls_settings_problem_new (LS_SETTINGS_SOURCE_ENVIRONMENT, 0, pair[0], "%s",
                                                  _ ("there is no such setting")));
    }
}

/**
 * ls_settings_sources_new_default:
 * @command_line_file: (nullable): the file named on the command line
 *
 * Returns: (transfer full): the places where an installed agent looks
 */
LsSettingsSources *
ls_settings_sources_new_default (const char *command_line_file)
{
  LsSettingsSources *self = g_new0 (LsSettingsSources, 1);

  self->vendor_file = g_build_filename (LS_DATADIR, "labsync", "agent.conf", NULL);
  self->system_dir = g_build_filename (LS_SYSCONFDIR, "labsync", NULL);
  self->user_file = g_build_filename (g_get_user_config_dir (), "labsync", "agent.conf", NULL);
  self->command_line_file = g_strdup (command_line_file);
  self->environment = g_get_environ ();

  return self;
}

/**
 * ls_settings_sources_copy:
 * @self: places to read from
 *
 * Returns: (transfer full): the same places
 */
LsSettingsSources *
ls_settings_sources_copy (const LsSettingsSources *self)
{
  LsSettingsSources *copy = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  copy = g_new0 (LsSettingsSources, 1);
  copy->vendor_file = g_strdup (self->vendor_file);
  copy->system_dir = g_strdup (self->system_dir);
  copy->user_file = g_strdup (self->user_file);
  copy->command_line_file = g_strdup (self->command_line_file);
  copy->environment = g_strdupv (self->environment);

  return copy;
}

/**
 * ls_settings_sources_free:
 * @self: (transfer full): places to read from
 *
 * Frees @self and what it owns.
 */
void
ls_settings_sources_free (LsSettingsSources *self)
{
  g_return_if_fail (self != NULL);

  g_free (self->vendor_file);
  g_free (self->system_dir);
  g_free (self->user_file);
  g_free (self->command_line_file);
  g_strfreev (self->environment);
  g_free (self);
}

/**
 * ls_settings_key_to_variable:
 * @key: a setting
 *
 * Returns: (transfer full): the environment variable that sets it, for example
 *   `LABSYNC_SERVER_WS_URL`
 */
char *
ls_settings_key_to_variable (const LsSettingKey *key)
{
  g_autofree char *name = NULL;

  g_return_val_if_fail (key != NULL, NULL);

  name = g_strconcat (VARIABLE_PREFIX, key->group, "_", key->name, NULL);
  g_strdelimit (name, "-", '_');

  return g_ascii_strup (name, -1);
}

/**
 * ls_settings_layers_read:
 * @sources: where to read from
 * @previous: (nullable) (element-type LsSettingsLayer): what this returned the time before
 * @problems: (element-type LsSettingsProblem): where to report what was not taken over
 *
 * Reads every place there is; a file that does not exist is none. What can no longer be read or is
 * no longer right stays as it was in @previous. Blocks for as long as it takes to read a few small
 * files.
 *
 * Returns: (transfer container) (element-type LsSettingsLayer): the layers, the lowest first
 */
GPtrArray *
ls_settings_layers_read (const LsSettingsSources *sources, GPtrArray *previous, GPtrArray *problems)
{
  Reader reader = { .previous = previous, .problems = problems };

  g_return_val_if_fail (sources != NULL && problems != NULL, NULL);

  reader.layers = g_ptr_array_new_with_free_func ((GDestroyNotify)ls_settings_layer_unref);
  read_file (&reader, LS_SETTINGS_LEVEL_VENDOR, sources->vendor_file);
  read_system_dir (&reader, sources->system_dir);
  read_file (&reader, LS_SETTINGS_LEVEL_USER, sources->user_file);
  read_file (&reader, LS_SETTINGS_LEVEL_COMMAND_LINE, sources->command_line_file);
  read_original_variables (&reader, sources->environment);
  read_own_variables (&reader, sources->environment);
  report_misspelt_variables (&reader, sources->environment);

  return reader.layers;
}
