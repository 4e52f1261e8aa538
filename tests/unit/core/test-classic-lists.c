/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables of which a poll may not have everything: when their lists are asked for. */
#include "ls-classic-world.h"

/* Beyond a hundred rows the list has the rest: at once for the first time, then every five minutes. */
static void
test_classic_more_than_fit (LsClassicWorld *w, gconstpointer data)
{
  ls_classic_world_set_announcements (w, 1, 131);
  ls_classic_world_assert_run (w, "students poll announcements", "", 1);
  g_assert_cmpuint (ls_classic_world_count (w, LS_ENTITY_ANNOUNCEMENT), ==, 131);
  g_assert_cmphex (ls_classic_get_incomplete (w->classic), ==, 0);

  ls_classic_world_set_announcements (w, 132, 132);
  ls_classic_world_delete_row (w, LS_ENTITY_ANNOUNCEMENT, "a120");
  /* the first poll writes what it has, as its own digest is not known yet */
  ls_classic_world_assert_run (w, "poll", "", 1);
  ls_classic_world_wait (w, 5 * MINUTE);
  ls_classic_world_assert_run (w, "poll announcements",
                               "announcement_created:a132 announcement_deleted:a120", 1);
  /* what the list changed is compared with the poll once, too */
  ls_classic_world_assert_run (w, "poll", "", 1);
  ls_classic_world_wait (w, 5 * MINUTE);
  ls_classic_world_assert_run (w, "poll announcements", "", 0);
}

/* Of the hundred oldest the poll tells at once what changed, and the list what is gone. */
static void
test_classic_among_the_oldest (LsClassicWorld *w, gconstpointer data)
{
  ls_classic_world_set_announcements (w, 1, 131);
  ls_classic_world_run (w);
  ls_classic_world_run (w);
  ls_classic_world_forget_log (w);
  ls_classic_world_set_row (w, LS_ENTITY_ANNOUNCEMENT, "a7", "{\"id\":\"a7\",\"title\":\"new\"}");
  ls_classic_world_assert_run (w, "poll", "announcement_updated:a7", 1);
  ls_classic_world_delete_row (w, LS_ENTITY_ANNOUNCEMENT, "a8");
  ls_classic_world_assert_run (w, "poll", "", 1);
  ls_classic_world_wait (w, 5 * MINUTE);
  ls_classic_world_assert_run (w, "poll announcements", "announcement_deleted:a8", 1);
  g_assert_cmpuint (ls_classic_world_count (w, LS_ENTITY_ANNOUNCEMENT), ==, 130);
}

/* Exactly a hundred prove nothing; one less proves everything. */
static void
test_classic_exactly_full (LsClassicWorld *w, gconstpointer data)
{
  ls_classic_world_set_announcements (w, 1, FULL);
  ls_classic_world_assert_run (w, "students poll announcements", "", 1);
  ls_classic_world_wait (w, 5 * MINUTE);
  ls_classic_world_assert_run (w, "poll announcements", "", 1);
  ls_classic_world_delete_row (w, LS_ENTITY_ANNOUNCEMENT, "a50");
  ls_classic_world_wait (w, 5 * MINUTE);
  ls_classic_world_assert_run (w, "poll", "announcement_deleted:a50", 1);
}

/* Rows without an id fill a poll, too. */
static void
test_classic_full_of_nobody (LsClassicWorld *w, gconstpointer data)
{
  ls_classic_world_set_announcements (w, 1, 60);
  w->n_without_id = 40;
  ls_classic_world_assert_run (w, "students poll announcements", "", 1);
  w->n_without_id = 39;
  ls_classic_world_delete_row (w, LS_ENTITY_ANNOUNCEMENT, "a50");
  ls_classic_world_assert_run (w, "poll", "announcement_deleted:a50", 1);
}

/* A token that was refreshed is good for polls alone: what they have has to do. */
static void
test_classic_lists_refused (LsClassicWorld *w, gconstpointer data)
{
  ls_classic_world_set_announcements (w, 1, 131);
  w->list_error = LS_REASON_TOKEN_REFUSED;
  ls_classic_world_assert_run (w, "students poll announcements", "", 1);
  g_assert_cmpuint (ls_classic_world_count (w, LS_ENTITY_ANNOUNCEMENT), ==, FULL);
  g_assert_true (ls_classic_are_lists_refused (w->classic));
  g_assert_cmphex (ls_classic_get_incomplete (w->classic), ==, BIT (ANNOUNCEMENT));
  ls_classic_world_wait (w, HOUR);
  ls_classic_ask (w->classic);
  ls_classic_world_assert_run (w, "poll", "", 0);

  w->list_error = LS_REASON_NONE;
  ls_classic_signed_in (w->classic);
  ls_classic_world_assert_run (
      w, "students poll announcements",
      "announcement_created:a101 announcement_created:a102 announcement_created:a103 "
      "announcement_created:a104 announcement_created:a105 announcement_created:a106 "
      "announcement_created:a107 announcement_created:a108 announcement_created:a109 "
      "announcement_created:a110 announcement_created:a111 announcement_created:a112 "
      "announcement_created:a113 announcement_created:a114 announcement_created:a115 "
      "announcement_created:a116 announcement_created:a117 announcement_created:a118 "
      "announcement_created:a119 announcement_created:a120 announcement_created:a121 "
      "announcement_created:a122 announcement_created:a123 announcement_created:a124 "
      "announcement_created:a125 announcement_created:a126 announcement_created:a127 "
      "announcement_created:a128 announcement_created:a129 announcement_created:a130 "
      "announcement_created:a131",
      1);
  g_assert_false (ls_classic_are_lists_refused (w->classic));
}

/* Before a poll it may be the token itself that is refused, and the next one good for lists. */
static void
test_classic_token_refused (LsClassicWorld *w, gconstpointer data)
{
  w->lesson_error = LS_REASON_TOKEN_REFUSED;
  w->poll_error = LS_REASON_TOKEN_REFUSED;
  ls_classic_world_assert_run (w, "students poll", "", 0);
  g_assert_false (ls_classic_are_lists_refused (w->classic));
  w->poll_error = LS_REASON_NONE;
  ls_classic_world_wait (w, 5 * MINUTE);
  ls_classic_world_assert_run (w, "students poll", "", 0);
  g_assert_true (ls_classic_are_lists_refused (w->classic));
}

/* A list that fails leaves the poll's rows, and is asked for again later. */
static void
test_classic_list_fails (LsClassicWorld *w, gconstpointer data)
{
  ls_classic_world_set_announcements (w, 1, 101);
  w->list_error = LS_REASON_SERVER_UNREACHABLE;
  ls_classic_world_assert_run (w, "students poll announcements", "", 1);
  g_assert_cmpuint (ls_classic_world_count (w, LS_ENTITY_ANNOUNCEMENT), ==, FULL);
  w->list_error = LS_REASON_NONE;
  ls_classic_world_assert_run (w, "poll", "", 0);
  ls_classic_world_wait (w, 5 * MINUTE);
  ls_classic_world_assert_run (w, "poll announcements", "announcement_created:a101", 1);
}

/* Where the school's limit is short, nothing more than the poll is asked for. */
static void
test_classic_short_of_quota (LsClassicWorld *w, gconstpointer data)
{
  ls_classic_world_set_announcements (w, 1, 101);
  w->remaining = 39;
  ls_classic_world_assert_run (w, "students poll", "", 1);
  w->remaining = 40;
  ls_classic_world_assert_run (w, "poll announcements", "announcement_created:a101", 1);
}

static void
test_classic_limit_reached (LsClassicWorld *w, gconstpointer data)
{
  w->followed = BIT (ANNOUNCEMENT) | BIT (EVENT);
  ls_classic_world_set_announcements (w, 1, 101);
  w->list_error = LS_REASON_RATE_LIMITED;
  ls_classic_world_assert_run (w, "students poll announcements", "", 1);
  ls_classic_world_assert_run (w, "poll school_events", "", 0);
}

/* When nobody waits for it, there is one list in a run; a user who asks gets them all. */
static void
test_classic_one_list_in_a_run (LsClassicWorld *w, gconstpointer data)
{
  w->followed = BIT (ANNOUNCEMENT) | BIT (EVENT);
  ls_classic_world_set_announcements (w, 1, 101);
  for (guint i = 0; i < FULL; i++)
    {
      g_autofree char *id = g_strdup_printf ("e%u", i);

      ls_classic_world_set_row (w, LS_ENTITY_EVENT, id, "{}");
    }
  ls_classic_world_assert_run (w, "students poll announcements school_events", "", 2);
  ls_classic_world_run (w);
  ls_classic_world_forget_log (w);
  ls_classic_world_wait (w, 5 * MINUTE);
  ls_classic_world_assert_run (w, "poll announcements", "", 0);
  ls_classic_world_assert_run (w, "poll school_events", "", 0);
  ls_classic_world_assert_run (w, "poll", "", 0);
  ls_classic_ask (w->classic);
  ls_classic_world_assert_run (w, "poll announcements school_events", "", 0);
  ls_classic_world_assert_run (w, "poll", "", 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  LS_CLASSIC_ADD ("full/more-than-fit", test_classic_more_than_fit);
  LS_CLASSIC_ADD ("full/among-the-oldest", test_classic_among_the_oldest);
  LS_CLASSIC_ADD ("full/exactly", test_classic_exactly_full);
  LS_CLASSIC_ADD ("full/of-nobody", test_classic_full_of_nobody);
  LS_CLASSIC_ADD ("lists/refused", test_classic_lists_refused);
  LS_CLASSIC_ADD ("lists/token-refused", test_classic_token_refused);
  LS_CLASSIC_ADD ("lists/fail", test_classic_list_fails);
  LS_CLASSIC_ADD ("lists/short-of-quota", test_classic_short_of_quota);
  LS_CLASSIC_ADD ("lists/limit-reached", test_classic_limit_reached);
  LS_CLASSIC_ADD ("lists/one-in-a-run", test_classic_one_list_in_a_run);
  return g_test_run ();
}
