/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything that can happen to tokens: nothing is lost by it, and nobody is asked again and again. */
#include <stdlib.h>

#include "ls-action-queue.h"
#include "ls-fake-queue-store.h"
#include "ls-quiet-log.h"
#include "ls-seed.h"
#include "ls-sim-agent.h"
#include "ls-wire-classic.h"
#include "ls-wire-edit.h"

/* How many seeds a commit tries, and `tests/run --long`. */
#define SEEDS 20
#define LONG_SEEDS 2000
/* How many things go wrong in a run, and the longest time between two, in milliseconds. */
#define N_FAULTS 200
#define MAX_PAUSE 120000
/* How long a fault lasts at most, in milliseconds. */
#define MAX_FAULT 40000
/* How long a user takes at most to see that a sign-in is needed, in milliseconds. */
#define MAX_HESITATION 60000
/* By then everything must be well again: the longest wait, and a token that is too young to be replaced. */
#define RECOVERY 180000
/* Tokens that are younger are not replaced, in milliseconds. */
#define YOUNG 60000
/* Sign-ins and refreshes within a minute */
#define MAX_AUTHS_PER_MINUTE 5

#define HOUR (60 * 60 * 1000)

typedef struct
{
  LsSim *sim;
  LsModelServer *server;
  LsSimAgent *agent;
  GArray *auths;   /* (element-type gint64): when there was a sign-in or refresh */
  GArray *crashes; /* (element-type gint64): likewise */
  guint heals;     /* alarms that end a fault */
  LsFakeQueueStore *queue_store;
  LsActionQueue *queue;
  guint n_wishes;       /* of apps for rows, which are numbered so */
  GHashTable *promised; /* (element-type guint): the rows that they were told will be made */
  GHashTable *made;     /* (element-type guint): those that the server has made */
  GHashTable *done;     /* (element-type utf8): idempotency keys that it knows */
  guint user;           /* alarm: the user looks at the screen */
} Run;

/* The server makes the row that is numbered so, once for each key. */
static LsActionReply *
act (const LsActionRequest *request, gpointer user_data)
{
  Run *run = user_data;
  LsActionReply *reply = ls_action_reply_new (201);
  g_autofree char *text = ls_wire_data_get_text (request->body, "n");
  guint n = (guint)g_ascii_strtoull (text, NULL, 10);

  reply->is_ours = TRUE;
  reply->version = 1;
  reply->replayed = !g_hash_table_add (run->done, g_strdup (request->key));
  ls_sim_check (run->sim, reply->replayed || g_hash_table_add (run->made, GUINT_TO_POINTER (n)),
                "row %u is made twice", n);
  return reply;
}

/* An app's wish for a row, until it is told that it will be made. */
typedef struct
{
  Run *run;
  guint n;
} Wish;

static void
enqueued_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autofree Wish *wish = user_data;
  g_autofree char *id = ls_action_queue_enqueue_finish (LS_ACTION_QUEUE (object), result, NULL);

  if (id != NULL)
    g_hash_table_add (wish->run->promised, GUINT_TO_POINTER (wish->n));
}

static void
enqueue (Run *run)
{
  Wish *wish = g_new0 (Wish, 1);
  g_autofree char *body = g_strdup_printf ("{\"n\":%u}", ++run->n_wishes);
  LsActionDraft draft = { .type = LS_ACTION_CREATE,
                          .entity = "note",
                          .body = body,
                          .endpoint = "/api/notes",
                          .method = LS_METHOD_POST };

  *wish = (Wish) { run, run->n_wishes };
  ls_action_queue_enqueue_async (run->queue, &draft, NULL, enqueued_cb, wish);
}

static void
start_queue (Run *run)
{
  const LsDataEditor editor = {
    ls_wire_edit_check,    ls_wire_edit_lay_over,   ls_wire_edit_agrees,     ls_wire_edit_is_same,
    ls_wire_edit_merge,    ls_wire_edit_invert,     ls_wire_edit_set_member, ls_wire_edit_rename,
    ls_wire_data_get_text, ls_wire_edit_has_member,
  };
  const LsQueueConfig config = { .max_actions = 10000, .max_bytes = 1 << 20 };

  run->queue = ls_action_queue_new (run->agent->agent, LS_QUEUE_STORE (run->queue_store),
                                    LS_TRANSPORT (run->agent->transport),
                                    LS_CLOCK (run->sim->clock), run->sim->chance, &editor, &config);
}

static void
user_looks (gpointer user_data)
{
  Run *run = user_data;

  run->user = 0;
  if (ls_agent_get_account_state (run->agent->agent) == LS_ACCOUNT_EXPIRED ||
      ls_agent_get_account_state (run->agent->agent) == LS_ACCOUNT_SIGNED_OUT)
    {
      ls_sim_trace (run->sim, "the user signs in");
      ls_sim_agent_sign_in (run->agent);
    }
  run->user = ls_sim_after (
      run->sim, MAX_HESITATION / 2 + ls_sim_below (run->sim, MAX_HESITATION / 2), user_looks, run);
}

/* What can happen */

static void
write_some (Run *run)
{
  for (gint64 n = ls_sim_below (run->sim, 12); n >= 0; n--)
    ls_model_server_write (run->server);
}

static void
enqueue_some (Run *run)
{
  for (gint64 n = ls_sim_below (run->sim, 12); n >= 0; n--)
    enqueue (run);
}

static void
expire (Run *run)
{
  ls_sim_trace (run->sim, "the access token ends early");
  ls_model_server_expire (run->server);
}

static void
revoke_session (Run *run)
{
  ls_sim_trace (run->sim, "the session is ended from elsewhere");
  ls_model_server_revoke (run->server);
}

static void
rotated_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  ls_secrets_store_finish (LS_SECRETS (object), result, NULL);
}

/* Another process of the same user has refreshed, and kept what it got where it belongs. */
static void
rotate (Run *run)
{
  g_autoptr (LsSession) session = ls_model_server_rotate (run->server);

  ls_sim_trace (run->sim, "somebody else refreshes");
  ls_secrets_store_async (LS_SECRETS (run->agent->secrets), run->agent->config->server, "anna",
                          session, NULL, rotated_cb, NULL);
}

static void
end_faults (Run *run)
{
  run->agent->link = (LsSimLink) {
    .latency = 50, .upgrade_works = TRUE, .act = act, .act_data = run, .auths = run->auths
  };
  ls_fake_secrets_set_state (run->agent->secrets, LS_FAKE_SECRETS_OK);
}

static void
on_heal (gpointer user_data)
{
  Run *run = user_data;

  run->heals--;
  end_faults (run);
}

static void
heal_later (Run *run)
{
  run->heals++;
  ls_sim_after (run->sim, 1 + ls_sim_below (run->sim, MAX_FAULT), on_heal, run);
}

static void
refuse (Run *run)
{
  ls_sim_trace (run->sim, "there is no room for refreshes");
  run->agent->link.busy = 800;
  if (ls_sim_happens (run->sim, 500))
    expire (run);
  heal_later (run);
}

static void
lose_answers (Run *run)
{
  ls_sim_trace (run->sim, "answers to refreshes are lost");
  run->agent->link.forgetful = 700;
  expire (run);
  heal_later (run);
}

static void
cut_link (Run *run)
{
  run->agent->link.is_cut = TRUE;
  ls_sim_transport_cut (run->agent->transport);
  heal_later (run);
}

static void
jump_wall (Run *run)
{
  static const gint64 jumps[] = { 2 * HOUR, -2 * HOUR, 24 * HOUR, -24 * HOUR };
  LsClock *clock = LS_CLOCK (run->sim->clock);

  ls_sim_trace (run->sim, "the clock jumps");
  if (ls_sim_happens (run->sim, 200)) /* the battery is empty: 1970 */
    ls_fake_clock_jump_wall (run->sim->clock, -ls_clock_get_wall (clock));
  else if (ls_sim_happens (run->sim, 400)) /* somebody sets it */
    ls_fake_clock_jump_wall (run->sim->clock,
                             ls_sim_get_server_wall (run->sim) - ls_clock_get_wall (clock));
  else
    ls_fake_clock_jump_wall (run->sim->clock, jumps[ls_sim_below (run->sim, G_N_ELEMENTS (jumps))]);
}

/* The process dies, perhaps with tokens that nobody has seen yet. */
static void
crash_agent (Run *run)
{
  gint64 now = ls_sim_get_time (run->sim);

  ls_sim_trace (run->sim, "the agent crashes");
  g_array_append_val (run->crashes, now);
  g_object_run_dispose (G_OBJECT (run->queue));
  ls_fake_queue_store_crash (run->queue_store);
  ls_sim_settle (run->sim);
  g_assert_finalize_object (run->queue);
  ls_sim_agent_crash (run->agent);
  ls_sim_agent_start (run->agent);
  start_queue (run);
}

static void
expire_and_crash (Run *run)
{
  expire (run);
  ls_sim_run (run->sim, ls_sim_below (run->sim, 400));
  crash_agent (run);
}

static void
lock_keyring (Run *run)
{
  ls_sim_trace (run->sim, "the keyring is locked or hangs");
  ls_fake_secrets_set_state (run->agent->secrets, ls_sim_happens (run->sim, 500)
                                                      ? LS_FAKE_SECRETS_LOCKED
                                                      : LS_FAKE_SECRETS_HUNG);
  if (ls_sim_happens (run->sim, 500))
    expire (run);
  heal_later (run);
}

static void (*const faults[]) (Run *run) = {
  write_some, enqueue_some, enqueue_some, write_some, expire,      revoke_session,   rotate,
  refuse,     cut_link,     lose_answers, jump_wall,  crash_agent, expire_and_crash, lock_keyring,
};

static guint
count_in_last_minute (Run *run, GArray *times)
{
  guint n = 0;

  while (n < times->len &&
         g_array_index (times, gint64, times->len - 1 - n) > ls_sim_get_time (run->sim) - 60000)
    n++;
  return n;
}

/* A process that has just begun knows nothing of what the one before has asked for. */
static void
check_auths (Run *run)
{
  guint n = count_in_last_minute (run, run->auths);
  guint n_crashes = count_in_last_minute (run, run->crashes);

  ls_sim_check (run->sim, n <= MAX_AUTHS_PER_MINUTE + n_crashes,
                "%u sign-ins and refreshes in a minute", n);
}

/* Lets time pass, and looks now and then. */
static void
pass_time (Run *run, gint64 duration)
{
  for (; duration > 0; duration -= 1000)
    {
      ls_sim_run (run->sim, MIN (duration, 1000));
      check_auths (run);
    }
}

static void
check_recovery (Run *run)
{
  g_autofree char *difference = NULL;

  while (run->heals > 0)
    pass_time (run, 1000);
  end_faults (run);
  pass_time (run, RECOVERY);
  /* The token may end at this very moment. */
  if (ls_sim_agent_get_state (run->agent) != LS_STATE_LIVE)
    pass_time (run, RECOVERY);
  ls_sim_check (run->sim, ls_sim_agent_get_state (run->agent) == LS_STATE_LIVE, "the agent is %s",
                ls_state_to_string (ls_sim_agent_get_state (run->agent)));
  ls_sim_check (run->sim, ls_agent_get_account_state (run->agent->agent) == LS_ACCOUNT_SIGNED_IN,
                "the account is not signed in");
  difference = ls_sim_agent_compare (run->agent, TRUE);
  ls_sim_check (run->sim, difference == NULL, "at the end %s", difference);
}

/* All that was promised is done. That nothing is done twice the server sees. */
static void
check_actions (Run *run)
{
  const LsQueueCounts *counts = ls_action_queue_get_counts (run->queue);
  GHashTableIter iter;
  gpointer n;

  ls_sim_check (run->sim, counts->pending == 0 && counts->in_flight == 0 && counts->failed == 0,
                "%u actions wait, %u are with the server, %u have failed", counts->pending,
                counts->in_flight, counts->failed);
  g_hash_table_iter_init (&iter, run->promised);
  while (g_hash_table_iter_next (&iter, &n, NULL))
    ls_sim_check (run->sim, g_hash_table_contains (run->made, n),
                  "row %u was promised and is not made", GPOINTER_TO_UINT (n));
}

static void
run_begin (Run *run, guint64 seed)
{
  run->sim = ls_sim_new (seed);
  run->server = ls_model_server_new (run->sim);
  run->auths = g_array_new (FALSE, FALSE, sizeof (gint64));
  run->crashes = g_array_new (FALSE, FALSE, sizeof (gint64));
  run->promised = g_hash_table_new (NULL, NULL);
  run->made = g_hash_table_new (NULL, NULL);
  run->done = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  run->queue_store = ls_fake_queue_store_new ();
  run->agent = ls_sim_agent_new (run->sim, run->server);
  start_queue (run);
  end_faults (run);
  write_some (run);
  user_looks (run);
}

static void
run_end (Run *run)
{
  ls_action_queue_stop (run->queue);
  ls_sim_settle (run->sim);
  g_assert_finalize_object (run->queue);
  ls_sim_cancel (run->sim, &run->user);
  ls_sim_agent_free (run->agent);
  ls_model_server_free (run->server);
  g_assert_finalize_object (run->queue_store);
  g_hash_table_unref (run->promised);
  g_hash_table_unref (run->made);
  g_hash_table_unref (run->done);
  g_array_unref (run->auths);
  g_array_unref (run->crashes);
  ls_sim_free (run->sim);
}

static void
run_seed (guint64 seed, gconstpointer data)
{
  Run run = { NULL };

  run_begin (&run, seed);
  for (guint i = 0; i < N_FAULTS; i++)
    {
      pass_time (&run, ls_sim_below (run.sim, MAX_PAUSE));
      faults[ls_sim_below (run.sim, G_N_ELEMENTS (faults))](&run);
    }
  check_recovery (&run);
  check_actions (&run);
  run_end (&run);
}

/* However many requests are refused at once: there is one refresh, and all of them are done after it. */
static void
test_many_refusals (void)
{
  Run run = { NULL };
  guint n;

  run_begin (&run, 7);
  pass_time (&run, 2 * YOUNG);
  g_assert_cmpint (ls_sim_agent_get_state (run.agent), ==, LS_STATE_LIVE);
  n = run.auths->len;
  for (guint i = 0; i < 50; i++)
    enqueue (&run);
  ls_model_server_expire (run.server);
  pass_time (&run, 10000);
  g_assert_cmpuint (run.auths->len, ==, n + 1);
  g_assert_cmpuint (g_hash_table_size (run.promised), ==, 50);
  check_actions (&run);
  run_end (&run);
}

static void
test_faults (void)
{
  ls_seed_run (SEEDS, LONG_SEEDS, run_seed, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ls_quiet_log_install ();

  g_test_add_func ("/simulation/tokens/many-refusals", test_many_refusals);
  g_test_add_func ("/simulation/tokens/faults", test_faults);
  return g_test_run ();
}
