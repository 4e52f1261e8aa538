/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-fake-random.h"
#include "ls-token-keeper.h"

#define ISSUED G_GINT64_CONSTANT (1700000000000)
#define LIFE G_GINT64_CONSTANT (900000)

static gint64
get_issued (const char *token)
{
  if (g_str_equal (token, "endless"))
    return 0;

  return g_str_equal (token, "newer") ? ISSUED + 1000 : ISSUED;
}

static gint64
get_expiry (const char *token)
{
  return g_str_equal (token, "endless") ? 0 : ISSUED + LIFE;
}

static LsUser *
get_user (const char *token)
{
  return NULL;
}

static const LsTokenReader reader = { get_issued, get_expiry, get_user };

static void
test_token_keeper_refresh_time (void)
{
  g_autoptr (LsRandom) random = LS_RANDOM (ls_fake_random_new (3));
  gint64 earliest = G_MAXINT64;
  gint64 latest = 0;

  for (guint i = 0; i < 1000; i++)
    {
      LsTokenKeeper keeper = { 0 };
      g_autoptr (LsSession) session = ls_session_new ("token", "refresh");

      ls_token_keeper_take (&keeper, session, &reader, random, 5000, 0);
      earliest = MIN (earliest, keeper.refresh_due - 5000);
      latest = MAX (latest, keeper.refresh_due - 5000);
      g_assert_false (ls_token_keeper_is_over (&keeper, 5000 + LIFE - 1));
      g_assert_true (ls_token_keeper_is_over (&keeper, 5000 + LIFE));
      ls_token_keeper_clear (&keeper);
    }
  /* 80 % of its life, give or take 10 % */
  g_assert_cmpint (earliest, >=, LIFE * 70 / 100);
  g_assert_cmpint (earliest, <, LIFE * 72 / 100);
  g_assert_cmpint (latest, <=, LIFE * 90 / 100);
  g_assert_cmpint (latest, >, LIFE * 88 / 100);
}

static void
test_token_keeper_age (void)
{
  g_autoptr (LsRandom) random = LS_RANDOM (ls_fake_random_new (3));
  g_autoptr (LsSession) session = ls_session_new ("token", "refresh");
  LsTokenKeeper keeper = { 0 };

  ls_token_keeper_take (&keeper, session, &reader, random, 1000000, LIFE + 5);
  g_assert_true (ls_token_keeper_is_due (&keeper, 1000000));
  g_assert_true (ls_token_keeper_is_over (&keeper, 1000000));
  /* a wall clock that is years behind makes no token young */
  ls_token_keeper_take (&keeper, session, &reader, random, 1000000, -1000000);
  g_assert_false (ls_token_keeper_is_due (&keeper, 1000000));
  ls_token_keeper_clear (&keeper);
}

static void
test_token_keeper_endless (void)
{
  g_autoptr (LsRandom) random = LS_RANDOM (ls_fake_random_new (3));
  g_autoptr (LsSession) session = ls_session_new ("endless", NULL);
  LsTokenKeeper keeper = { 0 };

  ls_token_keeper_take (&keeper, session, &reader, random, 1000, 0);
  g_assert_false (ls_token_keeper_is_due (&keeper, G_MAXINT64));
  g_assert_false (ls_token_keeper_is_over (&keeper, G_MAXINT64));
  ls_token_keeper_clear (&keeper);
}

static void
test_token_keeper_keeps_refresh_token (void)
{
  g_autoptr (LsRandom) random = LS_RANDOM (ls_fake_random_new (3));
  g_autoptr (LsSession) first = ls_session_new ("token", "refresh");
  g_autoptr (LsSession) second = ls_session_new ("token2", NULL);
  LsTokenKeeper keeper = { 0 };

  ls_token_keeper_take (&keeper, first, &reader, random, 1000, 0);
  ls_token_keeper_take (&keeper, second, &reader, random, 2000, 0);
  g_assert_cmpstr (keeper.session->access, ==, "token2");
  g_assert_cmpstr (keeper.session->refresh, ==, "refresh");
  ls_token_keeper_clear (&keeper);
}

static void
test_token_keeper_without_refresh_token (void)
{
  g_autoptr (LsRandom) random = LS_RANDOM (ls_fake_random_new (3));
  g_autoptr (LsSession) session = ls_session_new ("token", NULL);
  LsTokenKeeper keeper = { 0 };

  ls_token_keeper_take (&keeper, session, &reader, random, 5000, 0);
  g_assert_false (ls_token_keeper_is_due (&keeper, G_MAXINT64));
  g_assert_true (ls_token_keeper_is_over (&keeper, 5000 + LIFE));
  ls_token_keeper_clear (&keeper);
}

/* The token of a sign-in stays beside the one that takes its place, as long as it is good. */
static void
test_token_keeper_login (void)
{
  g_autoptr (LsRandom) random = LS_RANDOM (ls_fake_random_new (3));
  g_autoptr (LsSession) login = ls_session_new ("login", "refresh");
  g_autoptr (LsSession) refreshed = ls_session_new ("refreshed", NULL);
  g_autoptr (LsSession) again = ls_session_new ("again", NULL);
  LsTokenKeeper keeper = { 0 };

  ls_token_keeper_take (&keeper, login, &reader, random, 1000, 0);
  keeper.is_login = TRUE;
  g_assert_cmpstr (ls_token_keeper_get_login (&keeper, 1000), ==, "login");
  ls_token_keeper_take (&keeper, refreshed, &reader, random, 1000 + LIFE / 2, 0);
  ls_token_keeper_take (&keeper, again, &reader, random, 2000 + LIFE / 2, 0);
  g_assert_cmpstr (keeper.session->access, ==, "again");
  g_assert_cmpstr (ls_token_keeper_get_login (&keeper, 1000 + LIFE - 1), ==, "login");
  g_assert_cmpstr (ls_token_keeper_get_login (&keeper, 1000 + LIFE), ==, "again");
  ls_token_keeper_clear (&keeper);
  g_assert_null (keeper.login);
}

/* Whatever we reckon, the server knows whether a token is over. */
static void
test_token_keeper_refused (void)
{
  g_autoptr (LsRandom) random = LS_RANDOM (ls_fake_random_new (3));
  g_autoptr (LsSession) login = ls_session_new ("login", "refresh");
  g_autoptr (LsSession) refreshed = ls_session_new ("refreshed", NULL);
  LsTokenKeeper keeper = { 0 };

  ls_token_keeper_take (&keeper, login, &reader, random, 1000, 0);
  keeper.is_login = TRUE;
  g_assert_false (ls_token_keeper_is_over (&keeper, 2000));
  ls_token_keeper_refused (&keeper, 2000);
  g_assert_true (ls_token_keeper_is_over (&keeper, 2000));
  g_assert_true (ls_token_keeper_is_due (&keeper, 2000));
  ls_token_keeper_take (&keeper, refreshed, &reader, random, 3000, 0);
  g_assert_false (ls_token_keeper_is_over (&keeper, 3000));
  g_assert_cmpstr (ls_token_keeper_get_login (&keeper, 3000), ==, "refreshed");
  ls_token_keeper_clear (&keeper);
}

/* Whatever our clock made of a token's age: once the server says what time it is, its end is right. */
static void
test_token_keeper_date (void)
{
  static const gint64 wrong_ages[] = { 0, LIFE / 3, LIFE, LIFE + 7200000, -7200000, ISSUED };
  const gint64 now = 5000000;
  const gint64 age = LIFE / 2;
  g_autoptr (LsRandom) random = LS_RANDOM (ls_fake_random_new (3));
  g_autoptr (LsSession) session = ls_session_new ("token", "refresh");

  for (guint i = 0; i < G_N_ELEMENTS (wrong_ages); i++)
    {
      LsTokenKeeper keeper = { 0 };

      ls_token_keeper_take (&keeper, session, &reader, random, now, wrong_ages[i]);
      g_assert_true (ls_token_keeper_date (&keeper, ISSUED + age, now));
      g_assert_cmpint (keeper.end, ==, now + LIFE - age);
      g_assert_cmpint (keeper.refresh_due, >=, now - age + LIFE * 70 / 100);
      g_assert_cmpint (keeper.refresh_due, <=, now - age + LIFE * 90 / 100);
      /* ... and a server that contradicts itself changes it no more. */
      g_assert_false (ls_token_keeper_date (&keeper, ISSUED + LIFE, now));
      g_assert_false (ls_token_keeper_is_over (&keeper, now));
      ls_token_keeper_clear (&keeper);
    }
}

/* A server that says it is before the token was made does not have it live for ever. */
static void
test_token_keeper_date_before_issue (void)
{
  g_autoptr (LsRandom) random = LS_RANDOM (ls_fake_random_new (3));
  g_autoptr (LsSession) session = ls_session_new ("token", "refresh");
  LsTokenKeeper keeper = { 0 };

  ls_token_keeper_take (&keeper, session, &reader, random, 5000, LIFE / 2);
  g_assert_true (ls_token_keeper_date (&keeper, 1, 5000));
  g_assert_cmpint (keeper.end, ==, 5000 + LIFE);
  ls_token_keeper_clear (&keeper);
}

static void
test_token_keeper_is_older (void)
{
  g_autoptr (LsRandom) random = LS_RANDOM (ls_fake_random_new (3));
  g_autoptr (LsSession) session = ls_session_new ("token", "refresh");
  g_autoptr (LsSession) same = ls_session_new ("token", "other");
  g_autoptr (LsSession) newer = ls_session_new ("newer", "refresh");
  g_autoptr (LsSession) endless = ls_session_new ("endless", "refresh");
  LsTokenKeeper keeper = { 0 };

  ls_token_keeper_take (&keeper, session, &reader, random, 5000, 0);
  g_assert_true (ls_token_keeper_is_older (&keeper, newer, &reader));
  g_assert_false (ls_token_keeper_is_older (&keeper, same, &reader));
  g_assert_false (ls_token_keeper_is_older (&keeper, endless, &reader));
  ls_token_keeper_take (&keeper, newer, &reader, random, 5000, 0);
  g_assert_false (ls_token_keeper_is_older (&keeper, session, &reader));
  ls_token_keeper_clear (&keeper);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/token-keeper/refresh-time", test_token_keeper_refresh_time);
  g_test_add_func ("/core/token-keeper/age", test_token_keeper_age);
  g_test_add_func ("/core/token-keeper/endless", test_token_keeper_endless);
  g_test_add_func ("/core/token-keeper/keeps-refresh-token", test_token_keeper_keeps_refresh_token);
  g_test_add_func ("/core/token-keeper/without-refresh-token",
                   test_token_keeper_without_refresh_token);
  g_test_add_func ("/core/token-keeper/date", test_token_keeper_date);
  g_test_add_func ("/core/token-keeper/date/before-issue", test_token_keeper_date_before_issue);
  g_test_add_func ("/core/token-keeper/is-older", test_token_keeper_is_older);
  g_test_add_func ("/core/token-keeper/login", test_token_keeper_login);
  g_test_add_func ("/core/token-keeper/refused", test_token_keeper_refused);
  return g_test_run ();
}
