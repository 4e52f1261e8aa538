/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-message.h"

#include <string.h>

G_DEFINE_BOXED_TYPE (LsMessage, ls_message, ls_message_ref, ls_message_unref)

static const char *const kind_names[] = {
  "hello",       "welcome",      "events", "ping",          "pong",  "subscribe", "subscribed",
  "unsubscribe", "unsubscribed", "auth",   "authenticated", "drain", "error",     "disconnect",
};
G_STATIC_ASSERT (G_N_ELEMENTS (kind_names) == LS_N_MESSAGE_KINDS);

/**
 * ls_user_new:
 * @id: the user's id
 * @name: (nullable): what to call the user
 * @role: role
 * @extra_role: extra role
 *
 * Returns: (transfer full): the user, with an empty e-mail address
 */
LsUser *
ls_user_new (const char *id, const char *name, LsRole role, LsExtraRole extra_role)
{
  LsUser *user = g_new0 (LsUser, 1);

  user->id = g_strdup (id);
  user->name = g_strdup (name != NULL ? name : "");
  user->email = g_strdup ("");
  user->role = role;
  user->extra_role = extra_role;
  return user;
}

/**
 * ls_user_copy:
 * @user: a user
 *
 * Returns: (transfer full): a copy
 */
LsUser *
ls_user_copy (const LsUser *user)
{
  LsUser *copy = g_new0 (LsUser, 1);

  *copy = *user;
  copy->id = g_strdup (user->id);
  copy->name = g_strdup (user->name);
  copy->email = g_strdup (user->email);
  return copy;
}

/**
 * ls_user_free:
 * @user: (transfer full): a user
 *
 * Frees it.
 */
void
ls_user_free (LsUser *user)
{
  g_free (user->id);
  g_free (user->name);
  g_free (user->email);
  g_free (user);
}

/**
 * ls_message_new:
 * @kind: which message
 *
 * Returns: (transfer full): a message with all other members empty; @event_type is
 *   %LS_EVENT_TYPE_INVALID
 */
LsMessage *
ls_message_new (LsMessageKind kind)
{
  LsMessage *message = g_new0 (LsMessage, 1);

  g_atomic_ref_count_init (&message->ref_count);
  message->kind = kind;
  message->event_type = LS_EVENT_TYPE_INVALID;
  return message;
}

/**
 * ls_message_ref:
 * @message: a message
 *
 * Returns: (transfer full): @message
 */
LsMessage *
ls_message_ref (LsMessage *message)
{
  g_atomic_ref_count_inc (&message->ref_count);
  return message;
}

/**
 * ls_message_unref:
 * @message: (transfer full): a message
 *
 * Gives a reference back.
 */
void
ls_message_unref (LsMessage *message)
{
  if (!g_atomic_ref_count_dec (&message->ref_count))
    return;

  g_clear_pointer (&message->events, g_ptr_array_unref);
  g_clear_pointer (&message->user, ls_user_free);
  g_clear_pointer (&message->event_types, g_array_unref);
  g_free (message->token);
  g_free (message->code);
  g_free (message->text);
  g_free (message->agent_version);
  g_free (message->machine);
  g_free (message);
}

/**
 * ls_message_kind_to_string:
 * @kind: a kind of message
 *
 * Returns: its `type` on the wire
 */
const char *
ls_message_kind_to_string (LsMessageKind kind)
{
  g_return_val_if_fail ((guint)kind < LS_N_MESSAGE_KINDS, "");

  return kind_names[kind];
}

/**
 * ls_message_is_code:
 * @word: (nullable): why the server says that something is wrong
 *
 * A hostile server may repeat what it was sent, but there is no token in a name.
 *
 * Returns: whether it is the name of an error, which can be told to others and written down
 */
gboolean
ls_message_is_code (const char *word)
{
  return word != NULL && *word != '\0' && strlen (word) <= LS_MAX_CODE &&
         word[strspn (word, G_CSET_a_2_z "-")] == '\0';
}
