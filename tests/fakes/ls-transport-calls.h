/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Some of the transport's methods as calls that wait for their answer. */
#pragma once

#include "ls-transport.h"

G_BEGIN_DECLS

LsProtocol ls_call_open_socket (LsTransport *transport, const char *token, GError **error);
LsUpdates *
ls_call_updates (LsTransport *transport, const char *token, LsCursor cursor, GError **error);
LsSession *
ls_call_sign_in (LsTransport *transport, const char *email, const char *password, GError **error);
LsSession *ls_call_refresh (LsTransport *transport, const char *refresh_token, GError **error);

G_END_DECLS
