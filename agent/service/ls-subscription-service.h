/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-agent.h"
#include "ls-dbus.h"
#include "ls-delivery.h"
#include "ls-durables.h"
#include "ls-log-reader.h"
#include "ls-subscription-request.h"

G_BEGIN_DECLS

#define LS_TYPE_SUBSCRIPTION_SERVICE (ls_subscription_service_get_type ())
G_DECLARE_FINAL_TYPE (LsSubscriptionService,
                      ls_subscription_service,
                      LS,
                      SUBSCRIPTION_SERVICE,
                      LsDbusSubscriptionSkeleton)

LsSubscriptionService *
ls_subscription_service_new (LsAgent *agent, LsDurables *durables, LsSubscriptionRequest *request);
LsEntitySet ls_subscription_service_get_entities (LsSubscriptionService *self);
const char *ls_subscription_service_get_sender (LsSubscriptionService *self);
void ls_subscription_service_start (LsSubscriptionService *self,
                                    LsLogReader *reader,
                                    LsDelivery *delivery);
void ls_subscription_service_caught_up (LsSubscriptionService *self, guint64 from, guint64 to);
void ls_subscription_service_break_off (LsSubscriptionService *self);
void ls_subscription_service_close (LsSubscriptionService *self);

G_END_DECLS
