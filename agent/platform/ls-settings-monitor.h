/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-clock.h"
#include "ls-settings.h"

G_BEGIN_DECLS

#define LS_TYPE_SETTINGS_MONITOR (ls_settings_monitor_get_type ())
G_DECLARE_FINAL_TYPE (LsSettingsMonitor, ls_settings_monitor, LS, SETTINGS_MONITOR, GObject)

LsSettingsMonitor *ls_settings_monitor_new (const LsSettingsSources *sources, LsClock *clock);

G_END_DECLS
