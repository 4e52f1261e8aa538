/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-classic.h"

#include <string.h>

#include "ls-link-error.h"

/* A poll has no more rows of a table than this, and they are the oldest: whether there are others
 * only the list tells. */
#define FULL 100

/* A poll brings the users that changed; every so often it asks for all, to see who is gone. */
#define ALL_USERS_EVERY (60 * 60 * 1000)

/* How long a list stands for the rows that polls don't bring, in milliseconds */
#define LIST_EVERY (5 * 60 * 1000)

/* While fewer requests than this are left to the whole school, nothing is asked that can wait. */
#define RESERVE 40

#define DAY ((gint64)24 * 60 * 60 * 1000)
#define MINUTE (60 * 1000)

/* Where rows came from: each tells by its own digest whether it has something new. */
typedef enum
{
  FROM_POLL,
  FROM_LIST,
  N_SOURCES,
} Source;

/* Rows on their way to the disk */
typedef struct
{
  LsEntity entity;
  Source source;
  GPtrArray *rows; /* (owned) (element-type LsRow) */
  gboolean complete;
  char *digest; /* (owned) */
} Put;

/**
 * LsClassic:
 *
 * How to keep step with the classic system, which has neither a log nor versions nor events: it is
 * polled, and what it answers is compared with what is on disk. Like a run of #LsSync: each step takes
 * an answer and gives the next command, or %NULL when the run is at its end.
 */
struct _LsClassic
{
  LsClock *clock; /* (owned) */
  LsDataReader reader;
  LsUser *user;             /* (owned) (nullable) */
  LsClassicSight *sight;    /* (owned) (nullable): in force */
  LsClassicSight *learning; /* (owned) (nullable): will take its place */
  gboolean sight_is_new;    /* and not saved yet */
  gboolean lists_refused;   /* the token is not good for lists, until the next sign-in */

  char *digests[LS_N_ENTITIES][N_SOURCES]; /* (owned) (nullable): of what is on disk */
  LsEntitySet known_empty; /* by a list: polls don't tell an empty table from a failed one */
  LsEntitySet partial;     /* polls don't have all of it */
  gint64 listed_at[LS_N_ENTITIES]; /* or tried to, monotonic ms; 0: never */
  gint64 unlearnt_at;  /* when a table that teaches the sight could not be had, the same */
  gint64 all_users_at; /* when all users came, monotonic ms; 0: never */
  gint64 since;        /* what the next poll asks from, ms since the epoch */

  /* Of the run under way */
  LsEntitySet followed;
  LsEntitySet without_baseline;
  GQueue puts;        /* (element-type Put) (owned): the first is on its way */
  const char *table;  /* (unowned) (nullable): that is being listed */
  LsEntity listing;   /* whose table that is; %LS_ENTITY_INVALID: one that teaches the sight */
  gint64 asked_since; /* 0: everything */
  gboolean polled;
  gboolean short_of_quota; /* nothing more than the poll */
  gboolean listed;         /* one that could have waited */
  gboolean asked;          /* somebody waits for all that could */
};

static void
put_free (Put *put)
{
  g_ptr_array_unref (put->rows);
  g_free (put->digest);
  g_free (put);
}

/**
 * ls_classic_new:
 * @clock: the time
 * @reader: reads data
 *
 * Returns: (transfer full): what knows of nobody yet
 */
LsClassic *
ls_classic_new (LsClock *clock, const LsDataReader *reader)
{
  LsClassic *self = g_new0 (LsClassic, 1);

  self->clock = g_object_ref (clock);
  self->reader = *reader;
  g_queue_init (&self->puts);
  return self;
}

static void
forget_digests (LsClassic *self, LsEntity entity)
{
  for (guint source = 0; source < N_SOURCES; source++)
    g_clear_pointer (&self->digests[entity][source], g_free);
}

static void
forget (LsClassic *self)
{
  g_clear_pointer (&self->user, ls_user_free);
  g_clear_pointer (&self->sight, ls_classic_sight_free);
  g_clear_pointer (&self->learning, ls_classic_sight_free);
  g_queue_clear_full (&self->puts, (GDestroyNotify)put_free);
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      forget_digests (self, (LsEntity)i);
      self->listed_at[i] = 0;
    }
  self->known_empty = LS_ENTITY_SET_NONE;
  self->partial = LS_ENTITY_SET_NONE;
  self->without_baseline = LS_ENTITY_SET_NONE;
  self->all_users_at = 0;
  self->since = 0;
  self->unlearnt_at = 0;
  self->lists_refused = FALSE;
  self->sight_is_new = FALSE;
  self->asked = FALSE;
}

/**
 * ls_classic_free:
 * @self: (transfer full): a classic
 *
 * Frees it.
 */
void
ls_classic_free (LsClassic *self)
{
  forget (self);
  g_object_unref (self->clock);
  g_free (self);
}

/* Looks anew whose rows the user may see, once lists can be had. */
static void
learn_anew (LsClassic *self)
{
  g_clear_pointer (&self->learning, ls_classic_sight_free);
  self->learning = ls_classic_sight_new (self->user, &self->reader);
  if (ls_classic_sight_get_wanted (self->learning) == NULL)
    g_clear_pointer (&self->learning, ls_classic_sight_free);
}

/**
 * ls_classic_set_user:
 * @self: a classic
 * @user: (nullable): who is signed in; %NULL: nobody
 * @sight: (nullable): what ls_classic_take_sight() gave, of the same user
 *
 * Begins with somebody, or forgets everything.
 */
void
ls_classic_set_user (LsClassic *self, const LsUser *user, const char *sight)
{
  forget (self);
  if (user == NULL)
    return;

  self->user = ls_user_copy (user);
  self->sight = ls_classic_sight_new (user, &self->reader);
  if (!ls_classic_sight_load (self->sight, sight))
    learn_anew (self);
}

/**
 * ls_classic_signed_in:
 * @self: a classic with a user
 *
 * The token is that of a sign-in, which is good for lists: what they taught is learnt anew.
 */
void
ls_classic_signed_in (LsClassic *self)
{
  self->lists_refused = FALSE;
  self->unlearnt_at = 0;
  learn_anew (self);
}

/**
 * ls_classic_get_obtainable:
 * @self: a classic
 *
 * Returns: what a run would bring if it was started now: what the last one could not get waits for
 *   the next poll
 */
LsEntitySet
ls_classic_get_obtainable (LsClassic *self)
{
  LsEntitySet set = LS_ENTITY_SET_NONE;

  for (guint i = 0; self->sight != NULL && i < LS_N_ENTITIES; i++)
    if (ls_classic_sight_can_judge (self->sight, (LsEntity)i))
      set |= 1u << i;

  return set & ~self->without_baseline;
}

/**
 * ls_classic_take_sight:
 * @self: a classic
 *
 * Returns: (transfer full) (nullable): what to keep for the next start; %NULL: nothing new
 */
char *
ls_classic_take_sight (LsClassic *self)
{
  if (!self->sight_is_new)
    return NULL;

  self->sight_is_new = FALSE;
  return ls_classic_sight_save (self->sight);
}

static LsEvent *
look_at_event (LsClassic *self, const LsEvent *event)
{
  LsEntity entity = ls_event_get_entity (event);
  g_autofree char *data = NULL;
  LsEvent *seen;

  if (entity == LS_ENTITY_PRESENCE || ls_event_type_get_change (event->type) == LS_CHANGE_DELETED)
    data = g_strdup (event->data);
  else if (ls_classic_sight_can_judge (self->sight, entity))
    data = ls_classic_sight_look (self->sight, entity, event->data);
  if (data == NULL)
    return NULL;

  seen = ls_event_new (event->type, event->entity_id, data);
  seen->timestamp = event->timestamp;
  seen->version = event->version;
  g_free (seen->user_role);
  seen->user_role = g_strdup (event->user_role);
  g_free (seen->user_id);
  seen->user_id = g_strdup (event->user_id);
  seen->action_id = g_strdup (event->action_id);
  return seen;
}

/**
 * ls_classic_look_at_events:
 * @self: a classic with a user
 * @events: (element-type LsEvent): what came on the socket, of anybody
 *
 * They may be late or out of order, so the next poll is compared with the disk whatever it brings.
 *
 * Returns: (transfer full) (element-type LsEvent): what of them is for the user
 */
GPtrArray *
ls_classic_look_at_events (LsClassic *self, GPtrArray *events)
{
  GPtrArray *seen = ls_event_array_new ();

  for (guint i = 0; i < events->len; i++)
    {
      LsEvent *event = look_at_event (self, events->pdata[i]);

      if (event == NULL)
        continue;

      forget_digests (self, ls_event_get_entity (event));
      g_ptr_array_add (seen, event);
    }

  return seen;
}

/**
 * ls_classic_ask:
 * @self: a classic
 *
 * Somebody wants to know for sure: the next run looks for what polls don't tell, due or not.
 */
void
ls_classic_ask (LsClassic *self)
{
  self->asked = TRUE;
  self->unlearnt_at = 0;
  self->all_users_at = 0;
  memset (self->listed_at, 0, sizeof self->listed_at);
}

static LsCommand *
list (LsClassic *self, const char *table, LsEntity entity)
{
  LsCommand *command = ls_command_new (LS_COMMAND_LIST);

  self->table = table;
  self->listing = entity;
  if (entity != LS_ENTITY_INVALID)
    self->listed_at[entity] = ls_clock_get_monotonic (self->clock);
  command->table = table;
  return command;
}

/* Whether what was done at @at, monotonic ms, is to be done again after @period. */
static gboolean
is_time (LsClassic *self, gint64 at, gint64 period)
{
  return at == 0 || ls_clock_get_monotonic (self->clock) - at >= period;
}

static LsCommand *
poll (LsClassic *self)
{
  LsCommand *command = ls_command_new (LS_COMMAND_POLL);

  self->polled = TRUE;
  if (is_time (self, self->all_users_at, ALL_USERS_EVERY))
    self->asked_since = 0;
  else
    self->asked_since = self->since;
  command->since = self->asked_since;
  return command;
}

static LsCommand *
stage (Put *put)
{
  LsCommand *command = ls_command_new (LS_COMMAND_STAGE);

  command->entity = put->entity;
  command->rows = g_ptr_array_ref (put->rows);
  command->first = TRUE;
  return command;
}

/* The list that is due most. Where apps have nothing yet, it can't wait; else one in a run will do. */
static LsEntity
choose_list (LsClassic *self)
{
  LsEntity chosen = LS_ENTITY_INVALID;

  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      gboolean first = (self->without_baseline & (1u << i)) != 0;
      gint64 at = self->listed_at[i];

      if ((self->partial & self->followed & (1u << i)) == 0 ||
          (self->listed && !first && !self->asked) || !is_time (self, at, LIST_EVERY))
        continue;
      if (first)
        return (LsEntity)i;
      if (chosen == LS_ENTITY_INVALID || at < self->listed_at[chosen])
        chosen = (LsEntity)i;
    }

  self->listed = chosen != LS_ENTITY_INVALID || self->listed;
  return chosen;
}

static LsCommand *
next (LsClassic *self)
{
  gboolean may_list = !self->lists_refused && !self->short_of_quota;
  LsEntity entity;

  self->table = NULL;
  if (self->puts.length > 0)
    return stage (g_queue_peek_head (&self->puts));
  if (self->learning != NULL && may_list && is_time (self, self->unlearnt_at, LIST_EVERY))
    return list (self, ls_classic_sight_get_wanted (self->learning), LS_ENTITY_INVALID);
  if (!self->polled)
    return poll (self);

  entity = may_list ? choose_list (self) : LS_ENTITY_INVALID;
  if (entity != LS_ENTITY_INVALID)
    return list (self, ls_entity_get_table (entity), entity);

  self->asked = FALSE;
  return NULL;
}

/* Notes how crowded the school's limit is. */
static void
hear (LsClassic *self, const LsQuota *quota)
{
  if (quota->limit > 0 && quota->remaining < RESERVE)
    self->short_of_quota = TRUE;
}

static void
put (LsClassic *self, LsEntity entity, Source source, const LsTableRows *rows, gboolean complete)
{
  Put *put;

  if (g_strcmp0 (self->digests[entity][source], rows->digest) == 0 &&
      (self->without_baseline & (1u << entity)) == 0)
    return;

  put = g_new0 (Put, 1);
  put->entity = entity;
  put->source = source;
  put->rows = ls_row_array_new ();
  put->complete = complete;
  put->digest = g_strdup (rows->digest);
  for (guint i = 0; i < rows->rows->len; i++)
    {
      const LsRow *row = rows->rows->pdata[i];
      char *data = ls_classic_sight_look (self->sight, entity, row->data);
      LsRow *seen;

      if (data == NULL)
        continue;
      seen = ls_row_new (entity, row->id, NULL, row->version);
      seen->data = data;
      g_ptr_array_add (put->rows, seen);
    }
  g_queue_push_tail (&self->puts, put);
}

/* A table without a row is empty, or has failed: only its list tells. */
static void
take_nothing (LsClassic *self, LsEntity entity)
{
  if ((self->known_empty & (1u << entity)) == 0)
    self->partial |= 1u << entity;
}

static void
take_users (LsClassic *self, const LsTableRows *users)
{
  gboolean all = self->asked_since == 0;

  /* Whoever is signed in is one, so that none at all means that the table has failed. */
  if (users == NULL)
    return;

  put (self, LS_ENTITY_USER, FROM_POLL, users, all && users->n_bad == 0);
  if (all)
    self->all_users_at = ls_clock_get_monotonic (self->clock);
}

static void
take_table (LsClassic *self, LsEntity entity, const LsTableRows *rows)
{
  LsEntitySet bit = 1u << entity;
  gboolean is_full = rows->n_sent >= FULL;

  self->known_empty &= ~bit;
  if (is_full)
    self->partial |= bit;
  else
    self->partial &= ~bit;

  /* The first time, the list that follows is better: what it adds later would look new to apps. */
  if (is_full && (self->without_baseline & bit) != 0 && !self->lists_refused &&
      !self->short_of_quota)
    return;

  put (self, entity, FROM_POLL, rows, !is_full && rows->n_bad == 0);
}

/* The classic system compares dates as text and never finds a change of the day that is asked from:
 * so that is the day before the last good poll. Its own clock is known from the limit alone, to a
 * minute; without, ours may be a day ahead. */
static gint64
day_before (LsClassic *self, const LsQuota *quota)
{
  gint64 now =
      quota->reset_at > 0 ? quota->reset_at - MINUTE : ls_clock_get_wall (self->clock) - DAY;

  return MAX (now / DAY * DAY - 1, 0);
}

/**
 * ls_classic_start:
 * @self: a classic with a user
 * @followed: what is wanted
 *
 * Starts a run; one that is under way is dropped.
 *
 * Returns: (transfer full): the first command
 */
LsCommand *
ls_classic_start (LsClassic *self, LsEntitySet followed)
{
  g_queue_clear_full (&self->puts, (GDestroyNotify)put_free);
  self->followed = followed;
  self->without_baseline = LS_ENTITY_SET_NONE;
  self->polled = FALSE;
  self->listed = FALSE;
  self->short_of_quota = FALSE;
  return next (self);
}

/**
 * ls_classic_polled:
 * @self: a classic in a run
 * @poll: an answer to %LS_COMMAND_POLL
 * @missing: of what nothing is on disk yet
 *
 * Takes a poll.
 *
 * Returns: (transfer full) (nullable): the next command; %NULL: the run is at its end
 */
LsCommand *
ls_classic_polled (LsClassic *self, const LsPoll *poll, LsEntitySet missing)
{
  hear (self, &poll->quota);
  self->without_baseline = missing;
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      const LsTableRows *rows = poll->tables[i];
      LsEntity entity = (LsEntity)i;

      if ((self->followed & (1u << i)) == 0 || !ls_classic_sight_can_judge (self->sight, entity))
        continue;
      if (entity == LS_ENTITY_USER)
        take_users (self, rows);
      else if (rows == NULL)
        take_nothing (self, entity);
      else
        take_table (self, entity, rows);
    }
  self->since = day_before (self, &poll->quota);
  return next (self);
}

static void
learn (LsClassic *self, GPtrArray *rows)
{
  ls_classic_sight_learn (self->learning, rows);
  if (ls_classic_sight_get_wanted (self->learning) != NULL)
    return;

  g_clear_pointer (&self->sight, ls_classic_sight_free);
  self->sight = g_steal_pointer (&self->learning);
  self->sight_is_new = TRUE;
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    forget_digests (self, (LsEntity)i);
}

/**
 * ls_classic_listed:
 * @self: a classic in a run
 * @listing: an answer to %LS_COMMAND_LIST
 *
 * Takes a whole table.
 *
 * Returns: (transfer full) (nullable): the next command; %NULL: the run is at its end
 */
LsCommand *
ls_classic_listed (LsClassic *self, const LsListing *listing)
{
  LsEntity entity = self->listing;

  hear (self, &listing->quota);
  if (entity == LS_ENTITY_INVALID)
    {
      learn (self, listing->rows->rows);
    }
  else
    {
      if (listing->rows->n_sent == 0)
        self->known_empty |= 1u << entity;
      if (listing->rows->n_sent < FULL)
        self->partial &= ~(1u << entity);
      put (self, entity, FROM_LIST, listing->rows, listing->rows->n_bad == 0);
    }

  return next (self);
}

/**
 * ls_classic_list_failed:
 * @self: a classic in a run
 * @error: why, of %LS_LINK_ERROR
 *
 * A list can't be had: the poll has to do. A token that was refreshed is refused for good, which is no
 * reason to refresh it again; only a sign-in helps.
 *
 * Returns: (transfer full) (nullable): the next command; %NULL: the run is at its end
 */
LsCommand *
ls_classic_list_failed (LsClassic *self, const GError *error)
{
  g_debug ("no list of %s: %s", self->table, error->message);
  if (ls_link_error_get_reason (error) == LS_REASON_TOKEN_REFUSED)
    self->lists_refused = TRUE;
  else if (ls_link_error_get_reason (error) == LS_REASON_RATE_LIMITED)
    self->short_of_quota = TRUE;
  if (self->listing == LS_ENTITY_INVALID)
    self->unlearnt_at = ls_clock_get_monotonic (self->clock);

  return next (self);
}

/**
 * ls_classic_staged:
 * @self: a classic in a run
 *
 * %LS_COMMAND_STAGE is done.
 *
 * Returns: (transfer full): the next command
 */
LsCommand *
ls_classic_staged (LsClassic *self)
{
  const Put *put = g_queue_peek_head (&self->puts);
  LsCommand *command = ls_command_new (LS_COMMAND_FINISH_SNAPSHOT);

  command->entity = put->entity;
  command->cursor = LS_CLASSIC_CURSOR;
  command->complete = put->complete;
  return command;
}

/**
 * ls_classic_put:
 * @self: a classic in a run
 *
 * %LS_COMMAND_FINISH_SNAPSHOT is done.
 *
 * Returns: (transfer full) (nullable): the next command; %NULL: the run is at its end
 */
LsCommand *
ls_classic_put (LsClassic *self)
{
  Put *put = g_queue_pop_head (&self->puts);

  g_free (self->digests[put->entity][put->source]);
  self->digests[put->entity][put->source] = g_steal_pointer (&put->digest);
  self->without_baseline &= ~(1u << put->entity);
  put_free (put);
  return next (self);
}
