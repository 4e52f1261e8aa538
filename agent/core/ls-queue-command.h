/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action-request.h"
#include "ls-event.h"
#include "ls-queue-report.h"

G_BEGIN_DECLS

/**
 * LsQueueCommandKind:
 * @LS_QUEUE_WRITE: write @put and take @removed off the disk; answered by stored or write-failed. There is
 *   one at a time, but for the last of a queue that ends
 * @LS_QUEUE_SEND: send @request for the action @id; answered by answered or send-failed
 * @LS_QUEUE_READ: ask for the row at @path for the action @id; answered by row-read or read-failed
 * @LS_QUEUE_REFRESH: ask for fresh tokens; answered by tokens-changed, or tokens-refused if there is nothing
 *   to refresh by
 * @LS_QUEUE_FEED: put @event into the cache; the position moves when it is there
 * @LS_QUEUE_ARM: ring at @at, monotonic milliseconds; replaces what was armed
 * @LS_QUEUE_DISARM: do not ring
 * @LS_QUEUE_ANSWER: answer @ticket with @error, or with @id, or with @number
 * @LS_QUEUE_TELL_ACTION: @action is on disk with another status, outcome or reason
 * @LS_QUEUE_TELL_COUNTS: the counts changed
 * @LS_QUEUE_TELL_ROWS: what is laid over the rows @ids of @entity changed
 * @LS_QUEUE_TELL_SYNCED: a drain came to its end with @report
 *
 * What the queue can want done.
 */
typedef enum
{
  LS_QUEUE_WRITE,
  LS_QUEUE_SEND,
  LS_QUEUE_READ,
  LS_QUEUE_REFRESH,
  LS_QUEUE_FEED,
  LS_QUEUE_ARM,
  LS_QUEUE_DISARM,
  LS_QUEUE_ANSWER,
  LS_QUEUE_TELL_ACTION,
  LS_QUEUE_TELL_COUNTS,
  LS_QUEUE_TELL_ROWS,
  LS_QUEUE_TELL_SYNCED,
} LsQueueCommandKind;

#define LS_N_QUEUE_COMMANDS (LS_QUEUE_TELL_SYNCED + 1)

/**
 * LsQueueCommand:
 * @kind: which it is; says which other members are used
 * @put: (owned) (nullable) (element-type LsAction): actions
 * @removed: (owned) (nullable): ids
 * @id: (owned) (nullable): of an action
 * @request: (owned) (nullable): a request
 * @path: (owned) (nullable): of a row
 * @event: (owned) (nullable): a change
 * @at: monotonic milliseconds
 * @ticket: what a caller gave
 * @number: an answer
 * @error: (owned) (nullable): an answer
 * @action: (owned) (nullable): an action
 * @entity: of rows
 * @ids: (owned) (nullable): of rows
 * @report: (owned) (nullable): of a drain
 *
 * Something the queue wants done.
 */
typedef struct
{
  LsQueueCommandKind kind;
  GPtrArray *put;
  GStrv removed;
  char *id;
  LsActionRequest *request;
  char *path;
  LsEvent *event;
  gint64 at;
  gpointer ticket;
  guint number;
  GError *error;
  LsAction *action;
  LsEntity entity;
  GStrv ids;
  LsSyncReport *report;
} LsQueueCommand;

LsQueueCommand *ls_queue_command_new (LsQueueCommandKind kind);
void ls_queue_command_free (LsQueueCommand *command);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsQueueCommand, ls_queue_command_free)

G_END_DECLS
