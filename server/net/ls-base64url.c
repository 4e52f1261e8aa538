/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-base64url.h"

#include <string.h>

/**
 * ls_base64url_encode:
 * @data: (array length=length): bytes
 * @length: how many
 *
 * Returns: (transfer full): @data in the URL-safe alphabet without padding (RFC 4648 §5)
 */
char *
ls_base64url_encode (const guchar *data, gsize length)
{
  char *text = g_base64_encode (data, length);

  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  text[strcspn (text, "=")] = '\0';
  return text;
}

/**
 * ls_base64url_decode:
 * @text: (array length=text_length): what ls_base64url_encode() makes
 * @text_length: its length in bytes
 * @length: (out): how many bytes came out
 *
 * Returns: (transfer full) (nullable): the bytes, with a zero behind them; %NULL if @text has a
 *   character outside of the alphabet or an impossible length
 */
char *
ls_base64url_decode (const char *text, gsize text_length, gsize *length)
{
  g_autofree char *padded = NULL;
  g_autofree char *data = NULL;
  static const char alphabet[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_";

  if (text_length % 4 == 1)
    return NULL;
  for (gsize i = 0; i < text_length; i++)
    if (text[i] == '\0' || strchr (alphabet, text[i]) == NULL)
      return NULL;

  padded = g_strdup_printf ("%.*s%.*s", (int)text_length, text, (int)(-text_length % 4), "==");
  g_strdelimit (padded, "-", '+');
  g_strdelimit (padded, "_", '/');
  data = (char *)g_base64_decode (padded, length);
  data = g_realloc (data, *length + 1);
  data[*length] = '\0';
  return g_steal_pointer (&data);
}
