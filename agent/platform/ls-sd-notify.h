/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define LS_TYPE_SD_NOTIFY (ls_sd_notify_get_type ())
G_DECLARE_FINAL_TYPE (LsSdNotify, ls_sd_notify, LS, SD_NOTIFY, GObject)

LsSdNotify *ls_sd_notify_new (void);
void ls_sd_notify_ready (LsSdNotify *self);
void ls_sd_notify_reloading (LsSdNotify *self);
void ls_sd_notify_reloaded (LsSdNotify *self);
void ls_sd_notify_stopping (LsSdNotify *self);
void ls_sd_notify_set_status (LsSdNotify *self, const char *status);
void ls_sd_notify_alive (LsSdNotify *self);

G_END_DECLS
