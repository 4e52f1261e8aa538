/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notifications on a private bus, with a desktop that shows them, refuses, hangs, or is not there. */
#include <gio/gio.h>

#include "ls-fake-random.h"
#include "ls-notifier-bus.h"

#define NAME "org.freedesktop.Notifications"
#define PATH "/org/freedesktop/Notifications"
#define PORTAL "org.freedesktop.portal.Notification"

static const char *const buttons[] = { "allow", "Allow", "deny", "Don't allow", NULL };
static const LsNotification news = { "news", "News", "There are some.", NULL };
static const LsNotification question = { "question", "Well?", "Yes or no.", buttons };

static const char introspection[] =
    "<node><interface name='" NAME "'>"
    "<method name='Notify'><arg type='s'/><arg type='u'/><arg type='s'/><arg type='s'/><arg type='s'/>"
    "<arg type='as'/><arg type='a{sv}'/><arg type='i'/><arg type='u' direction='out'/></method>"
    "<method name='CloseNotification'><arg type='u'/></method></interface>"
    "<interface name='" PORTAL "'><method name='AddNotification'><arg type='s'/><arg type='a{sv}'/>"
    "</method><method name='RemoveNotification'><arg type='s'/></method></interface></node>";

typedef struct
{
  GTestDBus *bus;
  GDBusConnection *connection; /* ours */
  GDBusConnection *desktop;
  GDBusConnection *other;
  LsRandom *random;
  LsNotifierBus *notifier;
  guint owner;
  gboolean hangs;
  GDBusMethodInvocation *unanswered; /* (owned) (nullable) */
  guint last_number;
  GStrv sealed;    /* (owned) (nullable): buttons of the last one, as they came */
  GString *seen;   /* what the desktop was asked for */
  GString *events; /* what the notifier says */
} Fixture;

static GDBusConnection *
join_bus (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection =
      g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (f->bus),
                                              G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                              NULL, NULL, &error);

  g_assert_no_error (error);
  return connection;
}

static void
answer_notify (Fixture *f, GDBusMethodInvocation *invocation)
{
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(u)", ++f->last_number));
}

static void
handle_notify (Fixture *f, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  const char *title;

  g_strfreev (f->sealed);
  g_variant_get (parameters, "(&su&s&s&s^asa{sv}i)", NULL, NULL, NULL, &title, NULL, &f->sealed,
                 NULL, NULL);
  g_string_append_printf (f->seen, "%s;", title);
  if (f->hangs)
    f->unanswered = invocation;
  else
    answer_notify (f, invocation);
}

static void
method_call_cb (GDBusConnection *connection,
                const char *sender,
                const char *path,
                const char *interface,
                const char *method,
                GVariant *parameters,
                GDBusMethodInvocation *invocation,
                gpointer user_data)
{
  Fixture *f = user_data;
  g_autofree char *text = NULL;

  if (g_str_equal (method, "Notify"))
    {
      handle_notify (f, parameters, invocation);
      return;
    }

  text = g_variant_print (parameters, FALSE);
  g_string_append_printf (f->seen, "%s%s;", method, text);
  g_dbus_method_invocation_return_value (invocation, NULL);
}

static void
on_shown (LsNotifier *notifier, const char *id, Fixture *f)
{
  g_string_append_printf (f->events, "shown %s;", id);
}

static void
on_pressed (LsNotifier *notifier, const char *id, const char *key, Fixture *f)
{
  g_string_append_printf (f->events, "pressed %s %s;", id, key);
}

static void
on_closed (LsNotifier *notifier, const char *id, Fixture *f)
{
  g_string_append_printf (f->events, "closed %s;", id);
}

static void
make_notifier (Fixture *f, gboolean is_inside)
{
  f->notifier = ls_notifier_bus_new (f->connection, f->random, is_inside);
  g_signal_connect (f->notifier, "shown", G_CALLBACK (on_shown), f);
  g_signal_connect (f->notifier, "pressed", G_CALLBACK (on_pressed), f);
  g_signal_connect (f->notifier, "closed", G_CALLBACK (on_closed), f);
}

static void export(Fixture *f, GDBusNodeInfo *node, const char *path, const char *interface)
{
  static const GDBusInterfaceVTable vtable = { .method_call = method_call_cb };
  guint id = g_dbus_connection_register_object (f->desktop, path,
                                                g_dbus_node_info_lookup_interface (node, interface),
                                                &vtable, f, NULL, NULL);

  g_assert_cmpuint (id, !=, 0);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (introspection, NULL);

  f->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (f->bus);
  f->connection = join_bus (f);
  f->desktop = join_bus (f);
  f->other = join_bus (f);
  f->seen = g_string_new ("");
  f->events = g_string_new ("");
  f->random = LS_RANDOM (ls_fake_random_new (1));
  export(f, node, PATH, NAME);
  export(f, node, "/org/freedesktop/portal/desktop", PORTAL);
  make_notifier (f, FALSE);
}

static void
leave_bus (GDBusConnection **connection)
{
  g_dbus_connection_close_sync (*connection, NULL, NULL);
  g_clear_object (connection);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->notifier);
  g_clear_object (&f->unanswered);
  if (f->owner != 0)
    g_bus_unown_name (f->owner);
  leave_bus (&f->other);
  leave_bus (&f->desktop);
  leave_bus (&f->connection);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_test_dbus_down (f->bus);
  g_clear_object (&f->bus);
  g_clear_object (&f->random);
  g_strfreev (f->sealed);
  g_string_free (f->seen, TRUE);
  g_string_free (f->events, TRUE);
}

static void
step (void)
{
  g_main_context_iteration (NULL, TRUE);
}

/* The desktop comes up. */
static void
appear (Fixture *f, const char *name)
{
  f->owner = g_bus_own_name_on_connection (f->desktop, name, G_BUS_NAME_OWNER_FLAGS_NONE, NULL,
                                           NULL, NULL, NULL);
}

static void
vanish (Fixture *f)
{
  g_bus_unown_name (f->owner);
  f->owner = 0;
}

static void
assert_seen (Fixture *f, const char *seen)
{
  while (f->seen->len < strlen (seen))
    step ();
  g_assert_cmpstr (f->seen->str, ==, seen);
  g_string_truncate (f->seen, 0);
}

static void
assert_events (Fixture *f, const char *events)
{
  while (f->events->len < strlen (events))
    step ();
  g_assert_cmpstr (f->events->str, ==, events);
  g_string_truncate (f->events, 0);
}

static void
flush_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (object), result, NULL);

  *(gboolean *)user_data = TRUE;
}

/* Until @from has heard of everything that was sent before. */
static void
flush (GDBusConnection *from)
{
  gboolean done = FALSE;

  g_dbus_connection_call (from, "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "GetId", NULL,
                          NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, flush_cb, &done);
  while (!done)
    step ();
}

static void
assert_nothing_more (Fixture *f)
{
  flush (f->connection);
  flush (f->desktop);
  flush (f->connection);
  g_assert_cmpstr (f->seen->str, ==, "");
  g_assert_cmpstr (f->events->str, ==, "");
}

/* @to: (nullable): its unique name; %NULL: everybody */
static void
emit_to (GDBusConnection *from, const char *to, const char *signal, GVariant *parameters)
{
  g_assert_true (g_dbus_connection_emit_signal (from, to, PATH, NAME, signal, parameters, NULL));
  flush (from);
}

static void
show (Fixture *f, const LsNotification *notification)
{
  ls_notifier_show (LS_NOTIFIER (f->notifier), notification);
}

static void
test_shown (Fixture *f, gconstpointer data)
{
  appear (f, NAME);
  show (f, &news);
  show (f, &news);
  assert_seen (f, "News;");
  g_assert_cmpuint (g_strv_length (f->sealed), ==, 0);
  assert_events (f, "shown news;");
  show (f, &news);
  assert_nothing_more (f);

  ls_notifier_withdraw (LS_NOTIFIER (f->notifier), "news");
  assert_seen (f, "CloseNotification(1,);");
  ls_notifier_withdraw (LS_NOTIFIER (f->notifier), "news");
  emit_to (f->desktop, NULL, "NotificationClosed", g_variant_new ("(uu)", 1, 3));
  assert_nothing_more (f);
}

static void
test_buttons (Fixture *f, gconstpointer data)
{
  appear (f, NAME);
  show (f, &question);
  assert_seen (f, "Well?;");
  assert_events (f, "shown question;");
  g_assert_cmpuint (g_strv_length (f->sealed), ==, 4);
  g_assert_cmpstr (f->sealed[1], ==, "Allow");

  emit_to (f->desktop, NULL, "ActionInvoked", g_variant_new ("(us)", 1, f->sealed[2]));
  assert_events (f, "pressed question deny;");
  assert_seen (f, "CloseNotification(1,);");

  /* one answer is enough */
  emit_to (f->desktop, NULL, "ActionInvoked", g_variant_new ("(us)", 1, f->sealed[0]));
  assert_nothing_more (f);
}

static void
test_closed (Fixture *f, gconstpointer data)
{
  appear (f, NAME);
  show (f, &question);
  assert_seen (f, "Well?;");
  assert_events (f, "shown question;");
  emit_to (f->desktop, NULL, "NotificationClosed", g_variant_new ("(uu)", 2, 2));
  emit_to (f->desktop, NULL, "NotificationClosed", g_variant_new ("(uu)", 1, 2));
  assert_events (f, "closed question;");
  emit_to (f->desktop, NULL, "ActionInvoked", g_variant_new ("(us)", 1, f->sealed[0]));
  assert_nothing_more (f);
}

/* Whoever is not the desktop says what it likes, to all or to us alone; and the desktop may have been given
 * another notification in place of ours, with buttons of somebody else's. */
static void
test_forged (Fixture *f, gconstpointer data)
{
  const char *us = g_dbus_connection_get_unique_name (f->connection);

  appear (f, NAME);
  show (f, &question);
  assert_seen (f, "Well?;");
  assert_events (f, "shown question;");

  for (guint i = 0; i < 2; i++)
    {
      const char *to = i == 0 ? NULL : us;

      emit_to (f->other, to, "ActionInvoked", g_variant_new ("(us)", 1, f->sealed[0]));
      emit_to (f->other, to, "NotificationClosed", g_variant_new ("(uu)", 1, 2));
      emit_to (f->desktop, to, "ActionInvoked", g_variant_new ("(us)", 1, "allow"));
      emit_to (f->desktop, to, "ActionInvoked", g_variant_new ("(us)", 1, "default"));
      emit_to (f->desktop, to, "ActionInvoked", g_variant_new ("(us)", 7, f->sealed[0]));
      emit_to (f->desktop, to, "ActionInvoked", g_variant_new ("(ss)", "1", f->sealed[0]));
      emit_to (f->desktop, to, "NotificationClosed", g_variant_new ("(u)", 1));
    }
  assert_nothing_more (f);

  emit_to (f->desktop, us, "ActionInvoked", g_variant_new ("(us)", 1, f->sealed[0]));
  assert_events (f, "pressed question allow;");
}

/* A panel that comes up later than we do shows what there is; one that starts anew does not repeat it. */
static void
test_missing (Fixture *f, gconstpointer data)
{
  show (f, &news);
  show (f, &question);
  ls_notifier_withdraw (LS_NOTIFIER (f->notifier), "question");
  assert_nothing_more (f);

  appear (f, NAME);
  assert_seen (f, "News;");
  assert_events (f, "shown news;");
  vanish (f);
  assert_events (f, "closed news;");
  appear (f, NAME);
  assert_nothing_more (f);
}

static void
test_hangs (Fixture *f, gconstpointer data)
{
  appear (f, NAME);
  f->hangs = TRUE;
  show (f, &news);
  assert_seen (f, "News;");
  ls_notifier_withdraw (LS_NOTIFIER (f->notifier), "news");
  assert_nothing_more (f);

  /* what was withdrawn meanwhile does not stay when it is there at last */
  answer_notify (f, g_steal_pointer (&f->unanswered));
  assert_seen (f, "CloseNotification(1,);");

  /* and the end of the program waits for nobody */
  show (f, &question);
  assert_seen (f, "Well?;");
  assert_nothing_more (f);
}

static void
test_off (Fixture *f, gconstpointer data)
{
  appear (f, NAME);
  ls_notifier_bus_set_enabled (f->notifier, FALSE);
  show (f, &news);
  assert_nothing_more (f);
  ls_notifier_bus_set_enabled (f->notifier, TRUE);
  assert_seen (f, "News;");
  assert_events (f, "shown news;");
}

static void
test_stop (Fixture *f, gconstpointer data)
{
  appear (f, NAME);
  show (f, &news);
  assert_seen (f, "News;");
  show (f, &question);
  assert_seen (f, "Well?;");
  assert_events (f, "shown news;shown question;");
  ls_notifier_bus_stop (f->notifier);
  assert_seen (f, "CloseNotification(2,);");
  assert_nothing_more (f);
}

static void
test_portal (Fixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->notifier);
  make_notifier (f, TRUE);
  appear (f, "org.freedesktop.portal.Desktop");
  show (f, &news);
  assert_seen (f, "AddNotification('news', {'title': <'News'>, 'body': <'There are some.'>});");
  assert_events (f, "shown news;");
  ls_notifier_withdraw (LS_NOTIFIER (f->notifier), "news");
  assert_seen (f, "RemoveNotification('news',);");
}

#define ADD(name, function)                                                                        \
  g_test_add ("/notifier/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("shown", test_shown);
  ADD ("buttons", test_buttons);
  ADD ("closed", test_closed);
  ADD ("forged", test_forged);
  ADD ("missing", test_missing);
  ADD ("hangs", test_hangs);
  ADD ("off", test_off);
  ADD ("stop", test_stop);
  ADD ("portal", test_portal);
  return g_test_run ();
}
