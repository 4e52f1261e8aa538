/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-service.h"

#include "ls-account-notice.h"
#include "ls-apps-service.h"
#include "ls-bus-errors.h"
#include "ls-bus-names.h"
#include "ls-cache-service.h"
#include "ls-callers.h"
#include "ls-connection-service.h"
#include "ls-diagnostics-service.h"
#include "ls-durables.h"
#include "ls-events-service.h"
#include "ls-queue-service.h"

/**
 * LsService:
 *
 * The agent on the bus: builds the interfaces, exports them, and has the user told what can't wait. Owning the name is its user's job.
 */
struct _LsService
{
  GObject parent_instance;

  GDBusConnection *connection; /* (owned) */
  LsAccess *access;            /* (owned) */
  LsAccountNotice *notice;     /* (owned) */
  LsAccountService *account;   /* (unowned): in interfaces */
  LsEventsService *events;     /* (unowned): in interfaces */
  LsQueueService *queue;       /* (unowned): in interfaces */
  GPtrArray *interfaces;       /* (owned) (element-type GDBusInterfaceSkeleton) */
  gboolean exported;
};

G_DEFINE_FINAL_TYPE (LsService, ls_service, G_TYPE_OBJECT)

static void
ls_service_dispose (GObject *object)
{
  LsService *self = LS_SERVICE (object);

  ls_service_unexport (self);
  g_clear_object (&self->connection);

  G_OBJECT_CLASS (ls_service_parent_class)->dispose (object);
}

static void
ls_service_finalize (GObject *object)
{
  LsService *self = LS_SERVICE (object);

  g_ptr_array_unref (self->interfaces);
  g_clear_object (&self->notice);
  g_clear_object (&self->access);

  G_OBJECT_CLASS (ls_service_parent_class)->finalize (object);
}

static void
ls_service_class_init (LsServiceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ls_service_dispose;
  object_class->finalize = ls_service_finalize;
}

static void
ls_service_init (LsService *self)
{
  self->interfaces = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * ls_service_new:
 * @agent: the agent
 * @queue: its queue
 * @ports: what else there is
 *
 * Returns: (transfer full): the agent's interfaces, not on the bus yet
 */
LsService *
ls_service_new (LsAgent *agent, LsActionQueue *queue, const LsServicePorts *ports)
{
  LsService *self = g_object_new (LS_TYPE_SERVICE, NULL);
  g_autoptr (LsCallers) callers = ls_callers_new (ports->connection, ports->finder);
  g_autoptr (LsDurables) durables = ls_durables_new (ports->clock, ports->durables_path);
  g_autoptr (LsJournal) journal = ls_journal_new (agent, ports->clock, ports->audit);
  g_autoptr (LsDecisions) decisions = ls_decisions_new (agent, ports->decisions_path);
  LsClock *clock = ports->clock;

  ls_bus_errors_register ();
  self->connection = g_object_ref (ports->connection);
  self->access = ls_access_new (agent, ports->finder, journal, decisions);
  self->notice = ls_account_notice_new (agent, ports->notifier);
  self->account = ls_account_service_new (agent, queue, self->access, durables, clock);
  self->events = ls_events_service_new (agent, self->access, callers, durables);
  self->queue = ls_queue_service_new (agent, queue, self->access, callers, clock);
  g_ptr_array_add (self->interfaces,
                   ls_apps_service_new (agent, self->access, ports->notifier, clock));
  g_ptr_array_add (self->interfaces, ls_connection_service_new (agent, self->access));
  g_ptr_array_add (self->interfaces, self->account);
  g_ptr_array_add (self->interfaces, self->events);
  g_ptr_array_add (self->interfaces, ls_cache_service_new (agent, queue, self->access, clock));
  g_ptr_array_add (self->interfaces, self->queue);
  g_ptr_array_add (self->interfaces,
                   ls_diagnostics_service_new (agent, queue, self->access, callers, clock));
  for (guint i = 0; i < self->interfaces->len; i++)
    ls_callers_guard (callers, g_ptr_array_index (self->interfaces, i));
  return self;
}

/**
 * ls_service_set_sign_out_defaults:
 * @self: the service
 * @defaults: from the settings
 *
 * See ls_account_service_set_defaults().
 */
void
ls_service_set_sign_out_defaults (LsService *self, const LsSignOutDefaults *defaults)
{
  g_return_if_fail (LS_IS_SERVICE (self));

  ls_account_service_set_defaults (self->account, defaults);
}

/**
 * ls_service_set_policy:
 * @self: the service
 * @policy: the settings
 *
 * Sets what apps may do; at first programs outside of a sandbox everything and others nothing.
 */
void
ls_service_set_policy (LsService *self, const LsAccessPolicy *policy)
{
  g_return_if_fail (LS_IS_SERVICE (self));

  ls_access_set_policy (self->access, policy);
}

/**
 * ls_service_set_broadcast:
 * @self: the service
 * @broadcast: whether `Events` goes out without a destination
 *
 * The proxy of a Flatpak lets no signal through that is meant for one app (xdg-dbus-proxy(1): that
 * takes the right to talk to it), but those that are for whoever listens at their path. At first
 * %FALSE: the bus then brings each batch to its subscriber alone.
 */
void
ls_service_set_broadcast (LsService *self, gboolean broadcast)
{
  g_return_if_fail (LS_IS_SERVICE (self));

  ls_events_service_set_broadcast (self->events, broadcast);
}

/**
 * ls_service_export:
 * @self: the service
 * @error: of %G_IO_ERROR: something is exported there already
 *
 * Puts all interfaces on the bus. To be called before the name is owned.
 *
 * Returns: whether they are there; if not, none is
 */
gboolean
ls_service_export (LsService *self, GError **error)
{
  g_return_val_if_fail (LS_IS_SERVICE (self) && !self->exported, FALSE);

  self->exported = TRUE;
  for (guint i = 0; i < self->interfaces->len; i++)
    if (!g_dbus_interface_skeleton_export (g_ptr_array_index (self->interfaces, i),
                                           self->connection, LS_BUS_PATH, error))
      {
        ls_service_unexport (self);
        return FALSE;
      }

  return TRUE;
}

/**
 * ls_service_unexport:
 * @self: the service
 *
 * Ends all subscriptions and all calls that wait, and takes the interfaces off the bus; does nothing if
 * they are not there.
 */
void
ls_service_unexport (LsService *self)
{
  g_return_if_fail (LS_IS_SERVICE (self));

  if (!self->exported)
    return;

  self->exported = FALSE;
  ls_events_service_close (self->events);
  ls_queue_service_close (self->queue);
  ls_account_service_close (self->account);
  for (guint i = 0; i < self->interfaces->len; i++)
    {
      GDBusInterfaceSkeleton *skeleton = g_ptr_array_index (self->interfaces, i);

      if (g_dbus_interface_skeleton_get_connection (skeleton) != NULL)
        g_dbus_interface_skeleton_unexport (skeleton);
    }
}
