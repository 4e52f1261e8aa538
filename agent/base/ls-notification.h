/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * LsNotification:
 * @id: what the program calls it
 * @title: the first line, plain text
 * @body: what else there is to say; without `<` and `&`, which some desktops take for markup and some
 *   don't
 * @buttons: (nullable) (array zero-terminated=1): of each button a key, which comes back when it is
 *   pressed, and a label
 *
 * What a desktop shows in a corner of the screen, where others may see it. One with buttons stays there
 * until the user has decided.
 */
typedef struct
{
  const char *id;
  const char *title;
  const char *body;
  const char *const *buttons;
} LsNotification;

void ls_notification_show_async (const LsNotification *self,
                                 GDBusConnection *connection,
                                 gboolean sandboxed,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean ls_notification_show_finish (GDBusConnection *connection,
                                      GAsyncResult *result,
                                      guint32 *number,
                                      GError **error);
void ls_notification_withdraw (GDBusConnection *connection,
                               gboolean sandboxed,
                               const char *id,
                               guint32 number);
const char *ls_notification_get_service (gboolean sandboxed);

G_END_DECLS
