/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-reply.h"

#include <string.h>

/**
 * ls_secret_free:
 * @secret: (transfer full) (nullable): a token or a password
 *
 * Overwrites it and frees it.
 */
void
ls_secret_free (char *secret)
{
  if (secret == NULL)
    return;

  explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

/**
 * ls_updates_new:
 *
 * Returns: (transfer full): an empty page of updates
 */
LsUpdates *
ls_updates_new (void)
{
  LsUpdates *updates = g_new0 (LsUpdates, 1);

  updates->events = ls_event_array_new ();
  return updates;
}

/**
 * ls_updates_free:
 * @updates: (transfer full): a page of updates
 *
 * Frees it.
 */
void
ls_updates_free (LsUpdates *updates)
{
  g_ptr_array_unref (updates->events);
  g_free (updates);
}

/**
 * ls_snapshot_page_new:
 * @entity: of what
 *
 * Returns: (transfer full): an empty page
 */
LsSnapshotPage *
ls_snapshot_page_new (LsEntity entity)
{
  LsSnapshotPage *page = g_new0 (LsSnapshotPage, 1);

  page->entity = entity;
  page->rows = ls_row_array_new ();
  return page;
}

/**
 * ls_snapshot_page_free:
 * @page: (transfer full): a page
 *
 * Frees it.
 */
void
ls_snapshot_page_free (LsSnapshotPage *page)
{
  g_ptr_array_unref (page->rows);
  g_free (page->next);
  g_free (page);
}

/**
 * ls_session_new:
 * @access: the access token
 * @refresh: (nullable): the refresh token
 *
 * Returns: (transfer full): a session without a user
 */
LsSession *
ls_session_new (const char *access, const char *refresh)
{
  LsSession *session = g_new0 (LsSession, 1);

  session->access = g_strdup (access);
  session->refresh = g_strdup (refresh);
  return session;
}

/**
 * ls_session_copy:
 * @session: a session
 *
 * Returns: (transfer full): a copy
 */
LsSession *
ls_session_copy (const LsSession *session)
{
  LsSession *copy = ls_session_new (session->access, session->refresh);

  copy->user = session->user != NULL ? ls_user_copy (session->user) : NULL;
  copy->is_classic = session->is_classic;
  return copy;
}

/**
 * ls_session_free:
 * @session: (transfer full): a session
 *
 * Overwrites the tokens and frees it.
 */
void
ls_session_free (LsSession *session)
{
  g_clear_pointer (&session->user, ls_user_free);
  ls_secret_free (session->access);
  ls_secret_free (session->refresh);
  g_free (session);
}

/**
 * ls_action_reply_new:
 * @status: the HTTP status; 0: not known yet
 *
 * Returns: (transfer full): a reply that says no more
 */
LsActionReply *
ls_action_reply_new (guint status)
{
  LsActionReply *reply = g_new0 (LsActionReply, 1);

  reply->status = status;
  return reply;
}

/**
 * ls_action_reply_is_too_large:
 * @status: an HTTP status
 *
 * Returns: whether the request is too large for somebody on its way, and will be whenever it is sent (RFC 9110 15.5.14
 *   and 15.5.15, RFC 6585 5)
 */
gboolean
ls_action_reply_is_too_large (guint status)
{
  return status == 413 || status == 414 || status == 431;
}

/**
 * ls_action_reply_free:
 * @reply: (transfer full): a reply
 *
 * Frees it.
 */
void
ls_action_reply_free (LsActionReply *reply)
{
  g_free (reply->code);
  g_free (reply->message);
  g_free (reply->field);
  g_free (reply->row);
  g_free (reply->text);
  g_free (reply);
}
