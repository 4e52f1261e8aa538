/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-intake.h"

static LsMessage *
frame (const char *epoch, gint64 prev, gint64 cursor, const gint64 *offsets, guint n_offsets)
{
  LsMessage *message = ls_message_new (LS_MESSAGE_EVENTS);

  message->events = ls_event_array_new ();
  message->prev = ls_cursor_new (epoch, prev);
  message->cursor = ls_cursor_new (epoch, cursor);
  for (guint i = 0; i < n_offsets; i++)
    {
      LsEvent *event = ls_event_new (ls_event_type_from_string ("grade_updated"), "g", "{}");

      event->offset = offsets[i];
      g_ptr_array_add (message->events, event);
    }
  return message;
}

static LsIntake *
intake_at (gint64 offset)
{
  LsIntake *intake = ls_intake_new ();

  ls_intake_begin (intake, ls_cursor_new ("e", offset));
  ls_intake_set_followed (intake, LS_ENTITY_SET_STORED);
  return intake;
}

static void
assert_next (LsIntake *intake, const gint64 *offsets, guint n_offsets, gint64 cursor)
{
  g_autoptr (LsChangeSet) set = ls_intake_next (intake, 1);

  g_assert_nonnull (set);
  g_assert_cmpint (set->cursor.offset, ==, cursor);
  g_assert_cmpuint (set->events->len, ==, n_offsets);
  for (guint i = 0; i < n_offsets; i++)
    g_assert_cmpint (((LsEvent *)set->events->pdata[i])->offset, ==, offsets[i]);
}

static void
test_intake_in_order (void)
{
  g_autoptr (LsIntake) intake = intake_at (10);
  g_autoptr (LsMessage) message = frame ("e", 10, 13, (gint64[]) { 11, 13 }, 2);

  g_assert_cmpint (ls_intake_take (intake, message), ==, LS_INTAKE_TAKEN);
  assert_next (intake, (gint64[]) { 11, 13 }, 2, 13);
}

static void
test_intake_duplicate (void)
{
  g_autoptr (LsIntake) intake = intake_at (10);
  g_autoptr (LsMessage) old = frame ("e", 5, 10, (gint64[]) { 7, 10 }, 2);
  g_autoptr (LsMessage) overlap = frame ("e", 8, 12, (gint64[]) { 9, 10, 11, 12 }, 4);

  g_assert_cmpint (ls_intake_take (intake, old), ==, LS_INTAKE_TAKEN);
  g_assert_true (ls_intake_is_settled (intake));
  g_assert_cmpint (ls_intake_take (intake, overlap), ==, LS_INTAKE_TAKEN);
  assert_next (intake, (gint64[]) { 11, 12 }, 2, 12);
}

static void
test_intake_gap (void)
{
  g_autoptr (LsIntake) intake = intake_at (10);
  g_autoptr (LsMessage) message = frame ("e", 11, 12, (gint64[]) { 12 }, 1);

  g_assert_cmpint (ls_intake_take (intake, message), ==, LS_INTAKE_GAP);
  g_assert_true (ls_intake_is_settled (intake));
  g_assert_cmpint (ls_intake_get_position (intake).offset, ==, 10);
}

static void
test_intake_other_log (void)
{
  g_autoptr (LsIntake) intake = intake_at (10);
  g_autoptr (LsMessage) message = frame ("f", 10, 12, (gint64[]) { 12 }, 1);

  g_assert_cmpint (ls_intake_take (intake, message), ==, LS_INTAKE_NEW_LOG);
  g_assert_true (ls_intake_is_settled (intake));
}

static void
test_intake_baseline (void)
{
  g_autoptr (LsIntake) intake = intake_at (10);
  g_autoptr (LsMessage) message = frame ("e", 10, 13, (gint64[]) { 11, 12, 13 }, 3);

  ls_intake_set_baseline (intake, LS_ENTITY_GRADE, ls_cursor_new ("e", 12));
  g_assert_cmpint (ls_intake_take (intake, message), ==, LS_INTAKE_TAKEN);
  assert_next (intake, (gint64[]) { 13 }, 1, 13);
}

/* What a failed commit held is gone, and so is everything behind it: the position goes back. */
static void
test_intake_failed_commit (void)
{
  g_autoptr (LsIntake) intake = intake_at (10);
  g_autoptr (LsMessage) first = frame ("e", 10, 11, (gint64[]) { 11 }, 1);
  g_autoptr (LsMessage) second = frame ("e", 11, 12, (gint64[]) { 12 }, 1);

  g_assert_cmpint (ls_intake_take (intake, first), ==, LS_INTAKE_TAKEN);
  assert_next (intake, (gint64[]) { 11 }, 1, 11);
  g_assert_cmpint (ls_intake_take (intake, second), ==, LS_INTAKE_TAKEN);
  g_assert_null (ls_intake_next (intake, 1));
  ls_intake_failed (intake);
  g_assert_cmpint (ls_intake_get_position (intake).offset, ==, 10);
  g_assert_true (ls_intake_is_settled (intake));
  g_assert_cmpint (ls_intake_take (intake, second), ==, LS_INTAKE_GAP);
}

/* What comes in while the store is busy becomes one change set. */
static void
test_intake_batches (void)
{
  g_autoptr (LsIntake) intake = intake_at (0);

  for (gint64 i = 1; i <= 5; i++)
    {
      g_autoptr (LsMessage) message = frame ("e", i - 1, i, &i, 1);

      g_assert_cmpint (ls_intake_take (intake, message), ==, LS_INTAKE_TAKEN);
      if (i == 1)
        assert_next (intake, &i, 1, 1);
    }
  ls_intake_committed (intake);
  assert_next (intake, (gint64[]) { 2, 3, 4, 5 }, 4, 5);
}

/* A backlog is many change sets of a size that is quickly written, in order and without a hole. */
static void
test_intake_backlog (void)
{
  g_autoptr (LsIntake) intake = intake_at (0);
  gint64 offset = 0;
  guint n_sets = 0;

  for (gint64 i = 0; i < 5000; i += 100)
    {
      g_autoptr (LsMessage) message = NULL;
      gint64 offsets[100];

      for (gint64 j = 0; j < 100; j++)
        offsets[j] = i + j + 1;
      message = frame ("e", i, i + 100, offsets, 100);
      g_assert_cmpint (ls_intake_take (intake, message), ==, LS_INTAKE_TAKEN);
    }
  while (!ls_intake_is_settled (intake))
    {
      g_autoptr (LsChangeSet) set = ls_intake_next (intake, 1);

      g_assert_nonnull (set);
      g_assert_cmpuint (set->events->len, <=, 1000);
      for (guint i = 0; i < set->events->len; i++)
        g_assert_cmpint (((LsEvent *)set->events->pdata[i])->offset, ==, ++offset);
      g_assert_cmpint (set->cursor.offset, ==, offset);
      g_assert_null (ls_intake_next (intake, 1));
      ls_intake_committed (intake);
      n_sets++;
    }
  g_assert_cmpint (offset, ==, 5000);
  g_assert_cmpuint (n_sets, ==, 5);
}

/* Large events count by their size. */
static void
test_intake_backlog_size (void)
{
  g_autoptr (LsIntake) intake = intake_at (0);
  g_autofree char *data = g_strnfill (300 * 1024, ' ');

  for (gint64 i = 1; i <= 10; i++)
    {
      g_autoptr (LsMessage) message = frame ("e", i - 1, i, NULL, 0);
      LsEvent *event = ls_event_new (ls_event_type_from_string ("grade_updated"), "g", data);

      event->offset = i;
      g_ptr_array_add (message->events, event);
      g_assert_cmpint (ls_intake_take (intake, message), ==, LS_INTAKE_TAKEN);
    }
  assert_next (intake, (gint64[]) { 1, 2, 3, 4 }, 4, 4);
}

/* If one of them fails, none behind it is committed. */
static void
test_intake_backlog_fails (void)
{
  g_autoptr (LsIntake) intake = intake_at (0);

  for (gint64 i = 1; i <= 4000; i++)
    {
      g_autoptr (LsMessage) message = frame ("e", i - 1, i, &i, 1);

      g_assert_cmpint (ls_intake_take (intake, message), ==, LS_INTAKE_TAKEN);
    }
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (LsChangeSet) set = ls_intake_next (intake, 1);

      g_assert_nonnull (set);
      if (i == 0)
        ls_intake_committed (intake);
      else
        ls_intake_failed (intake);
    }
  g_assert_true (ls_intake_is_settled (intake));
  g_assert_null (ls_intake_next (intake, 1));
  g_assert_cmpint (ls_intake_get_position (intake).offset, ==, 1000);
}

/* Frames that wait for a gap to be filled take no more memory than that. */
static void
test_intake_held_size (void)
{
  g_autoptr (LsIntake) intake = intake_at (0);
  g_autofree char *data = g_strnfill (1 << 20, ' ');
  guint n_released = 0;

  for (gint64 i = 1; i <= 6; i++)
    {
      g_autoptr (LsMessage) message = frame ("e", i - 1, i, NULL, 0);

      g_ptr_array_add (message->events,
                       ls_event_new (ls_event_type_from_string ("grade_updated"), "g", data));
      ls_intake_hold (intake, message);
    }
  for (;;)
    {
      g_autoptr (LsMessage) message = ls_intake_release (intake);

      if (message == NULL)
        break;
      g_assert_cmpint (message->cursor.offset, ==, 5 + n_released);
      n_released++;
    }
  g_assert_cmpuint (n_released, ==, 2);
}

static void
test_intake_not_followed (void)
{
  g_autoptr (LsIntake) intake = intake_at (10);
  g_autoptr (LsMessage) message = frame ("e", 10, 11, (gint64[]) { 11 }, 1);

  ls_intake_set_followed (intake, 1u << LS_ENTITY_USER);
  g_assert_cmpint (ls_intake_take (intake, message), ==, LS_INTAKE_TAKEN);
  assert_next (intake, NULL, 0, 11);
}

static LsMessage *
partial_frame (gint64 prev, gint64 cursor)
{
  LsMessage *message = frame ("e", prev, cursor, &cursor, 1);

  message->partial = TRUE;
  return message;
}

/* A transaction of the server that comes in several frames is committed as one. */
static void
test_intake_partial (void)
{
  g_autoptr (LsIntake) intake = intake_at (10);
  g_autoptr (LsMessage) first = partial_frame (10, 11);
  g_autoptr (LsMessage) second = partial_frame (11, 12);
  g_autoptr (LsMessage) last = frame ("e", 12, 13, (gint64[]) { 13 }, 1);
  g_autoptr (LsMessage) pong = ls_message_new (LS_MESSAGE_PONG);

  pong->sent = pong->cursor = ls_cursor_new ("e", 12);
  g_assert_cmpint (ls_intake_take (intake, first), ==, LS_INTAKE_TAKEN);
  g_assert_null (ls_intake_next (intake, 1));
  g_assert_cmpint (ls_intake_take (intake, second), ==, LS_INTAKE_TAKEN);
  g_assert_cmpint (ls_intake_take (intake, pong), ==, LS_INTAKE_TAKEN);
  g_assert_null (ls_intake_next (intake, 1));
  g_assert_false (ls_intake_is_settled (intake));
  g_assert_cmpint (ls_intake_take (intake, last), ==, LS_INTAKE_TAKEN);
  assert_next (intake, (gint64[]) { 11, 12, 13 }, 3, 13);
}

static void
test_intake_partial_page (void)
{
  g_autoptr (LsIntake) intake = intake_at (10);
  g_autoptr (LsUpdates) page = ls_updates_new ();

  page->cursor = ls_cursor_new ("e", 12);
  page->partial = page->more = TRUE;
  ls_intake_take_page (intake, page);
  g_assert_null (ls_intake_next (intake, 1));
  page->cursor = ls_cursor_new ("e", 14);
  page->partial = page->more = FALSE;
  ls_intake_take_page (intake, page);
  assert_next (intake, NULL, 0, 14);
}

/* A change set does not end inside a transaction of the server, however much waits; and what waits
 * before it need not wait for its rest. */
static void
test_intake_partial_in_backlog (void)
{
  g_autoptr (LsIntake) intake = intake_at (0);
  g_autoptr (LsChangeSet) whole = NULL;
  g_autoptr (LsChangeSet) parts = NULL;
  g_autoptr (LsMessage) last = frame ("e", 2500, 2501, (gint64[]) { 2501 }, 1);

  for (gint64 i = 1; i <= 2500; i++)
    {
      g_autoptr (LsMessage) message =
          i <= 500 ? frame ("e", i - 1, i, &i, 1) : partial_frame (i - 1, i);

      g_assert_cmpint (ls_intake_take (intake, message), ==, LS_INTAKE_TAKEN);
    }
  whole = ls_intake_next (intake, 1);
  g_assert_cmpint (whole->cursor.offset, ==, 500);
  g_assert_cmpuint (whole->events->len, ==, 500);
  ls_intake_committed (intake);
  g_assert_null (ls_intake_next (intake, 1));
  g_assert_cmpint (ls_intake_take (intake, last), ==, LS_INTAKE_TAKEN);
  parts = ls_intake_next (intake, 1);
  g_assert_cmpint (parts->cursor.offset, ==, 2501);
  g_assert_cmpuint (parts->events->len, ==, 2001);
}

/* What is whole is not let go with a transaction whose rest does not come. */
static void
test_intake_rewind_in_backlog (void)
{
  g_autoptr (LsIntake) intake = intake_at (0);
  g_autoptr (LsMessage) first = frame ("e", 0, 1, (gint64[]) { 1 }, 1);
  g_autoptr (LsMessage) second = frame ("e", 1, 2, (gint64[]) { 2 }, 1);
  g_autoptr (LsMessage) half = partial_frame (2, 3);

  g_assert_cmpint (ls_intake_take (intake, first), ==, LS_INTAKE_TAKEN);
  assert_next (intake, (gint64[]) { 1 }, 1, 1);
  g_assert_cmpint (ls_intake_take (intake, second), ==, LS_INTAKE_TAKEN);
  g_assert_cmpint (ls_intake_take (intake, half), ==, LS_INTAKE_TAKEN);
  ls_intake_rewind (intake);
  g_assert_cmpint (ls_intake_get_position (intake).offset, ==, 2);
  ls_intake_committed (intake);
  assert_next (intake, (gint64[]) { 2 }, 1, 2);
}

/* What waits for a rest that does not come is asked for again, what is with the store is not. */
static void
test_intake_rewind (void)
{
  g_autoptr (LsIntake) intake = intake_at (10);
  g_autoptr (LsMessage) whole = frame ("e", 10, 11, (gint64[]) { 11 }, 1);
  g_autoptr (LsMessage) half = partial_frame (11, 12);

  g_assert_cmpint (ls_intake_take (intake, whole), ==, LS_INTAKE_TAKEN);
  ls_intake_rewind (intake);
  assert_next (intake, (gint64[]) { 11 }, 1, 11);
  g_assert_cmpint (ls_intake_take (intake, half), ==, LS_INTAKE_TAKEN);
  ls_intake_rewind (intake);
  g_assert_cmpint (ls_intake_get_position (intake).offset, ==, 11);
  ls_intake_committed (intake);
  g_assert_true (ls_intake_is_settled (intake));
  g_assert_cmpint (ls_intake_take (intake, half), ==, LS_INTAKE_TAKEN);
  ls_intake_rewind (intake);
  g_assert_cmpint (ls_intake_get_position (intake).offset, ==, 11);
  g_assert_true (ls_intake_is_settled (intake));
}

/* Nothing is kept without bound: a transaction that is too large is committed as it comes. */
static void
test_intake_partial_bound (void)
{
  g_autoptr (LsIntake) intake = intake_at (0);
  g_autoptr (LsChangeSet) set = NULL;
  gint64 offset = 0;

  while (set == NULL && offset < 100000)
    {
      g_autoptr (LsMessage) message = partial_frame (offset, offset + 1);

      offset++;
      g_assert_cmpint (ls_intake_take (intake, message), ==, LS_INTAKE_TAKEN);
      set = ls_intake_next (intake, 1);
    }
  g_assert_nonnull (set);
  g_assert_cmpuint (set->events->len, ==, offset);
  g_assert_cmpint (offset, >=, 1000);
}

/* What is left loses its baseline with the commit that moves the position past it; if that fails,
 * with the next. */
static void
test_intake_forgets_with_the_position (void)
{
  g_autoptr (LsIntake) intake = intake_at (10);

  ls_intake_set_followed (intake, LS_ENTITY_SET_STORED & ~(1u << LS_ENTITY_USER));
  g_assert_null (ls_intake_next (intake, 1));
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (LsChangeSet) set = NULL;

      ls_intake_move (intake, ls_cursor_new ("e", 11));
      set = ls_intake_next (intake, 1);
      g_assert_cmphex (set->forgotten, ==, 1u << LS_ENTITY_USER);
      ls_intake_failed (intake);
    }
}

/* Who is followed again soon lacks what came meanwhile all the same. */
static void
test_intake_forgets_what_is_followed_again (void)
{
  g_autoptr (LsIntake) intake = intake_at (10);
  g_autoptr (LsChangeSet) set = NULL;
  g_autoptr (LsChangeSet) next = NULL;

  ls_intake_set_followed (intake, LS_ENTITY_SET_STORED & ~(1u << LS_ENTITY_USER));
  ls_intake_set_followed (intake, LS_ENTITY_SET_STORED);
  g_assert_cmphex (ls_intake_get_missing (intake) & (1u << LS_ENTITY_USER), !=, 0);
  ls_intake_move (intake, ls_cursor_new ("e", 11));
  set = ls_intake_next (intake, 1);
  g_assert_cmphex (set->forgotten, ==, 1u << LS_ENTITY_USER);
  ls_intake_failed (intake);

  /* Its snapshot is on the disk before the next commit, and must not be lost by that. */
  ls_intake_set_baseline (intake, LS_ENTITY_USER, ls_cursor_new ("e", 11));
  ls_intake_move (intake, ls_cursor_new ("e", 12));
  next = ls_intake_next (intake, 1);
  g_assert_cmphex (next->forgotten, ==, LS_ENTITY_SET_NONE);
  ls_intake_committed (intake);
}

static void
assert_next_sight (LsIntake *intake, const char *sight, gint64 cursor)
{
  g_autoptr (LsChangeSet) set = ls_intake_next (intake, 1);

  g_assert_nonnull (set);
  g_assert_cmpstr (set->sight, ==, sight);
  g_assert_cmpint (set->cursor.offset, ==, cursor);
}

/* What the user may see goes to the disk by itself or with what waits, and until it is there. */
static void
test_intake_sight (void)
{
  g_autoptr (LsIntake) intake = intake_at (10);
  g_autoptr (LsMessage) message = frame ("e", 10, 11, (gint64[]) { 11 }, 1);

  ls_intake_set_sight (intake, g_strdup ("one"));
  g_assert_false (ls_intake_is_settled (intake));
  assert_next_sight (intake, "one", 10);
  ls_intake_failed (intake);
  g_assert_false (ls_intake_is_settled (intake));
  assert_next_sight (intake, "one", 10);
  ls_intake_committed (intake);
  g_assert_true (ls_intake_is_settled (intake));

  ls_intake_set_sight (intake, g_strdup ("two"));
  assert_next_sight (intake, "two", 10);
  ls_intake_set_sight (intake, g_strdup ("three"));
  g_assert_cmpint (ls_intake_take (intake, message), ==, LS_INTAKE_TAKEN);
  ls_intake_failed (intake); /* the newer one is what counts */
  assert_next_sight (intake, "three", 10);
  ls_intake_committed (intake);
  g_assert_cmpint (ls_intake_take (intake, message), ==, LS_INTAKE_TAKEN);
  assert_next_sight (intake, NULL, 11);
  ls_intake_committed (intake);

  ls_intake_set_sight (intake, g_strdup ("of another"));
  ls_intake_begin (intake, ls_cursor_new ("e", 11));
  g_assert_true (ls_intake_is_settled (intake));
}

/* What is missing depends on the log. */
static void
test_intake_missing_in (void)
{
  g_autoptr (LsIntake) intake = intake_at (10);
  const LsEntitySet grade = 1u << LS_ENTITY_GRADE;

  ls_intake_set_baseline (intake, LS_ENTITY_GRADE, ls_cursor_new ("e", 10));
  g_assert_cmphex (ls_intake_get_missing (intake), ==, LS_ENTITY_SET_STORED & ~grade);
  g_assert_cmphex (ls_intake_get_missing_in (intake, ls_cursor_new ("e", 1)), ==,
                   LS_ENTITY_SET_STORED & ~grade);
  g_assert_cmphex (ls_intake_get_missing_in (intake, ls_cursor_new ("f", 10)), ==,
                   LS_ENTITY_SET_STORED);
  g_assert_cmphex (ls_intake_get_missing_in (intake, LS_CURSOR_NONE), ==, LS_ENTITY_SET_STORED);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/intake/in-order", test_intake_in_order);
  g_test_add_func ("/core/intake/duplicate", test_intake_duplicate);
  g_test_add_func ("/core/intake/gap", test_intake_gap);
  g_test_add_func ("/core/intake/other-log", test_intake_other_log);
  g_test_add_func ("/core/intake/baseline", test_intake_baseline);
  g_test_add_func ("/core/intake/failed-commit", test_intake_failed_commit);
  g_test_add_func ("/core/intake/batches", test_intake_batches);
  g_test_add_func ("/core/intake/backlog", test_intake_backlog);
  g_test_add_func ("/core/intake/backlog-size", test_intake_backlog_size);
  g_test_add_func ("/core/intake/backlog-fails", test_intake_backlog_fails);
  g_test_add_func ("/core/intake/held-size", test_intake_held_size);
  g_test_add_func ("/core/intake/not-followed", test_intake_not_followed);
  g_test_add_func ("/core/intake/forgets-what-is-followed-again",
                   test_intake_forgets_what_is_followed_again);
  g_test_add_func ("/core/intake/sight", test_intake_sight);
  g_test_add_func ("/core/intake/missing-in", test_intake_missing_in);
  g_test_add_func ("/core/intake/partial", test_intake_partial);
  g_test_add_func ("/core/intake/partial-page", test_intake_partial_page);
  g_test_add_func ("/core/intake/partial-bound", test_intake_partial_bound);
  g_test_add_func ("/core/intake/partial-in-backlog", test_intake_partial_in_backlog);
  g_test_add_func ("/core/intake/rewind", test_intake_rewind);
  g_test_add_func ("/core/intake/rewind-in-backlog", test_intake_rewind_in_backlog);
  g_test_add_func ("/core/intake/forgets-with-the-position", test_intake_forgets_with_the_position);
  return g_test_run ();
}
