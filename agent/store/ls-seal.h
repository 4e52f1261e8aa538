/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-cipher.h"
#include "ls-database.h"

G_BEGIN_DECLS

/**
 * LsSeal:
 * @LS_SEAL_NONE: payloads are plain text
 * @LS_SEAL_OURS: they are encrypted, and we have the key
 * @LS_SEAL_FOREIGN: they are encrypted, and we don't have the key
 *
 * What a database is like that has a table `meta` with a column `proof`.
 */
typedef enum
{
  LS_SEAL_NONE,
  LS_SEAL_OURS,
  LS_SEAL_FOREIGN,
} LsSeal;

/**
 * LsSealer:
 * @cipher: (unowned) (nullable): what to encrypt with; %NULL: what is stored is plain text
 * @n_failed: how often something could not be decrypted
 *
 * What the functions of ls_seal_install() work with.
 */
typedef struct
{
  LsCipher *cipher;
  guint n_failed;
} LsSealer;

gboolean ls_seal_install (LsDatabase *database, LsSealer *sealer, GError **error);
gboolean ls_seal_check (LsDatabase *database, LsCipher *cipher, LsSeal *seal, GError **error);
char *
ls_seal_open_column (sqlite3_stmt *stmt, int column, LsCipher *cipher, const char *const *identity);
gboolean ls_seal_note (LsDatabase *database, GError **error);

G_END_DECLS
