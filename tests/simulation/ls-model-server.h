/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-checksum.h"
#include "ls-message.h"
#include "ls-reply.h"
#include "ls-row.h"
#include "ls-sim.h"

G_BEGIN_DECLS

/** LS_MODEL_TOKEN_LIFE: of an access token, milliseconds */
#define LS_MODEL_TOKEN_LIFE G_GINT64_CONSTANT (900000)

/**
 * LsModelServer:
 *
 * The server as `dbus/PROTOCOL.md` describes it, and nothing else: a school's rows, the log of its
 * changes, and what each connection has been told.
 */
typedef struct _LsModelServer LsModelServer;

/** LsModelPeer: a connection at the server's end */
typedef struct _LsModelPeer LsModelPeer;

/**
 * LsModelPeerCallbacks:
 * @send: the server sends @message (transfer full)
 * @close: the server ends the connection for @error (transfer full); the peer is gone
 */
typedef struct
{
  void (*send) (LsMessage *message, gpointer user_data);
  void (*close) (GError *error, gpointer user_data);
} LsModelPeerCallbacks;

LsModelServer *ls_model_server_new (LsSim *sim);
void ls_model_server_free (LsModelServer *self);

/* What happens at the school */
void ls_model_server_write (LsModelServer *self);
void ls_model_server_back_up (LsModelServer *self);
void ls_model_server_restore (LsModelServer *self);
void ls_model_server_trim (LsModelServer *self);
void ls_model_server_crash (LsModelServer *self);
void ls_model_server_drain (LsModelServer *self, gint64 retry_after_ms, gint64 spread_ms);
void ls_model_server_start (LsModelServer *self);
gboolean ls_model_server_is_up (LsModelServer *self);
gint64 ls_model_server_get_restored (LsModelServer *self);
GPtrArray *ls_model_server_list (LsModelServer *self, LsEntity entity);

/* HTTP */
gboolean ls_model_server_check (LsModelServer *self, const char *token, GError **error);
LsSession *ls_model_server_sign_in (LsModelServer *self, GError **error);
LsSession *ls_model_server_refresh (LsModelServer *self, const char *token, GError **error);
void ls_model_server_expire (LsModelServer *self);
void ls_model_server_revoke (LsModelServer *self);
LsSession *ls_model_server_rotate (LsModelServer *self);
LsUpdates *
ls_model_server_updates (LsModelServer *self, const char *token, LsCursor from, GError **error);
LsSnapshotPage *ls_model_server_snapshot (LsModelServer *self,
                                          const char *token,
                                          LsEntity entity,
                                          const char *page,
                                          GError **error);
LsChecksum *
ls_model_server_checksum (LsModelServer *self, const char *token, LsEntity entity, GError **error);

/* The socket */
LsModelPeer *ls_model_server_connect (LsModelServer *self,
                                      const char *token,
                                      const LsModelPeerCallbacks *callbacks,
                                      gpointer user_data,
                                      GError **error);
void ls_model_peer_receive (LsModelPeer *self, const LsMessage *message);
void ls_model_peer_disconnect (LsModelPeer *self);

/* Tokens */
gint64 ls_model_token_get_issued (const char *token);
gint64 ls_model_token_get_expiry (const char *token);
LsUser *ls_model_token_get_user (const char *token);

G_END_DECLS
