/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-access.h"
#include "ls-options.h"

G_BEGIN_DECLS

const char *ls_invocation_name_outcome (const GError *error);
void ls_invocation_return_error (GDBusMethodInvocation *invocation, const GError *error);
gboolean ls_invocation_check_options (GDBusMethodInvocation *invocation,
                                      GVariant *options,
                                      const LsOption *known,
                                      guint n_known);

/**
 * LsAccessCheck:
 *
 * One of those of #LsAccess that ask for a right, such as ls_access_check_host().
 */
typedef gboolean (*LsAccessCheck) (LsAccess *access,
                                   const char *sender,
                                   const char *what,
                                   GError **error);

gboolean ls_invocation_check_access (GDBusMethodInvocation *invocation,
                                     LsAccess *access,
                                     LsAccessCheck check,
                                     const char *what);
gboolean
ls_invocation_check_all (GDBusMethodInvocation *invocation, LsAccess *access, const char *what);
gboolean
ls_invocation_check_store (GDBusMethodInvocation *invocation, LsAgent *agent, const char *store_id);

G_END_DECLS
