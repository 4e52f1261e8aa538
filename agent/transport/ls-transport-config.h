/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsTransportConfig:
 * @url: (nullable): the server's URL; %NULL or empty: none is set
 * @ws_url: (nullable): the socket's URL; %NULL or empty: @url with ws or wss, and `/ws`
 * @ca_file: (nullable): absolute path of a PEM file with the authorities to trust instead of the
 *   system's; %NULL or empty: the system's
 * @allow_insecure: whether http may leave this machine
 * @token_in_query: (nullable): `auto` (also for %NULL), `never` or `always`
 * @connect_timeout_ms: how long connecting and the whole handshake may take, milliseconds
 * @drop_fields: (nullable): members to cut out of the data of events and rows
 * @agent_version: (nullable): what we say we are
 *
 * What the transport needs of the settings (contract, "Settings").
 */
typedef struct
{
  char *url;
  char *ws_url;
  char *ca_file;
  gboolean allow_insecure;
  char *token_in_query;
  gint64 connect_timeout_ms;
  GStrv drop_fields;
  char *agent_version;
} LsTransportConfig;

LsTransportConfig *ls_transport_config_copy (const LsTransportConfig *config);
void ls_transport_config_free (LsTransportConfig *config);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsTransportConfig, ls_transport_config_free)

G_END_DECLS
