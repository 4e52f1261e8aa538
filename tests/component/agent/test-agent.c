/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "ls-agent.h"
#include "ls-fake-clock.h"
#include "ls-fake-network.h"
#include "ls-fake-random.h"
#include "ls-fake-secrets.h"
#include "ls-fake-store-keys.h"
#include "ls-fake-transport.h"
#include "ls-remove-tree.h"
#include "ls-store-sqlite.h"

#define LIFE G_GINT64_CONSTANT (900000)

typedef struct
{
  char *dir;
  LsFakeClock *clock;
  LsFakeRandom *random;
  LsFakeNetwork *network;
  LsFakeSecrets *secrets;
  LsFakeTransport *transport;
  LsStoreSqlite *store;
  LsConfig *config;
  LsAgent *agent;
  GPtrArray *events; /* what was told to apps */
  gboolean done;
  GError *error;
} Fixture;

/* Tokens of the test: "NAME@ISSUED", in ms since the epoch. */
static gint64
token_get_issued (const char *token)
{
  return g_ascii_strtoll (strchr (token, '@') + 1, NULL, 10);
}

static gint64
token_get_expiry (const char *token)
{
  return token_get_issued (token) + LIFE;
}

static LsUser *
token_get_user (const char *token)
{
  g_autofree char *name = g_strndup (token, (gsize)(strchr (token, '@') - token));

  return ls_user_new (name, name, LS_ROLE_STUDENT, LS_EXTRA_ROLE_NONE);
}

static LsSession *
session_for (Fixture *fixture, const char *user, gboolean with_user)
{
  g_autofree char *token =
      g_strdup_printf ("%s@%" G_GINT64_FORMAT, user, ls_clock_get_wall (LS_CLOCK (fixture->clock)));
  LsSession *session = ls_session_new (token, "refresh");

  if (with_user)
    session->user = ls_user_new (user, user, LS_ROLE_STUDENT, LS_EXTRA_ROLE_NONE);
  return session;
}

static void
on_events_committed (LsAgent *agent, GPtrArray *events, Fixture *fixture)
{
  for (guint i = 0; i < events->len; i++)
    g_ptr_array_add (fixture->events, ls_event_ref (events->pdata[i]));
}

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
    .token_reader = { token_get_issued, token_get_expiry, token_get_user },
  };

  fixture->agent = ls_agent_new (&ports, fixture->config);
  g_signal_connect (fixture->agent, "events-committed", G_CALLBACK (on_events_committed), fixture);
  ls_agent_start (fixture->agent);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  fixture->clock = ls_fake_clock_new ();
  fixture->random = ls_fake_random_new (11);
  fixture->network = ls_fake_network_new ();
  fixture->secrets = ls_fake_secrets_new (LS_CLOCK (fixture->clock));
  fixture->transport = ls_fake_transport_new ();
  fixture->store = ls_store_sqlite_new (fixture->dir);
  fixture->events = ls_event_array_new ();
  fixture->config = ls_config_new ();
  fixture->config->server = g_strdup ("http://server");
  fixture->config->entities = 1u << LS_ENTITY_GRADE;
  ls_fake_network_set (fixture->network, TRUE, FALSE);
  start_agent (fixture);
}

static void
fence_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autofree LsStoreStatistics *statistics =
      ls_store_statistics_finish (LS_STORE (object), result, NULL);
  gboolean *passed = user_data;

  *passed = TRUE;
}

/* Lets everything happen that happens without the test: the store answers what it was asked, and
 * what is asked because of that. The longest such chain has three links. */
static void
settle (Fixture *fixture)
{
  for (guint i = 0; i < 4; i++)
    {
      gboolean passed = FALSE;

      while (g_main_context_iteration (NULL, FALSE))
        continue;
      ls_store_statistics_async (LS_STORE (fixture->store), fence_cb, &passed);
      while (!passed)
        g_main_context_iteration (NULL, TRUE);
    }
  while (g_main_context_iteration (NULL, FALSE))
    continue;
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ls_agent_stop (fixture->agent);
  settle (fixture);
  g_assert_finalize_object (fixture->agent);
  g_assert_cmpuint (ls_fake_clock_count_alarms (fixture->clock), ==, 0);
  g_clear_object (&fixture->transport);
  g_clear_object (&fixture->store);
  g_clear_object (&fixture->secrets);
  g_clear_object (&fixture->network);
  g_clear_object (&fixture->random);
  g_clear_object (&fixture->clock);
  g_ptr_array_unref (fixture->events);
  g_clear_error (&fixture->error);
  ls_config_free (fixture->config);
  ls_remove_tree (fixture->dir);
  g_free (fixture->dir);
}

static LsState
state_of (Fixture *fixture)
{
  return ls_agent_get_status (fixture->agent)->state;
}

#define wait_until(condition)                                                                      \
  G_STMT_START                                                                                     \
  {                                                                                                \
    while (!(condition))                                                                           \
      g_main_context_iteration (NULL, TRUE);                                                       \
  }                                                                                                \
  G_STMT_END

static gboolean
is_asked (Fixture *fixture, LsFakeCallKind kind)
{
  return ls_fake_transport_peek_call (fixture->transport, kind) != NULL;
}

static void
signed_in_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;

  ls_agent_sign_in_finish (LS_AGENT (object), result, &fixture->error);
  fixture->done = TRUE;
}

static void
sign_in (Fixture *fixture)
{
  ls_agent_sign_in_async (fixture->agent, "a@b", "secret", NULL, signed_in_cb, fixture);
  wait_until (is_asked (fixture, LS_FAKE_CALL_SIGN_IN));
  ls_fake_transport_answer_sign_in (fixture->transport, session_for (fixture, "anna", TRUE));
  wait_until (fixture->done);
  g_assert_no_error (fixture->error);
}

static LsEvent *
grade (gint64 offset)
{
  g_autofree char *id = g_strdup_printf ("g%d", (int)offset);
  g_autofree char *text = g_strdup_printf ("{\"id\":\"%s\"}", id);
  LsEvent *event = ls_event_new (ls_event_type_from_string ("grade_created"), id, text);

  event->offset = offset;
  event->version = 1;
  return event;
}

static LsMessage *
events_frame (const char *epoch, gint64 prev, gint64 cursor)
{
  LsMessage *message = ls_message_new (LS_MESSAGE_EVENTS);

  message->prev = ls_cursor_new (epoch, prev);
  message->cursor = ls_cursor_new (epoch, cursor);
  message->events = ls_event_array_new ();
  for (gint64 offset = prev + 1; offset <= cursor; offset++)
    g_ptr_array_add (message->events, grade (offset));
  return message;
}

static void
deliver_events (Fixture *fixture, gint64 prev, gint64 cursor)
{
  g_autoptr (LsMessage) message = events_frame ("e", prev, cursor);

  ls_fake_transport_deliver (fixture->transport, g_steal_pointer (&message));
}

static void
welcome (Fixture *fixture, LsResume resume, gint64 offset)
{
  LsMessage *message = ls_message_new (LS_MESSAGE_WELCOME);

  message->resume = resume;
  message->cursor = ls_cursor_new ("e", offset);
  ls_fake_transport_deliver (fixture->transport, message);
}

static void
answer_snapshot (Fixture *fixture, const char *epoch, gint64 offset, const char *id)
{
  const LsFakeCall *call;
  LsSnapshotPage *page;

  wait_until (is_asked (fixture, LS_FAKE_CALL_SNAPSHOT));
  call = ls_fake_transport_peek_call (fixture->transport, LS_FAKE_CALL_SNAPSHOT);
  page = ls_snapshot_page_new (call->entity);
  page->cursor = ls_cursor_new (epoch, offset);
  if (id != NULL)
    g_ptr_array_add (page->rows, ls_row_new (call->entity, id, "{}", 1));
  ls_fake_transport_answer_snapshot (fixture->transport, page);
}

static void
answer_updates (Fixture *fixture, gint64 prev, gint64 cursor)
{
  LsUpdates *updates = ls_updates_new ();
  const LsFakeCall *call;

  wait_until (is_asked (fixture, LS_FAKE_CALL_UPDATES));
  call = ls_fake_transport_peek_call (fixture->transport, LS_FAKE_CALL_UPDATES);
  g_assert_cmpint (call->cursor.offset, ==, prev);
  updates->cursor = ls_cursor_new ("e", cursor);
  for (gint64 offset = prev + 1; offset <= cursor; offset++)
    g_ptr_array_add (updates->events, grade (offset));
  ls_fake_transport_answer_updates (fixture->transport, updates);
}

static LsMessage *
take_sent (Fixture *fixture, LsMessageKind kind)
{
  for (;;)
    {
      g_autoptr (LsMessage) message = NULL;

      wait_until (ls_fake_transport_count_sent (fixture->transport) > 0);
      message = ls_fake_transport_take_sent (fixture->transport);
      if (message->kind == kind)
        return g_steal_pointer (&message);
    }
}

/* Signs in and gets to live at the cursor e:10, with an empty cache. */
static void
go_live (Fixture *fixture)
{
  g_autoptr (LsMessage) hello = NULL;

  sign_in (fixture);
  wait_until (is_asked (fixture, LS_FAKE_CALL_OPEN));
  ls_fake_transport_accept (fixture->transport, LS_PROTOCOL_LABSYNC_V1);
  hello = take_sent (fixture, LS_MESSAGE_HELLO);
  g_assert_false (ls_cursor_is_set (hello->cursor));
  g_assert_cmpuint (hello->event_types->len, ==, 3);
  welcome (fixture, LS_RESUME_FRESH, 10);
  answer_snapshot (fixture, "e", 10, NULL);
  answer_updates (fixture, 10, 10);
  wait_until (state_of (fixture) == LS_STATE_LIVE);
}

static void
drop (Fixture *fixture)
{
  ls_fake_transport_drop (fixture->transport, ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0,
                                                                 "dropped by the test"));
}

static void
refuse (Fixture *fixture, LsReason reason)
{
  wait_until (is_asked (fixture, LS_FAKE_CALL_OPEN));
  ls_fake_transport_refuse (fixture->transport, ls_link_error_new (reason, 0, 0, "refused"));
}

static void
fail_poll (Fixture *fixture)
{
  wait_until (is_asked (fixture, LS_FAKE_CALL_UPDATES));
  ls_fake_transport_fail (fixture->transport, LS_FAKE_CALL_UPDATES,
                          ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "no route"));
}

static void
assert_told (Fixture *fixture, gint64 first, gint64 last)
{
  guint n = (guint)(last - first + 1);

  wait_until (fixture->events->len >= n);
  settle (fixture);
  g_assert_cmpuint (fixture->events->len, ==, n);
  for (guint i = 0; i < n; i++)
    {
      LsEvent *event = fixture->events->pdata[i];

      g_assert_cmpint (event->offset, ==, first + i);
      g_assert_cmpuint (event->seq, ==, i + 1);
    }
}

static void
test_agent_nobody (Fixture *fixture, gconstpointer data)
{
  wait_until (state_of (fixture) == LS_STATE_SIGNED_OUT);
  g_assert_cmpint (ls_agent_get_account_state (fixture->agent), ==, LS_ACCOUNT_SIGNED_OUT);
}

static void
test_agent_wrong_password (Fixture *fixture, gconstpointer data)
{
  ls_agent_sign_in_async (fixture->agent, "a@b", "wrong", NULL, signed_in_cb, fixture);
  wait_until (is_asked (fixture, LS_FAKE_CALL_SIGN_IN));
  ls_fake_transport_fail (fixture->transport, LS_FAKE_CALL_SIGN_IN,
                          g_error_new (LS_ERROR, LS_ERROR_WRONG_CREDENTIALS, "no"));
  wait_until (fixture->done);
  g_assert_error (fixture->error, LS_ERROR, LS_ERROR_WRONG_CREDENTIALS);
  g_assert_null (ls_agent_get_user (fixture->agent));
}

static void
test_agent_live_events (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  deliver_events (fixture, 10, 11);
  deliver_events (fixture, 11, 14);
  assert_told (fixture, 11, 14);
}

static void
test_agent_duplicate_frame (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  deliver_events (fixture, 10, 12);
  deliver_events (fixture, 10, 12);
  deliver_events (fixture, 11, 13);
  assert_told (fixture, 11, 13);
}

/* A hole is filled first; what came meanwhile waits, and everything is told once and in order. */
static void
test_agent_gap (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  deliver_events (fixture, 12, 13);
  deliver_events (fixture, 13, 14);
  answer_updates (fixture, 10, 13);
  assert_told (fixture, 11, 14);
  g_assert_cmpint (ls_agent_get_counters (fixture->agent)->n_gaps, ==, 1);
  g_assert_cmpint (state_of (fixture), ==, LS_STATE_LIVE);
}

static void
test_agent_gap_seen_by_pong (Fixture *fixture, gconstpointer data)
{
  LsMessage *pong = ls_message_new (LS_MESSAGE_PONG);

  go_live (fixture);
  pong->sent = ls_cursor_new ("e", 12);
  pong->cursor = ls_cursor_new ("e", 12);
  ls_fake_transport_deliver (fixture->transport, pong);
  answer_updates (fixture, 10, 12);
  assert_told (fixture, 11, 12);
}

static void
test_agent_resume (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsMessage) hello = NULL;

  go_live (fixture);
  deliver_events (fixture, 10, 11);
  assert_told (fixture, 11, 11);
  drop (fixture);
  g_assert_cmpint (state_of (fixture), ==, LS_STATE_WAITING);
  ls_fake_clock_advance (fixture->clock, 1000); /* the first wait is at most this long */
  wait_until (is_asked (fixture, LS_FAKE_CALL_OPEN));
  ls_fake_transport_accept (fixture->transport, LS_PROTOCOL_LABSYNC_V1);
  hello = take_sent (fixture, LS_MESSAGE_HELLO);
  g_assert_cmpint (hello->cursor.offset, ==, 11);
  welcome (fixture, LS_RESUME_RESUMED, 13);
  g_assert_cmpint (state_of (fixture), ==, LS_STATE_CONNECTING);
  deliver_events (fixture, 11, 13);
  wait_until (state_of (fixture) == LS_STATE_LIVE);
  assert_told (fixture, 11, 13);
}

/* The server was restored from a backup: another log. What differs is told, the rest is not. */
static void
test_agent_new_log (Fixture *fixture, gconstpointer data)
{
  LsEvent *event;

  go_live (fixture);
  deliver_events (fixture, 10, 11);
  assert_told (fixture, 11, 11);
  ls_fake_transport_deliver (fixture->transport, events_frame ("f", 3, 4));
  answer_snapshot (fixture, "f", 4, "new");
  wait_until (is_asked (fixture, LS_FAKE_CALL_UPDATES));
  g_assert_cmpstr (
      ls_fake_transport_peek_call (fixture->transport, LS_FAKE_CALL_UPDATES)->cursor.epoch, ==,
      "f");
  wait_until (fixture->events->len == 3);
  event = fixture->events->pdata[1];
  g_assert_cmpstr (event->entity_id, ==, "new");
  g_assert_cmpstr (ls_event_type_to_string (event->type), ==, "grade_created");
  event = fixture->events->pdata[2];
  g_assert_cmpstr (event->entity_id, ==, "g11");
  g_assert_cmpstr (ls_event_type_to_string (event->type), ==, "grade_deleted");
}

static void
test_agent_falls_back_to_polling (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  drop (fixture);
  ls_fake_clock_advance (fixture->clock, 1000); /* the first wait is at most this long */
  refuse (fixture, LS_REASON_UPGRADE_REFUSED);
  answer_updates (fixture, 10, 12);
  wait_until (state_of (fixture) == LS_STATE_POLLING);
  /* one attempt at the socket at once */
  refuse (fixture, LS_REASON_UPGRADE_REFUSED);
  assert_told (fixture, 11, 12);
  g_assert_cmpint (ls_agent_get_status (fixture->agent)->reason, ==, LS_REASON_UPGRADE_REFUSED);

  /* the next poll comes in 30 s, give or take 20 % */
  ls_fake_clock_advance (fixture->clock, 23900);
  settle (fixture);
  g_assert_false (is_asked (fixture, LS_FAKE_CALL_UPDATES));
  ls_fake_clock_advance (fixture->clock, 12200);
  answer_updates (fixture, 12, 13);
  assert_told (fixture, 11, 13);

  /* and the socket is tried again after two minutes */
  ls_fake_clock_advance (fixture->clock, 84000);
  wait_until (is_asked (fixture, LS_FAKE_CALL_OPEN));
}

static void
test_agent_waits_when_nothing_answers (Fixture *fixture, gconstpointer data)
{
  guint n_opened;
  gint64 delay;

  go_live (fixture);
  drop (fixture);
  n_opened = ls_fake_transport_count_started (fixture->transport, LS_FAKE_CALL_OPEN);
  for (guint i = 0; i < 8; i++)
    {
      g_assert_cmpint (state_of (fixture), ==, LS_STATE_WAITING);
      g_assert_cmpint (ls_agent_get_status (fixture->agent)->next_attempt_at, >, 0);
      delay = ls_agent_get_status (fixture->agent)->next_attempt_at -
              ls_clock_get_wall (LS_CLOCK (fixture->clock));
      g_assert_cmpint (delay, <=, 60000);
      ls_fake_clock_advance (fixture->clock, MAX (delay, 0));
      refuse (fixture, LS_REASON_SERVER_UNREACHABLE);
      fail_poll (fixture);
    }
  g_assert_cmpuint (ls_fake_transport_count_started (fixture->transport, LS_FAKE_CALL_OPEN), ==,
                    n_opened + 8);
}

static void
test_agent_network_up_cuts_the_wait (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  ls_fake_network_set (fixture->network, FALSE, FALSE);
  drop (fixture);
  g_assert_cmpint (state_of (fixture), ==, LS_STATE_OFFLINE);
  g_assert_cmpint (ls_agent_get_status (fixture->agent)->reason, ==, LS_REASON_NO_NETWORK);
  ls_fake_network_set (fixture->network, TRUE, FALSE);
  g_assert_cmpint (state_of (fixture), ==, LS_STATE_CONNECTING);
  wait_until (is_asked (fixture, LS_FAKE_CALL_OPEN));
}

static void
test_agent_silence_is_noticed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsMessage) ping = NULL;

  go_live (fixture);
  ls_agent_follow (fixture->agent, 1u << LS_ENTITY_GRADE);
  ls_fake_clock_advance (fixture->clock, 5000);
  ping = take_sent (fixture, LS_MESSAGE_PING);
  ls_fake_clock_advance (fixture->clock, 3899);
  g_assert_cmpint (state_of (fixture), ==, LS_STATE_LIVE);
  ls_fake_clock_advance (fixture->clock, 1);
  g_assert_cmpint (state_of (fixture), ==, LS_STATE_WAITING);
  ls_agent_unfollow (fixture->agent, 1u << LS_ENTITY_GRADE);
  ls_fake_clock_advance (fixture->clock, 700000);
}

/* Once a ping is answered nothing wakes us up before the next one is due. */
static void
test_agent_answered_ping_wakes_nobody (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsMessage) ping = NULL;

  go_live (fixture);
  ls_fake_clock_advance (fixture->clock, 25000);
  ping = take_sent (fixture, LS_MESSAGE_PING);
  g_assert_cmpint (ls_fake_clock_get_next_delay (fixture->clock), ==, 9900);
  ls_fake_transport_deliver (fixture->transport, ls_message_new (LS_MESSAGE_PONG));
  g_assert_cmpint (ls_fake_clock_get_next_delay (fixture->clock), ==, 25000);
}

static void
test_agent_disconnect_lasts (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  ls_agent_disconnect (fixture->agent);
  g_assert_cmpint (state_of (fixture), ==, LS_STATE_STOPPED);
  g_assert_cmpint (ls_agent_get_status (fixture->agent)->reason, ==, LS_REASON_USER);
  settle (fixture);
  g_assert_finalize_object (fixture->agent);

  start_agent (fixture);
  wait_until (ls_agent_get_user (fixture->agent) != NULL);
  settle (fixture);
  g_assert_cmpint (state_of (fixture), ==, LS_STATE_STOPPED);
  ls_agent_connect (fixture->agent);
  wait_until (is_asked (fixture, LS_FAKE_CALL_OPEN));
}

/* After a restart the agent signs in by itself and goes on where it was. */
static void
test_agent_restart (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsMessage) hello = NULL;

  go_live (fixture);
  deliver_events (fixture, 10, 11);
  assert_told (fixture, 11, 11);
  settle (fixture);
  g_assert_finalize_object (fixture->agent);

  start_agent (fixture);
  wait_until (is_asked (fixture, LS_FAKE_CALL_OPEN));
  g_assert_cmpstr (ls_agent_get_user (fixture->agent)->id, ==, "anna");
  ls_fake_transport_accept (fixture->transport, LS_PROTOCOL_LABSYNC_V1);
  hello = take_sent (fixture, LS_MESSAGE_HELLO);
  g_assert_cmpint (hello->cursor.offset, ==, 11);
}

static void
test_agent_refreshes_in_time (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsMessage) auth = NULL;

  go_live (fixture);
  for (gint64 t = 0; t < LIFE * 69 / 100; t += 4000)
    {
      deliver_events (fixture, 10, 10);
      ls_fake_clock_advance (fixture->clock, 4000);
    }
  g_assert_false (is_asked (fixture, LS_FAKE_CALL_REFRESH));
  for (gint64 t = 0; t < LIFE * 22 / 100; t += 4000)
    {
      deliver_events (fixture, 10, 10);
      ls_fake_clock_advance (fixture->clock, 4000);
    }
  wait_until (is_asked (fixture, LS_FAKE_CALL_REFRESH));
  ls_fake_transport_answer_refresh (fixture->transport, session_for (fixture, "anna", FALSE));
  auth = take_sent (fixture, LS_MESSAGE_AUTH);
  g_assert_cmpint (state_of (fixture), ==, LS_STATE_LIVE);
}

static void
test_agent_token_refused (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  ls_fake_transport_drop (fixture->transport,
                          ls_link_error_new (LS_REASON_TOKEN_REFUSED, 4001, 0, "expired"));
  wait_until (is_asked (fixture, LS_FAKE_CALL_REFRESH));
  ls_fake_transport_fail (fixture->transport, LS_FAKE_CALL_REFRESH,
                          ls_link_error_new (LS_REASON_TOKEN_REFUSED, 401, 0, "revoked"));
  wait_until (ls_agent_get_account_state (fixture->agent) == LS_ACCOUNT_EXPIRED);
  g_assert_cmpint (ls_agent_get_status (fixture->agent)->reason, ==, LS_REASON_TOKEN_REFUSED);
  /* only a sign-in helps: no storm */
  ls_fake_clock_advance (fixture->clock, 24 * 3600 * 1000);
  settle (fixture);
  g_assert_cmpuint (ls_fake_transport_count_started (fixture->transport, LS_FAKE_CALL_REFRESH), ==,
                    1);
  g_assert_cmpuint (ls_fake_transport_count_pending (fixture->transport), ==, 0);
}

static void
test_agent_drain (Fixture *fixture, gconstpointer data)
{
  LsMessage *message = ls_message_new (LS_MESSAGE_DRAIN);
  gint64 now = ls_clock_get_wall (LS_CLOCK (fixture->clock));
  const LsStatus *status;

  go_live (fixture);
  message->retry_after_ms = 5000;
  message->spread_ms = 30000;
  ls_fake_transport_deliver (fixture->transport, message);
  status = ls_agent_get_status (fixture->agent);
  g_assert_cmpint (status->reason, ==, LS_REASON_SERVER_DRAINING);
  g_assert_cmpint (status->next_attempt_at, >=, now + 5000);
  g_assert_cmpint (status->next_attempt_at, <=, now + 35000);
  ls_fake_clock_advance (fixture->clock, 4999);
  g_assert_false (is_asked (fixture, LS_FAKE_CALL_OPEN));
  for (guint i = 0; i < 31 && !is_asked (fixture, LS_FAKE_CALL_OPEN); i++)
    ls_fake_clock_advance (fixture->clock, 1000);
  g_assert_true (is_asked (fixture, LS_FAKE_CALL_OPEN));
}

/* A server that has no room just now says when it has: not before, and not much later, however
 * often we tried. */
static void
test_agent_retry_after (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  drop (fixture);
  for (guint i = 0; i < 8; i++)
    {
      while (!is_asked (fixture, LS_FAKE_CALL_OPEN))
        ls_fake_clock_advance (fixture->clock, 100);
      ls_fake_transport_refuse (fixture->transport,
                                ls_link_error_new (LS_REASON_SERVER_DRAINING, 503, 20000, "busy"));
      wait_until (state_of (fixture) == LS_STATE_WAITING);
      g_assert_false (is_asked (fixture, LS_FAKE_CALL_UPDATES));
      ls_fake_clock_advance (fixture->clock, 19999);
      g_assert_false (is_asked (fixture, LS_FAKE_CALL_OPEN));
      ls_fake_clock_advance (fixture->clock, 5001);
      g_assert_true (is_asked (fixture, LS_FAKE_CALL_OPEN));
    }
}

/* The same beside the polling, where the next try would be two minutes away. */
static void
test_agent_retry_after_while_polling (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  drop (fixture);
  ls_fake_clock_advance (fixture->clock, 1000);
  refuse (fixture, LS_REASON_UPGRADE_REFUSED);
  answer_updates (fixture, 10, 10);
  wait_until (state_of (fixture) == LS_STATE_POLLING);
  wait_until (is_asked (fixture, LS_FAKE_CALL_OPEN));
  ls_fake_transport_refuse (fixture->transport,
                            ls_link_error_new (LS_REASON_SERVER_DRAINING, 503, 8000, "busy"));
  settle (fixture);
  g_assert_cmpint (state_of (fixture), ==, LS_STATE_POLLING);
  ls_fake_clock_advance (fixture->clock, 7999);
  g_assert_false (is_asked (fixture, LS_FAKE_CALL_OPEN));
  ls_fake_clock_advance (fixture->clock, 2001);
  g_assert_true (is_asked (fixture, LS_FAKE_CALL_OPEN));
}

static void
signed_out_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_true (ls_agent_sign_out_finish (LS_AGENT (object), result, &fixture->error));
  fixture->done = TRUE;
}

static void
test_agent_sign_out (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  fixture->done = FALSE;
  ls_agent_sign_out_async (fixture->agent, TRUE, NULL, signed_out_cb, fixture);
  g_assert_cmpint (state_of (fixture), ==, LS_STATE_SIGNED_OUT);
  g_assert_null (ls_agent_get_user (fixture->agent));
  wait_until (fixture->done);
  g_assert_true (is_asked (fixture, LS_FAKE_CALL_SIGN_OUT));
  ls_fake_transport_answer_sign_out (fixture->transport);
}

/* What the keyring does not answer for is over after five seconds. */
static void
give_up_on_keyring (Fixture *fixture)
{
  settle (fixture);
  ls_fake_clock_advance (fixture->clock, 5000);
  settle (fixture);
}

/* A sign-in while it is still read who was signed in before: what the store said to the one must not
 * be used after the other. */
static void
test_agent_sign_in_while_loading (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  settle (fixture);
  g_assert_finalize_object (fixture->agent);
  ls_fake_secrets_set_state (fixture->secrets, LS_FAKE_SECRETS_HUNG);

  fixture->config->tokens_in_memory = TRUE;
  fixture->done = FALSE;
  start_agent (fixture);
  ls_agent_sign_in_async (fixture->agent, "a@b", "secret", NULL, signed_in_cb, fixture);
  ls_fake_transport_answer_sign_in (fixture->transport, session_for (fixture, "anna", TRUE));
  settle (fixture);
  g_assert_false (fixture->done);
  g_assert_null (ls_agent_get_user (fixture->agent));
  give_up_on_keyring (fixture);
  g_assert_true (fixture->done);
  g_assert_no_error (fixture->error);
  g_assert_cmpstr (ls_agent_get_user (fixture->agent)->id, ==, "anna");
}

static void
synced_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;

  ls_agent_sync_finish (LS_AGENT (object), result, &fixture->error);
  fixture->done = TRUE;
}

static void
restart (Fixture *fixture)
{
  ls_agent_stop (fixture->agent);
  settle (fixture);
  g_assert_finalize_object (fixture->agent);
  start_agent (fixture);
}

/* What the user says while it is still read what was said before counts, and nobody is signed out by
 * it. */
static void
test_agent_disconnect_while_loading (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  restart (fixture);
  ls_agent_disconnect (fixture->agent);
  settle (fixture);
  g_assert_cmpint (state_of (fixture), ==, LS_STATE_STOPPED);
  g_assert_cmpstr (ls_agent_get_user (fixture->agent)->id, ==, "anna");

  restart (fixture);
  ls_agent_connect (fixture->agent);
  wait_until (is_asked (fixture, LS_FAKE_CALL_OPEN));

  restart (fixture);
  wait_until (is_asked (fixture, LS_FAKE_CALL_OPEN));
  g_assert_cmpstr (ls_agent_get_user (fixture->agent)->id, ==, "anna");
}

/* Whoever is signed in at one server stays so while there is nobody at another. */
static void
test_agent_disconnect_at_another_server (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsConfig) other = ls_config_copy (fixture->config);

  go_live (fixture);
  g_free (other->server);
  other->server = g_strdup ("http://other");
  ls_agent_set_config (fixture->agent, other);
  settle (fixture);
  g_assert_cmpint (state_of (fixture), ==, LS_STATE_SIGNED_OUT);
  ls_agent_disconnect (fixture->agent);
  ls_agent_connect (fixture->agent);

  ls_agent_set_config (fixture->agent, fixture->config);
  settle (fixture);
  g_assert_nonnull (ls_agent_get_user (fixture->agent));
}

/* A store that can't be opened is tried again when the user asks, and not forgotten meanwhile. */
static void
test_agent_broken_store (Fixture *fixture, gconstpointer data)
{
  g_autofree char *away = g_strconcat (fixture->dir, ".away", NULL);
  g_autofree char *file = NULL;
  g_autoptr (GDir) dir = NULL;
  g_autofree char *path = NULL;
  const char *name;

  go_live (fixture);
  settle (fixture);
  dir = g_dir_open (fixture->dir, 0, NULL);
  while (path == NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      file = g_build_filename (fixture->dir, name, NULL);
      if (g_file_test (file, G_FILE_TEST_IS_DIR))
        path = g_steal_pointer (&file);
      g_clear_pointer (&file, g_free);
    }
  g_assert_nonnull (path);
  g_assert_finalize_object (fixture->agent);
  g_clear_object (&fixture->store);
  g_assert_cmpint (g_rename (path, away), ==, 0);
  g_assert_true (g_file_set_contents (path, "", 0, NULL));

  fixture->store = ls_store_sqlite_new (fixture->dir);
  start_agent (fixture);
  settle (fixture);
  g_assert_cmpint (state_of (fixture), ==, LS_STATE_SIGNED_OUT);
  g_assert_cmpint (ls_agent_get_status (fixture->agent)->reason, ==, LS_REASON_STORAGE);
  ls_agent_sync_async (fixture->agent, NULL, synced_cb, fixture);
  settle (fixture);
  g_assert_error (fixture->error, LS_ERROR, LS_ERROR_STORAGE);
  ls_agent_reconnect (fixture->agent);
  settle (fixture);
  g_assert_cmpint (ls_agent_get_status (fixture->agent)->reason, ==, LS_REASON_STORAGE);

  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_rename (away, path), ==, 0);
  ls_agent_connect (fixture->agent);
  wait_until (is_asked (fixture, LS_FAKE_CALL_OPEN));
  g_assert_cmpstr (ls_agent_get_user (fixture->agent)->id, ==, "anna");
}

/* A store whose key is locked away is tried again by itself; the account says meanwhile what is the matter. */
static void
test_agent_locked_store (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsFakeStoreKeys) keys = ls_fake_store_keys_new ();

  ls_store_sqlite_set_encryption (fixture->store, LS_STORE_KEYS (keys), TRUE);
  go_live (fixture);
  settle (fixture);
  g_assert_finalize_object (fixture->agent);
  g_clear_object (&fixture->store);

  ls_fake_store_keys_set_locked (keys, TRUE);
  fixture->store = ls_store_sqlite_new (fixture->dir);
  ls_store_sqlite_set_encryption (fixture->store, LS_STORE_KEYS (keys), TRUE);
  start_agent (fixture);
  settle (fixture);
  g_assert_cmpint (state_of (fixture), ==, LS_STATE_SIGNED_OUT);
  g_assert_cmpint (ls_agent_get_account_state (fixture->agent), ==, LS_ACCOUNT_LOCKED);
  ls_fake_clock_advance (fixture->clock, 30000);
  settle (fixture);
  g_assert_cmpint (ls_agent_get_account_state (fixture->agent), ==, LS_ACCOUNT_LOCKED);

  ls_fake_store_keys_set_locked (keys, FALSE);
  ls_fake_clock_advance (fixture->clock, 30000);
  wait_until (is_asked (fixture, LS_FAKE_CALL_OPEN));
  g_assert_cmpstr (ls_agent_get_user (fixture->agent)->id, ==, "anna");
}

/* Of two sign-ins the later one counts, whichever the keyring is done with first. */
static void
test_agent_sign_in_twice (Fixture *fixture, gconstpointer data)
{
  fixture->config->tokens_in_memory = TRUE;
  ls_agent_set_config (fixture->agent, fixture->config);
  ls_fake_secrets_set_state (fixture->secrets, LS_FAKE_SECRETS_HUNG);
  ls_agent_sign_in_async (fixture->agent, "a@b", "secret", NULL, signed_in_cb, fixture);
  ls_fake_transport_answer_sign_in (fixture->transport, session_for (fixture, "anna", TRUE));
  settle (fixture);
  ls_agent_sign_in_async (fixture->agent, "b@b", "secret", NULL, signed_in_cb, fixture);
  ls_fake_transport_answer_sign_in (fixture->transport, session_for (fixture, "ben", TRUE));
  give_up_on_keyring (fixture);
  g_assert_error (fixture->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpstr (ls_agent_get_user (fixture->agent)->id, ==, "ben");
}

/* Tokens that can't be kept are given back, and whoever was signed in before is so again. */
static void
test_agent_sign_in_locked (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  settle (fixture);
  ls_fake_secrets_set_state (fixture->secrets, LS_FAKE_SECRETS_LOCKED);
  fixture->done = FALSE;
  ls_agent_sign_in_async (fixture->agent, "b@b", "secret", NULL, signed_in_cb, fixture);
  ls_fake_transport_answer_sign_in (fixture->transport, session_for (fixture, "ben", TRUE));
  wait_until (fixture->done);
  g_assert_error (fixture->error, LS_ERROR, LS_ERROR_LOCKED);
  ls_fake_transport_answer_sign_out (fixture->transport);
  wait_until (ls_agent_get_account_state (fixture->agent) == LS_ACCOUNT_LOCKED);
  g_assert_cmpstr (ls_agent_get_user (fixture->agent)->id, ==, "anna");

  ls_fake_secrets_set_state (fixture->secrets, LS_FAKE_SECRETS_OK);
  ls_agent_reconnect (fixture->agent);
  wait_until (is_asked (fixture, LS_FAKE_CALL_OPEN));
  g_assert_cmpint (ls_agent_get_account_state (fixture->agent), ==, LS_ACCOUNT_SIGNED_IN);
}

/* A first sign-in that can't be kept leaves nobody signed in, and nothing to wait for. */
static void
test_agent_sign_in_absent (Fixture *fixture, gconstpointer data)
{
  settle (fixture);
  ls_fake_secrets_set_state (fixture->secrets, LS_FAKE_SECRETS_ABSENT);
  ls_agent_sign_in_async (fixture->agent, "a@b", "secret", NULL, signed_in_cb, fixture);
  ls_fake_transport_answer_sign_in (fixture->transport, session_for (fixture, "anna", TRUE));
  wait_until (fixture->done);
  g_assert_error (fixture->error, LS_ERROR, LS_ERROR_LOCKED);
  ls_fake_transport_answer_sign_out (fixture->transport);
  settle (fixture);
  g_assert_null (ls_agent_get_user (fixture->agent));
  g_assert_cmpint (ls_agent_get_account_state (fixture->agent), ==, LS_ACCOUNT_SIGNED_OUT);
  g_assert_cmpint (state_of (fixture), ==, LS_STATE_SIGNED_OUT);
}

/* The server's new tokens are used when they are kept, and not before. */
static void
test_agent_stores_before_use (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  ls_fake_transport_drop (fixture->transport,
                          ls_link_error_new (LS_REASON_TOKEN_REFUSED, 4001, 0, "expired"));
  wait_until (is_asked (fixture, LS_FAKE_CALL_REFRESH));
  ls_fake_secrets_set_state (fixture->secrets, LS_FAKE_SECRETS_HUNG);
  ls_fake_clock_advance (fixture->clock, 1000);
  ls_fake_transport_answer_refresh (fixture->transport, session_for (fixture, "anna", FALSE));
  settle (fixture);
  g_assert_false (is_asked (fixture, LS_FAKE_CALL_OPEN));
  /* What the server gave is good once only: it is not thrown away. */
  ls_fake_clock_advance (fixture->clock, 5000);
  wait_until (is_asked (fixture, LS_FAKE_CALL_OPEN));
}

/* Whoever signs in while the keyring still forgets the one before keeps the store. */
static void
test_agent_sign_in_while_signing_out (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  settle (fixture);
  ls_fake_secrets_set_state (fixture->secrets, LS_FAKE_SECRETS_HUNG);
  ls_agent_sign_out_async (fixture->agent, TRUE, NULL, signed_out_cb, fixture);
  ls_fake_transport_answer_sign_out (fixture->transport);
  settle (fixture);
  ls_fake_secrets_set_state (fixture->secrets, LS_FAKE_SECRETS_OK);
  fixture->done = FALSE;
  go_live (fixture);
  give_up_on_keyring (fixture);
  deliver_events (fixture, 10, 11);
  assert_told (fixture, 11, 11);
}

static void
test_agent_sync (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  fixture->done = FALSE;
  ls_agent_sync_async (fixture->agent, NULL, synced_cb, fixture);
  answer_updates (fixture, 10, 11);
  wait_until (fixture->done);
  g_assert_no_error (fixture->error);
  assert_told (fixture, 11, 11);

  drop (fixture);
  fixture->done = FALSE;
  ls_agent_sync_async (fixture->agent, NULL, synced_cb, fixture);
  refuse (fixture, LS_REASON_SERVER_UNREACHABLE);
  fail_poll (fixture);
  wait_until (fixture->done);
  g_assert_error (fixture->error, LS_ERROR, LS_ERROR_UNREACHABLE);
}

/* A run that is under way may have looked already: who asks only now gets another one. */
static void
test_agent_sync_during_a_run (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  ls_agent_sync_async (fixture->agent, NULL, synced_cb, fixture);
  wait_until (is_asked (fixture, LS_FAKE_CALL_UPDATES));
  ls_agent_sync_async (fixture->agent, NULL, synced_cb, fixture);
  fixture->done = FALSE;
  answer_updates (fixture, 10, 11);
  settle (fixture);
  g_assert_false (fixture->done);
  answer_updates (fixture, 11, 12);
  wait_until (fixture->done);
  g_assert_no_error (fixture->error);
  assert_told (fixture, 11, 12);
  g_assert_false (is_asked (fixture, LS_FAKE_CALL_UPDATES));
}

/* Nobody waits for a sync that can't come any more. */
static void
test_agent_sync_ends_with_the_attempt (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  drop (fixture);
  fixture->done = FALSE;
  ls_agent_sync_async (fixture->agent, NULL, synced_cb, fixture);
  wait_until (is_asked (fixture, LS_FAKE_CALL_OPEN));
  ls_agent_disconnect (fixture->agent);
  settle (fixture);
  g_assert_true (fixture->done);
  g_assert_error (fixture->error, LS_ERROR, LS_ERROR_UNREACHABLE);
}

/* Whatever was under way when the program was told to end, nothing begins afterwards. */
static void
assert_stopped (Fixture *fixture)
{
  g_assert_cmpint (state_of (fixture), ==, LS_STATE_STOPPED);
  g_assert_cmpuint (ls_fake_clock_count_alarms (fixture->clock), ==, 0);
  settle (fixture);
  g_assert_cmpint (state_of (fixture), ==, LS_STATE_STOPPED);
  g_assert_cmpuint (ls_fake_clock_count_alarms (fixture->clock), ==, 0);
  g_assert_cmpuint (ls_fake_transport_count_pending (fixture->transport), ==, 0);
}

static void
test_agent_stop_while_opening (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  drop (fixture);
  ls_agent_connect (fixture->agent);
  wait_until (is_asked (fixture, LS_FAKE_CALL_OPEN));
  ls_agent_stop (fixture->agent);
  assert_stopped (fixture);
}

static void
test_agent_stop_while_loading (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  settle (fixture);
  g_assert_finalize_object (fixture->agent);

  start_agent (fixture);
  ls_agent_stop (fixture->agent);
  assert_stopped (fixture);
  g_assert_nonnull (ls_agent_get_user (fixture->agent));
}

static void
test_agent_stop_while_signing_in (Fixture *fixture, gconstpointer data)
{
  ls_agent_sign_in_async (fixture->agent, "a@b", "secret", NULL, signed_in_cb, fixture);
  wait_until (is_asked (fixture, LS_FAKE_CALL_SIGN_IN));
  ls_agent_stop (fixture->agent);
  wait_until (fixture->done);
  g_assert_error (fixture->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_stopped (fixture);
}

/* Confirms the next of the subscriptions that were asked for. */
static void
confirm_subscription (Fixture *fixture, LsEntity entity)
{
  g_autoptr (LsMessage) subscribe = take_sent (fixture, LS_MESSAGE_SUBSCRIBE);
  LsMessage *subscribed = ls_message_new (LS_MESSAGE_SUBSCRIBED);

  g_assert_cmpint (ls_event_type_get_entity (subscribe->event_type), ==, entity);
  subscribed->event_type = subscribe->event_type;
  subscribed->cursor = ls_cursor_new ("e", 10);
  ls_fake_transport_deliver (fixture->transport, subscribed);
}

/* An app comes between hello and welcome: what it wants is not in the hello. */
static void
test_agent_follow_while_greeting (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsMessage) hello = NULL;

  go_live (fixture);
  drop (fixture);
  ls_fake_clock_advance (fixture->clock, 1000);
  wait_until (is_asked (fixture, LS_FAKE_CALL_OPEN));
  ls_fake_transport_accept (fixture->transport, LS_PROTOCOL_LABSYNC_V1);
  hello = take_sent (fixture, LS_MESSAGE_HELLO);
  ls_agent_follow (fixture->agent, 1u << LS_ENTITY_ANNOUNCEMENT);
  g_assert_cmpuint (ls_fake_transport_count_sent (fixture->transport), ==, 0);
  welcome (fixture, LS_RESUME_RESUMED, 10);
  for (guint i = 0; i < 3; i++)
    confirm_subscription (fixture, LS_ENTITY_ANNOUNCEMENT);
  answer_snapshot (fixture, "e", 10, "a1");
  answer_updates (fixture, 10, 10);
  settle (fixture);
  ls_agent_unfollow (fixture->agent, 1u << LS_ENTITY_ANNOUNCEMENT);
}

/* The answer to a question of a run that was given up does not count for the next run. */
static void
test_agent_late_answer (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsMessage) hello = NULL;

  go_live (fixture);
  drop (fixture);
  ls_fake_clock_advance (fixture->clock, 1000);
  refuse (fixture, LS_REASON_UPGRADE_REFUSED);
  answer_updates (fixture, 10, 10);
  wait_until (state_of (fixture) == LS_STATE_POLLING);

  wait_until (is_asked (fixture, LS_FAKE_CALL_OPEN));
  ls_fake_transport_accept (fixture->transport, LS_PROTOCOL_LABSYNC_V1);
  hello = take_sent (fixture, LS_MESSAGE_HELLO);
  fixture->done = FALSE;
  ls_agent_sync_async (fixture->agent, NULL, synced_cb, fixture);
  wait_until (is_asked (fixture, LS_FAKE_CALL_UPDATES));
  welcome (fixture, LS_RESUME_SNAPSHOT, 20);
  wait_until (is_asked (fixture, LS_FAKE_CALL_SNAPSHOT));
  answer_updates (fixture, 10, 20);
  settle (fixture);
  g_assert_cmpint (state_of (fixture), ==, LS_STATE_POLLING);
  g_assert_cmpuint (fixture->events->len, ==, 0);

  answer_snapshot (fixture, "e", 20, "g20");
  answer_updates (fixture, 20, 20);
  wait_until (state_of (fixture) == LS_STATE_LIVE);
  wait_until (fixture->done);
  g_assert_no_error (fixture->error);
}

/* What was held for a socket that is gone, of a log that is gone, is not looked at again. */
static void
test_agent_held_frames_of_old_log (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsMessage) hello = NULL;

  go_live (fixture);
  deliver_events (fixture, 12, 13); /* a gap */
  wait_until (is_asked (fixture, LS_FAKE_CALL_UPDATES));
  drop (fixture);
  ls_fake_clock_advance (fixture->clock, 1000);
  wait_until (is_asked (fixture, LS_FAKE_CALL_OPEN));
  ls_fake_transport_accept (fixture->transport, LS_PROTOCOL_LABSYNC_V1);
  hello = take_sent (fixture, LS_MESSAGE_HELLO);
  welcome (fixture, LS_RESUME_SNAPSHOT, 5);
  answer_snapshot (fixture, "f", 5, NULL);
  wait_until (is_asked (fixture, LS_FAKE_CALL_UPDATES));
  {
    LsUpdates *nothing = ls_updates_new ();

    nothing->not_modified = TRUE;
    ls_fake_transport_answer_updates (fixture->transport, nothing);
  }
  settle (fixture);
  g_assert_false (is_asked (fixture, LS_FAKE_CALL_SNAPSHOT));
  g_assert_cmpuint (ls_fake_transport_count_pending (fixture->transport), ==, 0);
}

/* Another entity is wanted by an app: it is subscribed to, and once all its events are sure to
 * come, its snapshot is taken. */
static void
test_agent_follow (Fixture *fixture, gconstpointer data)
{
  go_live (fixture);
  ls_agent_follow (fixture->agent, 1u << LS_ENTITY_USER);
  for (guint i = 0; i < 5; i++)
    {
      settle (fixture);
      g_assert_false (is_asked (fixture, LS_FAKE_CALL_SNAPSHOT));
      confirm_subscription (fixture, LS_ENTITY_USER);
    }
  answer_snapshot (fixture, "e", 10, "u1");
  answer_updates (fixture, 10, 10);
  settle (fixture);
  g_assert_cmpuint (fixture->events->len, ==, 0);

  /* dropped upstream, but only after a while */
  ls_agent_unfollow (fixture->agent, 1u << LS_ENTITY_USER);
  g_assert_cmphex (ls_agent_get_followed (fixture->agent), ==,
                   (1u << LS_ENTITY_USER) | (1u << LS_ENTITY_GRADE));
  for (guint i = 0; i < 151; i++)
    {
      deliver_events (fixture, 10, 10);
      ls_fake_clock_advance (fixture->clock, 4000);
    }
  g_assert_cmphex (ls_agent_get_followed (fixture->agent), ==, 1u << LS_ENTITY_GRADE);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    void (*func) (Fixture *, gconstpointer);
  } tests[] = {
    { "/agent/nobody", test_agent_nobody },
    { "/agent/wrong-password", test_agent_wrong_password },
    { "/agent/live-events", test_agent_live_events },
    { "/agent/duplicate-frame", test_agent_duplicate_frame },
    { "/agent/gap", test_agent_gap },
    { "/agent/gap-seen-by-pong", test_agent_gap_seen_by_pong },
    { "/agent/resume", test_agent_resume },
    { "/agent/new-log", test_agent_new_log },
    { "/agent/falls-back-to-polling", test_agent_falls_back_to_polling },
    { "/agent/waits-when-nothing-answers", test_agent_waits_when_nothing_answers },
    { "/agent/network-up-cuts-the-wait", test_agent_network_up_cuts_the_wait },
    { "/agent/silence-is-noticed", test_agent_silence_is_noticed },
    { "/agent/answered-ping-wakes-nobody", test_agent_answered_ping_wakes_nobody },
    { "/agent/disconnect-lasts", test_agent_disconnect_lasts },
    { "/agent/restart", test_agent_restart },
    { "/agent/refreshes-in-time", test_agent_refreshes_in_time },
    { "/agent/token-refused", test_agent_token_refused },
    { "/agent/drain", test_agent_drain },
    { "/agent/retry-after", test_agent_retry_after },
    { "/agent/retry-after/while-polling", test_agent_retry_after_while_polling },
    { "/agent/sign-out", test_agent_sign_out },
    { "/agent/sign-in/while-loading", test_agent_sign_in_while_loading },
    { "/agent/disconnect/while-loading", test_agent_disconnect_while_loading },
    { "/agent/disconnect/at-another-server", test_agent_disconnect_at_another_server },
    { "/agent/broken-store", test_agent_broken_store },
    { "/agent/locked-store", test_agent_locked_store },
    { "/agent/sign-in/twice", test_agent_sign_in_twice },
    { "/agent/sign-in/locked-keyring", test_agent_sign_in_locked },
    { "/agent/sign-in/absent-keyring", test_agent_sign_in_absent },
    { "/agent/stores-before-use", test_agent_stores_before_use },
    { "/agent/sign-in/while-signing-out", test_agent_sign_in_while_signing_out },
    { "/agent/sync", test_agent_sync },
    { "/agent/sync/during-a-run", test_agent_sync_during_a_run },
    { "/agent/sync/ends-with-the-attempt", test_agent_sync_ends_with_the_attempt },
    { "/agent/stop/while-opening", test_agent_stop_while_opening },
    { "/agent/stop/while-loading", test_agent_stop_while_loading },
    { "/agent/stop/while-signing-in", test_agent_stop_while_signing_in },
    { "/agent/follow", test_agent_follow },
    { "/agent/follow-while-greeting", test_agent_follow_while_greeting },
    { "/agent/late-answer", test_agent_late_answer },
    { "/agent/held-frames-of-old-log", test_agent_held_frames_of_old_log },
  };

  g_test_init (&argc, &argv, NULL);
  /* A keyring that hangs is worth a warning. */
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
  return g_test_run ();
}
