/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-event.h"

G_BEGIN_DECLS

/**
 * LsLogPage:
 * @after_seq: it begins after this event
 * @up_to: how far it looks at the log, also past the last of @events
 * @events: (element-type LsEvent) (owned): at most a batch of them
 * @types: (owned) (nullable) (array): which types it was read for; %NULL: all
 * @batch: (owned) (nullable): @events as they are on the bus, once somebody has made that
 * @packet: (owned) (nullable): @events as they are on a stream, likewise
 *
 * A piece of the log, shared by the subscriptions that come past it.
 */
typedef struct
{
  guint64 after_seq;
  guint64 up_to;
  GPtrArray *events;
  gboolean *types;
  GVariant *batch;
  GBytes *packet;
} LsLogPage;

LsLogPage *
ls_log_page_new (guint64 after_seq, guint64 up_to, const gboolean *types, GPtrArray *events);
LsLogPage *ls_log_page_ref (LsLogPage *page);
void ls_log_page_unref (LsLogPage *page);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsLogPage, ls_log_page_unref)

LsLogPage *ls_log_page_narrow (LsLogPage *page, GPtrArray *events);
GVariant *ls_log_page_get_batch (LsLogPage *page);
GBytes *ls_log_page_get_packet (LsLogPage *page);

G_END_DECLS
