/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-app-finder.h"

G_BEGIN_DECLS

#define LS_TYPE_FAKE_APP_FINDER (ls_fake_app_finder_get_type ())
G_DECLARE_FINAL_TYPE (LsFakeAppFinder, ls_fake_app_finder, LS, FAKE_APP_FINDER, GObject)

LsFakeAppFinder *ls_fake_app_finder_new (void);
void
ls_fake_app_finder_set (LsFakeAppFinder *self, const char *sender, LsAppKind kind, const char *id);
void ls_fake_app_finder_hide (LsFakeAppFinder *self);
guint ls_fake_app_finder_count_waiting (LsFakeAppFinder *self);
void ls_fake_app_finder_reveal (LsFakeAppFinder *self);
void ls_fake_app_finder_fail (LsFakeAppFinder *self);

G_END_DECLS
