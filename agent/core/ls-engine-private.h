/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-backoff.h"
#include "ls-classic.h"
#include "ls-connection-machine.h"
#include "ls-engine.h"
#include "ls-heartbeat.h"
#include "ls-intake.h"
#include "ls-pace.h"
#include "ls-subscription-set.h"
#include "ls-sync.h"

G_BEGIN_DECLS

/** LsSocketPhase: how far the socket is */
typedef enum
{
  LS_SOCKET_CLOSED,
  LS_SOCKET_OPENING,
  LS_SOCKET_GREETING, /* hello is out */
  LS_SOCKET_STREAMING /* welcome is in */
} LsSocketPhase;

/** LsTokenFetch: which tokens were asked for */
typedef enum
{
  LS_TOKENS_AT_REST,    /* none */
  LS_TOKENS_PAUSED,     /* none yet: it is too early for a refresh */
  LS_TOKENS_LOOKED_UP,  /* those of the keyring, as there are none here */
  LS_TOKENS_READ_AGAIN, /* those of the keyring, before a refresh */
  LS_TOKENS_REFRESHED   /* fresh ones of the server */
} LsTokenFetch;

/** LsComparePhase: how far the comparison of an entity is */
typedef enum
{
  LS_COMPARE_IDLE,
  LS_COMPARE_ASKING,  /* the server */
  LS_COMPARE_WAITING, /* for what is on disk to be what the server spoke of */
  LS_COMPARE_TAKING   /* the store's checksum */
} LsComparePhase;

/**
 * LsCompare:
 * @phase: where it is
 * @todo: entities that are still to be compared in this round, the one under way included
 * @theirs: (owned) (nullable): what the server said; %NULL while taking: the answer is void
 * @n_tries: how often the entity under way was asked for
 * @unsupported: the server of this connection has no checksums
 * @due_at: when the next round is, monotonic ms; 0: not known yet
 * @begun_at: when the last began, the same; 0: never
 * @healed_at: when a snapshot of the entity was taken because it differed, the same; 0: never
 *
 * The comparison of what is on disk with what the server has.
 */
typedef struct
{
  LsComparePhase phase;
  LsEntitySet todo;
  LsChecksum *theirs;
  guint n_tries;
  gboolean unsupported;
  gint64 due_at;
  gint64 begun_at;
  gint64 healed_at[LS_N_ENTITIES];
} LsCompare;

/* Shared by the parts of the engine alone: ls-engine.c (inputs), ls-engine-link.c (the connection),
 * ls-engine-tokens.c (what it stands on), ls-engine-stream.c (events and syncs), ls-engine-classic.c
 * (the same at the classic system), ls-engine-compare.c (checksums). */
struct _LsEngine
{
  LsClock *clock;   /* (owned) */
  LsRandom *random; /* (owned) */
  LsTokenReader reader;
  LsConfig *config; /* (owned) */
  GQueue commands;  /* (element-type LsCommand) (owned) */

  LsStatus status;
  LsCounters counters;
  LsEngineGate gate;
  LsDataReader data_reader;
  LsUser *user; /* (owned) (nullable): whose rows we take; NULL: nobody is signed in */
  gboolean has_account;
  LsReason store_trouble; /* why a store can't be opened although somebody is signed in */
  LsAccountState account_state;
  LsTokenKeeper keeper;
  LsTokenFetch token_fetch;
  gint64 tokens_asked_at;     /* others than we had, the last time, monotonic ms; 0: never */
  gint64 server_ahead;        /* the server's clock less our monotonic one, ms; 0: not known */
  gboolean attempt_on_tokens; /* an attempt waits for them */
  gboolean network_available;

  LsBackoff backoff;
  guint n_socket_failures;
  gint64 stay_away;  /* what the server asked for, ms; used for the next wait */
  LsReason trouble;  /* why the last attempt failed */
  LsReason reported; /* why the link failed the last time, until it is well again */
  LsSocketPhase phase;
  gboolean held;   /* the socket is not read, as the store has enough to do */
  LsCursor target; /* the stream is caught up from here on */
  LsHeartbeat heartbeat;

  LsSubscriptionSet subscriptions;
  LsEntitySet followed;
  LsEntitySet upstream;              /* what the server was told to send on this socket */
  guint n_unanswered[LS_N_ENTITIES]; /* subscriptions that it has not confirmed */
  LsIntake *intake;                  /* (owned) */
  LsSync *sync;                      /* (owned) */
  LsClassic *classic;                /* (owned): how to ask the classic system */
  LsPace pace;                       /* and when */
  gint64 polled_at;                  /* when it last answered a poll, monotonic ms; 0: never */
  gint64 turn_at;                    /* when we may poll, the same; 0: not chosen */
  gint64 refused_since; /* a refresh, as there was no room for it, the same; 0: is not */
  LsCommand *delayed;   /* (owned) (nullable): of the sync, until the store has caught up */
  gboolean sync_wanted;
  gboolean sync_again; /* the run that it is about has not started: another is under way, which may
                        * look no further, or it must wait */
  LsCompare compare;
  gint64 doubted_at
      [LS_N_ENTITIES]; /* since when a snapshot lacks too much, monotonic ms; 0: none does */
};

/* ls-engine.c */
void ls_engine_push (LsEngine *self, LsCommand *command);
void ls_engine_push_simple (LsEngine *self, LsCommandKind kind);
void ls_engine_arm (LsEngine *self, LsTimer timer, gint64 delay_ms);
void ls_engine_disarm (LsEngine *self, LsTimer timer);
void ls_engine_set_account_state (LsEngine *self, LsAccountState state);

/* ls-engine-link.c */
void ls_engine_link_apply (LsEngine *self, LsConnectionEvent event, LsReason reason);
void ls_engine_link_stay_away (LsEngine *self, const GError *error);
void ls_engine_link_fail (LsEngine *self, const GError *error);
void ls_engine_link_check_gate (LsEngine *self);
void ls_engine_link_attempt (LsEngine *self);
void ls_engine_link_heard (LsEngine *self);
void ls_engine_link_ping (LsEngine *self);
void ls_engine_link_check_heartbeat (LsEngine *self);
void ls_engine_link_poll_later (LsEngine *self);

/* ls-engine-tokens.c */
void ls_engine_tokens_arm (LsEngine *self);
void ls_engine_tokens_hurry (LsEngine *self);
void ls_engine_tokens_take (LsEngine *self, const LsSession *session, gboolean just_issued);
void ls_engine_tokens_refresh (LsEngine *self);
gboolean ls_engine_tokens_are_of (LsEngine *self, const LsUser *user, GError **error);
gboolean ls_engine_tokens_are_young (LsEngine *self);
gboolean ls_engine_tokens_are_ready (LsEngine *self);
void ls_engine_tokens_on_refresh_timer (LsEngine *self);
void ls_engine_tokens_on_expiry_timer (LsEngine *self);

/* ls-engine-stream.c */
void ls_engine_stream_message (LsEngine *self, LsMessage *message);
void ls_engine_stream_hello (LsEngine *self);
void ls_engine_stream_begin (LsEngine *self);
void ls_engine_stream_start_sync (LsEngine *self, gboolean everything);
void ls_engine_stream_finish_sync (LsEngine *self);
void ls_engine_stream_commit (LsEngine *self);
void ls_engine_stream_check (LsEngine *self);
void ls_engine_stream_synced (LsEngine *self);
void ls_engine_stream_sync_failed (LsEngine *self, LsReason reason);
void ls_engine_stream_update_followed (LsEngine *self);

/* ls-engine-classic.c */
gboolean ls_engine_classic_is_spoken (LsEngine *self);
void ls_engine_classic_set_protocol (LsEngine *self, LsProtocol protocol);
void ls_engine_classic_opened (LsEngine *self);
gboolean ls_engine_classic_may_be_spoken (LsEngine *self, const GError *error);
void ls_engine_classic_try (LsEngine *self);
void ls_engine_classic_poll_in_turn (LsEngine *self);
void ls_engine_classic_sync (LsEngine *self);
gint64 ls_engine_classic_choose_delay (LsEngine *self);
gboolean ls_engine_classic_is_fresh (LsEngine *self);
gboolean ls_engine_classic_bears (LsEngine *self, const GError *error);
void ls_engine_classic_on_stale (LsEngine *self);

/* ls-engine-compare.c */
void ls_engine_compare_connected (LsEngine *self);
void ls_engine_compare_hang_up (LsEngine *self);
void ls_engine_compare_forget (LsEngine *self);
void ls_engine_compare_soon (LsEngine *self);
void ls_engine_compare_now (LsEngine *self);
void ls_engine_compare_on_timer (LsEngine *self);
void ls_engine_compare_go_on (LsEngine *self);

G_END_DECLS
