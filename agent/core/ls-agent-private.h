/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-agent.h"
#include "ls-engine.h"

G_BEGIN_DECLS

/* One of the engine's timers. */
typedef struct
{
  LsAgent *agent; /* (unowned) */
  guint id;       /* 0: not armed */
} LsAgentAlarm;

/* A sign-in on its way; see ls-agent-session.c. */
typedef struct _LsAgentSignIn LsAgentSignIn;

/* Shared by ls-agent.c (what callers see), ls-agent-account.c (who is signed in), ls-agent-session.c (sign-in
 * and sign-out), ls-agent-leftover.c (tokens that stay in the keyring at a sign-out), ls-agent-sign-in.c (asking the
 * server for tokens) and ls-agent-runner.c (commands carried out). */
struct _LsAgent
{
  GObject parent_instance;

  LsClock *clock;         /* (owned) */
  LsRandom *random;       /* (owned) */
  LsNetwork *network;     /* (owned) */
  LsLogin *login;         /* (owned) (nullable) */
  LsFarewell *farewell;   /* (unowned) (nullable): a weak pointer */
  LsSecrets *secrets;     /* (owned) */
  LsStore *store;         /* (owned) */
  LsTransport *transport; /* (owned) */
  LsTokenReader reader;
  LsDataMatcher matcher;
  LsConfig *config; /* (owned) */
  LsEngine *engine; /* (owned) */

  GCancellable *cancellable; /* (owned): of everything, cancelled in dispose */
  GCancellable *link;        /* (owned): of the requests under way, renewed at each hang-up */
  GCancellable *opening;     /* (owned) (nullable): of the handshake under way */
  GCancellable *signing_in;  /* (owned) (nullable): of a sign-in that has changed nothing yet */
  LsAgentSignIn *entering;   /* (unowned) (nullable): the newest whose tokens go into the keyring */
  LsAgentAlarm alarms[LS_N_TIMERS];
  gboolean running;      /* commands are being carried out */
  guint generation;      /* of the account: answers to an earlier one's questions are void */
  GPtrArray *sync_tasks; /* (element-type GTask) (owned) */

  LsEngineGate gate;
  gboolean gate_chosen;  /* by the user, since reading what is remembered was begun */
  guint reopening;       /* alarm: to try a store again whose key is locked away; 0: not armed */
  LsAccount *remembered; /* (owned) (nullable): over restarts; NULL: not read yet */
  LsUser *user;          /* (owned) (nullable) */
  gboolean in_memory;    /* the user's tokens: the keyring has none of them */
  char *store_id;        /* (owned) (nullable): NULL while no store is open */
  guint64 last_seq;

  LsAccount *leftover;    /* (owned) (nullable): whose tokens the keyring has kept when they left */
  GCancellable *clearing; /* (owned) (nullable): of them */
  guint clearing_alarm;   /* to try again; 0: not armed */
};

/* ls-agent.c */
void ls_agent_emit_state (LsAgent *self, LsState old_state, LsState new_state, LsReason reason);
void ls_agent_emit_status (LsAgent *self);
void ls_agent_emit_account (LsAgent *self);
void ls_agent_emit_loaded (LsAgent *self);
void ls_agent_emit_tokens (LsAgent *self);
void ls_agent_emit_position (LsAgent *self);
void ls_agent_emit_commit (LsAgent *self, LsCommit *commit);

/* ls-agent-account.c */
void ls_agent_follow_login (LsAgent *self);
void ls_agent_account_load (LsAgent *self);
void ls_agent_account_save (LsAgent *self);
void ls_agent_account_save_gate (LsAgent *self);
void ls_agent_account_stop_reopening (LsAgent *self);
void ls_agent_account_cancel_sign_in (LsAgent *self);
void ls_agent_account_forget (LsAgent *self);
void ls_agent_account_use (LsAgent *self,
                           const LsUser *user,
                           const LsStoreState *state,
                           const LsSession *session);
gboolean ls_agent_account_is_overtaken (LsAgent *self, guint generation);
gboolean ls_agent_account_is_remembered (LsAgent *self, const char *server, const char *user_id);
gboolean ls_agent_account_has_other (LsAgent *self, const LsUser *user);

/* ls-agent-leftover.c */
void ls_agent_leftover_keep (LsAgent *self, const LsAccount *left);
void ls_agent_leftover_drop (LsAgent *self);
void ls_agent_leftover_spare (LsAgent *self, const char *server, const char *user_id);

/* ls-agent-sign-in.c */
void ls_agent_request_session_async (LsAgent *self,
                                     const char *email,
                                     const char *password,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
LsSession *ls_agent_request_session_finish (LsAgent *self, GAsyncResult *result, GError **error);

/* ls-agent-runner.c */
void ls_agent_run (LsAgent *self);
void ls_agent_disarm_all (LsAgent *self);

G_END_DECLS
