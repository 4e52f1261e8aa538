/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-app-finder.h"

G_DEFINE_INTERFACE (LsAppFinder, ls_app_finder, G_TYPE_OBJECT)

static void
ls_app_finder_default_init (LsAppFinderInterface *iface)
{
}

/**
 * ls_app_finder_peek:
 * @self: a finder
 * @sender: a unique name
 *
 * Does not block, and is cheap enough to be asked at every call. An app whose process has ended while
 * its name lives on is unknown from then on.
 *
 * Returns: (transfer none) (nullable): the app, valid until control returns to the main loop; %NULL:
 *   not found yet
 */
const LsApp *
ls_app_finder_peek (LsAppFinder *self, const char *sender)
{
  g_return_val_if_fail (LS_IS_APP_FINDER (self), NULL);

  return LS_APP_FINDER_GET_IFACE (self)->peek (self, sender);
}

/**
 * ls_app_finder_find_async:
 * @self: a finder
 * @sender: a unique name
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Finds out who @sender is. Who can't be seen is unknown.
 */
void
ls_app_finder_find_async (LsAppFinder *self,
                          const char *sender,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_return_if_fail (LS_IS_APP_FINDER (self));

  LS_APP_FINDER_GET_IFACE (self)->find_async (self, sender, callback, user_data);
}

/**
 * ls_app_finder_find_finish:
 * @self: a finder
 * @result: what the callback was given
 * @error: %LS_ERROR_LIMIT_EXCEEDED: nobody could look, as this machine has run out of what that takes, or the
 *   app has too many connections already. Nothing is kept of it: the next call may find who it is
 *
 * Ends the call.
 *
 * Returns: whether ls_app_finder_peek() knows who it is
 */
gboolean
ls_app_finder_find_finish (LsAppFinder *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
