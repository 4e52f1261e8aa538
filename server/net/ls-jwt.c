/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-jwt.h"

#include <string.h>

#include "ls-base64url.h"
#include "ls-json-writer.h"
#include "ls-json.h"
#include "ls-secret.h"
#include "ls-signature.h"

G_DEFINE_QUARK (ls_jwt_error, ls_jwt_error)

/**
 * ls_claims_copy:
 * @claims: claims
 *
 * Returns: (transfer full): a copy
 */
LsClaims *
ls_claims_copy (const LsClaims *claims)
{
  LsClaims *copy;

  g_return_val_if_fail (claims != NULL, NULL);

  copy = g_new0 (LsClaims, 1);
  copy->user_id = g_strdup (claims->user_id);
  copy->session_id = g_strdup (claims->session_id);
  copy->expires_at = claims->expires_at;
  return copy;
}

/**
 * ls_claims_free:
 * @claims: (transfer full): claims
 *
 * Frees them.
 */
void
ls_claims_free (LsClaims *claims)
{
  g_free (claims->user_id);
  g_free (claims->session_id);
  g_free (claims);
}

/**
 * ls_jwt_sign:
 * @key: the secret
 * @user: whose token it is
 * @session_id: of which session
 * @issued_at: now, milliseconds since the epoch
 * @lifetime: how long it is good, milliseconds
 *
 * Makes an access token with the claims of the original (a JWT, RFC 7519, signed with HS256). The
 * token counts in whole seconds and never lives longer than @lifetime.
 *
 * Returns: (transfer full): the token; a secret
 */
char *
ls_jwt_sign (GBytes *key,
             const LsUser *user,
             const char *session_id,
             gint64 issued_at,
             gint64 lifetime)
{
  static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
  g_autofree char *encoded_header = NULL, *encoded_payload = NULL;
  g_autofree char *text = NULL, *signature = NULL;
  g_autoptr (GString) payload = NULL;
  const char *extra_role;

  g_return_val_if_fail (key != NULL && user != NULL && session_id != NULL, NULL);

  extra_role = ls_extra_role_to_string (user->extra_role);
  payload = g_string_new ("{");
  ls_json_write_string (payload, "user_id", user->id);
  ls_json_write_string (payload, "email", user->email);
  ls_json_write_string (payload, "role", ls_role_to_string (user->role));
  ls_json_write_string (payload, "extra_role", *extra_role != '\0' ? extra_role : NULL);
  ls_json_write_string (payload, "session_id", session_id);
  ls_json_write_int (payload, "iat", issued_at / 1000);
  ls_json_write_int (payload, "exp", (issued_at + lifetime) / 1000);
  g_string_append_c (payload, '}');

  encoded_header = ls_base64url_encode ((const guchar *)header, strlen (header));
  encoded_payload = ls_base64url_encode ((const guchar *)payload->str, payload->len);
  text = g_strconcat (encoded_header, ".", encoded_payload, NULL);
  signature = ls_signature_make (key, text, strlen (text));
  return g_strconcat (text, ".", signature, NULL);
}

/* Reads the object that a part of a token encodes. Returns: (transfer full) (nullable): the text
 * that @root points into */
static char *
read_part (const char *part, gsize part_length, LsJsonSlice *root)
{
  gsize length;
  g_autofree char *text = ls_base64url_decode (part, part_length, &length);

  if (text == NULL || !ls_json_check_root (text, length, LS_JWT_MAX_LENGTH, root, NULL))
    return NULL;

  return g_steal_pointer (&text);
}

static gboolean
is_hs256 (const char *header, gsize length)
{
  LsJsonSlice root, algorithm;
  g_autofree char *text = read_part (header, length, &root);

  return text != NULL && ls_json_find_member (root, "alg", &algorithm, NULL) &&
         ls_json_get_kind (algorithm) == LS_JSON_STRING &&
         ls_json_string_equals (algorithm, "HS256");
}

/* Reads the claims of a token whose signature is good. */
static LsClaims *
read_claims (const char *payload, gsize length)
{
  static const char *const names[] = { "user_id", "session_id", "exp", NULL };
  LsJsonSlice root, members[G_N_ELEMENTS (names) - 1];
  g_autofree char *text = read_part (payload, length, &root);
  g_autoptr (LsClaims) claims = g_new0 (LsClaims, 1);
  gint64 seconds;

  if (text == NULL || !ls_json_find_members (root, names, members, NULL))
    return NULL;

  claims->user_id = ls_json_get_string (members[0], NULL);
  claims->session_id = ls_json_get_string (members[1], NULL);
  if (claims->user_id == NULL || claims->session_id == NULL ||
      !ls_json_get_int (members[2], 0, LS_MAX_INTEGER / 1000, &seconds, NULL))
    return NULL;

  claims->expires_at = seconds * 1000;
  return g_steal_pointer (&claims);
}

/**
 * ls_jwt_verify:
 * @key: the secret
 * @token: what a client calls its access token
 * @now: now, milliseconds since the epoch
 * @error: return location for a #LsJwtError
 *
 * Checks the algorithm, the signature and the end of a token. Nothing in it is looked at before
 * the signature was found good, but for the algorithm, of which there is only one.
 *
 * Returns: (transfer full) (nullable): what it says
 */
LsClaims *
ls_jwt_verify (GBytes *key, const char *token, gint64 now, GError **error)
{
  g_autoptr (LsClaims) claims = NULL;
  g_autofree char *signature = NULL;
  const char *first, *second;

  g_return_val_if_fail (key != NULL && token != NULL, NULL);

  first = strlen (token) <= LS_JWT_MAX_LENGTH ? strchr (token, '.') : NULL;
  second = first != NULL ? strchr (first + 1, '.') : NULL;
  if (second != NULL && is_hs256 (token, (gsize)(first - token)))
    signature = ls_signature_make (key, token, (gsize)(second - token));
  if (signature != NULL && ls_secret_equal (signature, second + 1))
    claims = read_claims (first + 1, (gsize)(second - first - 1));

  if (claims == NULL)
    {
      g_set_error_literal (error, LS_JWT_ERROR, LS_JWT_ERROR_INVALID, "The token is not valid");
      return NULL;
    }
  if (claims->expires_at <= now)
    {
      g_set_error_literal (error, LS_JWT_ERROR, LS_JWT_ERROR_EXPIRED, "The token has expired");
      return NULL;
    }

  return g_steal_pointer (&claims);
}
