/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-soup-endpoint.h"

#include "ls-deflate-handshake.h"
#include "ls-error.h"

/* Seconds for a single read or write: only a net below our own deadlines. The default of libsoup is
 * a minute. */
#define IO_TIMEOUT_S 30

/* As many calls as may be out at once: actions of several rows, and a poll beside them. The default
 * of libsoup is two. */
#define MAX_CONNECTIONS 8

static void
endpoint_clear (LsSoupEndpoint *self)
{
  g_clear_pointer (&self->config, ls_transport_config_free);
  g_clear_pointer (&self->url, ls_server_url_free);
  g_clear_object (&self->calls);
  g_clear_object (&self->sockets);
}

static SoupSession *
create_session (const LsTransportConfig *config, GUri *uri, GTlsDatabase *authorities)
{
  SoupSession *session = soup_session_new_with_options (
      "timeout", IO_TIMEOUT_S, "max-conns-per-host", MAX_CONNECTIONS, NULL);
  g_autofree char *user_agent = g_strconcat (
      "labsync-agent/", config->agent_version != NULL ? config->agent_version : LS_VERSION, NULL);

  soup_session_set_user_agent (session, user_agent);
  if (authorities != NULL)
    soup_session_set_tls_database (session, authorities);

  /* The default resolver obeys http_proxy for 127.0.0.1 too. As no redirect is followed, this one
   * host is all that the session ever talks to. */
  if (ls_server_url_is_loopback (uri))
    soup_session_set_proxy_resolver (session, NULL);

  return session;
}

static gboolean
load_authorities (const char *path, GTlsDatabase **authorities, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  if (path == NULL || path[0] == '\0')
    return TRUE;

  if (!g_path_is_absolute (path))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                   "The path of ca-file is not absolute: “%s”", path);
      return FALSE;
    }

  *authorities = g_tls_file_database_new (path, &local_error);
  if (*authorities == NULL)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "The ca-file can't be used: %s",
                   local_error->message);
      return FALSE;
    }

  return TRUE;
}

/**
 * ls_soup_endpoint_new:
 * @config: the settings
 * @error: %LS_ERROR_INVALID_ARGUMENT
 *
 * Returns: (transfer full) (nullable): the endpoint
 */
LsSoupEndpoint *
ls_soup_endpoint_new (const LsTransportConfig *config, GError **error)
{
  g_autoptr (LsSoupEndpoint) self = g_rc_box_new0 (LsSoupEndpoint);
  g_autoptr (GTlsDatabase) authorities = NULL;
  g_autoptr (GUri) call_uri = NULL;
  g_autoptr (GUri) socket_uri = NULL;

  g_return_val_if_fail (config != NULL, NULL);

  if (config->url == NULL || config->url[0] == '\0')
    {
      g_set_error_literal (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "No server is set");
      return NULL;
    }

  self->url = ls_server_url_new (config->url, config->ws_url, config->allow_insecure, error);
  if (self->url == NULL || !load_authorities (config->ca_file, &authorities, error))
    return NULL;

  call_uri = ls_server_url_get_call (self->url, "/", NULL);
  socket_uri = ls_server_url_get_socket (self->url, NULL);
  self->config = ls_transport_config_copy (config);
  self->calls = create_session (config, call_uri, authorities);
  self->sockets = create_session (config, socket_uri, authorities);
  ls_deflate_offer (self->sockets);

  return g_steal_pointer (&self);
}

/**
 * ls_soup_endpoint_ref:
 * @self: an endpoint
 *
 * Returns: (transfer full): @self
 */
LsSoupEndpoint *
ls_soup_endpoint_ref (LsSoupEndpoint *self)
{
  return g_rc_box_acquire (self);
}

/**
 * ls_soup_endpoint_unref:
 * @self: (transfer full): an endpoint
 *
 * Gives a reference back. What is under way goes on.
 */
void
ls_soup_endpoint_unref (LsSoupEndpoint *self)
{
  g_rc_box_release_full (self, (GDestroyNotify)endpoint_clear);
}
