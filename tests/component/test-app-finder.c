/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who calls, on a private bus: programs of the host, of a sandbox, and some that hide. */
#include <gio/gio.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ls-app-finder-bus.h"
#include "ls-error.h"
#include "ls-process-app.h"
#include "ls-remove-tree.h"

/* What a sandbox has in its root */
#define GRADES_INFO "[Application]\nname=org.school.Grades\n\n[Instance]\ninstance-id=1\n"

typedef struct
{
  GTestDBus *bus;
  GDBusConnection *connection;
  LsAppFinder *finder;
  char *dir;
} Fixture;

static GDBusConnection *
join_bus (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection =
      g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (f->bus),
                                              G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                              NULL, NULL, &error);

  g_assert_no_error (error);
  return connection;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (f->bus);
  f->connection = join_bus (f);
  f->finder = ls_app_finder_bus_new (f->connection, FALSE);
  f->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  gpointer watch = f->finder;

  /* the thread that looked at a process may not have let go yet */
  g_object_add_weak_pointer (G_OBJECT (f->finder), &watch);
  g_object_unref (f->finder);
  while (watch != NULL)
    {
      g_thread_yield ();
      g_main_context_iteration (NULL, FALSE);
    }
  g_dbus_connection_close_sync (f->connection, NULL, NULL);
  g_clear_object (&f->connection);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_test_dbus_down (f->bus);
  g_clear_object (&f->bus);
  ls_remove_tree (f->dir);
  g_free (f->dir);
}

/* What came of two questions about the same name. */
typedef struct
{
  guint n_found;
  guint n_limited;
} Finding;

static void
find_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Finding *finding = user_data;
  g_autoptr (GError) error = NULL;

  if (ls_app_finder_find_finish (LS_APP_FINDER (object), result, &error))
    {
      finding->n_found++;
      return;
    }

  g_assert_error (error, LS_ERROR, LS_ERROR_LIMIT_EXCEEDED);
  finding->n_limited++;
}

static Finding
ask (Fixture *f, const char *sender)
{
  Finding finding = { 0 };

  ls_app_finder_find_async (f->finder, sender, find_cb, &finding);
  ls_app_finder_find_async (f->finder, sender, find_cb, &finding);
  while (finding.n_found + finding.n_limited < 2)
    g_main_context_iteration (NULL, TRUE);
  return finding;
}

static const LsApp *
find (Fixture *f, const char *sender)
{
  g_assert_cmpuint (ask (f, sender).n_found, ==, 2);
  return ls_app_finder_peek (f->finder, sender);
}

/* Nobody could look, and nothing is kept of it. */
static void
assert_limited (Fixture *f, const char *sender)
{
  g_assert_cmpuint (ask (f, sender).n_limited, ==, 2);
  g_assert_null (ls_app_finder_peek (f->finder, sender));
}

static void
test_host (Fixture *f, gconstpointer data)
{
  const char *sender = g_dbus_connection_get_unique_name (f->connection);
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  const LsApp *app;

  g_assert_null (ls_app_finder_peek (f->finder, sender));
  app = find (f, sender);
  g_assert_cmpint (app->kind, ==, LS_APP_HOST);
  g_assert_cmpstr (app->id, ==, self);
  g_assert_true (ls_app_finder_peek (f->finder, sender) == app);
}

static void
test_nobody (Fixture *f, gconstpointer data)
{
  const LsApp *app = find (f, ":1.4711");

  /* forgotten at once, so that nothing is kept of those who have left */
  g_assert_true (app == NULL || app->kind == LS_APP_UNKNOWN);
}

static void
test_inside (Fixture *f, gconstpointer data)
{
  LsAppFinder *finder = ls_app_finder_bus_new (f->connection, TRUE);
  const LsApp *app = ls_app_finder_peek (finder, g_dbus_connection_get_unique_name (f->connection));

  g_assert_cmpint (app->kind, ==, LS_APP_UNKNOWN);
  g_assert_finalize_object (finder);
}

/* It takes three to look: the process, its root, and what is in there. */
static void
test_no_descriptors (Fixture *f, gconstpointer data)
{
  const char *sender = g_dbus_connection_get_unique_name (f->connection);
  struct rlimit usual, limit;
  int next = dup (STDOUT_FILENO); /* all below are in use */

  g_assert_cmpint (next, >=, 0);
  close (next);
  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &usual), ==, 0);
  limit = usual;
  for (rlim_t n_free = 0; n_free < 3; n_free++)
    {
      limit.rlim_cur = (rlim_t)next + n_free;
      g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
      assert_limited (f, sender);
    }
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &usual), ==, 0);
  g_assert_cmpint (find (f, sender)->kind, ==, LS_APP_HOST);
}

/* Another process on the bus */
typedef struct
{
  GSubprocess *process; /* (owned) */
  GPtrArray *senders;   /* (owned) (element-type utf8): its unique names */
  pid_t heir;           /* holds the connections when the process has ended */
} Caller;

/* @n: by how many connections it is on the bus */
static void
start_caller (Fixture *f, Caller *caller, const char *const *wrapper, guint n)
{
  g_autofree char *n_text = g_strdup_printf ("%u", n);
  g_autoptr (GStrvBuilder) argv = g_strv_builder_new ();
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autoptr (GDataInputStream) out = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) arguments = NULL;
  g_autofree char *heir = NULL;

  for (guint i = 0; wrapper != NULL && wrapper[i] != NULL; i++)
    g_strv_builder_add (argv, wrapper[i]);
  g_strv_builder_add_many (argv, self, "--hold", g_test_dbus_get_bus_address (f->bus), n_text,
                           NULL);
  arguments = g_strv_builder_end (argv);
  caller->process =
      g_subprocess_newv ((const char *const *)arguments, G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
  g_assert_no_error (error);
  out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (caller->process));
  caller->senders = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (caller->senders, g_data_input_stream_read_line (out, NULL, NULL, NULL));
  heir = g_data_input_stream_read_line (out, NULL, NULL, NULL);
  g_assert_nonnull (heir);
  caller->heir = (pid_t)g_ascii_strtoll (heir, NULL, 10);
}

static void
stop_caller (Caller *caller)
{
  g_subprocess_force_exit (caller->process);
  g_subprocess_wait (caller->process, NULL, NULL);
  g_clear_object (&caller->process);
  g_clear_pointer (&caller->senders, g_ptr_array_unref);
}

/* What start_caller() starts: joins the bus @n times, leaves its connections to a child and says so. */
static int
hold (const char *address, guint64 n)
{
  g_autoptr (GPtrArray) connections = g_ptr_array_new_with_free_func (g_object_unref);
  pid_t child;

  for (guint64 i = 0; i < n; i++)
    {
      GDBusConnection *connection = g_dbus_connection_new_for_address_sync (
          address,
          G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
              G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
          NULL, NULL, NULL);

      if (connection == NULL)
        return 1;
      g_ptr_array_add (connections, connection);
      g_print ("%s\n", g_dbus_connection_get_unique_name (connection));
    }

  fflush (stdout);
  child = fork ();
  if (child == 0)
    {
      alarm (30); /* whatever becomes of the test */
      pause ();
      _exit (0);
    }

  g_print ("%d\n", (int)child);
  alarm (30);
  pause ();
  return 0;
}

/* The number of a process says nothing once the process is gone, though its name is still there. */
static void
test_process_gone (Fixture *f, gconstpointer data)
{
  g_autofree char *sender = NULL;
  Caller caller;

  start_caller (f, &caller, NULL, 1);
  sender = g_strdup (caller.senders->pdata[0]);
  g_assert_cmpint (find (f, sender)->kind, ==, LS_APP_HOST);
  stop_caller (&caller);
  g_assert_cmpint (ls_app_finder_peek (f->finder, sender)->kind, ==, LS_APP_UNKNOWN);

  /* also for who only asks now */
  g_assert_cmpint (find (f, sender)->kind, ==, LS_APP_UNKNOWN);
  kill (caller.heir, SIGKILL);
}

static void
assert_is_program (GSubprocess *process, const char *path)
{
  g_autoptr (LsApp) app = ls_process_app_read (
      (pid_t)g_ascii_strtoll (g_subprocess_get_identifier (process), NULL, 10), NULL);

  g_assert_cmpint (app->kind, ==, LS_APP_HOST);
  g_assert_cmpstr (app->id, ==, path);
}

/* A program whose package was upgraded, or removed, goes by the name that it was started by. */
static void
test_replaced (Fixture *f, gconstpointer data)
{
  static const char *const names[] = { "app", "app (deleted)" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (f->dir, names[i], NULL);
      const char *const copy[] = { "cp", "/bin/sleep", path, NULL };
      const char *const argv[] = { path, "30", NULL };
      g_autoptr (GSubprocess) copying = g_subprocess_newv (copy, G_SUBPROCESS_FLAGS_NONE, NULL);
      g_autoptr (GSubprocess) process = NULL;

      g_assert_true (g_subprocess_wait_check (copying, NULL, NULL));
      process = g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_NONE, NULL);
      assert_is_program (process, path);
      g_assert_cmpint (unlink (path), ==, 0);
      assert_is_program (process, path);
      g_assert_true (g_file_set_contents (path, "the next version", -1, NULL));
      assert_is_program (process, path);
      g_subprocess_force_exit (process);
      g_subprocess_wait (process, NULL, NULL);
      g_assert_cmpint (unlink (path), ==, 0);
    }
}

static gboolean
can_make_sandboxes (void)
{
  g_autoptr (GSubprocess) process =
      g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL,
                        "bwrap", "--ro-bind", "/", "/", "--unshare-pid", "true", NULL);

  return process != NULL && g_subprocess_wait_check (process, NULL, NULL);
}

/* @info: what the sandbox says of itself */
static void
start_sandboxed (Fixture *f, Caller *caller, const char *info, guint n)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *path = g_build_filename (f->dir, "info", NULL);
  const char *const wrapper[] = {
    "bwrap",
    "--die-with-parent",
    "--ro-bind",
    "/usr",
    "/usr",
    "--symlink",
    "usr/lib",
    "/lib",
    "--symlink",
    "usr/lib64",
    "/lib64",
    "--bind",
    "/tmp",
    "/tmp",
    "--ro-bind",
    self,
    self,
    "--ro-bind",
    path,
    "/.flatpak-info",
    "--proc",
    "/proc",
    "--unshare-pid",
    NULL,
  };

  g_assert_true (g_file_set_contents (path, info, -1, NULL));
  start_caller (f, caller, wrapper, n);
}

static void
find_sandboxed (Fixture *f, const char *info, LsAppKind kind, const char *id)
{
  Caller caller;
  const LsApp *app;

  start_sandboxed (f, &caller, info, 1);
  app = find (f, caller.senders->pdata[0]);
  g_assert_cmpint (app->kind, ==, kind);
  g_assert_cmpstr (app->id, ==, id);
  stop_caller (&caller);
}

/* For each connection of an app a descriptor is kept: it does not get to use them up, and has room again when
 * it has left. */
static void
test_connections (Fixture *f, gconstpointer data)
{
  const guint max = LS_APP_FINDER_BUS_MAX_CONNECTIONS;
  Caller many, further;
  const char *sender;

  if (!can_make_sandboxes ())
    {
      g_test_skip ("there are no user namespaces here");
      return;
    }

  start_sandboxed (f, &many, GRADES_INFO, max);
  for (guint i = 0; i < max; i++)
    g_assert_cmpint (find (f, many.senders->pdata[i])->kind, ==, LS_APP_SANDBOXED);
  start_sandboxed (f, &further, GRADES_INFO, 1);
  sender = further.senders->pdata[0];
  assert_limited (f, sender);
  find_sandboxed (f, "[Application]\nname=org.school.Reports\n", LS_APP_SANDBOXED,
                  "org.school.Reports");

  stop_caller (&many);
  while (ask (f, sender).n_limited > 0)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (ls_app_finder_peek (f->finder, sender)->kind, ==, LS_APP_SANDBOXED);
  stop_caller (&further);
}

static void
test_sandbox (Fixture *f, gconstpointer data)
{
  g_autofree char *large = g_strnfill (100000, '#');

  if (!can_make_sandboxes ())
    {
      g_test_skip ("there are no user namespaces here");
      return;
    }

  find_sandboxed (f, GRADES_INFO, LS_APP_SANDBOXED, "org.school.Grades");
  find_sandboxed (f, "[Runtime]\nname=org.school.Platform\n", LS_APP_UNKNOWN, "");
  find_sandboxed (f, "[Application]\nname=/usr/bin/app\n", LS_APP_UNKNOWN, "");
  find_sandboxed (f, "no key file", LS_APP_UNKNOWN, "");
  find_sandboxed (f, large, LS_APP_UNKNOWN, "");
}

int
main (int argc, char *argv[])
{
  if (argc == 4 && g_str_equal (argv[1], "--hold"))
    return hold (argv[2], g_ascii_strtoull (argv[3], NULL, 10));

  g_test_init (&argc, &argv, NULL);
  g_test_add ("/app-finder/host", Fixture, NULL, set_up, test_host, tear_down);
  g_test_add ("/app-finder/nobody", Fixture, NULL, set_up, test_nobody, tear_down);
  g_test_add ("/app-finder/inside", Fixture, NULL, set_up, test_inside, tear_down);
  g_test_add ("/app-finder/no-descriptors", Fixture, NULL, set_up, test_no_descriptors, tear_down);
  g_test_add ("/app-finder/connections", Fixture, NULL, set_up, test_connections, tear_down);
  g_test_add ("/app-finder/process-gone", Fixture, NULL, set_up, test_process_gone, tear_down);
  g_test_add ("/app-finder/replaced", Fixture, NULL, set_up, test_replaced, tear_down);
  g_test_add ("/app-finder/sandbox", Fixture, NULL, set_up, test_sandbox, tear_down);
  return g_test_run ();
}
