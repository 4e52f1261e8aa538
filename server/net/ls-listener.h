/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

typedef struct _LsListener LsListener;

LsListener *ls_listener_new (SoupServer *server,
                             GSocketAddress *address,
                             GTlsCertificate *certificate,
                             GError **error);
void ls_listener_free (LsListener *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsListener, ls_listener_free)

char *ls_listener_get_url (LsListener *self);

G_END_DECLS
