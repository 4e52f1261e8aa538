/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A sign-in's way to the server, which may be too busy for it. */
#include "ls-agent-private.h"
#include "ls-pace.h"

/* After this long without room for it at the server, a sign-in fails, in milliseconds. By then the
 * classic system has let a hundred others in. */
#define PATIENCE (20 * 60 * 1000)

typedef struct
{
  char *email;      /* (owned) */
  char *password;   /* (owned) */
  gint64 begun_at;  /* monotonic ms */
  guint alarm;      /* while it waits; else 0 */
  gulong cancelled; /* likewise */
} Request;

static void try (GTask *task);

static void
request_free (Request *request)
{
  g_free (request->email);
  ls_secret_free (request->password);
  g_free (request);
}

static void
end_wait (GTask *task)
{
  LsAgent *self = g_task_get_source_object (task);
  Request *request = g_task_get_task_data (task);

  if (request->alarm != 0)
    ls_clock_remove_alarm (self->clock, request->alarm);
  request->alarm = 0;
  g_clear_signal_handler (&request->cancelled, g_task_get_cancellable (task));
}

static void
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  end_wait (task);
  g_task_return_error_if_cancelled (task);
}

static void
on_alarm (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Request *request = g_task_get_task_data (task);

  request->alarm = 0;
  end_wait (task);
  try (task);
}

/* Has another try follow, if there is time for one. */
static gboolean
wait_for_room (GTask *task, const GError *error)
{
  LsAgent *self = g_task_get_source_object (task);
  Request *request = g_task_get_task_data (task);
  gint64 now = ls_clock_get_monotonic (self->clock);
  gint64 at = now + ls_pace_choose_retry (ls_link_error_get_retry_after (error), 0, self->random);

  ls_engine_sign_in_refused (self->engine, now - request->begun_at);
  if (at - request->begun_at >= PATIENCE)
    return FALSE;

  g_debug ("sign-in: no room at the server; the next try in %" G_GINT64_FORMAT " ms", at - now);
  request->alarm =
      ls_clock_add_alarm (self->clock, LS_CLOCK_MONOTONIC, at, on_alarm, g_object_ref (task));
  request->cancelled = g_signal_connect (g_task_get_cancellable (task), "cancelled",
                                         G_CALLBACK (on_cancelled), task);
  return TRUE;
}

static void
transport_sign_in_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  LsSession *session = ls_transport_sign_in_finish (LS_TRANSPORT (object), result, &error);

  if (g_task_return_error_if_cancelled (task))
    g_clear_pointer (&session, ls_session_free);
  else if (session != NULL)
    g_task_return_pointer (task, session, (GDestroyNotify)ls_session_free);
  else if (!g_error_matches (error, LS_LINK_ERROR, LS_REASON_RATE_LIMITED) ||
           !wait_for_room (task, error))
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
try (GTask *task)
{
  LsAgent *self = g_task_get_source_object (task);
  Request *request = g_task_get_task_data (task);

  ls_transport_sign_in_async (self->transport, request->email, request->password,
                              g_task_get_cancellable (task), transport_sign_in_cb,
                              g_object_ref (task));
}

/**
 * ls_agent_request_session_async:
 * @self: an agent
 * @email: the user's e-mail address
 * @password: the user's password
 * @cancellable: a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Asks the server for tokens. Where it has room for few sign-ins, as the classic system has for five a
 * minute of a whole school, that may take up to 20 minutes: a class that signs in at once
 * comes in one after another.
 */
void
ls_agent_request_session_async (LsAgent *self,
                                const char *email,
                                const char *password,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Request *request = g_new0 (Request, 1);

  g_task_set_source_tag (task, ls_agent_request_session_async);
  request->email = g_strdup (email);
  request->password = g_strdup (password);
  request->begun_at = ls_clock_get_monotonic (self->clock);
  g_task_set_task_data (task, request, (GDestroyNotify)request_free);
  try (task);
}

/**
 * ls_agent_request_session_finish:
 * @self: an agent
 * @result: what the callback was given
 * @error: as for ls_transport_sign_in_finish(), or %G_IO_ERROR_CANCELLED
 *
 * Returns: (transfer full) (nullable): the tokens, and whose they are
 */
LsSession *
ls_agent_request_session_finish (LsAgent *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
