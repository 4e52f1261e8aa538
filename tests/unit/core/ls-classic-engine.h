/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-engine-fixture.h"

G_BEGIN_DECLS

#define SECOND G_GINT64_CONSTANT (1000)
#define MINUTE (60 * SECOND)
#define BIT(entity) (1u << LS_ENTITY_##entity)

/*
 * An engine at the classic system. What the disk is asked for is done at once unless it is slow; what
 * the server is asked for waits for the test.
 */
typedef struct
{
  LsEngineFixture base;
  gboolean is_slow; /* the disk */
  gboolean is_full; /* the table of announcements: there may be more than a poll has */

  /* What is under way */
  gboolean opening;
  gboolean refreshing;
  LsCommand *request; /* (owned) (nullable): to the server */
  GQueue writing;     /* (element-type LsCommand) (owned): to the disk, if that is slow */

  /* What there was since the last look */
  guint n_subscribed;
  guint n_refreshes;
  guint n_puts;
  guint n_told; /* events */
  gboolean synced;
  GError *sync_error;
  char *sight; /* the last that went to the disk */
} LsClassicEngine;

/** LS_CLASSIC_ENGINE_ADD: one case, with a socket or by polls alone */
#define LS_CLASSIC_ENGINE_ADD(name, websocket, function)                                           \
  g_test_add ("/core/engine-classic/" name, LsClassicEngine, GINT_TO_POINTER (websocket),          \
              ls_classic_engine_set_up, function, ls_classic_engine_tear_down)

/** ls_classic_engine_assert_state: in which state the connection is, and why */
#define ls_classic_engine_assert_state(f, state_, reason_)                                         \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_assert_cmpstr (ls_state_to_string (ls_classic_engine_get_status (f)->state), ==,             \
                     ls_state_to_string (LS_STATE_##state_));                                      \
    g_assert_cmpstr (ls_reason_to_string (ls_classic_engine_get_status (f)->reason), ==,           \
                     ls_reason_to_string (LS_REASON_##reason_));                                   \
  }                                                                                                \
  G_STMT_END

void ls_classic_engine_settle (LsClassicEngine *f);
LsCommandKind ls_classic_engine_write_next (LsClassicEngine *f);
const LsStatus *ls_classic_engine_get_status (LsClassicEngine *f);
void ls_classic_engine_assert_asked (LsClassicEngine *f, LsCommandKind kind);
void ls_classic_engine_assert_not_asked (LsClassicEngine *f);
gint64 ls_classic_engine_get_delay (LsClassicEngine *f, LsTimer timer);
void ls_classic_engine_ring (LsClassicEngine *f, LsTimer timer);
void ls_classic_engine_wait (LsClassicEngine *f, gint64 duration);
void ls_classic_engine_open_socket (LsClassicEngine *f);
void ls_classic_engine_close_socket (LsClassicEngine *f);
void ls_classic_engine_answer_poll (LsClassicEngine *f, guint n_others);
void ls_classic_engine_answer_list (LsClassicEngine *f);
void
ls_classic_engine_refuse (LsClassicEngine *f, LsReason reason, guint status, gint64 retry_after);
void ls_classic_engine_refuse_busy (LsClassicEngine *f);
void ls_classic_engine_answer_refresh (LsClassicEngine *f);
void ls_classic_engine_refuse_refresh (LsClassicEngine *f, LsReason reason, gint64 retry_after);
void ls_classic_engine_pong (LsClassicEngine *f, gint64 timestamp);
void ls_classic_engine_set_up (LsClassicEngine *f, gconstpointer data);
void ls_classic_engine_tear_down (LsClassicEngine *f, gconstpointer data);
void ls_classic_engine_first_run (LsClassicEngine *f, guint n_others);
void ls_classic_engine_go_live (LsClassicEngine *f, guint n_others);

G_END_DECLS
