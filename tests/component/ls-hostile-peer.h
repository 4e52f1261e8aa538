/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** LsPeerEnding: what the peer does when it has sent all it had to send */
typedef enum
{
  LS_PEER_READS,    /* reads until the other side is gone, and answers nothing */
  LS_PEER_FINISHES, /* closes the connection properly */
  LS_PEER_RESETS,   /* tears the connection down */
} LsPeerEnding;

/**
 * LsPeerScript:
 * @answer: (nullable): what to answer to the request, byte for byte; %NULL: nothing at all
 * @upgrades: to answer with a good handshake instead
 * @subprotocol: (nullable): what the handshake picks
 * @extensions: (nullable): what it says of extensions
 * @is_early: to send @frames together with the handshake; else the peer waits until it has
 *   heard something
 * @frames: (nullable): what comes after the handshake
 * @filler: (nullable): repeated after @answer until @filler_size bytes are out, or the other side
 *   is gone
 * @filler_size: how much of it, in bytes
 * @filler_pause: how long to wait before each, in microseconds
 * @ending: what comes last
 *
 * What a peer does to everyone who connects.
 */
typedef struct
{
  const char *answer;
  gboolean upgrades;
  const char *subprotocol;
  const char *extensions;
  gboolean is_early;
  GBytes *frames;
  const char *filler;
  gsize filler_size;
  gulong filler_pause;
  LsPeerEnding ending;
} LsPeerScript;

/**
 * LsHostilePeer:
 *
 * A server made of a raw socket and a script.
 */
typedef struct _LsHostilePeer LsHostilePeer;

LsHostilePeer *ls_hostile_peer_new (const LsPeerScript *script);
void ls_hostile_peer_free (LsHostilePeer *self);
guint16 ls_hostile_peer_get_port (LsHostilePeer *self);
guint ls_hostile_peer_count_requests (LsHostilePeer *self);
char *ls_hostile_peer_get_request (LsHostilePeer *self, guint index);
gsize ls_hostile_peer_get_filler_sent (LsHostilePeer *self);
GBytes *ls_hostile_peer_wait_gone (LsHostilePeer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsHostilePeer, ls_hostile_peer_free)

GBytes *ls_hostile_peer_frame (guint8 first_byte, const char *data, gssize length);
GBytes *ls_hostile_peer_close_frame (guint16 code, const char *text);

G_END_DECLS
