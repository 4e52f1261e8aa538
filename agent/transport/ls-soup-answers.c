/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-soup-answers.h"

#include <string.h>

#include "ls-error.h"
#include "ls-json.h"
#include "ls-link-error.h"
#include "ls-soup-errors.h"
#include "ls-wire-action.h"
#include "ls-wire-classic.h"
#include "ls-wire-http.h"

/* Most data have none of the members, which a look at the text alone tells; with an escape in it a
 * name may be written in other ways. */
static gboolean
may_have (const char *data, const char *const *names)
{
  for (guint i = 0; names[i] != NULL; i++)
    if (strstr (data, names[i]) != NULL)
      return TRUE;

  return strchr (data, '\\') != NULL;
}

static void
cut (char **data, const char *const *drop_fields)
{
  g_autofree char *whole = NULL;

  if (*data == NULL || drop_fields == NULL || !may_have (*data, drop_fields))
    return;

  whole = g_steal_pointer (data);
  *data = ls_json_without_members (whole, drop_fields);
}

static void
cut_rows (GPtrArray *rows, const char *const *drop_fields)
{
  for (guint i = 0; i < rows->len; i++)
    {
      LsRow *row = rows->pdata[i];

      cut (&row->data, drop_fields);
    }
}

static gpointer
decode_updates (const LsSoupAnswer *answer, const char *const *drop_fields, GError **error)
{
  gsize length = 0;
  const char *text = g_bytes_get_data (answer->body, &length);
  LsUpdates *updates = NULL;

  if (answer->status == SOUP_STATUS_NOT_MODIFIED)
    {
      updates = ls_updates_new ();
      updates->not_modified = TRUE;
      return updates;
    }

  updates = ls_wire_decode_updates (text != NULL ? text : "", length, error);
  if (updates != NULL)
    ls_soup_answers_cut_events (updates->events, drop_fields);

  return updates;
}

static gpointer
decode_snapshot (const LsSoupAnswer *answer, const char *const *drop_fields, GError **error)
{
  gsize length = 0;
  const char *text = g_bytes_get_data (answer->body, &length);
  LsSnapshotPage *page = ls_wire_decode_snapshot_page (text != NULL ? text : "", length, error);

  if (page != NULL)
    cut_rows (page->rows, drop_fields);

  return page;
}

static gpointer
decode_checksum (const LsSoupAnswer *answer, const char *const *drop_fields, GError **error)
{
  gsize length = 0;
  const char *text = g_bytes_get_data (answer->body, &length);

  return ls_wire_decode_checksum (text != NULL ? text : "", length, error);
}

static guint
get_number (SoupMessageHeaders *headers, const char *name)
{
  const char *text = soup_message_headers_get_one (headers, name);
  guint64 number = 0;

  if (text != NULL)
    g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT, &number, NULL);
  return (guint)number;
}

/* The classic system writes the time as ISO 8601. Returns: milliseconds since the epoch; 0: none */
static gint64
get_time (SoupMessageHeaders *headers, const char *name)
{
  const char *text = soup_message_headers_get_one (headers, name);
  g_autoptr (GDateTime) date = text != NULL ? g_date_time_new_from_iso8601 (text, NULL) : NULL;

  if (date == NULL)
    return 0;

  return MAX (g_date_time_to_unix (date) * 1000 + g_date_time_get_microsecond (date) / 1000, 0);
}

static LsQuota
get_quota (SoupMessageHeaders *headers)
{
  return (LsQuota) {
    .limit = get_number (headers, "X-RateLimit-Limit"),
    .remaining = get_number (headers, "X-RateLimit-Remaining"),
    .reset_at = get_time (headers, "X-RateLimit-Reset"),
  };
}

static gpointer
decode_poll (const LsSoupAnswer *answer, const char *const *drop_fields, GError **error)
{
  gsize length = 0;
  const char *text = g_bytes_get_data (answer->body, &length);
  LsPoll *poll;

  if (ls_soup_errors_is_ours (answer->headers))
    {
      poll = ls_poll_new ();
      poll->is_ours = TRUE;
      return poll;
    }

  poll = ls_wire_decode_poll (text != NULL ? text : "", length, error);
  for (guint i = 0; poll != NULL && i < LS_N_ENTITIES; i++)
    if (poll->tables[i] != NULL)
      cut_rows (poll->tables[i]->rows, drop_fields);
  if (poll != NULL)
    poll->quota = get_quota (answer->headers);

  return poll;
}

static gpointer
decode_listing (const LsSoupAnswer *answer, const char *const *drop_fields, GError **error)
{
  gsize length = 0;
  const char *text = g_bytes_get_data (answer->body, &length);
  LsListing *listing = ls_wire_decode_listing (text != NULL ? text : "", length, error);

  if (listing != NULL)
    {
      cut_rows (listing->rows->rows, drop_fields);
      listing->quota = get_quota (answer->headers);
    }

  return listing;
}

/* Of a refusal the status says the essential, and the classic system has several shapes for the rest. */
static LsActionReply *
read_reply (const LsSoupAnswer *answer, const char *text, gsize length, GError **error)
{
  LsActionReply *reply =
      length > 0 ? ls_wire_decode_action_reply (text, length, NULL) : ls_action_reply_new (0);

  if (reply == NULL && SOUP_STATUS_IS_SUCCESSFUL (answer->status))
    g_set_error_literal (error, LS_JSON_ERROR, LS_JSON_ERROR_SHAPE, "not an answer to an action");
  else if (reply == NULL)
    reply = ls_action_reply_new (0);
  if (reply != NULL)
    reply->status = answer->status;
  return reply;
}

/* What is to be kept of an answer for those who want to know what the server said. Of a row in it, wherever it is,
 * no more is kept than of the row itself; in what is no JSON nobody knows what there is.
 *
 * Returns: (transfer full) (nullable) */
static char *
make_text (const char *text, gsize length, const char *const *drop_fields)
{
  g_autofree char *whole = NULL;
  LsJsonSlice root;

  if (!ls_json_check_root (text, length, LS_WIRE_MAX_BODY, &root, NULL))
    return NULL;

  whole = ls_json_get_raw (root);
  if (drop_fields != NULL && may_have (whole, drop_fields))
    {
      g_free (whole);
      whole = ls_json_prune (root, drop_fields);
    }
  return g_utf8_make_valid (whole, (gssize)MIN (strlen (whole), LS_MAX_ANSWER));
}

/* Of an answer that says a token back nothing is to be kept: it is as good as none. */
static gboolean
has_token (const LsSoupAnswer *answer, const char *text, gsize length)
{
  return answer->token != NULL && length > 0 &&
         g_strstr_len (text, (gssize)length, answer->token) != NULL;
}

static LsActionReply *
decode_reply (const LsSoupAnswer *answer, const char *const *drop_fields, GError **error)
{
  const char *replayed = soup_message_headers_get_one (answer->headers, "Idempotency-Replayed");
  gsize length = 0;
  const char *text = g_bytes_get_data (answer->body, &length);
  LsActionReply *reply;

  if (has_token (answer, text, length))
    length = 0;
  reply = read_reply (answer, text, length, error);
  if (reply == NULL)
    return NULL;

  cut (&reply->row, drop_fields);
  reply->is_ours = ls_soup_errors_is_ours (answer->headers);
  reply->replayed = g_strcmp0 (replayed, "true") == 0;
  reply->retry_after_ms = ls_soup_errors_get_retry_after (answer->headers);
  if (length > 0)
    reply->text = make_text (text, length, drop_fields);
  return reply;
}

/* What the classic system answers to a write is what was sent, and not the row. */
static gpointer
decode_action (const LsSoupAnswer *answer, const char *const *drop_fields, GError **error)
{
  LsActionReply *reply = decode_reply (answer, drop_fields, error);

  if (reply != NULL && !reply->is_ours)
    g_clear_pointer (&reply->row, g_free);
  return reply;
}

static gpointer
decode_row (const LsSoupAnswer *answer, const char *const *drop_fields, GError **error)
{
  return decode_reply (answer, drop_fields, error);
}

static gpointer
decode_session (const LsSoupAnswer *answer, const char *const *drop_fields, GError **error)
{
  gsize length = 0;
  const char *text = g_bytes_get_data (answer->body, &length);
  LsSession *session = ls_wire_decode_session (text != NULL ? text : "", length, error);

  if (session != NULL)
    session->is_classic = !ls_soup_errors_is_ours (answer->headers);

  return session;
}

static gpointer
decode_sign_in (const LsSoupAnswer *answer, const char *const *drop_fields, GError **error)
{
  g_autoptr (LsSession) session = decode_session (answer, drop_fields, error);

  if (session != NULL && session->user == NULL)
    {
      g_set_error_literal (error, LS_JSON_ERROR, LS_JSON_ERROR_SHAPE, "there is no user in it");
      return NULL;
    }

  return g_steal_pointer (&session);
}

static void
refine_sign_in (GError **error)
{
  guint status = ls_link_error_get_status (*error);

  if (status == SOUP_STATUS_UNAUTHORIZED)
    {
      g_clear_error (error);
      g_set_error_literal (error, LS_ERROR, LS_ERROR_WRONG_CREDENTIALS,
                           "The server does not know this e-mail address and password");
    }
  else if (status == SOUP_STATUS_BAD_REQUEST)
    {
      g_clear_error (error);
      g_set_error_literal (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                           "The server can't use this e-mail address and password");
    }
}

static void
refine_refresh (GError **error)
{
  if (ls_link_error_get_status (*error) != SOUP_STATUS_BAD_REQUEST)
    return;

  g_clear_error (error);
  *error = ls_link_error_new (LS_REASON_TOKEN_REFUSED, SOUP_STATUS_BAD_REQUEST, 0,
                              "The server does not accept the refresh token");
}

const LsSoupAnswerType ls_soup_answer_updates = {
  .decode = decode_updates,
  .free_value = (GDestroyNotify)ls_updates_free,
};

const LsSoupAnswerType ls_soup_answer_snapshot = {
  .decode = decode_snapshot,
  .free_value = (GDestroyNotify)ls_snapshot_page_free,
};

const LsSoupAnswerType ls_soup_answer_checksum = {
  .decode = decode_checksum,
  .free_value = (GDestroyNotify)ls_checksum_free,
};

const LsSoupAnswerType ls_soup_answer_poll = {
  .decode = decode_poll,
  .free_value = (GDestroyNotify)ls_poll_free,
};

const LsSoupAnswerType ls_soup_answer_listing = {
  .decode = decode_listing,
  .free_value = (GDestroyNotify)ls_listing_free,
};

const LsSoupAnswerType ls_soup_answer_action = {
  .decode = decode_action,
  .any_status = TRUE,
  .free_value = (GDestroyNotify)ls_action_reply_free,
};

const LsSoupAnswerType ls_soup_answer_row = {
  .decode = decode_row,
  .any_status = TRUE,
  .free_value = (GDestroyNotify)ls_action_reply_free,
};

const LsSoupAnswerType ls_soup_answer_sign_in = {
  .decode = decode_sign_in,
  .refine = refine_sign_in,
  .free_value = (GDestroyNotify)ls_session_free,
};

const LsSoupAnswerType ls_soup_answer_refresh = {
  .decode = decode_session,
  .refine = refine_refresh,
  .free_value = (GDestroyNotify)ls_session_free,
};

const LsSoupAnswerType ls_soup_answer_sign_out = { NULL };

/**
 * ls_soup_answers_cut_events:
 * @events: (element-type LsEvent): events that nobody else has seen yet
 * @drop_fields: (nullable): members to cut out of their data
 *
 * Cuts what the settings don't want on this machine.
 */
void
ls_soup_answers_cut_events (GPtrArray *events, const char *const *drop_fields)
{
  for (guint i = 0; i < events->len; i++)
    {
      LsEvent *event = g_ptr_array_index (events, i);

      cut (&event->data, drop_fields);
    }
}
