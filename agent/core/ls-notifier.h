/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

#include "ls-notification.h"

G_BEGIN_DECLS

#define LS_TYPE_NOTIFIER (ls_notifier_get_type ())
G_DECLARE_INTERFACE (LsNotifier, ls_notifier, LS, NOTIFIER, GObject)

/**
 * LsNotifierInterface:
 * @show: see ls_notifier_show()
 * @withdraw: see ls_notifier_withdraw()
 *
 * Tells the user something who may not be looking at any app. Whether anybody sees it is not certain:
 * there may be nothing that shows notifications, and the user may not want any. Implementations emit the
 * signals.
 */
struct _LsNotifierInterface
{
  GTypeInterface parent_iface;

  void (*show) (LsNotifier *self, const LsNotification *notification);
  void (*withdraw) (LsNotifier *self, const char *id);
};

void ls_notifier_show (LsNotifier *self, const LsNotification *notification);
void ls_notifier_withdraw (LsNotifier *self, const char *id);
void ls_notifier_emit_shown (LsNotifier *self, const char *id);
void ls_notifier_emit_pressed (LsNotifier *self, const char *id, const char *key);
void ls_notifier_emit_closed (LsNotifier *self, const char *id);

G_END_DECLS
