/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-access.h"
#include "ls-account-service.h"
#include "ls-action-queue.h"
#include "ls-agent.h"
#include "ls-app-finder.h"
#include "ls-audit.h"
#include "ls-clock.h"
#include "ls-notifier.h"

G_BEGIN_DECLS

/**
 * LsServicePorts:
 * @finder: tells who calls
 * @audit: where it is written down who did what
 * @clock: the clock
 * @notifier: shows the user what can't wait
 * @connection: the session bus
 * @durables_path: (nullable): file for the places of durable subscriptions; %NULL: they end with the
 *   program
 * @decisions_path: (nullable): file for what users decide about apps; %NULL: likewise
 *
 * What the service uses of the world outside; each is (unowned), and a reference or a copy is taken.
 */
typedef struct
{
  LsAppFinder *finder;
  LsAudit *audit;
  LsClock *clock;
  LsNotifier *notifier;
  GDBusConnection *connection;
  const char *durables_path;
  const char *decisions_path;
} LsServicePorts;

#define LS_TYPE_SERVICE (ls_service_get_type ())
G_DECLARE_FINAL_TYPE (LsService, ls_service, LS, SERVICE, GObject)

LsService *ls_service_new (LsAgent *agent, LsActionQueue *queue, const LsServicePorts *ports);
void ls_service_set_policy (LsService *self, const LsAccessPolicy *policy);
void ls_service_set_broadcast (LsService *self, gboolean broadcast);
void ls_service_set_sign_out_defaults (LsService *self, const LsSignOutDefaults *defaults);
gboolean ls_service_export (LsService *self, GError **error);
void ls_service_unexport (LsService *self);

G_END_DECLS
