/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-tray-view.h"

G_BEGIN_DECLS

/** LS_TRAY_LAYOUT_ROOT: id of the menu itself */
#define LS_TRAY_LAYOUT_ROOT 0

gboolean ls_tray_layout_has (gint32 id);
GVariant *
ls_tray_layout_get_properties (const LsTrayView *view, gint32 id, const char *const *names);
GVariant *
ls_tray_layout_build (const LsTrayView *view, gint32 id, gint32 depth, const char *const *names);
GVariant *ls_tray_layout_diff (const LsTrayView *old, const LsTrayView *view, gboolean *shape);

G_END_DECLS
