/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A school's agents when its server restarts (goals, F5), on one clock: real agents, the server's own
 * rule of whom it lets in, and a model of the rest. */
#include "ls-agent.h"
#include "ls-fake-network.h"
#include "ls-fake-secrets.h"
#include "ls-fake-store.h"
#include "ls-json.h"
#include "ls-seed.h"
#include "ls-sim-transport.h"
#include "ls-wire-classic.h"

/* The school, its server's limit, and what an agent may come to of that. */
#define N_AGENTS 1000
#define CONNECTS_PER_SECOND 50
#define MAX_PEAK 60
/* 99 of 100 are back after this, milliseconds. */
#define MAX_BACK 45000
/* The server's spread of a drain: at least 10 s, and 30 agents a second. */
#define DRAIN_SPREAD MAX (10000, N_AGENTS * 1000 / 30)
#define DRAIN_RETRY 2000

/* After this all are back, and the waits begin anew at the next trouble, milliseconds. */
#define SETTLED 110000

/* The long outage: how many agents (each is alone in it), how long, and the cap of the backoff. */
#define N_PATIENT 50
#define OUTAGE G_GINT64_CONSTANT (7200000)
#define CAP 60000

typedef struct
{
  LsSim *sim;
  LsSimTransport *transport;
  LsFakeStore *store;
  LsAgent *agent;
  guint n_attempts;
  gint64 live_at; /* since when; -1: is not */
} Machine;

typedef struct
{
  LsSim *sim;
  LsModelServer *server;
  LsSimDoor door;
  LsSimLink link;
  LsFakeNetwork *network;
  LsFakeSecrets *secrets;
  LsConfig *config;
  Machine *machines;
  guint n;
} Herd;

static void
on_state_changed (LsAgent *agent, int old_state, int new_state, int reason, Machine *machine)
{
  machine->n_attempts += new_state == LS_STATE_CONNECTING && old_state != LS_STATE_CONNECTING;
  if (new_state != LS_STATE_LIVE)
    machine->live_at = -1;
  else if (machine->live_at < 0)
    machine->live_at = ls_sim_get_time (machine->sim);
}

static void
signed_in_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  ls_agent_sign_in_finish (LS_AGENT (object), result, &error);
  g_assert_no_error (error);
}

static void
switch_on (Herd *herd, Machine *machine)
{
  LsAgentPorts ports = {
    .clock = LS_CLOCK (herd->sim->clock),
    .random = herd->sim->chance,
    .network = LS_NETWORK (herd->network),
    .secrets = LS_SECRETS (herd->secrets),
    .token_reader = { ls_model_token_get_issued, ls_model_token_get_expiry,
                      ls_model_token_get_user },
    .data_reader = { ls_wire_data_get_text, ls_json_with_members },
  };

  machine->sim = herd->sim;
  machine->live_at = -1;
  machine->transport = ls_sim_transport_new (herd->sim, herd->server, &herd->link);
  machine->store = ls_fake_store_new ();
  ports.transport = LS_TRANSPORT (machine->transport);
  ports.store = LS_STORE (machine->store);
  machine->agent = ls_agent_new (&ports, herd->config);
  g_signal_connect (machine->agent, "state-changed", G_CALLBACK (on_state_changed), machine);
  ls_agent_start (machine->agent);
  ls_sim_settle (herd->sim);
  ls_agent_sign_in_async (machine->agent, "anna", "secret", NULL, signed_in_cb, NULL);
}

/* How many were let in, or asked to be, in the worst second. */
static guint
find_peak (GArray *times)
{
  guint peak = 0;

  for (guint i = 0, first = 0; i < times->len; i++)
    {
      while (g_array_index (times, gint64, i) - g_array_index (times, gint64, first) >= 1000)
        first++;
      peak = MAX (peak, i - first + 1);
    }
  return peak;
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  return *(const gint64 *)a < *(const gint64 *)b ? -1 : *(const gint64 *)a > *(const gint64 *)b;
}

/* When 99 of 100 were live again. */
static gint64
find_back (Herd *herd, gint64 since)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < herd->n; i++)
    {
      ls_sim_check (herd->sim, herd->machines[i].live_at >= 0, "agent %u is not back", i);
      g_array_append_val (times, herd->machines[i].live_at);
    }
  g_array_sort (times, compare_times);
  return MAX (g_array_index (times, gint64, (herd->n * 99 - 1) / 100) - since, 0);
}

static void
report (Herd *herd, const char *what, gint64 since, gint64 max_back)
{
  guint peak = find_peak (herd->door.let_in);
  gint64 back = find_back (herd, since);

  g_test_message ("%-34s peak %3u connects/s (%4u asked for), 99 %% back in %4.1f s", what, peak,
                  find_peak (herd->door.asked), (double)back / 1000);
  ls_sim_check (herd->sim, peak <= MAX_PEAK, "%s: %u connects in a second", what, peak);
  ls_sim_check (herd->sim, back <= max_back, "%s: back after %d ms", what, (int)back);
}

static void
forget_handshakes (Herd *herd)
{
  g_array_set_size (herd->door.asked, 0);
  g_array_set_size (herd->door.let_in, 0);
}

static Herd *
herd_new (guint n)
{
  Herd *herd = g_new0 (Herd, 1);

  herd->sim = ls_sim_new (ls_seed_choose ());
  herd->server = ls_model_server_new (herd->sim);
  herd->door = (LsSimDoor) { ls_admission_new (CONNECTS_PER_SECOND),
                             g_array_new (FALSE, FALSE, sizeof (gint64)),
                             g_array_new (FALSE, FALSE, sizeof (gint64)) };
  herd->link = (LsSimLink) { .latency = 50, .upgrade_works = TRUE, .door = &herd->door };
  herd->network = ls_fake_network_new ();
  ls_fake_network_set (herd->network, TRUE, FALSE);
  herd->secrets = ls_fake_secrets_new (LS_CLOCK (herd->sim->clock));
  herd->config = ls_config_new ();
  herd->config->server = g_strdup ("http://server");
  herd->config->entities = 1u << LS_ENTITY_GRADE;
  herd->machines = g_new0 (Machine, n);
  herd->n = n;
  for (guint i = 0; i < n; i++)
    switch_on (herd, &herd->machines[i]);
  return herd;
}

static void
herd_free (Herd *herd)
{
  for (guint i = 0; i < herd->n; i++)
    ls_agent_stop (herd->machines[i].agent);
  ls_sim_run (herd->sim, 20000);
  for (guint i = 0; i < herd->n; i++)
    {
      g_assert_finalize_object (herd->machines[i].agent);
      g_assert_finalize_object (herd->machines[i].transport);
      g_assert_finalize_object (herd->machines[i].store);
    }
  g_free (herd->machines);
  ls_config_free (herd->config);
  g_object_unref (herd->secrets);
  g_object_unref (herd->network);
  ls_admission_free (herd->door.admission);
  g_array_unref (herd->door.asked);
  g_array_unref (herd->door.let_in);
  ls_model_server_free (herd->server);
  ls_sim_free (herd->sim);
  g_free (herd);
}

/* The server comes up, as a new process that knows nothing of who asked before. */
static void
start_server (Herd *herd)
{
  ls_admission_free (herd->door.admission);
  herd->door.admission = ls_admission_new (CONNECTS_PER_SECOND);
  ls_model_server_start (herd->server);
}

static void
restart (Herd *herd, gboolean drains, gint64 outage, gint64 max_back)
{
  g_autofree char *what =
      g_strdup_printf ("%s, down for %g s", drains ? "it says so" : "a crash", outage / 1000.);
  gint64 up_at;

  forget_handshakes (herd);
  if (drains)
    {
      ls_model_server_drain (herd->server, DRAIN_RETRY, DRAIN_SPREAD);
      ls_sim_run (herd->sim, 500);
    }
  ls_model_server_crash (herd->server);
  ls_sim_run (herd->sim, outage);
  start_server (herd);
  up_at = ls_sim_get_time (herd->sim);
  ls_sim_run (herd->sim, SETTLED);
  report (herd, what, up_at, max_back);
}

/* Restarts of the same kind one after another, the time that the server is down in milliseconds, up
 * to 0. All is over before the first token has to be refreshed: they use the same. */
typedef struct
{
  const char *path;
  gboolean drains;
  gint64 outages[5];
  gint64 max_back;
} Restarts;

static void
test_restarts (gconstpointer data)
{
  const Restarts *restarts = data;
  Herd *herd = herd_new (N_AGENTS);

  ls_sim_run (herd->sim, SETTLED);
  report (herd, "all are switched on", 0, MAX_BACK);
  for (const gint64 *outage = restarts->outages; *outage > 0; outage++)
    restart (herd, restarts->drains, *outage, restarts->max_back);
  herd_free (herd);
}

/* One agent whose socket breaks, and nobody else's: it is back at once. */
static void
test_single (void)
{
  Herd *herd = herd_new (1);
  gint64 total = 0;

  ls_sim_run (herd->sim, SETTLED);
  for (guint i = 0; i < 200; i++)
    {
      gint64 cut_at = ls_sim_get_time (herd->sim);

      ls_sim_transport_cut (herd->machines[0].transport);
      ls_sim_run (herd->sim, SETTLED);
      total += find_back (herd, cut_at);
    }
  g_test_message ("one agent, its socket cut: back in %d ms on average", (int)(total / 200));
  ls_sim_check (herd->sim, total / 200 < 1000, "back after %d ms", (int)(total / 200));
  herd_free (herd);
}

/* How often an agent tries in a long outage, and when it is back. */
static guint
endure (gint64 *back)
{
  Herd *herd = herd_new (1);
  guint n;

  ls_sim_run (herd->sim, SETTLED);
  herd->machines[0].n_attempts = 0;
  ls_model_server_crash (herd->server);
  ls_sim_run (herd->sim, OUTAGE);
  n = herd->machines[0].n_attempts;
  start_server (herd);
  *back = ls_sim_get_time (herd->sim);
  ls_sim_run (herd->sim, SETTLED);
  *back = find_back (herd, *back);
  herd_free (herd);
  return n;
}

static void
test_long_outage (void)
{
  const double n_caps = (double)OUTAGE / CAP;
  guint total = 0, most = 0;
  gint64 last = 0;
  double mean;

  for (guint i = 0; i < N_PATIENT; i++)
    {
      gint64 back;
      guint n = endure (&back);

      total += n;
      most = MAX (most, n);
      last = MAX (last, back);
    }
  mean = total / n_caps / N_PATIENT;
  g_test_message ("2 h without a server: %.2f attempts a minute, the busiest of %d agents %.2f; "
                  "the last back in %.1f s",
                  mean, N_PATIENT, most / n_caps, (double)last / 1000);
  /* One in a period of the cap, and one more; at the beginning some more than that. */
  g_assert_cmpfloat (mean, <=, 2.2);
  g_assert_cmpfloat (mean, >=, 1.5); /* it does not give up */
  g_assert_cmpint (last, <=, CAP + 1000);
}

int
main (int argc, char **argv)
{
  static const Restarts restarts[] = {
    { "/simulation/herd/crash", FALSE, { 200, 2000, 5000, 10000 }, MAX_BACK },
    { "/simulation/herd/drain", TRUE, { 200, 2000, 5000, 10000 }, MAX_BACK },
    /* By then the agents' own waits are at their cap, which is longer. */
    { "/simulation/herd/outage", FALSE, { 30000, 60000 }, CAP + 1000 },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (restarts); i++)
    g_test_add_data_func (restarts[i].path, &restarts[i], test_restarts);
  g_test_add_func ("/simulation/herd/single", test_single);
  g_test_add_func ("/simulation/herd/long-outage", test_long_outage);
  return g_test_run ();
}
