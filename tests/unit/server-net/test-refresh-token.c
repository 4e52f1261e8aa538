/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-refresh-token.h"

#define SESSION "7b1f6a0e-5a53-4be0-8d63-1f8a4f0f6b11"

static GBytes *
make_key (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

static gboolean
is_good (GBytes *key, const char *token)
{
  g_autofree char *session_id = NULL;
  gint64 generation;

  return ls_refresh_token_read (key, token, &session_id, &generation);
}

static void
test_round_trip (void)
{
  static const gint64 generations[] = { 0, 1, 2, 123456789 };
  g_autoptr (GBytes) key = make_key ("key");

  for (guint i = 0; i < G_N_ELEMENTS (generations); i++)
    {
      g_autofree char *token = ls_refresh_token_make (key, SESSION, generations[i]);
      g_autofree char *session_id = NULL;
      gint64 generation;

      g_assert_true (ls_refresh_token_read (key, token, &session_id, &generation));
      g_assert_cmpstr (session_id, ==, SESSION);
      g_assert_cmpint (generation, ==, generations[i]);
    }
}

/* Whatever byte of a token is another one, it is not good. */
static void
test_any_change (void)
{
  g_autoptr (GBytes) key = make_key ("key");
  g_autofree char *token = ls_refresh_token_make (key, SESSION, 12);

  g_assert_true (is_good (key, token));
  for (gsize i = 0; i < strlen (token); i++)
    {
      g_autofree char *changed = g_strdup (token);

      changed[i] = changed[i] == '1' ? '2' : '1';
      g_assert_false (is_good (key, changed));
    }
}

static void
test_refused (void)
{
  static const char *const tokens[] = {
    "", ".", "..", "...", "a.b", "a.0.", "a.0.b.c", SESSION ".0", SESSION ".-1.x", SESSION ".x.x",
  };
  g_autoptr (GBytes) key = make_key ("key");
  g_autoptr (GBytes) other = make_key ("other key");
  g_autofree char *token = ls_refresh_token_make (key, SESSION, 0);
  g_autofree char *longer = g_strconcat (token, ".", NULL);
  g_autofree char *huge = g_strnfill (100000, '.');

  for (guint i = 0; i < G_N_ELEMENTS (tokens); i++)
    g_assert_false (is_good (key, tokens[i]));
  g_assert_false (is_good (key, longer));
  g_assert_false (is_good (key, huge));
  g_assert_false (is_good (other, token));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-net/refresh-token/round-trip", test_round_trip);
  g_test_add_func ("/server-net/refresh-token/any-change", test_any_change);
  g_test_add_func ("/server-net/refresh-token/refused", test_refused);
  return g_test_run ();
}
