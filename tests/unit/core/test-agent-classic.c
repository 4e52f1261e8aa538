/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole agent at the classic system, from the sign-in to a day later: the server, the disk, the
 * time and chance are the test's. */
#include <string.h>

#include "ls-agent.h"
#include "ls-error.h"
#include "ls-fake-clock.h"
#include "ls-fake-network.h"
#include "ls-fake-random.h"
#include "ls-fake-secrets.h"
#include "ls-fake-store.h"
#include "ls-fake-transport.h"
#include "ls-json.h"
#include "ls-store-calls.h"
#include "ls-wire-classic.h"

#define SECOND G_GINT64_CONSTANT (1000)
#define MINUTE (60 * SECOND)
#define DAY (24 * 60 * MINUTE)
#define LIFE (15 * MINUTE)
#define FULL 100

typedef struct
{
  LsFakeClock *clock;
  LsFakeRandom *random;
  LsFakeNetwork *network;
  LsFakeSecrets *secrets;
  LsFakeTransport *transport;
  LsFakeStore *store;
  LsConfig *config;
  LsAgent *agent;

  guint n_announcements; /* at the school */
  int score;             /* of Anna's only grade */
  guint n_polls, n_lists, n_refreshes;

  GString *told; /* events, to apps */
  gboolean done;
  GError *error;
} Fixture;

/* Tokens of the test: NAME/KIND/ISSUED, in ms since the epoch. */
static gint64
token_get_issued (const char *token)
{
  return g_ascii_strtoll (strrchr (token, '/') + 1, NULL, 10);
}

static gint64
token_get_expiry (const char *token)
{
  return token_get_issued (token) + LIFE;
}

static LsUser *
token_get_user (const char *token)
{
  g_autofree char *name = g_strndup (token, strcspn (token, "/"));

  return ls_user_new (name, name, LS_ROLE_STUDENT, LS_EXTRA_ROLE_NONE);
}

static LsSession *
session_new (Fixture *f, const char *name, const char *kind)
{
  g_autofree char *token = g_strdup_printf ("%s/%s/%" G_GINT64_FORMAT, name, kind,
                                            ls_clock_get_wall (LS_CLOCK (f->clock)));

  return ls_session_new (token, "refresh");
}

static void
on_events_committed (LsAgent *agent, GPtrArray *events, Fixture *f)
{
  for (guint i = 0; i < events->len; i++)
    {
      const LsEvent *event = events->pdata[i];

      g_string_append_printf (f->told, "%s:%s ", ls_event_type_to_string (event->type),
                              event->entity_id);
    }
}

static void
start_agent (Fixture *f)
{
  LsAgentPorts ports = {
    .clock = LS_CLOCK (f->clock),
    .random = LS_RANDOM (f->random),
    .network = LS_NETWORK (f->network),
    .secrets = LS_SECRETS (f->secrets),
    .store = LS_STORE (f->store),
    .transport = LS_TRANSPORT (f->transport),
    .token_reader = { token_get_issued, token_get_expiry, token_get_user },
    .data_reader = { ls_wire_data_get_text, ls_json_with_members },
  };

  f->agent = ls_agent_new (&ports, f->config);
  g_signal_connect (f->agent, "events-committed", G_CALLBACK (on_events_committed), f);
  ls_agent_start (f->agent);
}

static void
settle (Fixture *f)
{
  while (g_main_context_iteration (NULL, FALSE))
    continue;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->clock = ls_fake_clock_new ();
  f->random = ls_fake_random_new (11);
  f->network = ls_fake_network_new ();
  ls_fake_network_set (f->network, TRUE, FALSE);
  f->secrets = ls_fake_secrets_new (LS_CLOCK (f->clock));
  f->transport = ls_fake_transport_new ();
  f->store = ls_fake_store_new ();
  f->config = ls_config_new ();
  f->config->server = g_strdup ("http://server");
  f->config->entities = 1u << LS_ENTITY_ANNOUNCEMENT | 1u << LS_ENTITY_GRADE;
  f->told = g_string_new (NULL);
  f->n_announcements = 3;
  f->score = 80;
  start_agent (f);
  settle (f);
}

static void
stop_agent (Fixture *f)
{
  ls_agent_stop (f->agent);
  settle (f);
  g_assert_finalize_object (f->agent);
  g_assert_cmpuint (ls_fake_clock_count_alarms (f->clock), ==, 0);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  stop_agent (f);
  g_clear_object (&f->transport);
  g_clear_object (&f->store);
  g_clear_object (&f->secrets);
  g_clear_object (&f->network);
  g_clear_object (&f->random);
  g_clear_object (&f->clock);
  ls_config_free (f->config);
  g_string_free (f->told, TRUE);
  g_clear_error (&f->error);
}

/* The school's server */

static const LsFakeCall *
peek (Fixture *f, LsFakeCallKind kind)
{
  return ls_fake_transport_peek_call (f->transport, kind);
}

static LsTableRows *
get_announcements (Fixture *f, guint max)
{
  LsTableRows *rows = ls_table_rows_new ();

  for (guint i = 1; i <= MIN (f->n_announcements, max); i++)
    {
      g_autofree char *id = g_strdup_printf ("a%u", i);
      g_autofree char *data = g_strdup_printf ("{\"id\":\"a%u\"}", i);

      g_ptr_array_add (rows->rows, ls_row_new (LS_ENTITY_ANNOUNCEMENT, id, data, 0));
    }
  rows->n_sent = rows->rows->len;
  return rows;
}

/* Anna's and Ben's */
static LsTableRows *
get_grades (Fixture *f)
{
  LsTableRows *rows = ls_table_rows_new ();
  g_autofree char *hers =
      g_strdup_printf ("{\"id\":\"g1\",\"student_id\":\"s-anna\",\"score\":%d}", f->score);

  g_ptr_array_add (rows->rows, ls_row_new (LS_ENTITY_GRADE, "g1", hers, 0));
  g_ptr_array_add (rows->rows, ls_row_new (LS_ENTITY_GRADE, "g2",
                                           "{\"id\":\"g2\",\"student_id\":\"s-ben\"}", 0));
  rows->n_sent = 2;
  return rows;
}

static LsTableRows *
get_students (void)
{
  LsTableRows *rows = ls_table_rows_new ();

  g_ptr_array_add (rows->rows, ls_row_new (LS_ENTITY_INVALID, "s-anna",
                                           "{\"id\":\"s-anna\",\"user_id\":\"anna\"}", 0));
  rows->n_sent = 1;
  return rows;
}

static void
serve_poll (Fixture *f)
{
  LsPoll *poll = ls_poll_new ();

  f->n_polls++;
  poll->tables[LS_ENTITY_ANNOUNCEMENT] = get_announcements (f, FULL);
  poll->tables[LS_ENTITY_GRADE] = get_grades (f);
  poll->quota = (LsQuota) { .limit = 100, .remaining = 96 };
  ls_fake_transport_answer_poll (f->transport, poll);
}

/* Only for the token of a sign-in */
static void
serve_list (Fixture *f)
{
  const LsFakeCall *call = peek (f, LS_FAKE_CALL_LIST);
  LsListing *listing;

  f->n_lists++;
  if (strstr (call->token, "/login/") == NULL)
    {
      ls_fake_transport_fail (f->transport, LS_FAKE_CALL_LIST,
                              ls_link_error_new (LS_REASON_TOKEN_REFUSED, 401, 0, "no"));
      return;
    }

  listing = ls_listing_new ();
  ls_table_rows_free (listing->rows);
  listing->rows =
      g_str_equal (call->table, "students") ? get_students () : get_announcements (f, G_MAXUINT);
  ls_fake_transport_answer_list (f->transport, listing);
}

static void
serve_socket (Fixture *f)
{
  while (ls_fake_transport_count_sent (f->transport) > 0)
    {
      g_autoptr (LsMessage) sent = ls_fake_transport_take_sent (f->transport);
      LsMessage *pong;

      if (sent->kind != LS_MESSAGE_PING)
        continue;
      pong = ls_message_new (LS_MESSAGE_PONG);
      pong->timestamp = ls_clock_get_wall (LS_CLOCK (f->clock));
      ls_fake_transport_deliver (f->transport, pong);
    }
}

/* Everything is answered. */
static void
serve (Fixture *f)
{
  gboolean served = TRUE;

  while (served)
    {
      settle (f);
      serve_socket (f);
      served = ls_fake_transport_count_pending (f->transport) > 0;
      if (peek (f, LS_FAKE_CALL_OPEN) != NULL)
        ls_fake_transport_accept (f->transport, LS_PROTOCOL_CLASSIC);
      if (peek (f, LS_FAKE_CALL_POLL) != NULL)
        serve_poll (f);
      if (peek (f, LS_FAKE_CALL_LIST) != NULL)
        serve_list (f);
      if (peek (f, LS_FAKE_CALL_REFRESH) != NULL)
        {
          f->n_refreshes++;
          ls_fake_transport_answer_refresh (f->transport, session_new (f, "anna", "refreshed"));
        }
      if (peek (f, LS_FAKE_CALL_SIGN_OUT) != NULL)
        {
          g_assert_null (peek (f, LS_FAKE_CALL_SIGN_OUT)->refresh_token);
          ls_fake_transport_answer_sign_out (f->transport);
        }
    }
  settle (f);
}

static void
pass (Fixture *f, gint64 duration)
{
  gint64 end = ls_clock_get_monotonic (LS_CLOCK (f->clock)) + duration;
  gint64 left = duration;

  while (left > 0)
    {
      gint64 next = ls_fake_clock_get_next_delay (f->clock);

      ls_fake_clock_advance (f->clock, next < 0 ? left : MIN (next, left));
      serve (f);
      left = end - ls_clock_get_monotonic (LS_CLOCK (f->clock));
    }
}

/* The user */

static void
signed_in_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Fixture *f = user_data;

  g_clear_error (&f->error);
  ls_agent_sign_in_finish (LS_AGENT (object), result, &f->error);
  f->done = TRUE;
}

static void
begin_sign_in (Fixture *f, GCancellable *cancellable)
{
  f->done = FALSE;
  ls_agent_sign_in_async (f->agent, "anna@s", "secret", cancellable, signed_in_cb, f);
  settle (f);
  g_assert_nonnull (peek (f, LS_FAKE_CALL_SIGN_IN));
}

static void
answer_sign_in (Fixture *f, const char *name)
{
  LsSession *session = session_new (f, name, "login");

  g_assert_cmpstr (peek (f, LS_FAKE_CALL_SIGN_IN)->password, ==, "secret");
  session->refresh = g_strdup ("refresh");
  session->user = token_get_user (session->access);
  ls_fake_transport_answer_sign_in (f->transport, session);
  settle (f);
}

static void
refuse_sign_in (Fixture *f, gint64 retry_after)
{
  ls_fake_transport_fail (f->transport, LS_FAKE_CALL_SIGN_IN,
                          ls_link_error_new (LS_REASON_RATE_LIMITED, 429, retry_after, "busy"));
  settle (f);
}

static void
sign_in (Fixture *f)
{
  begin_sign_in (f, NULL);
  answer_sign_in (f, "anna");
  g_assert_true (f->done);
  g_assert_no_error (f->error);
  serve (f);
}

static void
assert_told (Fixture *f, const char *expected)
{
  g_strchomp (f->told->str);
  g_assert_cmpstr (f->told->str, ==, expected);
  g_string_set_size (f->told, 0);
}

static void
assert_live (Fixture *f)
{
  const LsStatus *status = ls_agent_get_status (f->agent);

  g_assert_cmpstr (ls_state_to_string (status->state), ==, "live");
  g_assert_cmpint (status->protocol, ==, LS_PROTOCOL_CLASSIC);
  g_assert_true (ls_agent_is_healthy (f->agent));
}

static guint
count_rows (Fixture *f, LsEntity entity)
{
  g_autoptr (LsListQuery) query = ls_list_query_new (entity);
  g_autoptr (LsRowPage) page = NULL;

  query->limit = 500;
  page = ls_call_list (LS_STORE (f->store), query, NULL);
  g_assert_nonnull (page);
  return page->rows->len;
}

/* From the sign-in to the next day: everything is there at once, every change is told once, and where
 * nothing changes nothing is told and nothing written. */
static void
test_day (Fixture *f, gconstpointer data)
{
  guint n_transactions;

  sign_in (f);
  assert_live (f);
  g_assert_cmpuint (count_rows (f, LS_ENTITY_ANNOUNCEMENT), ==, 3);
  g_assert_cmpuint (count_rows (f, LS_ENTITY_GRADE), ==, 1);

  pass (f, 2 * MINUTE);
  assert_told (f, "");
  f->score = 90;
  f->n_announcements = 4;
  pass (f, 2 * MINUTE);
  assert_told (f, "announcement_created:a4 grade_updated:g1");
  f->n_announcements = 3;
  pass (f, 2 * MINUTE);
  assert_told (f, "announcement_deleted:a4");

  n_transactions = ls_fake_store_get_n_transactions (f->store);
  f->n_polls = 0;
  f->n_refreshes = 0;
  for (guint i = 0; i < 24 * 60; i++)
    {
      pass (f, MINUTE);
      assert_live (f);
    }
  assert_told (f, "");
  g_assert_cmpuint (ls_fake_store_get_n_transactions (f->store), ==, n_transactions);
  g_assert_cmpuint (f->n_polls, >=, 24 * 60 * 8 / 10);
  g_assert_cmpuint (f->n_polls, <=, 24 * 60 * 12 / 10);
  g_assert_cmpuint (f->n_refreshes, >=, 96);
  g_assert_cmpuint (f->n_refreshes, <=, 140);
  f->score = 95;
  pass (f, 2 * MINUTE);
  assert_told (f, "grade_updated:g1");
}

/* All of them, also those that no poll has; the next one comes by the list. */
static void
test_more_than_a_poll_has (Fixture *f, gconstpointer data)
{
  f->n_announcements = 131;
  sign_in (f);
  assert_told (f, "");
  g_assert_cmpuint (count_rows (f, LS_ENTITY_ANNOUNCEMENT), ==, 131);
  f->n_announcements = 132;
  pass (f, 7 * MINUTE);
  assert_told (f, "announcement_created:a132");

  /* When the token of the sign-in ends, so does what only lists tell; that is said. */
  g_assert_false (ls_agent_are_lists_refused (f->agent));
  g_assert_cmphex (ls_agent_get_incomplete (f->agent), ==, 0);
  pass (f, 15 * MINUTE);
  f->n_announcements = 133;
  f->n_lists = 0;
  pass (f, 60 * MINUTE);
  assert_told (f, "");
  g_assert_cmpuint (f->n_lists, <=, 1);
  assert_live (f);
  g_assert_true (ls_agent_are_lists_refused (f->agent));
  g_assert_cmphex (ls_agent_get_incomplete (f->agent), ==, 1u << LS_ENTITY_ANNOUNCEMENT);

  sign_in (f);
  assert_told (f, "announcement_created:a133");
}

/* After a restart no list can be had: what was learnt before is on disk. */
static void
test_restart (Fixture *f, gconstpointer data)
{
  sign_in (f);
  pass (f, 30 * MINUTE);
  assert_told (f, "");
  stop_agent (f);
  f->n_lists = 0;
  f->score = 70;
  start_agent (f);
  serve (f);
  assert_live (f);
  assert_told (f, "grade_updated:g1");
  g_assert_cmpuint (f->n_lists, ==, 0);
}

/* No room for a sign-in: never before the server says, and then again, while the caller is there. */
static void
test_sign_in_waits (Fixture *f, gconstpointer data)
{
  gint64 delay;

  begin_sign_in (f, NULL);
  for (guint i = 0; i < 5; i++)
    {
      refuse_sign_in (f, 20 * SECOND);
      g_assert_false (f->done);
      g_assert_null (peek (f, LS_FAKE_CALL_SIGN_IN));
      delay = ls_fake_clock_get_next_delay (f->clock);
      g_assert_cmpint (delay, >=, 20 * SECOND);
      g_assert_cmpint (delay, <=, 25 * SECOND);
      ls_fake_clock_advance (f->clock, delay);
      settle (f);
      g_assert_nonnull (peek (f, LS_FAKE_CALL_SIGN_IN));
    }
  answer_sign_in (f, "anna");
  g_assert_true (f->done);
  g_assert_no_error (f->error);
}

/* Not for ever: then it says why. */
static void
test_sign_in_gives_up (Fixture *f, gconstpointer data)
{
  gint64 begun_at = ls_clock_get_monotonic (LS_CLOCK (f->clock));
  gint64 took;

  begin_sign_in (f, NULL);
  while (!f->done)
    {
      refuse_sign_in (f, 0);
      if (!f->done)
        ls_fake_clock_advance (f->clock, ls_fake_clock_get_next_delay (f->clock));
      settle (f);
    }
  took = ls_clock_get_monotonic (LS_CLOCK (f->clock)) - begun_at;
  g_assert_error (f->error, LS_ERROR, LS_ERROR_UNREACHABLE);
  g_assert_true (g_str_has_prefix (f->error->message, "rate-limited: "));
  g_assert_cmpint (took, >, 19 * MINUTE);
  g_assert_cmpint (took, <=, 20 * MINUTE);
  g_assert_null (ls_agent_get_user (f->agent));
}

/* A wrong password is no reason to wait. */
static void
test_sign_in_wrong_in_the_end (Fixture *f, gconstpointer data)
{
  begin_sign_in (f, NULL);
  refuse_sign_in (f, SECOND);
  ls_fake_clock_advance (f->clock, 10 * SECOND);
  settle (f);
  ls_fake_transport_fail (f->transport, LS_FAKE_CALL_SIGN_IN,
                          g_error_new (LS_ERROR, LS_ERROR_WRONG_CREDENTIALS, "no"));
  settle (f);
  g_assert_error (f->error, LS_ERROR, LS_ERROR_WRONG_CREDENTIALS);
}

/* The caller is gone, while it waits or while the server is asked; or was before. */
static void
test_sign_in_cancelled (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();

      begin_sign_in (f, cancellable);
      if (i == 0)
        refuse_sign_in (f, 20 * SECOND);
      g_cancellable_cancel (cancellable);
      settle (f);
      g_assert_true (f->done);
      g_assert_error (f->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpuint (ls_fake_clock_count_alarms (f->clock), ==, 0);
      g_assert_cmpuint (ls_fake_transport_count_pending (f->transport), ==, 0);

      f->done = FALSE;
      ls_agent_sign_in_async (f->agent, "anna@s", "secret", cancellable, signed_in_cb, f);
      settle (f);
      g_assert_true (f->done);
      g_assert_error (f->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpuint (ls_fake_transport_count_pending (f->transport), ==, 0);
    }
}

static void
late_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  ls_agent_sign_in_finish (LS_AGENT (object), result, user_data);
}

/* Somebody else signs in, or out, or the program ends: nobody waits for the first one any more. */
static void
test_sign_in_overtaken (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) first = NULL;
  g_autoptr (GError) second = NULL;
  g_autoptr (GError) third = NULL;
  g_autoptr (LsSession) tokens = session_new (f, "ben", "login");

  ls_agent_sign_in_async (f->agent, "ben@s", "secret", NULL, late_cb, &first);
  settle (f);
  refuse_sign_in (f, 20 * SECOND);
  sign_in (f);
  g_assert_error (first, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpstr (ls_agent_get_user (f->agent)->id, ==, "anna");

  ls_agent_sign_in_async (f->agent, "ben@s", "secret", NULL, late_cb, &second);
  settle (f);
  refuse_sign_in (f, 20 * SECOND);
  g_assert_cmpstr (ls_agent_get_user (f->agent)->id, ==, "anna");
  ls_agent_sign_out_async (f->agent, FALSE, NULL, late_cb, NULL);
  serve (f);
  g_assert_error (second, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  ls_agent_sign_in_async (f->agent, "ben@s", "secret", NULL, late_cb, &third);
  settle (f);
  refuse_sign_in (f, 20 * SECOND);
  ls_agent_set_tokens_async (f->agent, tokens, NULL, late_cb, NULL);
  serve (f);
  g_assert_error (third, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpstr (ls_agent_get_user (f->agent)->id, ==, "ben");
}

static void
test_sign_in_stopped (Fixture *f, gconstpointer data)
{
  begin_sign_in (f, NULL);
  refuse_sign_in (f, 20 * SECOND);
  ls_agent_stop (f->agent);
  settle (f);
  g_assert_true (f->done);
  g_assert_error (f->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (ls_fake_clock_count_alarms (f->clock), ==, 0);
}

/* Whoever had to wait long for a sign-in does not poll at once, with so many others about. */
static void
test_sign_in_into_a_crowd (Fixture *f, gconstpointer data)
{
  begin_sign_in (f, NULL);
  for (guint i = 0; i < 10; i++)
    {
      refuse_sign_in (f, 30 * SECOND);
      ls_fake_clock_advance (f->clock, ls_fake_clock_get_next_delay (f->clock));
      settle (f);
    }
  answer_sign_in (f, "anna");
  serve (f);
  g_assert_cmpuint (f->n_polls + f->n_lists, ==, 0);
  g_assert_cmpint (ls_agent_get_status (f->agent)->state, ==, LS_STATE_WAITING);
  g_assert_cmpint (ls_agent_get_status (f->agent)->reason, ==, LS_REASON_RATE_LIMITED);
  pass (f, 4 * MINUTE + 20 * SECOND);
  assert_live (f);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/core/agent-classic/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("day", test_day);
  ADD ("more-than-a-poll-has", test_more_than_a_poll_has);
  ADD ("restart", test_restart);
  ADD ("sign-in/waits", test_sign_in_waits);
  ADD ("sign-in/gives-up", test_sign_in_gives_up);
  ADD ("sign-in/wrong-in-the-end", test_sign_in_wrong_in_the_end);
  ADD ("sign-in/cancelled", test_sign_in_cancelled);
  ADD ("sign-in/overtaken", test_sign_in_overtaken);
  ADD ("sign-in/stopped", test_sign_in_stopped);
  ADD ("sign-in/into-a-crowd", test_sign_in_into_a_crowd);
  return g_test_run ();
}
