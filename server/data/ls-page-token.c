/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-page-token.h"

#include <string.h>

/* CURSOR~ENTITY~LAST-ID~CHECK: none of the parts contains a tilde, and none of the characters needs
 * to be escaped in a URL. The check finds damage; it proves nothing, and needs not: whatever a token
 * says, only what the viewer may see comes back. */
#define SEPARATOR "~"
#define N_PARTS 4
#define CHECK_LENGTH 16

static char *
get_check (const char *cursor, const char *entity, const char *last_id)
{
  g_autofree char *text = g_strjoin (SEPARATOR, cursor, entity, last_id, NULL);
  char *check = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);

  check[CHECK_LENGTH] = '\0';
  return check;
}

/**
 * ls_page_token_make:
 * @entity: of what the snapshot is
 * @cursor: the cursor of its first page
 * @last_id: the last id that was on a page
 *
 * Returns: (transfer full): the token of the page after that
 */
char *
ls_page_token_make (LsEntity entity, LsCursor cursor, const char *last_id)
{
  g_autofree char *position = ls_cursor_to_string (cursor);
  const char *name = ls_entity_to_string (entity);
  g_autofree char *check = get_check (position, name, last_id);

  return g_strjoin (SEPARATOR, position, name, last_id, check, NULL);
}

/**
 * ls_page_token_parse:
 * @token: what a client gave
 * @entity: of what the client wants a page
 * @cursor: (out): the cursor of the first page
 * @last_id: (out) (transfer full): the last id that was on a page; untouched on failure
 *
 * Returns: whether it is a token of a snapshot of @entity
 */
gboolean
ls_page_token_parse (const char *token, LsEntity entity, LsCursor *cursor, char **last_id)
{
  g_auto (GStrv) parts = g_strsplit (token, SEPARATOR, N_PARTS + 1);
  g_autofree char *check = NULL;

  if (g_strv_length (parts) != N_PARTS)
    return FALSE;

  check = get_check (parts[0], parts[1], parts[2]);
  if (!g_str_equal (check, parts[3]) || ls_entity_from_string (parts[1]) != entity ||
      !ls_cursor_parse (parts[0], cursor))
    return FALSE;

  *last_id = g_strdup (parts[2]);
  return TRUE;
}
