/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-random.h"

G_BEGIN_DECLS

#define LS_TYPE_RANDOM_SYSTEM (ls_random_system_get_type ())
G_DECLARE_FINAL_TYPE (LsRandomSystem, ls_random_system, LS, RANDOM_SYSTEM, GObject)

LsRandom *ls_random_system_new (void);

G_END_DECLS
