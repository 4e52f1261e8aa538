/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void ls_clean_heap_ensure (const char *config_file, char **arguments);

G_END_DECLS
