/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsCipher:
 *
 * Seals texts with a key: XChaCha20-Poly1305 of libsodium. A sealed text opens in one place only, with
 * the identity that it was sealed with, and not at all once a bit of it has changed. Used by one thread
 * at a time.
 */
typedef struct _LsCipher LsCipher;

LsCipher *ls_cipher_new (const guchar *key);
void ls_cipher_free (LsCipher *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsCipher, ls_cipher_free)

guchar *ls_cipher_seal (LsCipher *self, const char *text, GBytes *identity, gsize *size);
char *ls_cipher_unseal (LsCipher *self, gconstpointer sealed, gsize size, GBytes *identity);

G_END_DECLS
