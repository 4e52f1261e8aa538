/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-tray.h"

#include "ls-i18n.h"
#include "ls-notification.h"
#include "ls-sandbox.h"
#include "ls-tray-agent.h"
#include "ls-tray-item.h"
#include "ls-tray-menu.h"
#include "ls-tray-watcher.h"

/* Where the host looks for our icons instead of where they get installed; for a build that is run
 * from its own directory. */
#define VARIABLE_ICONDIR "LABSYNC_ICONDIR"

/**
 * LsTray:
 *
 * The tray on one connection to the session bus: what the agent says becomes a view, the view goes to
 * the icon and the menu, and what the user chooses goes back to the agent.
 */
struct _LsTray
{
  GObject parent_instance;

  GDBusConnection *connection; /* (owned) */
  gboolean sandboxed;
  LsTrayAgent *agent;     /* (owned) */
  LsTrayItem *item;       /* (owned) */
  LsTrayMenu *menu;       /* (owned) */
  LsTrayWatcher *watcher; /* (owned) */
  LsTrayView *view;       /* (owned) */
};

G_DEFINE_FINAL_TYPE (LsTray, ls_tray, G_TYPE_OBJECT)

static void
update (LsTray *self)
{
  g_autoptr (LsTrayView) old = g_steal_pointer (&self->view);
  LsTraySnapshot snapshot;

  ls_tray_agent_get_snapshot (self->agent, &snapshot);
  self->view = ls_tray_view_new (&snapshot, g_get_real_time () / 1000);
  ls_tray_item_set_view (self->item, self->view);
  ls_tray_menu_set_view (self->menu, self->view);
}

/* Where there is nothing that shows notifications, nothing happens. */
static void
notify (LsTray *self, const char *title, const char *body)
{
  const LsNotification notification = { "tray", title, body, NULL };

  ls_notification_show_async (&notification, self->connection, self->sandboxed, NULL, NULL, NULL);
}

static void
show_about (LsTray *self)
{
  g_autofree char *title = g_strdup_printf (_ ("Lab Sync %s"), LS_VERSION);

  notify (self, title, _ ("Keeps this computer in step with your school, online or not"));
}

static void
perform (LsTray *self, LsTrayEntryId entry)
{
  switch ((guint)entry)
    {
    case LS_TRAY_ENTRY_START:
      ls_tray_agent_call (self->agent, LS_TRAY_CALL_START);
      break;
    case LS_TRAY_ENTRY_RECONNECT:
      ls_tray_agent_call (self->agent, LS_TRAY_CALL_RECONNECT);
      break;
    case LS_TRAY_ENTRY_SYNC:
      ls_tray_agent_call (self->agent, LS_TRAY_CALL_SYNC);
      break;
    case LS_TRAY_ENTRY_PAUSE:
      ls_tray_agent_call (self->agent, LS_TRAY_CALL_PAUSE);
      break;
    case LS_TRAY_ENTRY_RESUME:
      ls_tray_agent_call (self->agent, LS_TRAY_CALL_RESUME);
      break;
    case LS_TRAY_ENTRY_ABOUT:
      show_about (self);
      break;
    default:
      break;
    }
}

static void
on_menu_clicked (LsTrayMenu *menu, guint entry, LsTray *self)
{
  perform (self, entry);
}

static void
on_item_activated (LsTrayItem *item, LsTray *self)
{
  perform (self, ls_tray_view_get_default (self->view));
}

static void
on_agent_failed (LsTrayAgent *agent, guint call, LsTray *self)
{
  if (call == LS_TRAY_CALL_START)
    notify (self, _ ("Lab Sync could not be started"), _ ("Tell your teacher if it happens again"));
  else
    notify (self, _ ("That did not work"), _ ("The menu of Lab Sync says what is wrong"));
}

static void
ls_tray_dispose (GObject *object)
{
  LsTray *self = LS_TRAY (object);

  if (self->watcher != NULL)
    g_object_run_dispose (G_OBJECT (self->watcher));
  if (self->agent != NULL)
    g_object_run_dispose (G_OBJECT (self->agent));
  g_clear_object (&self->watcher);
  g_clear_object (&self->item);
  g_clear_object (&self->menu);
  g_clear_object (&self->agent);

  G_OBJECT_CLASS (ls_tray_parent_class)->dispose (object);
}

static void
ls_tray_finalize (GObject *object)
{
  LsTray *self = LS_TRAY (object);

  g_clear_pointer (&self->view, ls_tray_view_free);
  g_clear_object (&self->connection);

  G_OBJECT_CLASS (ls_tray_parent_class)->finalize (object);
}

static void
ls_tray_class_init (LsTrayClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ls_tray_dispose;
  object_class->finalize = ls_tray_finalize;
}

static void
ls_tray_init (LsTray *self)
{
}

/* The host sees nothing of our files in a sandbox. Flatpak may export the icons to a place where it
 * looks, or it may not have looked there since. */
static const char *
get_icon_theme_path (gboolean sandboxed)
{
  const char *directory = g_getenv (VARIABLE_ICONDIR);

  if (directory != NULL)
    return directory;

  return sandboxed ? "" : LS_ICONDIR;
}

/**
 * ls_tray_new:
 * @connection: the session bus
 * @error: return location for an error
 *
 * Puts icon and menu on the bus until it is disposed of.
 *
 * Returns: (transfer full) (nullable): the tray
 */
LsTray *
ls_tray_new (GDBusConnection *connection, GError **error)
{
  g_autoptr (LsTray) self = g_object_new (LS_TYPE_TRAY, NULL);

  self->connection = g_object_ref (connection);
  self->sandboxed = ls_sandbox_is_inside ();
  self->agent = ls_tray_agent_new (connection);
  self->item = ls_tray_item_new (get_icon_theme_path (self->sandboxed));
  self->menu = ls_tray_menu_new ();
  update (self);
  if (!ls_tray_item_export (self->item, connection, error) ||
      !ls_tray_menu_export (self->menu, connection, error))
    return NULL;

  g_signal_connect_object (self->agent, "changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->agent, "refreshed", G_CALLBACK (ls_tray_menu_refreshed),
                           self->menu, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->agent, "failed", G_CALLBACK (on_agent_failed), self, 0);
  g_signal_connect_object (self->menu, "clicked", G_CALLBACK (on_menu_clicked), self, 0);
  g_signal_connect_object (self->menu, "refresh", G_CALLBACK (ls_tray_agent_refresh), self->agent,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->item, "activated", G_CALLBACK (on_item_activated), self, 0);

  return g_steal_pointer (&self);
}

/**
 * ls_tray_show:
 * @self: the tray
 *
 * Has whatever trays there are show it, from now on.
 */
void
ls_tray_show (LsTray *self)
{
  if (self->watcher == NULL)
    self->watcher = ls_tray_watcher_new (self->connection);
}
