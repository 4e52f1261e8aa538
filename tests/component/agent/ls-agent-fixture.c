/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-agent-fixture.h"

#include <string.h>

#include "ls-json.h"
#include "ls-remove-tree.h"
#include "ls-store-sqlite.h"
#include "ls-wire-classic.h"

/* Tokens of the test: "NAME@ISSUED", in ms since the epoch. */
static gint64
token_get_issued (const char *token)
{
  return g_ascii_strtoll (strchr (token, '@') + 1, NULL, 10);
}

static gint64
token_get_expiry (const char *token)
{
  return token_get_issued (token) + LS_AGENT_FIXTURE_LIFE;
}

static LsUser *
token_get_user (const char *token)
{
  g_autofree char *name = g_strndup (token, (gsize)(strchr (token, '@') - token));

  return ls_user_new (name, name, LS_ROLE_ADMIN, LS_EXTRA_ROLE_NONE);
}

/**
 * ls_agent_fixture_issue_tokens:
 * @f: a fixture
 * @user: whose they are
 * @with_user: whether they say so, as the answer to a sign-in does
 *
 * Returns: (transfer full): tokens that were issued just now
 */
LsSession *
ls_agent_fixture_issue_tokens (LsAgentFixture *f, const char *user, gboolean with_user)
{
  g_autofree char *token =
      g_strdup_printf ("%s@%" G_GINT64_FORMAT, user, ls_clock_get_wall (LS_CLOCK (f->clock)));
  LsSession *session = ls_session_new (token, "refresh");

  if (with_user)
    session->user = ls_user_new (user, user, LS_ROLE_ADMIN, LS_EXTRA_ROLE_NONE);
  return session;
}

static void
on_events_committed (LsAgent *agent, GPtrArray *events, LsAgentFixture *f)
{
  for (guint i = 0; i < events->len; i++)
    g_ptr_array_add (f->events, ls_event_ref (events->pdata[i]));
}

/**
 * ls_agent_fixture_make_agent:
 * @f: a fixture
 *
 * Makes an agent on what is there, and does not start it yet.
 */
void
ls_agent_fixture_make_agent (LsAgentFixture *f)
{
  LsAgentPorts ports = {
    .clock = LS_CLOCK (f->clock),
    .random = LS_RANDOM (f->random),
    .network = LS_NETWORK (f->network),
    .secrets = LS_SECRETS (f->secrets),
    .store = f->store,
    .transport = LS_TRANSPORT (f->transport),
    .token_reader = { token_get_issued, token_get_expiry, token_get_user },
    .data_reader = { ls_wire_data_get_text, ls_json_with_members },
  };

  f->agent = ls_agent_new (&ports, f->config);
  g_signal_connect (f->agent, "events-committed", G_CALLBACK (on_events_committed), f);
}

/**
 * ls_agent_fixture_start:
 * @f: a fixture
 *
 * Starts an agent on what is there.
 */
void
ls_agent_fixture_start (LsAgentFixture *f)
{
  ls_agent_fixture_make_agent (f);
  ls_agent_start (f->agent);
}

/**
 * ls_agent_fixture_init:
 * @f: a fixture
 * @store: (transfer full): its store
 *
 * Makes all that an agent needs that follows grades.
 */
void
ls_agent_fixture_init (LsAgentFixture *f, LsStore *store)
{
  f->clock = ls_fake_clock_new ();
  f->random = ls_fake_random_new (11);
  f->network = ls_fake_network_new ();
  f->secrets = ls_fake_secrets_new (LS_CLOCK (f->clock));
  f->transport = ls_fake_transport_new ();
  f->store = store;
  f->events = ls_event_array_new ();
  f->config = ls_config_new ();
  f->config->server = g_strdup ("http://server");
  f->config->entities = 1u << LS_ENTITY_GRADE;
  ls_fake_network_set (f->network, TRUE, FALSE);
}

/**
 * ls_agent_fixture_set_up:
 * @f: a fixture
 * @data: not used
 *
 * Starts an agent on a store on a disk, with nobody signed in.
 */
void
ls_agent_fixture_set_up (LsAgentFixture *f, gconstpointer data)
{
  f->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  ls_agent_fixture_init (f, LS_STORE (ls_store_sqlite_new (f->dir)));
  ls_agent_fixture_start (f);
}

static void
fence_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autofree LsStoreStatistics *statistics =
      ls_store_statistics_finish (LS_STORE (object), result, NULL);
  gboolean *passed = user_data;

  *passed = TRUE;
}

/**
 * ls_agent_fixture_settle:
 * @f: a fixture
 *
 * Lets everything happen that happens without the test: a store on a disk answers what it was asked, and
 * what is asked because of that. The longest such chain has three links. A fake one answers at once, or when the
 * test wants it to.
 */
void
ls_agent_fixture_settle (LsAgentFixture *f)
{
  for (guint i = 0; f->dir != NULL && i < 4; i++)
    {
      gboolean passed = FALSE;

      while (g_main_context_iteration (NULL, FALSE))
        continue;
      ls_store_statistics_async (f->store, fence_cb, &passed);
      while (!passed)
        g_main_context_iteration (NULL, TRUE);
    }
  while (g_main_context_iteration (NULL, FALSE))
    continue;
}

/**
 * ls_agent_fixture_stop:
 * @f: a fixture
 *
 * Stops the agent, of which nothing is left but what it stored.
 */
void
ls_agent_fixture_stop (LsAgentFixture *f)
{
  ls_agent_stop (f->agent);
  ls_agent_fixture_settle (f);
  g_assert_finalize_object (f->agent);
  g_assert_cmpuint (ls_fake_clock_count_alarms (f->clock), ==, 0);
}

/**
 * ls_agent_fixture_tear_down:
 * @f: a fixture
 * @data: not used
 *
 * Stops the agent, and removes what there was.
 */
void
ls_agent_fixture_tear_down (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_stop (f);
  g_assert_finalize_object (f->transport);
  g_assert_finalize_object (f->store);
  g_assert_finalize_object (f->secrets);
  g_assert_finalize_object (f->network);
  g_assert_finalize_object (f->random);
  g_assert_finalize_object (f->clock);
  g_ptr_array_unref (f->events);
  g_clear_error (&f->error);
  ls_config_free (f->config);
  if (f->dir != NULL)
    ls_remove_tree (f->dir);
  g_free (f->dir);
}

/**
 * ls_agent_fixture_get_state:
 * @f: a fixture
 *
 * Returns: the state of the connection
 */
LsState
ls_agent_fixture_get_state (LsAgentFixture *f)
{
  return ls_agent_get_status (f->agent)->state;
}

/**
 * ls_agent_fixture_is_asked:
 * @f: a fixture
 * @kind: a kind of call
 *
 * Returns: whether the server has one to answer
 */
gboolean
ls_agent_fixture_is_asked (LsAgentFixture *f, LsFakeCallKind kind)
{
  return ls_fake_transport_peek_call (f->transport, kind) != NULL;
}

static void
signed_in_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  LsAgentFixture *f = user_data;

  ls_agent_sign_in_finish (LS_AGENT (object), result, &f->error);
  f->done = TRUE;
}

/**
 * ls_agent_fixture_begin_sign_in:
 * @f: a fixture
 * @email: who it is
 * @password: with what
 *
 * A user wants to sign in. Once that has ended, @f says so by `done` and `error`.
 */
void
ls_agent_fixture_begin_sign_in (LsAgentFixture *f, const char *email, const char *password)
{
  f->done = FALSE;
  ls_agent_sign_in_async (f->agent, email, password, NULL, signed_in_cb, f);
}

/**
 * ls_agent_fixture_sign_in:
 * @f: a fixture
 * @user: who
 *
 * A user signs in.
 */
void
ls_agent_fixture_sign_in (LsAgentFixture *f, const char *user)
{
  ls_agent_fixture_begin_sign_in (f, "a@b", "secret");
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_SIGN_IN));
  ls_fake_transport_answer_sign_in (f->transport, ls_agent_fixture_issue_tokens (f, user, TRUE));
  LS_AGENT_WAIT (f->done);
  g_assert_no_error (f->error);
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

/**
 * ls_agent_fixture_make_frame:
 * @epoch: of the log
 * @prev: up to where the frame before came
 * @cursor: up to where this one comes
 *
 * Returns: (transfer full): a frame with a new grade for each offset
 */
LsMessage *
ls_agent_fixture_make_frame (const char *epoch, gint64 prev, gint64 cursor)
{
  LsMessage *message = ls_message_new (LS_MESSAGE_EVENTS);

  message->prev = ls_cursor_new (epoch, prev);
  message->cursor = ls_cursor_new (epoch, cursor);
  message->events = ls_event_array_new ();
  for (gint64 offset = prev + 1; offset <= cursor; offset++)
    g_ptr_array_add (message->events, grade (offset));
  return message;
}

/**
 * ls_agent_fixture_deliver:
 * @f: a fixture
 * @prev: up to where the frame before came
 * @cursor: up to where this one comes
 *
 * The server sends a new grade for each offset.
 */
void
ls_agent_fixture_deliver (LsAgentFixture *f, gint64 prev, gint64 cursor)
{
  g_autoptr (LsMessage) message = ls_agent_fixture_make_frame ("e", prev, cursor);

  ls_fake_transport_deliver (f->transport, g_steal_pointer (&message));
}

/**
 * ls_agent_fixture_welcome:
 * @f: a fixture
 * @resume: how it goes on
 * @offset: where the server's log stands
 *
 * The server answers the hello.
 */
void
ls_agent_fixture_welcome (LsAgentFixture *f, LsResume resume, gint64 offset)
{
  LsMessage *message = ls_message_new (LS_MESSAGE_WELCOME);

  message->resume = resume;
  message->cursor = ls_cursor_new ("e", offset);
  ls_fake_transport_deliver (f->transport, message);
}

/**
 * ls_agent_fixture_answer_snapshot:
 * @f: a fixture
 * @epoch: of the log
 * @offset: of the snapshot
 * @id: (nullable): its only row; %NULL: it has none
 *
 * The server answers with the whole snapshot that it is asked for.
 */
void
ls_agent_fixture_answer_snapshot (LsAgentFixture *f,
                                  const char *epoch,
                                  gint64 offset,
                                  const char *id)
{
  const LsFakeCall *call;
  LsSnapshotPage *page;

  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_SNAPSHOT));
  call = ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_SNAPSHOT);
  page = ls_snapshot_page_new (call->entity);
  page->cursor = ls_cursor_new (epoch, offset);
  if (id != NULL)
    g_ptr_array_add (page->rows, ls_row_new (call->entity, id, "{}", 1));
  ls_fake_transport_answer_snapshot (f->transport, page);
}

/**
 * ls_agent_fixture_answer_updates:
 * @f: a fixture
 * @prev: from where they are asked for
 * @cursor: up to where they come
 *
 * The server answers a poll with a new grade for each offset.
 */
void
ls_agent_fixture_answer_updates (LsAgentFixture *f, gint64 prev, gint64 cursor)
{
  LsUpdates *updates = ls_updates_new ();
  const LsFakeCall *call;

  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_UPDATES));
  call = ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_UPDATES);
  g_assert_cmpint (call->cursor.offset, ==, prev);
  updates->cursor = ls_cursor_new ("e", cursor);
  for (gint64 offset = prev + 1; offset <= cursor; offset++)
    g_ptr_array_add (updates->events, grade (offset));
  ls_fake_transport_answer_updates (f->transport, updates);
}

/**
 * ls_agent_fixture_take_sent:
 * @f: a fixture
 * @kind: a kind of message
 *
 * Waits for one of @kind, and throws away what is sent before.
 *
 * Returns: (transfer full): what the agent sent
 */
LsMessage *
ls_agent_fixture_take_sent (LsAgentFixture *f, LsMessageKind kind)
{
  for (;;)
    {
      g_autoptr (LsMessage) message = NULL;

      LS_AGENT_WAIT (ls_fake_transport_count_sent (f->transport) > 0);
      message = ls_fake_transport_take_sent (f->transport);
      if (message->kind == kind)
        return g_steal_pointer (&message);
    }
}

/**
 * ls_agent_fixture_go_live:
 * @f: a fixture
 *
 * Anna signs in, and the agent gets to live at the cursor e:10, with an empty cache.
 */
void
ls_agent_fixture_go_live (LsAgentFixture *f)
{
  g_autoptr (LsMessage) hello = NULL;

  ls_agent_fixture_sign_in (f, "anna");
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
  ls_fake_transport_accept (f->transport, LS_PROTOCOL_LABSYNC_V1);
  hello = ls_agent_fixture_take_sent (f, LS_MESSAGE_HELLO);
  g_assert_false (ls_cursor_is_set (hello->cursor));
  g_assert_cmpuint (hello->event_types->len, ==, 3);
  ls_agent_fixture_welcome (f, LS_RESUME_FRESH, 10);
  ls_agent_fixture_answer_snapshot (f, "e", 10, NULL);
  ls_agent_fixture_answer_updates (f, 10, 10);
  LS_AGENT_WAIT (ls_agent_fixture_get_state (f) == LS_STATE_LIVE);
}

/**
 * ls_agent_fixture_drop:
 * @f: a fixture
 *
 * The socket breaks.
 */
void
ls_agent_fixture_drop (LsAgentFixture *f)
{
  ls_fake_transport_drop (
      f->transport, ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "dropped by the test"));
}

/**
 * ls_agent_fixture_refuse:
 * @f: a fixture
 * @reason: why
 *
 * The server refuses the socket.
 */
void
ls_agent_fixture_refuse (LsAgentFixture *f, LsReason reason)
{
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
  ls_fake_transport_refuse (f->transport, ls_link_error_new (reason, 0, 0, "refused"));
}

/**
 * ls_agent_fixture_fail_poll:
 * @f: a fixture
 *
 * The server can't be reached for a poll.
 */
void
ls_agent_fixture_fail_poll (LsAgentFixture *f)
{
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_UPDATES));
  ls_fake_transport_fail (f->transport, LS_FAKE_CALL_UPDATES,
                          ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "no route"));
}

/**
 * ls_agent_fixture_assert_told:
 * @f: a fixture
 * @first: the first offset
 * @last: the last one
 *
 * Apps were told of the events from @first to @last, and of nothing else.
 */
void
ls_agent_fixture_assert_told (LsAgentFixture *f, gint64 first, gint64 last)
{
  guint n = (guint)(last - first + 1);

  LS_AGENT_WAIT (f->events->len >= n);
  ls_agent_fixture_settle (f);
  g_assert_cmpuint (f->events->len, ==, n);
  for (guint i = 0; i < n; i++)
    {
      LsEvent *event = f->events->pdata[i];

      g_assert_cmpint (event->offset, ==, first + i);
      g_assert_cmpuint (event->seq, ==, i + 1);
    }
}

static void
synced_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  LsAgentFixture *f = user_data;

  ls_agent_sync_finish (LS_AGENT (object), result, &f->error);
  f->done = TRUE;
}

/**
 * ls_agent_fixture_begin_sync:
 * @f: a fixture
 *
 * A user wants to be in step. Once that has ended, @f says so by `done` and `error`.
 */
void
ls_agent_fixture_begin_sync (LsAgentFixture *f)
{
  f->done = FALSE;
  ls_agent_sync_async (f->agent, NULL, synced_cb, f);
}
