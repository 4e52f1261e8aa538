/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whatever goes wrong between an app and the server's disk: what was acknowledged is done once, or there is
 * an explanation. */
#include <string.h>

#include "ls-queue-world.h"
#include "ls-quiet-log.h"
#include "ls-seed.h"

/* How many seeds a commit tries of each server, and `tests/run --long`; and steps of a run. */
#define SEEDS 40
#define LONG_SEEDS 4000
#define N_STEPS 500
#define N_ROWS 8
/* How long an action may live that expires, in milliseconds. */
#define MAX_LIFE 120000

typedef struct
{
  LsQueueWorld *world;
  GHashTable *acknowledged; /* (owned) (element-type utf8): ids that an app was given */
  GHashTable
      *decided;    /* (owned) (element-type utf8): ids that a user decided about after a conflict */
  gint64 n_values; /* no value is ever written twice */
  guint n_told;    /* how much of what was told has been looked at */
  guint n_expired; /* how much of that had expired */
} Run;

static char *
choose_row (Run *run)
{
  return g_strdup_printf ("row-%d", (int)ls_queue_world_below (run->world, N_ROWS));
}

static char *
make_body (Run *run)
{
  gint64 value = ls_queue_world_happens (run->world, 10) ? LS_MODEL_POISON : 1000 + ++run->n_values;

  return g_strdup_printf ("{\"%s\":%" G_GINT64_FORMAT "}",
                          ls_queue_world_happens (run->world, 600) ? "score" : "note", value);
}

/* Whoever hears that it has expired does it in another way. */
static void
check_expired (Run *run)
{
  GPtrArray *told = run->world->h->told;

  for (; run->n_told < told->len; run->n_told++)
    {
      const LsAction *action = told->pdata[run->n_told];

      if (action->status != LS_ACTION_FAILED || g_strcmp0 (action->reason, "expired") != 0)
        continue;
      run->n_expired++;
      ls_queue_world_check (run->world, ls_queue_world_count_done (run->world, action->id) == 0,
                            "%s is said to have expired, but was done", action->id);
    }
}

/* Collects what apps were told. */
static void
hear (Run *run)
{
  LsQueueHarness *h = run->world->h;
  GHashTableIter iter;
  gpointer value;

  check_expired (run);

  g_hash_table_iter_init (&iter, h->answers);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      LsQueueCommand *answer = value;

      if (answer->error == NULL && answer->id != NULL)
        g_hash_table_add (run->acknowledged, g_strdup (answer->id));
    }
  g_hash_table_remove_all (h->answers);
}

static void
enqueue (Run *run)
{
  g_autofree char *id = choose_row (run);
  g_autofree char *shown = ls_queue_world_get_shown (run->world, id);
  g_autofree char *body = make_body (run);
  LsActionDraft draft = { .type = LS_ACTION_UPDATE,
                          .entity = "grade",
                          .entity_id = id,
                          .body = body,
                          .coalesce = ls_queue_world_happens (run->world, 200),
                          .method = LS_METHOD_INVALID };

  if (ls_queue_world_happens (run->world, 300))
    draft.expires_at = ls_clock_get_wall (LS_CLOCK (run->world->h->clock)) + 1 +
                       ls_queue_world_below (run->world, MAX_LIFE);
  if (shown == NULL)
    {
      draft.type = LS_ACTION_CREATE;
      if (ls_queue_world_happens (run->world, 500))
        draft.entity_id = NULL;
    }
  else if (ls_queue_world_happens (run->world, 100))
    {
      draft.type = LS_ACTION_DELETE;
      draft.body = NULL;
    }
  ls_queue_harness_try (run->world->h, &draft, ls_queue_world_get_cached (run->world, id));
}

static void
somebody_else_writes (Run *run)
{
  g_autofree char *id = choose_row (run);
  g_autofree char *body =
      g_strdup_printf ("{\"score\":%" G_GINT64_FORMAT "}", 1000 + ++run->n_values);
  const LsRow *row = ls_model_table_find (run->world->server, id);
  gboolean is_there = row != NULL && !row->deleted;

  /* At the classic system a row that was made, and deleted by somebody else before anybody looked, can't be told
   * from one that was never made. */
  if (run->world->is_classic && is_there)
    ls_model_table_write (run->world->server, id, body);
  else if (!run->world->is_classic && (is_there || row == NULL))
    ls_model_table_write (run->world->server, id,
                          is_there && ls_queue_world_happens (run->world, 150) ? NULL : body);
}

static void
stream (Run *run)
{
  ls_queue_world_stream (run->world, 1 + ls_queue_world_below (run->world, 5));
}

static void
write_disk (Run *run)
{
  LsQueueHarness *h = run->world->h;

  if (h->write == NULL)
    return;
  if (ls_queue_world_happens (run->world, 30))
    ls_queue_harness_fail_write (h);
  else
    ls_queue_harness_write (h);
}

static void
request (Run *run)
{
  LsQueueWorld *world = run->world;
  gint64 what = ls_queue_world_below (world, 100);

  if (world->h->sends.length == 0)
    return;
  if (what < 40)
    ls_queue_world_serve (world);
  else if (what < 60)
    ls_queue_world_lose_answer (world);
  else if (what < 75)
    ls_queue_world_lose_request (world);
  else if (what < 85 && !world->is_classic)
    ls_queue_world_delay_request (world);
  else if (what < 93)
    ls_queue_world_answer_with (world, 503);
  else if (what < 97)
    ls_queue_world_answer_with (world, 429);
  else
    ls_queue_world_answer_with (world, 401);
}

static void
read_row (Run *run)
{
  if (run->world->h->reads.length == 0)
    return;
  if (ls_queue_world_happens (run->world, 200))
    ls_queue_harness_fail_read (run->world->h, LS_REASON_SERVER_UNREACHABLE);
  else
    ls_queue_world_read (run->world);
}

static void
arrive_late (Run *run)
{
  ls_queue_world_arrive_late (run->world);
}

static void
pass_time (Run *run)
{
  ls_queue_harness_advance (
      run->world->h,
      ls_queue_world_below (run->world, 1 + ls_queue_world_below (run->world, 60000)));
}

static void
change_link (Run *run)
{
  if (ls_queue_world_happens (run->world, 700))
    ls_queue_world_connect (run->world);
  else
    ls_queue_harness_disconnect (run->world->h);
}

static void
refresh_tokens (Run *run)
{
  if (run->world->h->n_refreshes == 0)
    return;

  run->world->h->n_refreshes = 0;
  ls_queue_tokens_changed (run->world->h->queue);
  ls_queue_harness_run (run->world->h);
}

/* The process dies, with or without its last write. */
static void
crash (Run *run)
{
  LsQueueHarness *h = run->world->h;

  hear (run);
  if (h->write != NULL && ls_queue_world_happens (run->world, 500))
    ls_queue_harness_write (h);
  hear (run);
  ls_queue_world_crash (run->world);
}

static void
note_decision (Run *run, const LsAction *action)
{
  if (action->status == LS_ACTION_CONFLICT || action->status == LS_ACTION_FAILED ||
      action->outcome_unknown)
    g_hash_table_add (run->decided, g_strdup (action->id));
}

/* Any action that the user can see. */
static const LsAction *
choose_action (Run *run)
{
  g_autofree char *next = NULL;
  g_autoptr (GPtrArray) actions = ls_queue_list (run->world->h->queue, 0, NULL, 10000, NULL, &next);

  return actions->len > 0 ? actions->pdata[ls_queue_world_below (run->world, actions->len)] : NULL;
}

static void
settle_by_hand (Run *run, const LsAction *action)
{
  LsQueueHarness *h = run->world->h;
  gpointer ticket = ls_queue_harness_ticket (h);
  g_autofree char *id = g_strdup (action->id);
  g_autofree char *body = make_body (run);
  LsResolution resolution = (LsResolution)ls_queue_world_below (run->world, LS_RESOLUTION_INVALID);

  note_decision (run, action);
  if (action->status == LS_ACTION_CONFLICT && action->type == LS_ACTION_DELETE &&
      resolution == LS_RESOLUTION_MERGE)
    resolution = LS_RESOLUTION_KEEP_LOCAL;
  if (action->status == LS_ACTION_CONFLICT)
    ls_queue_resolve (h->queue, id, resolution, body, action->server_version, ticket);
  else if (ls_queue_world_happens (run->world, 500))
    ls_queue_discard (h->queue, id, ticket);
  else
    ls_queue_edit (h->queue, id, action->type == LS_ACTION_DELETE ? NULL : body, ticket);
  ls_queue_harness_run (h);
}

static void
user_does_something (Run *run)
{
  LsQueueHarness *h = run->world->h;
  const LsAction *action = choose_action (run);
  g_autofree char *id = action != NULL ? g_strdup (action->id) : NULL;
  g_autofree char *body = make_body (run);
  gpointer ticket = ls_queue_harness_ticket (h);

  if (action == NULL)
    return;

  note_decision (run, action);
  switch (ls_queue_world_below (run->world, 6))
    {
    case 0:
      ls_queue_edit (h->queue, id, body, ticket);
      break;
    case 1:
      ls_queue_cancel (h->queue, id, ticket);
      break;
    case 2:
      ls_queue_retry (h->queue, id, ticket);
      break;
    case 3:
      ls_queue_flush (h->queue);
      break;
    case 4:
      ls_queue_undo (h->queue, id, ls_queue_world_get_cached (run->world, action->entity_id),
                     ticket);
      break;
    default:
      settle_by_hand (run, action);
      break;
    }
  ls_queue_harness_run (h);
}

static const struct
{
  void (*func) (Run *run);
  guint weight;
} steps[] = {
  { enqueue, 25 },
  { somebody_else_writes, 5 },
  { stream, 15 },
  { write_disk, 50 },
  { request, 40 },
  { read_row, 30 },
  { arrive_late, 5 },
  { pass_time, 15 },
  { change_link, 4 },
  { crash, 3 },
  { user_does_something, 5 },
  { refresh_tokens, 10 },
};

static void
do_something (Run *run)
{
  gint64 total = 0, n;
  guint i = 0;

  for (guint j = 0; j < G_N_ELEMENTS (steps); j++)
    total += steps[j].weight;
  for (n = ls_queue_world_below (run->world, total); n >= steps[i].weight; i++)
    n -= steps[i].weight;
  steps[i].func (run);
  hear (run);
}

/* Everything is well, and the user decides about everything that waits for that. */
static void
come_to_an_end (Run *run)
{
  LsQueueHarness *h = run->world->h;
  const LsQueueCounts *counts;
  const guint undecided = 1u << LS_ACTION_CONFLICT | 1u << LS_ACTION_FAILED;

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *next = NULL;
      g_autoptr (GPtrArray) actions = NULL;

      refresh_tokens (run);
      /* The fresh token was refused, too: a sign-in opens the queue anew. */
      if (i % 10 == 9)
        ls_queue_harness_crash (h);
      ls_queue_world_settle (run->world);
      hear (run);
      counts = ls_queue_get_counts (h->queue);
      actions = ls_queue_list (h->queue, undecided, NULL, 1, NULL, &next);
      if (actions->len == 0 && counts->pending + counts->in_flight == 0)
        return;
      if (actions->len > 0)
        settle_by_hand (run, actions->pdata[0]);
    }
  counts = ls_queue_get_counts (h->queue);
  ls_queue_world_fail (run->world,
                       "%u are pending, %u with the server, %u failed, %u in conflict for ever",
                       counts->pending, counts->in_flight, counts->failed, counts->conflicts);
}

static gboolean
is_accepted (const LsAction *action)
{
  return action->outcome == LS_OUTCOME_ACCEPTED || action->outcome == LS_OUTCOME_ACCEPTED_CHANGED;
}

/* A delete may find the row gone, and a merge nothing left to do. At the classic system also a change may find
 * that it is done, without anybody knowing by whom; and if somebody else came between it and the lost answer, the
 * user is asked. */
static void
check_action (Run *run, const LsAction *action)
{
  guint n = ls_queue_world_count_done (run->world, action->id);
  gboolean must_be_done = is_accepted (action) && action->type == LS_ACTION_CREATE;

  ls_queue_world_check (run->world, action->visible, "%s has never become visible", action->id);
  if (run->world->is_classic && g_hash_table_contains (run->decided, action->id))
    return;

  if (!run->world->is_classic)
    must_be_done = is_accepted (action) && action->type != LS_ACTION_DELETE &&
                   !g_str_equal (action->body, "{}");
  ls_queue_world_check (run->world, n <= 1, "%s was done %u times", action->id, n);
  ls_queue_world_check (run->world, n == 1 || !must_be_done, "%s was not done, but accepted",
                        action->id);
  ls_queue_world_check (run->world, n == 0 || is_accepted (action),
                        "%s was done, but is said to be %s", action->id,
                        ls_outcome_to_string (action->outcome));
}

static void
check_rows (Run *run)
{
  for (guint i = 0; i < N_ROWS; i++)
    {
      g_autofree char *id = g_strdup_printf ("row-%u", i);
      g_autofree char *shown = ls_queue_world_get_shown (run->world, id);
      const LsRow *row = ls_model_table_find (run->world->server, id);
      const char *is = row != NULL && !row->deleted ? row->data : NULL;

      ls_queue_world_check (run->world, g_strcmp0 (shown, is) == 0, "%s is shown as %s, but is %s",
                            id, shown, is);
    }
}

static void
check_everything (Run *run)
{
  GHashTableIter iter;
  gpointer id, action;

  g_hash_table_iter_init (&iter, run->acknowledged);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    ls_queue_world_check (run->world, g_hash_table_contains (run->world->h->disk, id),
                          "%s was acknowledged, and is lost", (char *)id);
  g_hash_table_iter_init (&iter, run->world->h->disk);
  while (g_hash_table_iter_next (&iter, NULL, &action))
    check_action (run, action);
  check_rows (run);
}

/* What all seeds of one test have in common, and have come to. */
typedef struct
{
  gboolean is_classic;
  guint n_expired;
} Seeds;

static void
run_seed (guint64 seed, gconstpointer data)
{
  Seeds *seeds = (Seeds *)data;
  Run run = { .world = ls_queue_world_new (seed, seeds->is_classic) };

  run.acknowledged = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  run.world->h->manual = TRUE;
  run.decided = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (!seeds->is_classic)
    run.world->h->config.policies[LS_ENTITY_GRADE] =
        (LsConflictPolicy)ls_queue_world_below (run.world, LS_CONFLICT_POLICY_LOCAL + 1);
  ls_queue_set_config (run.world->h->queue, &run.world->h->config);
  ls_queue_harness_run (run.world->h);
  for (guint i = 0; i < N_STEPS; i++)
    do_something (&run);
  come_to_an_end (&run);
  check_everything (&run);

  g_hash_table_unref (run.acknowledged);
  g_hash_table_unref (run.decided);
  ls_queue_world_free (run.world);
  seeds->n_expired += run.n_expired;
}

static void
test_once (gconstpointer is_classic)
{
  Seeds seeds = { .is_classic = GPOINTER_TO_INT (is_classic) };

  ls_seed_run (SEEDS, LONG_SEEDS, run_seed, &seeds);
  g_test_message ("%u actions have expired", seeds.n_expired);
  g_assert_true (g_getenv ("LABSYNC_SEED") != NULL || seeds.n_expired > 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ls_quiet_log_install ();

  g_test_add_data_func ("/simulation/queue/once", GINT_TO_POINTER (FALSE), test_once);
  g_test_add_data_func ("/simulation/queue/once-at-the-classic-system", GINT_TO_POINTER (TRUE),
                        test_once);
  return g_test_run ();
}
