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

static void
test_intake_not_followed (void)
{
  g_autoptr (LsIntake) intake = intake_at (10);
  g_autoptr (LsMessage) message = frame ("e", 10, 11, (gint64[]) { 11 }, 1);

  ls_intake_set_followed (intake, 1u << LS_ENTITY_USER);
  g_assert_cmpint (ls_intake_take (intake, message), ==, LS_INTAKE_TAKEN);
  assert_next (intake, NULL, 0, 11);
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
  g_test_add_func ("/core/intake/not-followed", test_intake_not_followed);
  return g_test_run ();
}
