/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-notifier.h"

G_DEFINE_INTERFACE (LsNotifier, ls_notifier, G_TYPE_OBJECT)

enum
{
  SIGNAL_SHOWN,
  SIGNAL_PRESSED,
  SIGNAL_CLOSED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
ls_notifier_default_init (LsNotifierInterface *iface)
{
  /**
   * LsNotifier::shown:
   * @self: the notifier
   * @id: of a notification
   *
   * It is on the screen.
   */
  signals[SIGNAL_SHOWN] = g_signal_new ("shown", LS_TYPE_NOTIFIER, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                        NULL, G_TYPE_NONE, 1, G_TYPE_STRING);

  /**
   * LsNotifier::pressed:
   * @self: the notifier
   * @id: of a notification, which is gone
   * @key: of one of its buttons
   *
   * The user has pressed a button.
   */
  signals[SIGNAL_PRESSED] = g_signal_new ("pressed", LS_TYPE_NOTIFIER, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);

  /**
   * LsNotifier::closed:
   * @self: the notifier
   * @id: of a notification
   *
   * It is gone, and neither was one of its buttons pressed nor was it withdrawn.
   */
  signals[SIGNAL_CLOSED] = g_signal_new ("closed", LS_TYPE_NOTIFIER, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

/**
 * ls_notifier_show:
 * @self: the notifier
 * @notification: what to show; copied
 *
 * Shows something, now or once there is somebody to show it. Does nothing while there is one of the same
 * id.
 */
void
ls_notifier_show (LsNotifier *self, const LsNotification *notification)
{
  g_return_if_fail (LS_IS_NOTIFIER (self));

  LS_NOTIFIER_GET_IFACE (self)->show (self, notification);
}

/**
 * ls_notifier_withdraw:
 * @self: the notifier
 * @id: of a notification; there need be none
 *
 * Takes something away that has become pointless.
 */
void
ls_notifier_withdraw (LsNotifier *self, const char *id)
{
  g_return_if_fail (LS_IS_NOTIFIER (self));

  LS_NOTIFIER_GET_IFACE (self)->withdraw (self, id);
}

/**
 * ls_notifier_emit_shown:
 * @self: the notifier
 * @id: of a notification
 *
 * For implementations: emits LsNotifier::shown.
 */
void
ls_notifier_emit_shown (LsNotifier *self, const char *id)
{
  g_return_if_fail (LS_IS_NOTIFIER (self));

  g_signal_emit (self, signals[SIGNAL_SHOWN], 0, id);
}

/**
 * ls_notifier_emit_pressed:
 * @self: the notifier
 * @id: of a notification
 * @key: of one of its buttons
 *
 * For implementations: emits LsNotifier::pressed.
 */
void
ls_notifier_emit_pressed (LsNotifier *self, const char *id, const char *key)
{
  g_return_if_fail (LS_IS_NOTIFIER (self));

  g_signal_emit (self, signals[SIGNAL_PRESSED], 0, id, key);
}

/**
 * ls_notifier_emit_closed:
 * @self: the notifier
 * @id: of a notification
 *
 * For implementations: emits LsNotifier::closed.
 */
void
ls_notifier_emit_closed (LsNotifier *self, const char *id)
{
  g_return_if_fail (LS_IS_NOTIFIER (self));

  g_signal_emit (self, signals[SIGNAL_CLOSED], 0, id);
}
