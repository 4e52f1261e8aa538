/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-queue-fixture.h"

/* The number of random things: any will do. */
#define SEED 5

/**
 * ls_queue_fixture_init:
 * @f: a fixture
 * @row: what the cache has of the grade `g-1`, JSON
 * @version: its version, 0 if it has none
 *
 * Makes a queue with nothing in it, and the row.
 */
void
ls_queue_fixture_init (LsQueueFixture *f, const char *row, gint64 version)
{
  f->h = ls_queue_harness_new (SEED);
  f->row = ls_row_new (LS_ENTITY_GRADE, "g-1", row, version);
}

/**
 * ls_queue_fixture_clear:
 * @f: a fixture
 * @data: not used
 *
 * Frees what it owns; the tear-down of a test.
 */
void
ls_queue_fixture_clear (LsQueueFixture *f, gconstpointer data)
{
  ls_row_free (f->row);
  ls_queue_harness_free (f->h);
}
