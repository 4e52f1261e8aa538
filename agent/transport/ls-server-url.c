/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-server-url.h"

#include <gio/gio.h>

#include "ls-error.h"

/* Encoded: what we compose is encoded, and what the administrator wrote stays as it is. */
#define URI_FLAGS (G_URI_FLAGS_ENCODED | G_URI_FLAGS_SCHEME_NORMALIZE)

struct _LsServerUrl
{
  GUri *http; /* (owned) */
  GUri *ws;   /* (owned) */
};

static gboolean
check_scheme (GUri *uri,
              const char *plain,
              const char *secure,
              gboolean allow_insecure,
              GError **error)
{
  const char *scheme = g_uri_get_scheme (uri);

  if (g_str_equal (scheme, secure))
    return TRUE;

  if (!g_str_equal (scheme, plain))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                   "The server's URL must begin with “%s://” or “%s://”, not “%s://”", secure,
                   plain, scheme);
      return FALSE;
    }

  if (allow_insecure || ls_server_url_is_loopback (uri))
    return TRUE;

  g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
               "“%s://” sends passwords in the clear: use “%s://”, or set allow-insecure", plain,
               secure);
  return FALSE;
}

static GUri *
parse (const char *text,
       const char *plain,
       const char *secure,
       gboolean allow_insecure,
       GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GUri) uri = g_uri_parse (text, URI_FLAGS, &local_error);

  if (uri == NULL)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "The server's URL is not a URL: %s",
                   local_error->message);
      return NULL;
    }

  if (!check_scheme (uri, plain, secure, allow_insecure, error))
    return NULL;

  if (g_uri_get_host (uri) == NULL || g_uri_get_host (uri)[0] == '\0')
    {
      g_set_error_literal (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                           "The server's URL has no host");
      return NULL;
    }

  if (g_uri_get_userinfo (uri) != NULL || g_uri_get_query (uri) != NULL ||
      g_uri_get_fragment (uri) != NULL)
    {
      g_set_error_literal (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                           "The server's URL must have no user, “?” or “#” in it");
      return NULL;
    }

  return g_steal_pointer (&uri);
}

/* @base with @path below its own path, which may end in a slash. */
static GUri *
compose (GUri *base, const char *scheme, const char *path, const char *query)
{
  g_autoptr (GString) full = g_string_new (g_uri_get_path (base));

  while (full->len > 0 && full->str[full->len - 1] == '/')
    g_string_truncate (full, full->len - 1);
  g_string_append (full, path);

  return g_uri_build (URI_FLAGS, scheme, NULL, g_uri_get_host (base), g_uri_get_port (base),
                      full->str, query, NULL);
}

/**
 * ls_server_url_new:
 * @url: the server's URL, http or https
 * @ws_url: (nullable): the socket's URL, ws or wss; %NULL or empty: @url with `/ws`
 * @allow_insecure: whether http and ws may leave this machine
 * @error: %LS_ERROR_INVALID_ARGUMENT
 *
 * Returns: (transfer full) (nullable): the checked URLs
 */
LsServerUrl *
ls_server_url_new (const char *url, const char *ws_url, gboolean allow_insecure, GError **error)
{
  g_autoptr (LsServerUrl) self = g_new0 (LsServerUrl, 1);

  g_return_val_if_fail (url != NULL, NULL);

  self->http = parse (url, "http", "https", allow_insecure, error);
  if (self->http == NULL)
    return NULL;

  if (ws_url != NULL && ws_url[0] != '\0')
    self->ws = parse (ws_url, "ws", "wss", allow_insecure, error);
  else
    self->ws =
        compose (self->http, g_str_equal (g_uri_get_scheme (self->http), "https") ? "wss" : "ws",
                 "/ws", NULL);
  if (self->ws == NULL)
    return NULL;

  return g_steal_pointer (&self);
}

/**
 * ls_server_url_free:
 * @self: (transfer full): URLs
 *
 * Frees them.
 */
void
ls_server_url_free (LsServerUrl *self)
{
  g_clear_pointer (&self->http, g_uri_unref);
  g_clear_pointer (&self->ws, g_uri_unref);
  g_free (self);
}

/**
 * ls_server_url_get_call:
 * @self: URLs
 * @path: the call's path, from `/api` on
 * @query: (nullable): the call's query, encoded
 *
 * Returns: (transfer full): the URL of a call
 */
GUri *
ls_server_url_get_call (const LsServerUrl *self, const char *path, const char *query)
{
  g_return_val_if_fail (self != NULL, NULL);
  g_return_val_if_fail (path != NULL && path[0] == '/', NULL);

  return compose (self->http, g_uri_get_scheme (self->http), path, query);
}

/**
 * ls_server_url_get_socket:
 * @self: URLs
 * @token: (nullable): the access token, if it has to be in the query
 *
 * Returns: (transfer full): the URL of the socket; a secret if there is a token in it
 */
GUri *
ls_server_url_get_socket (const LsServerUrl *self, const char *token)
{
  g_autofree char *escaped = NULL;
  g_autofree char *query = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  if (token == NULL)
    return g_uri_ref (self->ws);

  escaped = g_uri_escape_string (token, NULL, FALSE);
  query = g_strconcat ("token=", escaped, NULL);

  return g_uri_build (URI_FLAGS, g_uri_get_scheme (self->ws), NULL, g_uri_get_host (self->ws),
                      g_uri_get_port (self->ws), g_uri_get_path (self->ws), query, NULL);
}

/**
 * ls_server_url_is_loopback:
 * @uri: a URL with a host
 *
 * Returns: whether what is sent there can't leave this machine
 */
gboolean
ls_server_url_is_loopback (GUri *uri)
{
  const char *host = g_uri_get_host (uri);
  g_autoptr (GInetAddress) address = NULL;

  if (host == NULL)
    return FALSE;
  if (g_ascii_strcasecmp (host, "localhost") == 0)
    return TRUE;

  address = g_inet_address_new_from_string (host);

  return address != NULL && g_inet_address_get_is_loopback (address);
}
