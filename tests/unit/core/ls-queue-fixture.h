/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-queue-harness.h"

G_BEGIN_DECLS

/**
 * LsQueueFixture:
 * @h: (owned): a queue whose world is the test
 * @row: (owned): the grade `g-1` as the cache has it
 *
 * What most tests of the queue begin with.
 */
typedef struct
{
  LsQueueHarness *h;
  LsRow *row;
} LsQueueFixture;

void ls_queue_fixture_init (LsQueueFixture *f, const char *row, gint64 version);
void ls_queue_fixture_clear (LsQueueFixture *f, gconstpointer data);

G_END_DECLS
