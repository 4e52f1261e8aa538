/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-tray-view.h"

#include <string.h>

/* 2026-11-23 14:05:09 in Jakarta, where this test runs. */
#define NOW G_GINT64_CONSTANT (1795417509000)
#define MINUTE (60 * 1000)
#define DAY (24 * 60 * MINUTE)

/* clang-format off */
static const char *const all_states[] = {
  "stopped", "signed-out", "offline", "connecting", "live", "polling", "waiting", "suspended",
  "of-the-future", NULL,
};
static const char *const all_reasons[] = {
  "none", "not-configured", "no-network", "captive-portal", "proxy-auth", "tls-untrusted",
  "upgrade-refused", "server-unreachable", "server-draining", "rate-limited", "token-refused",
  "clock-skew", "policy", "user", "storage", "of-the-future", NULL,
};
static const char *const all_accounts[] = {
  "signed-out", "signed-in", "expired", "locked", "of-the-future", NULL,
};
/* clang-format on */

static gboolean
is_one_of (const char *word, const char *words)
{
  g_auto (GStrv) list = g_strsplit (words, " ", -1);

  return word != NULL && g_strv_contains ((const char *const *)list, word);
}

/* The rule for people, written without a look at the code: whether somebody has to do something. */
static gboolean
needs_somebody (const char *state, const char *reason, const char *account)
{
  if (is_one_of (reason, "captive-portal proxy-auth tls-untrusted clock-skew storage"))
    return TRUE;
  if (is_one_of (reason, "token-refused") && !is_one_of (state, "connecting"))
    return TRUE;

  return !is_one_of (state, "stopped suspended") &&
         (is_one_of (account, "signed-out expired locked") || is_one_of (state, "signed-out"));
}

static LsTrayIcon
expect_icon (const char *state, const char *reason, const char *account)
{
  /* Paused is paused, whatever else there is. */
  if (is_one_of (state, "stopped suspended"))
    return needs_somebody (state, reason, account) ? LS_TRAY_ICON_ATTENTION : LS_TRAY_ICON_STOPPED;
  if (needs_somebody (state, reason, account))
    return LS_TRAY_ICON_ATTENTION;
  if (is_one_of (state, "live polling"))
    return LS_TRAY_ICON_LIVE;
  if (is_one_of (state, "offline waiting"))
    return LS_TRAY_ICON_OFFLINE;
  if (is_one_of (state, "connecting") &&
      is_one_of (reason, "not-configured no-network upgrade-refused server-unreachable "
                         "server-draining rate-limited policy user"))
    return LS_TRAY_ICON_OFFLINE;

  return LS_TRAY_ICON_WORKING;
}

static gboolean
can (const LsTrayView *view, LsTrayEntryId id)
{
  return view->entries[id].visible && view->entries[id].enabled;
}

/* What holds whatever the agent says. */
static void
check_sense (const LsTrayView *view)
{
  g_assert_cmpuint (view->icon, <, LS_TRAY_N_ICONS);
  g_assert_true (view->urgent ==
                 (view->icon == LS_TRAY_ICON_ATTENTION || view->icon == LS_TRAY_ICON_CONFLICT));
  g_assert_true (g_str_has_prefix (view->title, "Lab Sync"));
  g_assert_nonnull (view->detail);
  g_assert_true (view->entries[LS_TRAY_ENTRY_STATUS].visible);
  g_assert_true (can (view, LS_TRAY_ENTRY_ABOUT));
  g_assert_false (view->entries[LS_TRAY_ENTRY_PAUSE].visible &&
                  view->entries[LS_TRAY_ENTRY_RESUME].visible);
  for (guint id = 1; id < LS_TRAY_N_ENTRIES; id++)
    {
      const LsTrayEntry *entry = &view->entries[id];
      gboolean line =
          id == LS_TRAY_ENTRY_LINE_ABOVE_ACTIONS || id == LS_TRAY_ENTRY_LINE_ABOVE_ABOUT;

      g_assert_true (entry->visible || !entry->enabled);
      if (entry->visible && !line)
        {
          g_assert_cmpint (g_utf8_strlen (entry->label, -1), >, 3);
          g_assert_cmpint (g_utf8_strlen (entry->label, -1), <, 60);
        }
    }
}

static void
test_view_every_state (void)
{
  guint n = 0;

  for (guint s = 0; s < G_N_ELEMENTS (all_states); s++)
    for (guint r = 0; r < G_N_ELEMENTS (all_reasons); r++)
      for (guint a = 0; a < G_N_ELEMENTS (all_accounts); a++, n++)
        {
          LsTraySnapshot snapshot = { .running = TRUE,
                                      .state = all_states[s],
                                      .reason = all_reasons[r],
                                      .account = all_accounts[a] };
          g_autoptr (LsTrayView) view = ls_tray_view_new (&snapshot, NOW);
          gboolean connected =
              is_one_of (all_states[s], "live polling of-the-future") || all_states[s] == NULL;

          g_test_message ("%s %s %s: %s", all_states[s], all_reasons[r], all_accounts[a],
                          ls_tray_icon_to_string (view->icon));
          check_sense (view);
          g_assert_cmpint (view->icon, ==,
                           expect_icon (all_states[s], all_reasons[r], all_accounts[a]));
          g_assert_false (view->entries[LS_TRAY_ENTRY_START].visible);
          g_assert_true (can (view, LS_TRAY_ENTRY_SYNC) == connected);
          g_assert_true (
              can (view, LS_TRAY_ENTRY_RESUME) ==
              (is_one_of (all_states[s], "stopped") && is_one_of (all_reasons[r], "user")));
          g_assert_true (can (view, LS_TRAY_ENTRY_PAUSE) ==
                         !is_one_of (all_states[s], "stopped signed-out suspended"));
        }
  g_assert_cmpuint (n, ==, 10 * 17 * 6);
}

/* Each reason of the contract has a sentence of its own, and no code is shown as it is. */
static void
test_view_reasons (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint r = 1; all_reasons[r] != NULL; r++)
    {
      LsTraySnapshot snapshot = {
        .running = TRUE, .state = "waiting", .reason = all_reasons[r], .account = "signed-in"
      };
      g_autoptr (LsTrayView) view = ls_tray_view_new (&snapshot, NOW);

      if (g_str_equal (all_reasons[r], "of-the-future"))
        {
          g_assert_false (view->entries[LS_TRAY_ENTRY_REASON].visible);
          g_assert_cmpstr (view->detail, ==, "");
          continue;
        }
      g_assert_true (view->entries[LS_TRAY_ENTRY_REASON].visible);
      g_assert_cmpstr (view->entries[LS_TRAY_ENTRY_REASON].label, ==, view->detail);
      g_assert_null (strstr (view->detail, all_reasons[r]));
      g_assert_true (g_hash_table_add (seen, g_strdup (view->detail)));
    }
  g_assert_cmpuint (g_hash_table_size (seen), ==, 14);
}

/* An account that does not work says so wherever the link stands, but for one reason: nobody is to
 * believe that work is safe when it can't be saved. */
static void
test_view_accounts (void)
{
  static const struct
  {
    const char *account, *detail;
  } rows[] = {
    { "signed-out", "Sign in to get the news of your school" },
    { "expired", "Please sign in again" },
    { "locked", "The keyring with your sign-in is locked" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      LsTraySnapshot snapshot = { .running = TRUE,
                                  .state = "waiting",
                                  .reason = "server-unreachable",
                                  .account = rows[i].account };
      g_autoptr (LsTrayView) view = ls_tray_view_new (&snapshot, NOW);
      g_autoptr (LsTrayView) full = NULL;

      g_assert_cmpstr (view->detail, ==, rows[i].detail);
      g_assert_cmpstr (view->entries[LS_TRAY_ENTRY_REASON].label, ==, rows[i].detail);

      snapshot.reason = "storage";
      full = ls_tray_view_new (&snapshot, NOW);
      g_assert_cmpstr (full->title, ==, "Lab Sync: Something needs your attention");
      g_assert_cmpstr (full->detail, ==, "Nothing can be saved. Is the disk full?");
    }
}

static void
test_view_absent (void)
{
  LsTraySnapshot snapshot = { .running = FALSE, .state = "live", .pending = 3, .conflicts = 1 };
  g_autoptr (LsTrayView) absent = ls_tray_view_new (&snapshot, NOW);
  g_autoptr (LsTrayView) starting = NULL;

  check_sense (absent);
  g_assert_cmpint (absent->icon, ==, LS_TRAY_ICON_STOPPED);
  g_assert_cmpstr (absent->title, ==, "Lab Sync is not running");
  g_assert_true (can (absent, LS_TRAY_ENTRY_START));
  g_assert_cmpint (ls_tray_view_get_default (absent), ==, LS_TRAY_ENTRY_START);
  g_assert_false (absent->entries[LS_TRAY_ENTRY_SYNC].visible);
  g_assert_false (absent->entries[LS_TRAY_ENTRY_RECONNECT].visible);
  g_assert_false (absent->entries[LS_TRAY_ENTRY_PAUSE].visible);
  g_assert_false (absent->entries[LS_TRAY_ENTRY_PENDING].visible);

  snapshot.starting = TRUE;
  starting = ls_tray_view_new (&snapshot, NOW);
  check_sense (starting);
  g_assert_cmpint (starting->icon, ==, LS_TRAY_ICON_WORKING);
  g_assert_true (starting->entries[LS_TRAY_ENTRY_START].visible);
  g_assert_cmpint (ls_tray_view_get_default (starting), ==, 0);
}

/* What is most urgent gives the icon; the menu tells all of it. */
static void
test_view_queue (void)
{
  LsTraySnapshot snapshot = {
    .running = TRUE, .state = "live", .reason = "none", .account = "signed-in", .pending = 1234
  };
  g_autoptr (LsTrayView) sending = ls_tray_view_new (&snapshot, NOW);
  g_autoptr (LsTrayView) refused = NULL;
  g_autoptr (LsTrayView) conflict = NULL;
  g_autoptr (LsTrayView) blocked = NULL;
  g_autoptr (LsTrayView) offline = NULL;

  g_assert_cmpint (sending->icon, ==, LS_TRAY_ICON_WORKING);
  g_assert_cmpstr (sending->entries[LS_TRAY_ENTRY_PENDING].label, ==,
                   "1234 changes still to be sent");
  g_assert_false (sending->entries[LS_TRAY_ENTRY_FAILED].visible);

  snapshot.failed = 1;
  refused = ls_tray_view_new (&snapshot, NOW);
  g_assert_cmpint (refused->icon, ==, LS_TRAY_ICON_ATTENTION);
  g_assert_cmpstr (refused->entries[LS_TRAY_ENTRY_FAILED].label, ==, "1 change was not accepted");

  snapshot.conflicts = 2;
  conflict = ls_tray_view_new (&snapshot, NOW);
  g_assert_cmpint (conflict->icon, ==, LS_TRAY_ICON_CONFLICT);
  g_assert_cmpstr (conflict->entries[LS_TRAY_ENTRY_CONFLICTS].label, ==,
                   "2 changes are in conflict");

  snapshot.account = "expired";
  blocked = ls_tray_view_new (&snapshot, NOW);
  g_assert_cmpint (blocked->icon, ==, LS_TRAY_ICON_ATTENTION);
  g_assert_true (blocked->entries[LS_TRAY_ENTRY_CONFLICTS].visible);

  snapshot = (LsTraySnapshot) { .running = TRUE,
                                .state = "waiting",
                                .reason = "server-unreachable",
                                .account = "signed-in",
                                .pending = 1 };
  offline = ls_tray_view_new (&snapshot, NOW);
  g_assert_cmpint (offline->icon, ==, LS_TRAY_ICON_OFFLINE);
  g_assert_cmpstr (offline->entries[LS_TRAY_ENTRY_PENDING].label, ==, "1 change still to be sent");
}

static void
test_view_syncing (void)
{
  LsTraySnapshot snapshot = {
    .running = TRUE, .syncing = TRUE, .state = "live", .reason = "none", .account = "signed-in"
  };
  g_autoptr (LsTrayView) view = ls_tray_view_new (&snapshot, NOW);

  check_sense (view);
  g_assert_cmpint (view->icon, ==, LS_TRAY_ICON_WORKING);
  g_assert_true (view->entries[LS_TRAY_ENTRY_SYNC].visible);
  g_assert_false (can (view, LS_TRAY_ENTRY_SYNC));
}

static void
check_times (gint64 confirmed, gint64 next, const char *confirmed_text, const char *next_text)
{
  LsTraySnapshot snapshot = { .running = TRUE,
                              .state = "waiting",
                              .reason = "server-unreachable",
                              .account = "signed-in",
                              .confirmed_at = confirmed,
                              .next_attempt_at = next };
  g_autoptr (LsTrayView) view = ls_tray_view_new (&snapshot, NOW);

  g_assert_true (view->entries[LS_TRAY_ENTRY_CONFIRMED].visible == (confirmed_text != NULL));
  g_assert_cmpstr (view->entries[LS_TRAY_ENTRY_CONFIRMED].label, ==, confirmed_text);
  g_assert_true (view->entries[LS_TRAY_ENTRY_NEXT_ATTEMPT].visible == (next_text != NULL));
  g_assert_cmpstr (view->entries[LS_TRAY_ENTRY_NEXT_ATTEMPT].label, ==, next_text);
}

static void
test_view_times (void)
{
  check_times (NOW - 5 * MINUTE, NOW + 7000, "Last confirmed: 14:00", "Next attempt: 14:05:16");
  check_times (0, 0, NULL, NULL);
  check_times (NOW - DAY, NOW - 1, "Last confirmed: 22 November 2026, 14:05", NULL);
  check_times (NOW - 365 * (gint64)DAY, NOW, "Last confirmed: 23 November 2025, 14:05", NULL);
  /* No time that a clock could show: nothing is said, and nothing breaks. */
  check_times (G_MAXINT64, G_MAXINT64, NULL, NULL);
  check_times (-1, -1, NULL, NULL);
}

static void
test_view_default (void)
{
  const struct
  {
    const char *state;
    LsTrayEntryId expected;
  } table[] = { { "live", LS_TRAY_ENTRY_SYNC },
                { "polling", LS_TRAY_ENTRY_SYNC },
                { "waiting", LS_TRAY_ENTRY_RECONNECT },
                { "stopped", 0 },
                { "signed-out", 0 } };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      LsTraySnapshot snapshot = { .running = TRUE, .state = table[i].state, .reason = "none" };
      g_autoptr (LsTrayView) view = ls_tray_view_new (&snapshot, NOW);

      g_assert_cmpint (ls_tray_view_get_default (view), ==, table[i].expected);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/tray/view/every-state", test_view_every_state);
  g_test_add_func ("/tray/view/reasons", test_view_reasons);
  g_test_add_func ("/tray/view/accounts", test_view_accounts);
  g_test_add_func ("/tray/view/absent", test_view_absent);
  g_test_add_func ("/tray/view/queue", test_view_queue);
  g_test_add_func ("/tray/view/syncing", test_view_syncing);
  g_test_add_func ("/tray/view/times", test_view_times);
  g_test_add_func ("/tray/view/default", test_view_default);

  return g_test_run ();
}
