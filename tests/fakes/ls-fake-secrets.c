/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-fake-secrets.h"

#include "ls-error.h"

/* As the port promises. */
#define DEADLINE_MS 5000

/**
 * LsFakeSecrets:
 *
 * A keyring in memory that is as the test says.
 */
struct _LsFakeSecrets
{
  GObject parent_instance;

  LsClock *clock; /* (owned) */
  LsFakeSecretsState state;
  GHashTable *sessions; /* (owned) (element-type utf8 LsSession) */
};

static void ls_fake_secrets_secrets_init (LsSecretsInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsFakeSecrets,
                               ls_fake_secrets,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_SECRETS,
                                                      ls_fake_secrets_secrets_init))

/* A call that waits for the deadline: the data of its task. */
typedef struct
{
  LsClock *clock; /* (owned) */
  guint alarm;    /* 0: rung */
  GCancellable *cancellable;
  gulong handler;
} Wait;

static void
wait_free (gpointer data)
{
  Wait *wait = data;

  g_clear_object (&wait->cancellable);
  g_object_unref (wait->clock);
  g_free (wait);
}

static void
on_deadline (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Wait *wait = g_task_get_task_data (task);

  g_cancellable_disconnect (wait->cancellable, wait->handler);
  g_task_return_new_error (task, LS_ERROR, LS_ERROR_LOCKED, "The keyring hangs");
}

static void
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Wait *wait = g_task_get_task_data (task);

  ls_clock_remove_alarm (wait->clock, wait->alarm);
  g_signal_handler_disconnect (cancellable, wait->handler);
  g_task_return_error_if_cancelled (task);
}

static void
hang (LsFakeSecrets *self, GTask *task)
{
  Wait *wait = g_new0 (Wait, 1);
  GCancellable *cancellable = g_task_get_cancellable (task);

  wait->clock = g_object_ref (self->clock);
  g_task_set_task_data (task, wait, wait_free);
  wait->alarm = ls_clock_add_alarm (self->clock, LS_CLOCK_MONOTONIC,
                                    ls_clock_get_monotonic (self->clock) + DEADLINE_MS, on_deadline,
                                    g_object_ref (task));
  if (cancellable != NULL)
    {
      wait->cancellable = g_object_ref (cancellable);
      wait->handler = g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled), task);
    }
}

static char *
build_key (const char *server, const char *user_id)
{
  return g_strconcat (server, "\n", user_id, NULL);
}

/* Answers @task in place of a keyring that is not well. */
static gboolean
refuse (LsFakeSecrets *self, GTask *task)
{
  if (g_task_return_error_if_cancelled (task))
    return TRUE;

  switch (self->state)
    {
    case LS_FAKE_SECRETS_ABSENT:
      g_task_return_new_error (task, LS_ERROR, LS_ERROR_LOCKED, "There is no keyring");
      return TRUE;
    case LS_FAKE_SECRETS_LOCKED:
      g_task_return_new_error (task, LS_ERROR, LS_ERROR_LOCKED, "The keyring is locked");
      return TRUE;
    case LS_FAKE_SECRETS_HUNG:
      hang (self, task);
      return TRUE;
    case LS_FAKE_SECRETS_OK:
    default:
      return FALSE;
    }
}

static void
ls_fake_secrets_store_async (LsSecrets *secrets,
                             const char *server,
                             const char *user_id,
                             const LsSession *session,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  LsFakeSecrets *self = LS_FAKE_SECRETS (secrets);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autofree char *key = build_key (server, user_id);
  const LsSession *old = g_hash_table_lookup (self->sessions, key);
  const char *refresh = session->refresh;

  g_task_set_source_tag (task, ls_fake_secrets_store_async);
  if (refuse (self, task))
    return;

  if (refresh == NULL && old != NULL)
    refresh = old->refresh;
  g_hash_table_replace (self->sessions, g_steal_pointer (&key),
                        ls_session_new (session->access, refresh));
  g_task_return_boolean (task, TRUE);
}

static void
ls_fake_secrets_lookup_async (LsSecrets *secrets,
                              const char *server,
                              const char *user_id,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  LsFakeSecrets *self = LS_FAKE_SECRETS (secrets);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autofree char *key = build_key (server, user_id);
  const LsSession *session = g_hash_table_lookup (self->sessions, key);

  g_task_set_source_tag (task, ls_fake_secrets_lookup_async);
  if (refuse (self, task))
    return;

  if (session == NULL)
    g_task_return_new_error (task, LS_ERROR, LS_ERROR_NOT_FOUND, "The keyring holds no tokens");
  else
    g_task_return_pointer (task, ls_session_copy (session), (GDestroyNotify)ls_session_free);
}

static void
ls_fake_secrets_clear_async (LsSecrets *secrets,
                             const char *server,
                             const char *user_id,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  LsFakeSecrets *self = LS_FAKE_SECRETS (secrets);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autofree char *key = build_key (server, user_id);

  g_task_set_source_tag (task, ls_fake_secrets_clear_async);
  if (refuse (self, task))
    return;

  g_hash_table_remove (self->sessions, key);
  g_task_return_boolean (task, TRUE);
}

static void
ls_fake_secrets_secrets_init (LsSecretsInterface *iface)
{
  iface->store_async = ls_fake_secrets_store_async;
  iface->lookup_async = ls_fake_secrets_lookup_async;
  iface->clear_async = ls_fake_secrets_clear_async;
}

static void
ls_fake_secrets_finalize (GObject *object)
{
  LsFakeSecrets *self = LS_FAKE_SECRETS (object);

  g_clear_object (&self->clock);
  g_hash_table_unref (self->sessions);

  G_OBJECT_CLASS (ls_fake_secrets_parent_class)->finalize (object);
}

static void
ls_fake_secrets_class_init (LsFakeSecretsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_fake_secrets_finalize;
}

static void
ls_fake_secrets_init (LsFakeSecrets *self)
{
  self->sessions =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)ls_session_free);
}

/**
 * ls_fake_secrets_new:
 * @clock: for the deadline when it hangs
 *
 * Returns: (transfer full): a keyring that is empty and unlocked
 */
LsFakeSecrets *
ls_fake_secrets_new (LsClock *clock)
{
  LsFakeSecrets *self = NULL;

  g_return_val_if_fail (LS_IS_CLOCK (clock), NULL);

  self = g_object_new (LS_TYPE_FAKE_SECRETS, NULL);
  self->clock = g_object_ref (clock);

  return self;
}

/**
 * ls_fake_secrets_set_state:
 * @self: a fake keyring
 * @state: how it is from now on
 *
 * What it holds stays. A call that hangs goes on hanging.
 */
void
ls_fake_secrets_set_state (LsFakeSecrets *self, LsFakeSecretsState state)
{
  g_return_if_fail (LS_IS_FAKE_SECRETS (self));

  self->state = state;
}

/**
 * ls_fake_secrets_count:
 * @self: a fake keyring
 *
 * Returns: of how many users it holds tokens, whatever it tells others
 */
guint
ls_fake_secrets_count (LsFakeSecrets *self)
{
  g_return_val_if_fail (LS_IS_FAKE_SECRETS (self), 0);

  return g_hash_table_size (self->sessions);
}
