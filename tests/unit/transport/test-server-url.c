/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-error.h"
#include "ls-server-url.h"

static void
assert_composes (const char *url, const char *ws_url, const char *call, const char *socket)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsServerUrl) self = ls_server_url_new (url, ws_url, FALSE, &error);
  g_autoptr (GUri) call_uri = NULL;
  g_autoptr (GUri) socket_uri = NULL;
  g_autofree char *call_text = NULL;
  g_autofree char *socket_text = NULL;

  g_assert_no_error (error);
  call_uri = ls_server_url_get_call (self, "/api/updates", "cursor=e%3A1");
  socket_uri = ls_server_url_get_socket (self, NULL);
  call_text = g_uri_to_string (call_uri);
  socket_text = g_uri_to_string (socket_uri);
  g_assert_cmpstr (call_text, ==, call);
  g_assert_cmpstr (socket_text, ==, socket);
}

static void
test_compose (void)
{
  assert_composes ("https://school.test", NULL, "https://school.test/api/updates?cursor=e%3A1",
                   "wss://school.test/ws");
  assert_composes ("https://school.test/", "", "https://school.test/api/updates?cursor=e%3A1",
                   "wss://school.test/ws");
  assert_composes ("HTTPS://school.test:8443/lab/sync//", NULL,
                   "https://school.test:8443/lab/sync/api/updates?cursor=e%3A1",
                   "wss://school.test:8443/lab/sync/ws");
  assert_composes ("https://school.test/a%20b", NULL,
                   "https://school.test/a%20b/api/updates?cursor=e%3A1",
                   "wss://school.test/a%20b/ws");
  assert_composes ("https://school.test", "wss://push.school.test/socket",
                   "https://school.test/api/updates?cursor=e%3A1", "wss://push.school.test/socket");
  assert_composes ("http://[::1]:8080", NULL, "http://[::1]:8080/api/updates?cursor=e%3A1",
                   "ws://[::1]:8080/ws");
}

static void
test_token (void)
{
  g_autoptr (LsServerUrl) self = ls_server_url_new ("https://school.test", NULL, FALSE, NULL);
  g_autoptr (GUri) uri = ls_server_url_get_socket (self, "a.b&c=d e");
  g_autofree char *text = g_uri_to_string (uri);

  g_assert_cmpstr (text, ==, "wss://school.test/ws?token=a.b%26c%3Dd%20e");
}

static void
test_loopback (void)
{
  static const char *const good[] = { "http://localhost", "http://LocalHost:1", "http://127.0.0.1",
                                      "http://127.1.2.3", "http://[::1]" };
  static const char *const bad[] = { "http://school.test",      "http://192.168.0.1",
                                     "http://[2001:db8::1]",    "http://localhost.school.test",
                                     "http://127.0.0.1.school", "http://0.0.0.0" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (LsServerUrl) self = ls_server_url_new (good[i], NULL, FALSE, &error);

      g_assert_no_error (error);
    }

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (LsServerUrl) refused = ls_server_url_new (bad[i], NULL, FALSE, &error);
      g_autoptr (LsServerUrl) allowed = ls_server_url_new (bad[i], NULL, TRUE, NULL);

      g_assert_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT);
      g_assert_null (refused);
      g_assert_nonnull (allowed);
    }
}

static void
test_refuse (void)
{
  static const struct
  {
    const char *url;
    const char *ws_url;
    const char *text;
  } cases[] = {
    { "school.test", NULL, "not a URL" },
    { "", NULL, "not a URL" },
    { "https://", NULL, "no host" },
    { "https:///path", NULL, "no host" },
    { "ftp://school.test", NULL, "https://" },
    { "wss://school.test", NULL, "https://" },
    { "https://me:secret@school.test", NULL, "no user" },
    { "https://school.test/?a=b", NULL, "no user" },
    { "https://school.test/#a", NULL, "no user" },
    { "https://school.test:99999", NULL, "not a URL" },
    { "https://school.test", "https://school.test/ws", "wss://" },
    { "https://school.test", "ws://school.test/ws", "in the clear" },
    { "https://school.test", "wss://school.test/ws?token=x", "no user" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (LsServerUrl) self =
          ls_server_url_new (cases[i].url, cases[i].ws_url, FALSE, &error);

      g_test_message ("%s", cases[i].url);
      g_assert_null (self);
      g_assert_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT);
      g_assert_nonnull (g_strstr_len (error->message, -1, cases[i].text));
      g_assert_null (g_strstr_len (error->message, -1, "secret"));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/transport/server-url/composes", test_compose);
  g_test_add_func ("/transport/server-url/escapes-token", test_token);
  g_test_add_func ("/transport/server-url/plain-only-to-loopback", test_loopback);
  g_test_add_func ("/transport/server-url/refuses", test_refuse);

  return g_test_run ();
}
