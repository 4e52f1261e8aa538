/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-checksum.h"
#include "ls-json.h"
#include "ls-reply.h"

G_BEGIN_DECLS

/** LS_WIRE_MAX_BODY: bytes in an HTTP body that the agent takes (protocol, "Limits") */
#define LS_WIRE_MAX_BODY ((gsize)16 << 20)

/** LS_WIRE_MAX_REQUEST: bytes in an HTTP body that the agent sends (protocol, "Limits") */
#define LS_WIRE_MAX_REQUEST ((gsize)1 << 20)

gboolean ls_wire_read_data (const char *text, gsize length, LsJsonSlice *data, GError **error);
gboolean ls_wire_read_envelope (const char *text,
                                gsize length,
                                const char *const *names,
                                LsJsonSlice *members,
                                GError **error);

LsUpdates *ls_wire_decode_updates (const char *text, gsize length, GError **error);
char *ls_wire_encode_updates (const LsUpdates *updates, gsize *length);

LsSnapshotPage *ls_wire_decode_snapshot_page (const char *text, gsize length, GError **error);
char *ls_wire_encode_snapshot_page (const LsSnapshotPage *page, gsize *length);

LsChecksum *ls_wire_decode_checksum (const char *text, gsize length, GError **error);
char *ls_wire_encode_checksum (const LsChecksum *checksum, gsize *length);

char *ls_wire_encode_login (const char *email, const char *password, gsize *length);
char *ls_wire_encode_refresh (const char *refresh_token, gsize *length);
char *ls_wire_encode_logout (const char *refresh_token, gsize *length);
LsSession *ls_wire_decode_session (const char *text, gsize length, GError **error);
char *ls_wire_encode_session (const LsSession *session, gsize *length);

gboolean ls_wire_decode_error_message (const char *text, gsize length, char **code, char **message);
char *
ls_wire_encode_error_message (const char *code, const char *message, guint status, gsize *length);

G_END_DECLS
