/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libsoup can send: COUNT rows to URL, so many IN-FLIGHT, each under a key of its own. MEMBERS is the
 * row as a JSON object without its id, AUTHORITY a PEM file of who may sign for the server, or empty. */
#include <libsoup/soup.h>
#include <stdlib.h>

typedef struct
{
  SoupSession *session;
  GMainLoop *loop;
  const char *url, *token, *members;
  guint count, n_sent, n_answered;
} Post;

static void post (Post *self);

static void
answered_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Post *self = user_data;
  SoupMessage *message = soup_session_get_async_result_message (SOUP_SESSION (object), result);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) answer =
      soup_session_send_and_read_finish (SOUP_SESSION (object), result, &error);

  if (answer == NULL || !SOUP_STATUS_IS_SUCCESSFUL (soup_message_get_status (message)))
    g_error ("not done: %u", soup_message_get_status (message));
  if (++self->n_answered == self->count)
    g_main_loop_quit (self->loop);
  else
    post (self);
}

static void
post (Post *self)
{
  g_autofree char *id = g_uuid_string_random ();
  g_autofree char *body = g_strdup_printf ("{\"id\":\"%s\",%s", id, self->members + 1);
  g_autofree char *bearer = g_strconcat ("Bearer ", self->token, NULL);
  g_autoptr (GBytes) bytes = g_bytes_new (body, strlen (body));
  g_autoptr (SoupMessage) message = NULL;
  SoupMessageHeaders *headers;

  if (self->n_sent++ >= self->count)
    return;

  message = soup_message_new (SOUP_METHOD_POST, self->url);
  headers = soup_message_get_request_headers (message);
  soup_message_headers_append (headers, "Authorization", bearer);
  soup_message_headers_append (headers, "Idempotency-Key", id);
  soup_message_set_request_body_from_bytes (message, "application/json", bytes);
  soup_message_add_flags (message, SOUP_MESSAGE_IDEMPOTENT);
  soup_session_send_and_read_async (self->session, message, G_PRIORITY_DEFAULT, NULL, answered_cb,
                                    self);
}

static SoupSession *
create_session (guint n_in_flight, const char *authority)
{
  SoupSession *session = soup_session_new_with_options ("max-conns-per-host", n_in_flight, NULL);
  g_autoptr (GTlsDatabase) database = NULL;
  g_autoptr (GError) error = NULL;

  if (*authority == '\0')
    return session;

  database = g_tls_file_database_new (authority, &error);
  if (database == NULL)
    g_error ("%s", error->message);
  soup_session_set_tls_database (session, database);
  return session;
}

int
main (int argc, char *argv[])
{
  Post self = { 0 };
  guint n_in_flight;
  gint64 begun;

  if (argc != 7)
    {
      g_printerr ("Usage: post URL TOKEN MEMBERS COUNT IN-FLIGHT AUTHORITY\n");
      return 2;
    }

  self.url = argv[1];
  self.token = argv[2];
  self.members = argv[3];
  self.count = (guint)atoi (argv[4]);
  n_in_flight = (guint)atoi (argv[5]);
  self.session = create_session (n_in_flight, argv[6]);
  self.loop = g_main_loop_new (NULL, FALSE);
  begun = g_get_monotonic_time ();
  for (guint i = 0; i < n_in_flight; i++)
    post (&self);
  g_main_loop_run (self.loop);
  g_print ("{\"actions_per_second\":%.1f}\n",
           (double)self.count * G_USEC_PER_SEC / (double)(g_get_monotonic_time () - begun));

  g_main_loop_unref (self.loop);
  g_object_unref (self.session);
  return EXIT_SUCCESS;
}
