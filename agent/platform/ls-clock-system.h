/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-clock.h"

G_BEGIN_DECLS

#define LS_TYPE_CLOCK_SYSTEM (ls_clock_system_get_type ())
G_DECLARE_FINAL_TYPE (LsClockSystem, ls_clock_system, LS, CLOCK_SYSTEM, GObject)

LsClock *ls_clock_system_new (GError **error);

G_END_DECLS
