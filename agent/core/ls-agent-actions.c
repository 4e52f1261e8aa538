/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the queue of actions needs of the agent. */
#include "ls-agent-private.h"

/**
 * ls_agent_get_action_token:
 * @self: an agent
 *
 * Returns: (transfer none) (nullable): the access token to send actions with: of the sign-in for as
 *   long as it is good, as the classic system takes no other; %NULL: there is none
 */
const char *
ls_agent_get_action_token (LsAgent *self)
{
  g_return_val_if_fail (LS_IS_AGENT (self), NULL);

  if (ls_engine_get_session (self->engine) == NULL)
    return NULL;

  return ls_engine_get_list_token (self->engine);
}

/**
 * ls_agent_refresh_tokens:
 * @self: an agent
 *
 * The server has refused the access token to an action: asks for another, unless that is under way.
 * LsAgent::tokens-changed follows if there is one.
 *
 * Returns: whether there is anything to refresh by
 */
gboolean
ls_agent_refresh_tokens (LsAgent *self)
{
  gboolean asked;

  g_return_val_if_fail (LS_IS_AGENT (self), FALSE);

  asked = ls_engine_refresh_tokens (self->engine);
  ls_agent_run (self);
  return asked;
}

/**
 * ls_agent_get_position:
 * @self: an agent
 *
 * Returns: up to where in the server's log the cache has everything
 */
LsCursor
ls_agent_get_position (LsAgent *self)
{
  g_return_val_if_fail (LS_IS_AGENT (self), LS_CURSOR_NONE);

  return ls_engine_get_committed (self->engine);
}

/**
 * ls_agent_is_settled:
 * @self: an agent
 *
 * Returns: whether everything that came or was fed is on disk
 */
gboolean
ls_agent_is_settled (LsAgent *self)
{
  g_return_val_if_fail (LS_IS_AGENT (self), FALSE);

  return ls_engine_is_settled (self->engine);
}

/**
 * ls_agent_feed:
 * @self: an agent
 * @event: a change of our own that the server will not tell
 *
 * Puts it into the cache. LsAgent::position-moved and ls_agent_is_settled() tell when it is there.
 */
void
ls_agent_feed (LsAgent *self, LsEvent *event)
{
  g_return_if_fail (LS_IS_AGENT (self));

  ls_engine_feed (self->engine, event);
  ls_agent_run (self);
}
