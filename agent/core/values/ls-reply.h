/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-message.h"
#include "ls-row.h"

G_BEGIN_DECLS

/**
 * LsUpdates:
 * @events: (element-type LsEvent): what is new, in order
 * @n_bad_events: how many were left out because they were malformed
 * @cursor: where the page ends
 * @more: whether to ask again from @cursor
 * @partial: whether @cursor is inside a transaction of the server: what comes next belongs to it
 * @resume: %LS_RESUME_RESUMED or %LS_RESUME_SNAPSHOT
 * @not_modified: whether nothing is new (304): @cursor is then unset and @events empty
 *
 * A page of `GET /api/updates?cursor=`.
 */
typedef struct
{
  GPtrArray *events;
  guint n_bad_events;
  LsCursor cursor;
  gboolean more;
  gboolean partial;
  LsResume resume;
  gboolean not_modified;
} LsUpdates;

/**
 * LsSnapshotPage:
 * @entity: of what
 * @rows: (element-type LsRow): a page of rows
 * @n_bad_rows: how many were left out because they were malformed
 * @next: (nullable): token of the next page; %NULL: this was the last
 * @cursor: the position that the whole snapshot stands for
 *
 * A page of `GET /api/snapshot`.
 */
typedef struct
{
  LsEntity entity;
  GPtrArray *rows;
  guint n_bad_rows;
  char *next;
  LsCursor cursor;
} LsSnapshotPage;

/**
 * LsSession:
 * @user: (nullable): who signed in; %NULL in the answer to a refresh
 * @access: the access token
 * @refresh: (nullable): the refresh token; %NULL: keep the old one
 * @is_classic: whether whoever gave them did not say that it is labsync-server
 *
 * What sign-in and refresh answer. Secrets: never logged, wiped when freed.
 */
typedef struct
{
  LsUser *user;
  char *access;
  char *refresh;
  gboolean is_classic;
} LsSession;

/** LS_MAX_ANSWER: bytes of an answer that are kept with its action */
#define LS_MAX_ANSWER (64 * 1024)

/**
 * LsActionReply:
 * @code: (nullable): why the action was refused, a name; %NULL: it was done, or the
 *   server has none for it
 * @status: the HTTP status; 0: that is not known
 * @message: (nullable): what was done, or why not, for people
 * @field: (nullable): of a refusal: which member of the request's body is wrong
 * @row: (nullable): the row as it has become, JSON text; of a refusal: the row that is in the way.
 *   `{"id":…}` alone: it is gone, out of sight or too large
 * @version: its version, 0 if that is not known
 * @cursor: where in the log the change stands; unset: nowhere, or that is not known
 * @is_ours: whether labsync-server answered
 * @replayed: whether it is the answer to an earlier request with the same key
 * @retry_after_ms: how long to stay away; 0: it did not say
 * @text: (nullable): the answer as it came, but for members that are not to be kept; at most
 *   %LS_MAX_ANSWER bytes of it; %NULL: it was no JSON, or repeats the token
 *
 * What a server answers to an action: anything that surely came from it, success or not, and that the request is too
 * large, whoever says that. What else did not come from it (no answer, a captive portal, a proxy) is an error instead.
 * What the classic system answers to a write is not the row, and is not in @row.
 */
typedef struct
{
  char *code;
  guint status;
  char *message;
  char *field;
  char *row;
  gint64 version;
  LsCursor cursor;
  gboolean is_ours;
  gboolean replayed;
  gint64 retry_after_ms;
  char *text;
} LsActionReply;

void ls_secret_free (char *secret);
LsUpdates *ls_updates_new (void);
void ls_updates_free (LsUpdates *updates);
LsSnapshotPage *ls_snapshot_page_new (LsEntity entity);
void ls_snapshot_page_free (LsSnapshotPage *page);
LsSession *ls_session_new (const char *access, const char *refresh);
LsSession *ls_session_copy (const LsSession *session);
void ls_session_free (LsSession *session);
LsActionReply *ls_action_reply_new (guint status);
gboolean ls_action_reply_is_too_large (guint status);
void ls_action_reply_free (LsActionReply *reply);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsUpdates, ls_updates_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsSnapshotPage, ls_snapshot_page_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsSession, ls_session_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsActionReply, ls_action_reply_free)

G_END_DECLS
