/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-notifier-bus.h"

/* What has become of a notification so far. */
typedef enum
{
  PLACE_HERE,   /* there was nobody to show it */
  PLACE_SENT,   /* and not answered yet */
  PLACE_SCREEN, /* shown */
} Place;

typedef struct
{
  char *title;    /* (owned) */
  char *body;     /* (owned) */
  GStrv buttons;  /* (owned) (nullable): keys as they go over the bus, and labels */
  guint64 serial; /* tells it apart from others of the same id, before and after it */
  Place place;
  guint32 number; /* what the service calls it, while it is on the screen */
} Notice;

/**
 * LsNotifierBus:
 *
 * The desktop's notifications, org.freedesktop.Notifications, or those of the portal where we are in a
 * Flatpak. What could not be shown is shown when the service comes up: a panel may start later than we do.
 * What was shown is not shown again by one that starts anew.
 *
 * Any app that may show notifications can replace one of ours, whose number is easy to guess, by one of
 * its own, and have the user press a button of that. So a key of a button has a part that nobody else knows,
 * and only the service, by its unique name, is believed that it was pressed.
 */
struct _LsNotifierBus
{
  GObject parent_instance;

  GDBusConnection *connection; /* (owned) */
  LsRandom *random;            /* (owned) */
  gboolean is_inside;
  gboolean enabled;
  GHashTable *notices; /* (owned) (element-type utf8 Notice): by id */
  guint64 last_serial;
  GCancellable *cancellable; /* (owned) */
  guint watch_id;
  guint pressed_id; /* 0: there is no service, or it has no buttons */
  guint closed_id;
};

static void ls_notifier_bus_notifier_init (LsNotifierInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsNotifierBus,
                               ls_notifier_bus,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_NOTIFIER,
                                                      ls_notifier_bus_notifier_init))

static void
notice_free (gpointer data)
{
  Notice *notice = data;

  g_free (notice->title);
  g_free (notice->body);
  g_strfreev (notice->buttons);
  g_free (notice);
}

static void
unsubscribe (LsNotifierBus *self, guint *id)
{
  if (*id != 0)
    g_dbus_connection_signal_unsubscribe (self->connection, *id);
  *id = 0;
}

static void
stop_listening (LsNotifierBus *self)
{
  unsubscribe (self, &self->pressed_id);
  unsubscribe (self, &self->closed_id);
}

static void
ls_notifier_bus_dispose (GObject *object)
{
  LsNotifierBus *self = LS_NOTIFIER_BUS (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->watch_id, g_bus_unwatch_name);
  stop_listening (self);
  g_clear_object (&self->connection);

  G_OBJECT_CLASS (ls_notifier_bus_parent_class)->dispose (object);
}

static void
ls_notifier_bus_finalize (GObject *object)
{
  LsNotifierBus *self = LS_NOTIFIER_BUS (object);

  g_hash_table_unref (self->notices);
  g_object_unref (self->cancellable);
  g_clear_object (&self->random);

  G_OBJECT_CLASS (ls_notifier_bus_parent_class)->finalize (object);
}

static void
ls_notifier_bus_class_init (LsNotifierBusClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ls_notifier_bus_dispose;
  object_class->finalize = ls_notifier_bus_finalize;
}

static void
ls_notifier_bus_init (LsNotifierBus *self)
{
  self->enabled = TRUE;
  self->notices = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, notice_free);
  self->cancellable = g_cancellable_new ();
}

/* A notification that is on its way to the service. */
typedef struct
{
  LsNotifierBus *notifier; /* (unowned): gone if the call was cancelled */
  char *id;                /* (owned) */
  guint64 serial;
} Sending;

static void
sending_free (Sending *sending)
{
  g_free (sending->id);
  g_free (sending);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Sending, sending_free)

static void
show_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Sending) sending = user_data;
  LsNotifierBus *self = sending->notifier;
  GDBusConnection *connection = G_DBUS_CONNECTION (object);
  g_autoptr (GError) error = NULL;
  guint32 number = 0;
  gboolean is_shown = ls_notification_show_finish (connection, result, &number, &error);
  gboolean is_wanted;
  Notice *notice;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  notice = g_hash_table_lookup (self->notices, sending->id);
  is_wanted = notice != NULL && notice->serial == sending->serial;
  if (!is_shown)
    g_debug ("notifier: “%s” is not shown: %s", sending->id, error->message);
  else if (!is_wanted)
    ls_notification_withdraw (connection, self->is_inside, sending->id, number);

  if (!is_wanted)
    return;

  notice->place = is_shown ? PLACE_SCREEN : PLACE_HERE;
  notice->number = number;
  if (is_shown)
    ls_notifier_emit_shown (LS_NOTIFIER (self), sending->id);
}

static void
send_notice (LsNotifierBus *self, const char *id, Notice *notice)
{
  const LsNotification notification = { id, notice->title, notice->body,
                                        (const char *const *)notice->buttons };
  Sending *sending;

  if (!self->enabled || notice->place != PLACE_HERE)
    return;

  sending = g_new (Sending, 1);
  *sending = (Sending) { self, g_strdup (id), notice->serial };
  notice->place = PLACE_SENT;
  ls_notification_show_async (&notification, self->connection, self->is_inside, self->cancellable,
                              show_cb, sending);
}

static void
send_all (LsNotifierBus *self)
{
  GHashTableIter iter;
  const char *id;
  Notice *notice;

  g_hash_table_iter_init (&iter, self->notices);
  while (g_hash_table_iter_next (&iter, (gpointer *)&id, (gpointer *)&notice))
    send_notice (self, id, notice);
}

/* Returns: (transfer full): @buttons, each key with something behind it that can't be guessed */
static GStrv
seal_keys (LsNotifierBus *self, const char *const *buttons)
{
  g_autoptr (GStrvBuilder) sealed = g_strv_builder_new ();

  for (guint i = 0; buttons[i] != NULL; i += 2)
    {
      g_autofree char *seal = ls_random_uuid (self->random);
      g_autofree char *key = g_strdup_printf ("%s %s", buttons[i], seal);

      g_strv_builder_add_many (sealed, key, buttons[i + 1], NULL);
    }
  return g_strv_builder_end (sealed);
}

static void
ls_notifier_bus_show (LsNotifier *notifier, const LsNotification *notification)
{
  LsNotifierBus *self = LS_NOTIFIER_BUS (notifier);
  Notice *notice;

  if (g_hash_table_contains (self->notices, notification->id))
    return;

  notice = g_new0 (Notice, 1);
  notice->title = g_strdup (notification->title);
  notice->body = g_strdup (notification->body);
  notice->serial = ++self->last_serial;
  if (notification->buttons != NULL)
    notice->buttons = seal_keys (self, notification->buttons);
  g_hash_table_insert (self->notices, g_strdup (notification->id), notice);
  send_notice (self, notification->id, notice);
}

static void
take_off_screen (LsNotifierBus *self, const char *id, const Notice *notice)
{
  if (notice->place == PLACE_SCREEN)
    ls_notification_withdraw (self->connection, self->is_inside, id, notice->number);
}

/* What is still on its way is withdrawn when it has arrived. */
static void
ls_notifier_bus_withdraw (LsNotifier *notifier, const char *id)
{
  LsNotifierBus *self = LS_NOTIFIER_BUS (notifier);
  const Notice *notice = g_hash_table_lookup (self->notices, id);

  if (notice == NULL)
    return;

  take_off_screen (self, id, notice);
  g_hash_table_remove (self->notices, id);
}

static void
ls_notifier_bus_notifier_init (LsNotifierInterface *iface)
{
  iface->show = ls_notifier_bus_show;
  iface->withdraw = ls_notifier_bus_withdraw;
}

/* Returns: (transfer full) (nullable): the id of the notification that the service calls @number */
static char *
find_id (LsNotifierBus *self, guint32 number)
{
  GHashTableIter iter;
  const char *id;
  const Notice *notice;

  g_hash_table_iter_init (&iter, self->notices);
  while (g_hash_table_iter_next (&iter, (gpointer *)&id, (gpointer *)&notice))
    if (notice->place == PLACE_SCREEN && notice->number == number)
      return g_strdup (id);

  return NULL;
}

/* Returns: (transfer full) (nullable): the key that was sealed as @sealed */
static char *
open_key (GStrv buttons, const char *sealed)
{
  for (guint i = 0; buttons != NULL && buttons[i] != NULL; i += 2)
    if (g_str_equal (buttons[i], sealed))
      return g_strndup (sealed, (gsize)(strchr (sealed, ' ') - sealed));

  return NULL;
}

static void
pressed_cb (GDBusConnection *connection,
            const char *sender,
            const char *path,
            const char *interface,
            const char *signal,
            GVariant *parameters,
            gpointer user_data)
{
  LsNotifierBus *self = user_data;
  const Notice *notice;
  g_autofree char *id = NULL;
  g_autofree char *key = NULL;
  const char *sealed;
  guint32 number;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(us)")))
    return;

  g_variant_get (parameters, "(u&s)", &number, &sealed);
  id = find_id (self, number);
  notice = id != NULL ? g_hash_table_lookup (self->notices, id) : NULL;
  key = notice != NULL ? open_key (notice->buttons, sealed) : NULL;
  if (key == NULL)
    return;

  ls_notifier_bus_withdraw (LS_NOTIFIER (self), id);
  ls_notifier_emit_pressed (LS_NOTIFIER (self), id, key);
}

static void
forget (LsNotifierBus *self, const char *id)
{
  g_hash_table_remove (self->notices, id);
  ls_notifier_emit_closed (LS_NOTIFIER (self), id);
}

static void
closed_cb (GDBusConnection *connection,
           const char *sender,
           const char *path,
           const char *interface,
           const char *signal,
           GVariant *parameters,
           gpointer user_data)
{
  LsNotifierBus *self = user_data;
  g_autofree char *id = NULL;
  guint32 number;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(uu)")))
    return;

  g_variant_get (parameters, "(uu)", &number, NULL);
  id = find_id (self, number);
  if (id != NULL)
    forget (self, id);
}

/* Returns: (transfer full): the ids of what is on the screen; with @asking of that what has buttons */
static GStrv
list_shown (LsNotifierBus *self, gboolean asking)
{
  g_autoptr (GStrvBuilder) ids = g_strv_builder_new ();
  GHashTableIter iter;
  const char *id;
  const Notice *notice;

  g_hash_table_iter_init (&iter, self->notices);
  while (g_hash_table_iter_next (&iter, (gpointer *)&id, (gpointer *)&notice))
    if (notice->place == PLACE_SCREEN && (!asking || notice->buttons != NULL))
      g_strv_builder_add (ids, id);
  return g_strv_builder_end (ids);
}

static guint
subscribe (LsNotifierBus *self, const char *owner, const char *signal, GDBusSignalCallback callback)
{
  return g_dbus_connection_signal_subscribe (
      self->connection, owner, "org.freedesktop.Notifications", signal,
      "/org/freedesktop/Notifications", NULL, G_DBUS_SIGNAL_FLAGS_NONE, callback, self, NULL);
}

/* By its unique name: by the other one GLib without the fix of CVE-2024-34397 would also bring signals of
 * anybody who sends them to us alone. */
static void
name_appeared_cb (GDBusConnection *connection,
                  const char *name,
                  const char *owner,
                  gpointer user_data)
{
  LsNotifierBus *self = user_data;

  stop_listening (self);
  if (!self->is_inside)
    {
      self->pressed_id = subscribe (self, owner, "ActionInvoked", pressed_cb);
      self->closed_id = subscribe (self, owner, "NotificationClosed", closed_cb);
    }
  send_all (self);
}

static void
name_vanished_cb (GDBusConnection *connection, const char *name, gpointer user_data)
{
  LsNotifierBus *self = user_data;
  g_auto (GStrv) ids = list_shown (self, FALSE);

  stop_listening (self);
  for (guint i = 0; ids[i] != NULL; i++)
    forget (self, ids[i]);
}

/**
 * ls_notifier_bus_new:
 * @connection: the session bus
 * @random: for what nobody must guess
 * @is_inside: whether this program is in a Flatpak: then there are no buttons
 *
 * Returns: (transfer full): a notifier
 */
LsNotifierBus *
ls_notifier_bus_new (GDBusConnection *connection, LsRandom *random, gboolean is_inside)
{
  LsNotifierBus *self = g_object_new (LS_TYPE_NOTIFIER_BUS, NULL);

  self->connection = g_object_ref (connection);
  self->random = g_object_ref (random);
  self->is_inside = is_inside;
  self->watch_id = g_bus_watch_name_on_connection (
      connection, ls_notification_get_service (is_inside), G_BUS_NAME_WATCHER_FLAGS_NONE,
      name_appeared_cb, name_vanished_cb, self, NULL);
  return self;
}

/**
 * ls_notifier_bus_set_enabled:
 * @self: the notifier
 * @enabled: whether the user wants to see anything
 *
 * Sets whether anything is shown; at first it is. What is on the screen stays there.
 */
void
ls_notifier_bus_set_enabled (LsNotifierBus *self, gboolean enabled)
{
  g_return_if_fail (LS_IS_NOTIFIER_BUS (self));

  self->enabled = enabled;
  send_all (self);
}

/**
 * ls_notifier_bus_stop:
 * @self: the notifier
 *
 * Withdraws what has buttons: nobody is here any more who would hear of it when one is pressed.
 */
void
ls_notifier_bus_stop (LsNotifierBus *self)
{
  g_auto (GStrv) ids = NULL;

  g_return_if_fail (LS_IS_NOTIFIER_BUS (self));

  ids = list_shown (self, TRUE);
  for (guint i = 0; ids[i] != NULL; i++)
    ls_notifier_bus_withdraw (LS_NOTIFIER (self), ids[i]);
}
