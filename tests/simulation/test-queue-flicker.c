/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* 10,000 writes of ours, with others writing beside them: what was once shown of a row never comes back after it was
 * replaced (goals, F11). Each side writes ever greater numbers into a member of its own, so that what is shown must
 * never become less. */
#include "ls-queue-world.h"
#include "ls-seed.h"

#define N_WRITES 10000
#define N_ROWS 6
/* The first number: all of them are greater than one that no server takes. */
#define FIRST (LS_MODEL_POISON + 1)
/* How many may wait: with more the test would be about that alone. */
#define MAX_WAITING 8

typedef struct
{
  LsQueueWorld *world;
  gint64 n_writes;
  gint64 n_theirs;
  gint64 shown_ours[N_ROWS];
  gint64 shown_theirs[N_ROWS];
  GHashTable *
      poll; /* (owned) (nullable) (element-type utf8 LsRow): what the classic system had when it was asked */
  GQueue held; /* (owned) (element-type LsEvent): what is to go into the cache after that */
} Run;

static char *
get_id (guint i)
{
  return g_strdup_printf ("row-%u", i);
}

static void
check (Run *run)
{
  for (guint i = 0; i < N_ROWS; i++)
    {
      g_autofree char *id = get_id (i);
      g_autofree char *shown = ls_queue_world_get_shown (run->world, id);
      gint64 ours = ls_queue_world_get_number (run->world, shown, "score");
      gint64 theirs = ls_queue_world_get_number (run->world, shown, "note");

      ls_queue_world_check (run->world, ours >= run->shown_ours[i],
                            "%s: %d was shown, and now %d is", id, (int)run->shown_ours[i],
                            (int)ours);
      ls_queue_world_check (run->world, theirs >= run->shown_theirs[i],
                            "%s: %d of others was shown, and now %d is", id,
                            (int)run->shown_theirs[i], (int)theirs);
      run->shown_ours[i] = ours;
      run->shown_theirs[i] = theirs;
    }
}

static void
write_here (Run *run)
{
  g_autofree char *id = get_id ((guint)ls_queue_world_below (run->world, N_ROWS));
  g_autofree char *body =
      g_strdup_printf ("{\"score\":%" G_GINT64_FORMAT "}", FIRST + run->n_writes);
  LsActionDraft draft = { .type = LS_ACTION_UPDATE,
                          .entity = "grade",
                          .entity_id = id,
                          .body = body,
                          .coalesce = ls_queue_world_happens (run->world, 200),
                          .method = LS_METHOD_INVALID };

  if (ls_queue_get_counts (run->world->h->queue)->pending >= MAX_WAITING)
    return;
  run->n_writes++;
  ls_queue_harness_try (run->world->h, &draft, ls_queue_world_get_cached (run->world, id));
}

static void
write_there (Run *run)
{
  g_autofree char *id = get_id ((guint)ls_queue_world_below (run->world, N_ROWS));
  g_autofree char *body = g_strdup_printf ("{\"note\":%" G_GINT64_FORMAT "}", ++run->n_theirs);

  ls_model_table_write (run->world->server, id, body);
}

static void
put_into_cache (Run *run, const char *id, const char *data)
{
  g_hash_table_replace (run->world->cache, g_strdup (id),
                        ls_row_new (LS_ENTITY_GRADE, id, data, 0));
}

static void
begin_poll (Run *run)
{
  run->poll = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)ls_row_free);
  for (guint i = 0; i < N_ROWS; i++)
    {
      g_autofree char *id = get_id (i);
      const LsRow *row = ls_model_table_find (run->world->server, id);

      g_hash_table_insert (run->poll, g_strdup (id),
                           ls_row_new (LS_ENTITY_GRADE, id, row->data, 0));
    }
}

/* What is fed to the cache waits for what is being asked for, as that may be from before: so does the agent. */
static void
feed_cache (Run *run)
{
  LsQueueHarness *h = run->world->h;

  while (h->feeds.length > 0)
    g_queue_push_tail (&run->held, g_queue_pop_head (&h->feeds));
  while (run->poll == NULL && run->held.length > 0)
    {
      g_autoptr (LsEvent) event = g_queue_pop_head (&run->held);

      put_into_cache (run, event->entity_id, event->data);
    }
  ls_queue_moved (h->queue, LS_CURSOR_NONE, run->poll == NULL);
  ls_queue_harness_run (h);
}

static void
end_poll (Run *run)
{
  GHashTableIter iter;
  gpointer id, row;

  g_hash_table_iter_init (&iter, run->poll);
  while (g_hash_table_iter_next (&iter, &id, &row))
    put_into_cache (run, id, ((const LsRow *)row)->data);
  g_clear_pointer (&run->poll, g_hash_table_unref);
  feed_cache (run);
}

static void
stream (Run *run)
{
  if (!run->world->is_classic)
    ls_queue_world_stream (run->world, 1 + ls_queue_world_below (run->world, 4));
  else if (run->poll != NULL)
    end_poll (run);
  else
    begin_poll (run);
}

static void
serve (Run *run)
{
  LsQueueHarness *h = run->world->h;
  gint64 what = ls_queue_world_below (run->world, 10);

  if (h->reads.length > 0)
    ls_queue_world_read (run->world);
  if (h->sends.length == 0)
    return;
  if (what < 7)
    ls_queue_world_serve (run->world);
  else if (what < 9)
    ls_queue_world_lose_answer (run->world);
  else
    ls_queue_world_lose_request (run->world);
}

static void
pass_time (Run *run)
{
  ls_queue_harness_advance (run->world->h, ls_queue_world_below (run->world, 60000));
}

static void
write_disk (Run *run)
{
  if (run->world->h->write != NULL)
    ls_queue_harness_write (run->world->h);
}

static void
crash (Run *run)
{
  if (!ls_queue_world_happens (run->world, 30))
    return;

  /* What was not acknowledged may be lost, and was not shown. */
  ls_queue_world_crash (run->world);
  if (run->poll != NULL)
    end_poll (run);
  /* A poll is taken before anything is sent. */
  if (run->world->is_classic)
    {
      begin_poll (run);
      end_poll (run);
    }
  ls_queue_harness_connect (run->world->h,
                            run->world->is_classic ? LS_PROTOCOL_CLASSIC : LS_PROTOCOL_LABSYNC_V1);
}

static void
do_something (Run *run)
{
  static void (*const steps[]) (Run *) = { write_here, write_here, write_disk,  write_disk,
                                           write_disk, write_disk, write_there, stream,
                                           stream,     serve,      serve,       serve,
                                           serve,      serve,      pass_time,   crash };

  steps[ls_queue_world_below (run->world, G_N_ELEMENTS (steps))](run);
  if (run->world->is_classic)
    feed_cache (run);
  check (run);
}

static void
begin (Run *run, guint64 seed, gboolean is_classic)
{
  LsQueueWorld *world = ls_queue_world_new (seed, is_classic);

  *run = (Run) { .world = world };
  g_queue_init (&run->held);
  world->h->config.policies[LS_ENTITY_GRADE] = LS_CONFLICT_POLICY_MERGE;
  ls_queue_set_config (world->h->queue, &world->h->config);
  for (guint i = 0; i < N_ROWS; i++)
    {
      g_autofree char *id = get_id (i);

      ls_model_table_write (world->server, id, "{\"score\":0,\"note\":0}");
    }
  ls_queue_world_stream (world, G_MAXINT32);
  world->h->manual = TRUE;
  ls_queue_world_connect (world);
}

static void
test_flicker (gconstpointer is_classic)
{
  Run run;

  begin (&run, ls_seed_choose (), GPOINTER_TO_INT (is_classic));
  while (run.n_writes < N_WRITES)
    do_something (&run);
  if (run.poll != NULL)
    end_poll (&run);
  ls_queue_world_free (run.world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/simulation/queue/flicker", GINT_TO_POINTER (FALSE), test_flicker);
  g_test_add_data_func ("/simulation/queue/flicker-at-the-classic-system", GINT_TO_POINTER (TRUE),
                        test_flicker);
  return g_test_run ();
}
