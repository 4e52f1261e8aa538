/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include "ls-auth.h"
#include "ls-hub.h"

G_BEGIN_DECLS

/** LS_UPGRADE_PROTOCOL: the subprotocol of the socket (protocol, "WebSocket") */
#define LS_UPGRADE_PROTOCOL "labsync.v1"

gboolean ls_upgrade_check (SoupServerMessage *message);
void ls_upgrade_begin (SoupServerMessage *message, LsHub *hub, const LsIdentity *identity);

G_END_DECLS
