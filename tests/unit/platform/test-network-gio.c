/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-network-gio.h"

/* A monitor that says what the test says. */
#define TEST_TYPE_MONITOR (test_monitor_get_type ())
G_DECLARE_FINAL_TYPE (TestMonitor, test_monitor, TEST, MONITOR, GObject)

struct _TestMonitor
{
  GObject parent_instance;

  gboolean available;
  gboolean metered;
};

enum
{
  PROP_NETWORK_AVAILABLE = 1,
  PROP_NETWORK_METERED,
  PROP_CONNECTIVITY,
};

static void
test_monitor_initable_init (GInitableIface *iface)
{
}

static void
test_monitor_network_monitor_init (GNetworkMonitorInterface *iface)
{
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestMonitor,
                               test_monitor,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, test_monitor_initable_init)
                                   G_IMPLEMENT_INTERFACE (G_TYPE_NETWORK_MONITOR,
                                                          test_monitor_network_monitor_init))

static void
test_monitor_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  TestMonitor *self = TEST_MONITOR (object);

  if (id == PROP_CONNECTIVITY)
    g_value_set_enum (value, G_NETWORK_CONNECTIVITY_FULL);
  else
    g_value_set_boolean (value, id == PROP_NETWORK_METERED ? self->metered : self->available);
}

static void
test_monitor_class_init (TestMonitorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = test_monitor_get_property;
  g_object_class_override_property (object_class, PROP_NETWORK_AVAILABLE, "network-available");
  g_object_class_override_property (object_class, PROP_NETWORK_METERED, "network-metered");
  g_object_class_override_property (object_class, PROP_CONNECTIVITY, "connectivity");
}

static void
test_monitor_init (TestMonitor *self)
{
}

static void
on_network_changed (LsNetwork *network, gpointer user_data)
{
  guint *n_changes = user_data;

  (*n_changes)++;
}

static void
test_follows_the_monitor (void)
{
  g_autoptr (TestMonitor) monitor = g_object_new (TEST_TYPE_MONITOR, NULL);
  LsNetwork *network = ls_network_gio_new (G_NETWORK_MONITOR (monitor));
  guint n_changes = 0;

  g_signal_connect (network, "changed", G_CALLBACK (on_network_changed), &n_changes);
  g_assert_false (ls_network_is_available (network));
  g_assert_false (ls_network_is_metered (network));

  monitor->available = TRUE;
  g_signal_emit_by_name (monitor, "network-changed", TRUE);
  g_assert_cmpuint (n_changes, ==, 1);
  g_assert_true (ls_network_is_available (network));

  monitor->metered = TRUE;
  g_object_notify (G_OBJECT (monitor), "network-metered");
  g_assert_cmpuint (n_changes, ==, 2);
  g_assert_true (ls_network_is_metered (network));

  g_assert_finalize_object (network);
  g_signal_emit_by_name (monitor, "network-changed", FALSE);
  g_assert_cmpuint (n_changes, ==, 2);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/platform/network-gio/follows-the-monitor", test_follows_the_monitor);

  return g_test_run ();
}
