/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-test-school.h"

#include <glib-unix.h>
#include <libsoup/soup.h>
#include <string.h>

#define SESSION                                                                                    \
  "{\"success\":true,\"data\":{\"user\":{\"id\":\"u-1\",\"name\":\"Siti\",\"role\":\"student\"},"  \
  "\"token\":\"header.payload.signature\",\"refreshToken\":\"r-1\"}}"
#define UPDATES                                                                                    \
  "{\"success\":true,\"data\":{\"updates\":[],\"cursor\":\"e:10\",\"more\":false,"                 \
  "\"resume\":\"resumed\"}}"
#define SNAPSHOT                                                                                   \
  "{\"success\":true,\"data\":{\"entity\":\"%s\",\"rows\":[{\"id\":\"r-1\",\"version\":1,"         \
  "\"data\":{\"id\":\"r-1\"}}],\"next\":null,\"cursor\":\"e:10\"}}"
#define WELCOME                                                                                    \
  "{\"type\":\"welcome\",\"resume\":\"%s\",\"cursor\":\"e:10\",\"user\":{\"id\":\"u-1\","          \
  "\"role\":\"student\"},\"heartbeat\":25000,\"expiresAt\":4000000000000}"

static void
answer (SoupServerMessage *message, char *body)
{
  soup_message_headers_replace (soup_server_message_get_response_headers (message),
                                "X-Labsync-Server", "1");
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_TAKE, body,
                                    strlen (body));
}

static void
on_call (SoupServer *server,
         SoupServerMessage *message,
         const char *path,
         GHashTable *query,
         gpointer user_data)
{
  if (g_str_equal (path, "/api/auth/login"))
    answer (message, g_strdup (SESSION));
  else if (g_str_equal (path, "/api/updates"))
    answer (message, g_strdup (UPDATES));
  else if (g_str_equal (path, "/api/snapshot"))
    answer (message,
            g_strdup_printf (SNAPSHOT, (const char *)g_hash_table_lookup (query, "entity")));
  else
    answer (message, g_strdup ("{\"success\":true,\"data\":null}"));
}

static void
on_peer_message (SoupWebsocketConnection *peer, gint type, GBytes *bytes, gpointer user_data)
{
  const char *text = g_bytes_get_data (bytes, NULL);
  g_autofree char *welcome = NULL;

  if (strstr (text, "\"hello\"") == NULL)
    return;

  welcome = g_strdup_printf (WELCOME, strstr (text, "\"e:10\"") != NULL ? "resumed" : "fresh");
  soup_websocket_connection_send_text (peer, welcome);
}

static void
on_peer (SoupServer *server,
         SoupServerMessage *message,
         const char *path,
         SoupWebsocketConnection *peer,
         gpointer user_data)
{
  g_signal_connect (peer, "message", G_CALLBACK (on_peer_message), NULL);
  /* Lives until it is closed. */
  g_object_ref (peer);
  g_signal_connect (peer, "closed", G_CALLBACK (g_object_unref), NULL);
}

static gboolean
on_input_closed (int fd, GIOCondition condition, gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

/**
 * ls_test_school_main:
 *
 * A server with one pupil, one row and no events, as a program: says where it listens, and runs
 * until its input is closed, as it is when the test dies. It knows just enough of the protocol for an agent to become live.
 *
 * Returns: the exit status
 */
int
ls_test_school_main (void)
{
  static const char *protocols[] = { "labsync.v1", NULL };
  g_autoptr (SoupServer) server = soup_server_new (NULL, NULL);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  g_autoslist (GUri) uris = NULL;
  g_autofree char *url = NULL;

  soup_server_add_websocket_handler (server, "/ws", NULL, (char **)protocols, on_peer, NULL, NULL);
  soup_server_add_handler (server, "/api", on_call, NULL, NULL);
  soup_server_listen_local (server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (server);
  url = g_uri_to_string (uris->data);
  g_print ("%s\n", url);
  g_unix_fd_add (0, G_IO_HUP, on_input_closed, loop);
  g_main_loop_run (loop);
  return 0;
}

/**
 * ls_test_school_spawn:
 * @program: a program that calls ls_test_school_main() when its argument is `--school`
 * @url: (out): where the server listens
 *
 * Starts the server as a process of its own, so that what it holds is not counted as the agent's.
 *
 * Returns: (transfer full): the process
 */
GSubprocess *
ls_test_school_spawn (const char *program, char **url)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDataInputStream) out = NULL;
  GSubprocess *school =
      g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error,
                        program, "--school", NULL);

  g_assert_no_error (error);
  out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (school));
  *url = g_data_input_stream_read_line_utf8 (out, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (*url);
  return school;
}
