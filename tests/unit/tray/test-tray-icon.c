/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-tray-icon.h"

#include <stdlib.h>

#include "ls-tray-masks.h"

/* Of 255, how much two icons have to differ in their mean pixel, seen in grey. */
#define LEAST_DIFFERENCE 25

/* The brightness of a pixel, alpha, red, green, blue, on a background of grey. */
static guint
get_brightness (const guint8 *pixel, guint background)
{
  guint luma = (pixel[1] * 299 + pixel[2] * 587 + pixel[3] * 114) / 1000;

  return (luma * pixel[0] + background * (255 - pixel[0])) / 255;
}

static const guint8 *
get_pixels (GVariant *pixmaps, guint at, int *size)
{
  g_autoptr (GVariant) pixmap = g_variant_get_child_value (pixmaps, at);
  g_autoptr (GVariant) bytes = g_variant_get_child_value (pixmap, 2);
  gsize length = 0;
  const guint8 *pixels = g_variant_get_fixed_array (bytes, &length, 1);
  int height = 0;

  g_variant_get_child (pixmap, 0, "i", size);
  g_variant_get_child (pixmap, 1, "i", &height);
  g_assert_cmpint (*size, ==, height);
  g_assert_cmpuint (length, ==, (gsize)*size * *size * 4);
  return pixels;
}

static void
test_icon_sizes (void)
{
  const int expected[] = { 16, 22, 24, 32, 48 };

  G_STATIC_ASSERT (G_N_ELEMENTS (expected) == LS_TRAY_N_SIZES);
  for (guint icon = 0; icon < LS_TRAY_N_ICONS; icon++)
    {
      g_autoptr (GVariant) pixmaps = g_variant_ref_sink (ls_tray_icon_get_pixmaps (icon));

      g_assert_cmpstr (g_variant_get_type_string (pixmaps), ==, "a(iiay)");
      g_assert_cmpuint (g_variant_n_children (pixmaps), ==, LS_TRAY_N_SIZES);
      for (guint i = 0; i < LS_TRAY_N_SIZES; i++)
        {
          int size = 0;

          get_pixels (pixmaps, i, &size);
          g_assert_cmpint (size, ==, expected[i]);
        }
    }
}

static guint
get_difference (LsTrayIcon a, LsTrayIcon b, guint at)
{
  const LsTrayMask *first = &ls_tray_masks[a][at];
  const LsTrayMask *second = &ls_tray_masks[b][at];
  guint pixels = first->size * first->size;
  guint sum = 0;

  for (guint i = 0; i < pixels; i++)
    sum += abs ((int)first->coverage[i] - (int)second->coverage[i]);
  return sum / pixels;
}

/* By shape alone: nothing of their colours is in the masks. */
static void
test_icon_shapes_differ (void)
{
  for (guint at = 0; at < LS_TRAY_N_SIZES; at++)
    for (guint a = 0; a < LS_TRAY_N_ICONS; a++)
      for (guint b = a + 1; b < LS_TRAY_N_ICONS; b++)
        {
          g_test_message ("%s and %s differ by %u", ls_tray_icon_to_string (a),
                          ls_tray_icon_to_string (b), get_difference (a, b, at));
          g_assert_cmpuint (get_difference (a, b, at), >=, LEAST_DIFFERENCE);
        }
}

static void
check_contrast (LsTrayIcon icon, guint background)
{
  g_autoptr (GVariant) pixmaps = g_variant_ref_sink (ls_tray_icon_get_pixmaps (icon));
  int size = 0;
  const guint8 *pixels = get_pixels (pixmaps, 0, &size);
  guint visible = 0;

  for (int i = 0; i < size * size; i++)
    visible += abs ((int)get_brightness (pixels + i * 4, background) - (int)background) >= 50;
  g_test_message ("%s on %u: %u pixels", ls_tray_icon_to_string (icon), background, visible);
  g_assert_cmpuint (visible, >=, size * size / 5);
}

static void
test_icon_shows_on_light_and_dark (void)
{
  for (guint icon = 0; icon < LS_TRAY_N_ICONS; icon++)
    {
      check_contrast (icon, 0);
      check_contrast (icon, 45);
      check_contrast (icon, 255);
    }
}

/* Alpha comes first, then red: the conflict's heart is red and opaque, its corner see-through. */
static void
test_icon_byte_order (void)
{
  g_autoptr (GVariant) pixmaps =
      g_variant_ref_sink (ls_tray_icon_get_pixmaps (LS_TRAY_ICON_CONFLICT));
  int size = 0;
  const guint8 *pixels = get_pixels (pixmaps, 4, &size);
  const guint8 *inside = pixels + (size / 2 * size + size / 6) * 4;

  g_assert_cmpuint (inside[0], ==, 0xff);
  g_assert_cmpuint (inside[1], ==, 0xed);
  g_assert_cmpuint (inside[2], ==, 0x33);
  g_assert_cmpuint (inside[3], ==, 0x3b);
  g_assert_cmpuint (pixels[0], ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/tray/icon/sizes", test_icon_sizes);
  g_test_add_func ("/tray/icon/shapes-differ", test_icon_shapes_differ);
  g_test_add_func ("/tray/icon/shows-on-light-and-dark", test_icon_shows_on_light_and_dark);
  g_test_add_func ("/tray/icon/byte-order", test_icon_byte_order);

  return g_test_run ();
}
