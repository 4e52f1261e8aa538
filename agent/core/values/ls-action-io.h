/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action.h"

G_BEGIN_DECLS

/** LS_MAX_ANSWER: bytes of an answer that are kept with its action */
#define LS_MAX_ANSWER (64 * 1024)

/**
 * LsActionRequest:
 * @method: how to send it
 * @path: where to, with its leading slash
 * @key: idempotency key
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
  gint64 version;
  char *body;
} LsActionRequest;

/**
 * LsActionReply:
 * @status: the HTTP status
 * @is_ours: whether labsync-server answered
 * @code: (nullable): error code, a word; the classic system has none
 * @row: (nullable): the row as the server has it: of a success, of a conflict, or of a row that was asked
 *   for. What the classic system answers to a write is not the row and is not here
 * @version: of @row; 0: unknown
 * @cursor: where the change is in the server's log; unset: it did not say
 * @replayed: whether it is the answer to an earlier request with the same key
 * @retry_after_ms: how long to stay away; 0: it did not say
 * @text: (nullable): the answer as it came, at most %LS_MAX_ANSWER bytes of it
 *
 * What the server said to an action: anything that surely came from it, success or not. What did not (no
 * answer, a captive portal, a proxy) is an error instead.
 */
typedef struct
{
  guint status;
  gboolean is_ours;
  char *code;
  char *row;
  gint64 version;
  LsCursor cursor;
  gboolean replayed;
  gint64 retry_after_ms;
  char *text;
} LsActionReply;

LsActionRequest *ls_action_request_new (LsMethod method, const char *path, const char *key);
void ls_action_request_free (LsActionRequest *request);
LsActionReply *ls_action_reply_new (guint status);
void ls_action_reply_free (LsActionReply *reply);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsActionRequest, ls_action_request_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsActionReply, ls_action_reply_free)

G_END_DECLS
