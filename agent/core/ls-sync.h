/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-classic.h"
#include "ls-command.h"
#include "ls-intake.h"

G_BEGIN_DECLS

/**
 * LsSyncStep:
 * @LS_SYNC_BUSY: the run goes on; a command may have been given
 * @LS_SYNC_DONE: nothing is missing up to where the server stood
 *
 * How far a run is.
 */
typedef enum
{
  LS_SYNC_BUSY,
  LS_SYNC_DONE,
} LsSyncStep;

typedef struct _LsSync LsSync;

LsSync *ls_sync_new (LsIntake *intake);
void ls_sync_free (LsSync *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsSync, ls_sync_free)

void ls_sync_set_classic (LsSync *self, LsClassic *classic);
gboolean ls_sync_is_classic (LsSync *self);
gboolean ls_sync_is_running (LsSync *self);
gboolean ls_sync_took_snapshot (LsSync *self);
gboolean ls_sync_is_current (LsSync *self, guint run);
LsCommand *ls_sync_start (LsSync *self, gboolean everything, LsEntitySet allowed);
void ls_sync_believe (LsSync *self, LsEntitySet entities);
void ls_sync_abort (LsSync *self);
LsSyncStep ls_sync_updates (LsSync *self, const LsUpdates *page, LsCommand **command);
LsCommand *ls_sync_page (LsSync *self, LsSnapshotPage *page);
LsCommand *ls_sync_staged (LsSync *self);
LsSyncStep ls_sync_finished_snapshot (LsSync *self, gboolean changed, LsCommand **command);
LsSyncStep ls_sync_polled (LsSync *self, const LsPoll *poll, LsCommand **command);
LsSyncStep ls_sync_listed (LsSync *self, const LsListing *listing, LsCommand **command);
LsSyncStep ls_sync_list_failed (LsSync *self, const GError *error, LsCommand **command);

G_END_DECLS
