/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsState:
 *
 * State of the connection (contract, "State").
 */
typedef enum
{
  LS_STATE_STOPPED,
  LS_STATE_SIGNED_OUT,
  LS_STATE_OFFLINE,
  LS_STATE_CONNECTING,
  LS_STATE_LIVE,
  LS_STATE_POLLING,
  LS_STATE_WAITING,
  LS_STATE_SUSPENDED,
} LsState;

#define LS_N_STATES (LS_STATE_SUSPENDED + 1)

/**
 * LsReason:
 *
 * Why the connection is in its state (contract, "Reason"). Also the code of %LS_LINK_ERROR.
 */
typedef enum
{
  LS_REASON_NONE,
  LS_REASON_NOT_CONFIGURED,
  LS_REASON_NO_NETWORK,
  LS_REASON_CAPTIVE_PORTAL,
  LS_REASON_PROXY_AUTH,
  LS_REASON_TLS_UNTRUSTED,
  LS_REASON_UPGRADE_REFUSED,
  LS_REASON_SERVER_UNREACHABLE,
  LS_REASON_SERVER_DRAINING,
  LS_REASON_RATE_LIMITED,
  LS_REASON_TOKEN_REFUSED,
  LS_REASON_CLOCK_SKEW,
  LS_REASON_POLICY,
  LS_REASON_USER,
  LS_REASON_STORAGE,
} LsReason;

#define LS_N_REASONS (LS_REASON_STORAGE + 1)

/** LsAccountState: state of the account (contract, `.Account` State) */
typedef enum
{
  LS_ACCOUNT_SIGNED_OUT,
  LS_ACCOUNT_SIGNED_IN,
  LS_ACCOUNT_EXPIRED,
  LS_ACCOUNT_LOCKED,
} LsAccountState;

#define LS_N_ACCOUNT_STATES (LS_ACCOUNT_LOCKED + 1)

/** LsTransportKind: what events come in by (contract, `.Connection` Transport) */
typedef enum
{
  LS_TRANSPORT_KIND_NONE,
  LS_TRANSPORT_KIND_WEBSOCKET,
  LS_TRANSPORT_KIND_POLLING,
} LsTransportKind;

/** LsProtocol: what the server speaks (contract, `.Connection` Protocol) */
typedef enum
{
  LS_PROTOCOL_UNKNOWN,
  LS_PROTOCOL_LABSYNC_V1,
  LS_PROTOCOL_CLASSIC,
} LsProtocol;

const char *ls_state_to_string (LsState state);
const char *ls_reason_to_string (LsReason reason);
const char *ls_account_state_to_string (LsAccountState state);
const char *ls_transport_kind_to_string (LsTransportKind kind);
const char *ls_protocol_to_string (LsProtocol protocol);

G_END_DECLS
