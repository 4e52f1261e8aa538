/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-settings-layer.h"

G_BEGIN_DECLS

/**
 * LsSettingsSources:
 * @vendor_file: (owned) (nullable): the file that the distribution ships
 * @system_dir: (owned) (nullable): the directory with the administrator's `agent.conf` and
 *   `agent.conf.d/`
 * @user_file: (owned) (nullable): the user's file
 * @command_line_file: (owned) (nullable): the file named on the command line; it has to exist
 * @environment: (owned) (nullable): variables, as from g_get_environ()
 *
 * Where settings are read from.
 */
typedef struct
{
  char *vendor_file;
  char *system_dir;
  char *user_file;
  char *command_line_file;
  GStrv environment;
} LsSettingsSources;

LsSettingsSources *ls_settings_sources_new_default (const char *command_line_file);
LsSettingsSources *ls_settings_sources_copy (const LsSettingsSources *self);
void ls_settings_sources_free (LsSettingsSources *self);

char *ls_settings_key_to_variable (const LsSettingKey *key);
GPtrArray *ls_settings_layers_read (const LsSettingsSources *sources,
                                    GPtrArray *previous,
                                    GPtrArray *problems);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsSettingsSources, ls_settings_sources_free)

G_END_DECLS
