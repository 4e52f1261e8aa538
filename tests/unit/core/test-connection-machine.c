/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-connection-machine.h"

/* What must hold of every pair, whatever the table says. */
static void
test_connection_machine_every_pair (void)
{
  for (guint s = 0; s < LS_N_STATES; s++)
    for (guint e = 0; e < LS_N_CONNECTION_EVENTS; e++)
      {
        LsConnectionStep step = ls_connection_machine_step ((LsState)s, (LsConnectionEvent)e);
        gboolean at_rest =
            s == LS_STATE_STOPPED || s == LS_STATE_SIGNED_OUT || s == LS_STATE_SUSPENDED;

        g_assert_cmpuint (step.state, <, LS_N_STATES);
        g_assert_cmpuint (step.action, <, LS_N_CONNECTION_ACTIONS);
        if (e == LS_CONNECTION_STOP)
          g_assert_cmpint (step.state, ==, LS_STATE_STOPPED);
        else if (e == LS_CONNECTION_SIGN_OUT)
          g_assert_cmpint (step.state, ==, LS_STATE_SIGNED_OUT);
        else if (e == LS_CONNECTION_SUSPEND)
          g_assert_cmpint (step.state, ==, LS_STATE_SUSPENDED);
        else if (at_rest && e != LS_CONNECTION_GO)
          g_assert_true (step.state == s && step.action == LS_CONNECTION_ACTION_NONE);

        if (e <= LS_CONNECTION_SUSPEND)
          g_assert_cmpint (step.action, ==, LS_CONNECTION_ACTION_HANG_UP);
        if (step.state == LS_STATE_LIVE && s != LS_STATE_LIVE)
          g_assert_cmpint (e, ==, LS_CONNECTION_CAUGHT_UP);
        if (step.state == LS_STATE_OFFLINE && s != LS_STATE_OFFLINE)
          g_assert_cmpint (e, ==, LS_CONNECTION_NO_NETWORK);
      }
}

/* Every state that is not at rest leads to an attempt again by itself: it never gives up. */
static void
test_connection_machine_never_gives_up (void)
{
  static const LsState states[] = { LS_STATE_CONNECTING, LS_STATE_LIVE, LS_STATE_POLLING,
                                    LS_STATE_WAITING, LS_STATE_OFFLINE };

  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    {
      LsConnectionStep step = ls_connection_machine_step (states[i], LS_CONNECTION_UNREACHABLE);

      g_assert_cmpint (step.state, ==, LS_STATE_WAITING);
      g_assert_cmpint (step.action, ==, LS_CONNECTION_ACTION_WAIT);
      step = ls_connection_machine_step (step.state, LS_CONNECTION_RETRY_DUE);
      g_assert_cmpint (step.state, ==, LS_STATE_CONNECTING);
      g_assert_cmpint (step.action, ==, LS_CONNECTION_ACTION_ATTEMPT);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/connection-machine/every-pair", test_connection_machine_every_pair);
  g_test_add_func ("/core/connection-machine/never-gives-up",
                   test_connection_machine_never_gives_up);
  return g_test_run ();
}
