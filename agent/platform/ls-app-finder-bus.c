/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-app-finder-bus.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <poll.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "ls-error.h"
#include "ls-process-app.h"

/* How long the bus may take to answer, in milliseconds. */
#define PATIENCE 10000

/**
 * LsAppFinderBus:
 *
 * Asks the bus which process is behind a name, and looks at that process. A number of a process may be
 * given to another one once it has ended, so it is pinned by a pidfd: by the bus's own, made when
 * the app connected, where the bus has that (dbus 1.15.8, dbus-broker 35), else by one made at the
 * first call. An app whose pinned process is gone is unknown for as long as its name lives.
 *
 * A pidfd is kept for each name, so that an app in a sandbox may have
 * %LS_APP_FINDER_BUS_MAX_CONNECTIONS only; programs outside of one can take what they like anyway.
 */
struct _LsAppFinderBus
{
  GObject parent_instance;

  GDBusConnection *connection; /* (owned) */
  GHashTable *entries;         /* (owned) (element-type utf8 Entry) */
  LsApp *unknown;              /* (owned) */
  gboolean is_inside;          /* a sandbox with process numbers of its own */
};

/* What is known of a name, until it leaves the bus. */
typedef struct
{
  LsApp *app;       /* (owned) (nullable): not found yet */
  int pidfd;        /* -1: no process */
  GPtrArray *tasks; /* (owned) (element-type GTask): who waits for @app */
  guint watch_id;
} Entry;

/* A process to look at, and what was seen. */
typedef struct
{
  char *sender; /* (owned) */
  pid_t pid;
  int pidfd;
} Look;

static void ls_app_finder_bus_app_finder_init (LsAppFinderInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsAppFinderBus,
                               ls_app_finder_bus,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_APP_FINDER,
                                                      ls_app_finder_bus_app_finder_init))

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_clear_handle_id (&entry->watch_id, g_bus_unwatch_name);
  g_clear_pointer (&entry->app, ls_app_free);
  g_clear_pointer (&entry->tasks, g_ptr_array_unref);
  if (entry->pidfd >= 0)
    close (entry->pidfd);
  g_free (entry);
}

static void
look_free (gpointer data)
{
  Look *look = data;

  if (look->pidfd >= 0)
    close (look->pidfd);
  g_free (look->sender);
  g_free (look);
}

static void
ls_app_finder_bus_dispose (GObject *object)
{
  LsAppFinderBus *self = LS_APP_FINDER_BUS (object);

  g_hash_table_remove_all (self->entries);
  g_clear_object (&self->connection);

  G_OBJECT_CLASS (ls_app_finder_bus_parent_class)->dispose (object);
}

static void
ls_app_finder_bus_finalize (GObject *object)
{
  LsAppFinderBus *self = LS_APP_FINDER_BUS (object);

  g_hash_table_unref (self->entries);
  ls_app_free (self->unknown);

  G_OBJECT_CLASS (ls_app_finder_bus_parent_class)->finalize (object);
}

static void
ls_app_finder_bus_class_init (LsAppFinderBusClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ls_app_finder_bus_dispose;
  object_class->finalize = ls_app_finder_bus_finalize;
}

static void
ls_app_finder_bus_init (LsAppFinderBus *self)
{
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, entry_free);
  self->unknown = ls_app_new (LS_APP_UNKNOWN, NULL);
}

/* A pidfd can be read from once its process has ended, pidfd_open(2). */
static gboolean
has_ended (int pidfd)
{
  struct pollfd poll_fd = { pidfd, POLLIN, 0 };

  return poll (&poll_fd, 1, 0) != 0;
}

static const LsApp *
ls_app_finder_bus_peek (LsAppFinder *finder, const char *sender)
{
  LsAppFinderBus *self = LS_APP_FINDER_BUS (finder);
  const Entry *entry;

  if (self->is_inside)
    return self->unknown;

  entry = g_hash_table_lookup (self->entries, sender);
  if (entry == NULL || entry->app == NULL)
    return NULL;

  return entry->pidfd >= 0 && has_ended (entry->pidfd) ? self->unknown : entry->app;
}

/* @app: (transfer full); @pidfd: (transfer full) */
static void
found (LsAppFinderBus *self, const char *sender, LsApp *app, int pidfd)
{
  Entry *entry = g_hash_table_lookup (self->entries, sender);
  g_autoptr (GPtrArray) tasks = NULL;

  if (entry == NULL)
    {
      ls_app_free (app);
      if (pidfd >= 0)
        close (pidfd);
      return;
    }

  g_debug ("caller %s is %s", sender, ls_app_get_name (app));
  entry->app = app;
  entry->pidfd = pidfd;
  tasks = g_steal_pointer (&entry->tasks);
  entry->tasks = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < tasks->len; i++)
    g_task_return_boolean (tasks->pdata[i], TRUE);
}

/* Nobody could look at @sender: that is told to who waits, and not kept. */
static void
not_found (LsAppFinderBus *self, const char *sender, const GError *error)
{
  Entry *entry = g_hash_table_lookup (self->entries, sender);
  g_autoptr (GPtrArray) tasks = NULL;

  if (entry == NULL)
    return;

  g_debug ("caller %s: %s", sender, error->message);
  tasks = g_steal_pointer (&entry->tasks);
  g_hash_table_remove (self->entries, sender);
  for (guint i = 0; i < tasks->len; i++)
    g_task_return_error (tasks->pdata[i], g_error_copy (error));
}

static guint
count_connections (LsAppFinderBus *self, const LsApp *app)
{
  GHashTableIter iter;
  Entry *entry;
  guint count = 0;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&entry))
    count += entry->app != NULL && entry->app->kind == app->kind &&
             g_str_equal (entry->app->id, app->id);
  return count;
}

static gboolean
has_room (LsAppFinderBus *self, const LsApp *app, GError **error)
{
  if (app->kind != LS_APP_SANDBOXED ||
      count_connections (self, app) < LS_APP_FINDER_BUS_MAX_CONNECTIONS)
    return TRUE;

  g_set_error (error, LS_ERROR, LS_ERROR_LIMIT_EXCEEDED, "more than %d connections",
               LS_APP_FINDER_BUS_MAX_CONNECTIONS);
  return FALSE;
}

static void
look_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  Look *look = task_data;
  g_autoptr (GError) error = NULL;
  LsApp *app = ls_process_app_read (look->pid, &error);

  if (app == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  /* what was read may be another process's if this one is gone */
  if (has_ended (look->pidfd))
    {
      ls_app_free (app);
      app = ls_app_new (LS_APP_UNKNOWN, NULL);
    }
  g_task_return_pointer (task, app, (GDestroyNotify)ls_app_free);
}

static void
look_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  LsAppFinderBus *self = LS_APP_FINDER_BUS (object);
  Look *look = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;
  g_autoptr (LsApp) app = g_task_propagate_pointer (G_TASK (result), &error);
  int pidfd = -1;

  if (app == NULL || !has_room (self, app, &error))
    {
      not_found (self, look->sender, error);
      return;
    }

  /* who is unknown stays so, whatever becomes of the process */
  if (app->kind != LS_APP_UNKNOWN)
    pidfd = g_steal_fd (&look->pidfd);
  found (self, look->sender, g_steal_pointer (&app), pidfd);
}

/* Returns: a pidfd of the process, or -1 with errno */
static int
pin (GVariant *credentials, GUnixFDList *fds, guint32 pid)
{
  int n_fds = fds != NULL ? g_unix_fd_list_get_length (fds) : 0;
  gint32 handle = -1;

  if (!g_variant_lookup (credentials, "ProcessFD", "h", &handle))
    return pidfd_open ((pid_t)pid, 0);

  if (handle >= 0 && handle < n_fds)
    return fcntl (g_unix_fd_list_peek_fds (fds, NULL)[handle], F_DUPFD_CLOEXEC, 0);

  /* the kernel drops what there is no room for, unix(7), SCM_RIGHTS */
  errno = EMFILE;
  return -1;
}

static void
look_beside (LsAppFinderBus *self, const char *sender, pid_t pid, int pidfd)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, look_cb, NULL);
  Look *look = g_new (Look, 1);

  *look = (Look) { g_strdup (sender), pid, pidfd };
  g_task_set_source_tag (task, look_beside);
  g_task_set_task_data (task, look, look_free);
  g_task_run_in_thread (task, look_thread);
}

static void
look_at (LsAppFinderBus *self, const char *sender, GVariant *credentials, GUnixFDList *fds)
{
  g_autoptr (GError) error = NULL;
  guint32 uid = G_MAXUINT32;
  guint32 pid = 0;
  int pidfd;
  LsApp *app;

  if (!g_variant_lookup (credentials, "UnixUserID", "u", &uid) || uid != getuid () ||
      !g_variant_lookup (credentials, "ProcessID", "u", &pid) || pid == 0)
    {
      found (self, sender, ls_app_new (LS_APP_UNKNOWN, NULL), -1);
      return;
    }

  pidfd = pin (credentials, fds, pid);
  if (pidfd >= 0)
    {
      look_beside (self, sender, (pid_t)pid, pidfd);
      return;
    }

  app = ls_process_app_unseen (errno, &error);
  if (app != NULL)
    found (self, sender, app, -1);
  else
    not_found (self, sender, error);
}

static void
get_credentials_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  LsAppFinderBus *self = g_task_get_source_object (task);
  const char *sender = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GUnixFDList) fds = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_with_unix_fd_list_finish (
      G_DBUS_CONNECTION (object), &fds, result, &error);
  g_autoptr (GVariant) credentials = NULL;

  if (answer == NULL)
    {
      found (self, sender, ls_app_new (LS_APP_UNKNOWN, NULL), -1);
      return;
    }

  credentials = g_variant_get_child_value (answer, 0);
  look_at (self, sender, credentials, fds);
}

static void
name_vanished_cb (GDBusConnection *connection, const char *name, gpointer user_data)
{
  LsAppFinderBus *self = user_data;
  Entry *entry = g_hash_table_lookup (self->entries, name);

  /* who still waits for an answer is told that it is unknown */
  if (entry != NULL && entry->app == NULL)
    found (self, name, ls_app_new (LS_APP_UNKNOWN, NULL), -1);
  g_hash_table_remove (self->entries, name);
}

static Entry *
add_entry (LsAppFinderBus *self, const char *sender)
{
  Entry *entry = g_new0 (Entry, 1);
  GTask *task = g_task_new (self, NULL, NULL, NULL);

  entry->pidfd = -1;
  entry->tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_hash_table_insert (self->entries, g_strdup (sender), entry);
  entry->watch_id = g_bus_watch_name_on_connection (
      self->connection, sender, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL, name_vanished_cb, self, NULL);
  g_task_set_source_tag (task, add_entry);
  g_task_set_task_data (task, g_strdup (sender), g_free);
  g_dbus_connection_call_with_unix_fd_list (
      self->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "GetConnectionCredentials", g_variant_new ("(s)", sender), G_VARIANT_TYPE ("(a{sv})"),
      G_DBUS_CALL_FLAGS_NONE, PATIENCE, NULL, NULL, get_credentials_cb, task);
  return entry;
}

static void
ls_app_finder_bus_find_async (LsAppFinder *finder,
                              const char *sender,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  LsAppFinderBus *self = LS_APP_FINDER_BUS (finder);
  GTask *task = g_task_new (self, NULL, callback, user_data);
  Entry *entry = g_hash_table_lookup (self->entries, sender);

  g_task_set_source_tag (task, ls_app_finder_bus_find_async);
  if (entry == NULL)
    entry = add_entry (self, sender);
  if (entry->app == NULL)
    {
      g_ptr_array_add (entry->tasks, task);
      return;
    }

  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
ls_app_finder_bus_app_finder_init (LsAppFinderInterface *iface)
{
  iface->peek = ls_app_finder_bus_peek;
  iface->find_async = ls_app_finder_bus_find_async;
}

/**
 * ls_app_finder_bus_new:
 * @connection: the session bus
 * @is_inside: whether this program is in a Flatpak: what the bus says of processes means nothing
 *   there, and everybody is unknown
 *
 * Returns: (transfer full): a finder that knows nobody yet
 */
LsAppFinder *
ls_app_finder_bus_new (GDBusConnection *connection, gboolean is_inside)
{
  LsAppFinderBus *self = g_object_new (LS_TYPE_APP_FINDER_BUS, NULL);

  self->connection = g_object_ref (connection);
  self->is_inside = is_inside;
  return LS_APP_FINDER (self);
}
