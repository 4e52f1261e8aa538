/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include "ls-message.h"

G_BEGIN_DECLS

/**
 * LsSoupSocketCallbacks:
 * @message: a message came
 * @bad_message: something came that can't be understood
 * @closed: the peer or the network ended the socket; called once
 *
 * What the owner hears of a socket. Each may free the socket.
 */
typedef struct
{
  void (*message) (LsMessage *message, gpointer user_data);
  void (*bad_message) (const GError *error, gpointer user_data);
  void (*closed) (const GError *error, gpointer user_data);
} LsSoupSocketCallbacks;

/**
 * LsSoupSocket:
 *
 * An open socket that speaks in messages.
 */
typedef struct _LsSoupSocket LsSoupSocket;

LsSoupSocket *ls_soup_socket_new (SoupWebsocketConnection *connection,
                                  const LsSoupSocketCallbacks *callbacks,
                                  gpointer user_data);
void ls_soup_socket_free (LsSoupSocket *self);
void ls_soup_socket_send (LsSoupSocket *self, const LsMessage *message);
void ls_soup_socket_set_held (LsSoupSocket *self, gboolean held);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsSoupSocket, ls_soup_socket_free)

G_END_DECLS
