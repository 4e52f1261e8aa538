/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-signature.h"

#include "ls-base64url.h"

/* Of SHA-256, bytes */
#define DIGEST_LENGTH 32

/**
 * ls_signature_make:
 * @key: the secret
 * @text: what is to be signed
 * @length: its length in bytes
 *
 * Returns: (transfer full): the HMAC-SHA256 of @text, base64url; to be compared by ls_secret_equal()
 */
char *
ls_signature_make (GBytes *key, const char *text, gsize length)
{
  g_autoptr (GHmac) hmac = NULL;
  guint8 digest[DIGEST_LENGTH];
  gsize digest_length = sizeof digest;
  gsize key_length;
  gconstpointer key_data = g_bytes_get_data (key, &key_length);

  hmac = g_hmac_new (G_CHECKSUM_SHA256, key_data, key_length);
  g_hmac_update (hmac, (const guchar *)text, (gssize)length);
  g_hmac_get_digest (hmac, digest, &digest_length);
  return ls_base64url_encode (digest, digest_length);
}
