/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-delivery.h"

G_BEGIN_DECLS

#define LS_TYPE_DELIVERY_SIGNAL (ls_delivery_signal_get_type ())
G_DECLARE_FINAL_TYPE (LsDeliverySignal, ls_delivery_signal, LS, DELIVERY_SIGNAL, GObject)

LsDeliverySignal *
ls_delivery_signal_new (GDBusConnection *connection, const char *destination, const char *path);

G_END_DECLS
