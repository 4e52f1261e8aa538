/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-notifier.h"

G_BEGIN_DECLS

#define LS_TYPE_FAKE_NOTIFIER (ls_fake_notifier_get_type ())
G_DECLARE_FINAL_TYPE (LsFakeNotifier, ls_fake_notifier, LS, FAKE_NOTIFIER, GObject)

LsFakeNotifier *ls_fake_notifier_new (void);
void ls_fake_notifier_set_present (LsFakeNotifier *self, gboolean present);
const char *ls_fake_notifier_get_text (LsFakeNotifier *self, const char *id);
guint ls_fake_notifier_count (LsFakeNotifier *self);
void ls_fake_notifier_press (LsFakeNotifier *self, const char *id, const char *key);
void ls_fake_notifier_close (LsFakeNotifier *self, const char *id);

G_END_DECLS
