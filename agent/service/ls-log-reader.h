/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-agent.h"
#include "ls-log-page.h"

G_BEGIN_DECLS

/**
 * LsLogReadFunc:
 * @page: (nullable): what was read; %NULL on an error
 * @error: (nullable): why not; %LS_ERROR_CURSOR_EXPIRED: the log no longer reaches back so far
 * @user_data: what was given to ls_log_reader_read()
 *
 * Takes what was read.
 */
typedef void (*LsLogReadFunc) (LsLogPage *page, const GError *error, gpointer user_data);

#define LS_TYPE_LOG_READER (ls_log_reader_get_type ())
G_DECLARE_FINAL_TYPE (LsLogReader, ls_log_reader, LS, LOG_READER, GObject)

gboolean ls_log_check_gapless (const LsEventPage *page, GError **error);

LsLogReader *ls_log_reader_new (LsAgent *agent);
void ls_log_reader_hold (LsLogReader *self);
void ls_log_reader_release (LsLogReader *self);
GPtrArray *ls_log_reader_get_committed (LsLogReader *self);
LsLogPage *ls_log_reader_find (LsLogReader *self, guint64 after_seq, const gboolean *types);
void ls_log_reader_read (LsLogReader *self,
                         guint64 after_seq,
                         const gboolean *types,
                         LsLogReadFunc func,
                         gpointer user_data);

G_END_DECLS
