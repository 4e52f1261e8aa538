/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-http-answer.h"
#include "ls-http-call.h"
#include "ls-http-request.h"
#include "ls-http-trace.h"
#include "ls-json.h"
#include "ls-wire-http.h"

/* Returns: (nullable): the member, if it is a text with something in it */
static const char *
get_text (JsonObject *body, const char *name)
{
  JsonNode *node = json_object_get_member (body, name);
  const char *text = node != NULL && json_node_get_value_type (node) == G_TYPE_STRING
                         ? json_node_get_string (node)
                         : NULL;

  return text != NULL && *text != '\0' ? text : NULL;
}

/* The text for people is the original's. */
static void
answer_session (SoupServerMessage *message, const LsSession *session, const char *text)
{
  gsize length;
  g_autofree char *json = ls_wire_encode_session (session, &length);
  g_autofree char *data = NULL;
  LsJsonSlice value;

  ls_json_find_member ((LsJsonSlice) { json, length }, "data", &value, NULL);
  data = ls_json_get_raw (value);
  ls_http_answer_ok (message, SOUP_STATUS_OK, text, data);

  explicit_bzero (json, length);
  explicit_bzero (data, value.length);
}

static void
login_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SoupServerMessage) message = user_data;
  g_autoptr (GError) error = NULL;
  gint64 retry_after;
  g_autoptr (LsSession) session =
      ls_auth_login_finish (LS_AUTH (source), result, &retry_after, &error);

  ls_http_trace_set_user (message, ls_auth_login_get_user_id (result));
  if (session != NULL)
    answer_session (message, session, "Login berhasil");
  else
    ls_http_answer_failure (message, error);
  if (retry_after > 0)
    ls_http_answer_later (message, retry_after);
  soup_server_message_unpause (message);
}

/**
 * ls_http_handle_login:
 * @call: `POST /api/auth/login {"email","password"}`
 *
 * Signs somebody in.
 */
void
ls_http_handle_login (const LsHttpCall *call)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) body = ls_http_request_get_body (call->message, &error);
  const char *email, *password;

  if (body == NULL)
    {
      ls_http_answer_failure (call->message, error);
      return;
    }

  email = get_text (body, "email");
  password = get_text (body, "password");
  if (email == NULL || password == NULL)
    {
      ls_http_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, "bad-request",
                            "Email dan password diperlukan");
      return;
    }

  soup_server_message_pause (call->message);
  ls_auth_login_async (call->auth, email, password,
                       soup_server_message_get_remote_address (call->message), login_cb,
                       g_object_ref (call->message));
}

/**
 * ls_http_handle_refresh:
 * @call: `POST /api/auth/refresh {"refreshToken"}`
 *
 * Gives new tokens.
 */
void
ls_http_handle_refresh (const LsHttpCall *call)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) body = ls_http_request_get_body (call->message, &error);
  g_autoptr (LsSession) session = NULL;
  const char *refresh_token;

  if (body == NULL)
    {
      ls_http_answer_failure (call->message, error);
      return;
    }

  refresh_token = get_text (body, "refreshToken");
  if (refresh_token == NULL)
    {
      ls_http_answer_error (call->message, SOUP_STATUS_BAD_REQUEST, "bad-request",
                            "Refresh token diperlukan");
      return;
    }

  session = ls_auth_refresh (call->auth, refresh_token, &error);
  if (session == NULL)
    {
      ls_http_answer_failure (call->message, error);
      return;
    }

  /* Who it is has not changed: only a sign-in says so (protocol, "HTTP"). */
  g_clear_pointer (&session->user, ls_user_free);
  answer_session (call->message, session, "Token berhasil diperbarui");
}

/**
 * ls_http_handle_logout:
 * @call: `POST /api/auth/logout [{"refreshToken"}]`
 *
 * Ends the session of the access token or, if there is no good one, of the refresh token.
 */
void
ls_http_handle_logout (const LsHttpCall *call)
{
  g_autofree char *token = ls_http_request_get_token (call->message);
  /* It need not have a body: the original's has none. */
  g_autoptr (JsonObject) body = ls_http_request_get_body (call->message, NULL);
  const char *refresh_token = body != NULL ? get_text (body, "refreshToken") : NULL;
  g_autoptr (GError) error = NULL;

  if (token == NULL && refresh_token == NULL)
    ls_http_answer_error (call->message, SOUP_STATUS_UNAUTHORIZED, "token-required",
                          "Token required");
  else if (ls_auth_logout (call->auth, token, refresh_token, &error))
    ls_http_answer_ok (call->message, SOUP_STATUS_OK, "Logout berhasil", NULL);
  else
    ls_http_answer_failure (call->message, error);
}
