/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-http-answer.h"

#include "ls-auth.h"
#include "ls-error.h"
#include "ls-http-trace.h"
#include "ls-json-writer.h"
#include "ls-json.h"
#include "ls-wire-http.h"

/* RFC 6585 §4; libsoup has no name for it */
#define STATUS_TOO_MANY_REQUESTS 429

/* What an error is over HTTP. The texts are the original's where it has one for the case. */
typedef struct
{
  guint status;
  const char *code;
  const char *text; /* (nullable): the error's own message */
} Failure;

static const Failure jwt_failures[] = {
  [LS_JWT_ERROR_INVALID] = { SOUP_STATUS_UNAUTHORIZED, "token-invalid", NULL },
  [LS_JWT_ERROR_EXPIRED] = { SOUP_STATUS_UNAUTHORIZED, "token-expired", NULL },
};

static const Failure auth_failures[] = {
  [LS_AUTH_ERROR_CREDENTIALS] = { SOUP_STATUS_UNAUTHORIZED, "wrong-credentials",
                                  "Email atau password salah" },
  [LS_AUTH_ERROR_LIMITED] = { STATUS_TOO_MANY_REQUESTS, "too-many-attempts",
                              "Terlalu banyak percobaan masuk" },
  [LS_AUTH_ERROR_BUSY] = { SOUP_STATUS_SERVICE_UNAVAILABLE, "busy", NULL },
  [LS_AUTH_ERROR_ENDED] = { SOUP_STATUS_UNAUTHORIZED, "session-ended", NULL },
  [LS_AUTH_ERROR_INACTIVE] = { SOUP_STATUS_FORBIDDEN, "account-inactive", NULL },
  [LS_AUTH_ERROR_EMAIL] = { STATUS_TOO_MANY_REQUESTS, "too-many-attempts", NULL },
};

static const Failure school_failures[] = {
  [LS_SCHOOL_ERROR_FORBIDDEN] = { SOUP_STATUS_FORBIDDEN, "forbidden", NULL },
  [LS_SCHOOL_ERROR_NOT_FOUND] = { SOUP_STATUS_NOT_FOUND, "not-found", "Data tidak ditemukan" },
  [LS_SCHOOL_ERROR_GONE] = { SOUP_STATUS_GONE, "gone", NULL },
  [LS_SCHOOL_ERROR_INVALID] = { SOUP_STATUS_BAD_REQUEST, "invalid", NULL },
  [LS_SCHOOL_ERROR_EXISTS] = { SOUP_STATUS_CONFLICT, "exists", NULL },
  [LS_SCHOOL_ERROR_VERSION] = { SOUP_STATUS_PRECONDITION_FAILED, "version-mismatch", NULL },
  [LS_SCHOOL_ERROR_KEY_REUSED] = { SOUP_STATUS_UNPROCESSABLE_ENTITY, "key-reused", NULL },
  [LS_SCHOOL_ERROR_PAGE] = { SOUP_STATUS_BAD_REQUEST, "bad-page", NULL },
  [LS_SCHOOL_ERROR_SESSION] = { SOUP_STATUS_UNAUTHORIZED, "session-ended", NULL },
  [LS_SCHOOL_ERROR_REUSED] = { SOUP_STATUS_UNAUTHORIZED, "session-ended", NULL },
  [LS_SCHOOL_ERROR_BUSY] = { SOUP_STATUS_SERVICE_UNAVAILABLE, "busy", NULL },
  [LS_SCHOOL_ERROR_STORAGE] = { SOUP_STATUS_SERVICE_UNAVAILABLE, "storage",
                                "Terjadi kesalahan pada server" },
  [LS_SCHOOL_ERROR_NEWER] = { SOUP_STATUS_INTERNAL_SERVER_ERROR, "storage",
                              "Terjadi kesalahan pada server" },
};

static const Failure bad_json = { SOUP_STATUS_BAD_REQUEST, "bad-json", NULL };
static const Failure bad_request = { SOUP_STATUS_BAD_REQUEST, "bad-request", NULL };
static const Failure internal = { SOUP_STATUS_INTERNAL_SERVER_ERROR, "internal",
                                  "Terjadi kesalahan pada server" };

static const Failure *
find_failure (const GError *error)
{
  if (error->domain == LS_JWT_ERROR)
    return &jwt_failures[error->code];
  if (error->domain == LS_AUTH_ERROR)
    return &auth_failures[error->code];
  if (error->domain == LS_SCHOOL_ERROR)
    return &school_failures[error->code];
  if (error->domain == LS_JSON_ERROR)
    return &bad_json;
  if (g_error_matches (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT))
    return &bad_request;

  return &internal;
}

/**
 * ls_http_describe_failure:
 * @error: an error
 * @code: (out): its name in a body, see the protocol, "Errors"
 * @text: (out): its text for people; what a server fault was stays in the server's log
 *
 * Returns: its HTTP status
 */
guint
ls_http_describe_failure (const GError *error, const char **code, const char **text)
{
  const Failure *failure;

  g_return_val_if_fail (error != NULL && code != NULL && text != NULL, 0);

  failure = find_failure (error);
  if (failure->status >= 500 && failure->text != NULL)
    g_warning ("A request failed: %s", error->message);

  *code = failure->code;
  *text = failure->text != NULL ? failure->text : error->message;
  return failure->status;
}

/**
 * ls_http_answer_json:
 * @message: a request
 * @status: HTTP status
 * @json: (transfer full): the body
 * @length: its length in bytes
 *
 * Answers. What a user may see changes at any moment, so no cache keeps it.
 */
void
ls_http_answer_json (SoupServerMessage *message, guint status, char *json, gsize length)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);

  g_return_if_fail (json != NULL);

  soup_message_headers_replace (headers, "Cache-Control", "no-store");
  soup_server_message_set_status (message, status, NULL);
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_TAKE, json, length);
}

/**
 * ls_http_answer_ok:
 * @message: a request
 * @status: HTTP status
 * @text: what was done, for people
 * @data: (nullable): what comes with it, JSON
 *
 * Answers with the envelope of a success.
 */
void
ls_http_answer_ok (SoupServerMessage *message, guint status, const char *text, const char *data)
{
  GString *out = g_string_new ("{\"success\":true");
  gsize length;

  ls_json_write_string (out, "message", text);
  ls_json_write_raw (out, "data", data != NULL ? data : "null");
  g_string_append_c (out, '}');

  length = out->len;
  ls_http_answer_json (message, status, g_string_free (out, FALSE), length);
}

/**
 * ls_http_answer_error:
 * @message: a request
 * @status: HTTP status
 * @code: what went wrong, a name that is never freed
 * @text: the same for people
 *
 * Answers with the envelope of an error.
 */
void
ls_http_answer_error (SoupServerMessage *message, guint status, const char *code, const char *text)
{
  gsize length;
  char *json = ls_wire_encode_error_message (code, text, status, &length);

  ls_http_trace_set_code (message, code);
  if (status == SOUP_STATUS_UNAUTHORIZED)
    soup_message_headers_replace (soup_server_message_get_response_headers (message),
                                  "WWW-Authenticate", "Bearer");
  ls_http_answer_json (message, status, json, length);
}

/**
 * ls_http_answer_later:
 * @message: a request
 * @retry_after: when it may be sent again, milliseconds
 *
 * Says in the answer when that is: `Retry-After`, in whole seconds.
 */
void
ls_http_answer_later (SoupServerMessage *message, gint64 retry_after)
{
  g_autofree char *seconds =
      g_strdup_printf ("%" G_GINT64_FORMAT, (retry_after + 999) / G_GINT64_CONSTANT (1000));

  soup_message_headers_replace (soup_server_message_get_response_headers (message), "Retry-After",
                                seconds);
}

/**
 * ls_http_answer_failure:
 * @message: a request
 * @error: what came of it
 *
 * Answers with the envelope of an error.
 */
void
ls_http_answer_failure (SoupServerMessage *message, const GError *error)
{
  const char *code, *text;
  guint status = ls_http_describe_failure (error, &code, &text);

  ls_http_answer_error (message, status, code, text);
}
