/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * LsSoupDeadline:
 *
 * A cancellable that is cancelled when another one is, or when time is up. libsoup's own timeout is
 * for a single read or write, so that a peer which dribbles would never run into it. For use in the
 * thread of the default main context.
 */
typedef struct _LsSoupDeadline LsSoupDeadline;

LsSoupDeadline *ls_soup_deadline_new (GCancellable *outer, gint64 duration_ms);
void ls_soup_deadline_free (LsSoupDeadline *self);
void ls_soup_deadline_restart (LsSoupDeadline *self, gint64 duration_ms);
GCancellable *ls_soup_deadline_get_cancellable (LsSoupDeadline *self);
gboolean ls_soup_deadline_has_passed (LsSoupDeadline *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsSoupDeadline, ls_soup_deadline_free)

G_END_DECLS
