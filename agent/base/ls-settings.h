/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

#include "ls-settings-layers.h"
#include "ls-settings-problem.h"

G_BEGIN_DECLS

/**
 * LsSettingsOrigin:
 * @source: (owned): the file, `built-in` or `environment`
 * @line: the line in the file from 1, or 0
 * @name: (owned): how the setting is called there
 * @text: (owned): the value there
 * @refused: whether a lock below forbids it
 *
 * One of the places that set a setting.
 */
typedef struct
{
  char *source;
  guint line;
  char *name;
  char *text;
  gboolean refused;
} LsSettingsOrigin;

/**
 * LsSettingsExplanation:
 * @name: (owned): the full name of the setting, for example `Server.url`
 * @locked_by: (owned) (nullable): the file that locks it
 * @origins: (owned) (element-type LsSettingsOrigin): all places that set it, the lowest first;
 *   never empty
 * @effective: (unowned): the one of @origins that counts
 *
 * Why a setting has the value that it has.
 */
typedef struct
{
  char *name;
  char *locked_by;
  GPtrArray *origins;
  const LsSettingsOrigin *effective;
} LsSettingsExplanation;

void ls_settings_explanation_free (LsSettingsExplanation *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsSettingsExplanation, ls_settings_explanation_free)

#define LS_TYPE_SETTINGS (ls_settings_get_type ())
G_DECLARE_FINAL_TYPE (LsSettings, ls_settings, LS, SETTINGS, GObject)

LsSettings *ls_settings_new (const LsSettingsSources *sources);
const LsSettingsSources *ls_settings_get_sources (LsSettings *self);
void ls_settings_reload (LsSettings *self);
GPtrArray *ls_settings_get_problems (LsSettings *self);
gint64 ls_settings_get_int64 (LsSettings *self, const char *group, const char *name);
gboolean ls_settings_get_boolean (LsSettings *self, const char *group, const char *name);
const char *ls_settings_get_string (LsSettings *self, const char *group, const char *name);
const char *const *ls_settings_get_list (LsSettings *self, const char *group, const char *name);
LsSettingsExplanation *ls_settings_explain (LsSettings *self, const char *group, const char *name);

G_END_DECLS
