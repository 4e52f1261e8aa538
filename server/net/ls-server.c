/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-server.h"

#include <libsoup/soup.h>

#include "ls-clients.h"
#include "ls-file-limit.h"
#include "ls-http-service.h"
#include "ls-i18n.h"
#include "ls-process.h"
#include "ls-signing-key.h"
#include "ls-tls.h"

/* Connections that may wait to be accepted: a school that comes back after a restart. GIO's 10 are
 * soon used up. */
#define BACKLOG 512

/* How often old entries of the log and old actions are forgotten, and how soon again while there are
 * more of them, seconds */
#define TRIM_INTERVAL (60 * 60)
#define TRIM_AGAIN 1

/* How long clients get to answer a close before the server is gone, milliseconds */
#define STOP_TIMEOUT 1500

/* How often it is looked whether they have, milliseconds */
#define STOP_INTERVAL 20

/**
 * LsServer:
 *
 * All of the server, put together.
 *
 * LsServer::stopped: nobody is connected any more; the process can end.
 */
struct _LsServer
{
  GObject parent_instance;

  LsSchool *school;       /* (owned) */
  LsAuth *auth;           /* (owned) */
  LsAuditor *auditor;     /* (owned) */
  LsHub *hub;             /* (owned) */
  SoupServer *soup;       /* (owned) */
  LsClients *clients;     /* (owned) */
  LsAdmission *admission; /* (owned) */
  LsHttpService *service; /* (owned) */
  LsMetrics metrics;
  char *tls_certificate; /* (owned) (nullable): path */
  char *tls_key;         /* (owned) (nullable): path */
  char *url;             /* (owned) */
  gint64 audit_retention;
  gint64 drain_retry;
  gint64 drain_spread;
  guint trim_id;
  guint stop_id;
  gint64 stop_until; /* monotonic, microseconds */
};

G_DEFINE_FINAL_TYPE (LsServer, ls_server, G_TYPE_OBJECT)

enum
{
  STOPPED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
ls_server_dispose (GObject *object)
{
  LsServer *self = LS_SERVER (object);

  g_clear_handle_id (&self->trim_id, g_source_remove);
  g_clear_handle_id (&self->stop_id, g_source_remove);
  if (self->soup != NULL)
    soup_server_disconnect (self->soup);
  g_clear_pointer (&self->service, ls_http_service_free);
  g_clear_pointer (&self->admission, ls_admission_free);
  g_clear_object (&self->hub);
  g_clear_pointer (&self->clients, ls_clients_free);
  g_clear_object (&self->soup);
  g_clear_pointer (&self->auditor, ls_auditor_free);
  g_clear_object (&self->auth);
  g_clear_object (&self->school);

  G_OBJECT_CLASS (ls_server_parent_class)->dispose (object);
}

static void
ls_server_finalize (GObject *object)
{
  LsServer *self = LS_SERVER (object);

  g_free (self->tls_certificate);
  g_free (self->tls_key);
  g_free (self->url);

  G_OBJECT_CLASS (ls_server_parent_class)->finalize (object);
}

static void
ls_server_class_init (LsServerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ls_server_dispose;
  object_class->finalize = ls_server_finalize;

  signals[STOPPED] = g_signal_new ("stopped", LS_TYPE_SERVER, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
}

static void
ls_server_init (LsServer *self)
{
}

static gboolean
on_trim (gpointer user_data)
{
  LsServer *self = user_data;
  g_autoptr (GError) error = NULL;
  gint64 now = g_get_real_time () / 1000;
  gboolean more = FALSE, more_audit = FALSE;

  if (!ls_school_trim (self->school, now, &more, &error) ||
      !ls_school_forget_audit (self->school, now - self->audit_retention, &more_audit, &error))
    g_warning ("Could not forget what is old: %s", error->message);

  self->trim_id =
      g_timeout_add_seconds (more || more_audit ? TRIM_AGAIN : TRIM_INTERVAL, on_trim, self);
  return G_SOURCE_REMOVE;
}

static gboolean
open_school (LsServer *self, const LsServerConfig *config, GError **error)
{
  g_autoptr (GBytes) key = NULL;

  self->school = ls_school_open (config->data_dir, error);
  if (self->school == NULL || (config->seed_demo && !ls_school_seed_demo (self->school, error)))
    return FALSE;

  key = ls_signing_key_load (config->data_dir, error);
  if (key == NULL)
    return FALSE;

  self->auth = ls_auth_new (self->school, key, config->token_lifetime, config->session_lifetime,
                            &config->sign_ins);
  self->auditor = ls_auditor_new (self->school);
  self->hub = ls_hub_new (self->school, self->auth, self->auditor, &self->metrics,
                          config->heartbeat, config->hello_timeout);
  on_trim (self);
  return TRUE;
}

/* Returns: (transfer full) (nullable): a socket that listens */
static GSocket *
open_socket (GSocketAddress *address, GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new (g_socket_address_get_family (address),
                                             G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);

  if (socket == NULL)
    return NULL;

  g_socket_set_listen_backlog (socket, BACKLOG);
  if (!g_socket_bind (socket, address, TRUE, error) || !g_socket_listen (socket, error))
    return NULL;

  return g_steal_pointer (&socket);
}

/* Returns: (transfer full) (nullable): where @socket listens, as clients write it */
static char *
get_listening_url (GSocket *socket, const char *scheme, GError **error)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, error);
  g_autofree char *host = NULL;
  GInetSocketAddress *inet;

  if (address == NULL)
    return NULL;

  inet = G_INET_SOCKET_ADDRESS (address);
  host = g_inet_address_to_string (g_inet_socket_address_get_address (inet));
  return g_uri_join (G_URI_FLAGS_NONE, scheme, NULL, host, g_inet_socket_address_get_port (inet),
                     "", NULL, NULL);
}

/**
 * ls_server_reload:
 * @self: a server
 * @error: return location for an error; nothing has changed then
 *
 * Reads the TLS certificate and its key anew, for the connections that come from now on.
 *
 * Returns: whether it could; also if it uses none
 */
gboolean
ls_server_reload (LsServer *self, GError **error)
{
  g_autoptr (GTlsCertificate) certificate = NULL;

  g_return_val_if_fail (LS_IS_SERVER (self), FALSE);

  if (self->tls_certificate == NULL)
    return TRUE;

  certificate = ls_tls_load_certificate (self->tls_certificate, self->tls_key, error);
  if (certificate == NULL)
    return FALSE;

  soup_server_set_tls_certificate (self->soup, certificate);
  return TRUE;
}

/* SoupServer leaks an object of 336 bytes per connection (libsoup 3.2.3); what it offers instead,
 * soup_server_accept_iostream(), closes each connection after one request, which costs far more. */
static gboolean
listen_at (LsServer *self, const LsServerConfig *config, GError **error)
{
  g_autoptr (GSocketAddress) address =
      g_inet_socket_address_new_from_string (config->host, config->port);
  gboolean is_secure = config->tls_certificate != NULL;
  g_autoptr (GSocket) socket = NULL;

  self->tls_certificate = g_strdup (config->tls_certificate);
  self->tls_key = g_strdup (config->tls_key);
  if (!ls_server_reload (self, error))
    return FALSE;

  socket = open_socket (address, error);
  if (socket == NULL || !soup_server_listen_socket (
                            self->soup, socket, is_secure ? SOUP_SERVER_LISTEN_HTTPS : 0, error))
    {
      g_prefix_error (error, _ ("Could not listen on %s port %u: "), config->host, config->port);
      return FALSE;
    }

  self->url = get_listening_url (socket, is_secure ? "https" : "http", error);
  return self->url != NULL;
}

/**
 * ls_server_new:
 * @config: how to run
 * @error: return location for an error
 *
 * Opens the data directory and listens.
 *
 * Returns: (transfer full) (nullable): a server that accepts connections
 */
LsServer *
ls_server_new (const LsServerConfig *config, GError **error)
{
  g_autoptr (LsServer) self = NULL;
  LsClientLimits limits;

  g_return_val_if_fail (config != NULL, NULL);

  limits = config->clients;
  limits.max_total = ls_file_limit_fit (limits.max_total, ls_process_raise_file_limit ());
  self = g_object_new (LS_TYPE_SERVER, NULL);
  self->audit_retention = config->audit_retention;
  self->drain_retry = config->drain_retry;
  self->drain_spread = config->drain_spread;
  if (!open_school (self, config, error))
    return NULL;

  self->soup = soup_server_new (NULL, NULL);
  self->clients = ls_clients_new (self->soup, &limits);
  self->admission = ls_admission_new (config->max_connects);
  self->service = ls_http_service_new (self->soup, self->school, self->auth, self->hub,
                                       self->admission, self->auditor, &self->metrics);
  return listen_at (self, config, error) ? g_steal_pointer (&self) : NULL;
}

/**
 * ls_server_get_url:
 * @self: a server
 *
 * Returns: where it listens, as `http://HOST:PORT`
 */
const char *
ls_server_get_url (LsServer *self)
{
  g_return_val_if_fail (LS_IS_SERVER (self), NULL);

  return self->url;
}

static gboolean
on_stop (gpointer user_data)
{
  LsServer *self = user_data;

  if (!ls_hub_is_empty (self->hub) && g_get_monotonic_time () < self->stop_until)
    return G_SOURCE_CONTINUE;

  self->stop_id = 0;
  g_signal_emit (self, signals[STOPPED], 0);
  return G_SOURCE_REMOVE;
}

/**
 * ls_server_stop:
 * @self: a server
 *
 * Sends everybody away and emits LsServer::stopped, within two seconds. Until then HTTP requests
 * are told when to come back.
 */
void
ls_server_stop (LsServer *self)
{
  g_return_if_fail (LS_IS_SERVER (self));

  if (self->stop_id != 0)
    return;

  ls_http_service_drain (self->service, self->drain_retry);
  ls_hub_drain (self->hub, self->drain_retry, self->drain_spread);
  self->stop_until = g_get_monotonic_time () + STOP_TIMEOUT * 1000;
  self->stop_id = g_timeout_add (STOP_INTERVAL, on_stop, self);
}
