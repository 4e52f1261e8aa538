/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action-request.h"
#include "ls-data-editor.h"
#include "ls-event.h"
#include "ls-reply.h"
#include "ls-row.h"

G_BEGIN_DECLS

/**
 * LsModelTable:
 *
 * The grades of a school as a server keeps them, and nothing else: as `dbus/PROTOCOL.md` says of labsync-server,
 * or as the classic system does it.
 */
typedef struct _LsModelTable LsModelTable;

/** LS_MODEL_POISON: a score that no server takes */
#define LS_MODEL_POISON 666

LsModelTable *ls_model_table_new (const LsDataEditor *editor, gboolean is_classic);
void ls_model_table_free (LsModelTable *self);

LsActionReply *ls_model_table_act (LsModelTable *self, const LsActionRequest *request);
LsActionReply *ls_model_table_get (LsModelTable *self, const char *path);
void ls_model_table_write (LsModelTable *self, const char *id, const char *changes);

const LsRow *ls_model_table_find (LsModelTable *self, const char *id);
gint64 ls_model_table_get_top (LsModelTable *self);
LsEvent *ls_model_table_get_event (LsModelTable *self, gint64 offset);
guint ls_model_table_count (LsModelTable *self, const char *key);

G_END_DECLS
