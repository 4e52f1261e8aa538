/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

char *ls_address_to_string (GSocketAddress *address);
char *ls_address_get_network (GSocketAddress *address);

G_END_DECLS
