/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-network.h"

G_BEGIN_DECLS

#define LS_TYPE_FAKE_NETWORK (ls_fake_network_get_type ())
G_DECLARE_FINAL_TYPE (LsFakeNetwork, ls_fake_network, LS, FAKE_NETWORK, GObject)

LsFakeNetwork *ls_fake_network_new (void);
void ls_fake_network_set (LsFakeNetwork *self, gboolean available, gboolean metered);

G_END_DECLS
