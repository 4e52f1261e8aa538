/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-event.h"

G_BEGIN_DECLS

GBytes *ls_event_packet_new (GPtrArray *events);

G_END_DECLS
