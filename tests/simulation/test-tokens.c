/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything that can happen to tokens: nothing is lost by it, and nobody is asked again and again. */
#include <stdlib.h>

#include "ls-sim-agent.h"

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
  guint user;      /* alarm: the user looks at the screen */
} Run;

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
refuse (Run *run)
{
  ls_sim_trace (run->sim, "there is no room for refreshes");
  ls_model_server_refuse_refreshes (run->server, 1 + (guint)ls_sim_below (run->sim, 4));
  if (ls_sim_happens (run->sim, 500))
    expire (run);
}

static void
end_faults (Run *run)
{
  run->agent->link = (LsSimLink) { .latency = 50, .upgrade_works = TRUE, .auths = run->auths };
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
  ls_sim_agent_crash (run->agent);
  ls_sim_agent_start (run->agent);
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
  write_some, write_some,   expire,    revoke_session, rotate,           refuse,
  cut_link,   lose_answers, jump_wall, crash_agent,    expire_and_crash, lock_keyring,
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
  ls_model_server_refuse_refreshes (run->server, 0);
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

static void
run_seed (guint64 seed)
{
  Run run = { .sim = ls_sim_new (seed) };

  run.server = ls_model_server_new (run.sim);
  run.auths = g_array_new (FALSE, FALSE, sizeof (gint64));
  run.crashes = g_array_new (FALSE, FALSE, sizeof (gint64));
  run.agent = ls_sim_agent_new (run.sim, run.server);
  end_faults (&run);
  write_some (&run);
  user_looks (&run);
  for (guint i = 0; i < N_FAULTS; i++)
    {
      pass_time (&run, ls_sim_below (run.sim, MAX_PAUSE));
      faults[ls_sim_below (run.sim, G_N_ELEMENTS (faults))](&run);
    }
  check_recovery (&run);

  ls_sim_cancel (run.sim, &run.user);
  ls_sim_agent_free (run.agent);
  ls_model_server_free (run.server);
  g_array_unref (run.auths);
  g_array_unref (run.crashes);
  ls_sim_free (run.sim);
}

static void
test_faults (void)
{
  const char *seed = g_getenv ("LABSYNC_SEED");
  guint n = g_getenv ("LABSYNC_LONG") != NULL ? LONG_SEEDS : SEEDS;
  guint64 first = seed != NULL ? g_ascii_strtoull (seed, NULL, 10) : (guint64)g_get_real_time ();

  if (seed != NULL)
    n = 1;
  g_test_message ("seeds %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT, first, first + n - 1);
  for (guint i = 0; i < n; i++)
    run_seed (first + i);
}

/* What goes wrong here does so on purpose: only what is fatal is said. */
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  if ((level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) == 0)
    return G_LOG_WRITER_HANDLED;

  return g_log_writer_standard_streams (level, fields, n_fields, user_data);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  g_log_set_writer_func (write_log, NULL, NULL);

  g_test_add_func ("/simulation/tokens/faults", test_faults);
  return g_test_run ();
}
