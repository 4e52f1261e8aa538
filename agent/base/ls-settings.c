/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-settings.h"

#include "ls-i18n.h"
#include "ls-sandbox.h"

/* Where one setting has got its value from. */
typedef struct
{
  const LsSettingsLayer *locked_by; /* (unowned) (nullable) */
  const LsSettingsEntry *entry;     /* (unowned) (nullable): the built-in value counts */
  const LsSettingsLayer *layer;     /* (unowned) (nullable): that of the entry */
} Resolved;

/**
 * LsSettings:
 *
 * The settings as they are now, and why. A value is good at any time: what is wrong in a file or a
 * variable is reported by ls_settings_get_problems(), and the last good value stays.
 */
struct _LsSettings
{
  GObject parent_instance;

  LsSettingsSources *sources;
  const LsSettingKey *keys; /* (unowned) (array length=n_keys) */
  guint n_keys;
  LsSettingValue **defaults; /* (owned) (array length=n_keys) */
  Resolved *resolved;        /* (owned) (array length=n_keys) */
  GPtrArray *layers;         /* (owned) (element-type LsSettingsLayer) */
  GPtrArray *problems;       /* (owned) (element-type LsSettingsProblem) */
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (LsSettings, ls_settings, G_TYPE_OBJECT)

static void
origin_free (gpointer data)
{
  LsSettingsOrigin *origin = data;

  g_free (origin->source);
  g_free (origin->name);
  g_free (origin->text);
  g_free (origin);
}

static LsSettingsOrigin *
origin_new (const char *source, guint line, const char *name, const char *text, gboolean refused)
{
  LsSettingsOrigin *origin = g_new0 (LsSettingsOrigin, 1);

  origin->source = g_strdup (source);
  origin->line = line;
  origin->name = g_strdup (name);
  origin->text = g_strdup (text);
  origin->refused = refused;

  return origin;
}

static gboolean
is_refused (const Resolved *resolved, const LsSettingsLayer *layer)
{
  return resolved->locked_by != NULL && layer->level > resolved->locked_by->level;
}

static const LsSettingsLayer *
find_lock (LsSettings *self, const LsSettingKey *key)
{
  for (guint i = 0; i < self->layers->len; i++)
    {
      const LsSettingsLayer *layer = g_ptr_array_index (self->layers, i);

      if (ls_settings_layer_has_lock (layer, key))
        return layer;
    }

  return NULL;
}

static void
resolve (LsSettings *self, guint index)
{
  Resolved *resolved = &self->resolved[index];

  resolved->locked_by = find_lock (self, &self->keys[index]);
  resolved->entry = NULL;

  for (guint i = 0; i < self->layers->len; i++)
    {
      const LsSettingsLayer *layer = g_ptr_array_index (self->layers, i);
      const LsSettingsEntry *entry = ls_settings_layer_find (layer, &self->keys[index]);

      if (entry != NULL && is_refused (resolved, layer))
        g_ptr_array_add (self->problems, ls_settings_problem_new (
                                             layer->source, entry->line, entry->name,
                                             _ ("is locked by %s"), resolved->locked_by->source));
      else if (entry != NULL)
        {
          resolved->entry = entry;
          resolved->layer = layer;
        }
    }
}

static const LsSettingValue *
get_value (LsSettings *self, guint index)
{
  const LsSettingsEntry *entry = self->resolved[index].entry;

  return entry != NULL ? entry->value : self->defaults[index];
}

static const LsSettingValue *
find_value (LsSettings *self, const char *group, const char *name)
{
  const LsSettingKey *key = ls_setting_keys_find (group, name);

  return key != NULL ? get_value (self, key - self->keys) : NULL;
}

/* What is well written, and can't be done all the same. */
static void
report_impossible (LsSettings *self)
{
  const LsSettingKey *key = ls_setting_keys_find ("Apps", "sandboxed");
  const Resolved *resolved = &self->resolved[key - self->keys];

  if (!ls_sandbox_is_inside () || resolved->entry == NULL ||
      !g_str_equal (resolved->entry->value->text, "ask"))
    return;

  g_ptr_array_add (self->problems,
                   ls_settings_problem_new (
                       resolved->layer->source, resolved->entry->line, resolved->entry->name,
                       _ ("means deny in a Flatpak, where nobody can see which app calls")));
}

static void
emit_changed (LsSettings *self, guint index)
{
  g_autofree char *name = ls_setting_key_to_string (&self->keys[index]);

  g_signal_emit (self, signals[SIGNAL_CHANGED], g_quark_from_string (name), name);
}

static void
ls_settings_finalize (GObject *object)
{
  LsSettings *self = LS_SETTINGS (object);

  for (guint i = 0; i < self->n_keys; i++)
    ls_setting_value_free (self->defaults[i]);
  g_free (self->defaults);
  g_free (self->resolved);
  g_clear_pointer (&self->layers, g_ptr_array_unref);
  g_clear_pointer (&self->problems, g_ptr_array_unref);
  g_clear_pointer (&self->sources, ls_settings_sources_free);

  G_OBJECT_CLASS (ls_settings_parent_class)->finalize (object);
}

static void
ls_settings_class_init (LsSettingsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_settings_finalize;

  /**
   * LsSettings::changed:
   * @self: the settings
   * @name: the full name of a setting, for example `Server.url`; also the detail of the signal
   *
   * The setting has another value than before the last ls_settings_reload().
   */
  signals[SIGNAL_CHANGED] =
      g_signal_new ("changed", LS_TYPE_SETTINGS, G_SIGNAL_RUN_LAST | G_SIGNAL_DETAILED, 0, NULL,
                    NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
ls_settings_init (LsSettings *self)
{
  self->keys = ls_setting_keys_get_all (&self->n_keys);
  self->resolved = g_new0 (Resolved, self->n_keys);
  self->defaults = g_new0 (LsSettingValue *, self->n_keys);
  for (guint i = 0; i < self->n_keys; i++)
    self->defaults[i] = ls_setting_value_parse (&self->keys[i], self->keys[i].default_text, NULL);
}

/**
 * ls_settings_explanation_free:
 * @self: (transfer full): an explanation
 *
 * Frees @self and what it owns.
 */
void
ls_settings_explanation_free (LsSettingsExplanation *self)
{
  g_return_if_fail (self != NULL);

  g_free (self->name);
  g_free (self->locked_by);
  g_ptr_array_unref (self->origins);
  g_free (self);
}

/**
 * ls_settings_new:
 * @sources: where to read from
 *
 * Reads all settings. That blocks for as long as it takes to read a few small files.
 *
 * Returns: (transfer full): the settings
 */
LsSettings *
ls_settings_new (const LsSettingsSources *sources)
{
  LsSettings *self = NULL;

  g_return_val_if_fail (sources != NULL, NULL);

  self = g_object_new (LS_TYPE_SETTINGS, NULL);
  self->sources = ls_settings_sources_copy (sources);
  ls_settings_reload (self);

  return self;
}

/**
 * ls_settings_get_sources:
 * @self: settings
 *
 * Returns: (transfer none): where they are read from
 */
const LsSettingsSources *
ls_settings_get_sources (LsSettings *self)
{
  g_return_val_if_fail (LS_IS_SETTINGS (self), NULL);

  return self->sources;
}

/**
 * ls_settings_reload:
 * @self: settings
 *
 * Reads all settings again, as ls_settings_new() did, and emits LsSettings::changed for each that
 * has another value now. Where a file became wrong or unreadable, what it said before stays.
 */
void
ls_settings_reload (LsSettings *self)
{
  g_autoptr (GPtrArray) old_layers = NULL;
  g_auto (GStrv) old_texts = NULL;

  g_return_if_fail (LS_IS_SETTINGS (self));

  old_texts = g_new0 (char *, self->n_keys + 1);
  for (guint i = 0; i < self->n_keys; i++)
    old_texts[i] = g_strdup (get_value (self, i)->text);

  g_clear_pointer (&self->problems, g_ptr_array_unref);
  self->problems = g_ptr_array_new_with_free_func ((GDestroyNotify)ls_settings_problem_free);
  old_layers = g_steal_pointer (&self->layers);
  self->layers = ls_settings_layers_read (self->sources, old_layers, self->problems);

  /* All of them first: a handler may look at any. */
  for (guint i = 0; i < self->n_keys; i++)
    resolve (self, i);
  report_impossible (self);

  g_object_ref (self);
  for (guint i = 0; i < self->n_keys; i++)
    {
      if (!g_str_equal (get_value (self, i)->text, old_texts[i]))
        emit_changed (self, i);
    }
  g_object_unref (self);
}

/**
 * ls_settings_get_problems:
 * @self: settings
 *
 * Returns: (transfer none) (element-type LsSettingsProblem): what was wrong at the last reading
 */
GPtrArray *
ls_settings_get_problems (LsSettings *self)
{
  g_return_val_if_fail (LS_IS_SETTINGS (self), NULL);

  return self->problems;
}

/**
 * ls_settings_get_int64:
 * @self: settings
 * @group: the group of a setting that exists
 * @name: its name
 *
 * Returns: a duration in milliseconds, a size in bytes, a rate per second, or a plain integer
 */
gint64
ls_settings_get_int64 (LsSettings *self, const char *group, const char *name)
{
  const LsSettingKey *key = ls_setting_keys_find (group, name);

  g_return_val_if_fail (LS_IS_SETTINGS (self), 0);
  g_return_val_if_fail (key != NULL && key->kind <= LS_SETTING_INTEGER, 0);

  return get_value (self, key - self->keys)->number;
}

/**
 * ls_settings_get_boolean:
 * @self: settings
 * @group: the group of a boolean setting
 * @name: its name
 *
 * Returns: its value
 */
gboolean
ls_settings_get_boolean (LsSettings *self, const char *group, const char *name)
{
  const LsSettingKey *key = ls_setting_keys_find (group, name);

  g_return_val_if_fail (LS_IS_SETTINGS (self), FALSE);
  g_return_val_if_fail (key != NULL && key->kind == LS_SETTING_BOOLEAN, FALSE);

  return get_value (self, key - self->keys)->number != 0;
}

/**
 * ls_settings_get_string:
 * @self: settings
 * @group: the group of a setting that exists
 * @name: its name
 *
 * Returns: its value as written; an address or path that is not set is empty. Valid until the next
 *   ls_settings_reload().
 */
const char *
ls_settings_get_string (LsSettings *self, const char *group, const char *name)
{
  const LsSettingValue *value = NULL;

  g_return_val_if_fail (LS_IS_SETTINGS (self), NULL);

  value = find_value (self, group, name);
  g_return_val_if_fail (value != NULL, NULL);

  return value->text;
}

/**
 * ls_settings_get_list:
 * @self: settings
 * @group: the group of a list setting
 * @name: its name
 *
 * Returns: (array zero-terminated=1): its words. Valid until the next ls_settings_reload().
 */
const char *const *
ls_settings_get_list (LsSettings *self, const char *group, const char *name)
{
  const LsSettingValue *value = NULL;

  g_return_val_if_fail (LS_IS_SETTINGS (self), NULL);

  value = find_value (self, group, name);
  g_return_val_if_fail (value != NULL && value->list != NULL, NULL);

  return (const char *const *)value->list;
}

/**
 * ls_settings_explain:
 * @self: settings
 * @group: the group of a setting that exists
 * @name: its name
 *
 * Returns: (transfer full): where its value comes from, and what else there is
 */
LsSettingsExplanation *
ls_settings_explain (LsSettings *self, const char *group, const char *name)
{
  const LsSettingKey *key = ls_setting_keys_find (group, name);
  LsSettingsExplanation *explanation = NULL;
  const Resolved *resolved = NULL;

  g_return_val_if_fail (LS_IS_SETTINGS (self), NULL);
  g_return_val_if_fail (key != NULL, NULL);

  resolved = &self->resolved[key - self->keys];
  explanation = g_new0 (LsSettingsExplanation, 1);
  explanation->name = ls_setting_key_to_string (key);
  explanation->origins = g_ptr_array_new_with_free_func (origin_free);
  if (resolved->locked_by != NULL)
    explanation->locked_by = g_strdup (resolved->locked_by->source);

  explanation->effective =
      origin_new (LS_SETTINGS_SOURCE_BUILT_IN, 0, explanation->name, key->default_text, FALSE);
  g_ptr_array_add (explanation->origins, (gpointer)explanation->effective);

  for (guint i = 0; i < self->layers->len; i++)
    {
      const LsSettingsLayer *layer = g_ptr_array_index (self->layers, i);
      const LsSettingsEntry *entry = ls_settings_layer_find (layer, key);
      LsSettingsOrigin *origin = NULL;

      if (entry == NULL)
        continue;

      origin = origin_new (layer->source, entry->line, entry->name, entry->value->text,
                           is_refused (resolved, layer));
      g_ptr_array_add (explanation->origins, origin);
      if (entry == resolved->entry)
        explanation->effective = origin;
    }

  return explanation;
}
