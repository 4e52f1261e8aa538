/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-heartbeat.h"

static const LsHeartbeatProfile active = { 5000, 4000 };

static void
test_heartbeat_silence (void)
{
  LsHeartbeat heartbeat;
  gint64 next = 0;

  ls_heartbeat_start (&heartbeat, active, 1000);
  g_assert_cmpint (ls_heartbeat_check (&heartbeat, 1000, &next), ==, LS_HEARTBEAT_WAIT);
  g_assert_cmpint (next, ==, 6000);
  g_assert_cmpint (ls_heartbeat_check (&heartbeat, 6000, &next), ==, LS_HEARTBEAT_PING);
  g_assert_cmpint (next, ==, 9900);
  g_assert_cmpint (ls_heartbeat_check (&heartbeat, 9899, &next), ==, LS_HEARTBEAT_WAIT);
  /* a little less than nine seconds after the last sign of life */
  g_assert_cmpint (ls_heartbeat_check (&heartbeat, 9900, &next), ==, LS_HEARTBEAT_DEAD);
}

static void
test_heartbeat_any_frame_is_life (void)
{
  LsHeartbeat heartbeat;
  gint64 next = 0;

  ls_heartbeat_start (&heartbeat, active, 0);
  g_assert_cmpint (ls_heartbeat_check (&heartbeat, 5000, &next), ==, LS_HEARTBEAT_PING);
  ls_heartbeat_heard (&heartbeat, 8000);
  g_assert_cmpint (ls_heartbeat_check (&heartbeat, 9000, &next), ==, LS_HEARTBEAT_WAIT);
  g_assert_cmpint (next, ==, 13000);
}

static void
test_heartbeat_probe (void)
{
  LsHeartbeat heartbeat;
  gint64 next = 0;

  ls_heartbeat_start (&heartbeat, active, 0);
  ls_heartbeat_probe (&heartbeat, 1000);
  g_assert_cmpint (ls_heartbeat_check (&heartbeat, 3899, &next), ==, LS_HEARTBEAT_WAIT);
  g_assert_cmpint (ls_heartbeat_check (&heartbeat, 3900, &next), ==, LS_HEARTBEAT_DEAD);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/heartbeat/silence", test_heartbeat_silence);
  g_test_add_func ("/core/heartbeat/any-frame-is-life", test_heartbeat_any_frame_is_life);
  g_test_add_func ("/core/heartbeat/probe", test_heartbeat_probe);
  return g_test_run ();
}
