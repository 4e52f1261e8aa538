/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-audit.h"
#include "ls-store-keys.h"
#include "ls-store.h"

G_BEGIN_DECLS

#define LS_TYPE_STORE_SQLITE (ls_store_sqlite_get_type ())
G_DECLARE_FINAL_TYPE (LsStoreSqlite, ls_store_sqlite, LS, STORE_SQLITE, GObject)

LsStoreSqlite *ls_store_sqlite_new (const char *state_dir);
void ls_store_sqlite_set_limits (LsStoreSqlite *self, gint64 max_size, gint64 max_age);
void ls_store_sqlite_set_encryption (LsStoreSqlite *self, LsStoreKeys *keys, gboolean encrypt);
void ls_store_sqlite_set_audit_max_age (LsStoreSqlite *self, gint64 max_age);
void
ls_store_sqlite_ping_async (LsStoreSqlite *self, GAsyncReadyCallback callback, gpointer user_data);
guint ls_store_sqlite_get_n_transactions (LsStoreSqlite *self);

G_END_DECLS
