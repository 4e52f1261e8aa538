/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-deflate-handshake.h"

#define EXTENSIONS "Sec-WebSocket-Extensions"
#define NAME "permessage-deflate"

/**
 * ls_deflate_offer:
 * @session: a session for sockets
 *
 * Has the session offer our permessage-deflate, and never libsoup's.
 */
void
ls_deflate_offer (SoupSession *session)
{
  soup_session_add_feature_by_type (session, SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
  soup_session_remove_feature_by_type (session, SOUP_TYPE_WEBSOCKET_EXTENSION_DEFLATE);
  soup_session_add_feature_by_type (session, LS_TYPE_DEFLATE);
}

/* libsoup gives a connection no extension but for what the server's answer names. */
static void
on_got_informational (SoupMessage *message, gpointer user_data)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (message);
  const char *answer = soup_message_headers_get_list (headers, EXTENSIONS);

  if (soup_message_get_status (message) != SOUP_STATUS_SWITCHING_PROTOCOLS)
    return;

  if (answer == NULL || answer[0] == '\0')
    soup_message_headers_replace (headers, EXTENSIONS, NAME "; " LS_DEFLATE_PLAIN);
}

/**
 * ls_deflate_watch:
 * @message: a handshake, before it is sent in a session with ls_deflate_offer()
 *
 * Gives the connection an #LsDeflate also if the server wants no compression.
 */
void
ls_deflate_watch (SoupMessage *message)
{
  g_signal_connect (message, "got-informational", G_CALLBACK (on_got_informational), NULL);
}

/* Returns: (transfer full) (nullable): an extension as @offer wants it, if it can be had */
static LsDeflate *
try_offer (const char *offer)
{
  g_auto (GStrv) parts = g_strsplit (offer, ";", 2);
  g_autoptr (LsDeflate) deflate = NULL;
  g_autoptr (GHashTable) params = NULL;

  if (parts[0] == NULL || !g_str_equal (g_strstrip (parts[0]), NAME))
    return NULL;

  if (parts[1] != NULL)
    {
      params = soup_header_parse_semi_param_list_strict (parts[1]);
      if (params == NULL)
        return NULL;
    }

  deflate = g_object_new (LS_TYPE_DEFLATE, NULL);
  if (!soup_websocket_extension_configure (SOUP_WEBSOCKET_EXTENSION (deflate),
                                           SOUP_WEBSOCKET_CONNECTION_SERVER, params, NULL))
    return NULL;

  return g_steal_pointer (&deflate);
}

/**
 * ls_deflate_accept:
 * @message: a client's handshake
 *
 * Takes the first of the client's offers of permessage-deflate that can be had, and says so in the
 * answer; others are declined (RFC 7692, 5.1). libsoup would refuse the handshake for one bad offer,
 * and answer two good ones twice.
 *
 * Returns: (transfer full): an extension for the connection, also if nothing is compressed
 */
LsDeflate *
ls_deflate_accept (SoupServerMessage *message)
{
  const char *header =
      soup_message_headers_get_list (soup_server_message_get_request_headers (message), EXTENSIONS);
  GSList *offers = header != NULL ? soup_header_parse_list (header) : NULL;
  LsDeflate *deflate = NULL;

  for (GSList *l = offers; l != NULL && deflate == NULL; l = l->next)
    deflate = try_offer (l->data);
  soup_header_free_list (offers);

  if (deflate != NULL)
    {
      g_autofree char *params =
          soup_websocket_extension_get_response_params (SOUP_WEBSOCKET_EXTENSION (deflate));
      g_autofree char *answer = g_strconcat (NAME, params, NULL);

      soup_message_headers_replace (soup_server_message_get_response_headers (message), EXTENSIONS,
                                    answer);
      return deflate;
    }

  return g_object_new (LS_TYPE_DEFLATE, NULL);
}
