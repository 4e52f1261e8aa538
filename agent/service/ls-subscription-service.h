/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-agent.h"
#include "ls-dbus.h"
#include "ls-durables.h"
#include "ls-log-reader.h"

G_BEGIN_DECLS

/**
 * LsSubscriptionRequest:
 * @sender: (owned): the unique name of the app
 * @types: (owned) (array): which events, indexed by #LsEventType
 * @filter: (owned) (nullable): see ls_subscriber_new()
 * @durable: (owned) (nullable): the name under which its place is kept
 * @after_seq: start after this event
 * @broadcast: whether signals go out without a destination, as ls_service_set_broadcast() says
 *
 * What an app asked for.
 */
typedef struct
{
  char *sender;
  gboolean *types;
  GHashTable *filter;
  char *durable;
  guint64 after_seq;
  gboolean broadcast;
} LsSubscriptionRequest;

void ls_subscription_request_free (LsSubscriptionRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsSubscriptionRequest, ls_subscription_request_free)

#define LS_TYPE_SUBSCRIPTION_SERVICE (ls_subscription_service_get_type ())
G_DECLARE_FINAL_TYPE (LsSubscriptionService,
                      ls_subscription_service,
                      LS,
                      SUBSCRIPTION_SERVICE,
                      LsDbusSubscriptionSkeleton)

LsSubscriptionService *ls_subscription_service_new (LsAgent *agent,
                                                    LsDurables *durables,
                                                    LsLogReader *reader,
                                                    LsSubscriptionRequest *request);
const char *ls_subscription_service_get_sender (LsSubscriptionService *self);
void ls_subscription_service_start (LsSubscriptionService *self);
void ls_subscription_service_caught_up (LsSubscriptionService *self, guint64 from, guint64 to);
void ls_subscription_service_close (LsSubscriptionService *self);

G_END_DECLS
