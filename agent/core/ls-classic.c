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

/* How rows came: as a poll has them, or all that there are, by a list or by a poll for all users. Each
 * tells by a digest of its own whether there is something new. */
typedef enum
{
  AS_POLLED,
  AS_LISTED,
  N_WAYS,
} Way;

/* Rows on their way to the disk */
typedef struct
{
  LsEntity entity;
  Way way;
  GPtrArray *rows;   /* (owned) (element-type LsRow): what the user may see */
  gboolean complete; /* whether what is not among them is gone */
  char *digest;      /* (owned) */
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

  char *digests[LS_N_ENTITIES][N_WAYS]; /* (owned) (nullable): of what is on disk */
  LsEntitySet pushed; /* by the socket since the last run began: the disk may differ from those */
  LsEntitySet known_empty; /* by a list: polls don't tell an empty table from a failed one */
  LsEntitySet partial;     /* polls don't have all of it */
  LsEntitySet listed;      /* a list had all of it */
  gint64 listed_at[LS_N_ENTITIES]; /* or tried to, monotonic ms; 0: never */
  gint64 unlearnt_at;  /* when a table that teaches the sight could not be had, the same */
  gint64 all_users_at; /* when all users were on disk, the same; 0: they may not be */
  gint64 since;        /* what the next poll asks from, ms since the epoch; 0: everything */

  /* Of the run under way, or the last one */
  LsEntitySet followed;
  LsEntitySet without_baseline;
  GQueue puts;       /* (element-type Put) (owned): the first is on its way */
  GQueue spare;      /* (element-type Put) (owned): in case that no list takes their place */
  const char *table; /* (unowned) (nullable): that is being listed */
  LsEntity listing;  /* whose table that is; %LS_ENTITY_INVALID: one that teaches the sight */
  gboolean asked_all_users;
  gboolean asked;          /* the poll is out or in */
  gboolean polled;         /* it is in */
  gboolean refused;        /* a list, and so are all others */
  gboolean short_of_quota; /* nothing more than the poll */
  gboolean has_listed;     /* what could have waited */
  gboolean thorough;       /* what could wait does not */
  gboolean next_thorough;  /* nor does it in the run that follows */
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
  g_queue_init (&self->spare);
  return self;
}

static void
forget_digests (LsClassic *self, LsEntity entity)
{
  for (guint way = 0; way < N_WAYS; way++)
    g_clear_pointer (&self->digests[entity][way], g_free);
}

static void
drop_puts (LsClassic *self)
{
  g_queue_clear_full (&self->puts, (GDestroyNotify)put_free);
  g_queue_clear_full (&self->spare, (GDestroyNotify)put_free);
}

static void
forget (LsClassic *self)
{
  g_clear_pointer (&self->user, ls_user_free);
  g_clear_pointer (&self->sight, ls_classic_sight_free);
  g_clear_pointer (&self->learning, ls_classic_sight_free);
  drop_puts (self);
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      forget_digests (self, (LsEntity)i);
      self->listed_at[i] = 0;
    }
  self->pushed = LS_ENTITY_SET_NONE;
  self->known_empty = LS_ENTITY_SET_NONE;
  self->partial = LS_ENTITY_SET_NONE;
  self->listed = LS_ENTITY_SET_NONE;
  self->followed = LS_ENTITY_SET_NONE;
  self->without_baseline = LS_ENTITY_SET_NONE;
  self->all_users_at = 0;
  self->since = 0;
  self->unlearnt_at = 0;
  self->lists_refused = FALSE;
  self->sight_is_new = FALSE;
  self->thorough = FALSE;
  self->next_thorough = FALSE;
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

      self->pushed |= 1u << ls_event_get_entity (event);
      g_ptr_array_add (seen, event);
    }

  return seen;
}

/**
 * ls_classic_ask:
 * @self: a classic
 *
 * Somebody wants to know for sure: the run that starts next looks for what polls don't tell, due or not.
 */
void
ls_classic_ask (LsClassic *self)
{
  self->next_thorough = TRUE;
  self->unlearnt_at = 0;
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

/* All users are asked for when they are not known yet, and then now and then. */
static gboolean
wants_all_users (LsClassic *self)
{
  gint64 age = ls_clock_get_monotonic (self->clock) - self->all_users_at;

  return self->thorough || self->all_users_at == 0 || age >= ALL_USERS_EVERY ||
         (self->without_baseline & (1u << LS_ENTITY_USER)) != 0;
}

static LsCommand *
poll (LsClassic *self)
{
  LsCommand *command = ls_command_new (LS_COMMAND_POLL);
  gboolean takes_users = (self->followed & (1u << LS_ENTITY_USER)) != 0 &&
                         ls_classic_sight_can_judge (self->sight, LS_ENTITY_USER);

  self->asked = TRUE;
  self->asked_all_users = takes_users && wants_all_users (self);
  if (!takes_users)
    command->since = MAX (ls_clock_get_wall (self->clock), 1);
  else if (!self->asked_all_users)
    command->since = self->since;
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

/* Whether a list may be asked for that was last asked for at @at. */
static gboolean
is_time (LsClassic *self, gint64 at)
{
  return at == 0 || ls_clock_get_monotonic (self->clock) - at >= LIST_EVERY;
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
          (self->has_listed && !first && !self->thorough) || !is_time (self, at))
        continue;
      if (first)
        return (LsEntity)i;
      if (chosen == LS_ENTITY_INVALID || at < self->listed_at[chosen])
        chosen = (LsEntity)i;
    }

  self->has_listed = chosen != LS_ENTITY_INVALID || self->has_listed;
  return chosen;
}

static LsCommand *
next (LsClassic *self)
{
  gboolean may_list = !self->lists_refused && !self->refused && !self->short_of_quota;
  LsEntity entity = LS_ENTITY_INVALID;

  if (self->puts.length > 0)
    return stage (g_queue_peek_head (&self->puts));
  if (self->learning != NULL && may_list && is_time (self, self->unlearnt_at))
    return list (self, ls_classic_sight_get_wanted (self->learning), LS_ENTITY_INVALID);
  if (!self->asked)
    return poll (self);

  if (may_list)
    entity = choose_list (self);
  if (entity != LS_ENTITY_INVALID)
    return list (self, ls_entity_get_table (entity), entity);
  if (self->spare.length == 0)
    {
      self->thorough = FALSE;
      return NULL;
    }

  g_queue_push_tail (&self->puts, g_queue_pop_head (&self->spare));
  return stage (g_queue_peek_head (&self->puts));
}

/* Notes how crowded the school's limit is. */
static void
hear (LsClassic *self, const LsQuota *quota)
{
  if (quota->limit > 0 && quota->remaining < RESERVE)
    self->short_of_quota = TRUE;
}

static GPtrArray *
look_at_rows (LsClassic *self, LsEntity entity, GPtrArray *rows)
{
  GPtrArray *seen = ls_row_array_new ();

  for (guint i = 0; i < rows->len; i++)
    {
      const LsRow *row = rows->pdata[i];
      char *data = ls_classic_sight_look (self->sight, entity, row->data);
      LsRow *copy;

      if (data == NULL)
        continue;
      copy = ls_row_new (entity, row->id, NULL, row->version);
      copy->data = data;
      g_ptr_array_add (seen, copy);
    }

  return seen;
}

static char *
take_digest (GPtrArray *rows, gboolean complete)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  g_checksum_update (checksum, (const guchar *)(complete ? "1" : "0"), 1);
  for (guint i = 0; i < rows->len; i++)
    {
      const LsRow *row = rows->pdata[i];

      /* With the zero bytes at their ends, so that what is one's is not another's. */
      g_checksum_update (checksum, (const guchar *)row->id, (gssize)strlen (row->id) + 1);
      g_checksum_update (checksum, (const guchar *)row->data, (gssize)strlen (row->data) + 1);
    }

  return g_strdup (g_checksum_get_string (checksum));
}

/* Has what is new go to the disk, by way of @queue. Returns: whether there is anything */
static gboolean
put (LsClassic *self,
     GQueue *queue,
     LsEntity entity,
     Way way,
     const LsTableRows *rows,
     gboolean complete)
{
  g_autoptr (GPtrArray) seen = look_at_rows (self, entity, rows->rows);
  g_autofree char *digest = take_digest (seen, complete);
  Put *put;

  if (g_strcmp0 (self->digests[entity][way], digest) == 0 &&
      (self->without_baseline & (1u << entity)) == 0)
    return FALSE;

  put = g_new0 (Put, 1);
  put->entity = entity;
  put->way = way;
  put->rows = g_steal_pointer (&seen);
  put->complete = complete;
  put->digest = g_steal_pointer (&digest);
  g_queue_push_tail (queue, put);
  return TRUE;
}

/* Whoever is signed in is a user, so that none at all means that the table has failed. */
static void
take_users (LsClassic *self, const LsTableRows *users, guint n_bad)
{
  gboolean all = self->asked_all_users;

  if (users == NULL)
    return;

  if (!put (self, &self->puts, LS_ENTITY_USER, all ? AS_LISTED : AS_POLLED, users,
            all && n_bad + users->n_bad == 0) &&
      all)
    self->all_users_at = ls_clock_get_monotonic (self->clock);
}

static void
take_table (LsClassic *self, LsEntity entity, const LsTableRows *rows, guint n_bad)
{
  LsEntitySet bit = 1u << entity;

  if (rows == NULL)
    {
      /* It is empty, or has failed: only its list tells. */
      if ((self->known_empty & bit) == 0)
        self->partial |= bit;
      return;
    }

  self->known_empty &= ~bit;
  if (rows->n_sent < FULL)
    {
      self->partial &= ~bit;
      put (self, &self->puts, entity, AS_POLLED, rows, n_bad + rows->n_bad == 0);
      return;
    }

  /* The first time the list is better: what it adds later would look new to apps. */
  self->partial |= bit;
  put (self, (self->without_baseline & bit) != 0 ? &self->spare : &self->puts, entity, AS_POLLED,
       rows, FALSE);
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
 * @missing: of what of that nothing is on disk yet
 *
 * Starts a run; one that is under way is dropped.
 *
 * Returns: (transfer full): the first command
 */
LsCommand *
ls_classic_start (LsClassic *self, LsEntitySet followed, LsEntitySet missing)
{
  drop_puts (self);
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    if ((self->pushed & (1u << i)) != 0)
      forget_digests (self, (LsEntity)i);
  if ((self->pushed & (1u << LS_ENTITY_USER)) != 0)
    self->all_users_at = 0;
  self->pushed = LS_ENTITY_SET_NONE;
  self->followed = followed;
  self->without_baseline = missing;
  self->asked = FALSE;
  self->polled = FALSE;
  self->refused = FALSE;
  self->short_of_quota = FALSE;
  self->has_listed = FALSE;
  /* One that broke off leaves it to the next. */
  self->thorough = self->thorough || self->next_thorough;
  self->next_thorough = FALSE;
  return next (self);
}

/**
 * ls_classic_polled:
 * @self: a classic in a run
 * @poll: an answer to %LS_COMMAND_POLL
 *
 * Takes a poll.
 *
 * Returns: (transfer full) (nullable): the next command; %NULL: the run is at its end
 */
LsCommand *
ls_classic_polled (LsClassic *self, const LsPoll *poll)
{
  hear (self, &poll->quota);
  self->polled = TRUE;
  /* So it was not the token itself. */
  if (self->refused)
    self->lists_refused = TRUE;
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      LsEntity entity = (LsEntity)i;

      if ((self->followed & (1u << i)) == 0 || !ls_classic_sight_can_judge (self->sight, entity))
        continue;
      if (entity == LS_ENTITY_USER)
        take_users (self, poll->tables[i], poll->n_bad);
      else
        take_table (self, entity, poll->tables[i], poll->n_bad);
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
}

/* What of @entity waited in case that its list can't be had */
static void
drop_spare (LsClassic *self, LsEntity entity)
{
  for (GList *l = self->spare.head; l != NULL; l = l->next)
    if (((Put *)l->data)->entity == entity)
      {
        put_free (l->data);
        g_queue_delete_link (&self->spare, l);
        return;
      }
}

static void
take_list (LsClassic *self, LsEntity entity, const LsTableRows *rows)
{
  LsEntitySet bit = 1u << entity;

  drop_spare (self, entity);
  if (rows->n_sent == 0)
    self->known_empty |= bit;
  if (rows->n_sent < FULL)
    self->partial &= ~bit;
  self->listed |= bit;
  put (self, &self->puts, entity, AS_LISTED, rows, rows->n_bad == 0);
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
  hear (self, &listing->quota);
  if (self->listing == LS_ENTITY_INVALID)
    learn (self, listing->rows->rows);
  else
    take_list (self, self->listing, listing->rows);

  return next (self);
}

/**
 * ls_classic_list_failed:
 * @self: a classic in a run
 * @error: why, of %LS_LINK_ERROR
 *
 * A list can't be had: the poll has to do. A token that was refreshed is refused for good, which is no
 * reason to refresh it again; only a sign-in helps. Whether it is that shows when the same token is
 * good for a poll.
 *
 * Returns: (transfer full) (nullable): the next command; %NULL: the run is at its end
 */
LsCommand *
ls_classic_list_failed (LsClassic *self, const GError *error)
{
  LsReason reason = ls_link_error_get_reason (error);

  g_debug ("no list of %s: %s", self->table, error->message);
  if (reason == LS_REASON_TOKEN_REFUSED)
    {
      self->refused = TRUE;
      self->lists_refused = self->polled;
    }
  if (reason == LS_REASON_RATE_LIMITED)
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
  command->absence = put->complete ? LS_ABSENCE_IS_DOUBTED : LS_ABSENCE_IS_NOTHING;
  return command;
}

/**
 * ls_classic_put:
 * @self: a classic in a run
 * @changed: whether what was put differed from what was there
 *
 * %LS_COMMAND_FINISH_SNAPSHOT is done. What is on disk by now may be another thing than what came the
 * other way.
 *
 * Returns: (transfer full) (nullable): the next command; %NULL: the run is at its end
 */
LsCommand *
ls_classic_put (LsClassic *self, gboolean changed)
{
  Put *put = g_queue_pop_head (&self->puts);

  if (changed)
    forget_digests (self, put->entity);
  g_free (self->digests[put->entity][put->way]);
  self->digests[put->entity][put->way] = g_steal_pointer (&put->digest);
  self->without_baseline &= ~(1u << put->entity);
  if (put->entity == LS_ENTITY_USER && put->way == AS_LISTED)
    self->all_users_at = ls_clock_get_monotonic (self->clock);
  put_free (put);
  return next (self);
}

/**
 * ls_classic_are_lists_refused:
 * @self: a classic
 *
 * Returns: whether the server takes the token for polls alone, until the next sign-in
 */
gboolean
ls_classic_are_lists_refused (LsClassic *self)
{
  return self->lists_refused;
}

/**
 * ls_classic_get_incomplete:
 * @self: a classic
 *
 * Returns: of what is followed, that of which rows may be missing, or be there that are gone
 */
LsEntitySet
ls_classic_get_incomplete (LsClassic *self)
{
  LsEntitySet hidden = self->lists_refused ? self->partial : self->partial & ~self->listed;

  return (hidden | ~ls_classic_get_obtainable (self)) & self->followed & LS_ENTITY_SET_STORED;
}
