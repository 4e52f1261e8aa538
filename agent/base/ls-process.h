/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void ls_process_forbid_core_dumps (void);
void ls_process_forbid_old_tls (void);
guint ls_process_raise_file_limit (void);

G_END_DECLS
