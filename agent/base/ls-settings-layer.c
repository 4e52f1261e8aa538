/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-settings-layer.h"

#include "ls-i18n.h"
#include "ls-settings-problem.h"

#define GROUP_LOCKED "Locked"
#define KEY_LOCKED "keys"
#define GROUP_SERVER "Server"
#define KEY_URL "url"

/* What else decides where the token goes, and who may read it on its way: whoever locks the address
 * locks these, too. */
static const char *const companions[] = { "ws-url", "allow-insecure", "ca-file", "token-in-query" };

/* Where the reading of one text has got to. */
typedef struct
{
  LsSettingsLayer *layer;          /* (unowned) */
  const LsSettingsLayer *previous; /* (unowned) (nullable) */
  GPtrArray *problems;             /* (unowned) */
  const char *group;               /* (unowned) (nullable) */
  gboolean group_is_known;
  gboolean lock_is_lost; /* something that may have been one can't be read */
  guint line;
} Reader;

static void
entry_free (gpointer data)
{
  LsSettingsEntry *entry = data;

  ls_setting_value_free (entry->value);
  g_free (entry->name);
  g_free (entry);
}

static gboolean
is_group_locked (const char *group)
{
  return group != NULL && g_str_equal (group, GROUP_LOCKED);
}

/* Whether somebody meant to lock something by it. */
static gboolean
looks_like_locked (const char *header)
{
  g_autofree char *lower = g_ascii_strdown (header, -1);

  return strstr (lower, "lock") != NULL;
}

static LsSettingsEntry *
find_entry (const LsSettingsLayer *self, const LsSettingKey *key)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      LsSettingsEntry *entry = g_ptr_array_index (self->entries, i);

      if (entry->key == key)
        return entry;
    }

  return NULL;
}

static void
add_problem (Reader *reader, const char *name, const char *message)
{
  g_ptr_array_add (reader->problems, ls_settings_problem_new (reader->layer->source, reader->line,
                                                              name, "%s", message));
}

static void
read_group (Reader *reader, char *line)
{
  char *end = strchr (line, ']');

  reader->lock_is_lost |= looks_like_locked (line) && !g_str_equal (line, "[" GROUP_LOCKED "]");
  if (end == NULL || end[1] != '\0')
    {
      /* Better no group than the values of this one in the group before. */
      reader->group = NULL;
      add_problem (reader, NULL, _ ("the group has no “]” at its end"));
      return;
    }

  *end = '\0';
  reader->group = line + 1;
  reader->group_is_known =
      is_group_locked (reader->group) || ls_setting_keys_has_group (reader->group);
  if (!reader->group_is_known)
    {
      g_autofree char *name = g_strdup_printf ("[%s]", reader->group);

      add_problem (reader, name, _ ("there is no such group"));
    }
}

static void
add_lock (LsSettingsLayer *layer, const LsSettingKey *key)
{
  g_ptr_array_add (layer->locks, (gpointer)key);
  if (key != ls_setting_keys_find (GROUP_SERVER, KEY_URL))
    return;

  for (guint i = 0; i < G_N_ELEMENTS (companions); i++)
    g_ptr_array_add (layer->locks, (gpointer)ls_setting_keys_find (GROUP_SERVER, companions[i]));
}

static void
read_locks (Reader *reader, const char *text)
{
  g_auto (GStrv) names = g_strsplit (text, ";", -1);

  for (guint i = 0; names[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (g_strstrip (names[i]), ".", 2);
      const LsSettingKey *key = NULL;

      if (parts[0] == NULL)
        continue;
      if (parts[1] != NULL)
        key = ls_setting_keys_find (parts[0], parts[1]);

      if (key != NULL)
        add_lock (reader->layer, key);
      else
        add_problem (reader, names[i], _ ("there is no such setting to lock"));
    }
}

static void
read_locked_group (Reader *reader, const char *name, const char *text)
{
  if (reader->layer->level > LS_SETTINGS_LEVEL_SYSTEM)
    add_problem (reader, "[" GROUP_LOCKED "]", _ ("only a file of the system can lock settings"));
  else if (g_str_equal (name, KEY_LOCKED))
    read_locks (reader, text);
  else
    {
      reader->lock_is_lost = TRUE;
      add_problem (reader, name, _ ("the group [Locked] has only “keys”"));
    }
}

/* Of a lock that can't be read it counts what it locked before, and everything if that is not known. */
static void
keep_locks (Reader *reader)
{
  LsSettingsLayer *layer = reader->layer;

  if (!reader->lock_is_lost || layer->level > LS_SETTINGS_LEVEL_SYSTEM)
    return;

  layer->locks_all = reader->previous == NULL || reader->previous->locks_all;
  for (guint i = 0; reader->previous != NULL && i < reader->previous->locks->len; i++)
    g_ptr_array_add (layer->locks, g_ptr_array_index (reader->previous->locks, i));
}

static void
read_pair (Reader *reader, char *line)
{
  g_auto (GStrv) pair = g_strsplit (line, "=", 2);
  g_autofree char *name = NULL;
  const LsSettingKey *key = NULL;

  if (pair[1] == NULL)
    {
      reader->lock_is_lost |= is_group_locked (reader->group);
      add_problem (reader, NULL, _ ("the line is neither a [Group] nor key=value"));
      return;
    }

  g_strstrip (pair[0]);
  g_strstrip (pair[1]);
  if (reader->group == NULL)
    {
      add_problem (reader, pair[0], _ ("the setting stands in no group"));
      return;
    }
  if (!reader->group_is_known)
    return; /* said once for the group */
  if (is_group_locked (reader->group))
    {
      read_locked_group (reader, pair[0], pair[1]);
      return;
    }

  name = g_strconcat (reader->group, ".", pair[0], NULL);
  key = ls_setting_keys_find (reader->group, pair[0]);
  if (key == NULL)
    add_problem (reader, name, _ ("there is no such setting"));
  else
    ls_settings_layer_set (reader->layer, key, name, reader->line, pair[1], reader->previous,
                           reader->problems);
}

static void
read_line (Reader *reader, char *line)
{
  reader->line++;

  if (!g_utf8_validate (line, -1, NULL))
    {
      reader->lock_is_lost |= is_group_locked (reader->group);
      add_problem (reader, NULL, _ ("the line is not UTF-8 text"));
      return;
    }

  g_strstrip (line);
  if (*line == '[')
    read_group (reader, line);
  else if (*line != '\0' && *line != '#')
    read_pair (reader, line);
}

/**
 * ls_settings_layer_new:
 * @level: how far up it is
 * @source: the file, or %LS_SETTINGS_SOURCE_ENVIRONMENT
 *
 * Returns: (transfer full): a layer that sets nothing yet
 */
LsSettingsLayer *
ls_settings_layer_new (LsSettingsLevel level, const char *source)
{
  LsSettingsLayer *self = NULL;

  g_return_val_if_fail (source != NULL, NULL);

  self = g_rc_box_new0 (LsSettingsLayer);
  self->level = level;
  self->source = g_strdup (source);
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  self->locks = g_ptr_array_new ();

  return self;
}

/**
 * ls_settings_layer_ref:
 * @self: a layer
 *
 * Returns: (transfer full): @self
 */
LsSettingsLayer *
ls_settings_layer_ref (LsSettingsLayer *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return g_rc_box_acquire (self);
}

static void
clear (gpointer data)
{
  LsSettingsLayer *self = data;

  g_free (self->source);
  g_ptr_array_unref (self->entries);
  g_ptr_array_unref (self->locks);
}

/**
 * ls_settings_layer_unref:
 * @self: (transfer full): a layer
 *
 * Frees @self with its last reference.
 */
void
ls_settings_layer_unref (LsSettingsLayer *self)
{
  g_return_if_fail (self != NULL);

  g_rc_box_release_full (self, clear);
}

/**
 * ls_settings_layer_find:
 * @self: a layer
 * @key: a setting
 *
 * Returns: (nullable): what @self sets @key to
 */
const LsSettingsEntry *
ls_settings_layer_find (const LsSettingsLayer *self, const LsSettingKey *key)
{
  g_return_val_if_fail (self != NULL && key != NULL, NULL);

  return find_entry (self, key);
}

/**
 * ls_settings_layer_has_lock:
 * @self: a layer
 * @key: a setting
 *
 * Returns: whether @self forbids the levels above its own to set @key
 */
gboolean
ls_settings_layer_has_lock (const LsSettingsLayer *self, const LsSettingKey *key)
{
  g_return_val_if_fail (self != NULL && key != NULL, FALSE);

  return self->locks_all || g_ptr_array_find (self->locks, key, NULL);
}

/**
 * ls_settings_layer_set:
 * @self: a layer
 * @key: the setting
 * @name: how it is called there
 * @line: the line in the file from 1, or 0
 * @text: its value as written
 * @previous: (nullable): the same layer as it was read the time before
 * @problems: (element-type LsSettingsProblem): where to report
 *
 * Takes over a value; of two for one setting the later counts. A bad one is reported, and what
 * @previous had stays; the first time what opens least counts.
 */
void
ls_settings_layer_set (LsSettingsLayer *self,
                       const LsSettingKey *key,
                       const char *name,
                       guint line,
                       const char *text,
                       const LsSettingsLayer *previous,
                       GPtrArray *problems)
{
  g_autoptr (LsSettingValue) value = NULL;
  g_autoptr (GError) error = NULL;
  LsSettingsEntry *entry = NULL;

  g_return_if_fail (self != NULL && key != NULL && name != NULL && text != NULL);
  g_return_if_fail (problems != NULL);

  entry = find_entry (self, key);
  value = ls_setting_value_parse (key, text, &error);
  if (value == NULL)
    {
      const LsSettingsEntry *kept = previous != NULL ? find_entry (previous, key) : NULL;

      g_ptr_array_add (problems,
                       ls_settings_problem_new (self->source, line, name, "%s", error->message));
      if (entry != NULL)
        return;

      value = kept != NULL ? ls_setting_value_parse (key, kept->value->text, NULL)
                           : ls_setting_value_new_closed (key, text);
      if (value == NULL)
        return;
    }

  if (entry == NULL)
    {
      entry = g_new0 (LsSettingsEntry, 1);
      g_ptr_array_add (self->entries, entry);
    }
  g_clear_pointer (&entry->value, ls_setting_value_free);
  g_clear_pointer (&entry->name, g_free);
  entry->key = key;
  entry->value = g_steal_pointer (&value);
  entry->name = g_strdup (name);
  entry->line = line;
}

/**
 * ls_settings_layer_read_text:
 * @self: a layer
 * @text: what stands in its file
 * @previous: (nullable): the same layer as it was read the time before
 * @problems: (element-type LsSettingsProblem): where to report
 *
 * Takes over all that is right in a key file: lines of `[Group]`, `key=value`, or a `#` and a
 * comment. Unlike GKeyFile, whose errors name no line and which gives up the whole file for one bad
 * one, what is wrong is reported with its line and left out. A backslash is an ordinary character.
 */
void
ls_settings_layer_read_text (LsSettingsLayer *self,
                             const char *text,
                             const LsSettingsLayer *previous,
                             GPtrArray *problems)
{
  Reader reader = { .layer = self, .previous = previous, .problems = problems };
  g_auto (GStrv) lines = NULL;

  g_return_if_fail (self != NULL && text != NULL && problems != NULL);

  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    read_line (&reader, lines[i]);
  keep_locks (&reader);
}
