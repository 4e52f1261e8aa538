/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-agent.h"

G_BEGIN_DECLS

typedef struct _LsLogPage LsLogPage;

/**
 * LsLogPage:
 * @after_seq: it begins after this event
 * @up_to: how far it looks at the log, also past the last of @events
 * @events: (element-type LsEvent) (owned): at most a batch of them
 * @types: (owned) (nullable) (array): which types it was read for; %NULL: all
 * @batch: (owned) (nullable): @events as they are on the bus, once somebody has made that
 *
 * A piece of the log, shared by the subscriptions that come past it. Made by g_rc_box_new0().
 */
struct _LsLogPage
{
  guint64 after_seq;
  guint64 up_to;
  GPtrArray *events;
  gboolean *types;
  GVariant *batch;
};

void ls_log_page_unref (LsLogPage *page);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsLogPage, ls_log_page_unref)

GVariant *ls_log_page_get_batch (LsLogPage *page);

/**
 * LsLogReadFunc:
 * @page: (nullable): what was read; %NULL on an error
 * @error: (nullable): why not
 * @user_data: what was given to ls_log_reader_read()
 *
 * Takes what was read.
 */
typedef void (*LsLogReadFunc) (LsLogPage *page, const GError *error, gpointer user_data);

#define LS_TYPE_LOG_READER (ls_log_reader_get_type ())
G_DECLARE_FINAL_TYPE (LsLogReader, ls_log_reader, LS, LOG_READER, GObject)

LsLogReader *ls_log_reader_new (LsAgent *agent);
void ls_log_reader_add_behind (LsLogReader *self);
void ls_log_reader_remove_behind (LsLogReader *self);
GPtrArray *ls_log_reader_get_committed (LsLogReader *self);
LsLogPage *ls_log_reader_find (LsLogReader *self, guint64 after_seq, const gboolean *types);
void ls_log_reader_read (LsLogReader *self,
                         guint64 after_seq,
                         const gboolean *types,
                         LsLogReadFunc func,
                         gpointer user_data);

G_END_DECLS
