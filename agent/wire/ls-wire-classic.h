/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-poll.h"

G_BEGIN_DECLS

LsPoll *ls_wire_decode_poll (const char *text, gsize length, GError **error);
LsListing *ls_wire_decode_listing (const char *text, gsize length, GError **error);

char *ls_wire_data_get_text (const char *data, const char *name);

G_END_DECLS
