/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "ls-app.h"

G_BEGIN_DECLS

LsApp *ls_process_app_unseen (int problem, GError **error);
LsApp *ls_process_app_read (pid_t pid, GError **error);

G_END_DECLS
