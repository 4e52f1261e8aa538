/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action.h"

G_BEGIN_DECLS

/**
 * LsActionRequest:
 * @method: how to send it
 * @path: where to, with its leading slash
 * @key: idempotency key
 * @is_repeatable: the server knows keys, and does what comes again only once
 * @version: for `If-Match`; 0: none
 * @body: (nullable): JSON; %NULL: none
 *
 * An action as it goes to the server.
 */
typedef struct
{
  LsMethod method;
  char *path;
  char *key;
  gboolean is_repeatable;
  gint64 version;
  char *body;
} LsActionRequest;

LsActionRequest *ls_action_request_new (LsMethod method, const char *path, const char *key);
void ls_action_request_free (LsActionRequest *request);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsActionRequest, ls_action_request_free)

G_END_DECLS
