/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sqlite3.h>

G_BEGIN_DECLS

typedef struct _LsCheckpointer LsCheckpointer;

LsCheckpointer *ls_checkpointer_new (sqlite3 *handle, guint n_pages);
void ls_checkpointer_keep_short (LsCheckpointer *self);
void ls_checkpointer_free (LsCheckpointer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsCheckpointer, ls_checkpointer_free)

G_END_DECLS
