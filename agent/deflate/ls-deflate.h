/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/** LS_DEFLATE_PLAIN: the parameter by which a client says to itself that nothing is compressed */
#define LS_DEFLATE_PLAIN "labsync_plain"

/**
 * LS_DEFLATE_MIN_SIZE: bytes below which a message goes out as it is
 *
 * A pong has 170, so that a connection which only pings needs no memory for compression.
 */
#define LS_DEFLATE_MIN_SIZE 256

#define LS_TYPE_DEFLATE (ls_deflate_get_type ())
G_DECLARE_FINAL_TYPE (LsDeflate, ls_deflate, LS, DEFLATE, SoupWebsocketExtension)

void ls_deflate_set_max_message (LsDeflate *self, gsize max_message);
void ls_deflate_bound (SoupWebsocketConnection *connection, gsize max_message);

G_END_DECLS
