/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-notifier.h"
#include "ls-random.h"

G_BEGIN_DECLS

#define LS_TYPE_NOTIFIER_BUS (ls_notifier_bus_get_type ())
G_DECLARE_FINAL_TYPE (LsNotifierBus, ls_notifier_bus, LS, NOTIFIER_BUS, GObject)

LsNotifierBus *
ls_notifier_bus_new (GDBusConnection *connection, LsRandom *random, gboolean is_inside);
void ls_notifier_bus_set_enabled (LsNotifierBus *self, gboolean enabled);
void ls_notifier_bus_stop (LsNotifierBus *self);

G_END_DECLS
