/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-deflate-params.h"

#include <libsoup/soup.h>

#define MIN_BITS 8

static gboolean
parse_flag (const char *value, gboolean *flag)
{
  *flag = TRUE;
  return value == NULL;
}

/* No sign, no leading zero (RFC 7692, 7.1.2.1) */
static gboolean
parse_bits (const char *value, guint *bits)
{
  guint64 number = 0;

  if (value == NULL || value[0] == '0' ||
      !g_ascii_string_to_unsigned (value, 10, MIN_BITS, LS_DEFLATE_MAX_BITS, &number, NULL))
    return FALSE;

  *bits = (guint)number;
  return TRUE;
}

static gboolean
parse_one (LsDeflateParams *params, const char *name, const char *value, gboolean is_offer)
{
  if (g_str_equal (name, "server_no_context_takeover"))
    return parse_flag (value, &params->server.no_context_takeover);
  if (g_str_equal (name, "client_no_context_takeover"))
    return parse_flag (value, &params->client.no_context_takeover);
  if (g_str_equal (name, "server_max_window_bits"))
    return parse_bits (value, &params->server.max_bits);
  if (!g_str_equal (name, "client_max_window_bits"))
    return FALSE;

  /* An offer may leave the number to the server. */
  if (is_offer && value == NULL)
    value = G_STRINGIFY (LS_DEFLATE_MAX_BITS);
  return parse_bits (value, &params->client.max_bits);
}

/**
 * ls_deflate_params_parse:
 * @params: (out): what they say
 * @table: (nullable) (element-type utf8 utf8): the parameters, each with its value or %NULL
 * @is_offer: whether a client offers them; else a server has answered to an offer of ours
 * @error: %SOUP_WEBSOCKET_ERROR_BAD_HANDSHAKE: one that is not known, or has a bad value
 *
 * Returns: whether they are as RFC 7692, 7.1, wants them
 */
gboolean
ls_deflate_params_parse (LsDeflateParams *params,
                         GHashTable *table,
                         gboolean is_offer,
                         GError **error)
{
  GHashTableIter iter;
  gpointer name, value;

  *params = (LsDeflateParams) { 0 };
  if (table == NULL)
    return TRUE;

  g_hash_table_iter_init (&iter, table);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      if (!parse_one (params, name, value, is_offer))
        {
          g_set_error (error, SOUP_WEBSOCKET_ERROR, SOUP_WEBSOCKET_ERROR_BAD_HANDSHAKE,
                       "permessage-deflate can't be agreed on: bad parameter “%s”", (char *)name);
          return FALSE;
        }
    }

  return TRUE;
}

/**
 * ls_deflate_params_accept:
 * @params: (inout): what a client offers; what the server answers
 *
 * Takes an offer, and makes it small: memory is what a server with many connections has the least
 * of. Agents send little that is worth a context, so theirs costs nothing between two messages.
 */
void
ls_deflate_params_accept (LsDeflateParams *params)
{
  guint most = params->server.max_bits != 0 ? params->server.max_bits : LS_DEFLATE_MAX_BITS;

  params->server.max_bits = MIN (most, LS_DEFLATE_BITS);
  params->client.no_context_takeover = TRUE;
  /* One that was not offered may not be answered. */
  params->client.max_bits = MIN (params->client.max_bits, LS_DEFLATE_BITS);
}

static void
append_side (GString *text, const char *name, const LsDeflateSide *side)
{
  if (side->no_context_takeover)
    g_string_append_printf (text, "; %s_no_context_takeover", name);
  if (side->max_bits != 0)
    g_string_append_printf (text, "; %s_max_window_bits=%u", name, side->max_bits);
}

/**
 * ls_deflate_params_to_string:
 * @params: parameters
 *
 * Returns: (transfer full): the same for a header, each with a semicolon before it
 */
char *
ls_deflate_params_to_string (const LsDeflateParams *params)
{
  GString *text = g_string_new (NULL);

  append_side (text, "server", &params->server);
  append_side (text, "client", &params->client);
  return g_string_free (text, FALSE);
}
