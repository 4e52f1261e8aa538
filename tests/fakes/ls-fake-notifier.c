/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-fake-notifier.h"

/**
 * LsFakeNotifier:
 *
 * A screen that the test looks at, and whose buttons it presses.
 */
struct _LsFakeNotifier
{
  GObject parent_instance;

  GHashTable *texts; /* (owned) (element-type utf8 utf8): title and body by id */
  guint n_shown;
  gboolean present;
};

static void ls_fake_notifier_notifier_init (LsNotifierInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsFakeNotifier,
                               ls_fake_notifier,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_NOTIFIER,
                                                      ls_fake_notifier_notifier_init))

static void
put_on_screen (LsFakeNotifier *self, const char *id)
{
  self->n_shown++;
  ls_notifier_emit_shown (LS_NOTIFIER (self), id);
}

static void
ls_fake_notifier_show (LsNotifier *notifier, const LsNotification *notification)
{
  LsFakeNotifier *self = LS_FAKE_NOTIFIER (notifier);

  if (g_hash_table_contains (self->texts, notification->id))
    return;

  g_hash_table_insert (self->texts, g_strdup (notification->id),
                       g_strconcat (notification->title, "\n", notification->body, NULL));
  if (self->present)
    put_on_screen (self, notification->id);
}

static void
ls_fake_notifier_withdraw (LsNotifier *notifier, const char *id)
{
  g_hash_table_remove (LS_FAKE_NOTIFIER (notifier)->texts, id);
}

static void
ls_fake_notifier_notifier_init (LsNotifierInterface *iface)
{
  iface->show = ls_fake_notifier_show;
  iface->withdraw = ls_fake_notifier_withdraw;
}

static void
ls_fake_notifier_finalize (GObject *object)
{
  g_hash_table_unref (LS_FAKE_NOTIFIER (object)->texts);

  G_OBJECT_CLASS (ls_fake_notifier_parent_class)->finalize (object);
}

static void
ls_fake_notifier_class_init (LsFakeNotifierClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_fake_notifier_finalize;
}

static void
ls_fake_notifier_init (LsFakeNotifier *self)
{
  self->texts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->present = TRUE;
}

/**
 * ls_fake_notifier_new:
 *
 * Returns: (transfer full): an empty screen
 */
LsFakeNotifier *
ls_fake_notifier_new (void)
{
  return g_object_new (LS_TYPE_FAKE_NOTIFIER, NULL);
}

/**
 * ls_fake_notifier_set_present:
 * @self: a fake notifier
 * @present: whether there is a screen
 *
 * Takes the screen away, or brings it back with what should be on it.
 */
void
ls_fake_notifier_set_present (LsFakeNotifier *self, gboolean present)
{
  g_autofree const char **ids = NULL;

  g_return_if_fail (LS_IS_FAKE_NOTIFIER (self));

  ids = (const char **)g_hash_table_get_keys_as_array (self->texts, NULL);
  if (present && !self->present)
    for (guint i = 0; ids[i] != NULL; i++)
      put_on_screen (self, ids[i]);
  self->present = present;
}

/**
 * ls_fake_notifier_get_text:
 * @self: a fake notifier
 * @id: of a notification
 *
 * Returns: (nullable): what it says; %NULL: it is not there
 */
const char *
ls_fake_notifier_get_text (LsFakeNotifier *self, const char *id)
{
  g_return_val_if_fail (LS_IS_FAKE_NOTIFIER (self), NULL);

  return g_hash_table_lookup (self->texts, id);
}

/**
 * ls_fake_notifier_count:
 * @self: a fake notifier
 *
 * Returns: how many notifications have been on the screen so far
 */
guint
ls_fake_notifier_count (LsFakeNotifier *self)
{
  g_return_val_if_fail (LS_IS_FAKE_NOTIFIER (self), 0);

  return self->n_shown;
}

/**
 * ls_fake_notifier_press:
 * @self: a fake notifier
 * @id: of a notification that is there
 * @key: of a button
 *
 * Presses a button.
 */
void
ls_fake_notifier_press (LsFakeNotifier *self, const char *id, const char *key)
{
  g_return_if_fail (LS_IS_FAKE_NOTIFIER (self));

  g_assert_true (g_hash_table_remove (self->texts, id));
  ls_notifier_emit_pressed (LS_NOTIFIER (self), id, key);
}

/**
 * ls_fake_notifier_close:
 * @self: a fake notifier
 * @id: of a notification that is there
 *
 * Closes it, as a user does who does not want to decide.
 */
void
ls_fake_notifier_close (LsFakeNotifier *self, const char *id)
{
  g_return_if_fail (LS_IS_FAKE_NOTIFIER (self));

  g_assert_true (g_hash_table_remove (self->texts, id));
  ls_notifier_emit_closed (LS_NOTIFIER (self), id);
}
