/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void ls_process_forbid_core_dumps (void);
void ls_process_forbid_old_tls (void);

G_END_DECLS
