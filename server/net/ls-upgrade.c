/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-upgrade.h"

#include "ls-address.h"
#include "ls-clients.h"
#include "ls-deflate-handshake.h"
#include "ls-http-answer.h"

/* RFC 9110 §15.5.22; libsoup has no name for it */
#define STATUS_UPGRADE_REQUIRED 426

/* libsoup's own handler for sockets is not used: it keeps the extensions of a handshake with the
 * path, where those of a client that is gone before it has its answer stay for ever, and every later
 * handshake fails (3.2.3). */

/* What becomes of a handshake once it is answered */
typedef struct
{
  LsHub *hub;           /* (owned) */
  LsIdentity *identity; /* (owned) */
  LsDeflate *deflate;   /* (owned) */
} Upgrade;

static void
upgrade_free (gpointer data, GClosure *closure)
{
  Upgrade *upgrade = data;

  g_object_unref (upgrade->hub);
  ls_identity_free (upgrade->identity);
  g_object_unref (upgrade->deflate);
  g_free (upgrade);
}

static const char *
get_header (SoupServerMessage *message, const char *name)
{
  return soup_message_headers_get_list (soup_server_message_get_request_headers (message), name);
}

static void
on_wrote_informational (SoupServerMessage *message, Upgrade *upgrade)
{
  g_autoptr (SoupServerMessage) alive = g_object_ref (message);
  g_autofree char *network =
      ls_address_get_network (soup_server_message_get_remote_address (message));
  g_autoptr (GIOStream) stream = soup_server_message_steal_connection (message);
  GList *extensions = g_list_prepend (NULL, g_object_ref (upgrade->deflate));
  g_autoptr (SoupWebsocketConnection) connection = soup_websocket_connection_new (
      stream, soup_server_message_get_uri (message), SOUP_WEBSOCKET_CONNECTION_SERVER,
      get_header (message, "Origin"), LS_UPGRADE_PROTOCOL, extensions);

  ls_clients_release (message);
  ls_hub_accept (upgrade->hub, connection, upgrade->identity, network);
}

/**
 * ls_upgrade_check:
 * @message: a request for the socket
 *
 * Returns: whether the client speaks our protocol; else it has been answered
 */
gboolean
ls_upgrade_check (SoupServerMessage *message)
{
  const char *upgrade = get_header (message, "Upgrade");
  const char *offered = get_header (message, "Sec-WebSocket-Protocol");

  if (upgrade == NULL || g_ascii_strcasecmp (upgrade, "websocket") != 0)
    {
      soup_message_headers_replace (soup_server_message_get_response_headers (message), "Upgrade",
                                    "websocket");
      ls_http_answer_error (message, STATUS_UPGRADE_REQUIRED, "upgrade-required",
                            "This is a WebSocket");
      return FALSE;
    }
  if (offered == NULL || !soup_header_contains (offered, LS_UPGRADE_PROTOCOL))
    {
      ls_http_answer_error (message, SOUP_STATUS_BAD_REQUEST, "subprotocol-required",
                            "The client does not offer the subprotocol " LS_UPGRADE_PROTOCOL);
      return FALSE;
    }

  return TRUE;
}

/**
 * ls_upgrade_begin:
 * @message: a request for the socket
 * @hub: where to bring the connection
 * @identity: who asks
 *
 * Answers the handshake, and hands its connection to @hub when the answer is out.
 */
void
ls_upgrade_begin (SoupServerMessage *message, LsHub *hub, const LsIdentity *identity)
{
  static const char *const protocols[] = { LS_UPGRADE_PROTOCOL, NULL };
  Upgrade *upgrade;

  /* If it is no good one, libsoup has answered it. */
  if (!soup_websocket_server_process_handshake (message, NULL, (char **)protocols, NULL, NULL))
    return;

  upgrade = g_new (Upgrade, 1);
  upgrade->hub = g_object_ref (hub);
  upgrade->identity = ls_identity_copy (identity);
  upgrade->deflate = ls_deflate_accept (message);
  g_signal_connect_data (message, "wrote-informational", G_CALLBACK (on_wrote_informational),
                         upgrade, upgrade_free, 0);
}
