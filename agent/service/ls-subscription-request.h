/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-access.h"
#include "ls-agent.h"
#include "ls-durables.h"

G_BEGIN_DECLS

/**
 * LsSubscriptionRequest:
 * @sender: (owned): the unique name of the app
 * @app: (owned): what that one is called
 * @types: (owned) (array): which events, indexed by #LsEventType
 * @filter: (owned) (nullable): see ls_subscriber_new()
 * @durable: (owned) (nullable): the name under which its place is kept
 * @after_seq: start after this event
 *
 * What an app asked for with Subscribe or OpenStream.
 */
typedef struct
{
  char *sender;
  char *app;
  gboolean *types;
  GHashTable *filter;
  char *durable;
  guint64 after_seq;
} LsSubscriptionRequest;

LsSubscriptionRequest *ls_subscription_request_parse (LsAgent *agent,
                                                      LsAccess *access,
                                                      LsDurables *durables,
                                                      const char *sender,
                                                      const char *const *types,
                                                      GVariant *options,
                                                      GError **error);
LsEntitySet ls_subscription_request_get_entities (const LsSubscriptionRequest *request);
void ls_subscription_request_free (LsSubscriptionRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsSubscriptionRequest, ls_subscription_request_free)

G_END_DECLS
