/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-event.h"

G_BEGIN_DECLS

/** LS_WINDOW_EVENTS: how many events may be out without being acknowledged (contract, "Delivery") */
#define LS_WINDOW_EVENTS 1000
/** LS_WINDOW_SIZE: how many bytes may be out without being acknowledged */
#define LS_WINDOW_SIZE (256 * 1024)

/**
 * LsWindow:
 * @outstanding: events that are out and not acknowledged, oldest first
 * @size: how many bytes they are
 * @hinted: whether the app was told that there is more, since it last acknowledged
 *
 * How far the events on their way to an app may be ahead of what it has acknowledged. A plain value;
 * zeroed is open. To be cleared with ls_window_clear().
 */
typedef struct
{
  GQueue outstanding;
  gsize size;
  gboolean hinted;
} LsWindow;

void ls_window_clear (LsWindow *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LsWindow, ls_window_clear)

gboolean ls_window_has_room (const LsWindow *self);
guint ls_window_admit (LsWindow *self, GPtrArray *events);
gboolean ls_window_take_hint (LsWindow *self);
void ls_window_acknowledge (LsWindow *self, guint64 seq);

G_END_DECLS
