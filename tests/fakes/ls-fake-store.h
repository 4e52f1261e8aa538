/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-store.h"

G_BEGIN_DECLS

/**
 * LsFakeStoreState:
 * @LS_FAKE_STORE_OK: works
 * @LS_FAKE_STORE_READ_ONLY: what is there can be read, nothing can be written
 * @LS_FAKE_STORE_BROKEN: nothing works
 *
 * How the disk can be.
 */
typedef enum
{
  LS_FAKE_STORE_OK,
  LS_FAKE_STORE_READ_ONLY,
  LS_FAKE_STORE_BROKEN,
} LsFakeStoreState;

#define LS_TYPE_FAKE_STORE (ls_fake_store_get_type ())
G_DECLARE_FINAL_TYPE (LsFakeStore, ls_fake_store, LS, FAKE_STORE, GObject)

LsFakeStore *ls_fake_store_new (void);

void ls_fake_store_set_manual (LsFakeStore *self, gboolean manual);
guint ls_fake_store_count_pending (LsFakeStore *self);
gboolean ls_fake_store_step (LsFakeStore *self);
void ls_fake_store_crash (LsFakeStore *self);

void ls_fake_store_set_state (LsFakeStore *self, LsFakeStoreState state);
void ls_fake_store_fail_writes (LsFakeStore *self, guint n);
void ls_fake_store_trim (LsFakeStore *self, gint64 oldest);
guint ls_fake_store_get_n_transactions (LsFakeStore *self);

G_END_DECLS
