/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-tray-layout.h"

static LsTrayView *
make_view (const char *state, const char *reason)
{
  LsTraySnapshot snapshot = { .running = TRUE, .state = state, .reason = reason };

  return ls_tray_view_new (&snapshot, 0);
}

static GVariant *
build (const LsTrayView *view, gint32 id, gint32 depth, const char *const *names)
{
  GVariant *layout = g_variant_ref_sink (ls_tray_layout_build (view, id, depth, names));

  g_assert_cmpstr (g_variant_get_type_string (layout), ==, "(ia{sv}av)");
  return layout;
}

static gsize
count_children (GVariant *layout)
{
  g_autoptr (GVariant) children = g_variant_get_child_value (layout, 2);

  return g_variant_n_children (children);
}

static void
test_layout_depth (void)
{
  g_autoptr (LsTrayView) view = make_view ("live", "none");
  const struct
  {
    gint32 id;
    gint32 depth;
    gsize children;
  } table[] = {
    { 0, -1, LS_TRAY_N_ENTRIES - 1 },
    { 0, 1, LS_TRAY_N_ENTRIES - 1 },
    { 0, G_MAXINT32, LS_TRAY_N_ENTRIES - 1 },
    { 0, G_MININT32, LS_TRAY_N_ENTRIES - 1 },
    { 0, 0, 0 },
    { LS_TRAY_ENTRY_SYNC, -1, 0 },
    { LS_TRAY_ENTRY_SYNC, 5, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autoptr (GVariant) layout = build (view, table[i].id, table[i].depth, NULL);
      gint32 id = -1;

      g_variant_get_child (layout, 0, "i", &id);
      g_assert_cmpint (id, ==, table[i].id);
      g_assert_cmpuint (count_children (layout), ==, table[i].children);
    }
}

static void
test_layout_ids (void)
{
  g_assert_true (ls_tray_layout_has (0));
  g_assert_true (ls_tray_layout_has (LS_TRAY_ENTRY_ABOUT));
  g_assert_false (ls_tray_layout_has (LS_TRAY_N_ENTRIES));
  g_assert_false (ls_tray_layout_has (-1));
  g_assert_false (ls_tray_layout_has (G_MININT32));
  g_assert_false (ls_tray_layout_has (G_MAXINT32));
}

static void
test_layout_names (void)
{
  g_autoptr (LsTrayView) view = make_view ("live", "none");
  const char *const none[] = { NULL };
  const char *const one[] = { "label", "colour", NULL };
  g_autoptr (GVariant) all =
      g_variant_ref_sink (ls_tray_layout_get_properties (view, LS_TRAY_ENTRY_SYNC, none));
  g_autoptr (GVariant) label =
      g_variant_ref_sink (ls_tray_layout_get_properties (view, LS_TRAY_ENTRY_SYNC, one));

  g_assert_cmpuint (g_variant_n_children (all), ==, 4);
  g_assert_cmpuint (g_variant_n_children (label), ==, 1);
  g_assert_true (g_variant_lookup (label, "label", "&s", NULL));
}

/* A letter after an underscore would be underlined. */
static void
test_layout_escape (void)
{
  g_autoptr (LsTrayView) view = make_view ("live", "none");
  g_autoptr (GVariant) properties = NULL;
  const char *label = NULL;

  g_free (view->entries[LS_TRAY_ENTRY_STATUS].label);
  view->entries[LS_TRAY_ENTRY_STATUS].label = g_strdup ("_a__b");
  properties =
      g_variant_ref_sink (ls_tray_layout_get_properties (view, LS_TRAY_ENTRY_STATUS, NULL));
  g_assert_true (g_variant_lookup (properties, "label", "&s", &label));
  g_assert_cmpstr (label, ==, "__a____b");
}

static void
check_diff (const LsTrayView *old,
            const LsTrayView *view,
            const char *expected,
            gboolean expected_shape)
{
  gboolean shape = !expected_shape;
  g_autoptr (GVariant) diff = g_variant_ref_sink (ls_tray_layout_diff (old, view, &shape));
  g_autofree char *text = g_variant_print (diff, TRUE);

  g_assert_cmpstr (text, ==, expected);
  g_assert_true (shape == expected_shape);
}

static void
test_layout_diff (void)
{
  g_autoptr (LsTrayView) live = make_view ("live", "none");
  g_autoptr (LsTrayView) same = make_view ("live", "none");
  g_autoptr (LsTrayView) polling = make_view ("polling", "none");
  g_autoptr (LsTrayView) refused = make_view ("polling", "upgrade-refused");

  check_diff (live, same, "@a(ia{sv}) []", FALSE);
  check_diff (live, polling,
              "[(1, {'label': <'Connected, looking for news now and then'>}), "
              "(10, {'enabled': <true>})]",
              FALSE);
  check_diff (polling, refused,
              "[(2, {'label': <'The network does not let news through at once'>, "
              "'visible': <true>})]",
              TRUE);
  check_diff (refused, polling, "[(2, {'label': <''>, 'visible': <false>})]", TRUE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/tray/layout/depth", test_layout_depth);
  g_test_add_func ("/tray/layout/ids", test_layout_ids);
  g_test_add_func ("/tray/layout/names", test_layout_names);
  g_test_add_func ("/tray/layout/escape", test_layout_escape);
  g_test_add_func ("/tray/layout/diff", test_layout_diff);

  return g_test_run ();
}
