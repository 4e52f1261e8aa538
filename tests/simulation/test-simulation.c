/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "ls-quiet-log.h"
#include "ls-seed.h"
#include "ls-sim-agent.h"

/* How many seeds a commit tries, and `tests/run --long`. */
#define SEEDS 20
#define LONG_SEEDS 2000
/* How many things go wrong in a run, and the longest time between two, in milliseconds. */
#define N_FAULTS 250
#define MAX_PAUSE 12000
/* How long a fault lasts at most, in milliseconds. */
#define MAX_FAULT 40000
/* By then everything must be well again: the longest wait (websocket-retry, 120 s), the longest
 * Retry-After of the model and its jitter, a call that hangs. In milliseconds. */
#define RECOVERY 180000
/* A call that was under way when something was written is answered by then, in milliseconds. */
#define QUIET 10000
/* Handshakes within a minute without a reason from outside: full jitter makes about 8 of the first
 * minute (waits of 0.5, 1, 2, 4, 8, 16, 30 s on average), and each may be short. */
#define MAX_OPENS_PER_MINUTE 30

typedef struct
{
  LsSim *sim;
  LsModelServer *server;
  LsSimAgent *agent;
  GArray *pushes; /* (element-type gint64): when there was a reason to try at once */
  GArray *opens;  /* (element-type gint64): handshakes of the processes that are gone */
  guint heals;    /* alarms that end a fault */
  LsEntitySet extra;
  guint n_writes; /* counts what makes a comparison void */
  gint64 last_write;
  gboolean is_compared; /* a sync that was asked for is to be checked */
  guint n_compared;
} Run;

/* An end of a fault that is still to come. */
typedef struct
{
  Run *run;
  void (*heal) (Run *run);
} Heal;

static void
on_heal (gpointer user_data)
{
  g_autofree Heal *heal = user_data;

  heal->run->heals--;
  heal->heal (heal->run);
}

static void
heal_later (Run *run, void (*func) (Run *run))
{
  Heal *heal = g_new0 (Heal, 1);

  heal->run = run;
  heal->heal = func;
  run->heals++;
  ls_sim_after (run->sim, 1 + ls_sim_below (run->sim, MAX_FAULT), on_heal, heal);
}

static void
push (Run *run)
{
  gint64 now = ls_sim_get_time (run->sim);

  g_array_append_val (run->pushes, now);
}

/* What the cache has to be compared with is not what it was any more. */
static void
forget_sync (Run *run)
{
  run->n_writes++;
  run->last_write = ls_sim_get_time (run->sim);
  run->is_compared = FALSE;
}

/* What can happen. Each has an end of its own; ends may come when another fault of the same kind
 * is on, which makes the runs differ the more. */

static void
write_some (Run *run)
{
  gint64 n = 1 + ls_sim_below (run->sim, 12);

  for (gint64 i = 0; i < n; i++)
    ls_model_server_write (run->server);
  forget_sync (run);
}

static void
cut (Run *run)
{
  ls_sim_transport_cut (run->agent->transport);
}

static void
reconnect_link (Run *run)
{
  run->agent->link.is_cut = FALSE;
  run->agent->link.is_silent = FALSE;
}

static void
cut_link (Run *run)
{
  run->agent->link.is_cut = TRUE;
  ls_sim_transport_cut (run->agent->transport);
  heal_later (run, reconnect_link);
}

static void
silence_link (Run *run)
{
  run->agent->link.is_silent = TRUE;
  heal_later (run, reconnect_link);
}

static void
network_up (Run *run)
{
  reconnect_link (run);
  ls_fake_network_set (run->agent->network, TRUE, FALSE);
  push (run);
}

static void
network_down (Run *run)
{
  run->agent->link.is_silent = ls_sim_happens (run->sim, 500);
  run->agent->link.is_cut = !run->agent->link.is_silent;
  ls_fake_network_set (run->agent->network, FALSE, FALSE);
  push (run);
  heal_later (run, network_up);
}

static void
metered (Run *run)
{
  ls_fake_network_set (run->agent->network, TRUE, ls_sim_happens (run->sim, 500));
  push (run);
}

static void
good_line (Run *run)
{
  run->agent->link = (LsSimLink) { .latency = 50,
                                   .upgrade_works = run->agent->link.upgrade_works,
                                   .is_cut = run->agent->link.is_cut,
                                   .is_silent = run->agent->link.is_silent };
}

static void
bad_line (Run *run)
{
  LsSimLink *link = &run->agent->link;

  link->latency = 1 + ls_sim_below (run->sim, 3000);
  link->slow = (guint)ls_sim_below (run->sim, 500);
  link->lossy = (guint)ls_sim_below (run->sim, 300);
  link->garbled = (guint)ls_sim_below (run->sim, 200);
  link->doubled = (guint)ls_sim_below (run->sim, 300);
  heal_later (run, good_line);
}

static void
allow_upgrade (Run *run)
{
  run->agent->link.upgrade_works = TRUE;
}

static void
refuse_upgrade (Run *run)
{
  run->agent->link.upgrade_works = FALSE;
  if (ls_sim_happens (run->sim, 700))
    cut (run);
  heal_later (run, allow_upgrade);
}

static void
start_server (Run *run)
{
  ls_model_server_start (run->server);
}

static void
crash_server (Run *run)
{
  ls_sim_trace (run->sim, "the server crashes");
  ls_model_server_crash (run->server);
  heal_later (run, start_server);
}

static void
drain_server (Run *run)
{
  ls_sim_trace (run->sim, "the server restarts");
  ls_model_server_drain (run->server, ls_sim_below (run->sim, 10) * 1000,
                         ls_sim_below (run->sim, 10) * 1000);
  heal_later (run, start_server);
}

static void
restore_server (Run *run)
{
  ls_sim_trace (run->sim, "the server is restored from its backup");
  ls_model_server_crash (run->server);
  ls_model_server_restore (run->server);
  forget_sync (run);
  if (ls_sim_happens (run->sim, 500))
    start_server (run);
  else
    heal_later (run, start_server);
}

static void
trim_log (Run *run)
{
  ls_sim_trace (run->sim, "the server's log is trimmed");
  ls_model_server_trim (run->server);
}

static void
fail_disk (Run *run)
{
  ls_sim_trace (run->sim, "the disk fails for a moment");
  ls_fake_store_fail_writes (run->agent->store, 1 + (guint)ls_sim_below (run->sim, 3));
}

static void
fast_disk (Run *run)
{
  run->agent->disk = 5;
}

static void
slow_disk (Run *run)
{
  run->agent->disk = 1 + ls_sim_below (run->sim, 4000);
  heal_later (run, fast_disk);
}

static void
follow_extra (Run *run)
{
  ls_agent_follow (run->agent->agent, run->extra);
}

static void
crash_agent (Run *run)
{
  gint64 n_done = ls_sim_below (run->sim, 3);
  GArray *opens = ls_sim_transport_get_opens (run->agent->transport);

  ls_sim_trace (run->sim, "the agent crashes");
  for (gint64 i = 0; i < n_done; i++)
    ls_fake_store_step (run->agent->store);
  g_array_append_vals (run->opens, opens->data, opens->len);
  ls_sim_agent_crash (run->agent);
  run->is_compared = FALSE;
  push (run);
  ls_sim_agent_start (run->agent);
  follow_extra (run);
}

static void
jump_wall (Run *run)
{
  ls_fake_clock_jump_wall (run->sim->clock, ls_sim_below (run->sim, 86400000) - 43200000);
}

static void
unlock_keyring (Run *run)
{
  ls_fake_secrets_set_state (run->agent->secrets, LS_FAKE_SECRETS_OK);
}

static void
lock_keyring (Run *run)
{
  ls_fake_secrets_set_state (run->agent->secrets, ls_sim_happens (run->sim, 500)
                                                      ? LS_FAKE_SECRETS_LOCKED
                                                      : LS_FAKE_SECRETS_HUNG);
  heal_later (run, unlock_keyring);
}

static void
change_apps (Run *run)
{
  LsEntitySet wanted = ls_sim_happens (run->sim, 500) ? 1u << LS_ENTITY_ANNOUNCEMENT : 0;

  wanted |= ls_sim_happens (run->sim, 500) ? 1u << LS_ENTITY_USER : 0;
  ls_sim_trace (run->sim, "apps want %x", wanted);
  forget_sync (run);
  ls_agent_unfollow (run->agent->agent, run->extra);
  run->extra = wanted;
  follow_extra (run);
}

static void
user_reconnects (Run *run)
{
  push (run);
  ls_agent_reconnect (run->agent->agent);
}

static void
user_connects (Run *run)
{
  push (run);
  ls_agent_connect (run->agent->agent);
}

static void
user_disconnects (Run *run)
{
  ls_agent_disconnect (run->agent->agent);
  heal_later (run, user_connects);
}

static void
user_signs_in_again (Run *run)
{
  push (run);
  ls_sim_agent_sign_in (run->agent);
}

typedef struct
{
  Run *run;
  guint n_writes;
  guint64 life;
  gboolean is_quiet; /* nothing of before is under way any more */
} Asked;

static void
synced_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autofree Asked *asked = user_data;
  Run *run = asked->run;
  gboolean synced = ls_agent_sync_finish (LS_AGENT (object), result, NULL);

  run->is_compared = synced && asked->is_quiet && asked->n_writes == run->n_writes &&
                     asked->life == run->agent->life;
}

/* Whoever asks for a sync and hears that nothing is missing must find everything in the cache. */
static void
user_syncs (Run *run)
{
  Asked *asked = g_new0 (Asked, 1);

  *asked = (Asked) { run, run->n_writes, run->agent->life,
                     ls_sim_get_time (run->sim) - run->last_write > QUIET };
  push (run);
  ls_sim_trace (run->sim, "the user asks for a sync");
  ls_agent_sync_async (run->agent->agent, NULL, synced_cb, asked);
}

static const struct
{
  void (*func) (Run *run);
  guint weight;
} faults[] = {
  { write_some, 60 },     { cut, 8 },
  { cut_link, 6 },        { silence_link, 6 },
  { network_down, 5 },    { metered, 3 },
  { bad_line, 10 },       { refuse_upgrade, 4 },
  { crash_server, 4 },    { drain_server, 4 },
  { restore_server, 3 },  { trim_log, 6 },
  { fail_disk, 6 },       { slow_disk, 6 },
  { crash_agent, 8 },     { jump_wall, 3 },
  { lock_keyring, 3 },    { change_apps, 6 },
  { user_reconnects, 2 }, { user_disconnects, 2 },
  { user_syncs, 10 },     { user_signs_in_again, 1 },
};

static void
do_something (Run *run)
{
  gint64 total = 0, n;
  guint i = 0;

  for (guint j = 0; j < G_N_ELEMENTS (faults); j++)
    total += faults[j].weight;
  for (n = ls_sim_below (run->sim, total); n >= faults[i].weight; i++)
    n -= faults[i].weight;
  faults[i].func (run);
  if (ls_sim_happens (run->sim, 50))
    ls_model_server_back_up (run->server);
}

static void
check_sync (Run *run)
{
  g_autofree char *difference = NULL;

  if (!run->is_compared)
    return;

  run->is_compared = FALSE;
  run->n_compared++;
  difference = ls_sim_agent_compare (run->agent, FALSE);
  ls_sim_check (run->sim, difference == NULL, "after a sync %s", difference);
}

static void
pass_time (Run *run, gint64 duration)
{
  gint64 end = ls_sim_get_time (run->sim) + duration;

  while (ls_sim_get_time (run->sim) < end)
    {
      gint64 delay = ls_fake_clock_get_next_delay (run->sim->clock);
      gint64 left = end - ls_sim_get_time (run->sim);

      ls_sim_run (run->sim, delay < 0 ? left : MIN (MAX (delay, 1), left));
      check_sync (run);
    }
}

static void
heal_everything (Run *run)
{
  ls_sim_trace (run->sim, "everything is well from here on");
  reconnect_link (run);
  good_line (run);
  allow_upgrade (run);
  start_server (run);
  fast_disk (run);
  unlock_keyring (run);
  ls_fake_store_fail_writes (run->agent->store, 0);
  ls_fake_network_set (run->agent->network, TRUE, FALSE);
}

static guint
count_after (GArray *times, gint64 from, gint64 to)
{
  guint n = 0;

  for (guint i = 0; i < times->len; i++)
    {
      gint64 at = g_array_index (times, gint64, i);

      n += at >= from && at < to;
    }
  return n;
}

static void
check_opens (Run *run)
{
  GArray *opens = ls_sim_transport_get_opens (run->agent->transport);

  g_array_append_vals (run->opens, opens->data, opens->len);
  for (guint i = 0; i < run->opens->len; i++)
    {
      gint64 from = g_array_index (run->opens, gint64, i);
      guint n_opens = count_after (run->opens, from, from + 60000);
      guint n_pushes = count_after (run->pushes, from, from + 60000);

      ls_sim_check (run->sim, n_opens <= MAX_OPENS_PER_MINUTE + 2 * n_pushes,
                    "%u handshakes in the minute after %d s", n_opens, (int)(from / 1000));
    }
}

static void
check_recovery (Run *run)
{
  g_autofree char *difference = NULL;

  pass_time (run, 1000);
  user_connects (run);
  if (ls_agent_get_account_state (run->agent->agent) != LS_ACCOUNT_SIGNED_IN)
    user_signs_in_again (run);
  pass_time (run, RECOVERY);
  if (ls_agent_get_account_state (run->agent->agent) == LS_ACCOUNT_EXPIRED)
    {
      user_signs_in_again (run);
      pass_time (run, RECOVERY);
    }
  /* The token may end at this very moment. */
  if (ls_sim_agent_get_state (run->agent) == LS_STATE_CONNECTING)
    pass_time (run, 5000);
  ls_sim_check (run->sim, ls_sim_agent_get_state (run->agent) == LS_STATE_LIVE, "the agent is %s",
                ls_state_to_string (ls_sim_agent_get_state (run->agent)));
  difference = ls_sim_agent_compare (run->agent, TRUE);
  ls_sim_check (run->sim, difference == NULL, "at the end %s", difference);

  /* ... and it works as on the first day. */
  g_free (difference);
  write_some (run);
  pass_time (run, 5000);
  if (ls_agent_get_account_state (run->agent->agent) == LS_ACCOUNT_EXPIRED)
    {
      user_signs_in_again (run);
      pass_time (run, RECOVERY);
    }
  difference = ls_sim_agent_compare (run->agent, TRUE);
  ls_sim_check (run->sim, difference == NULL, "after one more write %s", difference);
}

static void
run_seed (guint64 seed, gconstpointer data)
{
  Run run = { .sim = ls_sim_new (seed) };

  run.server = ls_model_server_new (run.sim);
  run.pushes = g_array_new (FALSE, FALSE, sizeof (gint64));
  run.opens = g_array_new (FALSE, FALSE, sizeof (gint64));
  run.agent = ls_sim_agent_new (run.sim, run.server);
  write_some (&run);
  ls_sim_agent_sign_in (run.agent);
  push (&run);

  for (guint i = 0; i < N_FAULTS; i++)
    {
      pass_time (&run, ls_sim_below (run.sim, 1 + ls_sim_below (run.sim, MAX_PAUSE)));
      do_something (&run);
    }
  while (run.heals > 0)
    pass_time (&run, 1000);
  heal_everything (&run);
  check_recovery (&run);
  check_opens (&run);

  ls_sim_agent_free (run.agent);
  ls_model_server_free (run.server);
  g_array_unref (run.pushes);
  g_array_unref (run.opens);
  ls_sim_free (run.sim);
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

  g_test_add_func ("/simulation/agent/ends-as-the-server-is", test_faults);
  return g_test_run ();
}
