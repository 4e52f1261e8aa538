/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* 10,000 actions of which some can't be done: the others are not the slower for it (goals, F16), and of each that can't
 * be done there is all that a user needs to decide. */
#include "ls-queue-world.h"

#define N_ACTIONS 10000
/* How long a request takes there and back, in milliseconds. */
#define ROUND_TRIP 20

typedef struct
{
  LsQueueWorld *world;
  guint n_good;
  gint64 begun_at;
  gint64 done_at; /* when the last good one was done */
} Drain;

static gint64
get_now (Drain *drain)
{
  return ls_clock_get_monotonic (LS_CLOCK (drain->world->h->clock));
}

static void
write_rows (Drain *drain, guint first, guint n, guint step, const char *changes)
{
  for (guint i = first; i < n; i += step)
    {
      g_autofree char *id = g_strdup_printf ("row-%u", i);

      ls_model_table_write (drain->world->server, id, changes);
    }
}

static void
add (Drain *drain, guint number, gboolean is_poison)
{
  LsQueueWorld *world = drain->world;
  g_autofree char *id = g_strdup_printf ("row-%u", number);
  g_autofree char *body =
      g_strdup_printf ("{\"score\":%u}", is_poison ? LS_MODEL_POISON : 1000 + number);
  LsActionDraft draft = { .type = LS_ACTION_UPDATE,
                          .entity = "grade",
                          .entity_id = id,
                          .body = body,
                          .method = LS_METHOD_INVALID };

  ls_queue_harness_enqueue (world->h, &draft, ls_queue_world_get_cached (world, id));
}

static guint
count_accepted (Drain *drain)
{
  GPtrArray *told = drain->world->h->told;
  guint n = 0;

  for (guint i = 0; i < told->len; i++)
    n += ((const LsAction *)told->pdata[i])->outcome == LS_OUTCOME_ACCEPTED;
  g_ptr_array_set_size (told, 0);
  return n;
}

/* Everything under way is answered after a round trip, and not before. */
static void
run (Drain *drain)
{
  LsQueueHarness *h = drain->world->h;
  guint n_done = 0;

  drain->begun_at = get_now (drain);
  ls_queue_world_connect (drain->world);
  while (n_done < drain->n_good)
    {
      guint n = h->sends.length;

      ls_queue_harness_advance (h, ROUND_TRIP);
      for (guint i = 0; i < n; i++)
        ls_queue_world_serve (drain->world);
      n_done += count_accepted (drain);
      g_assert_cmpint (get_now (drain) - drain->begun_at, <, 3600000);
    }
  drain->done_at = get_now (drain);
}

static void
check_bad (Drain *drain, guint n_poison, guint n_conflicts)
{
  LsQueueHarness *h = drain->world->h;
  g_autofree char *next = NULL;
  g_autoptr (GPtrArray) bad = NULL;

  while (h->sends.length > 0)
    ls_queue_world_serve (drain->world);
  g_assert_cmpuint (ls_queue_get_counts (h->queue)->failed, ==, n_poison);
  g_assert_cmpuint (ls_queue_get_counts (h->queue)->conflicts, ==, n_conflicts);
  g_assert_cmpuint (ls_queue_get_counts (h->queue)->pending, ==, 0);
  bad = ls_queue_list (h->queue, 1u << LS_ACTION_FAILED | 1u << LS_ACTION_CONFLICT, "grade",
                       N_ACTIONS, NULL, &next);
  g_assert_cmpuint (bad->len, ==, n_poison + n_conflicts);
  for (guint i = 0; i < bad->len; i++)
    {
      const LsAction *action = bad->pdata[i];

      g_assert_nonnull (action->body);
      g_assert_nonnull (action->endpoint);
      g_assert_nonnull (action->reason);
      g_assert_cmpuint (action->http_status, >=, 400);
      g_assert_true (action->status == LS_ACTION_FAILED || action->server != NULL);
    }
}

/* Returns: how long it takes, in milliseconds, until all is done that can be. Of each hundred one can't be done, and one
 * was changed by somebody else, unless @is_clean. */
static gint64
measure (guint rate, gboolean is_clean)
{
  Drain drain = { .world = ls_queue_world_new (7, FALSE) };
  guint n = rate > 0 ? N_ACTIONS / 10 : N_ACTIONS;
  guint n_bad = is_clean ? 0 : n / 100;

  write_rows (&drain, 0, n, 1, "{\"score\":1}");
  ls_queue_world_stream (drain.world, G_MAXINT32);
  for (guint i = 0; i < n; i++)
    add (&drain, i, !is_clean && i % 100 == 0);
  if (!is_clean)
    write_rows (&drain, 50, n, 100, "{\"score\":2}");
  drain.n_good = n - 2 * n_bad;
  drain.world->h->config.rate = rate;
  ls_queue_set_config (drain.world->h->queue, &drain.world->h->config);
  run (&drain);
  check_bad (&drain, n_bad, n_bad);
  ls_queue_world_free (drain.world);
  return drain.done_at - drain.begun_at;
}

static void
compare (guint rate)
{
  gint64 clean = measure (rate, TRUE);
  gint64 mixed = measure (rate, FALSE);

  g_test_message ("%u/s: %" G_GINT64_FORMAT " ms without, %" G_GINT64_FORMAT
                  " ms with 1 %% that can't be done and 1 %% conflicts",
                  rate, clean, mixed);
  g_assert_cmpint (mixed, <=, clean * 105 / 100);
}

static void
test_drain (void)
{
  compare (0);
}

static void
test_drain_paced (void)
{
  compare (5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/simulation/queue/drain", test_drain);
  g_test_add_func ("/simulation/queue/drain-paced", test_drain_paced);
  return g_test_run ();
}
