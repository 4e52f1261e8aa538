/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define LS_TYPE_FAREWELL (ls_farewell_get_type ())
G_DECLARE_INTERFACE (LsFarewell, ls_farewell, LS, FAREWELL, GObject)

/**
 * LsFarewellInterface:
 * @flush_async: see ls_farewell_flush_async()
 * @flush_finish: see ls_farewell_flush_finish()
 * @part: see ls_farewell_part()
 *
 * What is owed to whoever is signed in before somebody else's sign-in signs them out.
 */
struct _LsFarewellInterface
{
  GTypeInterface parent_iface;

  void (*flush_async) (LsFarewell *self,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data);
  gboolean (*flush_finish) (LsFarewell *self, GAsyncResult *result, GError **error);
  gboolean (*part) (LsFarewell *self, gboolean *wipe, GError **error);
};

void ls_farewell_flush_async (LsFarewell *self,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
gboolean ls_farewell_flush_finish (LsFarewell *self, GAsyncResult *result, GError **error);
gboolean ls_farewell_part (LsFarewell *self, gboolean *wipe, GError **error);

G_END_DECLS
