/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-setting-key.h"

G_BEGIN_DECLS

/**
 * LS_SETTINGS_SOURCE_ENVIRONMENT:
 *
 * What stands in place of a file name for values from the environment.
 */
#define LS_SETTINGS_SOURCE_ENVIRONMENT "environment"

/**
 * LS_SETTINGS_SOURCE_BUILT_IN:
 *
 * What stands in place of a file name for values that nothing sets.
 */
#define LS_SETTINGS_SOURCE_BUILT_IN "built-in"

/**
 * LsSettingsLevel:
 * @LS_SETTINGS_LEVEL_VENDOR: what the distribution ships
 * @LS_SETTINGS_LEVEL_SYSTEM: what the administrator of the machine wrote
 * @LS_SETTINGS_LEVEL_USER: what the user wrote
 * @LS_SETTINGS_LEVEL_COMMAND_LINE: the file named on the command line
 * @LS_SETTINGS_LEVEL_ORIGINAL: the environment variables of the original
 * @LS_SETTINGS_LEVEL_ENVIRONMENT: our own environment variables
 *
 * Where a value can come from; a higher level wins. Files up to the system's can lock settings
 * against the levels above their own.
 */
typedef enum
{
  LS_SETTINGS_LEVEL_VENDOR,
  LS_SETTINGS_LEVEL_SYSTEM,
  LS_SETTINGS_LEVEL_USER,
  LS_SETTINGS_LEVEL_COMMAND_LINE,
  LS_SETTINGS_LEVEL_ORIGINAL,
  LS_SETTINGS_LEVEL_ENVIRONMENT,
} LsSettingsLevel;

/**
 * LsSettingsEntry:
 * @key: (unowned): the setting
 * @value: (owned): its value
 * @name: (owned): how the setting is called there
 * @line: the line in the file from 1, or 0
 *
 * One good value in one place.
 */
typedef struct
{
  const LsSettingKey *key;
  LsSettingValue *value;
  char *name;
  guint line;
} LsSettingsEntry;

/**
 * LsSettingsLayer:
 * @level: how far up it is
 * @source: (owned): the file, or %LS_SETTINGS_SOURCE_ENVIRONMENT
 * @entries: (owned) (element-type LsSettingsEntry): what it sets
 * @locks: (owned) (element-type LsSettingKey): what it locks
 * @locks_all: whether it locks every setting
 *
 * What was read from one place.
 */
typedef struct
{
  LsSettingsLevel level;
  char *source;
  GPtrArray *entries;
  GPtrArray *locks;
  gboolean locks_all;
} LsSettingsLayer;

LsSettingsLayer *ls_settings_layer_new (LsSettingsLevel level, const char *source);
LsSettingsLayer *ls_settings_layer_ref (LsSettingsLayer *self);
void ls_settings_layer_unref (LsSettingsLayer *self);
const LsSettingsEntry *ls_settings_layer_find (const LsSettingsLayer *self,
                                               const LsSettingKey *key);
gboolean ls_settings_layer_has_lock (const LsSettingsLayer *self, const LsSettingKey *key);
void ls_settings_layer_set (LsSettingsLayer *self,
                            const LsSettingKey *key,
                            const char *name,
                            guint line,
                            const char *text,
                            const LsSettingsLayer *previous,
                            GPtrArray *problems);
void ls_settings_layer_read_text (LsSettingsLayer *self,
                                  const char *text,
                                  const LsSettingsLayer *previous,
                                  GPtrArray *problems);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsSettingsLayer, ls_settings_layer_unref)

G_END_DECLS
