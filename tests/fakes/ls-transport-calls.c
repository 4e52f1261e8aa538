/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-transport-calls.h"

#include "ls-answer.h"

/**
 * ls_call_open_socket:
 * @transport: a transport
 * @token: as there
 * @error: as for ls_transport_open_finish()
 *
 * Calls ls_transport_open_async() and waits.
 *
 * Returns: as ls_transport_open_finish()
 */
LsProtocol
ls_call_open_socket (LsTransport *transport, const char *token, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_transport_open_async (transport, token, NULL, ls_answer_cb, &answer);
  return ls_transport_open_finish (transport, ls_answer_wait (&answer), error);
}

/**
 * ls_call_updates:
 * @transport: a transport
 * @token: as there
 * @cursor: as there
 * @error: as for ls_transport_updates_finish()
 *
 * Calls ls_transport_updates_async() and waits.
 *
 * Returns: (transfer full) (nullable): as ls_transport_updates_finish()
 */
LsUpdates *
ls_call_updates (LsTransport *transport, const char *token, LsCursor cursor, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_transport_updates_async (transport, token, cursor, NULL, ls_answer_cb, &answer);
  return ls_transport_updates_finish (transport, ls_answer_wait (&answer), error);
}

/**
 * ls_call_sign_in:
 * @transport: a transport
 * @email: as there
 * @password: as there
 * @error: as for ls_transport_sign_in_finish()
 *
 * Calls ls_transport_sign_in_async() and waits.
 *
 * Returns: (transfer full) (nullable): as ls_transport_sign_in_finish()
 */
LsSession *
ls_call_sign_in (LsTransport *transport, const char *email, const char *password, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_transport_sign_in_async (transport, email, password, NULL, ls_answer_cb, &answer);
  return ls_transport_sign_in_finish (transport, ls_answer_wait (&answer), error);
}

/**
 * ls_call_refresh:
 * @transport: a transport
 * @refresh_token: as there
 * @error: as for ls_transport_refresh_finish()
 *
 * Calls ls_transport_refresh_async() and waits.
 *
 * Returns: (transfer full) (nullable): as ls_transport_refresh_finish()
 */
LsSession *
ls_call_refresh (LsTransport *transport, const char *refresh_token, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_transport_refresh_async (transport, refresh_token, NULL, ls_answer_cb, &answer);
  return ls_transport_refresh_finish (transport, ls_answer_wait (&answer), error);
}
