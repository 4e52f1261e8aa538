/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define LS_TYPE_TAP_INPUT (ls_tap_input_get_type ())
G_DECLARE_FINAL_TYPE (LsTapInput, ls_tap_input, LS, TAP_INPUT, GFilterInputStream)

LsTapInput *ls_tap_input_new (GInputStream *base);
void ls_tap_input_set_turn (LsTapInput *self, gsize turn);
void ls_tap_input_set_open (LsTapInput *self, gboolean open);

G_END_DECLS
