/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** LS_DEFLATE_MAX_BITS: the largest window there is, as a power of two (RFC 7692, 7.1.2) */
#define LS_DEFLATE_MAX_BITS 15

/**
 * LS_DEFLATE_BITS: the window that we compress with, as a power of two
 *
 * A change of a grade takes 37 bytes on the wire with it, and as many with the largest. A connection
 * that is in use then takes 38 KiB more in the server (`tests/bench/run wire`); with the largest it
 * would be 262 (zlib.h, "memory requirements").
 */
#define LS_DEFLATE_BITS 12

/**
 * LsDeflateSide:
 * @no_context_takeover: whether it forgets after each message what it has sent
 * @max_bits: how far back it refers at most, as a power of two; 0: not said, so %LS_DEFLATE_MAX_BITS
 *
 * What is agreed about what one side sends.
 */
typedef struct
{
  gboolean no_context_takeover;
  guint max_bits;
} LsDeflateSide;

/**
 * LsDeflateParams:
 * @server: about what the server sends
 * @client: about what the client sends
 *
 * The parameters of permessage-deflate, as a client offers them or a server answers.
 */
typedef struct
{
  LsDeflateSide server;
  LsDeflateSide client;
} LsDeflateParams;

gboolean ls_deflate_params_parse (LsDeflateParams *params,
                                  GHashTable *table,
                                  gboolean is_offer,
                                  GError **error);
void ls_deflate_params_accept (LsDeflateParams *params);
char *ls_deflate_params_to_string (const LsDeflateParams *params);

G_END_DECLS
