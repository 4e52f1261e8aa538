/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-agent.h"
#include "ls-fake-clock.h"
#include "ls-fake-network.h"
#include "ls-fake-random.h"
#include "ls-fake-secrets.h"
#include "ls-fake-transport.h"
#include "ls-store.h"

G_BEGIN_DECLS

/** LS_AGENT_FIXTURE_LIFE: of an access token, milliseconds */
#define LS_AGENT_FIXTURE_LIFE G_GINT64_CONSTANT (900000)

/*
 * An agent. The server, the time and chance are the test's.
 */
typedef struct
{
  char *dir; /* (owned) (nullable): of a store on a disk */
  LsFakeClock *clock;
  LsFakeRandom *random;
  LsFakeNetwork *network;
  LsFakeSecrets *secrets;
  LsFakeTransport *transport;
  LsStore *store;
  LsConfig *config;
  LsAgent *agent;
  GPtrArray *events; /* (element-type LsEvent): what was told to apps */
  gboolean done;     /* a call to the agent, with @error */
  GError *error;
} LsAgentFixture;

/** LS_AGENT_ADD: one case */
#define LS_AGENT_ADD(name, function)                                                               \
  g_test_add ("/agent/" name, LsAgentFixture, NULL, ls_agent_fixture_set_up, function,             \
              ls_agent_fixture_tear_down)

/** LS_AGENT_WAIT: lets things happen until @condition holds */
#define LS_AGENT_WAIT(condition)                                                                   \
  G_STMT_START                                                                                     \
  {                                                                                                \
    while (!(condition))                                                                           \
      g_main_context_iteration (NULL, TRUE);                                                       \
  }                                                                                                \
  G_STMT_END

LsSession *ls_agent_fixture_issue_tokens (LsAgentFixture *f, const char *user, gboolean with_user);
void ls_agent_fixture_make_agent (LsAgentFixture *f);
void ls_agent_fixture_start (LsAgentFixture *f);
void ls_agent_fixture_init (LsAgentFixture *f, LsStore *store);
void ls_agent_fixture_set_up (LsAgentFixture *f, gconstpointer data);
void ls_agent_fixture_settle (LsAgentFixture *f);
void ls_agent_fixture_stop (LsAgentFixture *f);
void ls_agent_fixture_tear_down (LsAgentFixture *f, gconstpointer data);
LsState ls_agent_fixture_get_state (LsAgentFixture *f);
gboolean ls_agent_fixture_is_asked (LsAgentFixture *f, LsFakeCallKind kind);
void ls_agent_fixture_begin_sign_in (LsAgentFixture *f, const char *email, const char *password);
void ls_agent_fixture_sign_in (LsAgentFixture *f, const char *user);
LsMessage *ls_agent_fixture_make_frame (const char *epoch, gint64 prev, gint64 cursor);
void ls_agent_fixture_deliver (LsAgentFixture *f, gint64 prev, gint64 cursor);
void ls_agent_fixture_welcome (LsAgentFixture *f, LsResume resume, gint64 offset);
void ls_agent_fixture_answer_snapshot (LsAgentFixture *f,
                                       const char *epoch,
                                       gint64 offset,
                                       const char *id);
void ls_agent_fixture_answer_updates (LsAgentFixture *f, gint64 prev, gint64 cursor);
LsMessage *ls_agent_fixture_take_sent (LsAgentFixture *f, LsMessageKind kind);
void ls_agent_fixture_go_live (LsAgentFixture *f);
void ls_agent_fixture_drop (LsAgentFixture *f);
void ls_agent_fixture_refuse (LsAgentFixture *f, LsReason reason);
void ls_agent_fixture_fail_poll (LsAgentFixture *f);
void ls_agent_fixture_assert_told (LsAgentFixture *f, gint64 first, gint64 last);
void ls_agent_fixture_begin_sync (LsAgentFixture *f);

G_END_DECLS
