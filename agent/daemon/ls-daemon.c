/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-daemon.h"

#include "ls-agent.h"
#include "ls-app-finder-bus.h"
#include "ls-clock-system.h"
#include "ls-daemon-config.h"
#include "ls-login-logind.h"
#include "ls-machine-id.h"
#include "ls-network-gio.h"
#include "ls-notifier-bus.h"
#include "ls-paths.h"
#include "ls-queue-store-sqlite.h"
#include "ls-random-system.h"
#include "ls-sandbox.h"
#include "ls-secrets-libsecret.h"
#include "ls-service.h"
#include "ls-settings-monitor.h"
#include "ls-store-keys-secrets.h"
#include "ls-store-sqlite.h"
#include "ls-transport-soup.h"
#include "ls-json.h"
#include "ls-wire-classic.h"
#include "ls-wire-edit.h"
#include "ls-wire-filter.h"
#include "ls-wire-token.h"

#include <malloc.h>

/* How long a connection is left alone before what it took to make it is given back, in seconds. */
#define QUIET 2

/* Where systemd and D-Bus keep the machine's identity, machine-id(5). */
#define MACHINE_ID_FILE "/etc/machine-id"

/**
 * LsDaemon:
 *
 * The composition root: the only place that knows every room. It builds the ports, wires them to
 * the agent and the agent to the bus, and passes changed settings on.
 */
struct _LsDaemon
{
  GObject parent_instance;

  GDBusConnection *connection; /* (owned) */
  char *machine;               /* (owned) */
  LsSettings *settings;        /* (owned) */
  LsSettingsMonitor *monitor;  /* (owned) */
  LsStoreKeys *keys;           /* (owned) */
  LsStoreSqlite *store;        /* (owned) */
  LsQueueStoreSqlite *unsent;  /* (owned) */
  LsTransportSoup *transport;  /* (owned) */
  LsAgent *agent;              /* (owned) */
  LsActionQueue *queue;        /* (owned) */
  LsNotifierBus *notifier;     /* (owned) */
  LsService *service;          /* (owned) */
  LsSdNotify *notify;          /* (owned) */
  guint trim_id;               /* of a timeout; 0: none */
};

G_DEFINE_FINAL_TYPE (LsDaemon, ls_daemon, G_TYPE_OBJECT)

enum
{
  SIGNAL_READY,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
ls_daemon_finalize (GObject *object)
{
  LsDaemon *self = LS_DAEMON (object);

  g_clear_handle_id (&self->trim_id, g_source_remove);
  g_clear_object (&self->monitor);
  g_clear_object (&self->service);
  g_clear_object (&self->notifier);
  g_clear_object (&self->queue);
  g_clear_object (&self->agent);
  g_clear_object (&self->transport);
  g_clear_object (&self->store);
  g_clear_object (&self->unsent);
  g_clear_object (&self->keys);
  g_clear_object (&self->settings);
  g_clear_object (&self->notify);
  g_clear_object (&self->connection);
  g_free (self->machine);

  G_OBJECT_CLASS (ls_daemon_parent_class)->finalize (object);
}

static void
ls_daemon_class_init (LsDaemonClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_daemon_finalize;

  /**
   * LsDaemon::ready:
   * @self: a daemon
   *
   * It knows who is signed in and answers with what is stored. Emitted again when the settings name
   * another server.
   */
  signals[SIGNAL_READY] = g_signal_new ("ready", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                        NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
ls_daemon_init (LsDaemon *self)
{
}

static void
report_problems (LsDaemon *self)
{
  GPtrArray *problems = ls_settings_get_problems (self->settings);

  for (guint i = 0; i < problems->len; i++)
    {
      g_autofree char *text = ls_settings_problem_to_string (g_ptr_array_index (problems, i));

      g_warning ("settings: %s", text);
    }
}

static void
apply_sign_out_defaults (LsDaemon *self)
{
  LsSignOutDefaults defaults = ls_daemon_config_for_sign_out (self->settings);

  ls_service_set_sign_out_defaults (self->service, &defaults);
}

static void
apply_access (LsDaemon *self)
{
  LsAccessPolicy policy = ls_daemon_config_for_access (self->settings);

  ls_service_set_policy (self->service, &policy);
}

static void
apply_notifications (LsDaemon *self)
{
  ls_notifier_bus_set_enabled (self->notifier,
                               ls_settings_get_boolean (self->settings, "Notifications", "show"));
}

static void
apply_store_settings (LsDaemon *self)
{
  gboolean encrypt = ls_settings_get_boolean (self->settings, "Privacy", "encrypt");

  ls_store_sqlite_set_encryption (self->store, self->keys, encrypt);
  ls_queue_store_sqlite_set_encryption (self->unsent, self->keys, encrypt);
  ls_store_sqlite_set_audit_max_age (self->store,
                                     ls_settings_get_int64 (self->settings, "Audit", "max-age"));
  ls_store_sqlite_set_limits (self->store,
                              ls_settings_get_int64 (self->settings, "Cache", "max-size"),
                              ls_settings_get_int64 (self->settings, "Cache", "max-age"));
}

static void
on_monitor_changed (LsSettingsMonitor *monitor, LsDaemon *self)
{
  ls_daemon_reload (self);
}

static void
on_agent_account_loaded (LsAgent *agent, LsDaemon *self)
{
  g_signal_emit (self, signals[SIGNAL_READY], 0);
}

static void
set_status (LsDaemon *self, LsState state, LsReason reason)
{
  g_autofree char *status =
      reason == LS_REASON_NONE
          ? g_strdup (ls_state_to_string (state))
          : g_strdup_printf ("%s (%s)", ls_state_to_string (state), ls_reason_to_string (reason));

  ls_sd_notify_set_status (self->notify, status);
}

static gboolean
on_quiet (gpointer user_data)
{
  LsDaemon *self = user_data;

  self->trim_id = 0;
  malloc_trim (0);
  return G_SOURCE_REMOVE;
}

/* A connection by TLS leaves 3.5 MiB of free memory behind, from reading the system's certificates. */
static void
on_agent_state_changed (LsAgent *agent, int old, int new, int reason, LsDaemon *self)
{
  set_status (self, (LsState) new, (LsReason)reason);
  g_clear_handle_id (&self->trim_id, g_source_remove);
  self->trim_id = g_timeout_add_seconds (QUIET, on_quiet, self);
}

static void
ping_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LsSdNotify) notify = user_data;

  ls_sd_notify_alive (notify);
}

/* That we come by here shows that the main loop turns; the store has a thread of its own. */
static void
on_notify_check (LsSdNotify *notify, LsDaemon *self)
{
  ls_store_sqlite_ping_async (self->store, ping_cb, g_object_ref (notify));
}

static void
build_agent (LsDaemon *self, LsClock *clock, LsRandom *random)
{
  g_autoptr (LsNetwork) network = ls_network_gio_new (g_network_monitor_get_default ());
  g_autoptr (LsLogin) login = ls_login_logind_new ();
  g_autoptr (LsSecrets) secrets = ls_secrets_libsecret_new (clock);
  g_autoptr (LsConfig) config = ls_daemon_config_for_core (self->settings, self->machine);
  LsAgentPorts ports = {
    .clock = clock,
    .random = random,
    .network = network,
    .login = login,
    .secrets = secrets,
    .store = LS_STORE (self->store),
    .transport = LS_TRANSPORT (self->transport),
    .token_reader = { ls_wire_token_get_issued, ls_wire_token_get_expiry, ls_wire_token_get_user },
    .data_reader = { ls_wire_data_get_text, ls_json_with_members },
    .matcher = ls_wire_filter_matches,
  };

  self->agent = ls_agent_new (&ports, config);
  g_signal_connect_object (self->agent, "account-loaded", G_CALLBACK (on_agent_account_loaded),
                           self, 0);
  g_signal_connect_object (self->agent, "state-changed", G_CALLBACK (on_agent_state_changed), self,
                           0);
}

static void
build_queue (LsDaemon *self, LsClock *clock, LsRandom *random)
{
  LsQueueConfig config = ls_daemon_config_for_queue (self->settings);
  const LsDataEditor editor = {
    .check = ls_wire_edit_check,
    .lay_over = ls_wire_edit_lay_over,
    .agrees = ls_wire_edit_agrees,
    .is_same = ls_wire_edit_is_same,
    .merge = ls_wire_edit_merge,
    .invert = ls_wire_edit_invert,
    .set_member = ls_wire_edit_set_member,
    .rename = ls_wire_edit_rename,
    .has_member = ls_wire_edit_has_member,
    .get_text = ls_wire_data_get_text,
  };

  self->queue =
      ls_action_queue_new (self->agent, LS_QUEUE_STORE (self->unsent),
                           LS_TRANSPORT (self->transport), clock, random, &editor, &config);
}

static void
build_service (LsDaemon *self, LsClock *clock, LsRandom *random, const char *directory)
{
  gboolean is_inside = ls_sandbox_is_inside ();
  g_autoptr (LsAppFinder) finder = ls_app_finder_bus_new (self->connection, is_inside);
  g_autofree char *durables = g_build_filename (directory, "durable-cursors.conf", NULL);
  g_autofree char *decisions = g_build_filename (directory, "app-decisions.conf", NULL);
  LsServicePorts ports = {
    .finder = finder,
    .audit = LS_AUDIT (self->store),
    .clock = clock,
    .connection = self->connection,
    .durables_path = durables,
    .decisions_path = decisions,
  };

  self->notifier = ls_notifier_bus_new (self->connection, random, is_inside);
  ports.notifier = LS_NOTIFIER (self->notifier);
  self->service = ls_service_new (self->agent, self->queue, &ports);
  ls_service_set_broadcast (self->service, is_inside);
  apply_notifications (self);
  apply_sign_out_defaults (self);
  apply_access (self);
}

/**
 * ls_daemon_new:
 * @connection: the session bus
 * @config_file: (nullable): a settings file named on the command line
 * @state_dir: (nullable): where to keep stores; %NULL: the user's data directory
 * @notify: tells the service manager how it goes
 * @error: the system gives us no clock
 *
 * Builds everything; nothing runs yet.
 *
 * Returns: (transfer full) (nullable): the daemon
 */
LsDaemon *
ls_daemon_new (GDBusConnection *connection,
               const char *config_file,
               const char *state_dir,
               LsSdNotify *notify,
               GError **error)
{
  g_autoptr (LsDaemon) self = g_object_new (LS_TYPE_DAEMON, NULL);
  g_autoptr (LsSettingsSources) sources = ls_settings_sources_new_default (config_file);
  g_autoptr (LsTransportConfig) transport_config = NULL;
  g_autofree char *directory = ls_paths_get_state_dir (state_dir);
  g_autoptr (LsClock) clock = ls_clock_system_new (error);
  g_autoptr (LsRandom) random = ls_random_system_new ();
  g_autoptr (LsSecrets) key_secrets = NULL;
  g_autoptr (GError) machine_error = NULL;

  if (clock == NULL)
    return NULL;

  self->connection = g_object_ref (connection);
  self->notify = g_object_ref (notify);
  self->settings = ls_settings_new (sources);
  report_problems (self);
  self->machine = ls_machine_id_read (MACHINE_ID_FILE, &machine_error);
  if (self->machine == NULL)
    {
      g_warning ("this machine has no name: %s", machine_error->message);
      self->machine = g_strdup ("");
    }

  key_secrets = ls_secrets_libsecret_new_for_keys (clock);
  self->keys = ls_store_keys_secrets_new (key_secrets, random);
  self->store = ls_store_sqlite_new (directory);
  self->unsent = ls_queue_store_sqlite_new (directory);
  apply_store_settings (self);
  transport_config = ls_daemon_config_for_transport (self->settings);
  self->transport = ls_transport_soup_new (transport_config);
  build_agent (self, clock, random);
  build_queue (self, clock, random);
  build_service (self, clock, random, directory);
  self->monitor = ls_settings_monitor_new (sources, clock);
  g_signal_connect_object (notify, "check", G_CALLBACK (on_notify_check), self, 0);
  g_signal_connect_object (self->monitor, "changed", G_CALLBACK (on_monitor_changed), self, 0);
  return g_steal_pointer (&self);
}

/**
 * ls_daemon_export:
 * @self: a daemon
 * @error: what the bus said
 *
 * Puts the objects on the bus.
 *
 * Returns: whether they are there
 */
gboolean
ls_daemon_export (LsDaemon *self, GError **error)
{
  g_return_val_if_fail (LS_IS_DAEMON (self), FALSE);

  return ls_service_export (self->service, error);
}

/**
 * ls_daemon_start:
 * @self: a daemon
 *
 * Goes to work. Call it once; LsDaemon::ready follows.
 */
void
ls_daemon_start (LsDaemon *self)
{
  g_return_if_fail (LS_IS_DAEMON (self));

  ls_agent_start (self->agent);
}

/**
 * ls_daemon_reload:
 * @self: a daemon
 *
 * Reads the settings again. What is wrong in them is reported, and the last good value stays.
 */
void
ls_daemon_reload (LsDaemon *self)
{
  g_autoptr (LsTransportConfig) transport_config = NULL;
  g_autoptr (LsConfig) config = NULL;
  LsQueueConfig queue_config;

  g_return_if_fail (LS_IS_DAEMON (self));

  ls_sd_notify_reloading (self->notify);
  ls_settings_reload (self->settings);
  report_problems (self);
  apply_store_settings (self);
  apply_notifications (self);
  apply_sign_out_defaults (self);
  apply_access (self);
  transport_config = ls_daemon_config_for_transport (self->settings);
  ls_transport_soup_set_config (self->transport, transport_config);
  config = ls_daemon_config_for_core (self->settings, self->machine);
  ls_agent_set_config (self->agent, config);
  queue_config = ls_daemon_config_for_queue (self->settings);
  ls_action_queue_set_config (self->queue, &queue_config);
  ls_sd_notify_reloaded (self->notify);
}

/**
 * ls_daemon_announce:
 * @self: a daemon
 *
 * Tells the service manager that all is there: the objects, the account and the bus name.
 */
void
ls_daemon_announce (LsDaemon *self)
{
  const LsStatus *status = NULL;

  g_return_if_fail (LS_IS_DAEMON (self));

  status = ls_agent_get_status (self->agent);
  set_status (self, status->state, status->reason);
  ls_sd_notify_ready (self->notify);
}

/**
 * ls_daemon_stop:
 * @self: a daemon
 *
 * Hangs up politely.
 */
void
ls_daemon_stop (LsDaemon *self)
{
  g_return_if_fail (LS_IS_DAEMON (self));

  ls_sd_notify_stopping (self->notify);
  ls_notifier_bus_stop (self->notifier);
  ls_action_queue_stop (self->queue);
  ls_agent_stop (self->agent);
}
