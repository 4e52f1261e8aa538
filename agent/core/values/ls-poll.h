/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-row.h"

G_BEGIN_DECLS

/**
 * LsQuota:
 * @limit: how many requests a minute the server takes from our address; 0: it does not say
 * @remaining: how many of them are left
 * @reset_at: when the first of them is forgotten, at most a minute from now, in milliseconds since the
 *   epoch by the server's clock; 0: it does not say
 *
 * What an answer of the classic system says about its limit, which all machines of a school behind
 * one address share.
 */
typedef struct
{
  guint limit;
  guint remaining;
  gint64 reset_at;
} LsQuota;

/**
 * LsTableRows:
 * @rows: (element-type LsRow): the rows; without a version, and never with a password
 * @n_sent: how many there were, those that were left out included
 * @n_bad: how many were left out as their id could not be read; one with a null id is nobody's row
 *   and is not counted
 *
 * Rows of one table as the classic system has them.
 */
typedef struct
{
  GPtrArray *rows;
  guint n_sent;
  guint n_bad;
} LsTableRows;

/**
 * LsPoll:
 * @tables: (nullable): by entity; %NULL: no row of it came
 * @n_bad: how many rows can't be told whose they are: of no table it is sure then that all came
 * @quota: what is left to ask for
 * @is_ours: whether it is labsync-server that answers, which speaks a better protocol
 *
 * An answer of the classic system to `GET /api/updates`.
 */
typedef struct
{
  LsTableRows *tables[LS_N_ENTITIES];
  guint n_bad;
  LsQuota quota;
  gboolean is_ours;
} LsPoll;

/**
 * LsListing:
 * @rows: the whole table
 * @quota: what is left to ask for
 *
 * An answer of the classic system to `GET /api/TABLE`.
 */
typedef struct
{
  LsTableRows *rows;
  LsQuota quota;
} LsListing;

LsTableRows *ls_table_rows_new (void);
void ls_table_rows_free (LsTableRows *rows);
LsPoll *ls_poll_new (void);
void ls_poll_free (LsPoll *poll);
LsListing *ls_listing_new (void);
void ls_listing_free (LsListing *listing);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsTableRows, ls_table_rows_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsPoll, ls_poll_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsListing, ls_listing_free)

G_END_DECLS
