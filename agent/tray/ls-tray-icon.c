/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-tray-icon.h"

#include "ls-tray-masks.h"

/* Between the icon and a panel of whatever colour there is a line of middle grey. */
#define OUTLINE 0x80
/* How dark that line is, of 255. */
#define OUTLINE_ALPHA 150

typedef struct
{
  const char *name; /* as in the files' names */
  guint32 color;    /* 0xRRGGBB; middle tones, as in the files, which show on light and on dark */
} Look;

static const Look looks[] = {
  [LS_TRAY_ICON_LIVE] = { "live", 0x26a269 },
  [LS_TRAY_ICON_WORKING] = { "working", 0x3584e4 },
  [LS_TRAY_ICON_OFFLINE] = { "offline", 0x7a8794 },
  [LS_TRAY_ICON_ATTENTION] = { "attention", 0xc88800 },
  [LS_TRAY_ICON_CONFLICT] = { "conflict", 0xed333b },
  [LS_TRAY_ICON_STOPPED] = { "stopped", 0x77767b },
};
G_STATIC_ASSERT (G_N_ELEMENTS (looks) == LS_TRAY_N_ICONS);

/**
 * ls_tray_icon_to_string:
 * @icon: an icon
 *
 * Returns: its short name
 */
const char *
ls_tray_icon_to_string (LsTrayIcon icon)
{
  g_return_val_if_fail ((guint)icon < LS_TRAY_N_ICONS, "");

  return looks[icon].name;
}

/**
 * ls_tray_icon_get_name:
 * @icon: an icon
 *
 * Returns: (transfer full): its name in an icon theme. It begins with the app's id, or Flatpak would
 *   not let the host see it.
 */
char *
ls_tray_icon_get_name (LsTrayIcon icon)
{
  g_return_val_if_fail ((guint)icon < LS_TRAY_N_ICONS, NULL);

  return g_strdup_printf ("org.labsync.Agent.%s-symbolic", looks[icon].name);
}

static guint
get_coverage (const LsTrayMask *mask, int x, int y)
{
  gboolean inside = x >= 0 && y >= 0 && x < mask->size && y < mask->size;

  return inside ? mask->coverage[y * mask->size + x] : 0;
}

/* The most that a pixel or one of its four neighbours is covered. */
static guint
get_surroundings (const LsTrayMask *mask, int x, int y)
{
  guint most = get_coverage (mask, x, y);

  most = MAX (most, get_coverage (mask, x - 1, y));
  most = MAX (most, get_coverage (mask, x + 1, y));
  most = MAX (most, get_coverage (mask, x, y - 1));

  return MAX (most, get_coverage (mask, x, y + 1));
}

/* The mean of the icon's color and the outline's, by how much each covers. */
static guint8
blend (guint color, guint alpha, guint below)
{
  return alpha + below == 0 ? 0 : (color * alpha + OUTLINE * below) / (alpha + below);
}

/* Writes one pixel: alpha, red, green, blue, not premultiplied. */
static void
paint_pixel (const LsTrayMask *mask, int x, int y, guint32 color, guint8 *pixel)
{
  guint alpha = get_coverage (mask, x, y);
  guint below = get_surroundings (mask, x, y) * OUTLINE_ALPHA / 255 * (255 - alpha) / 255;

  pixel[0] = alpha + below;
  pixel[1] = blend (color >> 16 & 0xff, alpha, below);
  pixel[2] = blend (color >> 8 & 0xff, alpha, below);
  pixel[3] = blend (color & 0xff, alpha, below);
}

static GVariant *
paint (const LsTrayMask *mask, guint32 color)
{
  gsize length = (gsize)mask->size * mask->size * 4;
  guint8 *pixels = g_malloc (length);

  for (int y = 0; y < mask->size; y++)
    {
      for (int x = 0; x < mask->size; x++)
        paint_pixel (mask, x, y, color, pixels + (y * mask->size + x) * 4);
    }

  return g_variant_new (
      "(ii@ay)", mask->size, mask->size,
      g_variant_new_from_data (G_VARIANT_TYPE_BYTESTRING, pixels, length, TRUE, g_free, pixels));
}

/**
 * ls_tray_icon_get_pixmaps:
 * @icon: an icon
 *
 * Paints the icon for hosts that can't see our files.
 *
 * Returns: (transfer floating): an `a(iiay)` as in org.kde.StatusNotifierItem: width, height, ARGB32
 *   in network byte order, not premultiplied
 */
GVariant *
ls_tray_icon_get_pixmaps (LsTrayIcon icon)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(iiay)"));

  g_return_val_if_fail ((guint)icon < LS_TRAY_N_ICONS, NULL);

  for (guint i = 0; i < LS_TRAY_N_SIZES; i++)
    g_variant_builder_add_value (&builder, paint (&ls_tray_masks[icon][i], looks[icon].color));

  return g_variant_builder_end (&builder);
}
