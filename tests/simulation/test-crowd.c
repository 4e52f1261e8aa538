/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machines of a school behind one address, at the classic system: they share one limit, in which
 * every poll of one takes room from the sign-ins of all. Real agents, a model of the limit. */
#include "ls-agent.h"
#include "ls-fake-network.h"
#include "ls-fake-secrets.h"
#include "ls-fake-store.h"
#include "ls-json.h"
#include "ls-sim-transport.h"
#include "ls-wire-classic.h"

#define SECOND G_GINT64_CONSTANT (1000)
#define MINUTE (60 * SECOND)

/* A lesson begins: everybody comes in this time. */
#define ARRIVAL (3 * MINUTE)
/* How often a pupil makes room for the next */
#define CHANGE (6 * MINUTE)
/* When all are signed in and have their pace, and how long they are watched from then on */
#define SETTLED (30 * MINUTE)
#define WATCHED (120 * MINUTE)
/* The server's restart in the midst of it */
#define OUTAGE (20 * SECOND)
/* How often is looked at everybody */
#define SAMPLE (5 * SECOND)

typedef struct _Crowd Crowd;

typedef struct
{
  Crowd *crowd;
  char *name;
  LsSimTransport *transport;
  LsFakeStore *store;
  LsAgent *agent;
  guint alarm;
  gint64 signed_in_at;
  gint64 asked_at; /* to sign in; -1: is or wants nobody to be */
  gint64 without;  /* since when there is no good token; -1: there is one */
} Machine;

struct _Crowd
{
  LsSim *sim;
  LsModelClassic *server;
  LsSimLink link;
  LsFakeNetwork *network;
  LsFakeSecrets *secrets;
  LsConfig *config;
  Machine *machines;
  guint n;
  GArray *ages;           /* (element-type gint64): of what is shown, at each look, once settled */
  GArray *sign_ins;       /* (element-type gint64): how long they took, once settled */
  GArray *first_sign_ins; /* (element-type gint64): likewise, before */
  gint64 longest_without;
  guint n_lapses;
  guint n_gave_up;
  guint n_looks;
  guint n_live;
};

static void sign_in (gpointer user_data);

static void
signed_in_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Machine *machine = user_data;
  Crowd *crowd = machine->crowd;
  g_autoptr (GError) error = NULL;
  gint64 now = ls_sim_get_time (crowd->sim);
  gint64 wait = now - machine->asked_at;

  if (ls_agent_sign_in_finish (LS_AGENT (object), result, &error))
    {
      g_array_append_val (now < SETTLED ? crowd->first_sign_ins : crowd->sign_ins, wait);
      machine->asked_at = -1;
      machine->signed_in_at = ls_sim_get_server_wall (crowd->sim);
    }
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      crowd->n_gave_up++;
      machine->alarm = ls_sim_after (crowd->sim, 5 * SECOND, sign_in, machine);
    }
}

static void
sign_in (gpointer user_data)
{
  Machine *machine = user_data;

  machine->alarm = 0;
  if (machine->asked_at < 0)
    machine->asked_at = ls_sim_get_time (machine->crowd->sim);
  ls_agent_sign_in_async (machine->agent, machine->name, "secret", NULL, signed_in_cb, machine);
}

static void
switch_on (Crowd *crowd, Machine *machine, guint number)
{
  LsAgentPorts ports = {
    .clock = LS_CLOCK (crowd->sim->clock),
    .random = crowd->sim->chance,
    .network = LS_NETWORK (crowd->network),
    .secrets = LS_SECRETS (crowd->secrets),
    .token_reader = { ls_model_classic_token_get_issued, ls_model_classic_token_get_expiry,
                      ls_model_classic_token_get_user },
    .data_reader = { ls_wire_data_get_text, ls_json_with_members },
  };

  machine->crowd = crowd;
  machine->name = g_strdup_printf ("pupil-%u", number);
  machine->asked_at = -1;
  machine->without = -1;
  machine->transport = ls_sim_transport_new_classic (crowd->sim, crowd->server, &crowd->link);
  machine->store = ls_fake_store_new ();
  ports.transport = LS_TRANSPORT (machine->transport);
  ports.store = LS_STORE (machine->store);
  machine->agent = ls_agent_new (&ports, crowd->config);
  ls_agent_start (machine->agent);
  machine->alarm = ls_sim_after (crowd->sim, ls_sim_below (crowd->sim, ARRIVAL), sign_in, machine);
}

static Crowd *
crowd_new (guint n)
{
  const char *text = g_getenv ("LABSYNC_SEED");
  guint64 seed = text != NULL ? g_ascii_strtoull (text, NULL, 10) : (guint64)g_get_real_time ();
  Crowd *crowd = g_new0 (Crowd, 1);

  g_test_message ("LABSYNC_SEED=%" G_GUINT64_FORMAT, seed);
  crowd->sim = ls_sim_new (seed);
  crowd->server = ls_model_classic_new (crowd->sim);
  crowd->link = (LsSimLink) { .latency = 50, .upgrade_works = TRUE };
  crowd->network = ls_fake_network_new ();
  ls_fake_network_set (crowd->network, TRUE, FALSE);
  crowd->secrets = ls_fake_secrets_new (LS_CLOCK (crowd->sim->clock));
  crowd->config = ls_config_new ();
  crowd->config->server = g_strdup ("http://server");
  crowd->ages = g_array_new (FALSE, FALSE, sizeof (gint64));
  crowd->sign_ins = g_array_new (FALSE, FALSE, sizeof (gint64));
  crowd->first_sign_ins = g_array_new (FALSE, FALSE, sizeof (gint64));
  crowd->machines = g_new0 (Machine, n);
  crowd->n = n;
  for (guint i = 0; i < n; i++)
    switch_on (crowd, &crowd->machines[i], i);
  return crowd;
}

static void
crowd_free (Crowd *crowd)
{
  for (guint i = 0; i < crowd->n; i++)
    {
      ls_sim_cancel (crowd->sim, &crowd->machines[i].alarm);
      ls_agent_stop (crowd->machines[i].agent);
    }
  ls_sim_run (crowd->sim, 20 * SECOND);
  for (guint i = 0; i < crowd->n; i++)
    {
      g_assert_finalize_object (crowd->machines[i].agent);
      g_assert_finalize_object (crowd->machines[i].transport);
      g_assert_finalize_object (crowd->machines[i].store);
      g_free (crowd->machines[i].name);
    }
  g_free (crowd->machines);
  g_array_unref (crowd->ages);
  g_array_unref (crowd->sign_ins);
  g_array_unref (crowd->first_sign_ins);
  ls_config_free (crowd->config);
  g_object_unref (crowd->secrets);
  g_object_unref (crowd->network);
  ls_model_classic_free (crowd->server);
  ls_sim_free (crowd->sim);
  g_free (crowd);
}

static void
look_at (Machine *machine, gboolean is_settled)
{
  Crowd *crowd = machine->crowd;
  const LsStatus *status = ls_agent_get_status (machine->agent);
  gint64 wall = ls_sim_get_server_wall (crowd->sim);
  gint64 age = wall - MAX (status->confirmed_at, machine->signed_in_at);

  if (machine->asked_at >= 0 || ls_agent_get_user (machine->agent) == NULL)
    {
      machine->without = -1;
      return;
    }
  ls_sim_check (crowd->sim, ls_agent_get_account_state (machine->agent) == LS_ACCOUNT_SIGNED_IN,
                "%s is signed out for good", machine->name);
  if (ls_agent_get_expires_at (machine->agent) > wall)
    machine->without = -1;
  else if (machine->without < 0)
    {
      machine->without = wall;
      crowd->n_lapses++;
      if (g_getenv ("V"))
        g_print ("# lapse %s at %d\n", machine->name,
                 (int)((wall - LS_FAKE_CLOCK_START_WALL) / 1000));
    }
  if (machine->without >= 0)
    crowd->longest_without = MAX (crowd->longest_without, wall - machine->without);
  if (!is_settled)
    return;

  if (g_getenv ("V") && age > 500000)
    g_print ("# old %s at %d: %d %s %d\n", machine->name,
             (int)((wall - LS_FAKE_CLOCK_START_WALL) / 1000), (int)age / 1000,
             ls_state_to_string (status->state), ls_agent_get_expires_at (machine->agent) > wall);
  g_array_append_val (crowd->ages, age);
  crowd->n_looks++;
  crowd->n_live += status->state == LS_STATE_LIVE;
}

static void
change_pupil (Crowd *crowd)
{
  Machine *machine = &crowd->machines[ls_sim_below (crowd->sim, crowd->n)];

  if (machine->asked_at < 0)
    sign_in (machine);
}

static void
run (Crowd *crowd, gint64 duration, gboolean is_settled)
{
  for (gint64 t = 0; t < duration; t += SAMPLE)
    {
      ls_sim_run (crowd->sim, SAMPLE);
      for (guint i = 0; i < crowd->n; i++)
        look_at (&crowd->machines[i], is_settled);
      if (is_settled && t % CHANGE == 0)
        change_pupil (crowd);
    }
}

static void
restart (Crowd *crowd)
{
  ls_model_classic_set_up (crowd->server, FALSE);
  for (guint i = 0; i < crowd->n; i++)
    ls_sim_transport_cut (crowd->machines[i].transport);
  ls_sim_run (crowd->sim, OUTAGE);
  ls_model_classic_set_up (crowd->server, TRUE);
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  return *(const gint64 *)a < *(const gint64 *)b ? -1 : *(const gint64 *)a > *(const gint64 *)b;
}

static double
percentile (GArray *times, guint percent)
{
  if (times->len == 0)
    return 0;

  g_array_sort (times, compare_times);
  return (double)g_array_index (times, gint64, (times->len - 1) * percent / 100) / (double)SECOND;
}

static guint
find_peak (GArray *times)
{
  guint peak = 0;

  for (guint i = 0, first = 0; i < times->len; i++)
    {
      while (g_array_index (times, gint64, i) - g_array_index (times, gint64, first) >= MINUTE)
        first++;
      peak = MAX (peak, i - first + 1);
    }
  return peak;
}

static void
test_crowd (gconstpointer data)
{
  guint n = GPOINTER_TO_UINT (data);
  Crowd *crowd = crowd_new (n);
  const LsModelClassicCounts *counts = ls_model_classic_get_counts (crowd->server);

  run (crowd, SETTLED, FALSE);
  run (crowd, WATCHED / 2, TRUE);
  restart (crowd);
  run (crowd, WATCHED / 2, TRUE);
  g_test_message (
      "%3u machines: polls a minute %u at most, %.1f on average, %u of %u refused; tokens %u, "
      "%u times no room",
      n, find_peak (counts->polls), counts->polls->len / 150., counts->n_refused,
      counts->polls->len, counts->n_tokens, counts->n_busy);
  g_test_message (
      "    %u times without a token, %.0f s at most; data old: median %.0f s, 99 %% %.0f s, at most "
      "%.0f s; live %.1f %%",
      crowd->n_lapses, (double)crowd->longest_without / 1000, percentile (crowd->ages, 50),
      percentile (crowd->ages, 99), percentile (crowd->ages, 100),
      100. * crowd->n_live / MAX (crowd->n_looks, 1));
  g_test_message (
      "    sign-in at first: median %.0f s, at most %.0f s; later: median %.0f s, at most "
      "%.0f s (%u and %u); gave up %u",
      percentile (crowd->first_sign_ins, 50), percentile (crowd->first_sign_ins, 100),
      percentile (crowd->sign_ins, 50), percentile (crowd->sign_ins, 100),
      crowd->first_sign_ins->len, crowd->sign_ins->len, crowd->n_gave_up);
  crowd_free (crowd);
}

int
main (int argc, char **argv)
{
  static const guint sizes[] = { 1, 2, 3, 4, 5, 10, 20, 40, 60, 100, 400 };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *path = g_strdup_printf ("/simulation/crowd/%u", sizes[i]);

      g_test_add_data_func (path, GUINT_TO_POINTER (sizes[i]), test_crowd);
    }
  return g_test_run ();
}
