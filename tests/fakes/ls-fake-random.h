/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-random.h"

G_BEGIN_DECLS

#define LS_TYPE_FAKE_RANDOM (ls_fake_random_get_type ())
G_DECLARE_FINAL_TYPE (LsFakeRandom, ls_fake_random, LS, FAKE_RANDOM, GObject)

LsFakeRandom *ls_fake_random_new (guint64 seed);
LsFakeRandom *ls_fake_random_new_sequence (const guint64 *values, gsize n_values);

G_END_DECLS
