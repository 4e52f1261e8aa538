/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include "ls-server-url.h"
#include "ls-transport-config.h"

G_BEGIN_DECLS

/**
 * LsSoupEndpoint:
 * @config: (owned): the settings it was made of
 * @url: (owned): where the server is
 * @calls: (owned): the session for calls
 * @sockets: (owned): the session for sockets
 * @wants_query: whether the server was found to want the token in the query
 *
 * A server as the settings describe it, ready to be talked to.
 */
typedef struct
{
  LsTransportConfig *config;
  LsServerUrl *url;
  SoupSession *calls;
  SoupSession *sockets;
  gboolean wants_query;
} LsSoupEndpoint;

LsSoupEndpoint *ls_soup_endpoint_new (const LsTransportConfig *config, GError **error);
LsSoupEndpoint *ls_soup_endpoint_ref (LsSoupEndpoint *self);
void ls_soup_endpoint_unref (LsSoupEndpoint *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsSoupEndpoint, ls_soup_endpoint_unref)

G_END_DECLS
