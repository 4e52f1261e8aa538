/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-event.h"

G_BEGIN_DECLS

/** LS_EVENT_PACKET_SIZE: how many bytes a packet has at most (contract, "Delivery") */
#define LS_EVENT_PACKET_SIZE (64 * 1024)

GBytes *ls_event_packet_new (GPtrArray *events);

G_END_DECLS
