/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-wire-token.h"

/* Makes a token as a server does: base64url without padding. */
static char *
make_token (const char *payload)
{
  g_autofree char *base64 = g_base64_encode ((const guchar *)payload, strlen (payload));

  g_strdelimit (base64, "+", '-');
  g_strdelimit (base64, "/", '_');
  g_strdelimit (base64, "=", '\0');
  return g_strconcat ("eyJhbGciOiJIUzI1NiJ9.", base64, ".c2ln", NULL);
}

static void
test_claims (void)
{
  g_autofree char *jwt =
      make_token ("{\"user_id\":\"u-1\",\"email\":\"a?>~@x\",\"role\":\"teacher\",\"extra_role\":"
                  "\"osis\",\"session_id\":\"s\",\"iat\":1795413600,\"exp\":1795414500}");
  g_autoptr (LsUser) user = ls_wire_token_get_user (jwt);

  g_assert_cmpint (ls_wire_token_get_issued (jwt), ==, G_GINT64_CONSTANT (1795413600000));
  g_assert_cmpint (ls_wire_token_get_expiry (jwt), ==, G_GINT64_CONSTANT (1795414500000));
  g_assert_cmpstr (user->id, ==, "u-1");
  g_assert_cmpstr (user->name, ==, "");
  g_assert_cmpstr (user->email, ==, "a?>~@x");
  g_assert_cmpint (user->role, ==, LS_ROLE_TEACHER);
  g_assert_cmpint (user->extra_role, ==, LS_EXTRA_ROLE_OSIS);
}

static void
test_latin1 (void)
{
  g_autofree char *jwt = make_token ("{\"user_id\":\"u\",\"email\":\"\xe9@x\",\"exp\":5}");
  g_autoptr (LsUser) user = ls_wire_token_get_user (jwt);

  g_assert_cmpint (ls_wire_token_get_expiry (jwt), ==, 5000);
  g_assert_cmpstr (user->email, ==, "é@x");
}

static void
test_without_claims (void)
{
  static const char *const payloads[] = {
    "",
    "null",
    "{}",
    "[]",
    "{\"exp\":\"5\"}",
    "{\"exp\":5.5}",
    "{\"exp\":-5}",
    "{\"exp\":9007199254740992}",
    "{\"exp\":5,\"exp\":6}",
    "{\"exp\":5",
    "{\"user_id\":null}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (payloads); i++)
    {
      g_autofree char *jwt = make_token (payloads[i]);

      g_assert_cmpint (ls_wire_token_get_expiry (jwt), ==, 0);
      g_assert_null (ls_wire_token_get_user (jwt));
    }
}

static void
test_not_a_token (void)
{
  static const char *const texts[] = { NULL, "", ".", "..", "a.b", "opaque", "a.%%%.c", "a.e30" };
  g_autofree char *filler = g_strnfill (100 * 1024, 'A');
  g_autofree char *huge = g_strconcat ("a.", filler, ".c", NULL);

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_assert_cmpint (ls_wire_token_get_expiry (texts[i]), ==, 0);
      g_assert_null (ls_wire_token_get_user (texts[i]));
    }
  g_assert_cmpint (ls_wire_token_get_expiry (huge), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/wire/token/claims", test_claims);
  g_test_add_func ("/wire/token/latin1", test_latin1);
  g_test_add_func ("/wire/token/without-claims", test_without_claims);
  g_test_add_func ("/wire/token/not-a-token", test_not_a_token);

  return g_test_run ();
}
