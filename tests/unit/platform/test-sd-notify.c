/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ls-sd-notify.h"

/* The service manager's end. */
typedef struct
{
  int fd;
  char *path; /* (owned): as in NOTIFY_SOCKET */
  guint n_checks;
} Manager;

static void
manager_init (Manager *self, const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  gsize length = strlen (path);

  memcpy (address.sun_path, path, length);
  if (*path == '@')
    address.sun_path[0] = '\0';
  self->fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  g_assert_cmpint (self->fd, >=, 0);
  g_assert_cmpint (bind (self->fd, (struct sockaddr *)&address,
                         (socklen_t)(offsetof (struct sockaddr_un, sun_path) + length)),
                   ==, 0);
  self->path = g_strdup (path);
  g_setenv ("NOTIFY_SOCKET", path, TRUE);
}

static void
manager_clear (Manager *self)
{
  close (self->fd);
  if (self->path[0] == '/')
    g_unlink (self->path);
  g_free (self->path);
}

/* Returns: (transfer full): the next datagram, empty when there is none */
static char *
manager_read (Manager *self)
{
  char text[256];
  gssize length = recv (self->fd, text, sizeof text, 0);

  return g_strndup (text, length > 0 ? (gsize)length : 0);
}

static void
assert_told (Manager *self, const char *expected)
{
  g_autofree char *text = manager_read (self);

  g_assert_cmpstr (text, ==, expected);
}

static void
on_check (LsSdNotify *notify, Manager *manager)
{
  manager->n_checks++;
}

static char *
make_path (void)
{
  g_autofree char *name = g_strdup_printf ("notify-%d", (int)getpid ());

  return g_build_filename (g_get_tmp_dir (), name, NULL);
}

static void
check_words (const char *path)
{
  Manager manager = { 0 };
  g_autoptr (LsSdNotify) notify = NULL;
  g_autofree char *reloading = NULL;

  manager_init (&manager, path);
  notify = ls_sd_notify_new ();
  g_assert_null (g_getenv ("NOTIFY_SOCKET"));

  ls_sd_notify_reloading (notify);
  ls_sd_notify_reloaded (notify);
  ls_sd_notify_alive (notify);
  assert_told (&manager, ""); /* not before it was ready, not before it was asked */
  ls_sd_notify_set_status (notify, "waiting (server-unreachable)");
  assert_told (&manager, "STATUS=waiting (server-unreachable)");
  ls_sd_notify_set_status (notify, "waiting (server-unreachable)");
  assert_told (&manager, "");
  ls_sd_notify_ready (notify);
  assert_told (&manager, "READY=1");
  ls_sd_notify_reloading (notify);
  reloading = manager_read (&manager);
  g_assert_true (g_str_has_prefix (reloading, "RELOADING=1\nMONOTONIC_USEC="));
  ls_sd_notify_reloaded (notify);
  assert_told (&manager, "READY=1");
  ls_sd_notify_stopping (notify);
  assert_told (&manager, "STOPPING=1");
  assert_told (&manager, "");
  manager_clear (&manager);
}

static void
test_path (void)
{
  g_autofree char *path = make_path ();

  check_words (path);
}

static void
test_abstract (void)
{
  g_autofree char *name = g_strdup_printf ("@labsync-test-%d", (int)getpid ());

  check_words (name);
}

static void
test_nobody (void)
{
  g_autoptr (LsSdNotify) notify = NULL;

  g_unsetenv ("NOTIFY_SOCKET");
  g_setenv ("WATCHDOG_USEC", "2000", TRUE);
  notify = ls_sd_notify_new ();
  ls_sd_notify_ready (notify);
  ls_sd_notify_stopping (notify);
  g_assert_null (g_getenv ("WATCHDOG_USEC"));
  g_assert_false (g_main_context_pending (NULL));
}

static void
test_bad_address (gconstpointer user_data)
{
  const guint *n_warnings = user_data;
  const char *const addresses[] = { "", "@", "relative", "vsock:2:1" };

  for (guint i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autoptr (LsSdNotify) notify = NULL;
      guint n_before = *n_warnings;

      g_setenv ("NOTIFY_SOCKET", addresses[i], TRUE);
      notify = ls_sd_notify_new ();
      g_assert_cmpuint (*n_warnings, ==, n_before + 1);
      ls_sd_notify_ready (notify);
    }
}

/* Nobody listens any more: a warning, and life goes on. */
static void
test_manager_gone (gconstpointer user_data)
{
  const guint *n_warnings = user_data;
  guint n_before = *n_warnings;
  Manager manager = { 0 };
  g_autofree char *path = make_path ();
  g_autoptr (LsSdNotify) notify = NULL;

  manager_init (&manager, path);
  notify = ls_sd_notify_new ();
  manager_clear (&manager);
  ls_sd_notify_ready (notify);
  g_assert_cmpuint (*n_warnings, ==, n_before + 1);
}

static void
test_watchdog (void)
{
  Manager manager = { 0 };
  g_autofree char *path = make_path ();
  g_autofree char *pid = g_strdup_printf ("%d", (int)getpid ());
  g_autoptr (LsSdNotify) notify = NULL;

  manager_init (&manager, path);
  g_setenv ("WATCHDOG_USEC", "2000", TRUE);
  g_setenv ("WATCHDOG_PID", pid, TRUE);
  notify = ls_sd_notify_new ();
  g_signal_connect (notify, "check", G_CALLBACK (on_check), &manager);

  /* Asked once; what does not answer is not asked again, and nothing is told. */
  for (guint i = 0; i < 5; i++)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (manager.n_checks, ==, 1);
  assert_told (&manager, "");

  ls_sd_notify_alive (notify);
  assert_told (&manager, "WATCHDOG=1");
  ls_sd_notify_alive (notify);
  assert_told (&manager, "");
  while (manager.n_checks < 2)
    g_main_context_iteration (NULL, TRUE);
  manager_clear (&manager);
}

static void
test_watchdog_of_another (void)
{
  Manager manager = { 0 };
  g_autofree char *path = make_path ();
  g_autoptr (LsSdNotify) notify = NULL;

  manager_init (&manager, path);
  g_setenv ("WATCHDOG_USEC", "2000", TRUE);
  g_setenv ("WATCHDOG_PID", "1", TRUE);
  notify = ls_sd_notify_new ();
  g_assert_cmpint (g_source_remove_by_user_data (notify), ==, FALSE);
  manager_clear (&manager);
}

static GLogWriterOutput
count_warning (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  guint *n_warnings = user_data;

  if (level & G_LOG_LEVEL_WARNING)
    ++*n_warnings;
  return G_LOG_WRITER_HANDLED;
}

int
main (int argc, char *argv[])
{
  guint n_warnings = 0;

  g_test_init (&argc, &argv, NULL);
  g_log_set_writer_func (count_warning, &n_warnings, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK); /* warnings are expected here */

  g_test_add_func ("/platform/sd-notify/path", test_path);
  g_test_add_func ("/platform/sd-notify/abstract", test_abstract);
  g_test_add_func ("/platform/sd-notify/nobody", test_nobody);
  g_test_add_data_func ("/platform/sd-notify/bad-address", &n_warnings, test_bad_address);
  g_test_add_data_func ("/platform/sd-notify/manager-gone", &n_warnings, test_manager_gone);
  g_test_add_func ("/platform/sd-notify/watchdog", test_watchdog);
  g_test_add_func ("/platform/sd-notify/watchdog-of-another", test_watchdog_of_another);

  return g_test_run ();
}
