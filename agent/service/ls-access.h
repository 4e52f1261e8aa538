/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action-draft.h"
#include "ls-agent.h"
#include "ls-app-finder.h"
#include "ls-journal.h"

G_BEGIN_DECLS

/**
 * LsAccessPolicy:
 * @host: whether programs outside of a sandbox may do everything
 * @sandboxed: whether apps in one, and those that can't be seen, may do everything
 * @read: (nullable) (array zero-terminated=1): grants `APP:ENTITY,…`
 * @enqueue: (nullable) (array zero-terminated=1): grants `APP:ENTITY.TYPE,…`
 *
 * What apps may do. An app that is named in a grant may do what is granted to it and no more; `*` stands
 * for any entity, and any type.
 */
typedef struct
{
  gboolean host;
  gboolean sandboxed;
  const char *const *read;
  const char *const *enqueue;
} LsAccessPolicy;

#define LS_TYPE_ACCESS (ls_access_get_type ())
G_DECLARE_FINAL_TYPE (LsAccess, ls_access, LS, ACCESS, GObject)

LsAccess *ls_access_new (LsAgent *agent, LsAppFinder *finder, LsJournal *journal);
LsJournal *ls_access_get_journal (LsAccess *self);
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
gboolean ls_access_has_all (LsAccess *self, const char *sender);
gboolean ls_access_check_all (LsAccess *self, const char *sender, const char *what, GError **error);

G_END_DECLS
