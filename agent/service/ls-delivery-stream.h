/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-delivery.h"

G_BEGIN_DECLS

#define LS_TYPE_DELIVERY_STREAM (ls_delivery_stream_get_type ())
G_DECLARE_FINAL_TYPE (LsDeliveryStream, ls_delivery_stream, LS, DELIVERY_STREAM, GObject)

LsDeliveryStream *ls_delivery_stream_new (int *app_fd, GError **error);

G_END_DECLS
