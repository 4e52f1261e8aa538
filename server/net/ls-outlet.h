/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/** LS_OUTLET_MAX_UNSENT: bytes that may wait for a client that does not read */
#define LS_OUTLET_MAX_UNSENT ((gsize)8 << 20)

/** LS_OUTLET_ROOM: bytes that may wait before what can wait better waits in the database */
#define LS_OUTLET_ROOM ((gsize)256 << 10)

/**
 * LsOutletFunc:
 * @user_data: what was given to ls_outlet_new()
 *
 * Called when all that was sent has left for the network.
 */
typedef void (*LsOutletFunc) (gpointer user_data);

typedef struct _LsOutlet LsOutlet;

LsOutlet *
ls_outlet_new (SoupWebsocketConnection *connection, LsOutletFunc drained, gpointer user_data);
void ls_outlet_free (LsOutlet *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsOutlet, ls_outlet_free)

gboolean ls_outlet_send (LsOutlet *self, const char *text, gsize length);
gboolean ls_outlet_has_room (LsOutlet *self);
void ls_outlet_poll (LsOutlet *self);
void ls_outlet_close (LsOutlet *self, gushort code, const char *reason);

G_END_DECLS
