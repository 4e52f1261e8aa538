/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-tray-notifier.h"

/* Our icon, and the app that the notification belongs to. */
#define APP_ID "org.labsync.Agent"

static void
notify_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (object), result, &error);

  if (reply == NULL)
    g_info ("no notification: %s", error->message);
}

/* org.freedesktop.Notifications: the desktop's own. */
static void
notify_desktop (GDBusConnection *connection, const char *title, const char *body)
{
  GVariantBuilder hints = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  g_variant_builder_add (&hints, "{sv}", "desktop-entry", g_variant_new_string (APP_ID));
  g_dbus_connection_call (connection, "org.freedesktop.Notifications",
                          "/org/freedesktop/Notifications", "org.freedesktop.Notifications",
                          "Notify",
                          g_variant_new ("(susss@asa{sv}i)", "Lab Sync", 0, APP_ID, title, body,
                                         g_variant_new_strv (NULL, 0), &hints, -1),
                          NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, notify_cb, NULL);
}

/* The portal, which needs no permission. */
static void
notify_portal (GDBusConnection *connection, const char *title, const char *body)
{
  GVariantBuilder notification = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  g_variant_builder_add (&notification, "{sv}", "title", g_variant_new_string (title));
  g_variant_builder_add (&notification, "{sv}", "body", g_variant_new_string (body));
  g_dbus_connection_call (connection, "org.freedesktop.portal.Desktop",
                          "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Notification",
                          "AddNotification", g_variant_new ("(sa{sv})", "tray", &notification),
                          NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, notify_cb, NULL);
}

/**
 * ls_tray_notify:
 * @connection: the session bus
 * @sandboxed: whether we run in a Flatpak
 * @title: the first line
 * @body: what else there is to say
 *
 * Shows a notification. Where there is nothing that shows them, nothing happens.
 */
void
ls_tray_notify (GDBusConnection *connection,
                gboolean sandboxed,
                const char *title,
                const char *body)
{
  if (sandboxed)
    notify_portal (connection, title, body);
  else
    notify_desktop (connection, title, body);
}
