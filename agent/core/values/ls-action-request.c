/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-action-request.h"

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
