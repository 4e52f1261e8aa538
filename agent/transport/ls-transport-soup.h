/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-transport-config.h"
#include "ls-transport.h"

G_BEGIN_DECLS

#define LS_TYPE_TRANSPORT_SOUP (ls_transport_soup_get_type ())
G_DECLARE_FINAL_TYPE (LsTransportSoup, ls_transport_soup, LS, TRANSPORT_SOUP, GObject)

LsTransportSoup *ls_transport_soup_new (const LsTransportConfig *config);
void ls_transport_soup_set_config (LsTransportSoup *self, const LsTransportConfig *config);

G_END_DECLS
