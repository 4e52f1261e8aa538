/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-cipher.h"

#include <sodium.h>
#include <string.h>

#include "ls-store-keys.h"

#define NONCE_SIZE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE crypto_aead_xchacha20poly1305_ietf_ABYTES

/* How much of the stack is wiped, in bytes: more than sealing a text within a statement takes. */
#define STACK_SIZE 65536

G_STATIC_ASSERT (LS_STORE_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

struct _LsCipher
{
  guchar
      *key; /* (owned): not swapped out, not in core dumps, between pages that can't be touched */
};

/**
 * ls_cipher_new:
 * @key: (array fixed-size=32): a key
 *
 * Returns: (transfer full): a cipher with a copy of the key
 */
LsCipher *
ls_cipher_new (const guchar *key)
{
  LsCipher *self = g_new0 (LsCipher, 1);

  if (sodium_init () < 0)
    g_error ("libsodium can't be used");

  self->key = sodium_malloc (LS_STORE_KEY_SIZE);
  if (self->key == NULL)
    g_error ("there is no memory for a key");
  memcpy (self->key, key, LS_STORE_KEY_SIZE);
  sodium_mprotect_readonly (self->key);
  return self;
}

/**
 * ls_cipher_free:
 * @self: (transfer full): a cipher
 *
 * Frees it, and wipes the key, and the stack of this thread, where libsodium leaves the last bytes of
 * texts behind.
 */
void
ls_cipher_free (LsCipher *self)
{
  sodium_free (self->key);
  g_free (self);
  sodium_stackzero (STACK_SIZE);
}

/**
 * ls_cipher_seal:
 * @self: a cipher
 * @text: a text
 * @identity: what @text belongs to; not part of the result
 * @size: (out): how long the result is, in bytes
 *
 * Seals a text: a random nonce of 24 bytes, which needs no book-keeping to be different each time, the
 * encrypted text, and a tag of 16 bytes.
 *
 * Returns: (transfer full): the sealed text; other bytes each time
 */
guchar *
ls_cipher_seal (LsCipher *self, const char *text, GBytes *identity, gsize *size)
{
  gsize length = strlen (text);
  guchar *sealed = g_malloc (NONCE_SIZE + length + TAG_SIZE);

  *size = NONCE_SIZE + length + TAG_SIZE;
  randombytes_buf (sealed, NONCE_SIZE);
  crypto_aead_xchacha20poly1305_ietf_encrypt (sealed + NONCE_SIZE, NULL, (const guchar *)text,
                                              length, g_bytes_get_data (identity, NULL),
                                              g_bytes_get_size (identity), NULL, sealed, self->key);
  return sealed;
}

/**
 * ls_cipher_unseal:
 * @self: a cipher
 * @sealed: what ls_cipher_seal() gave
 * @size: how long it is, in bytes
 * @identity: what it belongs to
 *
 * Returns: (transfer full) (nullable): the text; %NULL: another key, another identity, or not what was
 *   sealed
 */
char *
ls_cipher_unseal (LsCipher *self, gconstpointer sealed, gsize size, GBytes *identity)
{
  const guchar *nonce = sealed;
  g_autofree char *text = NULL;
  gsize length;

  if (size < NONCE_SIZE + TAG_SIZE)
    return NULL;

  length = size - NONCE_SIZE - TAG_SIZE;
  text = g_malloc (length + 1);
  text[length] = '\0';
  if (crypto_aead_xchacha20poly1305_ietf_decrypt (
          (guchar *)text, NULL, NULL, nonce + NONCE_SIZE, size - NONCE_SIZE,
          g_bytes_get_data (identity, NULL), g_bytes_get_size (identity), nonce, self->key) != 0)
    return NULL;

  return g_steal_pointer (&text);
}
