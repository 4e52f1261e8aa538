/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-wire-event.h"
#include "ls-message.h"

G_BEGIN_DECLS

/** LS_WIRE_MAX_MESSAGE: bytes in a message on the socket (protocol, "Limits") */
#define LS_WIRE_MAX_MESSAGE ((gsize)1 << 20)

/**
 * LsWireError:
 * @LS_WIRE_ERROR_UNKNOWN: well-formed, but of a type that this version does not know: ignore it
 *
 * What is wrong with a message that is not wrong as JSON; for that see #LsJsonError.
 */
typedef enum
{
  LS_WIRE_ERROR_UNKNOWN,
} LsWireError;

#define LS_WIRE_ERROR (ls_wire_error_quark ())
GQuark ls_wire_error_quark (void);

LsMessage *ls_wire_decode_message (const char *text, gsize length, GError **error);
char *ls_wire_encode_message (const LsMessage *message, gsize *length);

G_END_DECLS
