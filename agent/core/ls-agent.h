/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-clock.h"
#include "ls-config.h"
#include "ls-data-reader.h"
#include "ls-error.h"
#include "ls-farewell.h"
#include "ls-link-error.h"
#include "ls-login.h"
#include "ls-network.h"
#include "ls-random.h"
#include "ls-secrets.h"
#include "ls-state.h"
#include "ls-store.h"
#include "ls-subscriber.h"
#include "ls-token-keeper.h"
#include "ls-transport.h"

G_BEGIN_DECLS

/**
 * LsAgentPorts:
 *
 * Everything outside that the agent uses; each is (unowned) and a reference is taken. Without a
 * @login the machine has one user.
 */
typedef struct
{
  LsClock *clock;
  LsRandom *random;
  LsNetwork *network;
  LsLogin *login; /* (nullable) */
  LsSecrets *secrets;
  LsStore *store;
  LsTransport *transport;
  LsTokenReader token_reader;
  LsDataReader data_reader;
  LsDataMatcher matcher;
} LsAgentPorts;

/**
 * LsStatus:
 *
 * The connection as apps see it: the members are the properties of `.Connection`, times in
 * milliseconds since the epoch, 0 for never.
 */
typedef struct
{
  LsState state;
  LsReason reason;
  LsTransportKind transport;
  LsProtocol protocol;
  gint64 confirmed_at;
  gint64 last_connected_at;
  guint attempt;
  gint64 next_attempt_at;
  guint round_trip_ms;
  gboolean metered;
} LsStatus;

/**
 * LsCounters:
 *
 * What the agent has done since it was started; for `.Diagnostics`.
 */
typedef struct
{
  guint64 n_frames;
  guint64 n_bad_frames;
  guint64 n_events;
  guint64 n_bad_events;
  guint64 n_dropped_events;
  guint64 n_foreign_events;
  guint64 n_commits;
  guint64 n_gaps;
  guint64 n_snapshots;
  guint64 n_comparisons;
  guint64 n_divergences;
  guint64 n_doubted_rows;
  guint64 n_polls;
  guint64 n_connects;
  guint64 n_refreshes;
  guint64 n_storage_errors;
  guint64 n_undecryptable;
} LsCounters;

#define LS_TYPE_AGENT (ls_agent_get_type ())
G_DECLARE_FINAL_TYPE (LsAgent, ls_agent, LS, AGENT, GObject)

/*
 * Signals:
 * "state-changed" (LsState old, LsState new, LsReason reason)  (as gint)
 * "status-changed" ()                      something in ls_agent_get_status() changed
 * "account-changed" ()                     something of the account changed
 * "account-loaded" ()                      who was signed in before is known
 * "events-committed" (GPtrArray *events)   committed events, in order of seq; presence has seq 0
 * "rows-changed" (guint entity, GStrv ids) rows of the cache changed
 * "tokens-changed" ()                      the server gave fresh tokens
 * "position-moved" ()                      something in ls_agent_get_position() or _is_settled() changed
 */

LsAgent *ls_agent_new (const LsAgentPorts *ports, const LsConfig *config);
void ls_agent_start (LsAgent *self);
void ls_agent_stop (LsAgent *self);
void ls_agent_set_config (LsAgent *self, const LsConfig *config);

/* The connection */
const LsStatus *ls_agent_get_status (LsAgent *self);
const LsConfig *ls_agent_get_config (LsAgent *self);
const LsCounters *ls_agent_get_counters (LsAgent *self);
gboolean ls_agent_is_healthy (LsAgent *self);
gboolean ls_agent_get_clock_offset (LsAgent *self, gint64 *offset);
gboolean ls_agent_are_lists_refused (LsAgent *self);
LsEntitySet ls_agent_get_incomplete (LsAgent *self);
void ls_agent_connect (LsAgent *self);
void ls_agent_disconnect (LsAgent *self);
void ls_agent_reconnect (LsAgent *self);
void ls_agent_sync_async (LsAgent *self,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
gboolean ls_agent_sync_finish (LsAgent *self, GAsyncResult *result, GError **error);

/* The account */
LsAccountState ls_agent_get_account_state (LsAgent *self);
const LsUser *ls_agent_get_user (LsAgent *self);
gint64 ls_agent_get_expires_at (LsAgent *self);
gboolean ls_agent_is_expiry_told (LsAgent *self);
void ls_agent_set_expiry_told (LsAgent *self, gboolean told);
void ls_agent_sign_in_async (LsAgent *self,
                             const char *email,
                             const char *password,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean ls_agent_sign_in_finish (LsAgent *self, GAsyncResult *result, GError **error);
void ls_agent_set_tokens_async (LsAgent *self,
                                const LsSession *session,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean ls_agent_set_tokens_finish (LsAgent *self, GAsyncResult *result, GError **error);
void ls_agent_sign_out_async (LsAgent *self,
                              gboolean wipe,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
gboolean ls_agent_sign_out_finish (LsAgent *self, GAsyncResult *result, GError **error);
void ls_agent_set_farewell (LsAgent *self, LsFarewell *farewell);

/* Apps: what they follow, how many are attached */
void ls_agent_follow (LsAgent *self, LsEntitySet entities);
void ls_agent_unfollow (LsAgent *self, LsEntitySet entities);
LsEntitySet ls_agent_get_followed (LsAgent *self);

/* Data; NOT_SIGNED_IN without an account */
const char *ls_agent_get_store_id (LsAgent *self);
gboolean ls_agent_check_store (LsAgent *self, GError **error);
guint64 ls_agent_get_last_seq (LsAgent *self);
char *ls_agent_format_cursor (LsAgent *self, guint64 seq);
gboolean ls_agent_parse_cursor (LsAgent *self, const char *cursor, guint64 *seq, GError **error);
LsStore *ls_agent_get_store (LsAgent *self);
LsDataMatcher ls_agent_get_matcher (LsAgent *self);

/* Actions: what their queue needs to know */
const char *ls_agent_get_action_token (LsAgent *self);
gboolean ls_agent_refresh_tokens (LsAgent *self);
LsCursor ls_agent_get_position (LsAgent *self);
gboolean ls_agent_is_settled (LsAgent *self);
void ls_agent_feed (LsAgent *self, LsEvent *event);

G_END_DECLS
