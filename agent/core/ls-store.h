/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-change.h"
#include "ls-checksum.h"
#include "ls-message.h"
#include "ls-row.h"

G_BEGIN_DECLS

/**
 * LsBaseline:
 * @cursor: the position that the entity's last snapshot stands for; unset: it has none
 * @as_of: when that was, in milliseconds since the epoch
 *
 * From where on an entity is known.
 */
typedef struct
{
  LsCursor cursor;
  gint64 as_of;
} LsBaseline;

/**
 * LsStoreState:
 * @id: names this store for ever; part of every local cursor
 * @cursor: the position in the server's log; unset: none yet
 * @confirmed_at: when that was last known to be the top, in milliseconds since the epoch
 * @first_seq: the oldest event that is still in the local log; 0: it is empty
 * @last_seq: the newest `seq` ever given; 0: none
 * @sight: (nullable): whose rows of the classic system the user may see; see ls_classic_sight_save()
 * @baselines: of each entity
 *
 * What is in a store when it is opened.
 */
typedef struct
{
  char *id;
  LsCursor cursor;
  gint64 confirmed_at;
  guint64 first_seq;
  guint64 last_seq;
  char *sight;
  LsBaseline baselines[LS_N_ENTITIES];
} LsStoreState;

void ls_store_state_free (LsStoreState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsStoreState, ls_store_state_free)

/**
 * LsAccount:
 * @server: (nullable): the server's URL
 * @user: (nullable): who is signed in; %NULL: nobody
 * @disconnected: whether the user said Disconnect, which lasts until Connect
 * @expiry_told: whether the user was told that the server takes the tokens no longer
 *
 * What is remembered across restarts beside the tokens. Nothing in it is secret.
 */
typedef struct
{
  char *server;
  LsUser *user;
  gboolean disconnected;
  gboolean expiry_told;
} LsAccount;

LsAccount *ls_account_new (const char *server, const LsUser *user, gboolean disconnected);
LsAccount *ls_account_copy (const LsAccount *account);
void ls_account_free (LsAccount *account);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsAccount, ls_account_free)

/**
 * LsEventPage:
 * @events: (element-type LsEvent): in order of `seq`
 * @last_seq: up to where the log was looked at, also past events that did not match
 * @more: whether there is more after it
 * @gapless: whether no event after the place that was asked for has been removed from the log
 */
typedef struct
{
  GPtrArray *events;
  guint64 last_seq;
  gboolean more;
  gboolean gapless;
} LsEventPage;

void ls_event_page_free (LsEventPage *page);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsEventPage, ls_event_page_free)

/**
 * LsListQuery:
 * @entity: of what
 * @filter: (nullable) (element-type utf8 utf8): top-level member of data to its JSON scalar as text;
 *   all must hold
 * @order_by: (nullable): top-level member of data; %NULL: by id
 * @descending: the other way round
 * @limit: how many, 1 to 500
 * @after: (nullable): `next` of the page before
 * @overlay: (nullable) (element-type LsRow): rows in place of those in the cache that have the same ids,
 *   each id once; one without data hides such a row. Filter, order and pages are of what comes of it. Not
 *   changed any more once it is here
 * @only_overlay: none but those of @overlay
 *
 * What ls_store_list_async() lists.
 */
typedef struct
{
  LsEntity entity;
  GHashTable *filter;
  char *order_by;
  gboolean descending;
  guint limit;
  char *after;
  GPtrArray *overlay;
  gboolean only_overlay;
} LsListQuery;

LsListQuery *ls_list_query_new (LsEntity entity);
LsListQuery *ls_list_query_copy (const LsListQuery *query);
void ls_list_query_free (LsListQuery *query);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsListQuery, ls_list_query_free)

/**
 * LsRowPage:
 * @rows: (element-type LsRow): live rows, no tombstones
 * @next: (nullable): for the next page; %NULL: this was the last
 * @seq: the `seq` that the rows stand for: a subscription from here misses nothing
 */
typedef struct
{
  GPtrArray *rows;
  char *next;
  guint64 seq;
} LsRowPage;

void ls_row_page_free (LsRowPage *page);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsRowPage, ls_row_page_free)

/**
 * LsStoreStatistics:
 * @n_events: events in the local log
 * @n_rows: live rows
 * @n_tombstones: tombstones
 * @file_size: of the database, its log included, in bytes
 */
typedef struct
{
  gint64 n_events;
  gint64 n_rows;
  gint64 n_tombstones;
  gint64 file_size;
} LsStoreStatistics;

#define LS_TYPE_STORE (ls_store_get_type ())
G_DECLARE_INTERFACE (LsStore, ls_store, LS, STORE, GObject)

/**
 * LsStoreInterface:
 *
 * Durable storage as a port. Every method is carried out in the order of the calls, on a thread of
 * the store's own; implementations answer with #GTask in the caller's main context. Errors are of
 * %LS_ERROR: %LS_ERROR_STORAGE, %LS_ERROR_NEWER_STORE, %LS_ERROR_NOT_SIGNED_IN (no store is open),
 * and those that a method names.
 */
struct _LsStoreInterface
{
  GTypeInterface parent_iface;

  void (*load_account_async) (LsStore *self, GAsyncReadyCallback callback, gpointer user_data);
  void (*save_account_async) (LsStore *self,
                              const LsAccount *account,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
  void (*open_async) (LsStore *self,
                      const char *server,
                      const char *user_id,
                      GAsyncReadyCallback callback,
                      gpointer user_data);
  void (*close_async) (LsStore *self,
                       gboolean wipe,
                       GAsyncReadyCallback callback,
                       gpointer user_data);
  void (*commit_async) (LsStore *self,
                        const LsChangeSet *change_set,
                        GAsyncReadyCallback callback,
                        gpointer user_data);
  void (*stage_async) (LsStore *self,
                       LsEntity entity,
                       GPtrArray *rows,
                       gboolean first,
                       GAsyncReadyCallback callback,
                       gpointer user_data);
  void (*finish_snapshot_async) (LsStore *self,
                                 LsEntity entity,
                                 LsCursor cursor,
                                 gint64 as_of,
                                 LsAbsence absence,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
  void (*read_events_async) (LsStore *self,
                             guint64 after_seq,
                             const gboolean *types,
                             guint limit,
                             gsize max_size,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
  void (*get_async) (LsStore *self,
                     LsEntity entity,
                     const char *id,
                     GAsyncReadyCallback callback,
                     gpointer user_data);
  void (*list_async) (LsStore *self,
                      const LsListQuery *query,
                      GAsyncReadyCallback callback,
                      gpointer user_data);
  void (*checksum_async) (LsStore *self,
                          LsEntity entity,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
  void (*statistics_async) (LsStore *self, GAsyncReadyCallback callback, gpointer user_data);
};

void ls_store_load_account_async (LsStore *self, GAsyncReadyCallback callback, gpointer user_data);
LsAccount *ls_store_load_account_finish (LsStore *self, GAsyncResult *result, GError **error);
void ls_store_save_account_async (LsStore *self,
                                  const LsAccount *account,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
gboolean ls_store_save_account_finish (LsStore *self, GAsyncResult *result, GError **error);
void ls_store_open_async (LsStore *self,
                          const char *server,
                          const char *user_id,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
LsStoreState *ls_store_open_finish (LsStore *self, GAsyncResult *result, GError **error);
void ls_store_close_async (LsStore *self,
                           gboolean wipe,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
gboolean ls_store_close_finish (LsStore *self, GAsyncResult *result, GError **error);
void ls_store_commit_async (LsStore *self,
                            const LsChangeSet *change_set,
                            GAsyncReadyCallback callback,
                            gpointer user_data);
LsCommit *ls_store_commit_finish (LsStore *self, GAsyncResult *result, GError **error);
void ls_store_stage_async (LsStore *self,
                           LsEntity entity,
                           GPtrArray *rows,
                           gboolean first,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
gboolean ls_store_stage_finish (LsStore *self, GAsyncResult *result, GError **error);
void ls_store_finish_snapshot_async (LsStore *self,
                                     LsEntity entity,
                                     LsCursor cursor,
                                     gint64 as_of,
                                     LsAbsence absence,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
LsCommit *ls_store_finish_snapshot_finish (LsStore *self, GAsyncResult *result, GError **error);
void ls_store_read_events_async (LsStore *self,
                                 guint64 after_seq,
                                 const gboolean *types,
                                 guint limit,
                                 gsize max_size,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
LsEventPage *ls_store_read_events_finish (LsStore *self, GAsyncResult *result, GError **error);
void ls_store_get_async (LsStore *self,
                         LsEntity entity,
                         const char *id,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
LsRow *ls_store_get_finish (LsStore *self, GAsyncResult *result, GError **error);
void ls_store_list_async (LsStore *self,
                          const LsListQuery *query,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
LsRowPage *ls_store_list_finish (LsStore *self, GAsyncResult *result, GError **error);
void ls_store_checksum_async (LsStore *self,
                              LsEntity entity,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
LsChecksum *ls_store_checksum_finish (LsStore *self, GAsyncResult *result, GError **error);
void ls_store_statistics_async (LsStore *self, GAsyncReadyCallback callback, gpointer user_data);
LsStoreStatistics *ls_store_statistics_finish (LsStore *self, GAsyncResult *result, GError **error);
void ls_store_tell_lost (LsStore *self, LsEntitySet entities, guint n);

G_END_DECLS
