/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-cipher.h"
#include "ls-store-keys.h"

#define TEXT "{\"note\":\"é, absent\"}"

static LsCipher *
cipher_new (guchar seed)
{
  guchar key[LS_STORE_KEY_SIZE];

  memset (key, seed, sizeof key);
  return ls_cipher_new (key);
}

static GBytes *
identity (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

static void
test_round_trip (void)
{
  const char *const texts[] = { "", "a", TEXT };
  g_autoptr (LsCipher) cipher = cipher_new (1);
  g_autoptr (GBytes) place = identity ("grade g");

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      gsize size;
      g_autofree guchar *sealed = ls_cipher_seal (cipher, texts[i], place, &size);
      g_autofree char *text = ls_cipher_unseal (cipher, sealed, size, place);

      g_assert_cmpstr (text, ==, texts[i]);
      g_assert_cmpuint (size, ==, strlen (texts[i]) + 40);
    }
}

/* The same text gives nothing away by being the same. */
static void
test_never_the_same (void)
{
  g_autoptr (LsCipher) cipher = cipher_new (1);
  g_autoptr (GBytes) place = identity ("grade g");
  gsize size, other_size;
  g_autofree guchar *one = ls_cipher_seal (cipher, TEXT, place, &size);
  g_autofree guchar *other = ls_cipher_seal (cipher, TEXT, place, &other_size);

  g_assert_cmpuint (size, ==, other_size);
  for (gsize i = 0; i + 8 <= size; i++)
    g_assert_cmpint (memcmp (one + i, other + i, 8), !=, 0);
  g_assert_null (memmem (one, size, "absent", 6));
}

static void
test_another_key_or_place (void)
{
  g_autoptr (LsCipher) cipher = cipher_new (1);
  g_autoptr (LsCipher) other = cipher_new (2);
  g_autoptr (GBytes) place = identity ("grade g");
  g_autoptr (GBytes) elsewhere = identity ("grade h");
  gsize size;
  g_autofree guchar *sealed = ls_cipher_seal (cipher, TEXT, place, &size);

  g_assert_null (ls_cipher_unseal (other, sealed, size, place));
  g_assert_null (ls_cipher_unseal (cipher, sealed, size, elsewhere));
}

/* Whatever bit is changed, and wherever it is cut. */
static void
test_not_what_was_sealed (void)
{
  g_autoptr (LsCipher) cipher = cipher_new (1);
  g_autoptr (GBytes) place = identity ("grade g");
  gsize size;
  g_autofree guchar *sealed = ls_cipher_seal (cipher, TEXT, place, &size);

  for (gsize bit = 0; bit < size * 8; bit++)
    {
      sealed[bit / 8] ^= (guchar)(1u << bit % 8);
      g_assert_null (ls_cipher_unseal (cipher, sealed, size, place));
      sealed[bit / 8] ^= (guchar)(1u << bit % 8);
    }
  for (gsize length = 0; length < size; length++)
    g_assert_null (ls_cipher_unseal (cipher, sealed, length, place));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/cipher/round-trip", test_round_trip);
  g_test_add_func ("/store/cipher/never-the-same", test_never_the_same);
  g_test_add_func ("/store/cipher/another-key-or-place", test_another_key_or_place);
  g_test_add_func ("/store/cipher/not-what-was-sealed", test_not_what_was_sealed);
  return g_test_run ();
}
