/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-tray-menu.h"

#include "ls-tray-dbusmenu.h"
#include "ls-tray-layout.h"

/* Version of com.canonical.dbusmenu that hosts ask for. */
#define PROTOCOL_VERSION 3

/**
 * LsTrayMenu:
 *
 * com.canonical.dbusmenu for one flat menu. Anybody on the bus can call it with whatever they like;
 * what they ask for that does not exist is an error, and only entries that are shown and enabled do
 * anything.
 */
struct _LsTrayMenu
{
  GObject parent_instance;

  LsTrayDbusmenu *skeleton; /* (owned) */
  const LsTrayView *view;   /* (unowned) (nullable) */
  guint revision;
  GPtrArray *waiting; /* (owned): Question: who waits for texts that are up to date */
};

enum
{
  SIGNAL_CLICKED,
  SIGNAL_REFRESH,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (LsTrayMenu, ls_tray_menu, G_TYPE_OBJECT)

/* Somebody who is about to show the menu. */
typedef struct
{
  GDBusMethodInvocation *invocation; /* (owned) */
  guint revision;                    /* the one they may know */
  GVariant *unknown; /* (owned) (nullable): for AboutToShowGroup, ids we don't have */
} Question;

static void
question_answer (Question *question, gboolean changed)
{
  const gint32 root = LS_TRAY_LAYOUT_ROOT;
  GVariant *ids = NULL;

  if (question->unknown == NULL)
    {
      g_dbus_method_invocation_return_value (question->invocation, g_variant_new ("(b)", changed));
    }
  else
    {
      ids = g_variant_new_fixed_array (G_VARIANT_TYPE_INT32, &root, changed ? 1 : 0, sizeof root);
      g_dbus_method_invocation_return_value (question->invocation,
                                             g_variant_new ("(@ai@ai)", ids, question->unknown));
      g_variant_unref (question->unknown);
    }
  g_free (question);
}

static void
answer_all (LsTrayMenu *self)
{
  g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->waiting);

  self->waiting = g_ptr_array_new ();
  for (guint i = 0; i < waiting->len; i++)
    {
      Question *question = g_ptr_array_index (waiting, i);

      question_answer (question, question->revision != self->revision);
    }
}

static void
ask (LsTrayMenu *self, GDBusMethodInvocation *invocation, GVariant *unknown)
{
  Question *question = g_new0 (Question, 1);

  question->invocation = invocation;
  question->revision = self->revision;
  question->unknown = unknown;
  g_ptr_array_add (self->waiting, question);
  if (self->waiting->len == 1)
    g_signal_emit (self, signals[SIGNAL_REFRESH], 0);
}

static void
return_no_such_item (GDBusMethodInvocation *invocation, gint32 id)
{
  g_dbus_method_invocation_return_error (invocation, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                                         "There is no item %d", id);
}

static gboolean
handle_get_layout (LsTrayMenu *self,
                   GDBusMethodInvocation *invocation,
                   gint32 parent,
                   gint32 depth,
                   const char *const *names)
{
  if (self->view == NULL || !ls_tray_layout_has (parent))
    return_no_such_item (invocation, parent);
  else
    ls_tray_dbusmenu_complete_get_layout (self->skeleton, invocation, self->revision,
                                          ls_tray_layout_build (self->view, parent, depth, names));

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
contains (const gint32 *ids, gsize n_ids, gint32 id)
{
  for (gsize i = 0; i < n_ids; i++)
    {
      if (ids[i] == id)
        return TRUE;
    }

  return FALSE;
}

/* Each item is there once, however often it was asked for: the answer stays small. */
static gboolean
handle_get_group_properties (LsTrayMenu *self,
                             GDBusMethodInvocation *invocation,
                             GVariant *asked,
                             const char *const *names)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(ia{sv})"));
  gsize n_ids = 0;
  const gint32 *ids = g_variant_get_fixed_array (asked, &n_ids, sizeof (gint32));

  for (gint32 id = LS_TRAY_LAYOUT_ROOT; self->view != NULL && id < LS_TRAY_N_ENTRIES; id++)
    {
      if (n_ids == 0 || contains (ids, n_ids, id))
        g_variant_builder_add (&builder, "(i@a{sv})", id,
                               ls_tray_layout_get_properties (self->view, id, names));
    }
  ls_tray_dbusmenu_complete_get_group_properties (self->skeleton, invocation,
                                                  g_variant_builder_end (&builder));

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_get_property (LsTrayMenu *self,
                     GDBusMethodInvocation *invocation,
                     gint32 id,
                     const char *name)
{
  g_autoptr (GVariant) properties = NULL;
  g_autoptr (GVariant) value = NULL;

  if (self->view == NULL || !ls_tray_layout_has (id))
    {
      return_no_such_item (invocation, id);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  properties = g_variant_ref_sink (ls_tray_layout_get_properties (self->view, id, NULL));
  value = g_variant_lookup_value (properties, name, NULL);
  if (value == NULL)
    g_dbus_method_invocation_return_error (invocation, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                                           "Item %d has no such property", id);
  else
    ls_tray_dbusmenu_complete_get_property (self->skeleton, invocation,
                                            g_variant_new_variant (value));

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
click (LsTrayMenu *self, gint32 id)
{
  if (self->view != NULL && self->view->entries[id].visible && self->view->entries[id].enabled)
    g_signal_emit (self, signals[SIGNAL_CLICKED], 0, (guint)id);
}

static gboolean
handle_event (LsTrayMenu *self,
              GDBusMethodInvocation *invocation,
              gint32 id,
              const char *event,
              GVariant *data,
              guint timestamp)
{
  if (!ls_tray_layout_has (id))
    {
      return_no_such_item (invocation, id);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  ls_tray_dbusmenu_complete_event (self->skeleton, invocation);
  if (g_str_equal (event, "clicked"))
    click (self, id);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* Some hosts say all that happens this way. An entry is clicked once however often it stands there. */
static gboolean
handle_event_group (LsTrayMenu *self, GDBusMethodInvocation *invocation, GVariant *events)
{
  GVariantBuilder unknown = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("ai"));
  gboolean clicked[LS_TRAY_N_ENTRIES] = { FALSE };
  gboolean any_known = FALSE;
  GVariantIter iter;
  const char *event = NULL;
  gint32 id = 0;

  g_variant_iter_init (&iter, events);
  while (g_variant_iter_next (&iter, "(i&svu)", &id, &event, NULL, NULL))
    {
      if (!ls_tray_layout_has (id))
        {
          g_variant_builder_add (&unknown, "i", id);
          continue;
        }
      any_known = TRUE;
      clicked[id] = clicked[id] || g_str_equal (event, "clicked");
    }

  if (!any_known && g_variant_n_children (events) > 0)
    {
      g_variant_builder_clear (&unknown);
      return_no_such_item (invocation, id);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  ls_tray_dbusmenu_complete_event_group (self->skeleton, invocation,
                                         g_variant_builder_end (&unknown));
  for (id = 0; id < LS_TRAY_N_ENTRIES; id++)
    {
      if (clicked[id])
        click (self, id);
    }

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_about_to_show (LsTrayMenu *self, GDBusMethodInvocation *invocation, gint32 id)
{
  if (!ls_tray_layout_has (id))
    return_no_such_item (invocation, id);
  else if (id == LS_TRAY_LAYOUT_ROOT)
    ask (self, invocation, NULL);
  else
    ls_tray_dbusmenu_complete_about_to_show (self->skeleton, invocation, FALSE);

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_about_to_show_group (LsTrayMenu *self, GDBusMethodInvocation *invocation, GVariant *asked)
{
  GVariantBuilder unknown = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("ai"));
  gsize n_ids = 0;
  const gint32 *ids = g_variant_get_fixed_array (asked, &n_ids, sizeof (gint32));

  gboolean any_known = n_ids == 0;

  for (gsize i = 0; i < n_ids; i++)
    {
      if (ls_tray_layout_has (ids[i]))
        any_known = TRUE;
      else
        g_variant_builder_add (&unknown, "i", ids[i]);
    }
  if (!any_known)
    {
      g_variant_builder_clear (&unknown);
      return_no_such_item (invocation, ids[0]);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  ask (self, invocation, g_variant_ref_sink (g_variant_builder_end (&unknown)));

  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
ls_tray_menu_dispose (GObject *object)
{
  LsTrayMenu *self = LS_TRAY_MENU (object);

  answer_all (self);
  if (g_dbus_interface_skeleton_get_connection (G_DBUS_INTERFACE_SKELETON (self->skeleton)) != NULL)
    g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (self->skeleton));

  G_OBJECT_CLASS (ls_tray_menu_parent_class)->dispose (object);
}

static void
ls_tray_menu_finalize (GObject *object)
{
  LsTrayMenu *self = LS_TRAY_MENU (object);

  g_clear_object (&self->skeleton);
  g_ptr_array_unref (self->waiting);

  G_OBJECT_CLASS (ls_tray_menu_parent_class)->finalize (object);
}

static void
ls_tray_menu_class_init (LsTrayMenuClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ls_tray_menu_dispose;
  object_class->finalize = ls_tray_menu_finalize;

  /**
   * LsTrayMenu::clicked:
   * @id: an #LsTrayEntryId
   *
   * The user chose an entry that is shown and enabled.
   */
  signals[SIGNAL_CLICKED] = g_signal_new ("clicked", LS_TYPE_TRAY_MENU, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);

  /**
   * LsTrayMenu::refresh:
   *
   * The host is about to show the menu and waits until ls_tray_menu_refreshed() is called.
   */
  signals[SIGNAL_REFRESH] = g_signal_new ("refresh", LS_TYPE_TRAY_MENU, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 0);
}

static void
ls_tray_menu_init (LsTrayMenu *self)
{
  const char *const no_paths[] = { NULL };

  self->revision = 1;
  self->waiting = g_ptr_array_new ();
  self->skeleton = ls_tray_dbusmenu_skeleton_new ();
  g_object_set (self->skeleton, "version", PROTOCOL_VERSION, "text-direction", "ltr", "status",
                "normal", "icon-theme-path", no_paths, NULL);
  g_object_connect (self->skeleton, "swapped-object-signal::handle-get-layout", handle_get_layout,
                    self, "swapped-object-signal::handle-get-group-properties",
                    handle_get_group_properties, self, "swapped-object-signal::handle-get-property",
                    handle_get_property, self, "swapped-object-signal::handle-event", handle_event,
                    self, "swapped-object-signal::handle-event-group", handle_event_group, self,
                    "swapped-object-signal::handle-about-to-show", handle_about_to_show, self,
                    "swapped-object-signal::handle-about-to-show-group", handle_about_to_show_group,
                    self, NULL);
}

/**
 * ls_tray_menu_new:
 *
 * Returns: (transfer full): a menu without entries
 */
LsTrayMenu *
ls_tray_menu_new (void)
{
  return g_object_new (LS_TYPE_TRAY_MENU, NULL);
}

/**
 * ls_tray_menu_export:
 * @self: the menu
 * @connection: the session bus
 * @error: return location for an error
 *
 * Puts it on the bus at %LS_TRAY_MENU_PATH.
 *
 * Returns: whether that went well
 */
gboolean
ls_tray_menu_export (LsTrayMenu *self, GDBusConnection *connection, GError **error)
{
  return g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (self->skeleton), connection,
                                           LS_TRAY_MENU_PATH, error);
}

/**
 * ls_tray_menu_set_view:
 * @self: the menu
 * @view: what it shows from now on; has to live until it is replaced
 *
 * Tells the host what changed, if anything did.
 */
void
ls_tray_menu_set_view (LsTrayMenu *self, const LsTrayView *view)
{
  const LsTrayView *old = self->view;
  g_autoptr (GVariant) changed = NULL;
  gboolean shape = FALSE;

  self->view = view;
  ls_tray_dbusmenu_set_status (self->skeleton, view->urgent ? "notice" : "normal");
  if (old == NULL)
    return;

  changed = g_variant_ref_sink (ls_tray_layout_diff (old, view, &shape));
  if (g_variant_n_children (changed) == 0)
    return;

  self->revision++;
  ls_tray_dbusmenu_emit_items_properties_updated (
      self->skeleton, changed, g_variant_new_array (G_VARIANT_TYPE ("(ias)"), NULL, 0));
  if (shape)
    ls_tray_dbusmenu_emit_layout_updated (self->skeleton, self->revision, LS_TRAY_LAYOUT_ROOT);
}

/**
 * ls_tray_menu_refreshed:
 * @self: the menu
 *
 * The answer to LsTrayMenu::refresh: what the menu shows is up to date, as well as can be.
 */
void
ls_tray_menu_refreshed (LsTrayMenu *self)
{
  answer_all (self);
}
