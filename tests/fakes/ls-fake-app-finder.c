/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-fake-app-finder.h"

#include "ls-error.h"

/**
 * LsFakeAppFinder:
 *
 * Callers are who the test says; the others are a program of the host, `/usr/bin/app`.
 */
struct _LsFakeAppFinder
{
  GObject parent_instance;

  GHashTable *apps; /* (owned) (element-type utf8 LsApp) */
  LsApp *host;      /* (owned) */
  GPtrArray *tasks; /* (owned) (element-type GTask): who waits until all are revealed */
  gboolean hidden;
};

static void ls_fake_app_finder_app_finder_init (LsAppFinderInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsFakeAppFinder,
                               ls_fake_app_finder,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_APP_FINDER,
                                                      ls_fake_app_finder_app_finder_init))

static const LsApp *
ls_fake_app_finder_peek (LsAppFinder *finder, const char *sender)
{
  LsFakeAppFinder *self = LS_FAKE_APP_FINDER (finder);
  const LsApp *app = g_hash_table_lookup (self->apps, sender);

  if (self->hidden)
    return NULL;

  return app != NULL ? app : self->host;
}

static void
ls_fake_app_finder_find_async (LsAppFinder *finder,
                               const char *sender,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  LsFakeAppFinder *self = LS_FAKE_APP_FINDER (finder);

  g_ptr_array_add (self->tasks, g_task_new (self, NULL, callback, user_data));
}

static void
ls_fake_app_finder_app_finder_init (LsAppFinderInterface *iface)
{
  iface->peek = ls_fake_app_finder_peek;
  iface->find_async = ls_fake_app_finder_find_async;
}

static void
ls_fake_app_finder_finalize (GObject *object)
{
  LsFakeAppFinder *self = LS_FAKE_APP_FINDER (object);

  g_assert_cmpuint (self->tasks->len, ==, 0);
  g_hash_table_unref (self->apps);
  ls_app_free (self->host);
  g_ptr_array_unref (self->tasks);

  G_OBJECT_CLASS (ls_fake_app_finder_parent_class)->finalize (object);
}

static void
ls_fake_app_finder_class_init (LsFakeAppFinderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_fake_app_finder_finalize;
}

static void
ls_fake_app_finder_init (LsFakeAppFinder *self)
{
  self->apps = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)ls_app_free);
  self->host = ls_app_new (LS_APP_HOST, "/usr/bin/app");
  self->tasks = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * ls_fake_app_finder_new:
 *
 * Returns: (transfer full): a finder to whom all are programs of the host
 */
LsFakeAppFinder *
ls_fake_app_finder_new (void)
{
  return g_object_new (LS_TYPE_FAKE_APP_FINDER, NULL);
}

/**
 * ls_fake_app_finder_set:
 * @self: a finder
 * @sender: a unique name
 * @kind: what it is
 * @id: (nullable): what it is called
 *
 * Says who is behind a name.
 */
void
ls_fake_app_finder_set (LsFakeAppFinder *self, const char *sender, LsAppKind kind, const char *id)
{
  g_return_if_fail (LS_IS_FAKE_APP_FINDER (self));

  g_hash_table_replace (self->apps, g_strdup (sender), ls_app_new (kind, id));
}

/**
 * ls_fake_app_finder_hide:
 * @self: a finder
 *
 * Nobody is found any more until ls_fake_app_finder_reveal().
 */
void
ls_fake_app_finder_hide (LsFakeAppFinder *self)
{
  g_return_if_fail (LS_IS_FAKE_APP_FINDER (self));

  self->hidden = TRUE;
}

/**
 * ls_fake_app_finder_count_waiting:
 * @self: a finder
 *
 * Returns: how many questions are not answered
 */
guint
ls_fake_app_finder_count_waiting (LsFakeAppFinder *self)
{
  g_return_val_if_fail (LS_IS_FAKE_APP_FINDER (self), 0);

  return self->tasks->len;
}

static GPtrArray *
steal_tasks (LsFakeAppFinder *self)
{
  GPtrArray *tasks = g_steal_pointer (&self->tasks);

  self->tasks = g_ptr_array_new_with_free_func (g_object_unref);
  return tasks;
}

/**
 * ls_fake_app_finder_reveal:
 * @self: a finder
 *
 * Answers all questions, in their order.
 */
void
ls_fake_app_finder_reveal (LsFakeAppFinder *self)
{
  g_autoptr (GPtrArray) tasks = NULL;

  g_return_if_fail (LS_IS_FAKE_APP_FINDER (self));

  self->hidden = FALSE;
  tasks = steal_tasks (self);
  for (guint i = 0; i < tasks->len; i++)
    g_task_return_boolean (tasks->pdata[i], TRUE);
}

/**
 * ls_fake_app_finder_fail:
 * @self: a finder
 *
 * Has all questions fail for want of what it takes to look.
 */
void
ls_fake_app_finder_fail (LsFakeAppFinder *self)
{
  g_autoptr (GPtrArray) tasks = NULL;

  g_return_if_fail (LS_IS_FAKE_APP_FINDER (self));

  tasks = steal_tasks (self);
  for (guint i = 0; i < tasks->len; i++)
    g_task_return_new_error (tasks->pdata[i], LS_ERROR, LS_ERROR_LIMIT_EXCEEDED, "no room");
}
