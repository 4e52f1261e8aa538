/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

char *ls_paths_get_state_dir (const char *given);

G_END_DECLS
