/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-cursor.h"
#include "ls-event.h"
#include "ls-role.h"

G_BEGIN_DECLS

/** LsResume: where a stream goes on (protocol, `welcome`) */
typedef enum
{
  LS_RESUME_RESUMED,
  LS_RESUME_SNAPSHOT,
  LS_RESUME_FRESH,
} LsResume;

/**
 * LsUser:
 * @id: the user's id
 * @name: what to call the user; may be empty
 * @email: may be empty
 * @role: role
 * @extra_role: extra role
 *
 * A user as the server introduces one at sign-in and in `welcome`.
 */
typedef struct
{
  char *id;
  char *name;
  char *email;
  LsRole role;
  LsExtraRole extra_role;
} LsUser;

LsUser *ls_user_new (const char *id, const char *name, LsRole role, LsExtraRole extra_role);
LsUser *ls_user_copy (const LsUser *user);
void ls_user_free (LsUser *user);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsUser, ls_user_free)

/** LsMessageKind: the messages of labsync.v1, both directions (protocol, "WebSocket") */
typedef enum
{
  LS_MESSAGE_HELLO,
  LS_MESSAGE_WELCOME,
  LS_MESSAGE_EVENTS,
  LS_MESSAGE_PING,
  LS_MESSAGE_PONG,
  LS_MESSAGE_SUBSCRIBE,
  LS_MESSAGE_SUBSCRIBED,
  LS_MESSAGE_UNSUBSCRIBE,
  LS_MESSAGE_UNSUBSCRIBED,
  LS_MESSAGE_AUTH,
  LS_MESSAGE_AUTHENTICATED,
  LS_MESSAGE_DRAIN,
  LS_MESSAGE_ERROR,
  LS_MESSAGE_DISCONNECT,
} LsMessageKind;

#define LS_N_MESSAGE_KINDS (LS_MESSAGE_DISCONNECT + 1)

/**
 * LsMessage:
 * @kind: which message it is; the other members are used as noted and else 0 or %NULL
 * @cursor: hello (may be unset), welcome, events, subscribed, pong (may be unset)
 * @prev: events: where this connection stood before (unset for a bare event)
 * @sent: pong: cursor of the last events frame sent here (may be unset)
 * @more: events: more backlog follows
 * @partial: events: @cursor is inside a transaction of the server: the next frame belongs to it
 * @resume: welcome
 * @events: (nullable) (element-type LsEvent): events; a bare EVENT is an `events` message with
 *   neither @prev nor @cursor
 * @n_bad_events: events: how many were left out because they were malformed
 * @user: (nullable): welcome
 * @heartbeat: welcome: how often the server wants to hear from us, milliseconds
 * @expires_at: welcome, authenticated: when the token ends, milliseconds since the epoch
 * @timestamp: ping, pong: milliseconds since the epoch
 * @event_types: (nullable) (element-type LsEventType): hello; %NULL: all I may see
 * @event_type: subscribe, subscribed, unsubscribe, unsubscribed; error: the type whose subscription
 *   was refused
 * @token: (nullable): auth
 * @code: (nullable): error
 * @text: (nullable): error: for the log
 * @agent_version: (nullable): hello
 * @machine: (nullable): hello: 32 hex digits
 * @retry_after_ms: drain
 * @spread_ms: drain
 *
 * A message on the socket.
 */
typedef struct
{
  LsMessageKind kind;
  LsCursor cursor;
  LsCursor prev;
  LsCursor sent;
  gboolean more;
  gboolean partial;
  LsResume resume;
  GPtrArray *events;
  guint n_bad_events;
  LsUser *user;
  gint64 heartbeat;
  gint64 expires_at;
  gint64 timestamp;
  GArray *event_types;
  LsEventType event_type;
  char *token;
  char *code;
  char *text;
  char *agent_version;
  char *machine;
  gint64 retry_after_ms;
  gint64 spread_ms;

  /*< private >*/
  gatomicrefcount ref_count;
} LsMessage;

#define LS_TYPE_MESSAGE (ls_message_get_type ())
GType ls_message_get_type (void);

LsMessage *ls_message_new (LsMessageKind kind);
LsMessage *ls_message_ref (LsMessage *message);
void ls_message_unref (LsMessage *message);
const char *ls_message_kind_to_string (LsMessageKind kind);

/** LS_MAX_CODE: characters of the name of an error */
#define LS_MAX_CODE 40

gboolean ls_message_is_code (const char *word);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsMessage, ls_message_unref)

G_END_DECLS
