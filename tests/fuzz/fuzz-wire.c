/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "ls-wire-action.h"
#include "ls-wire-http.h"
#include "ls-wire-message.h"
#include "ls-wire-token.h"

/* No decoder breaks on anything; what one has read, written and read again is the same. */

static void
check_message (const char *text, gsize length)
{
  g_autoptr (LsMessage) message = ls_wire_decode_message (text, length, NULL);
  g_autoptr (LsMessage) again = NULL;
  g_autofree char *first = NULL, *second = NULL;

  /* A bare event that was left out leaves nothing to write. */
  if (message == NULL ||
      (message->events != NULL && !ls_cursor_is_set (message->cursor) && message->events->len == 0))
    return;

  first = ls_wire_encode_message (message, &length);
  again = ls_wire_decode_message (first, length, NULL);
  g_assert_nonnull (again);
  second = ls_wire_encode_message (again, NULL);
  g_assert_cmpstr (first, ==, second);
}

static void
check_updates (const char *text, gsize length)
{
  g_autoptr (LsUpdates) updates = ls_wire_decode_updates (text, length, NULL);
  g_autoptr (LsUpdates) again = NULL;
  g_autofree char *first = NULL, *second = NULL;

  if (updates == NULL)
    return;

  first = ls_wire_encode_updates (updates, &length);
  again = ls_wire_decode_updates (first, length, NULL);
  g_assert_nonnull (again);
  g_assert_cmpuint (again->n_bad_events, ==, 0);
  second = ls_wire_encode_updates (again, NULL);
  g_assert_cmpstr (first, ==, second);
}

static void
check_snapshot (const char *text, gsize length)
{
  g_autoptr (LsSnapshotPage) page = ls_wire_decode_snapshot_page (text, length, NULL);
  g_autoptr (LsSnapshotPage) again = NULL;
  g_autofree char *first = NULL, *second = NULL;

  if (page == NULL)
    return;

  first = ls_wire_encode_snapshot_page (page, &length);
  again = ls_wire_decode_snapshot_page (first, length, NULL);
  g_assert_nonnull (again);
  g_assert_cmpuint (again->n_bad_rows, ==, 0);
  second = ls_wire_encode_snapshot_page (again, NULL);
  g_assert_cmpstr (first, ==, second);
}

static void
check_session (const char *text, gsize length)
{
  g_autoptr (LsSession) session = ls_wire_decode_session (text, length, NULL);
  g_autoptr (LsSession) again = NULL;
  g_autofree char *first = NULL, *second = NULL;

  if (session == NULL)
    return;

  first = ls_wire_encode_session (session, &length);
  again = ls_wire_decode_session (first, length, NULL);
  g_assert_nonnull (again);
  second = ls_wire_encode_session (again, NULL);
  g_assert_cmpstr (first, ==, second);
}

static void
check_action_reply (const char *text, gsize length)
{
  g_autoptr (LsActionReply) reply = ls_wire_decode_action_reply (text, length, NULL);
  g_autoptr (LsActionReply) again = NULL;
  g_autofree char *first = NULL, *second = NULL;

  if (reply == NULL)
    return;

  first = ls_wire_encode_action_reply (reply, &length);
  again = ls_wire_decode_action_reply (first, length, NULL);
  g_assert_nonnull (again);
  second = ls_wire_encode_action_reply (again, NULL);
  g_assert_cmpstr (first, ==, second);
}

static void
check_token (const char *text, gsize length)
{
  g_autofree char *jwt = g_strndup (text, length);
  g_autoptr (LsUser) user = ls_wire_token_get_user (jwt);

  g_assert_cmpint (ls_wire_token_get_expiry (jwt), >=, 0);
  g_assert_true (user == NULL || g_utf8_validate (user->id, -1, NULL));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  /* A copy of the exact size, so that a read behind the end is seen. */
  g_autofree char *text = g_memdup2 (size > 0 ? data : (const guint8 *)"", MAX (size, 1));
  g_autofree char *code = NULL, *message = NULL;

  check_message (text, size);
  check_updates (text, size);
  check_snapshot (text, size);
  check_session (text, size);
  check_action_reply (text, size);
  check_token (text, size);
  ls_wire_decode_error_message (text, size, &code, &message);
  return 0;
}
