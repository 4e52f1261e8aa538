/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-agent.h"
#include "ls-command.h"

G_BEGIN_DECLS

/**
 * LsEngineGate:
 * @disconnected: the user said Disconnect
 * @suspended: this session is not the active one
 * @ending: the program ends; nothing opens this again, and no timer is armed any more
 *
 * What keeps the engine from connecting, beside a missing server and a missing account.
 */
typedef struct
{
  gboolean disconnected;
  gboolean suspended;
  gboolean ending;
} LsEngineGate;

typedef struct _LsEngine LsEngine;

LsEngine *ls_engine_new (LsClock *clock,
                         LsRandom *random,
                         const LsTokenReader *reader,
                         const LsDataReader *data_reader,
                         const LsConfig *config);
void ls_engine_free (LsEngine *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsEngine, ls_engine_free)

LsCommand *ls_engine_take_command (LsEngine *self);

const LsStatus *ls_engine_get_status (LsEngine *self);
LsCounters *ls_engine_get_counters (LsEngine *self);
LsAccountState ls_engine_get_account_state (LsEngine *self);
const LsSession *ls_engine_get_session (LsEngine *self);
gboolean ls_engine_is_classic (LsEngine *self);
const char *ls_engine_get_list_token (LsEngine *self);
gint64 ls_engine_get_expires_at (LsEngine *self);
LsCursor ls_engine_get_committed (LsEngine *self);
gboolean ls_engine_is_settled (LsEngine *self);
gboolean ls_engine_get_clock_offset (LsEngine *self, gint64 *offset);
LsEntitySet ls_engine_get_followed (LsEngine *self);
gint64 ls_engine_get_polling_interval (LsEngine *self);
gboolean ls_engine_are_lists_refused (LsEngine *self);
LsEntitySet ls_engine_get_incomplete (LsEngine *self);

void ls_engine_set_config (LsEngine *self, const LsConfig *config);
void ls_engine_set_gate (LsEngine *self, LsEngineGate gate);
void ls_engine_set_account (LsEngine *self,
                            const LsUser *user,
                            const LsStoreState *store,
                            const LsSession *session);
void ls_engine_clear_account (LsEngine *self);
void ls_engine_set_store_broken (LsEngine *self, gboolean locked);
void ls_engine_set_network (LsEngine *self, gboolean available, gboolean metered);

void ls_engine_opened (LsEngine *self, LsProtocol protocol);
void ls_engine_open_failed (LsEngine *self, const GError *error);
void ls_engine_message (LsEngine *self, LsMessage *message);
void ls_engine_bad_message (LsEngine *self);
void ls_engine_closed (LsEngine *self, const GError *error);
void ls_engine_updates (LsEngine *self, guint run, const LsUpdates *page);
void ls_engine_snapshot_page (LsEngine *self, guint run, LsSnapshotPage *page);
void ls_engine_polled (LsEngine *self, guint run, const LsPoll *poll);
void ls_engine_listed (LsEngine *self, guint run, const LsListing *listing);
void ls_engine_list_failed (LsEngine *self, guint run, const GError *error);
void ls_engine_fetch_failed (LsEngine *self, guint run, const GError *error);
gboolean ls_engine_check_tokens (LsEngine *self, const LsSession *session, GError **error);
void ls_engine_tokens (LsEngine *self, const LsSession *session, gboolean refreshed);
void ls_engine_tokens_failed (LsEngine *self, const GError *error);
void ls_engine_sign_in_refused (LsEngine *self, gint64 waited);
void ls_engine_server_time (LsEngine *self, gint64 server);
void ls_engine_committed (LsEngine *self, LsCommit *commit);
void ls_engine_their_checksum (LsEngine *self, const LsChecksum *checksum);
void ls_engine_their_checksum_failed (LsEngine *self, const GError *error);
void ls_engine_our_checksum (LsEngine *self, const LsChecksum *checksum);
void ls_engine_lost (LsEngine *self, LsEntitySet entities, guint n);
void ls_engine_commit_failed (LsEngine *self, const GError *error);
void ls_engine_staged (LsEngine *self, guint run);
void
ls_engine_finished_snapshot (LsEngine *self, guint run, LsCursor cursor, const LsCommit *commit);
void ls_engine_snapshot_failed (LsEngine *self, guint run, const GError *error);
void ls_engine_timer (LsEngine *self, LsTimer timer);

void ls_engine_follow (LsEngine *self, LsEntitySet entities);
void ls_engine_unfollow (LsEngine *self, LsEntitySet entities);
void ls_engine_retry_now (LsEngine *self);
void ls_engine_restart (LsEngine *self);
void ls_engine_sync (LsEngine *self);
void ls_engine_feed (LsEngine *self, LsEvent *event);
gboolean ls_engine_refresh_tokens (LsEngine *self);

G_END_DECLS
