/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "ls-tray-icon.h"

G_BEGIN_DECLS

/**
 * LsTraySnapshot:
 * @running: whether the agent is on the bus
 * @starting: whether it was asked to start
 * @syncing: whether the user asked for a sync that is not over
 * @state: (nullable): the contract's Connection.State; %NULL while nothing is known
 * @reason: (nullable): Connection.Reason
 * @account: (nullable): Account.State
 * @confirmed_at: Connection.ConfirmedAt, ms since the epoch, 0 = never
 * @next_attempt_at: Connection.NextAttemptAt, likewise
 * @pending: how many changes the server does not have yet
 * @failed: how many changes the server did not take
 * @conflicts: how many changes are in conflict
 *
 * What is known of the agent at one moment. The strings belong to somebody else.
 */
typedef struct
{
  gboolean running;
  gboolean starting;
  gboolean syncing;
  const char *state;
  const char *reason;
  const char *account;
  gint64 confirmed_at;
  gint64 next_attempt_at;
  guint pending;
  guint failed;
  guint conflicts;
} LsTraySnapshot;

/**
 * LsTrayEntryId:
 *
 * The entries of the menu, in their order; also their ids on the bus, where 0 is the menu itself. An
 * entry that has nothing to say is hidden and never changes its id, so that a click on a menu that
 * the host drew a while ago still means what the user read.
 */
typedef enum
{
  LS_TRAY_ENTRY_STATUS = 1,
  LS_TRAY_ENTRY_REASON,
  LS_TRAY_ENTRY_CONFIRMED,
  LS_TRAY_ENTRY_NEXT_ATTEMPT,
  LS_TRAY_ENTRY_PENDING,
  LS_TRAY_ENTRY_FAILED,
  LS_TRAY_ENTRY_CONFLICTS,
  LS_TRAY_ENTRY_LINE_ABOVE_ACTIONS,
  LS_TRAY_ENTRY_START,
  LS_TRAY_ENTRY_RECONNECT,
  LS_TRAY_ENTRY_SYNC,
  LS_TRAY_ENTRY_PAUSE,
  LS_TRAY_ENTRY_RESUME,
  LS_TRAY_ENTRY_LINE_ABOVE_ABOUT,
  LS_TRAY_ENTRY_ABOUT,
} LsTrayEntryId;

#define LS_TRAY_N_ENTRIES (LS_TRAY_ENTRY_ABOUT + 1)

/** LsTrayEntry: one entry; @label is %NULL for a line */
typedef struct
{
  char *label; /* (owned) (nullable) */
  gboolean visible;
  gboolean enabled;
} LsTrayEntry;

/**
 * LsTrayView:
 * @icon: the icon
 * @urgent: whether the host should draw attention to it
 * @title: what the icon says to those who can't see it
 * @detail: the sentence that belongs to it; may be empty
 * @entries: the menu, by #LsTrayEntryId; the first one is not used
 *
 * All that the tray shows.
 */
typedef struct
{
  LsTrayIcon icon;
  gboolean urgent;
  char *title;  /* (owned) */
  char *detail; /* (owned) */
  LsTrayEntry entries[LS_TRAY_N_ENTRIES];
} LsTrayView;

LsTrayView *ls_tray_view_new (const LsTraySnapshot *snapshot, gint64 now_ms);
void ls_tray_view_free (LsTrayView *self);
LsTrayEntryId ls_tray_view_get_default (const LsTrayView *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsTrayView, ls_tray_view_free)

G_END_DECLS
