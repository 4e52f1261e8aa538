/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>
#include <string.h>

#include "ls-base64url.h"

/* RFC 4648 §10, without padding, and the two characters that differ from plain base64 */
static const struct
{
  const char *plain;
  const char *encoded;
} pairs[] = {
  { "", "" },           { "f", "Zg" },          { "fo", "Zm8" },          { "foo", "Zm9v" },
  { "foob", "Zm9vYg" }, { "fooba", "Zm9vYmE" }, { "foobar", "Zm9vYmFy" }, { "\xfb\xff", "-_8" },
};

static void
test_pairs (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      gsize plain_length = strlen (pairs[i].plain), length = 0;
      g_autofree char *encoded = ls_base64url_encode ((const guchar *)pairs[i].plain, plain_length);
      g_autofree char *decoded =
          ls_base64url_decode (pairs[i].encoded, strlen (pairs[i].encoded), &length);

      g_assert_cmpstr (encoded, ==, pairs[i].encoded);
      g_assert_nonnull (decoded);
      g_assert_cmpmem (decoded, length, pairs[i].plain, plain_length);
    }
}

static void
test_refusals (void)
{
  static const char *const texts[] = { "Z", "Zm9vY", "Zg==", "Zm+v", "Zm/v", "Zm9v\n", "Zm 9" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      gsize length;

      g_test_message ("“%s”", texts[i]);
      g_assert_null (ls_base64url_decode (texts[i], strlen (texts[i]), &length));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-net/base64url/pairs", test_pairs);
  g_test_add_func ("/server-net/base64url/refusals", test_refusals);
  return g_test_run ();
}
