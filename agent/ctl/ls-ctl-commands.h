/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-ctl.h"

G_BEGIN_DECLS

/* The commands, each in the file of its name. */
extern const LsCtlCommand ls_ctl_command_apps;
extern const LsCtlCommand ls_ctl_command_audit;
extern const LsCtlCommand ls_ctl_command_config;
extern const LsCtlCommand ls_ctl_command_conflicts;
extern const LsCtlCommand ls_ctl_command_connect;
extern const LsCtlCommand ls_ctl_command_disconnect;
extern const LsCtlCommand ls_ctl_command_events;
extern const LsCtlCommand ls_ctl_command_get;
extern const LsCtlCommand ls_ctl_command_list;
extern const LsCtlCommand ls_ctl_command_queue;
extern const LsCtlCommand ls_ctl_command_reconnect;
extern const LsCtlCommand ls_ctl_command_sign_in;
extern const LsCtlCommand ls_ctl_command_sign_out;
extern const LsCtlCommand ls_ctl_command_status;
extern const LsCtlCommand ls_ctl_command_sync;
extern const LsCtlCommand ls_ctl_command_watch;

/** LS_CTL_QUEUE: what the names of the commands of `queue` begin with */
#define LS_CTL_QUEUE "queue "

/* Those of `queue`, likewise. */
extern const LsCtlCommand ls_ctl_queue_add;
extern const LsCtlCommand ls_ctl_queue_cancel;
extern const LsCtlCommand ls_ctl_queue_discard;
extern const LsCtlCommand ls_ctl_queue_edit;
extern const LsCtlCommand ls_ctl_queue_export;
extern const LsCtlCommand ls_ctl_queue_list;
extern const LsCtlCommand ls_ctl_queue_resolve;
extern const LsCtlCommand ls_ctl_queue_retry;
extern const LsCtlCommand ls_ctl_queue_show;
extern const LsCtlCommand ls_ctl_queue_undo;

G_END_DECLS
