/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-poll.h"

/**
 * ls_table_rows_new:
 *
 * Returns: (transfer full): no rows
 */
LsTableRows *
ls_table_rows_new (void)
{
  LsTableRows *self = g_new0 (LsTableRows, 1);

  self->rows = ls_row_array_new ();
  return self;
}

/**
 * ls_table_rows_free:
 * @rows: (transfer full): rows
 *
 * Frees them.
 */
void
ls_table_rows_free (LsTableRows *rows)
{
  g_ptr_array_unref (rows->rows);
  g_free (rows);
}

/**
 * ls_poll_new:
 *
 * Returns: (transfer full): an answer with nothing in it
 */
LsPoll *
ls_poll_new (void)
{
  return g_new0 (LsPoll, 1);
}

/**
 * ls_poll_free:
 * @poll: (transfer full): an answer
 *
 * Frees it.
 */
void
ls_poll_free (LsPoll *poll)
{
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    g_clear_pointer (&poll->tables[i], ls_table_rows_free);
  g_free (poll);
}

/**
 * ls_listing_new:
 *
 * Returns: (transfer full): an empty table
 */
LsListing *
ls_listing_new (void)
{
  LsListing *listing = g_new0 (LsListing, 1);

  listing->rows = ls_table_rows_new ();
  return listing;
}

/**
 * ls_listing_free:
 * @listing: (transfer full): a table
 *
 * Frees it.
 */
void
ls_listing_free (LsListing *listing)
{
  ls_table_rows_free (listing->rows);
  g_free (listing);
}
