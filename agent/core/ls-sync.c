/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-sync.h"

/**
 * LsSync:
 *
 * A run of requests that brings us up to date by HTTP: snapshots of the entities that need one,
 * then the log from where they stand (or from our position) to its end. One request is out at a
 * time, and the next page of a snapshot is asked for when the last is staged. A server that has neither
 * snapshots nor a log is asked as #LsClassic says.
 */
struct _LsSync
{
  LsIntake *intake;   /* (unowned) */
  LsClassic *classic; /* (unowned) (nullable): how to ask; %NULL: labsync.v1 */
  gboolean running;
  guint run;            /* counts starts: an answer to a run before is void */
  gboolean everything;  /* the position itself is to be found anew */
  LsEntitySet allowed;  /* of which a snapshot may be taken */
  LsEntitySet wanted;   /* snapshots that are still to be taken */
  LsEntity entity;      /* of the snapshot under way */
  LsCursor cursor;      /* that it stands for */
  char *next;           /* (owned) (nullable): its next page */
  gboolean first;       /* whether its first page is still to come */
  gboolean complete;    /* whether none of its rows was malformed */
  LsCursor base;        /* the cursor of the run's first snapshot */
  LsEntitySet believed; /* of which a snapshot may lack as much as it likes */
};

/**
 * ls_sync_new:
 * @intake: where we stand; must outlive the run
 *
 * Returns: (transfer full): a run that has not started
 */
LsSync *
ls_sync_new (LsIntake *intake)
{
  LsSync *self = g_new0 (LsSync, 1);

  self->intake = intake;
  return self;
}

/**
 * ls_sync_free:
 * @self: (transfer full): a run
 *
 * Frees it.
 */
void
ls_sync_free (LsSync *self)
{
  g_free (self->next);
  g_free (self);
}

/**
 * ls_sync_set_classic:
 * @self: a run
 * @classic: (nullable): how to ask the classic system; must outlive the run; %NULL: the server
 *   speaks labsync.v1
 *
 * Says what the server speaks. If that is news, a run that is under way is dropped.
 */
void
ls_sync_set_classic (LsSync *self, LsClassic *classic)
{
  if (self->classic == classic)
    return;

  self->classic = classic;
  ls_sync_abort (self);
}

/**
 * ls_sync_is_classic:
 * @self: a run
 *
 * Returns: whether it asks as one asks the classic system
 */
gboolean
ls_sync_is_classic (LsSync *self)
{
  return self->classic != NULL;
}

/**
 * ls_sync_is_running:
 * @self: a run
 *
 * Returns: whether it is under way
 */
gboolean
ls_sync_is_running (LsSync *self)
{
  return self->running;
}

/**
 * ls_sync_took_snapshot:
 * @self: a run
 *
 * Returns: whether the last run took a snapshot of anything
 */
gboolean
ls_sync_took_snapshot (LsSync *self)
{
  return ls_cursor_is_set (self->base);
}

/**
 * ls_sync_is_current:
 * @self: a run
 * @run: that a command was of
 *
 * Returns: whether its answer still counts: the run is under way and was not started anew
 */
gboolean
ls_sync_is_current (LsSync *self, guint run)
{
  return self->running && self->run == run;
}

static LsCommand *
of_this_run (LsSync *self, LsCommand *command)
{
  command->run = self->run;
  if (command->absence == LS_ABSENCE_IS_DOUBTED && (self->believed & (1u << command->entity)))
    command->absence = LS_ABSENCE_IS_DELETION;
  return command;
}

/**
 * ls_sync_believe:
 * @self: a run
 * @entities: of which the runs to come ask for a snapshot, and take it at its word
 *
 * What a snapshot lacked was kept, as it was much; when the next one lacks it, too, it is gone.
 */
void
ls_sync_believe (LsSync *self, LsEntitySet entities)
{
  self->believed = entities;
}

static LsCommand *
new_command (LsSync *self, LsCommandKind kind)
{
  return of_this_run (self, ls_command_new (kind));
}

static LsCommand *
fetch_updates (LsSync *self)
{
  LsCommand *command = new_command (self, LS_COMMAND_FETCH_UPDATES);

  command->cursor = ls_intake_get_position (self->intake);
  return command;
}

static LsCommand *
fetch_page (LsSync *self)
{
  LsCommand *command = new_command (self, LS_COMMAND_FETCH_SNAPSHOT);

  command->entity = self->entity;
  command->page = g_strdup (self->next);
  return command;
}

/* The next snapshot, or the log if none is wanted any more. */
static LsCommand *
go_on (LsSync *self)
{
  if (self->wanted != LS_ENTITY_SET_NONE)
    {
      self->entity = (LsEntity)g_bit_nth_lsf (self->wanted, -1);
      self->first = TRUE;
      g_clear_pointer (&self->next, g_free);
      return fetch_page (self);
    }

  if (self->everything)
    ls_intake_move (self->intake, self->base);
  self->everything = FALSE;
  return fetch_updates (self);
}

/**
 * ls_sync_start:
 * @self: a run
 * @everything: whether our position is worth nothing: take a snapshot of everything
 * @allowed: of which a snapshot may be taken: what the server's stream leaves out it would miss
 *
 * Starts a run; one that is under way is dropped.
 *
 * Returns: (transfer full): the first command
 */
LsCommand *
ls_sync_start (LsSync *self, gboolean everything, LsEntitySet allowed)
{
  LsCursor position;

  /* The run goes on only when what waits is on disk, so it must not wait for the run. */
  ls_intake_rewind (self->intake);
  position = ls_intake_get_position (self->intake);
  self->running = TRUE;
  self->run++;
  self->allowed = allowed;
  self->everything = everything || !ls_cursor_is_set (position);
  self->base = LS_CURSOR_NONE;
  if (self->classic != NULL)
    return of_this_run (
        self, ls_classic_start (self->classic, ls_intake_get_followed (self->intake),
                                ls_intake_get_missing_in (self->intake, LS_CLASSIC_CURSOR) |
                                    self->believed));

  self->wanted = self->everything ? ls_intake_get_followed (self->intake) & LS_ENTITY_SET_STORED
                                  : ls_intake_get_missing (self->intake) | self->believed;
  self->wanted &= allowed;
  /* Nothing is followed: any entity's snapshot tells where the log stands. */
  if (self->everything && self->wanted == LS_ENTITY_SET_NONE)
    self->wanted = 1u << LS_ENTITY_ANNOUNCEMENT;

  return go_on (self);
}

/**
 * ls_sync_abort:
 * @self: a run
 *
 * Drops what is under way. What is on disk of it stays and does no harm: the position has not moved
 * past it.
 */
void
ls_sync_abort (LsSync *self)
{
  self->running = FALSE;
}

/**
 * ls_sync_updates:
 * @self: a run
 * @page: an answer to %LS_COMMAND_FETCH_UPDATES
 * @command: (out) (transfer full) (nullable): the next command
 *
 * Takes a page of the log.
 *
 * Returns: whether this was the last
 */
LsSyncStep
ls_sync_updates (LsSync *self, const LsUpdates *page, LsCommand **command)
{
  *command = NULL;
  if (page->not_modified)
    {
      self->running = FALSE;
      return LS_SYNC_DONE;
    }
  if (page->resume == LS_RESUME_SNAPSHOT ||
      (ls_cursor_is_set (page->cursor) &&
       !g_str_equal (page->cursor.epoch, ls_intake_get_position (self->intake).epoch)))
    {
      *command = ls_sync_start (self, TRUE, self->allowed);
      return LS_SYNC_BUSY;
    }

  ls_intake_take_page (self->intake, page);
  if (page->more)
    {
      *command = fetch_updates (self);
      return LS_SYNC_BUSY;
    }

  self->running = FALSE;
  return LS_SYNC_DONE;
}

/**
 * ls_sync_page:
 * @self: a run
 * @page: an answer to %LS_COMMAND_FETCH_SNAPSHOT
 *
 * Takes a page of a snapshot. If the server's log became another one in the middle of it, the run
 * starts again.
 *
 * Returns: (transfer full): the next command
 */
LsCommand *
ls_sync_page (LsSync *self, LsSnapshotPage *page)
{
  LsCommand *command;
  gboolean other_log = !self->first && !ls_cursor_equal (page->cursor, self->cursor);

  if (ls_cursor_is_set (self->base) && !g_str_equal (page->cursor.epoch, self->base.epoch))
    other_log = TRUE;
  if (other_log)
    return ls_sync_start (self, TRUE, self->allowed);

  if (!ls_cursor_is_set (self->base))
    self->base = page->cursor;
  self->cursor = page->cursor;
  self->complete = (self->first || self->complete) && page->n_bad_rows == 0;
  g_free (self->next);
  self->next = g_strdup (page->next);

  command = new_command (self, LS_COMMAND_STAGE);
  command->entity = self->entity;
  command->rows = g_ptr_array_ref (page->rows);
  command->first = self->first;
  self->first = FALSE;
  return command;
}

/**
 * ls_sync_staged:
 * @self: a run
 *
 * A page has been put aside.
 *
 * Returns: (transfer full): the next command
 */
LsCommand *
ls_sync_staged (LsSync *self)
{
  LsCommand *command;

  if (self->classic != NULL)
    return of_this_run (self, ls_classic_staged (self->classic));
  if (self->next != NULL)
    return fetch_page (self);

  command = ls_command_new (LS_COMMAND_FINISH_SNAPSHOT);
  command->entity = self->entity;
  command->cursor = self->cursor;
  command->absence = self->complete ? LS_ABSENCE_IS_DOUBTED : LS_ABSENCE_IS_NOTHING;
  return of_this_run (self, command);
}

/* What the classic run says: its next command, or that it is at its end. */
static LsSyncStep
step (LsSync *self, LsCommand *next, LsCommand **command)
{
  *command = next;
  if (next == NULL)
    {
      self->running = FALSE;
      return LS_SYNC_DONE;
    }

  of_this_run (self, next);
  return LS_SYNC_BUSY;
}

/**
 * ls_sync_finished_snapshot:
 * @self: a run
 * @changed: whether it differed from what was there
 * @command: (out) (transfer full) (nullable): the next command
 *
 * A snapshot is on disk.
 *
 * Returns: whether this was the last
 */
LsSyncStep
ls_sync_finished_snapshot (LsSync *self, gboolean changed, LsCommand **command)
{
  if (self->classic != NULL)
    return step (self, ls_classic_put (self->classic, changed), command);

  self->wanted &= ~(1u << self->entity);
  *command = go_on (self);
  return LS_SYNC_BUSY;
}

/**
 * ls_sync_polled:
 * @self: a run at the classic system
 * @poll: an answer to %LS_COMMAND_POLL
 * @command: (out) (transfer full) (nullable): the next command
 *
 * Takes a poll.
 *
 * Returns: whether this was the last
 */
LsSyncStep
ls_sync_polled (LsSync *self, const LsPoll *poll, LsCommand **command)
{
  ls_intake_move (self->intake, LS_CLASSIC_CURSOR);
  return step (self, ls_classic_polled (self->classic, poll), command);
}

/**
 * ls_sync_listed:
 * @self: a run at the classic system
 * @listing: an answer to %LS_COMMAND_LIST
 * @command: (out) (transfer full) (nullable): the next command
 *
 * Takes a table.
 *
 * Returns: whether this was the last
 */
LsSyncStep
ls_sync_listed (LsSync *self, const LsListing *listing, LsCommand **command)
{
  return step (self, ls_classic_listed (self->classic, listing), command);
}

/**
 * ls_sync_list_failed:
 * @self: a run at the classic system
 * @error: why, of %LS_LINK_ERROR
 * @command: (out) (transfer full) (nullable): the next command
 *
 * Goes on without a table.
 *
 * Returns: whether this was the last
 */
LsSyncStep
ls_sync_list_failed (LsSync *self, const GError *error, LsCommand **command)
{
  return step (self, ls_classic_list_failed (self->classic, error), command);
}
