/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "ls-server-config.h"

/* @line: a command line behind the program's name, with blanks between the words */
static LsServerConfig *
parse (const char *line, GError **error)
{
  g_autofree char *whole = g_strconcat ("labsync-server ", line, NULL);
  g_auto (GStrv) words = g_strsplit (g_strchomp (whole), " ", -1);
  gboolean show_version;

  return ls_server_config_parse ((const char *const *)words, &show_version, error);
}

static void
test_defaults (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsServerConfig) config = parse ("", &error);

  g_assert_no_error (error);
  g_assert_cmpstr (config->host, ==, "127.0.0.1");
  g_assert_cmpint (config->port, ==, 8080);
  g_assert_cmpint (config->token_lifetime, ==, 900 * 1000);
  g_assert_false (config->seed_demo);
  g_assert_null (config->tls_certificate);
  g_assert_true (g_str_has_suffix (config->data_dir, "/labsync-server"));
  g_assert_true (ls_server_config_is_loopback (config));
}

static void
test_command_line (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsServerConfig) config =
      parse ("--listen [::]:0 --data-dir /d --seed-demo --token-lifetime 5 --heartbeat=250s "
             "--tls-certificate /c.pem --tls-key /k.pem",
             &error);

  g_assert_no_error (error);
  g_assert_cmpstr (config->host, ==, "::");
  g_assert_cmpint (config->port, ==, 0);
  g_assert_cmpstr (config->data_dir, ==, "/d");
  g_assert_true (config->seed_demo);
  g_assert_cmpint (config->token_lifetime, ==, 5000);
  g_assert_cmpint (config->heartbeat, ==, 250 * 1000);
  g_assert_cmpstr (config->tls_certificate, ==, "/c.pem");
  g_assert_cmpstr (config->tls_key, ==, "/k.pem");
  g_assert_false (ls_server_config_is_loopback (config));
}

static void
test_version (void)
{
  static const char *const words[] = { "labsync-server", "--version", NULL };
  g_autoptr (LsServerConfig) config = NULL;
  gboolean show_version = FALSE;

  config = ls_server_config_parse (words, &show_version, NULL);
  g_assert_nonnull (config);
  g_assert_true (show_version);
}

static void
test_bad_command_lines (void)
{
  static const struct
  {
    const char *line;
    const char *expected; /* in the message */
  } cases[] = {
    { "--listen", "--listen" },
    { "--listen 8080", "listen" },
    { "--listen :8080", "listen" },
    { "--listen localhost:8080", "localhost:8080" },
    { "--listen 127.0.0.1:", "listen" },
    { "--listen 127.0.0.1:65536", "65536" },
    { "--listen 127.0.0.1:-1", "-1" },
    { "--listen 127.0.0.1:80x", "80x" },
    { "--listen ::1:8080x", "8080x" },
    { "--listen []:1", "[]:1" },
    { "--listen=", "listen" },
    { "--data-dir=", "data-dir" },
    { "--token-lifetime=0", "token-lifetime" },
    { "--token-lifetime=-5", "token-lifetime" },
    { "--token-lifetime=2d", "token-lifetime" },
    { "--token-lifetime=1.5", "1.5" },
    { "--token-lifetime=", "token-lifetime" },
    { "--heartbeat=soon", "soon" },
    { "--tls-key /k.pem", "tls-certificate" },
    { "--tls-certificate /c.pem", "tls-key" },
    { "--sed-demo", "sed-demo" },
    { "serve", "serve" },
    { "--config /nonexistent/labsync.conf", "/nonexistent/labsync.conf" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", cases[i].line);
      g_assert_null (parse (cases[i].line, &error));
      g_assert_nonnull (error);
      g_assert_nonnull (strstr (error->message, cases[i].expected));
    }
}

/* Returns: (transfer full) (nullable): the configuration of a file with @text, and @options */
static LsServerConfig *
parse_file (const char *text, const char *options, GError **error)
{
  g_autofree char *path = NULL, *line = NULL;
  int fd = g_file_open_tmp ("labsync-XXXXXX.conf", &path, NULL);
  LsServerConfig *config;

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  line = g_strdup_printf ("--config %s %s", path, options);
  config = parse (line, error);
  g_remove (path);
  return config;
}

static void
test_file (void)
{
  static const char text[] = "# a school\n[Server]\nlisten=0.0.0.0:443\ntoken-lifetime=60\n"
                             "seed-demo=true\ndrain-spread=1min\ndrain-retry=0\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (LsServerConfig) config = parse_file (text, "", &error);
  g_autoptr (LsServerConfig) overridden = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (config->host, ==, "0.0.0.0");
  g_assert_cmpint (config->port, ==, 443);
  g_assert_cmpint (config->token_lifetime, ==, 60 * 1000);
  g_assert_true (config->seed_demo);
  g_assert_cmpint (config->drain_spread, ==, 60 * 1000);
  g_assert_cmpint (config->drain_retry, ==, 0);

  overridden = parse_file (text, "--listen 127.0.0.1:1", &error);
  g_assert_no_error (error);
  g_assert_cmpint (overridden->port, ==, 1);
  g_assert_cmpint (overridden->token_lifetime, ==, 60 * 1000);
}

static void
test_bad_files (void)
{
  static const struct
  {
    const char *text;
    const char *expected;
  } cases[] = {
    { "listen=127.0.0.1:1\n", "group" },
    { "[Server]\nlisten\n", "listen" },
    { "[Server]\nlistne=127.0.0.1:1\n", "listne" },
    { "[Server]\ntoken-lifetime=long\n", "token-lifetime" },
    { "[Server]\nseed-demo=maybe\n", "maybe" },
    { "[Server]\ndata-dir=\n", "data-dir" },
    { "[Sever]\nlisten=127.0.0.1:1\n", "Sever" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", cases[i].text);
      g_assert_null (parse_file (cases[i].text, "", &error));
      g_assert_nonnull (error);
      g_assert_nonnull (strstr (error->message, cases[i].expected));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-net/config/defaults", test_defaults);
  g_test_add_func ("/server-net/config/command-line", test_command_line);
  g_test_add_func ("/server-net/config/version", test_version);
  g_test_add_func ("/server-net/config/bad-command-lines", test_bad_command_lines);
  g_test_add_func ("/server-net/config/file", test_file);
  g_test_add_func ("/server-net/config/bad-files", test_bad_files);
  return g_test_run ();
}
