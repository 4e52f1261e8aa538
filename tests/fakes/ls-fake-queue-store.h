/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-queue-store.h"

G_BEGIN_DECLS

/**
 * LsFakeQueueStoreState:
 * @LS_FAKE_QUEUE_STORE_OK: works
 * @LS_FAKE_QUEUE_STORE_FULL: what is there can be read, nothing can be written
 * @LS_FAKE_QUEUE_STORE_NEWER: was written by a newer version, and can't be opened
 * @LS_FAKE_QUEUE_STORE_BROKEN: nothing works
 *
 * How the disk can be.
 */
typedef enum
{
  LS_FAKE_QUEUE_STORE_OK,
  LS_FAKE_QUEUE_STORE_FULL,
  LS_FAKE_QUEUE_STORE_NEWER,
  LS_FAKE_QUEUE_STORE_BROKEN,
} LsFakeQueueStoreState;

#define LS_TYPE_FAKE_QUEUE_STORE (ls_fake_queue_store_get_type ())
G_DECLARE_FINAL_TYPE (LsFakeQueueStore, ls_fake_queue_store, LS, FAKE_QUEUE_STORE, GObject)

LsFakeQueueStore *ls_fake_queue_store_new (void);

void ls_fake_queue_store_set_manual (LsFakeQueueStore *self, gboolean manual);
guint ls_fake_queue_store_count_pending (LsFakeQueueStore *self);
gboolean ls_fake_queue_store_step (LsFakeQueueStore *self);
void ls_fake_queue_store_crash (LsFakeQueueStore *self);

void ls_fake_queue_store_set_state (LsFakeQueueStore *self, LsFakeQueueStoreState state);
void ls_fake_queue_store_fail_writes (LsFakeQueueStore *self, guint n);
guint ls_fake_queue_store_get_n_writes (LsFakeQueueStore *self);
GPtrArray *
ls_fake_queue_store_read (LsFakeQueueStore *self, const char *server, const char *user_id);

G_END_DECLS
