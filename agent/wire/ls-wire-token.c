/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-wire-token.h"

#include <string.h>

#include "ls-json.h"
#include "ls-wire-value.h"

/* A token is sent with every request: servers limit a header to 8 or 16 KiB. */
#define MAX_PAYLOAD (16 * 1024)

typedef enum
{
  USER_ID,
  EMAIL,
  ROLE,
  EXTRA_ROLE,
  ISSUED,
  EXPIRES,
  N_CLAIMS
} Claim;

static const char *const claim_names[] = {
  "user_id", "email", "role", "extra_role", "iat", "exp", NULL,
};
G_STATIC_ASSERT (G_N_ELEMENTS (claim_names) == N_CLAIMS + 1);

/* Returns: (nullable): the decoded payload, the part between the two dots */
static char *
decode_payload (const char *jwt, gsize *length)
{
  const char *first = jwt != NULL ? strchr (jwt, '.') : NULL;
  const char *second = first != NULL ? strchr (first + 1, '.') : NULL;
  g_autoptr (GString) base64 = NULL;

  if (second == NULL || second - first > MAX_PAYLOAD)
    return NULL;

  base64 = g_string_new_len (first + 1, second - first - 1);
  g_strdelimit (base64->str, "-", '+');
  g_strdelimit (base64->str, "_", '/');
  while (base64->len % 4 != 0)
    g_string_append_c (base64, '=');

  return (char *)g_base64_decode (base64->str, length);
}

/* Reads the claims of @jwt. Returns: (transfer full) (nullable): the text that @claims point into
 */
static char *
read_claims (const char *jwt, LsJsonSlice *claims)
{
  gsize length;
  g_autofree char *payload = decode_payload (jwt, &length);
  LsJsonSlice root;

  if (payload == NULL)
    return NULL;

  /* The classic system makes the payload by btoa(), so its bytes are Latin-1. */
  if (!g_utf8_validate (payload, (gssize)length, NULL))
    {
      g_autofree char *latin1 = g_steal_pointer (&payload);

      payload = g_convert (latin1, (gssize)length, "UTF-8", "ISO-8859-1", NULL, &length, NULL);
    }

  if (payload == NULL || !ls_json_check_root (payload, length, length, &root, NULL) ||
      !ls_json_find_members (root, claim_names, claims, NULL))
    return NULL;

  return g_steal_pointer (&payload);
}

static gint64
get_time (const char *jwt, Claim claim)
{
  LsJsonSlice claims[N_CLAIMS];
  g_autofree char *payload = read_claims (jwt, claims);
  gint64 seconds;

  if (payload == NULL || !ls_json_get_int (claims[claim], 0, LS_MAX_INTEGER / 1000, &seconds, NULL))
    return 0;

  return seconds * 1000;
}

/**
 * ls_wire_token_get_expiry:
 * @jwt: (nullable): a token, of any form
 *
 * Returns: when the token ends, in milliseconds since the epoch by the server's clock; 0 if it does
 *   not say
 */
gint64
ls_wire_token_get_expiry (const char *jwt)
{
  return get_time (jwt, EXPIRES);
}

/**
 * ls_wire_token_get_issued:
 * @jwt: (nullable): a token, of any form
 *
 * With the expiry this gives the token's life, for which no clock needs to be right.
 *
 * Returns: when the token was made, in milliseconds since the epoch by the server's clock; 0 if it
 *   does not say
 */
gint64
ls_wire_token_get_issued (const char *jwt)
{
  return get_time (jwt, ISSUED);
}

/**
 * ls_wire_token_get_user:
 * @jwt: (nullable): a token, of any form
 *
 * Returns: (transfer full) (nullable): whose token it is: id, role and extra role, perhaps e-mail
 *   address; the name is empty. %NULL if it does not say
 */
LsUser *
ls_wire_token_get_user (const char *jwt)
{
  LsJsonSlice claims[N_CLAIMS];
  g_autofree char *payload = read_claims (jwt, claims);
  g_autofree char *id = NULL, *role = NULL, *extra_role = NULL;
  LsUser *user;

  id = payload != NULL ? ls_wire_read_id (claims[USER_ID], NULL) : NULL;
  if (id == NULL)
    return NULL;

  role = ls_json_get_string (claims[ROLE], NULL);
  extra_role = ls_json_get_string (claims[EXTRA_ROLE], NULL);
  user = ls_user_new (id, NULL, ls_role_from_string (role), ls_extra_role_from_string (extra_role));
  ls_wire_read_optional_string (claims[EMAIL], &user->email, NULL);
  return user;
}
