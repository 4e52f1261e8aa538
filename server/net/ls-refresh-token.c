/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-refresh-token.h"

#include <string.h>

#include "ls-cursor.h"
#include "ls-secret.h"
#include "ls-signature.h"

/* A refresh token is SESSION.GENERATION.SIGNATURE: it says of which session it is, and how often that
 * was refreshed before. So every token that was ever given out can be told from one that was not, and
 * an old one from the last, without a list of them; and nothing in the database makes one. */

/* More than any token of ours has; what is longer is not looked at. */
#define MAX_LENGTH 256

/* An access token, which the same key signs, has no colon: neither can be taken for the other. */
#define PURPOSE "refresh:"

static char *
sign (GBytes *key, const char *claim)
{
  g_autofree char *text = g_strconcat (PURPOSE, claim, NULL);

  return ls_signature_make (key, text, strlen (text));
}

/**
 * ls_refresh_token_make:
 * @key: the secret
 * @session_id: a session's id, without a dot
 * @generation: how often the session was refreshed
 *
 * Returns: (transfer full): the session's refresh token; a secret
 */
char *
ls_refresh_token_make (GBytes *key, const char *session_id, gint64 generation)
{
  g_autofree char *claim = g_strdup_printf ("%s.%" G_GINT64_FORMAT, session_id, generation);
  g_autofree char *signature = sign (key, claim);

  return g_strconcat (claim, ".", signature, NULL);
}

/**
 * ls_refresh_token_read:
 * @key: the secret
 * @token: what a client calls its refresh token
 * @session_id: (out) (transfer full): of which session it is
 * @generation: (out): how often the session had been refreshed when it was given out
 *
 * Nothing of a token is believed whose signature is not good.
 *
 * Returns: whether the token was made by ls_refresh_token_make()
 */
gboolean
ls_refresh_token_read (GBytes *key, const char *token, char **session_id, gint64 *generation)
{
  g_auto (GStrv) parts = NULL;
  g_autofree char *claim = NULL;
  g_autofree char *signature = NULL;
  guint64 number;

  if (strlen (token) > MAX_LENGTH)
    return FALSE;

  parts = g_strsplit (token, ".", 4);
  if (g_strv_length (parts) != 3)
    return FALSE;

  claim = g_strconcat (parts[0], ".", parts[1], NULL);
  signature = sign (key, claim);
  if (!ls_secret_equal (signature, parts[2]) ||
      !g_ascii_string_to_unsigned (parts[1], 10, 0, LS_MAX_INTEGER, &number, NULL))
    return FALSE;

  *session_id = g_strdup (parts[0]);
  *generation = (gint64)number;
  return TRUE;
}
