/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action-draft.h"
#include "ls-agent.h"
#include "ls-app-finder.h"
#include "ls-decisions.h"
#include "ls-journal.h"

G_BEGIN_DECLS

/**
 * LsSandboxPolicy:
 * @LS_SANDBOX_DENY: they may do nothing
 * @LS_SANDBOX_ALLOW: they may do everything
 * @LS_SANDBOX_ASK: they may read and enqueue what there is once the user has allowed it
 *
 * What apps in a sandbox may do that no grant names. Who can't be seen can't be asked about, either, and is
 * denied then.
 */
typedef enum
{
  LS_SANDBOX_DENY,
  LS_SANDBOX_ALLOW,
  LS_SANDBOX_ASK,
} LsSandboxPolicy;

/**
 * LsAccessPolicy:
 * @host: whether programs outside of a sandbox may do everything
 * @sandboxed: what apps in one may do, and those that can't be seen
 * @read: (nullable) (array zero-terminated=1): grants `APP:ENTITY,…`
 * @enqueue: (nullable) (array zero-terminated=1): grants `APP:ENTITY.TYPE,…`
 *
 * What apps may do. An app that is named in a grant may do what is granted to it and no more; `*` stands
 * for any entity, and any type.
 */
typedef struct
{
  gboolean host;
  LsSandboxPolicy sandboxed;
  const char *const *read;
  const char *const *enqueue;
} LsAccessPolicy;

#define LS_TYPE_ACCESS (ls_access_get_type ())
G_DECLARE_FINAL_TYPE (LsAccess, ls_access, LS, ACCESS, GObject)

LsAccess *
ls_access_new (LsAgent *agent, LsAppFinder *finder, LsJournal *journal, LsDecisions *decisions);
LsJournal *ls_access_get_journal (LsAccess *self);
LsDecisions *ls_access_get_decisions (LsAccess *self);
void ls_access_set_policy (LsAccess *self, const LsAccessPolicy *policy);

const LsApp *ls_access_get_app (LsAccess *self, const char *sender);
LsEntitySet ls_access_get_readable (LsAccess *self, const char *sender);
gboolean
ls_access_check_read (LsAccess *self, const char *sender, LsEntitySet entities, GError **error);
gboolean ls_access_may_see (LsAccess *self, const char *sender, const char *entity);
gboolean ls_access_check_enqueue (LsAccess *self,
                                  const char *sender,
                                  const LsActionDraft *draft,
                                  GError **error);
gboolean ls_access_check_any (LsAccess *self, const char *sender, const char *what, GError **error);
gboolean ls_access_has_all (LsAccess *self, const char *sender);
gboolean ls_access_check_all (LsAccess *self, const char *sender, const char *what, GError **error);
gboolean
ls_access_check_host (LsAccess *self, const char *sender, const char *what, GError **error);
gboolean ls_access_is_open (LsAccess *self, const LsApp *app);

G_END_DECLS
