/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Walks the table of an action's life, and checks that the one in a document is this one:
 *   test-action-machine --print
 *   test-action-machine README */
#include <string.h>

#include "ls-action-machine.h"

/* What must hold of every pair, whatever the table says. */
static void
test_action_machine_every_pair (void)
{
  for (guint s = 0; s < LS_N_ACTION_STATUSES; s++)
    for (guint e = 0; e < LS_N_ACTION_EVENTS; e++)
      {
        LsActionStep step;
        gboolean can = ls_action_machine_step ((LsActionStatus)s, (LsActionEvent)e, &step);

        /* what is over is over, and says so once */
        if (s == LS_ACTION_COMPLETED || s == LS_ACTION_CANCELLED)
          g_assert_false (can);
        if (!can)
          continue;

        g_assert_cmpuint (step.status, <, LS_N_ACTION_STATUSES);
        /* there is an outcome just where nothing is to be sent any more without a user */
        g_assert_true ((step.outcome == LS_OUTCOME_NONE) ==
                       (step.status == LS_ACTION_PENDING || step.status == LS_ACTION_SYNCING));
        if (step.status == LS_ACTION_SYNCING)
          g_assert_true (s == LS_ACTION_PENDING && e == LS_ACTION_SEND);
        if (step.status == LS_ACTION_CANCELLED)
          g_assert_true (e == LS_ACTION_CANCEL && s != LS_ACTION_SYNCING);
        if (step.status == LS_ACTION_FAILED)
          g_assert_cmpint (e, ==, LS_ACTION_REFUSE);
      }
}

/* A dead letter is never let go by the program itself, and what is with the server always comes back. */
static void
test_action_machine_nothing_is_lost (void)
{
  static const LsActionEvent by_itself[] = { LS_ACTION_SEND,    LS_ACTION_POSTPONE,
                                             LS_ACTION_REFUSE,  LS_ACTION_COLLIDE,
                                             LS_ACTION_MOVE_ON, LS_ACTION_SUPERSEDE };
  static const LsActionEvent answers[] = { LS_ACTION_POSTPONE, LS_ACTION_ACCEPT, LS_ACTION_REFUSE,
                                           LS_ACTION_COLLIDE };
  LsActionStep step;

  for (guint i = 0; i < G_N_ELEMENTS (by_itself); i++)
    g_assert_false (ls_action_machine_step (LS_ACTION_FAILED, by_itself[i], &step));
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    g_assert_true (ls_action_machine_step (LS_ACTION_SYNCING, answers[i], &step));
}

static char *
draw (void)
{
  GString *text = g_string_new ("| |");

  for (guint e = 0; e < LS_N_ACTION_EVENTS; e++)
    g_string_append_printf (text, " %s |", ls_action_event_to_string ((LsActionEvent)e));
  g_string_append (text, "\n|---|");
  for (guint e = 0; e < LS_N_ACTION_EVENTS; e++)
    g_string_append (text, "---|");
  for (guint s = 0; s < LS_N_ACTION_STATUSES; s++)
    {
      g_string_append_printf (text, "\n| `%s` |", ls_action_status_to_string ((LsActionStatus)s));
      for (guint e = 0; e < LS_N_ACTION_EVENTS; e++)
        {
          LsActionStep step;
          gboolean can = ls_action_machine_step ((LsActionStatus)s, (LsActionEvent)e, &step);

          g_string_append_printf (text, " %s |",
                                  can ? ls_action_status_to_string (step.status) : "");
        }
    }
  g_string_append_c (text, '\n');
  return g_string_free (text, FALSE);
}

static void
test_action_machine_is_in_document (gconstpointer path)
{
  g_autofree char *drawing = draw ();
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (strstr (text, drawing));
}

int
main (int argc, char *argv[])
{
  g_autofree char *drawing = NULL;

  if (argc > 1 && g_str_equal (argv[1], "--print"))
    {
      drawing = draw ();
      g_print ("%s", drawing);
      return 0;
    }

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  g_test_add_func ("/core/action-machine/every-pair", test_action_machine_every_pair);
  g_test_add_func ("/core/action-machine/nothing-is-lost", test_action_machine_nothing_is_lost);
  g_test_add_data_func ("/core/action-machine/is-in-the-readme", argv[1],
                        test_action_machine_is_in_document);
  return g_test_run ();
}
