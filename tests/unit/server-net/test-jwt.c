/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-base64url.h"
#include "ls-jwt.h"
#include "ls-wire-token.h"

#define NOW G_GINT64_CONSTANT (1700000000000)
#define LIFETIME (900 * 1000)

#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define PAYLOAD "{\"user_id\":\"u-1\",\"session_id\":\"s-1\",\"exp\":1700000900}"

static GBytes *
new_key (void)
{
  guchar key[32];

  for (guint i = 0; i < sizeof key; i++)
    key[i] = (guchar)i;
  return g_bytes_new (key, sizeof key);
}

static char *
encode (const char *text)
{
  return ls_base64url_encode ((const guchar *)text, strlen (text));
}

/* Signs anything, as the server never would. */
static char *
forge (GBytes *key, GChecksumType type, const char *header, const char *payload)
{
  g_autofree char *encoded_header = encode (header), *encoded_payload = encode (payload);
  g_autofree char *text = g_strconcat (encoded_header, ".", encoded_payload, NULL);
  g_autofree char *signature = NULL;
  g_autoptr (GHmac) hmac = g_hmac_new (type, g_bytes_get_data (key, NULL), g_bytes_get_size (key));
  guint8 digest[64];
  gsize length = sizeof digest;

  g_hmac_update (hmac, (const guchar *)text, -1);
  g_hmac_get_digest (hmac, digest, &length);
  signature = ls_base64url_encode (digest, length);
  return g_strconcat (text, ".", signature, NULL);
}

static char *
sign (GBytes *key)
{
  g_autoptr (LsUser) user = ls_user_new ("u-1", "Siti", LS_ROLE_STUDENT, LS_EXTRA_ROLE_OSIS);

  return ls_jwt_sign (key, user, "s-1", NOW, LIFETIME);
}

static void
assert_refused (GBytes *key, const char *token, gint64 now, LsJwtError code)
{
  g_autoptr (GError) error = NULL;

  g_test_message ("%.200s", token);
  g_assert_null (ls_jwt_verify (key, token, now, &error));
  g_assert_error (error, LS_JWT_ERROR, (gint)code);
}

static void
test_round_trip (void)
{
  g_autoptr (GBytes) key = new_key ();
  g_autofree char *token = sign (key);
  g_autoptr (GError) error = NULL;
  g_autoptr (LsClaims) claims = ls_jwt_verify (key, token, NOW, &error);
  g_autoptr (LsUser) user = ls_wire_token_get_user (token);

  g_assert_no_error (error);
  g_assert_cmpstr (claims->user_id, ==, "u-1");
  g_assert_cmpstr (claims->session_id, ==, "s-1");
  g_assert_cmpint (claims->expires_at, ==, NOW + LIFETIME);

  /* What the agent reads in it */
  g_assert_cmpint (ls_wire_token_get_expiry (token), ==, NOW + LIFETIME);
  g_assert_cmpint (ls_wire_token_get_issued (token), ==, NOW);
  g_assert_cmpstr (user->id, ==, "u-1");
  g_assert_cmpint (user->role, ==, LS_ROLE_STUDENT);
  g_assert_cmpint (user->extra_role, ==, LS_EXTRA_ROLE_OSIS);
}

/* Made by Python's hmac and json with the bytes 0 to 31 as key */
static void
test_foreign_implementation (void)
{
  static const char token[] =
      "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjoidS0xIiwiZW1haWwiOiJhQGIuYyI"
      "sInJvbGUiOiJzdHVkZW50IiwiZXh0cmFfcm9sZSI6bnVsbCwic2Vzc2lvbl9pZCI6InMtMSIsImlhdCI"
      "6MTcwMDAwMDAwMCwiZXhwIjoxNzAwMDAwOTAwfQ.RtIOeBcc-84BLfi1iiiYqpRWScMBH5uoxTbUzRgW"
      "DzM";
  g_autoptr (GBytes) key = new_key ();
  g_autoptr (GError) error = NULL;
  g_autoptr (LsClaims) claims = ls_jwt_verify (key, token, NOW, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (claims->user_id, ==, "u-1");
  g_assert_cmpint (claims->expires_at, ==, NOW + LIFETIME);
}

static void
test_expiry (void)
{
  g_autoptr (GBytes) key = new_key ();
  g_autofree char *token = sign (key);
  g_autoptr (LsClaims) claims = ls_jwt_verify (key, token, NOW + LIFETIME - 1, NULL);

  g_assert_nonnull (claims);
  assert_refused (key, token, NOW + LIFETIME, LS_JWT_ERROR_EXPIRED);
}

static void
test_algorithm (void)
{
  g_autoptr (GBytes) key = new_key ();
  g_autofree char *good = forge (key, G_CHECKSUM_SHA256, HEADER, PAYLOAD);
  g_autofree char *none = forge (key, G_CHECKSUM_SHA256, "{\"alg\":\"none\"}", PAYLOAD);
  g_autofree char *lower = forge (key, G_CHECKSUM_SHA256, "{\"alg\":\"hs256\"}", PAYLOAD);
  g_autofree char *absent = forge (key, G_CHECKSUM_SHA256, "{\"typ\":\"JWT\"}", PAYLOAD);
  g_autofree char *twice =
      forge (key, G_CHECKSUM_SHA256, "{\"alg\":\"none\",\"alg\":\"HS256\"}", PAYLOAD);
  g_autofree char *longer = forge (key, G_CHECKSUM_SHA512, "{\"alg\":\"HS512\"}", PAYLOAD);
  g_autofree char *header = encode ("{\"alg\":\"none\"}"), *payload = encode (PAYLOAD);
  g_autofree char *unsigned_token = g_strconcat (header, ".", payload, ".", NULL);
  g_autoptr (LsClaims) claims = ls_jwt_verify (key, good, NOW, NULL);

  g_assert_nonnull (claims);
  assert_refused (key, none, NOW, LS_JWT_ERROR_INVALID);
  assert_refused (key, lower, NOW, LS_JWT_ERROR_INVALID);
  assert_refused (key, absent, NOW, LS_JWT_ERROR_INVALID);
  assert_refused (key, twice, NOW, LS_JWT_ERROR_INVALID);
  assert_refused (key, longer, NOW, LS_JWT_ERROR_INVALID);
  assert_refused (key, unsigned_token, NOW, LS_JWT_ERROR_INVALID);
}

static void
test_claims (void)
{
  static const char *const payloads[] = {
    "{\"session_id\":\"s-1\",\"exp\":1700000900}",
    "{\"user_id\":\"u-1\",\"exp\":1700000900}",
    "{\"user_id\":\"u-1\",\"session_id\":\"s-1\"}",
    "{\"user_id\":\"u-1\",\"session_id\":\"s-1\",\"exp\":null}",
    "{\"user_id\":\"u-1\",\"session_id\":\"s-1\",\"exp\":\"1700000900\"}",
    "{\"user_id\":\"u-1\",\"session_id\":\"s-1\",\"exp\":99999999999999999999}",
    "{\"user_id\":7,\"session_id\":\"s-1\",\"exp\":1700000900}",
    "{\"user_id\":\"u-1\",\"session_id\":[],\"exp\":1700000900}",
    "[]",
    "",
    "{\"user_id\":\"u-1\"",
  };
  g_autoptr (GBytes) key = new_key ();

  for (guint i = 0; i < G_N_ELEMENTS (payloads); i++)
    {
      g_autofree char *token = forge (key, G_CHECKSUM_SHA256, HEADER, payloads[i]);

      assert_refused (key, token, NOW, LS_JWT_ERROR_INVALID);
    }
}

/* Whatever is changed, cut off or added, the signature does not fit any more. */
static void
test_tampering (void)
{
  g_autoptr (GBytes) key = new_key ();
  g_autoptr (GBytes) other_key = g_bytes_new_static ("another key, of 32 bytes length.", 32);
  g_autofree char *token = sign (key);
  gsize length = strlen (token);
  g_autofree char *doubled = g_strconcat (token, ".", token, NULL);
  g_autofree char *padded = g_strconcat (token, "=", NULL);
  g_autofree char *huge = g_strnfill (LS_JWT_MAX_LENGTH + 1, 'a');

  for (gsize i = 0; i < length; i++)
    {
      g_autofree char *changed = g_strdup (token);
      g_autofree char *cut = g_strndup (token, i);

      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      assert_refused (key, changed, NOW, LS_JWT_ERROR_INVALID);
      assert_refused (key, cut, NOW, LS_JWT_ERROR_INVALID);
    }

  assert_refused (other_key, token, NOW, LS_JWT_ERROR_INVALID);
  assert_refused (key, doubled, NOW, LS_JWT_ERROR_INVALID);
  assert_refused (key, padded, NOW, LS_JWT_ERROR_INVALID);
  assert_refused (key, huge, NOW, LS_JWT_ERROR_INVALID);
  assert_refused (key, "..", NOW, LS_JWT_ERROR_INVALID);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-net/jwt/round-trip", test_round_trip);
  g_test_add_func ("/server-net/jwt/foreign-implementation", test_foreign_implementation);
  g_test_add_func ("/server-net/jwt/expiry", test_expiry);
  g_test_add_func ("/server-net/jwt/algorithm", test_algorithm);
  g_test_add_func ("/server-net/jwt/claims", test_claims);
  g_test_add_func ("/server-net/jwt/tampering", test_tampering);
  return g_test_run ();
}
