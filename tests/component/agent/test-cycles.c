/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connecting and disconnecting again and again leaves nothing behind: no object, no file, no
 * memory. The sanitizers look for leaks in the same run. */
#include <malloc.h>

#include "ls-agent.h"
#include "ls-fake-clock.h"
#include "ls-fake-network.h"
#include "ls-fake-random.h"
#include "ls-fake-secrets.h"
#include "ls-json.h"
#include "ls-remove-tree.h"
#include "ls-store-sqlite.h"
#include "ls-test-school.h"
#include "ls-transport-soup.h"
#include "ls-wire-classic.h"
#include "ls-wire-token.h"

#define N_WARM_UP 20
#define N_CYCLES 100
/* So many connections are kept at most for the next call, as many as may be out at once. */
#define N_KEPT 8

/* What all cycles together may leave behind in the heap, bytes: a cycle that forgets as little as a
 * string is above it. Measured: it shrinks by some 2 KiB. */
#define MAX_GROWTH (32 * N_CYCLES)

typedef struct
{
  GSubprocess *school; /* (owned) */
  char *dir;           /* (owned) */
  LsFakeClock *clock;
  LsFakeRandom *random;
  LsFakeNetwork *network;
  LsFakeSecrets *secrets;
  LsTransportSoup *transport;
  LsStoreSqlite *store;
  LsConfig *config;
  LsAgent *agent;
  gboolean done;
} Fixture;

static void
start_agent (Fixture *fixture)
{
  LsAgentPorts ports = {
    .clock = LS_CLOCK (fixture->clock),
    .random = LS_RANDOM (fixture->random),
    .network = LS_NETWORK (fixture->network),
    .secrets = LS_SECRETS (fixture->secrets),
    .store = LS_STORE (fixture->store),
    .transport = LS_TRANSPORT (fixture->transport),
    .token_reader = { ls_wire_token_get_issued, ls_wire_token_get_expiry, ls_wire_token_get_user },
    .data_reader = { ls_wire_data_get_text, ls_json_with_members },
  };

  fixture->agent = ls_agent_new (&ports, fixture->config);
  ls_agent_start (fixture->agent);
}

static void
set_up (Fixture *fixture, gconstpointer program)
{
  LsTransportConfig config = { .connect_timeout_ms = 60000 };

  fixture->config = ls_config_new ();
  fixture->school = ls_test_school_spawn (program, &fixture->config->server);
  fixture->config->entities = 1u << LS_ENTITY_GRADE;
  config.url = fixture->config->server;
  fixture->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  fixture->clock = ls_fake_clock_new ();
  fixture->random = ls_fake_random_new (1);
  fixture->network = ls_fake_network_new ();
  fixture->secrets = ls_fake_secrets_new (LS_CLOCK (fixture->clock));
  fixture->transport = ls_transport_soup_new (&config);
  fixture->store = ls_store_sqlite_new (fixture->dir);
  ls_fake_network_set (fixture->network, TRUE, FALSE);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->transport);
  g_assert_finalize_object (fixture->store);
  g_assert_finalize_object (fixture->secrets);
  g_assert_finalize_object (fixture->network);
  g_assert_finalize_object (fixture->random);
  g_assert_finalize_object (fixture->clock);
  g_subprocess_force_exit (fixture->school);
  g_subprocess_wait (fixture->school, NULL, NULL);
  g_clear_object (&fixture->school);
  ls_config_free (fixture->config);
  ls_remove_tree (fixture->dir);
  g_free (fixture->dir);
}

static void
wait_for_state (Fixture *fixture, LsState state)
{
  while (ls_agent_get_status (fixture->agent)->state != state)
    g_main_context_iteration (NULL, TRUE);
}

static void
wait_done (Fixture *fixture)
{
  while (!fixture->done)
    g_main_context_iteration (NULL, TRUE);
  fixture->done = FALSE;
}

static void
signed_in_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autoptr (GError) error = NULL;

  ls_agent_sign_in_finish (LS_AGENT (object), result, &error);
  g_assert_no_error (error);
  fixture->done = TRUE;
}

static void
signed_out_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autoptr (GError) error = NULL;

  ls_agent_sign_out_finish (LS_AGENT (object), result, &error);
  g_assert_no_error (error);
  fixture->done = TRUE;
}

static void
go_round (Fixture *fixture)
{
  ls_agent_sign_in_async (fixture->agent, "a@b", "secret", NULL, signed_in_cb, fixture);
  wait_done (fixture);
  wait_for_state (fixture, LS_STATE_LIVE);
  ls_agent_disconnect (fixture->agent);
  wait_for_state (fixture, LS_STATE_STOPPED);
  ls_agent_connect (fixture->agent);
  wait_for_state (fixture, LS_STATE_LIVE);
  ls_agent_reconnect (fixture->agent);
  wait_for_state (fixture, LS_STATE_LIVE);
  /* and one attempt that is given up half-way */
  ls_agent_reconnect (fixture->agent);
  ls_agent_disconnect (fixture->agent);
  ls_agent_connect (fixture->agent);
  wait_for_state (fixture, LS_STATE_LIVE);
  ls_agent_sign_out_async (fixture->agent, TRUE, NULL, signed_out_cb, fixture);
  wait_done (fixture);
  wait_for_state (fixture, LS_STATE_SIGNED_OUT);
}

static guint
count_files (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static gboolean
wake_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

typedef gboolean (*Condition) (gint64 most);

static gboolean
has_files_at_most (gint64 most)
{
  return count_files () <= most;
}

static gboolean
has_heap_at_most (gint64 most)
{
  return (gint64)mallinfo2 ().uordblks <= most;
}

/* Sockets that were closed politely wait for the other side's half, and hold their buffers till then:
 * it comes, or this never ends and the test fails by its time. */
static void
wait_for (Condition condition, gint64 most)
{
  guint wake = g_timeout_add (5, wake_cb, NULL);

  while (!condition (most))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (wake);
}

static void
test_one_agent (Fixture *fixture, gconstpointer data)
{
  gint64 before, growth, n_files;

  n_files = count_files ();
  start_agent (fixture);
  for (guint i = 0; i < N_WARM_UP; i++)
    go_round (fixture);
  wait_for (has_files_at_most, n_files + N_KEPT);
  before = (gint64)mallinfo2 ().uordblks;

  for (guint i = 0; i < N_CYCLES; i++)
    go_round (fixture);
  wait_for (has_files_at_most, n_files + N_KEPT);
  growth = (gint64)mallinfo2 ().uordblks - before;
  g_test_message ("%d cycles: the heap grew by %" G_GINT64_FORMAT " bytes", N_CYCLES, growth);
  wait_for (has_heap_at_most, before + MAX_GROWTH);

  ls_agent_stop (fixture->agent);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_assert_cmpuint (ls_fake_clock_count_alarms (fixture->clock), ==, 0);
  g_assert_finalize_object (fixture->agent);
}

/* The same with everything made anew each time, as a program is that is started again. */
static void
test_many_agents (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < N_WARM_UP; i++)
    {
      start_agent (fixture);
      go_round (fixture);
      ls_agent_stop (fixture->agent);
      while (g_main_context_iteration (NULL, FALSE))
        continue;
      g_assert_cmpuint (ls_fake_clock_count_alarms (fixture->clock), ==, 0);
      g_assert_finalize_object (fixture->agent);
    }
}

int
main (int argc, char *argv[])
{
  if (argc == 2 && g_str_equal (argv[1], "--school"))
    return ls_test_school_main ();

  g_test_init (&argc, &argv, NULL);
  g_test_add ("/agent/cycles/one-agent", Fixture, argv[0], set_up, test_one_agent, tear_down);
  g_test_add ("/agent/cycles/many-agents", Fixture, argv[0], set_up, test_many_agents, tear_down);
  return g_test_run ();
}
