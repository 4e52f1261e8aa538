/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/**
 * LsClientLimits:
 * @max_total: how many TCP connections there may be
 * @max_per_address: how many of them from one address
 * @header_timeout: how long the headers of a request may take, milliseconds; of a connection's first
 *   one, since it was opened
 * @idle_timeout: how long a connection may wait for a further request, milliseconds
 * @body_timeout: how long a body may take, in and out, milliseconds
 *
 * What a client may cost before it has said who it is.
 */
typedef struct
{
  guint max_total;
  guint max_per_address;
  gint64 header_timeout;
  gint64 idle_timeout;
  gint64 body_timeout;
} LsClientLimits;

/**
 * LsClients:
 *
 * The TCP connections of an HTTP server: how many there are, and which take too long.
 */
typedef struct _LsClients LsClients;

LsClients *ls_clients_new (SoupServer *server, const LsClientLimits *limits);
void ls_clients_free (LsClients *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsClients, ls_clients_free)

void ls_clients_release (SoupServerMessage *message);

G_END_DECLS
