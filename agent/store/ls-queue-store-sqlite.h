/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-queue-store.h"
#include "ls-store-keys.h"

G_BEGIN_DECLS

#define LS_TYPE_QUEUE_STORE_SQLITE (ls_queue_store_sqlite_get_type ())
G_DECLARE_FINAL_TYPE (LsQueueStoreSqlite, ls_queue_store_sqlite, LS, QUEUE_STORE_SQLITE, GObject)

LsQueueStoreSqlite *ls_queue_store_sqlite_new (const char *state_dir);
void ls_queue_store_sqlite_set_encryption (LsQueueStoreSqlite *self,
                                           LsStoreKeys *keys,
                                           gboolean encrypt);
guint ls_queue_store_sqlite_get_n_transactions (LsQueueStoreSqlite *self);

G_END_DECLS
