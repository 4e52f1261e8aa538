/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-reply.h"

G_BEGIN_DECLS

LsActionReply *ls_wire_decode_action_reply (const char *text, gsize length, GError **error);
char *ls_wire_encode_action_reply (const LsActionReply *reply, gsize *length);

G_END_DECLS
