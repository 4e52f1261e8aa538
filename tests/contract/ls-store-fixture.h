/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-fake-store-keys.h"
#include "ls-store-calls.h"

G_BEGIN_DECLS

/** LS_STORE_FIXTURE_SERVER: whose users have stores */
#define LS_STORE_FIXTURE_SERVER "https://school.test"

/*
 * A store: the fake, or the one on a disk, encrypted or not.
 */
typedef struct
{
  char *dir;             /* (owned) (nullable): of the store on disk */
  LsFakeStoreKeys *keys; /* (owned) (nullable): of a store that is encrypted */
  LsStore *store;        /* (owned) */
} LsStoreFixture;

/** LS_STORE_ADD: one case; @kind: see ls_store_fixture_set_up() */
#define LS_STORE_ADD(kind, name, function)                                                         \
  g_test_add ("/contract/store/" name, LsStoreFixture, kind, ls_store_fixture_set_up, function,    \
              ls_store_fixture_tear_down)

/** LS_STORE_ASSERT_SEQS: the events after @after_seq are those that @expected says, see
 * ls_store_fixture_read_seqs() */
#define LS_STORE_ASSERT_SEQS(f, after_seq, expected)                                               \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *seqs = ls_store_fixture_read_seqs (f, after_seq);                             \
                                                                                                   \
    g_assert_cmpstr (seqs, ==, expected);                                                          \
  }                                                                                                \
  G_STMT_END

void ls_store_fixture_set_up (LsStoreFixture *f, gconstpointer data);
void ls_store_fixture_tear_down (LsStoreFixture *f, gconstpointer data);
LsStoreState *ls_store_fixture_open (LsStoreFixture *f, const char *user);
void ls_store_fixture_open_quietly (LsStoreFixture *f);
void ls_store_fixture_restart (LsStoreFixture *f);
LsEvent *
ls_store_fixture_make_event (const char *type, const char *id, const char *data, gint64 version);
LsChangeSet *ls_store_fixture_make_change_set (LsEvent *event, gint64 offset);
LsCommit *ls_store_fixture_commit (LsStoreFixture *f, LsEvent *event, gint64 offset);
guint64 ls_store_fixture_put (LsStoreFixture *f,
                              const char *type,
                              const char *id,
                              const char *data,
                              gint64 version,
                              gint64 offset);
LsRow *ls_store_fixture_get (LsStoreFixture *f, LsEntity entity, const char *id);
char *ls_store_fixture_read_seqs (LsStoreFixture *f, guint64 after_seq);
char *ls_store_fixture_list_ids (LsStoreFixture *f, LsListQuery *query);
LsStoreStatistics *ls_store_fixture_count (LsStoreFixture *f);

G_END_DECLS
