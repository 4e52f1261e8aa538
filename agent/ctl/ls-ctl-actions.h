/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-ctl.h"
#include "ls-dbus.h"

G_BEGIN_DECLS

/* Actions are `a{sv}` as org.labsync.Agent1.Queue has them. */

const char *ls_ctl_action_get_text (GVariant *action, const char *name);
char *ls_ctl_action_describe (GVariant *action);
const char *ls_ctl_action_describe_status (GVariant *action);
char *ls_ctl_action_describe_trouble (GVariant *action);
void ls_ctl_action_append_json (GString *out, GVariant *action);
char *ls_ctl_action_read_data (const char *argument, GError **error);

LsCtlExit ls_ctl_actions_list (LsCtl *self,
                               const char *const *statuses,
                               const char *entity,
                               const char *member);

/**
 * LsCtlQueueCall:
 *
 * A method of `.Queue` that takes the id of an action and options, as generated from the XML.
 */
typedef gboolean (*LsCtlQueueCall) (LsDbusQueue *proxy,
                                    const char *id,
                                    GVariant *options,
                                    GCancellable *cancellable,
                                    GError **error);

gboolean ls_ctl_action_explain_not_found (GError **error, const char *message);
LsCtlExit ls_ctl_action_run_call (LsCtl *self,
                                  const LsCtlCommand *command,
                                  LsCtlQueueCall call,
                                  const char *message,
                                  int argc,
                                  char *argv[]);

G_END_DECLS
