/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-tray-item.h"

#include "ls-tray-menu.h"
#include "ls-tray-sni.h"

/* Where hosts look for an item that was registered by the name of its connection alone. */
#define ITEM_PATH "/StatusNotifierItem"

/**
 * LsTrayItem:
 *
 * org.kde.StatusNotifierItem: the icon. Hosts ask for all properties at once, so each has an answer.
 * Nothing can be reached by Activate alone: some hosts never send it, some only on a double click.
 */
struct _LsTrayItem
{
  GObject parent_instance;

  LsTrayStatusNotifierItem *skeleton; /* (owned) */
  gboolean named;                     /* whether the host finds our icons by name */
  int shown;                          /* the icon that is shown, -1 = none */
};

enum
{
  SIGNAL_ACTIVATED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (LsTrayItem, ls_tray_item, G_TYPE_OBJECT)

static gboolean
handle_activate (LsTrayItem *self, GDBusMethodInvocation *invocation, gint x, gint y)
{
  ls_tray_status_notifier_item_complete_activate (self->skeleton, invocation);
  g_signal_emit (self, signals[SIGNAL_ACTIVATED], 0);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* A middle click and the wheel do nothing; the host draws the menu itself. Where the pointer is or
 * how far the wheel turned does not matter either way. */
static gboolean
handle_nothing (LsTrayItem *self, GDBusMethodInvocation *invocation)
{
  g_dbus_method_invocation_return_value (invocation, NULL);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
ls_tray_item_dispose (GObject *object)
{
  LsTrayItem *self = LS_TRAY_ITEM (object);

  if (g_dbus_interface_skeleton_get_connection (G_DBUS_INTERFACE_SKELETON (self->skeleton)) != NULL)
    g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (self->skeleton));

  G_OBJECT_CLASS (ls_tray_item_parent_class)->dispose (object);
}

static void
ls_tray_item_finalize (GObject *object)
{
  LsTrayItem *self = LS_TRAY_ITEM (object);

  g_clear_object (&self->skeleton);

  G_OBJECT_CLASS (ls_tray_item_parent_class)->finalize (object);
}

static void
ls_tray_item_class_init (LsTrayItemClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ls_tray_item_dispose;
  object_class->finalize = ls_tray_item_finalize;

  /**
   * LsTrayItem::activated:
   *
   * The user clicked on the icon itself, in a host that does not open the menu then.
   */
  signals[SIGNAL_ACTIVATED] = g_signal_new ("activated", LS_TYPE_TRAY_ITEM, G_SIGNAL_RUN_LAST, 0,
                                            NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static GVariant *
no_pixmaps (void)
{
  return g_variant_new_array (G_VARIANT_TYPE ("(iiay)"), NULL, 0);
}

static void
ls_tray_item_init (LsTrayItem *self)
{
  self->shown = -1;
  self->skeleton = ls_tray_status_notifier_item_skeleton_new ();
  g_object_set (self->skeleton, "category", "ApplicationStatus", "id", "org.labsync.Agent", "title",
                "", "status", "Active", "window-id", 0, "icon-theme-path", "", "menu",
                LS_TRAY_MENU_PATH, "item-is-menu", TRUE, "icon-name", "", "icon-pixmap",
                no_pixmaps (), "overlay-icon-name", "", "overlay-icon-pixmap", no_pixmaps (),
                "attention-icon-name", "", "attention-icon-pixmap", no_pixmaps (),
                "attention-movie-name", "", "tool-tip",
                g_variant_new ("(s@a(iiay)ss)", "", no_pixmaps (), "", ""), NULL);
  g_object_connect (self->skeleton, "swapped-object-signal::handle-activate", handle_activate, self,
                    "swapped-object-signal::handle-secondary-activate", handle_nothing, self,
                    "swapped-object-signal::handle-context-menu", handle_nothing, self,
                    "swapped-object-signal::handle-scroll", handle_nothing, self, NULL);
}

/**
 * ls_tray_item_new:
 * @icon_theme_path: where the host finds our icons beside the usual places; empty if it can't be
 *   counted on to find them
 *
 * Not every host (lxqt-panel, for one) takes the pixmaps when it does not find an icon by its name: so
 * there is a name only if it is sure to be found.
 *
 * Returns: (transfer full): an item that shows nothing yet
 */
LsTrayItem *
ls_tray_item_new (const char *icon_theme_path)
{
  LsTrayItem *self = g_object_new (LS_TYPE_TRAY_ITEM, NULL);

  self->named = *icon_theme_path != '\0';
  ls_tray_status_notifier_item_set_icon_theme_path (self->skeleton, icon_theme_path);

  return self;
}

/**
 * ls_tray_item_export:
 * @self: the item
 * @connection: the session bus
 * @error: return location for an error
 *
 * Puts it on the bus, where a host finds it once it is registered: see #LsTrayWatcher.
 *
 * Returns: whether that went well
 */
gboolean
ls_tray_item_export (LsTrayItem *self, GDBusConnection *connection, GError **error)
{
  return g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (self->skeleton), connection,
                                           ITEM_PATH, error);
}

static void
set_icon (LsTrayItem *self, LsTrayIcon icon)
{
  g_autofree char *name = self->named ? ls_tray_icon_get_name (icon) : g_strdup ("");
  g_autoptr (GVariant) pixmaps = NULL;

  if (self->shown == (int)icon)
    return;

  self->shown = icon;
  pixmaps = g_variant_ref_sink (ls_tray_icon_get_pixmaps (icon));
  g_object_set (self->skeleton, "icon-name", name, "icon-pixmap", pixmaps, "attention-icon-name",
                name, "attention-icon-pixmap", pixmaps, NULL);
  ls_tray_status_notifier_item_emit_new_icon (self->skeleton);
  ls_tray_status_notifier_item_emit_new_attention_icon (self->skeleton);
}

static void
set_status (LsTrayItem *self, const char *status)
{
  if (g_str_equal (ls_tray_status_notifier_item_get_status (self->skeleton), status))
    return;

  ls_tray_status_notifier_item_set_status (self->skeleton, status);
  ls_tray_status_notifier_item_emit_new_status (self->skeleton, status);
}

static void
set_texts (LsTrayItem *self, const char *title, const char *detail)
{
  g_autoptr (GVariant) tool_tip =
      g_variant_ref_sink (g_variant_new ("(s@a(iiay)ss)", "", no_pixmaps (), title, detail));

  if (!g_str_equal (ls_tray_status_notifier_item_get_title (self->skeleton), title))
    {
      ls_tray_status_notifier_item_set_title (self->skeleton, title);
      ls_tray_status_notifier_item_emit_new_title (self->skeleton);
    }
  if (!g_variant_equal (ls_tray_status_notifier_item_get_tool_tip (self->skeleton), tool_tip))
    {
      ls_tray_status_notifier_item_set_tool_tip (self->skeleton, tool_tip);
      ls_tray_status_notifier_item_emit_new_tool_tip (self->skeleton);
    }
}

/**
 * ls_tray_item_set_view:
 * @self: the item
 * @view: what it shows from now on
 *
 * Tells the host what changed, if anything did.
 */
void
ls_tray_item_set_view (LsTrayItem *self, const LsTrayView *view)
{
  set_icon (self, view->icon);
  set_status (self, view->urgent ? "NeedsAttention" : "Active");
  set_texts (self, view->title, view->detail);
}
