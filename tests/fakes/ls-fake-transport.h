/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-transport.h"

G_BEGIN_DECLS

/** LsFakeCallKind: what the transport can be asked for */
typedef enum
{
  LS_FAKE_CALL_OPEN,
  LS_FAKE_CALL_UPDATES,
  LS_FAKE_CALL_SNAPSHOT,
  LS_FAKE_CALL_CHECKSUM,
  LS_FAKE_CALL_POLL,
  LS_FAKE_CALL_LIST,
  LS_FAKE_CALL_ACT,
  LS_FAKE_CALL_GET_ROW,
  LS_FAKE_CALL_SIGN_IN,
  LS_FAKE_CALL_REFRESH,
  LS_FAKE_CALL_SIGN_OUT,
} LsFakeCallKind;

#define LS_N_FAKE_CALL_KINDS (LS_FAKE_CALL_SIGN_OUT + 1)

/**
 * LsFakeCall:
 * @kind: what was asked for; the other members are as noted and else 0 or %NULL
 * @token: open, updates, snapshot, checksum, poll, list, act, get-row, sign-out: the access token; refresh: the
 *   refresh token
 * @refresh_token: (nullable): sign-out
 * @cursor: updates
 * @entity: snapshot, checksum
 * @page: (nullable): snapshot
 * @since: poll
 * @table: list
 * @request: act
 * @path: get-row
 * @email: sign-in
 * @password: sign-in
 *
 * A call that the test has not answered yet.
 */
typedef struct
{
  LsFakeCallKind kind;
  char *token;
  char *refresh_token;
  LsCursor cursor;
  LsEntity entity;
  char *page;
  gint64 since;
  char *table;
  LsActionRequest *request;
  char *path;
  char *email;
  char *password;

  /*< private >*/
  GTask *task;
  gulong cancelled_id;
} LsFakeCall;

#define LS_TYPE_FAKE_TRANSPORT (ls_fake_transport_get_type ())
G_DECLARE_FINAL_TYPE (LsFakeTransport, ls_fake_transport, LS, FAKE_TRANSPORT, GObject)

LsFakeTransport *ls_fake_transport_new (void);

/* The calls. Each of those that answer returns after the caller's callback has run. */
const LsFakeCall *ls_fake_transport_peek_call (LsFakeTransport *self, LsFakeCallKind kind);
guint ls_fake_transport_count_pending (LsFakeTransport *self);
guint ls_fake_transport_count_started (LsFakeTransport *self, LsFakeCallKind kind);
void ls_fake_transport_accept (LsFakeTransport *self, LsProtocol protocol);
void ls_fake_transport_refuse (LsFakeTransport *self, GError *error);
void ls_fake_transport_answer_updates (LsFakeTransport *self, LsUpdates *updates);
void ls_fake_transport_answer_snapshot (LsFakeTransport *self, LsSnapshotPage *page);
void ls_fake_transport_answer_checksum (LsFakeTransport *self, LsChecksum *checksum);
void ls_fake_transport_answer_poll (LsFakeTransport *self, LsPoll *poll);
void ls_fake_transport_answer_list (LsFakeTransport *self, LsListing *listing);
void ls_fake_transport_answer_act (LsFakeTransport *self, LsActionReply *reply);
void ls_fake_transport_answer_row (LsFakeTransport *self, LsActionReply *reply);
void ls_fake_transport_answer_sign_in (LsFakeTransport *self, LsSession *session);
void ls_fake_transport_answer_refresh (LsFakeTransport *self, LsSession *session);
void ls_fake_transport_answer_sign_out (LsFakeTransport *self);
void ls_fake_transport_fail (LsFakeTransport *self, LsFakeCallKind kind, GError *error);

/* The socket */
gboolean ls_fake_transport_is_open (LsFakeTransport *self);
gboolean ls_fake_transport_is_held (LsFakeTransport *self);
guint ls_fake_transport_count_sent (LsFakeTransport *self);
LsMessage *ls_fake_transport_take_sent (LsFakeTransport *self);
void ls_fake_transport_deliver (LsFakeTransport *self, LsMessage *message);
void ls_fake_transport_deliver_bad (LsFakeTransport *self, GError *error);
void ls_fake_transport_drop (LsFakeTransport *self, GError *error);

G_END_DECLS
