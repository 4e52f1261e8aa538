/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A queue and nothing but a queue: a call on the bus is a row in FILE, synced before it is answered, and calls
 * that wait together share one transaction. Under the agent's name, so that the same callers measure it. */
#include <gio/gio.h>
#include <sqlite3.h>

#include "ls-bus-names.h"

static const char introspection[] =
    "<node><interface name='" LS_BUS_INTERFACE_QUEUE "'><method name='Enqueue'>"
    "<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='s' direction='in'/><arg type='a{sv}' direction='in'/>"
    "<arg type='s' direction='out'/></method></interface></node>";

typedef struct
{
  sqlite3 *handle;
  sqlite3_stmt *insert;
  GAsyncQueue *calls; /* (element-type GDBusMethodInvocation) to the thread */
} Queue;

static void
run (Queue *self, const char *sql)
{
  if (sqlite3_exec (self->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
    g_error ("%s: %s", sql, sqlite3_errmsg (self->handle));
}

static void
open_file (Queue *self, const char *path)
{
  if (sqlite3_open (path, &self->handle) != SQLITE_OK)
    g_error ("%s can't be opened", path);
  run (self, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
             "CREATE TABLE action (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT,"
             " entity TEXT, body TEXT)");
  if (sqlite3_prepare_v2 (self->handle, "INSERT INTO action VALUES (NULL, ?, ?, ?, ?)", -1,
                          &self->insert, NULL) != SQLITE_OK)
    g_error ("%s", sqlite3_errmsg (self->handle));
}

/* Returns: (transfer full): what the call is answered with, once it is committed */
static GVariant *
put (Queue *self, GDBusMethodInvocation *call)
{
  g_autofree char *id = g_uuid_string_random ();
  const char *type, *entity, *body;

  g_variant_get (g_dbus_method_invocation_get_parameters (call), "(&s&s&s&s@a{sv})", &type, &entity,
                 NULL, &body, NULL);
  sqlite3_bind_text (self->insert, 1, id, -1, SQLITE_STATIC);
  sqlite3_bind_text (self->insert, 2, type, -1, SQLITE_STATIC);
  sqlite3_bind_text (self->insert, 3, entity, -1, SQLITE_STATIC);
  sqlite3_bind_text (self->insert, 4, body, -1, SQLITE_STATIC);
  if (sqlite3_step (self->insert) != SQLITE_DONE)
    g_error ("%s", sqlite3_errmsg (self->handle));
  sqlite3_reset (self->insert);
  return g_variant_ref_sink (g_variant_new ("(s)", id));
}

static gpointer
store_actions (gpointer user_data)
{
  Queue *self = user_data;
  g_autoptr (GPtrArray) calls = g_ptr_array_new ();
  g_autoptr (GPtrArray) answers = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);

  for (;;)
    {
      gpointer call = g_async_queue_pop (self->calls);

      run (self, "BEGIN IMMEDIATE");
      for (; call != NULL; call = g_async_queue_try_pop (self->calls))
        {
          g_ptr_array_add (calls, call);
          g_ptr_array_add (answers, put (self, call));
        }
      run (self, "COMMIT");
      for (guint i = 0; i < calls->len; i++)
        g_dbus_method_invocation_return_value (calls->pdata[i], answers->pdata[i]);
      g_ptr_array_set_size (calls, 0);
      g_ptr_array_set_size (answers, 0);
    }
  return NULL;
}

static void
on_method_call (GDBusConnection *connection,
                const char *sender,
                const char *path,
                const char *interface,
                const char *method,
                GVariant *parameters,
                GDBusMethodInvocation *invocation,
                gpointer user_data)
{
  g_async_queue_push (user_data, invocation);
}

int
main (int argc, char *argv[])
{
  static const GDBusInterfaceVTable vtable = { on_method_call, NULL, NULL, { 0 } };
  Queue self = { 0 };
  g_autoptr (GDBusNodeInfo) info = g_dbus_node_info_new_for_xml (introspection, NULL);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection;

  if (argc != 2)
    {
      g_printerr ("Usage: queue FILE\n");
      return 2;
    }

  open_file (&self, argv[1]);
  self.calls = g_async_queue_new ();
  connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  if (connection == NULL)
    g_error ("%s", error->message);
  g_thread_new ("store", store_actions, &self);
  g_dbus_connection_register_object (connection, LS_BUS_PATH, info->interfaces[0], &vtable,
                                     self.calls, NULL, NULL);
  g_bus_own_name_on_connection (connection, LS_BUS_NAME, G_BUS_NAME_OWNER_FLAGS_NONE, NULL, NULL,
                                NULL, NULL);
  g_main_loop_run (loop);

  return 0;
}
