/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsTrayIcon:
 * @LS_TRAY_ICON_LIVE: connected, nothing left to do
 * @LS_TRAY_ICON_WORKING: connecting, or changes are on their way
 * @LS_TRAY_ICON_OFFLINE: not connected, but nothing is lost and nobody need do anything
 * @LS_TRAY_ICON_ATTENTION: somebody has to do something
 * @LS_TRAY_ICON_CONFLICT: two people changed the same thing
 * @LS_TRAY_ICON_STOPPED: paused, switched off, or not running
 *
 * What the tray shows. Each has a shape of its own, so that nobody has to tell colours apart.
 */
typedef enum
{
  LS_TRAY_ICON_LIVE,
  LS_TRAY_ICON_WORKING,
  LS_TRAY_ICON_OFFLINE,
  LS_TRAY_ICON_ATTENTION,
  LS_TRAY_ICON_CONFLICT,
  LS_TRAY_ICON_STOPPED,
} LsTrayIcon;

#define LS_TRAY_N_ICONS (LS_TRAY_ICON_STOPPED + 1)

const char *ls_tray_icon_to_string (LsTrayIcon icon);
char *ls_tray_icon_get_name (LsTrayIcon icon);
GVariant *ls_tray_icon_get_pixmaps (LsTrayIcon icon);

G_END_DECLS
