/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

int ls_test_school_main (void);
GSubprocess *ls_test_school_spawn (const char *program, char **url);

G_END_DECLS
