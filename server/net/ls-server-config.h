/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-clients.h"
#include "ls-sign-in-guard.h"

G_BEGIN_DECLS

/**
 * LsServerConfig:
 * @host: the IP address to listen on, as text
 * @port: the port to listen on; 0: any
 * @data_dir: where everything is stored
 * @seed_demo: whether to put the demonstration school in
 * @token_lifetime: how long an access token is good, milliseconds
 * @session_lifetime: how long a sign-in lasts, milliseconds
 * @audit_retention: how long the audit is kept, milliseconds
 * @sign_ins: how often a sign-in may fail
 * @tls_certificate: (nullable): file with the certificate chain, PEM
 * @tls_key: (nullable): file with its private key, PEM
 * @clients: what a connection may cost
 * @max_connects: how many agents may connect in a second
 * @hello_timeout: how long a socket may take until its hello, milliseconds
 * @heartbeat: how often agents are asked to be heard, milliseconds
 * @drain_retry: when agents are asked to come back after a restart, milliseconds
 * @drain_spread: over which time they are then asked to spread at least, milliseconds
 *
 * How the server is to run.
 */
typedef struct
{
  char *host;
  guint16 port;
  char *data_dir;
  gboolean seed_demo;
  gint64 token_lifetime;
  gint64 session_lifetime;
  gint64 audit_retention;
  LsSignInLimits sign_ins;
  char *tls_certificate;
  char *tls_key;
  LsClientLimits clients;
  guint max_connects;
  gint64 hello_timeout;
  gint64 heartbeat;
  gint64 drain_retry;
  gint64 drain_spread;
} LsServerConfig;

LsServerConfig *ls_server_config_new (void);
void ls_server_config_free (LsServerConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsServerConfig, ls_server_config_free)

LsServerConfig *
ls_server_config_parse (const char *const *arguments, gboolean *show_version, GError **error);
gboolean ls_server_config_is_loopback (const LsServerConfig *config);

G_END_DECLS
