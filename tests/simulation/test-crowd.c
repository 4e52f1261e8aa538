/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machines of a school behind one address, at the classic system: they share one limit, in which
 * every poll of one takes room from the sign-ins of all. Real agents, a model of the limit. */
#include "ls-agent.h"
#include "ls-fake-network.h"
#include "ls-fake-secrets.h"
#include "ls-fake-store.h"
#include "ls-json.h"
#include "ls-seed.h"
#include "ls-sim-transport.h"
#include "ls-wire-classic.h"

#define SECOND G_GINT64_CONSTANT (1000)
#define MINUTE (60 * SECOND)

/* A lesson begins: everybody comes in this time. */
#define ARRIVAL (3 * MINUTE)
/* How often a pupil makes room for the next */
#define CHANGE (6 * MINUTE)
/* When all are signed in and have found their pace, and how long they are watched from then on */
#define SETTLED (30 * MINUTE)
#define WATCHED (120 * MINUTE)
/* The server's restart in the midst of it */
#define OUTAGE (20 * SECOND)
/* How often is looked at everybody */
#define SAMPLE (5 * SECOND)

/* How many seeds a commit tries, and `tests/run --long` */
#define SEEDS 3
#define LONG_SEEDS 100

/* What is asked for of so many machines, times in seconds; some more than 41 seeds led to. One run of some 200 had
 * a machine of 40 miss its turn for 555 s: that may last as long as a token does. Two of some 480 had a machine of
 * 5 miss it, for 65 and 70 s. Nobody may be signed out for good, whatever the number. With more than about 55 there
 * can't be a token for everybody: the limit lets no more than 75 be given out in the quarter of an hour that one
 * lasts, and so no more than 19 % of 400 be live. */
typedef struct
{
  const char *path;
  guint n;
  gboolean has_sockets;
  guint max_peak;           /* polls in a minute, refused ones included */
  guint max_refused;        /* of all polls, percent */
  double max_without;       /* the longest time that somebody has no good token */
  double max_median_age;    /* of what is shown */
  double max_age;           /* likewise, of 99 in 100 */
  double max_first_sign_in; /* when everybody comes at once */
  double max_sign_in;       /* later, while everybody polls */
  guint min_live;           /* how much of the time, percent */
} Demand;

static const Demand demands[] = {
  { "1", 1, TRUE, 10, 0, 0, 35, 80, 5, 5, 99 },
  { "5", 5, TRUE, 40, 0, 120, 70, 200, 200, 60, 95 },
  { "10", 10, TRUE, 80, 0, 120, 80, 300, 400, 180, 95 },
  { "40", 40, TRUE, 100, 0, 900, 180, 600, 1200, 180, 97 },
  { "40-without-sockets", 40, FALSE, 100, 0, 900, 180, 600, 1200, 180, 0 },
  { "400", 400, TRUE, 150, 8, 0, 2000, 0, 0, 0, 15 },
};

typedef struct _Crowd Crowd;

typedef struct
{
  Crowd *crowd;
  char *name;
  LsSimTransport *transport;
  LsFakeStore *store;
  LsAgent *agent;
  guint alarm;
  gint64 signed_in_at; /* by the server's clock */
  gint64 asked_at;     /* to sign in; -1: is or wants nobody to be */
  gint64 without;      /* since when there is no good token; -1: there is one */
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
  GArray *first_sign_ins; /* (element-type gint64): how long they took, of those who came first */
  GArray *sign_ins;       /* (element-type gint64): likewise, once settled */
  GArray *without;        /* (element-type gint64): how long each time without a token was */
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

static GArray *
new_times (void)
{
  return g_array_new (FALSE, FALSE, sizeof (gint64));
}

static Crowd *
crowd_new (const Demand *demand, guint64 seed)
{
  Crowd *crowd = g_new0 (Crowd, 1);

  crowd->sim = ls_sim_new (seed);
  crowd->server = ls_model_classic_new (crowd->sim);
  crowd->link = (LsSimLink) { .latency = 50, .upgrade_works = demand->has_sockets };
  crowd->network = ls_fake_network_new ();
  ls_fake_network_set (crowd->network, TRUE, FALSE);
  crowd->secrets = ls_fake_secrets_new (LS_CLOCK (crowd->sim->clock));
  crowd->config = ls_config_new ();
  crowd->config->server = g_strdup ("http://server");
  crowd->ages = new_times ();
  crowd->first_sign_ins = new_times ();
  crowd->sign_ins = new_times ();
  crowd->without = new_times ();
  crowd->machines = g_new0 (Machine, demand->n);
  crowd->n = demand->n;
  for (guint i = 0; i < crowd->n; i++)
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
  g_array_unref (crowd->first_sign_ins);
  g_array_unref (crowd->sign_ins);
  g_array_unref (crowd->without);
  ls_config_free (crowd->config);
  g_object_unref (crowd->secrets);
  g_object_unref (crowd->network);
  ls_model_classic_free (crowd->server);
  ls_sim_free (crowd->sim);
  g_free (crowd);
}

/* Notes how long somebody had no good token, at the latest when the run ends. */
static void
end_without (Machine *machine)
{
  gint64 duration = ls_sim_get_time (machine->crowd->sim) - machine->without;

  if (machine->without >= 0)
    g_array_append_val (machine->crowd->without, duration);
  machine->without = -1;
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
      end_without (machine);
      return;
    }
  ls_sim_check (crowd->sim, ls_agent_get_account_state (machine->agent) == LS_ACCOUNT_SIGNED_IN,
                "%s is signed out for good", machine->name);
  if (ls_agent_get_expires_at (machine->agent) > wall)
    end_without (machine);
  else if (machine->without < 0)
    machine->without = ls_sim_get_time (crowd->sim);
  if (!is_settled)
    return;

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
report (Crowd *crowd, const char *path)
{
  const LsModelClassicCounts *counts = ls_model_classic_get_counts (crowd->server);

  g_test_message (
      "%-18s polls a minute: %.1f, %u at most; %u refused. Tokens: %u, %u times no room", path,
      counts->polls->len / (double)(ls_sim_get_time (crowd->sim) / MINUTE),
      find_peak (counts->polls), counts->n_refused, counts->n_tokens, counts->n_busy);
  g_test_message ("%-18s %u times without a token, %.0f s at most; shown is what is %.0f s old "
                  "(median), %.0f s (99 %%), %.0f s at most; live %.1f %%",
                  "", crowd->without->len, percentile (crowd->without, 100),
                  percentile (crowd->ages, 50), percentile (crowd->ages, 99),
                  percentile (crowd->ages, 100), 100. * crowd->n_live / MAX (crowd->n_looks, 1));
  g_test_message ("%-18s sign-ins at once: %.0f s (median), %.0f s at most; one by one: %.0f s, "
                  "%.0f s at most; %u gave up",
                  "", percentile (crowd->first_sign_ins, 50),
                  percentile (crowd->first_sign_ins, 100), percentile (crowd->sign_ins, 50),
                  percentile (crowd->sign_ins, 100), crowd->n_gave_up);
}

/* Beyond what the limit can bear no time is promised. */
static void
check_times (Crowd *crowd, const Demand *demand)
{
  const struct
  {
    const char *what;
    double found;
    double max;
  } times[] = {
    { "without a token", percentile (crowd->without, 100), demand->max_without },
    { "old, 99 in 100", percentile (crowd->ages, 99), demand->max_age },
    { "for a sign-in among all", percentile (crowd->first_sign_ins, 100),
      demand->max_first_sign_in },
    { "for a sign-in", percentile (crowd->sign_ins, 100), demand->max_sign_in },
  };

  for (guint i = 0; demand->max_age > 0 && i < G_N_ELEMENTS (times); i++)
    ls_sim_check (crowd->sim, times[i].found <= times[i].max, "%.0f s %s", times[i].found,
                  times[i].what);
  ls_sim_check (crowd->sim, demand->max_age <= 0 || crowd->n_gave_up == 0, "%u gave up",
                crowd->n_gave_up);
}

static void
check (Crowd *crowd, const Demand *demand)
{
  const LsModelClassicCounts *counts = ls_model_classic_get_counts (crowd->server);
  guint peak = find_peak (counts->polls);
  double median = percentile (crowd->ages, 50);

  ls_sim_check (crowd->sim, peak <= demand->max_peak, "%u polls in a minute", peak);
  ls_sim_check (crowd->sim, 100 * counts->n_refused <= demand->max_refused * counts->polls->len,
                "%u polls were refused", counts->n_refused);
  ls_sim_check (crowd->sim, median <= demand->max_median_age, "what is shown is %.0f s old",
                median);
  ls_sim_check (crowd->sim, 100 * crowd->n_live >= demand->min_live * crowd->n_looks,
                "live %u of %u times", crowd->n_live, crowd->n_looks);
  check_times (crowd, demand);
}

static void
play (guint64 seed, gconstpointer data)
{
  const Demand *demand = data;
  Crowd *crowd = crowd_new (demand, seed);

  run (crowd, SETTLED, FALSE);
  run (crowd, WATCHED / 2, TRUE);
  restart (crowd);
  run (crowd, WATCHED / 2, TRUE);
  for (guint i = 0; i < crowd->n; i++)
    end_without (&crowd->machines[i]);
  report (crowd, demand->path);
  check (crowd, demand);
  crowd_free (crowd);
}

static void
test_crowd (gconstpointer data)
{
  ls_seed_run (SEEDS, LONG_SEEDS, play, data);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (demands); i++)
    {
      g_autofree char *path = g_strconcat ("/simulation/crowd/", demands[i].path, NULL);

      g_test_add_data_func (path, &demands[i], test_crowd);
    }
  return g_test_run ();
}
