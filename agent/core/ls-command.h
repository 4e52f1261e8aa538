/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-change.h"
#include "ls-message.h"
#include "ls-poll.h"
#include "ls-reply.h"
#include "ls-state.h"

G_BEGIN_DECLS

/** LsTimer: the engine's alarms, each at most once at a time */
typedef enum
{
  LS_TIMER_ATTEMPT,
  LS_TIMER_POLL,
  LS_TIMER_OPEN_DEADLINE,
  LS_TIMER_HEARTBEAT,
  LS_TIMER_REFRESH,
  LS_TIMER_EXPIRY,
  LS_TIMER_FOLLOW,
  LS_TIMER_STABLE,
  LS_TIMER_COMPARE,
  LS_TIMER_STALE,
} LsTimer;

#define LS_N_TIMERS (LS_TIMER_STALE + 1)

/**
 * LsCommandKind:
 * @LS_COMMAND_OPEN: open the socket; answered by opened or open-failed
 * @LS_COMMAND_HANG_UP: close the socket and cancel every request
 * @LS_COMMAND_CLOSE: close the socket only
 * @LS_COMMAND_HOLD: read no more from the socket, or go on, as @held says
 * @LS_COMMAND_SEND: send @message
 * @LS_COMMAND_FETCH_UPDATES: ask for what comes after @cursor
 * @LS_COMMAND_FETCH_SNAPSHOT: ask for @page of @entity
 * @LS_COMMAND_FETCH_CHECKSUM: ask the server for the checksum of @entity
 * @LS_COMMAND_TAKE_CHECKSUM: take the checksum of @entity in the store
 * @LS_COMMAND_POLL: ask the classic system for everything, and for the users since @since
 * @LS_COMMAND_LIST: ask the classic system for the whole of @table
 * @LS_COMMAND_LOOK_UP_TOKENS: read the tokens
 * @LS_COMMAND_REFRESH_TOKENS: ask for fresh ones
 * @LS_COMMAND_COMMIT: commit @change_set
 * @LS_COMMAND_TELL_COMMIT: @commit is on disk
 * @LS_COMMAND_STAGE: put @rows of @entity aside (@first page or not)
 * @LS_COMMAND_FINISH_SNAPSHOT: make what was staged of @entity the truth as of @cursor; @absence
 *   tells whether rows that are absent are gone
 * @LS_COMMAND_ARM: ring @timer at @at, in monotonic milliseconds; replaces what was armed
 * @LS_COMMAND_DISARM: do not ring @timer
 * @LS_COMMAND_TELL_STATE: the state went from @old_state to @new_state for @reason
 * @LS_COMMAND_TELL_STATUS: something else of the status changed
 * @LS_COMMAND_TELL_ACCOUNT: the state of the account changed
 * @LS_COMMAND_TELL_USER: @user has other roles than we knew
 * @LS_COMMAND_TELL_SYNCED: a sync that was asked for ended; @error is %NULL if it went well
 * @LS_COMMAND_TELL_TOKENS: fresh tokens came
 * @LS_COMMAND_TELL_POSITION: what is on disk has moved, or what was fed to it is settled
 *
 * What the engine can want done.
 */
typedef enum
{
  LS_COMMAND_OPEN,
  LS_COMMAND_HANG_UP,
  LS_COMMAND_CLOSE,
  LS_COMMAND_HOLD,
  LS_COMMAND_SEND,
  LS_COMMAND_FETCH_UPDATES,
  LS_COMMAND_FETCH_SNAPSHOT,
  LS_COMMAND_FETCH_CHECKSUM,
  LS_COMMAND_TAKE_CHECKSUM,
  LS_COMMAND_POLL,
  LS_COMMAND_LIST,
  LS_COMMAND_LOOK_UP_TOKENS,
  LS_COMMAND_REFRESH_TOKENS,
  LS_COMMAND_COMMIT,
  LS_COMMAND_TELL_COMMIT,
  LS_COMMAND_STAGE,
  LS_COMMAND_FINISH_SNAPSHOT,
  LS_COMMAND_ARM,
  LS_COMMAND_DISARM,
  LS_COMMAND_TELL_STATE,
  LS_COMMAND_TELL_STATUS,
  LS_COMMAND_TELL_ACCOUNT,
  LS_COMMAND_TELL_USER,
  LS_COMMAND_TELL_SYNCED,
  LS_COMMAND_TELL_TOKENS,
  LS_COMMAND_TELL_POSITION,
} LsCommandKind;

/**
 * LsCommand:
 * @kind: which it is; says which other members are used
 * @held: whether to hold the socket
 * @message: (owned) (nullable): a message
 * @cursor: a position
 * @entity: an entity
 * @page: (owned) (nullable): token of a page
 * @table: (unowned) (nullable): name of a table, for ever
 * @since: milliseconds since the epoch; 0: all
 * @change_set: (owned) (nullable): a change set
 * @commit: (owned) (nullable): what a commit did
 * @rows: (owned) (nullable) (element-type LsRow): rows
 * @first: whether it is the first page
 * @absence: what it means that a row is absent
 * @run: of the sync that asks; goes back with the answer
 * @timer: a timer
 * @at: monotonic milliseconds
 * @old_state: a state
 * @new_state: a state
 * @reason: a reason
 * @user: (owned) (nullable): a user
 * @error: (owned) (nullable): an error
 *
 * Something the engine wants done.
 */
typedef struct
{
  LsCommandKind kind;
  gboolean held;
  LsMessage *message;
  LsCursor cursor;
  LsEntity entity;
  char *page;
  const char *table;
  gint64 since;
  LsChangeSet *change_set;
  LsCommit *commit;
  GPtrArray *rows;
  gboolean first;
  LsAbsence absence;
  guint run;
  LsTimer timer;
  gint64 at;
  LsState old_state;
  LsState new_state;
  LsReason reason;
  LsUser *user;
  GError *error;
} LsCommand;

LsCommand *ls_command_new (LsCommandKind kind);
void ls_command_free (LsCommand *command);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsCommand, ls_command_free)

G_END_DECLS
