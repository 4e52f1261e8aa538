/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-action-io.h"

/**
 * ls_action_request_new:
 * @method: how to send it
 * @path: where to
 * @key: idempotency key
 *
 * Returns: (transfer full): a request without a body
 */
LsActionRequest *
ls_action_request_new (LsMethod method, const char *path, const char *key)
{
  LsActionRequest *request = g_new0 (LsActionRequest, 1);

  request->method = method;
  request->path = g_strdup (path);
  request->key = g_strdup (key);
  return request;
}

/**
 * ls_action_request_free:
 * @request: (transfer full): a request
 *
 * Frees it.
 */
void
ls_action_request_free (LsActionRequest *request)
{
  g_free (request->path);
  g_free (request->key);
  g_free (request->body);
  g_free (request);
}

/**
 * ls_action_reply_new:
 * @status: the HTTP status
 *
 * Returns: (transfer full): an answer that says no more
 */
LsActionReply *
ls_action_reply_new (guint status)
{
  LsActionReply *reply = g_new0 (LsActionReply, 1);

  reply->status = status;
  reply->cursor = LS_CURSOR_NONE;
  return reply;
}

/**
 * ls_action_reply_free:
 * @reply: (transfer full): an answer
 *
 * Frees it.
 */
void
ls_action_reply_free (LsActionReply *reply)
{
  g_free (reply->code);
  g_free (reply->row);
  g_free (reply->text);
  g_free (reply);
}
