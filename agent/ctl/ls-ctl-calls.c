/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-ctl-calls.h"

#include "ls-bus-names.h"
#include "ls-i18n.h"

/* Some methods wait for the school's server, which may be slow. The agent gives up earlier. */
#define CALL_TIMEOUT_MS 60000

static gpointer
with_timeout (gpointer proxy)
{
  if (proxy != NULL)
    g_dbus_proxy_set_default_timeout (proxy, CALL_TIMEOUT_MS);

  return proxy;
}

/**
 * ls_ctl_set_unknown:
 * @error: return location for an error
 * @code: what it is
 * @message: what there is not, for people
 * @known: (array zero-terminated=1): what there is
 *
 * Sets an error that lists what could have been meant.
 */
void
ls_ctl_set_unknown (GError **error, LsError code, const char *message, const char *const *known)
{
  g_autofree char *list = g_strjoinv (" ", (GStrv)known);

  g_set_error (error, LS_ERROR, code, _ ("%s. There are: %s"), message, list);
}

/**
 * ls_ctl_check_entity:
 * @cache: `.Cache` of the agent
 * @entity: what was given as one
 * @error: return location for %LS_ERROR_UNKNOWN_ENTITY, for ls_ctl_fail()
 *
 * The agent would refuse it, too, but could not tell people which there are.
 *
 * Returns: whether there is such a kind of data, or nobody says which there are
 */
gboolean
ls_ctl_check_entity (LsDbusCache *cache, const char *entity, GError **error)
{
  const char *const *known = ls_dbus_cache_get_entities (cache);
  g_autofree char *message = NULL;

  if (known == NULL || g_strv_contains (known, entity))
    return TRUE;

  message = g_strdup_printf (_ ("There is no kind of data “%s”"), entity);
  ls_ctl_set_unknown (error, LS_ERROR_UNKNOWN_ENTITY, message, known);

  return FALSE;
}

/**
 * ls_ctl_open_connection:
 * @self: what commands share
 * @error: return location for an error for ls_ctl_fail()
 *
 * Returns: (transfer full): `.Connection` of the agent, which is started if need be, or %NULL
 */
LsDbusConnection *
ls_ctl_open_connection (LsCtl *self, GError **error)
{
  if (!ls_ctl_open_bus (self, error))
    return NULL;

  return with_timeout (ls_dbus_connection_proxy_new_sync (self->bus, G_DBUS_PROXY_FLAGS_NONE,
                                                          LS_BUS_NAME, LS_BUS_PATH, NULL, error));
}

/**
 * ls_ctl_open_account:
 * @self: what commands share
 * @error: return location for an error for ls_ctl_fail()
 *
 * Returns: (transfer full): `.Account` of the agent, which is started if need be, or %NULL
 */
LsDbusAccount *
ls_ctl_open_account (LsCtl *self, GError **error)
{
  if (!ls_ctl_open_bus (self, error))
    return NULL;

  return with_timeout (ls_dbus_account_proxy_new_sync (self->bus, G_DBUS_PROXY_FLAGS_NONE,
                                                       LS_BUS_NAME, LS_BUS_PATH, NULL, error));
}

/**
 * ls_ctl_open_apps:
 * @self: what commands share
 * @error: return location for an error for ls_ctl_fail()
 *
 * Returns: (transfer full): `.Apps` of the agent, which is started if need be, or %NULL
 */
LsDbusApps *
ls_ctl_open_apps (LsCtl *self, GError **error)
{
  if (!ls_ctl_open_bus (self, error))
    return NULL;

  return with_timeout (ls_dbus_apps_proxy_new_sync (self->bus, G_DBUS_PROXY_FLAGS_NONE, LS_BUS_NAME,
                                                    LS_BUS_PATH, NULL, error));
}

/**
 * ls_ctl_open_cache:
 * @self: what commands share
 * @error: return location for an error for ls_ctl_fail()
 *
 * Returns: (transfer full): `.Cache` of the agent, which is started if need be, or %NULL
 */
LsDbusCache *
ls_ctl_open_cache (LsCtl *self, GError **error)
{
  if (!ls_ctl_open_bus (self, error))
    return NULL;

  return with_timeout (ls_dbus_cache_proxy_new_sync (self->bus, G_DBUS_PROXY_FLAGS_NONE,
                                                     LS_BUS_NAME, LS_BUS_PATH, NULL, error));
}

/**
 * ls_ctl_open_queue:
 * @self: what commands share
 * @error: return location for an error for ls_ctl_fail()
 *
 * Returns: (transfer full): `.Queue` of the agent, which is started if need be, or %NULL
 */
LsDbusQueue *
ls_ctl_open_queue (LsCtl *self, GError **error)
{
  if (!ls_ctl_open_bus (self, error))
    return NULL;

  return with_timeout (ls_dbus_queue_proxy_new_sync (self->bus, G_DBUS_PROXY_FLAGS_NONE,
                                                     LS_BUS_NAME, LS_BUS_PATH, NULL, error));
}

/**
 * ls_ctl_open_diagnostics:
 * @self: what commands share
 * @error: return location for an error for ls_ctl_fail()
 *
 * Returns: (transfer full): `.Diagnostics` of the agent, which is started if need be, or %NULL
 */
LsDbusDiagnostics *
ls_ctl_open_diagnostics (LsCtl *self, GError **error)
{
  if (!ls_ctl_open_bus (self, error))
    return NULL;

  return with_timeout (ls_dbus_diagnostics_proxy_new_sync (self->bus, G_DBUS_PROXY_FLAGS_NONE,
                                                           LS_BUS_NAME, LS_BUS_PATH, NULL, error));
}

/**
 * ls_ctl_open_events:
 * @self: what commands share
 * @error: return location for an error for ls_ctl_fail()
 *
 * Returns: (transfer full): `.Events` of the agent, which is started if need be, or %NULL
 */
LsDbusEvents *
ls_ctl_open_events (LsCtl *self, GError **error)
{
  if (!ls_ctl_open_bus (self, error))
    return NULL;

  return with_timeout (ls_dbus_events_proxy_new_sync (self->bus, G_DBUS_PROXY_FLAGS_NONE,
                                                      LS_BUS_NAME, LS_BUS_PATH, NULL, error));
}

/**
 * ls_ctl_run_connection_call:
 * @self: what commands share
 * @command: the command that was called
 * @call: the method that it stands for
 * @message: what to tell people afterwards
 * @argc: the command line from the command's name on
 * @argv: likewise
 *
 * A whole command that calls one method.
 *
 * Returns: what the program has to end with
 */
LsCtlExit
ls_ctl_run_connection_call (LsCtl *self,
                            const LsCtlCommand *command,
                            LsCtlConnectionCall call,
                            const char *message,
                            int argc,
                            char *argv[])
{
  g_autoptr (LsDbusConnection) connection = NULL;
  GError *error = NULL;

  if (!ls_ctl_parse (self, command, NULL, 0, 0, &argc, &argv))
    return LS_CTL_EXIT_USAGE;

  connection = ls_ctl_open_connection (self, &error);
  if (connection == NULL || !call (connection, ls_ctl_no_options (), NULL, &error))
    return ls_ctl_fail (self, error);

  return ls_ctl_finish (self, message);
}
