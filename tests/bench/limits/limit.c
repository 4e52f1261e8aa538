/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the limits share: an event, the least that stores it, the least that tells it. No checks, no
 * recovery, no rules: what Lab Sync does beyond this is what the ratio shows. */
#include "limit.h"

#include <gio/gunixfdlist.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ls-bus-names.h"

#define MAX_BATCH 100

/**
 * limit_event_new:
 * @texts: (array fixed-size=4): entity id, data, user role, user id
 * @lengths: (array fixed-size=4): of @texts
 *
 * Returns: (transfer full): an event in one piece of memory; g_free() it
 */
LimitEvent *
limit_event_new (const char *const texts[4], const gsize lengths[4])
{
  LimitEvent *event =
      g_malloc (sizeof *event + lengths[0] + lengths[1] + lengths[2] + lengths[3] + 4);
  char **fields[] = { &event->entity_id, &event->data, &event->user_role, &event->user_id };
  char *at = (char *)(event + 1);

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      *fields[i] = at;
      memcpy (at, texts[i], lengths[i]);
      at[lengths[i]] = '\0';
      at += lengths[i] + 1;
    }
  event->seq = 0;
  event->version = 0;
  event->timestamp = 0;
  return event;
}

/**
 * limit_events_new:
 * @n: how many
 *
 * Returns: (transfer full) (element-type LimitEvent): events for limits that nobody feeds
 */
GPtrArray *
limit_events_new (guint n)
{
  GPtrArray *events = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *id = g_strdup_printf ("g-%06u", i % 1000);
      g_autofree char *data = g_strdup_printf (
          "{\"id\":\"%s\",\"student_id\":\"s-1\",\"score\":87.5,\"sent\":%" G_GINT64_FORMAT "}", id,
          g_get_real_time ());
      const char *texts[] = { id, data, "teacher", "u-teacher" };
      const gsize lengths[] = { strlen (id), strlen (data), 7, 9 };
      LimitEvent *event = limit_event_new (texts, lengths);

      event->seq = i + 1;
      event->version = i + 1;
      event->timestamp = g_get_real_time () / 1000;
      g_ptr_array_add (events, event);
    }
  return events;
}

struct _LimitStore
{
  sqlite3 *handle;
  sqlite3_stmt *event;
  sqlite3_stmt *row;
  sqlite3_stmt *cursor;
};

static void
run (LimitStore *self, const char *sql)
{
  if (sqlite3_exec (self->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
    g_error ("%s: %s", sql, sqlite3_errmsg (self->handle));
}

static sqlite3_stmt *
prepare (LimitStore *self, const char *sql)
{
  sqlite3_stmt *stmt = NULL;

  if (sqlite3_prepare_v3 (self->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) !=
      SQLITE_OK)
    g_error ("%s: %s", sql, sqlite3_errmsg (self->handle));
  return stmt;
}

/**
 * limit_store_open:
 * @path: a file that is not there yet, or one of a limit
 *
 * Returns: (transfer full): a store as durable as the agent's cache: event, row and cursor in one
 *   transaction, WAL, synchronous=NORMAL
 */
LimitStore *
limit_store_open (const char *path)
{
  LimitStore *self = g_new0 (LimitStore, 1);

  if (sqlite3_open_v2 (path, &self->handle,
                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                       NULL) != SQLITE_OK)
    g_error ("%s can't be opened", path);
  run (self, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -1024;"
             "CREATE TABLE IF NOT EXISTS event (seq INTEGER PRIMARY KEY, type TEXT,"
             "  entity_id TEXT, data TEXT, timestamp INTEGER, user_role TEXT, user_id TEXT);"
             "CREATE TABLE IF NOT EXISTS row (entity TEXT, id TEXT, version INTEGER, data TEXT,"
             "  PRIMARY KEY (entity, id)) WITHOUT ROWID;"
             "CREATE TABLE IF NOT EXISTS cursor (id INTEGER PRIMARY KEY, log_offset INTEGER)");
  self->event = prepare (self, "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)");
  self->row = prepare (self, "INSERT OR REPLACE INTO row VALUES ('grade', ?, ?, ?)");
  self->cursor = prepare (self, "INSERT OR REPLACE INTO cursor VALUES (1, ?)");
  return self;
}

static void
bind_text (sqlite3_stmt *stmt, int index, const char *text)
{
  sqlite3_bind_text (stmt, index, text, -1, SQLITE_STATIC);
}

static void
step (LimitStore *self, sqlite3_stmt *stmt)
{
  if (sqlite3_step (stmt) != SQLITE_DONE)
    g_error ("the store can't be written: %s", sqlite3_errmsg (self->handle));
  sqlite3_reset (stmt);
}

static void
put_event (LimitStore *self, const LimitEvent *event)
{
  sqlite3_bind_int64 (self->event, 1, (gint64)event->seq);
  bind_text (self->event, 2, "grade_updated");
  bind_text (self->event, 3, event->entity_id);
  bind_text (self->event, 4, event->data);
  sqlite3_bind_int64 (self->event, 5, event->timestamp);
  bind_text (self->event, 6, event->user_role);
  bind_text (self->event, 7, event->user_id);
  step (self, self->event);

  bind_text (self->row, 1, event->entity_id);
  sqlite3_bind_int64 (self->row, 2, event->version);
  bind_text (self->row, 3, event->data);
  step (self, self->row);
}

/**
 * limit_store_put:
 * @self: a store
 * @batches: (array length=n_batches) (element-type LimitEvent): events
 * @n_batches: how many
 * @cursor: where the log then stands
 *
 * Commits all of it in one transaction.
 */
void
limit_store_put (LimitStore *self, GPtrArray *const *batches, guint n_batches, gint64 cursor)
{
  run (self, "BEGIN IMMEDIATE");
  for (guint i = 0; i < n_batches; i++)
    for (guint j = 0; j < batches[i]->len; j++)
      put_event (self, batches[i]->pdata[j]);
  sqlite3_bind_int64 (self->cursor, 1, cursor);
  step (self, self->cursor);
  run (self, "COMMIT");
}

/**
 * limit_store_free:
 * @self: (transfer full): a store
 *
 * Closes it.
 */
void
limit_store_free (LimitStore *self)
{
  sqlite3_finalize (self->event);
  sqlite3_finalize (self->row);
  sqlite3_finalize (self->cursor);
  sqlite3_close (self->handle);
  g_free (self);
}

struct _LimitBus
{
  GDBusConnection *connection; /* (owned) */
  GPtrArray *subscribers;      /* (element-type utf8) (owned): their unique names */
  GArray *streams;             /* (element-type int) (owned): sockets */
  const char *state;           /* (unowned) */
  LimitBusFunc func;
  gpointer user_data;
};

static const char introspection[] =
    "<node><interface name='" LS_BUS_INTERFACE_CONNECTION "'><method name='Connect'>"
    "<arg type='a{sv}' direction='in'/></method><method name='Disconnect'>"
    "<arg type='a{sv}' direction='in'/></method>"
    "<property name='State' type='s' access='read'/></interface>"
    "<interface name='" LS_BUS_INTERFACE_EVENTS "'><method name='Subscribe'>"
    "<arg type='as' direction='in'/><arg type='a{sv}' direction='in'/>"
    "<arg type='o' direction='out'/></method><method name='OpenStream'>"
    "<arg type='as' direction='in'/><arg type='a{sv}' direction='in'/>"
    "<arg type='o' direction='out'/><arg type='h' direction='out'/></method></interface>"
    "<interface name='" LS_BUS_INTERFACE_SUBSCRIPTION "'><method name='Acknowledge'>"
    "<arg type='t' direction='in'/></method><method name='Close'/></interface></node>";

static void
open_stream (LimitBus *self, GDBusMethodInvocation *invocation)
{
  g_autoptr (GUnixFDList) list = NULL;
  int fds[2];

  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
    g_error ("no socket");
  g_array_append_val (self->streams, fds[0]);
  list = g_unix_fd_list_new_from_array (&fds[1], 1);
  g_dbus_method_invocation_return_value_with_unix_fd_list (
      invocation, g_variant_new ("(oh)", LS_BUS_PATH, 0), list);
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
  LimitBus *self = user_data;
  GVariant *answer = NULL;
  guint64 argument = 0;

  if (g_str_equal (method, "OpenStream"))
    {
      open_stream (self, invocation);
      return;
    }
  if (g_str_equal (method, "Subscribe"))
    {
      g_ptr_array_add (self->subscribers, g_strdup (sender));
      answer = g_variant_new ("(o)", LS_BUS_PATH);
      argument = self->subscribers->len;
    }
  else if (g_str_equal (method, "Acknowledge"))
    {
      g_variant_get (parameters, "(t)", &argument);
    }
  else if (g_str_equal (method, "Close"))
    {
      guint index;

      if (g_ptr_array_find_with_equal_func (self->subscribers, sender, g_str_equal, &index))
        g_ptr_array_remove_index (self->subscribers, index);
    }
  g_dbus_method_invocation_return_value (invocation, answer);
  if (self->func != NULL)
    self->func (method, argument, self->user_data);
}

static GVariant *
on_get_property (GDBusConnection *connection,
                 const char *sender,
                 const char *path,
                 const char *interface,
                 const char *property,
                 GError **error,
                 gpointer user_data)
{
  return g_variant_new_string (((LimitBus *)user_data)->state);
}

/**
 * limit_bus_new:
 * @func: (nullable): told of every call, after it is answered: of `Subscribe` with how many there
 *   are now, of `Acknowledge` with its number
 * @user_data: for @func
 *
 * Returns: (transfer full): what an app finds under the agent's name
 */
LimitBus *
limit_bus_new (LimitBusFunc func, gpointer user_data)
{
  static const GDBusInterfaceVTable vtable = { on_method_call, on_get_property, NULL, { 0 } };
  g_autoptr (GDBusNodeInfo) info = g_dbus_node_info_new_for_xml (introspection, NULL);
  g_autoptr (GError) error = NULL;
  LimitBus *self = g_new0 (LimitBus, 1);

  self->func = func;
  self->user_data = user_data;
  self->state = "connecting";
  self->subscribers = g_ptr_array_new_with_free_func (g_free);
  self->streams = g_array_new (FALSE, FALSE, sizeof (int));
  self->connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  if (self->connection == NULL)
    g_error ("%s", error->message);
  for (guint i = 0; info->interfaces[i] != NULL; i++)
    g_dbus_connection_register_object (self->connection, LS_BUS_PATH, info->interfaces[i], &vtable,
                                       self, NULL, NULL);
  g_bus_own_name_on_connection (self->connection, LS_BUS_NAME, G_BUS_NAME_OWNER_FLAGS_NONE, NULL,
                                NULL, NULL, NULL);
  return self;
}

/**
 * limit_bus_set_state:
 * @self: a bus
 * @state: a literal
 *
 * Sets the property State, which nobody is notified of.
 */
void
limit_bus_set_state (LimitBus *self, const char *state)
{
  self->state = state;
}

static GVariant *
batch_new (GPtrArray *events, guint from, guint to)
{
  g_auto (GVariantBuilder) builder =
      G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a" LS_BUS_EVENT_TYPE));

  for (guint i = from; i < to; i++)
    {
      const LimitEvent *event = events->pdata[i];

      g_variant_builder_add (&builder, LS_BUS_EVENT_TYPE, event->seq, "grade_updated", "grade",
                             event->entity_id, event->data, event->timestamp, event->user_role,
                             event->user_id);
    }
  return g_variant_builder_end (&builder);
}

static void
send_signals (LimitBus *self, GPtrArray *events, guint from, guint to)
{
  g_autoptr (GVariant) batch = g_variant_ref_sink (
      g_variant_new ("(@a" LS_BUS_EVENT_TYPE ")", batch_new (events, from, to)));

  for (guint i = 0; i < self->subscribers->len; i++)
    g_dbus_connection_emit_signal (self->connection, self->subscribers->pdata[i], LS_BUS_PATH,
                                   LS_BUS_INTERFACE_SUBSCRIPTION, "Events", batch, NULL);
}

/* To everybody who has not gone; who reads slowly holds the others up. */
static void
send_packets (LimitBus *self, GPtrArray *events, guint from, guint to)
{
  g_autoptr (GByteArray) packet = limit_packet_new (events->pdata + from, to - from);

  for (guint i = self->streams->len; i > 0; i--)
    {
      int fd = g_array_index (self->streams, int, i - 1);

      if (send (fd, packet->data, packet->len, MSG_NOSIGNAL) < 0)
        {
          close (fd);
          g_array_remove_index_fast (self->streams, i - 1);
        }
    }
}

/**
 * limit_bus_send:
 * @self: a bus
 * @events: (element-type LimitEvent): events
 *
 * Sends them to every subscriber, up to 100 in a signal or packet.
 */
void
limit_bus_send (LimitBus *self, GPtrArray *events)
{
  for (guint from = 0; from < events->len; from += MAX_BATCH)
    {
      guint to = MIN (from + MAX_BATCH, events->len);

      if (self->subscribers->len > 0)
        send_signals (self, events, from, to);
      if (self->streams->len > 0)
        send_packets (self, events, from, to);
    }
}

/**
 * limit_bus_free:
 * @self: (transfer full): a bus
 *
 * Leaves it.
 */
void
limit_bus_free (LimitBus *self)
{
  g_object_unref (self->connection);
  g_ptr_array_unref (self->subscribers);
  g_array_unref (self->streams);
  g_free (self);
}

/**
 * limit_get_pss:
 *
 * Returns: this program's share of the memory, in KiB
 */
guint
limit_get_pss (void)
{
  g_autofree char *text = NULL;
  const char *line = NULL;

  if (g_file_get_contents ("/proc/self/smaps_rollup", &text, NULL, NULL))
    line = strstr (text, "\nPss:");
  return line != NULL ? (guint)g_ascii_strtoull (line + strlen ("\nPss:"), NULL, 10) : 0;
}

/**
 * limit_get_switches:
 *
 * Returns: how often a thread of this program has slept and woken up
 */
guint
limit_get_switches (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (guint)usage.ru_nvcsw;
}
