/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-state.h"

static const char *const state_names[] = {
  "stopped", "signed-out", "offline", "connecting", "live", "polling", "waiting", "suspended",
};
G_STATIC_ASSERT (G_N_ELEMENTS (state_names) == LS_N_STATES);

static const char *const reason_names[] = {
  "none",
  "not-configured",
  "no-network",
  "captive-portal",
  "proxy-auth",
  "tls-untrusted",
  "upgrade-refused",
  "server-unreachable",
  "server-draining",
  "rate-limited",
  "token-refused",
  "clock-skew",
  "policy",
  "user",
  "storage",
};
G_STATIC_ASSERT (G_N_ELEMENTS (reason_names) == LS_N_REASONS);

static const char *const account_state_names[] = { "signed-out", "signed-in", "expired", "locked" };
G_STATIC_ASSERT (G_N_ELEMENTS (account_state_names) == LS_N_ACCOUNT_STATES);

static const char *const transport_kind_names[] = { "none", "websocket", "polling" };

static const char *const protocol_names[] = { "", "labsync.v1", "classic" };

/**
 * ls_state_to_string:
 * @state: a state
 *
 * Returns: its name in the contract
 */
const char *
ls_state_to_string (LsState state)
{
  g_return_val_if_fail ((guint)state < G_N_ELEMENTS (state_names), "");

  return state_names[state];
}

/**
 * ls_reason_to_string:
 * @reason: a reason
 *
 * Returns: its name in the contract
 */
const char *
ls_reason_to_string (LsReason reason)
{
  g_return_val_if_fail ((guint)reason < G_N_ELEMENTS (reason_names), "");

  return reason_names[reason];
}

/**
 * ls_account_state_to_string:
 * @state: an account's state
 *
 * Returns: its name in the contract
 */
const char *
ls_account_state_to_string (LsAccountState state)
{
  g_return_val_if_fail ((guint)state < G_N_ELEMENTS (account_state_names), "");

  return account_state_names[state];
}

/**
 * ls_transport_kind_to_string:
 * @kind: a transport
 *
 * Returns: its name in the contract
 */
const char *
ls_transport_kind_to_string (LsTransportKind kind)
{
  g_return_val_if_fail ((guint)kind < G_N_ELEMENTS (transport_kind_names), "");

  return transport_kind_names[kind];
}

/**
 * ls_protocol_to_string:
 * @protocol: a protocol
 *
 * Returns: its name in the contract; empty while it is not known
 */
const char *
ls_protocol_to_string (LsProtocol protocol)
{
  g_return_val_if_fail ((guint)protocol < G_N_ELEMENTS (protocol_names), "");

  return protocol_names[protocol];
}
