/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tokens of the model: "USER@ISSUED" */
#include <string.h>

#include "ls-model-server.h"

/**
 * ls_model_token_get_issued:
 * @token: an access token
 *
 * Returns: when it was given out, milliseconds since the epoch
 */
gint64
ls_model_token_get_issued (const char *token)
{
  return g_ascii_strtoll (strchr (token, '@') + 1, NULL, 10);
}

/**
 * ls_model_token_get_expiry:
 * @token: an access token
 *
 * Returns: when it ends, milliseconds since the epoch
 */
gint64
ls_model_token_get_expiry (const char *token)
{
  return ls_model_token_get_issued (token) + LS_MODEL_TOKEN_LIFE;
}

/**
 * ls_model_token_get_user:
 * @token: an access token
 *
 * Returns: (transfer full): whose it is
 */
LsUser *
ls_model_token_get_user (const char *token)
{
  g_autofree char *name = g_strndup (token, (gsize)(strchr (token, '@') - token));

  return ls_user_new (name, name, LS_ROLE_STUDENT, LS_EXTRA_ROLE_NONE);
}
