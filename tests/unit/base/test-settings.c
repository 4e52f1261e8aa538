/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "ls-remove-tree.h"
#include "ls-settings.h"

typedef struct
{
  char *root; /* (owned) */
  LsSettingsSources *sources;
} Fixture;

static char *
get_path (Fixture *fixture, const char *name)
{
  return g_build_filename (fixture->root, name, NULL);
}

static void
write_file (Fixture *fixture, const char *name, const char *text)
{
  g_autofree char *path = get_path (fixture, name);
  g_autofree char *directory = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (directory, 0700), ==, 0);
  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

/* A directory in the place of a file cannot be read by anybody, root included. */
static void
make_unreadable (Fixture *fixture, const char *name)
{
  g_autofree char *path = get_path (fixture, name);

  g_assert_true (g_unlink (path) == 0 || errno == ENOENT);
  g_assert_cmpint (g_mkdir_with_parents (path, 0700), ==, 0);
}

static void
set_variable (Fixture *fixture, const char *name, const char *text)
{
  fixture->sources->environment =
      g_environ_setenv (fixture->sources->environment, name, text, TRUE);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->root = g_dir_make_tmp ("labsync-settings-XXXXXX", &error);
  g_assert_no_error (error);
  fixture->sources = g_new0 (LsSettingsSources, 1);
  fixture->sources->vendor_file = get_path (fixture, "usr/agent.conf");
  fixture->sources->system_dir = get_path (fixture, "etc");
  fixture->sources->user_file = get_path (fixture, "home/agent.conf");
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ls_remove_tree (fixture->root);
  g_free (fixture->root);
  ls_settings_sources_free (fixture->sources);
}

/* Asserts that the problem at @index is as said; @source is relative. */
static void
check_problem (Fixture *fixture,
               LsSettings *settings,
               guint index,
               const char *source,
               guint line,
               const char *name,
               const char *part)
{
  GPtrArray *problems = ls_settings_get_problems (settings);
  const LsSettingsProblem *problem = NULL;
  g_autofree char *path = get_path (fixture, source);

  g_assert_cmpuint (index, <, problems->len);
  problem = g_ptr_array_index (problems, index);
  g_assert_cmpstr (problem->source, ==,
                   g_str_equal (source, LS_SETTINGS_SOURCE_ENVIRONMENT) ? source : path);
  g_assert_cmpuint (problem->line, ==, line);
  g_assert_cmpstr (problem->name, ==, name);
  g_assert_nonnull (strstr (problem->message, part));
}

static guint
count_problems (LsSettings *settings)
{
  return ls_settings_get_problems (settings)->len;
}

static void
test_built_in (Fixture *fixture, gconstpointer data)
{
  const char *const dropped[] = { "password_hash", NULL };
  g_autoptr (LsSettings) settings = ls_settings_new (fixture->sources);

  g_assert_cmpuint (count_problems (settings), ==, 0);
  g_assert_cmpstr (ls_settings_get_string (settings, "Server", "url"), ==, "");
  g_assert_true (ls_settings_get_boolean (settings, "Server", "websocket"));
  g_assert_false (ls_settings_get_boolean (settings, "Server", "allow-insecure"));
  g_assert_cmpint (ls_settings_get_int64 (settings, "Connection", "ping-interval"), ==, 5000);
  g_assert_cmpint (ls_settings_get_int64 (settings, "Cache", "max-size"), ==, 67108864);
  g_assert_cmpint (ls_settings_get_int64 (settings, "Queue", "rate"), ==, 5);
  g_assert_cmpstrv (ls_settings_get_list (settings, "Cache", "drop-fields"), dropped);
  g_assert_cmpstr (ls_settings_get_string (settings, "Conflict", "attendance"), ==, "merge");
}

static void
test_higher_layer_wins (Fixture *fixture, gconstpointer data)
{
  const struct
  {
    const char *file; /* NULL: the environment */
    const char *text;
    gint64 expected;
  } steps[] = {
    { "usr/agent.conf", "[Connection]\nfallback-after=2\n", 2 },
    { "etc/agent.conf", "[Connection]\nfallback-after=3\n", 3 },
    { "etc/agent.conf.d/20-b.conf", "[Connection]\nfallback-after=5\n", 5 },
    { "etc/agent.conf.d/10-a.conf", "[Connection]\nfallback-after=4\n", 5 },
    { "etc/agent.conf.d/.hidden.conf", "[Connection]\nfallback-after=99\n", 5 },
    { "etc/agent.conf.d/30-c.conf~", "[Connection]\nfallback-after=99\n", 5 },
    { "home/agent.conf", "[Connection]\nfallback-after=6\n", 6 },
    { "given.conf", "[Connection]\nfallback-after=7\n", 7 },
    { NULL, "8", 8 },
  };

  fixture->sources->command_line_file = get_path (fixture, "given.conf");
  write_file (fixture, "given.conf", "");

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr (LsSettings) settings = NULL;

      if (steps[i].file != NULL)
        write_file (fixture, steps[i].file, steps[i].text);
      else
        set_variable (fixture, "LABSYNC_CONNECTION_FALLBACK_AFTER", steps[i].text);

      settings = ls_settings_new (fixture->sources);
      g_assert_cmpuint (count_problems (settings), ==, 0);
      g_assert_cmpint (ls_settings_get_int64 (settings, "Connection", "fallback-after"), ==,
                       steps[i].expected);
    }
}

static void
test_original_variables (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsSettings) settings = NULL;

  write_file (fixture, "home/agent.conf",
              "[Server]\nurl=http://file.test\nws-url=ws://file.test/ws\n");
  set_variable (fixture, "VITE_API_BASE_URL", "http://original.test");
  set_variable (fixture, "VITE_WS_BASE_URL", "ws://original.test/ws");
  set_variable (fixture, "VITE_WS_ENABLED", "false");
  set_variable (fixture, "LABSYNC_SERVER_WS_URL", "wss://ours.test/ws");

  settings = ls_settings_new (fixture->sources);
  g_assert_cmpuint (count_problems (settings), ==, 0);
  g_assert_cmpstr (ls_settings_get_string (settings, "Server", "url"), ==, "http://original.test");
  g_assert_cmpstr (ls_settings_get_string (settings, "Server", "ws-url"), ==, "wss://ours.test/ws");
  g_assert_false (ls_settings_get_boolean (settings, "Server", "websocket"));
}

static void
test_syntax (Fixture *fixture, gconstpointer data)
{
  const char *const types[] = { "exam_created", "bus_late", NULL };
  g_autoptr (LsSettings) settings = NULL;

  write_file (fixture, "home/agent.conf",
              "# a comment\r\n"
              "\r\n"
              "  [Server]  \r\n"
              "  url = http://school.test/a=b \r\n"
              "[Sync]\n"
              "extra-event-types=exam_created; bus_late;\n"
              "[Connection]\n"
              "fallback-after=2\n"
              "fallback-after=3");

  settings = ls_settings_new (fixture->sources);
  g_assert_cmpuint (count_problems (settings), ==, 0);
  g_assert_cmpstr (ls_settings_get_string (settings, "Server", "url"), ==,
                   "http://school.test/a=b");
  g_assert_cmpstrv (ls_settings_get_list (settings, "Sync", "extra-event-types"), types);
  g_assert_cmpint (ls_settings_get_int64 (settings, "Connection", "fallback-after"), ==, 3);
}

static void
test_problems_name_the_line (Fixture *fixture, gconstpointer data)
{
  const char *const file = "home/agent.conf";
  g_autoptr (LsSettings) settings = NULL;
  g_autofree char *text = NULL;
  g_autofree char *expected = NULL;

  write_file (fixture, file,
              "url=http://lost.test\n"
              "[Connection]\n"
              "polling-interval=5 min\n"
              "pollingg-interval=5min\n"
              "<<<<<<< HEAD\n"
              "websocket-retry=90s\n"
              "[Nonsense]\n"
              "key=value\n"
              "[Server\n"
              "url=http://lost.test\n"
              "[Cache]\n"
              "max-age=\xff\n"
              "max-size=1MiB\n");

  settings = ls_settings_new (fixture->sources);
  g_assert_cmpuint (count_problems (settings), ==, 8);
  check_problem (fixture, settings, 0, file, 1, "url", "no group");
  check_problem (fixture, settings, 1, file, 3, "Connection.polling-interval", "duration");
  check_problem (fixture, settings, 2, file, 4, "Connection.pollingg-interval", "no such setting");
  check_problem (fixture, settings, 3, file, 5, NULL, "neither");
  check_problem (fixture, settings, 4, file, 7, "[Nonsense]", "no such group");
  check_problem (fixture, settings, 5, file, 9, NULL, "“]”");
  check_problem (fixture, settings, 6, file, 10, "url", "no group");
  check_problem (fixture, settings, 7, file, 12, NULL, "UTF-8");

  /* What is right around it counts. */
  g_assert_cmpint (ls_settings_get_int64 (settings, "Connection", "websocket-retry"), ==, 90000);
  g_assert_cmpint (ls_settings_get_int64 (settings, "Cache", "max-size"), ==, 1048576);
  g_assert_cmpstr (ls_settings_get_string (settings, "Server", "url"), ==, "");

  text = ls_settings_problem_to_string (g_ptr_array_index (ls_settings_get_problems (settings), 2));
  expected = g_strconcat (fixture->root,
                          "/home/agent.conf:4: Connection.pollingg-interval: "
                          "there is no such setting",
                          NULL);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_nul_spoils_one_line (Fixture *fixture, gconstpointer data)
{
  static const char text[] = "[Connection]\nfallback-after=\0002\nwebsocket-retry=90s\n";
  g_autofree char *path = get_path (fixture, "usr/agent.conf");
  g_autoptr (LsSettings) settings = NULL;

  write_file (fixture, "usr/agent.conf", "");
  g_assert_true (g_file_set_contents (path, text, sizeof text - 1, NULL));

  settings = ls_settings_new (fixture->sources);
  g_assert_cmpuint (count_problems (settings), ==, 1);
  check_problem (fixture, settings, 0, "usr/agent.conf", 2, NULL, "UTF-8");
  g_assert_cmpint (ls_settings_get_int64 (settings, "Connection", "websocket-retry"), ==, 90000);
}

static void
test_bad_value_falls_to_lower_layer (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsSettings) settings = NULL;

  write_file (fixture, "etc/agent.conf", "[Connection]\nfallback-after=3\n");
  write_file (fixture, "home/agent.conf", "[Connection]\nfallback-after=many\n");
  set_variable (fixture, "LABSYNC_CONNECTION_FALLBACK_AFTER", "0");

  settings = ls_settings_new (fixture->sources);
  g_assert_cmpuint (count_problems (settings), ==, 2);
  check_problem (fixture, settings, 0, "home/agent.conf", 2, "Connection.fallback-after", "many");
  check_problem (fixture, settings, 1, "environment", 0, "LABSYNC_CONNECTION_FALLBACK_AFTER",
                 "between 1 and 1000");
  g_assert_cmpint (ls_settings_get_int64 (settings, "Connection", "fallback-after"), ==, 3);
}

static void
test_misspelt_variable (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsSettings) settings = NULL;

  set_variable (fixture, "LABSYNC_SERVER_ULR", "http://school.test");
  set_variable (fixture, "LABSYNC_OTHER", "1");

  settings = ls_settings_new (fixture->sources);
  g_assert_cmpuint (count_problems (settings), ==, 1);
  check_problem (fixture, settings, 0, "environment", 0, "LABSYNC_SERVER_ULR", "no such setting");
}

static void
test_lock_holds (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsSettings) settings = NULL;

  write_file (fixture, "etc/agent.conf",
              "[Server]\nurl=http://school.test\n"
              "[Locked]\nkeys=Server.url;Server.allow-insecure;\n");
  write_file (fixture, "etc/agent.conf.d/a.conf", "[Server]\nurl=http://lab.test\n");
  write_file (fixture, "home/agent.conf",
              "[Server]\nurl=http://evil.test\nallow-insecure=true\nwebsocket=false\n");
  set_variable (fixture, "VITE_API_BASE_URL", "http://evil.test");
  set_variable (fixture, "LABSYNC_SERVER_URL", "http://evil.test");

  settings = ls_settings_new (fixture->sources);
  g_assert_cmpstr (ls_settings_get_string (settings, "Server", "url"), ==, "http://lab.test");
  g_assert_false (ls_settings_get_boolean (settings, "Server", "allow-insecure"));
  g_assert_false (ls_settings_get_boolean (settings, "Server", "websocket"));

  g_assert_cmpuint (count_problems (settings), ==, 4);
  check_problem (fixture, settings, 0, "home/agent.conf", 2, "Server.url", "locked by");
  check_problem (fixture, settings, 1, "environment", 0, "VITE_API_BASE_URL", "locked by");
  check_problem (fixture, settings, 2, "environment", 0, "LABSYNC_SERVER_URL", "locked by");
  check_problem (fixture, settings, 3, "home/agent.conf", 3, "Server.allow-insecure", "locked by");
}

/* What else decides where the token goes is locked with the address. */
static void
test_lock_of_the_address (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsSettings) settings = NULL;

  write_file (fixture, "etc/agent.conf",
              "[Server]\nurl=https://school.test\n[Locked]\nkeys=Server.url\n");
  write_file (fixture, "etc/agent.conf.d/a.conf", "[Server]\nca-file=/etc/school.pem\n");
  write_file (fixture, "home/agent.conf",
              "[Server]\nws-url=wss://evil.test\nca-file=/evil.pem\nallow-insecure=true\n"
              "token-in-query=always\nwebsocket=false\n");
  set_variable (fixture, "VITE_WS_BASE_URL", "wss://evil.test");

  settings = ls_settings_new (fixture->sources);
  g_assert_cmpstr (ls_settings_get_string (settings, "Server", "ws-url"), ==, "");
  g_assert_cmpstr (ls_settings_get_string (settings, "Server", "ca-file"), ==, "/etc/school.pem");
  g_assert_cmpstr (ls_settings_get_string (settings, "Server", "token-in-query"), ==, "auto");
  g_assert_false (ls_settings_get_boolean (settings, "Server", "allow-insecure"));
  g_assert_false (ls_settings_get_boolean (settings, "Server", "websocket"));
  g_assert_cmpuint (count_problems (settings), ==, 5);
}

/* A lock that can't be read is none that is open. */
static void
test_damaged_lock (Fixture *fixture, gconstpointer data)
{
  const char *const damaged[] = {
    "[Locked\nkeys=Server.url\n", "[locked]\nkeys=Server.url\n",      "[Locks]\nkeys=Server.url\n",
    "[Locked]\nkey=Server.url\n", "[Locked]\nkeys=Server.url;\xff\n", "[Locked]\nkeys Server.url\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (damaged); i++)
    {
      g_autoptr (LsSettings) settings = NULL;

      write_file (fixture, "home/agent.conf", "[Server]\nurl=http://evil.test\nwebsocket=false\n");
      write_file (fixture, "etc/agent.conf", damaged[i]);
      settings = ls_settings_new (fixture->sources);
      g_assert_cmpstr (ls_settings_get_string (settings, "Server", "url"), ==, "");
      g_assert_true (ls_settings_get_boolean (settings, "Server", "websocket"));

      write_file (fixture, "etc/agent.conf", "[Locked]\nkeys=Server.url\n");
      ls_settings_reload (settings);
      g_assert_false (ls_settings_get_boolean (settings, "Server", "websocket"));
      write_file (fixture, "etc/agent.conf", damaged[i]);
      ls_settings_reload (settings);
      g_assert_cmpstr (ls_settings_get_string (settings, "Server", "url"), ==, "");
      g_assert_false (ls_settings_get_boolean (settings, "Server", "websocket"));
    }
}

/* A bad value opens nothing, also where what is built in is open. */
static void
test_bad_value_is_closed (Fixture *fixture, gconstpointer data)
{
  const char *const read[] = { "org.a:grade", "org.b:.", "org.c:.", NULL };
  g_autoptr (LsSettings) settings = NULL;

  write_file (fixture, "usr/agent.conf", "[Server]\nallow-insecure=true\n");
  write_file (fixture, "etc/agent.conf",
              "[Server]\nallow-insecure=flase\n"
              "[Privacy]\nencrypt=ture\nwipe-on-sign-out=yse\ntokens-in-memory=no\n"
              "[Apps]\nhost=Deny\nsandboxed=Allow\nread=org.a:grade;org.b:Grade;org.c;?:grade\n");

  settings = ls_settings_new (fixture->sources);
  g_assert_cmpuint (count_problems (settings), ==, 7);
  g_assert_false (ls_settings_get_boolean (settings, "Server", "allow-insecure"));
  g_assert_true (ls_settings_get_boolean (settings, "Privacy", "encrypt"));
  g_assert_true (ls_settings_get_boolean (settings, "Privacy", "wipe-on-sign-out"));
  g_assert_false (ls_settings_get_boolean (settings, "Privacy", "tokens-in-memory"));
  g_assert_cmpstr (ls_settings_get_string (settings, "Apps", "host"), ==, "deny");
  g_assert_cmpstr (ls_settings_get_string (settings, "Apps", "sandboxed"), ==, "deny");
  g_assert_cmpstrv (ls_settings_get_list (settings, "Apps", "read"), read);

  write_file (fixture, "etc/agent.conf", "[Privacy]\nencrypt=false\n");
  ls_settings_reload (settings);
  write_file (fixture, "etc/agent.conf", "[Privacy]\nencrypt=ture\n");
  ls_settings_reload (settings);
  g_assert_false (ls_settings_get_boolean (settings, "Privacy", "encrypt"));
}

static void
test_only_the_system_locks (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsSettings) settings = NULL;

  write_file (fixture, "etc/agent.conf", "[Locked]\nkeys=Server.ulr;url\n");
  write_file (fixture, "home/agent.conf", "[Locked]\nkeys=Server.url\n");
  set_variable (fixture, "LABSYNC_SERVER_URL", "http://school.test");

  settings = ls_settings_new (fixture->sources);
  g_assert_cmpuint (count_problems (settings), ==, 3);
  check_problem (fixture, settings, 0, "etc/agent.conf", 2, "Server.ulr", "no such setting");
  check_problem (fixture, settings, 1, "etc/agent.conf", 2, "url", "no such setting");
  check_problem (fixture, settings, 2, "home/agent.conf", 2, "[Locked]", "only a file of the");
  g_assert_cmpstr (ls_settings_get_string (settings, "Server", "url"), ==, "http://school.test");
}

static void
test_unreadable_system_file_locks_all (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsSettings) settings = NULL;

  write_file (fixture, "usr/agent.conf", "[Server]\nurl=http://school.test\n");
  make_unreadable (fixture, "etc/agent.conf");
  write_file (fixture, "home/agent.conf", "[Server]\nurl=http://evil.test\n");

  settings = ls_settings_new (fixture->sources);
  g_assert_cmpuint (count_problems (settings), ==, 2);
  check_problem (fixture, settings, 0, "etc/agent.conf", 0, NULL, "cannot be read");
  check_problem (fixture, settings, 1, "home/agent.conf", 2, "Server.url", "locked by");
  g_assert_cmpstr (ls_settings_get_string (settings, "Server", "url"), ==, "http://school.test");
}

static void
test_unreadable_user_file_locks_nothing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsSettings) settings = NULL;

  make_unreadable (fixture, "home/agent.conf");
  fixture->sources->command_line_file = get_path (fixture, "missing.conf");
  set_variable (fixture, "LABSYNC_SERVER_URL", "http://school.test");

  settings = ls_settings_new (fixture->sources);
  g_assert_cmpuint (count_problems (settings), ==, 2);
  check_problem (fixture, settings, 0, "home/agent.conf", 0, NULL, "cannot be read");
  check_problem (fixture, settings, 1, "missing.conf", 0, NULL, "No such file");
  g_assert_cmpstr (ls_settings_get_string (settings, "Server", "url"), ==, "http://school.test");
}

static void
on_settings_changed (LsSettings *settings, const char *name, gpointer user_data)
{
  GString *names = user_data;

  g_string_append_printf (names, "%s ", name);
}

static void
test_reload_tells_what_changed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsSettings) settings = NULL;
  g_autoptr (GString) names = g_string_new (NULL);
  g_autoptr (GString) detailed = g_string_new (NULL);

  write_file (fixture, "home/agent.conf", "[Cache]\nmax-age=1d\n");
  settings = ls_settings_new (fixture->sources);
  g_signal_connect (settings, "changed", G_CALLBACK (on_settings_changed), names);
  g_signal_connect (settings, "changed::Server.url", G_CALLBACK (on_settings_changed), detailed);

  ls_settings_reload (settings);
  g_assert_cmpstr (names->str, ==, "");

  write_file (fixture, "home/agent.conf", "[Server]\nurl=http://school.test\nwebsocket=true\n");
  ls_settings_reload (settings);
  g_assert_cmpstr (names->str, ==, "Server.url Cache.max-age ");
  g_assert_cmpstr (detailed->str, ==, "Server.url ");
  g_assert_cmpint (ls_settings_get_int64 (settings, "Cache", "max-age"), ==,
                   G_GINT64_CONSTANT (2592000000));
}

static void
test_reload_keeps_the_last_good (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsSettings) settings = NULL;

  write_file (fixture, "etc/agent.conf", "[Connection]\nfallback-after=3\n");
  write_file (fixture, "home/agent.conf", "[Connection]\nfallback-after=4\n");
  settings = ls_settings_new (fixture->sources);

  for (guint i = 0; i < 2; i++)
    {
      write_file (fixture, "home/agent.conf", "[Connection]\nfallback-after=four\n");
      ls_settings_reload (settings);
      g_assert_cmpuint (count_problems (settings), ==, 1);
      g_assert_cmpint (ls_settings_get_int64 (settings, "Connection", "fallback-after"), ==, 4);
    }

  write_file (fixture, "home/agent.conf", "");
  ls_settings_reload (settings);
  g_assert_cmpuint (count_problems (settings), ==, 0);
  g_assert_cmpint (ls_settings_get_int64 (settings, "Connection", "fallback-after"), ==, 3);
}

static void
test_reload_keeps_what_became_unreadable (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsSettings) settings = NULL;
  g_autofree char *drop_ins = get_path (fixture, "etc/agent.conf.d");
  g_autofree char *moved = get_path (fixture, "moved");

  write_file (fixture, "etc/agent.conf", "[Locked]\nkeys=Server.url\n");
  write_file (fixture, "etc/agent.conf.d/a.conf", "[Server]\nurl=http://school.test\n");
  write_file (fixture, "home/agent.conf", "[Server]\nurl=http://evil.test\nwebsocket=false\n");
  settings = ls_settings_new (fixture->sources);

  make_unreadable (fixture, "etc/agent.conf");
  g_assert_cmpint (g_rename (drop_ins, moved), ==, 0);
  g_assert_cmpint (symlink ("agent.conf.d", drop_ins), ==, 0);

  for (guint i = 0; i < 2; i++)
    {
      ls_settings_reload (settings);
      g_assert_cmpuint (count_problems (settings), ==, 3);
      check_problem (fixture, settings, 0, "etc/agent.conf", 0, NULL, "cannot be read");
      check_problem (fixture, settings, 1, "etc/agent.conf.d", 0, NULL, "cannot be read");
      check_problem (fixture, settings, 2, "home/agent.conf", 2, "Server.url", "locked by");
      g_assert_cmpstr (ls_settings_get_string (settings, "Server", "url"), ==,
                       "http://school.test");
      g_assert_false (ls_settings_get_boolean (settings, "Server", "websocket"));
    }
}

static void
check_origin (const LsSettingsExplanation *explanation,
              guint index,
              const char *source_end,
              const char *text,
              gboolean refused)
{
  const LsSettingsOrigin *origin = g_ptr_array_index (explanation->origins, index);

  g_assert_true (g_str_has_suffix (origin->source, source_end));
  g_assert_cmpstr (origin->text, ==, text);
  g_assert_cmpint (origin->refused, ==, refused);
}

static void
test_explain (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsSettings) settings = NULL;
  g_autoptr (LsSettingsExplanation) url = NULL;
  g_autoptr (LsSettingsExplanation) age = NULL;

  write_file (fixture, "usr/agent.conf", "[Server]\nurl=http://vendor.test\n");
  write_file (fixture, "etc/agent.conf",
              "[Locked]\nkeys=Server.url\n[Server]\nurl=http://school.test\n");
  set_variable (fixture, "LABSYNC_SERVER_URL", "http://evil.test");
  settings = ls_settings_new (fixture->sources);

  url = ls_settings_explain (settings, "Server", "url");
  g_assert_cmpstr (url->name, ==, "Server.url");
  g_assert_true (g_str_has_suffix (url->locked_by, "etc/agent.conf"));
  g_assert_cmpuint (url->origins->len, ==, 4);
  check_origin (url, 0, "built-in", "", FALSE);
  check_origin (url, 1, "usr/agent.conf", "http://vendor.test", FALSE);
  check_origin (url, 2, "etc/agent.conf", "http://school.test", FALSE);
  check_origin (url, 3, "environment", "http://evil.test", TRUE);
  g_assert_true (url->effective == g_ptr_array_index (url->origins, 2));
  g_assert_cmpuint (url->effective->line, ==, 4);

  age = ls_settings_explain (settings, "Cache", "max-age");
  g_assert_null (age->locked_by);
  g_assert_cmpstr (age->effective->source, ==, "built-in");
  g_assert_cmpstr (age->effective->text, ==, "30d");
}

static void
test_default_sources (void)
{
  g_autoptr (LsSettingsSources) sources = ls_settings_sources_new_default ("/given.conf");

  g_assert_true (g_str_has_suffix (sources->vendor_file, "/labsync/agent.conf"));
  g_assert_true (g_str_has_suffix (sources->system_dir, "/labsync"));
  g_assert_true (g_str_has_prefix (sources->user_file, g_get_user_config_dir ()));
  g_assert_cmpstr (sources->command_line_file, ==, "/given.conf");
  g_assert_nonnull (sources->environment);
}

int
main (int argc, char *argv[])
{
  const struct
  {
    const char *promise;
    void (*test) (Fixture *fixture, gconstpointer data);
  } tests[] = {
    { "built-in", test_built_in },
    { "higher-layer-wins", test_higher_layer_wins },
    { "original-variables", test_original_variables },
    { "syntax", test_syntax },
    { "problems-name-the-line", test_problems_name_the_line },
    { "nul-spoils-one-line", test_nul_spoils_one_line },
    { "bad-value-falls-to-lower-layer", test_bad_value_falls_to_lower_layer },
    { "misspelt-variable", test_misspelt_variable },
    { "lock-holds", test_lock_holds },
    { "lock-of-the-address", test_lock_of_the_address },
    { "damaged-lock", test_damaged_lock },
    { "bad-value-is-closed", test_bad_value_is_closed },
    { "only-the-system-locks", test_only_the_system_locks },
    { "unreadable-system-file-locks-all", test_unreadable_system_file_locks_all },
    { "unreadable-user-file-locks-nothing", test_unreadable_user_file_locks_nothing },
    { "reload-tells-what-changed", test_reload_tells_what_changed },
    { "reload-keeps-the-last-good", test_reload_keeps_the_last_good },
    { "reload-keeps-what-became-unreadable", test_reload_keeps_what_became_unreadable },
    { "explain", test_explain },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat ("/base/settings/", tests[i].promise, NULL);

      g_test_add (path, Fixture, NULL, set_up, tests[i].test, tear_down);
    }
  g_test_add_func ("/base/settings/default-sources", test_default_sources);

  return g_test_run ();
}
