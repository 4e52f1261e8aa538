/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** LS_TRAY_N_SIZES: in how many sizes each icon is there: those that panels use */
#define LS_TRAY_N_SIZES 5

/** LsTrayMask: how much of each pixel an icon covers; @size lines of @size bytes, top to bottom */
typedef struct
{
  int size;
  const guint8 *coverage; /* (unowned) */
} LsTrayMask;

/** ls_tray_masks: one row an #LsTrayIcon; made from the SVGs when the program is built */
extern const LsTrayMask ls_tray_masks[][LS_TRAY_N_SIZES];

G_END_DECLS
