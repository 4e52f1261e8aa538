/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The payloads of a database, encrypted on their way in and out. SQL does it, so that filters and orders
 * work on what is encrypted, too, and nothing decrypted is ever in a file. */
#include "ls-seal.h"

/* Sealed for nothing but to see whether it opens; it is its own identity. */
#define PROOF "Lab Sync"

/* What follows the payload: whatever names the row. Each part ends in a zero, which no text has inside. */
static GBytes *
identity_of (int n_values, sqlite3_value **values)
{
  GByteArray *identity = g_byte_array_new ();

  for (int i = 1; i < n_values; i++)
    {
      const guint8 *text = sqlite3_value_text (values[i]);

      g_byte_array_append (identity, text != NULL ? text : (const guint8 *)"",
                           (guint)sqlite3_value_bytes (values[i]) + 1);
    }
  return g_byte_array_free_to_bytes (identity);
}

/* seal (payload, identity…): the payload as it is to be stored; NULL stays NULL */
static void
seal (sqlite3_context *context, int n_values, sqlite3_value **values)
{
  LsCipher *cipher = ((LsSealer *)sqlite3_user_data (context))->cipher;
  g_autoptr (GBytes) identity = NULL;
  guchar *sealed;
  gsize size;

  if (cipher == NULL || sqlite3_value_type (values[0]) == SQLITE_NULL)
    {
      sqlite3_result_value (context, values[0]);
      return;
    }

  identity = identity_of (n_values, values);
  sealed = ls_cipher_seal (cipher, (const char *)sqlite3_value_text (values[0]), identity, &size);
  sqlite3_result_blob64 (context, sealed, size, g_free);
}

/* Returns: (transfer full) (nullable): the payload, which is not NULL; %NULL: it can't be decrypted. A plain text where
 * all is encrypted was not put there by us. */
static char *
open_payload (LsCipher *cipher, int n_values, sqlite3_value **values)
{
  g_autoptr (GBytes) identity = NULL;

  if (cipher == NULL || sqlite3_value_type (values[0]) != SQLITE_BLOB)
    return NULL;

  identity = identity_of (n_values, values);
  return ls_cipher_unseal (cipher, sqlite3_value_blob (values[0]),
                           (gsize)sqlite3_value_bytes (values[0]), identity);
}

static gboolean
is_plain (const LsSealer *sealer, sqlite3_value *value)
{
  int type = sqlite3_value_type (value);

  return type == SQLITE_NULL || (sealer->cipher == NULL && type == SQLITE_TEXT);
}

/* unseal (payload, identity…): the payload as it was; NULL stays NULL */
static void
unseal (sqlite3_context *context, int n_values, sqlite3_value **values)
{
  LsSealer *sealer = sqlite3_user_data (context);
  char *text = NULL;

  if (is_plain (sealer, values[0]))
    {
      sqlite3_result_value (context, values[0]);
      return;
    }

  text = open_payload (sealer->cipher, n_values, values);
  if (text != NULL)
    {
      sqlite3_result_text (context, text, -1, g_free);
    }
  else
    {
      sealer->n_failed++;
      sqlite3_result_error (context, "a payload can't be decrypted", -1);
    }
}

/* opens (payload, identity…): whether unseal() would give it */
static void
opens (sqlite3_context *context, int n_values, sqlite3_value **values)
{
  const LsSealer *sealer = sqlite3_user_data (context);
  g_autofree char *text = NULL;

  if (!is_plain (sealer, values[0]))
    text = open_payload (sealer->cipher, n_values, values);
  sqlite3_result_int (context, text != NULL || is_plain (sealer, values[0]));
}

/**
 * ls_seal_install:
 * @database: a database
 * @sealer: must live as long as @database
 * @error: %LS_ERROR_STORAGE
 *
 * Gives SQL the functions `seal (payload, identity…)`, `unseal (payload, identity…)`, which fails where something can't be
 * decrypted, and `opens (payload, identity…)`, which tells whether it would. The identity is
 * what names the payload's place, so that nobody who can write the file can swap two of them.
 *
 * Returns: whether they are there
 */
gboolean
ls_seal_install (LsDatabase *database, LsSealer *sealer, GError **error)
{
  return ls_database_add_function (database, "seal", seal, sealer, error) &&
         ls_database_add_function (database, "unseal", unseal, sealer, error) &&
         ls_database_add_function (database, "opens", opens, sealer, error);
}

/**
 * ls_seal_open_column:
 * @stmt: a statement that stands on a row
 * @column: from 0
 * @cipher: a cipher
 * @identity: (array zero-terminated=1): what SQL's `seal()` was given beside the payload
 *
 * Does what SQL's `unseal()` does, where one payload that can't be decrypted must not hide the rest.
 *
 * Returns: (transfer full) (nullable): the payload; %NULL: it can't be decrypted
 */
char *
ls_seal_open_column (sqlite3_stmt *stmt, int column, LsCipher *cipher, const char *const *identity)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GBytes) place = NULL;

  for (guint i = 0; identity[i] != NULL; i++)
    g_byte_array_append (bytes, (const guint8 *)identity[i], (guint)strlen (identity[i]) + 1);
  place = g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
  return ls_cipher_unseal (cipher, sqlite3_column_blob (stmt, column),
                           (gsize)sqlite3_column_bytes (stmt, column), place);
}

static gboolean
proves (sqlite3_stmt *stmt, LsCipher *cipher)
{
  const char *const identity[] = { PROOF, NULL };
  g_autofree char *text = cipher != NULL ? ls_seal_open_column (stmt, 0, cipher, identity) : NULL;

  return text != NULL;
}

/**
 * ls_seal_check:
 * @database: a database
 * @cipher: (nullable): what we would encrypt with
 * @seal: (out): what the database is like
 * @error: %LS_ERROR_STORAGE: nobody knows
 *
 * Returns: whether that could be read
 */
gboolean
ls_seal_check (LsDatabase *database, LsCipher *cipher, LsSeal *seal, GError **error)
{
  sqlite3_stmt *stmt = ls_database_prepare (database, "SELECT proof FROM meta", error);

  if (stmt == NULL || !ls_database_step (database, stmt, error))
    return FALSE;

  if (sqlite3_column_type (stmt, 0) == SQLITE_NULL)
    *seal = LS_SEAL_NONE;
  else
    *seal = proves (stmt, cipher) ? LS_SEAL_OURS : LS_SEAL_FOREIGN;
  sqlite3_reset (stmt);
  return TRUE;
}

/**
 * ls_seal_note:
 * @database: a database with the functions of ls_seal_install()
 * @error: %LS_ERROR_STORAGE
 *
 * Returns: whether it is noted that payloads are as the cipher of ls_seal_install() makes them
 */
gboolean
ls_seal_note (LsDatabase *database, GError **error)
{
  return ls_database_run (database,
                          "UPDATE meta SET proof ="
                          " nullif (seal ('" PROOF "', '" PROOF "'), '" PROOF "')",
                          error);
}
