/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action-io.h"

G_BEGIN_DECLS

gboolean
ls_wire_read_action_reply (LsActionReply *reply, const char *text, gsize length, GError **error);

G_END_DECLS
