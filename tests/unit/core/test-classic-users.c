/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users, of whom a poll has those that changed since a day. */
#include "ls-classic-world.h"

/* The users of a day are never found from that day on: so what is asked from is the day before. */
static void
test_classic_users (LsClassicWorld *w, gconstpointer data)
{
  gint64 midnight;

  w->followed = BIT (USER);
  ls_classic_world_set_user (w, "sari", "Sari");
  ls_classic_world_set_user (w, "budi", "Budi");
  ls_classic_world_run (w); /* all */
  g_assert_cmpint (w->since, ==, 0);
  g_assert_cmpuint (ls_classic_world_count (w, LS_ENTITY_USER), ==, 2);
  ls_classic_world_forget_log (w);

  w->remaining = 90; /* and with that the server's time */
  ls_classic_world_run (w);
  ls_classic_world_run (w);
  ls_classic_world_forget_log (w);
  g_assert_cmpint (w->since, ==, ls_classic_world_get_time (w) / DAY * DAY - 1);
  ls_classic_world_set_user (w, "sari", "Sari W.");
  ls_classic_world_assert_run (w, "poll", "user_updated:sari", 1);
  ls_classic_world_assert_run (w, "poll", "", 0);

  /* just before midnight, seen just after it */
  midnight = (ls_classic_world_get_time (w) / DAY + 1) * DAY;
  ls_classic_world_wait (w, midnight - 1000 - ls_classic_world_get_time (w));
  ls_classic_world_run (w);
  ls_classic_world_forget_log (w);
  ls_classic_world_set_user (w, "budi", "Budi S.");
  ls_classic_world_wait (w, 2000);
  ls_classic_world_assert_run (w, "poll", "user_updated:budi", 1);
  g_assert_cmpint (w->since, ==, midnight - DAY - 1);
}

/* Who is gone shows when all are asked for: every hour, and when a user asks. */
static void
test_classic_users_deleted (LsClassicWorld *w, gconstpointer data)
{
  w->followed = BIT (USER);
  ls_classic_world_set_user (w, "sari", "Sari");
  ls_classic_world_set_user (w, "budi", "Budi");
  ls_classic_world_set_user (w, "dewi", "Dewi");
  ls_classic_world_run (w);
  ls_classic_world_run (w);
  ls_classic_world_forget_log (w);
  ls_classic_world_delete_row (w, LS_ENTITY_USER, "budi");
  ls_classic_world_run (w);
  ls_classic_world_assert_took (w->told, "");
  ls_classic_world_wait (w, HOUR);
  ls_classic_world_run (w);
  g_assert_cmpint (w->since, ==, 0);
  ls_classic_world_assert_took (w->told, "user_deleted:budi");
  ls_classic_world_delete_row (w, LS_ENTITY_USER, "dewi");
  ls_classic_ask (w->classic);
  ls_classic_world_run (w);
  ls_classic_world_assert_took (w->told, "user_deleted:dewi");
  ls_classic_world_forget_log (w);
  ls_classic_world_wait (w, HOUR);
  ls_classic_world_assert_run (w, "poll", "", 0);
}

/* Whoever asks while a poll is out, that poll can't answer. */
static void
test_classic_asked_during_a_poll (LsClassicWorld *w, gconstpointer data)
{
  LsCommand *command;

  w->followed = BIT (USER);
  ls_classic_world_set_user (w, "sari", "Sari");
  ls_classic_world_set_user (w, "budi", "Budi");
  ls_classic_world_run (w);
  ls_classic_world_forget_log (w);
  command = ls_classic_world_start (w);
  ls_classic_ask (w->classic);
  ls_classic_world_delete_row (w, LS_ENTITY_USER, "budi");
  while (command != NULL)
    command = ls_classic_world_answer (w, command);
  ls_classic_world_assert_took (w->told, "");
  ls_classic_world_run (w);
  ls_classic_world_assert_took (w->told, "user_deleted:budi");
}

/* A table of users that fails has not lost them. */
static void
test_classic_users_left_out (LsClassicWorld *w, gconstpointer data)
{
  w->followed = BIT (USER);
  w->failing = BIT (USER);
  ls_classic_world_set_user (w, "sari", "Sari");
  ls_classic_world_assert_run (w, "students poll", "", 0);
  ls_classic_world_assert_run (w, "poll", "", 0);
  g_assert_cmpint (w->since, ==, 0);
  w->failing = 0;
  ls_classic_world_assert_run (w, "poll", "", 1);
  w->failing = BIT (USER);
  ls_classic_world_wait (w, HOUR);
  ls_classic_world_assert_run (w, "poll", "", 0);
}

/* By our own clock alone it may be a day later than it is. */
static void
test_classic_users_by_own_clock (LsClassicWorld *w, gconstpointer data)
{
  w->followed = BIT (USER);
  ls_classic_world_set_user (w, "sari", "Sari");
  ls_classic_world_run (w);
  ls_classic_world_run (w);
  g_assert_cmpint (w->since, ==, ls_classic_world_get_time (w) / DAY * DAY - DAY - 1);
}

/* Nobody wants users: then none are asked for, by a date all the same, as others lose them. */
static void
test_classic_users_unwanted (LsClassicWorld *w, gconstpointer data)
{
  ls_classic_world_run (w);
  g_assert_cmpint (w->since, ==, ls_classic_world_get_time (w));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  LS_CLASSIC_ADD ("users/changed", test_classic_users);
  LS_CLASSIC_ADD ("users/deleted", test_classic_users_deleted);
  LS_CLASSIC_ADD ("users/asked-during-a-poll", test_classic_asked_during_a_poll);
  LS_CLASSIC_ADD ("users/left-out", test_classic_users_left_out);
  LS_CLASSIC_ADD ("users/by-own-clock", test_classic_users_by_own_clock);
  LS_CLASSIC_ADD ("users/unwanted", test_classic_users_unwanted);
  return g_test_run ();
}
