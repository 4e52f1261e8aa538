/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-farewell.h"

G_DEFINE_INTERFACE (LsFarewell, ls_farewell, G_TYPE_OBJECT)

static void
ls_farewell_default_init (LsFarewellInterface *iface)
{
}

/**
 * ls_farewell_flush_async:
 * @self: a farewell
 * @cancellable: a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Has what whoever is signed in did sent, as far as time allows. They stay signed in.
 */
void
ls_farewell_flush_async (LsFarewell *self,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_return_if_fail (LS_IS_FAREWELL (self));

  LS_FAREWELL_GET_IFACE (self)->flush_async (self, cancellable, callback, user_data);
}

/**
 * ls_farewell_flush_finish:
 * @self: a farewell
 * @result: what the callback was given
 * @error: why they have to stay
 *
 * Returns: whether they may leave, as far as is known
 */
gboolean
ls_farewell_flush_finish (LsFarewell *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (LS_IS_FAREWELL (self), FALSE);

  return LS_FAREWELL_GET_IFACE (self)->flush_finish (self, result, error);
}

/**
 * ls_farewell_part:
 * @self: a farewell
 * @wipe: (out): whether what is stored of them is to be removed
 * @error: %LS_ERROR_UNSENT_WORK
 *
 * Called in the moment in which they are to be signed out, which then follows at once.
 *
 * Returns: whether they may leave
 */
gboolean
ls_farewell_part (LsFarewell *self, gboolean *wipe, GError **error)
{
  g_return_val_if_fail (LS_IS_FAREWELL (self), FALSE);

  return LS_FAREWELL_GET_IFACE (self)->part (self, wipe, error);
}
