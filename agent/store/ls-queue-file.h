/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action.h"
#include "ls-cipher.h"
#include "ls-database.h"

G_BEGIN_DECLS

/**
 * LsQueueFile:
 *
 * What a user did that has not reached the server yet: `queue.db`. It exists nowhere else, so that
 * it is written through to the disk before anybody is told (synchronous=FULL), and never removed by itself. Used by
 * one thread at a time; the methods that write expect a transaction to be open.
 */
typedef struct _LsQueueFile LsQueueFile;

LsQueueFile *
ls_queue_file_open (const char *path, LsCipher *reader, LsCipher *writer, GError **error);
void ls_queue_file_free (LsQueueFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsQueueFile, ls_queue_file_free)

LsDatabase *ls_queue_file_get_database (LsQueueFile *self);
GPtrArray *ls_queue_file_take_actions (LsQueueFile *self);
gboolean ls_queue_file_put (LsQueueFile *self, const LsAction *action, GError **error);
gboolean ls_queue_file_remove (LsQueueFile *self, const char *id, GError **error);

G_END_DECLS
