/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-notification.h"

/* Our icon, and the app that a notification belongs to. */
#define APP_ID "org.labsync.Agent"

/* How long a service may take, in milliseconds: the bus may have to start it first. */
#define PATIENCE 10000

/* Desktop Notifications Specification: never goes away by itself, or when the desktop thinks fit */
#define EXPIRES_NEVER 0
#define EXPIRES_BY_DEFAULT (-1)

/* Who shows notifications. */
typedef struct
{
  const char *name;
  const char *path;
  const char *interface;
} Service;

static const Service desktop = { "org.freedesktop.Notifications", "/org/freedesktop/Notifications",
                                 "org.freedesktop.Notifications" };
/* For who is in a Flatpak; needs no permission. */
static const Service portal = { "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop",
                                "org.freedesktop.portal.Notification" };

static void
call (GDBusConnection *connection,
      const Service *service,
      const char *method,
      GVariant *arguments,
      GCancellable *cancellable,
      GAsyncReadyCallback callback,
      gpointer user_data)
{
  g_dbus_connection_call (connection, service->name, service->path, service->interface, method,
                          arguments, NULL, G_DBUS_CALL_FLAGS_NONE, PATIENCE, cancellable, callback,
                          user_data);
}

static GVariant *
to_desktop (const LsNotification *self)
{
  GVariantBuilder hints = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  g_variant_builder_add (&hints, "{sv}", "desktop-entry", g_variant_new_string (APP_ID));
  return g_variant_new ("(susss@asa{sv}i)", "Lab Sync", 0, APP_ID, self->title, self->body,
                        g_variant_new_strv (self->buttons, self->buttons != NULL ? -1 : 0), &hints,
                        self->buttons != NULL ? EXPIRES_NEVER : EXPIRES_BY_DEFAULT);
}

static GVariant *
to_portal (const LsNotification *self)
{
  GVariantBuilder notification = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  g_variant_builder_add (&notification, "{sv}", "title", g_variant_new_string (self->title));
  g_variant_builder_add (&notification, "{sv}", "body", g_variant_new_string (self->body));
  return g_variant_new ("(sa{sv})", self->id, &notification);
}

/**
 * ls_notification_show_async:
 * @self: what to show
 * @connection: the session bus
 * @sandboxed: whether we run in a Flatpak, where there are no buttons
 * @cancellable: (nullable): a cancellable
 * @callback: (nullable): called when it is shown, or is not
 * @user_data: for @callback
 *
 * Shows a notification. Waits for a service that hangs for 10 s.
 */
void
ls_notification_show_async (const LsNotification *self,
                            GDBusConnection *connection,
                            gboolean sandboxed,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  if (sandboxed)
    call (connection, &portal, "AddNotification", to_portal (self), cancellable, callback,
          user_data);
  else
    call (connection, &desktop, "Notify", to_desktop (self), cancellable, callback, user_data);
}

/**
 * ls_notification_show_finish:
 * @connection: the session bus
 * @result: what the callback was given
 * @number: (out): what the service calls it; 0: nothing else than we do
 * @error: what the bus said: nothing shows notifications here, or what does hangs
 *
 * Returns: whether it is shown
 */
gboolean
ls_notification_show_finish (GDBusConnection *connection,
                             GAsyncResult *result,
                             guint32 *number,
                             GError **error)
{
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (connection, result, error);

  if (answer == NULL)
    return FALSE;

  *number = 0;
  if (g_variant_is_of_type (answer, G_VARIANT_TYPE ("(u)")))
    g_variant_get (answer, "(u)", number);
  return TRUE;
}

/**
 * ls_notification_withdraw:
 * @connection: the session bus
 * @sandboxed: whether we run in a Flatpak
 * @id: what we call it
 * @number: what the service calls it
 *
 * Takes a notification away that is shown.
 */
void
ls_notification_withdraw (GDBusConnection *connection,
                          gboolean sandboxed,
                          const char *id,
                          guint32 number)
{
  if (sandboxed)
    call (connection, &portal, "RemoveNotification", g_variant_new ("(s)", id), NULL, NULL, NULL);
  else
    call (connection, &desktop, "CloseNotification", g_variant_new ("(u)", number), NULL, NULL,
          NULL);
}

/**
 * ls_notification_get_service:
 * @sandboxed: whether we run in a Flatpak
 *
 * Returns: the name on the bus of who shows notifications
 */
const char *
ls_notification_get_service (gboolean sandboxed)
{
  return sandboxed ? portal.name : desktop.name;
}
