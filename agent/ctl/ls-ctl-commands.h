/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-ctl.h"

G_BEGIN_DECLS

/* The commands, each in the file of its name. */
extern const LsCtlCommand ls_ctl_command_config;
extern const LsCtlCommand ls_ctl_command_connect;
extern const LsCtlCommand ls_ctl_command_disconnect;
extern const LsCtlCommand ls_ctl_command_events;
extern const LsCtlCommand ls_ctl_command_get;
extern const LsCtlCommand ls_ctl_command_list;
extern const LsCtlCommand ls_ctl_command_reconnect;
extern const LsCtlCommand ls_ctl_command_sign_in;
extern const LsCtlCommand ls_ctl_command_sign_out;
extern const LsCtlCommand ls_ctl_command_status;
extern const LsCtlCommand ls_ctl_command_sync;
extern const LsCtlCommand ls_ctl_command_watch;

G_END_DECLS
