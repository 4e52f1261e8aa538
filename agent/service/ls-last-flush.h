/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action-queue.h"
#include "ls-clock.h"

G_BEGIN_DECLS

void ls_last_flush_async (LsActionQueue *queue,
                          LsClock *clock,
                          gint64 timeout_ms,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
gboolean ls_last_flush_finish (LsActionQueue *queue, GAsyncResult *result, GError **error);

G_END_DECLS
