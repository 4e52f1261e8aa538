/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsSettingKind:
 * @LS_SETTING_DURATION: milliseconds; `ms`, `s`, `min`, `h` or `d` behind the number
 * @LS_SETTING_SIZE: bytes; `KiB` or `MiB` behind the number
 * @LS_SETTING_RATE: so many per second; `/s` behind the number
 * @LS_SETTING_INTEGER: a number
 * @LS_SETTING_BOOLEAN: `true` or `false`
 * @LS_SETTING_CHOICE: one of a few words
 * @LS_SETTING_LIST: words with `;` between them
 * @LS_SETTING_GRANTS: apps and what they may do, as in `org.example.App:grade,event`, with `;` between them
 * @LS_SETTING_PATH: an absolute path, or empty
 * @LS_SETTING_HTTP_URL: an http or https URL, or empty
 * @LS_SETTING_WS_URL: a ws or wss URL, or empty
 *
 * What the value of a setting is made of.
 */
typedef enum
{
  LS_SETTING_DURATION,
  LS_SETTING_SIZE,
  LS_SETTING_RATE,
  LS_SETTING_INTEGER,
  LS_SETTING_BOOLEAN,
  LS_SETTING_CHOICE,
  LS_SETTING_LIST,
  LS_SETTING_GRANTS,
  LS_SETTING_PATH,
  LS_SETTING_HTTP_URL,
  LS_SETTING_WS_URL,
} LsSettingKind;

/**
 * LsSettingKey:
 * @group: the group in the key file
 * @name: the key in its group
 * @kind: what its value is made of
 * @default_text: the built-in value, written as in a file
 * @min: (nullable): the smallest value, of a number
 * @max: (nullable): the largest value, of a number
 * @choices: (nullable): the words of a %LS_SETTING_CHOICE, with `;` between them
 * @closed: (nullable): the value that opens least, of a setting that can open something
 *
 * One setting that exists.
 */
typedef struct
{
  const char *group;
  const char *name;
  LsSettingKind kind;
  const char *default_text;
  const char *min;
  const char *max;
  const char *choices;
  const char *closed;
} LsSettingKey;

/**
 * LsSettingValue:
 * @text: (owned): the value as written
 * @number: the value of the four number kinds in the unit of the kind; 0 or 1 of a boolean
 * @list: (owned) (nullable) (array zero-terminated=1): the words of a %LS_SETTING_LIST, or the grants of a
 *   %LS_SETTING_GRANTS
 *
 * A value that was found to be good.
 */
typedef struct
{
  char *text;
  gint64 number;
  GStrv list;
} LsSettingValue;

const LsSettingKey *ls_setting_keys_get_all (guint *n_keys);
const LsSettingKey *ls_setting_keys_find (const char *group, const char *name);
gboolean ls_setting_keys_has_group (const char *group);
char *ls_setting_key_to_string (const LsSettingKey *key);

LsSettingValue *ls_setting_value_parse (const LsSettingKey *key, const char *text, GError **error);
LsSettingValue *ls_setting_value_new_closed (const LsSettingKey *key, const char *text);
void ls_setting_value_free (LsSettingValue *value);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsSettingValue, ls_setting_value_free)

G_END_DECLS
