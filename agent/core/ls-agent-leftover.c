/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tokens of somebody who has signed out, which a locked keyring has kept. */
#include "ls-agent-private.h"

/* How often to look whether it gives them up, in milliseconds: nobody tells us when it is unlocked. */
#define CLEAR_EVERY 30000

static void wait_for_keyring (LsAgent *self);

static void
secrets_clear_leftover_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  LsAgent *self = user_data;
  g_autoptr (GError) error = NULL;

  ls_secrets_clear_finish (LS_SECRETS (object), result, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  if (error != NULL)
    wait_for_keyring (self);
  else
    ls_agent_leftover_drop (self);
}

static void
on_clearing_due (gpointer user_data)
{
  LsAgent *self = user_data;
  const LsAccount *leftover = self->leftover;

  self->clearing_alarm = 0;
  if (ls_agent_account_is_remembered (self, leftover->server, leftover->user->id))
    ls_agent_leftover_drop (self);
  else
    ls_secrets_clear_async (self->secrets, leftover->server, leftover->user->id, self->clearing,
                            secrets_clear_leftover_cb, self);
}

static void
wait_for_keyring (LsAgent *self)
{
  self->clearing_alarm = ls_clock_add_alarm (self->clock, LS_CLOCK_MONOTONIC,
                                             ls_clock_get_monotonic (self->clock) + CLEAR_EVERY,
                                             on_clearing_due, self);
}

/**
 * ls_agent_leftover_keep:
 * @self: an agent
 * @left: who has left, and where
 *
 * Clears their tokens as soon as the keyring lets us, as long as the agent runs. There is room for one:
 * with a keyring that is of no use nobody else signs in, as a rule.
 */
void
ls_agent_leftover_keep (LsAgent *self, const LsAccount *left)
{
  ls_agent_leftover_drop (self);
  if (g_cancellable_is_cancelled (self->cancellable))
    return;

  self->leftover = ls_account_copy (left);
  self->clearing = g_cancellable_new ();
  wait_for_keyring (self);
}

/**
 * ls_agent_leftover_drop:
 * @self: an agent
 *
 * Clears nothing any more.
 */
void
ls_agent_leftover_drop (LsAgent *self)
{
  if (self->clearing != NULL)
    g_cancellable_cancel (self->clearing);
  g_clear_object (&self->clearing);
  if (self->clearing_alarm != 0)
    ls_clock_remove_alarm (self->clock, self->clearing_alarm);
  self->clearing_alarm = 0;
  g_clear_pointer (&self->leftover, ls_account_free);
}

/**
 * ls_agent_leftover_spare:
 * @self: an agent
 * @server: a server's URL
 * @user_id: who signs in there
 *
 * What the keyring gets of them from here on stays.
 */
void
ls_agent_leftover_spare (LsAgent *self, const char *server, const char *user_id)
{
  if (self->leftover != NULL && g_strcmp0 (self->leftover->server, server) == 0 &&
      g_str_equal (self->leftover->user->id, user_id))
    ls_agent_leftover_drop (self);
}
