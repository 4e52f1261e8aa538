/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-app.h"

G_BEGIN_DECLS

#define LS_TYPE_APP_FINDER (ls_app_finder_get_type ())
G_DECLARE_INTERFACE (LsAppFinder, ls_app_finder, LS, APP_FINDER, GObject)

/**
 * LsAppFinderInterface:
 * @peek: see ls_app_finder_peek()
 * @find_async: see ls_app_finder_find_async()
 *
 * Tells which app is behind a unique name of the bus, by what the system knows of it and never by
 * what it says of itself. Answers with #GTask in the order of the questions.
 */
struct _LsAppFinderInterface
{
  GTypeInterface parent_iface;

  const LsApp *(*peek) (LsAppFinder *self, const char *sender);
  void (*find_async) (LsAppFinder *self,
                      const char *sender,
                      GAsyncReadyCallback callback,
                      gpointer user_data);
};

const LsApp *ls_app_finder_peek (LsAppFinder *self, const char *sender);
void ls_app_finder_find_async (LsAppFinder *self,
                               const char *sender,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
gboolean ls_app_finder_find_finish (LsAppFinder *self, GAsyncResult *result, GError **error);

G_END_DECLS
