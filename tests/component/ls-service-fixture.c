/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-service-fixture.h"

#include <gio/gunixfdlist.h>

#include <string.h>

#include "ls-fake-audit.h"
#include "ls-fake-random.h"
#include "ls-fake-secrets.h"
#include "ls-json.h"
#include "ls-link-error.h"
#include "ls-remove-tree.h"
#include "ls-store-sqlite.h"
#include "ls-wire-classic.h"
#include "ls-wire-edit.h"
#include "ls-wire-filter.h"
#include "ls-wire-token.h"

static LsCursor
top (LsServiceFixture *f)
{
  return ls_cursor_new ("e", f->offset);
}

static void
answer_message (LsServiceFixture *f, LsMessage *sent)
{
  g_autoptr (LsMessage) answer = NULL;

  if (sent->kind == LS_MESSAGE_HELLO)
    {
      answer = ls_message_new (LS_MESSAGE_WELCOME);
      answer->resume = ls_cursor_is_set (sent->cursor) ? LS_RESUME_RESUMED : LS_RESUME_FRESH;
      answer->user = ls_user_new (f->user_id, "Ibu Sari", f->role, LS_EXTRA_ROLE_STAFF);
      answer->heartbeat = 25000;
      answer->expires_at = LS_FAKE_CLOCK_START_WALL + 900 * 1000;
    }
  else if (sent->kind == LS_MESSAGE_SUBSCRIBE)
    {
      answer = ls_message_new (LS_MESSAGE_SUBSCRIBED);
      answer->event_type = sent->event_type;
    }
  else if (sent->kind == LS_MESSAGE_PING)
    {
      answer = ls_message_new (LS_MESSAGE_PONG);
      answer->timestamp = sent->timestamp;
      answer->sent = top (f);
    }
  if (answer == NULL)
    return;

  answer->cursor = top (f);
  ls_fake_transport_deliver (f->transport, g_steal_pointer (&answer));
}

static void
answer_requests (LsServiceFixture *f)
{
  const LsFakeCall *call;

  while ((call = ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_SNAPSHOT)) != NULL)
    {
      LsSnapshotPage *page = ls_snapshot_page_new (call->entity);

      page->cursor = top (f);
      ls_fake_transport_answer_snapshot (f->transport, page);
    }
  while (ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_UPDATES) != NULL)
    {
      LsUpdates *updates = ls_updates_new ();

      updates->cursor = top (f);
      ls_fake_transport_answer_updates (f->transport, updates);
    }
  if (ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_SIGN_OUT) != NULL)
    ls_fake_transport_answer_sign_out (f->transport);
}

static void
fail_requests (LsServiceFixture *f, LsFakeCallKind kind)
{
  while (ls_fake_transport_peek_call (f->transport, kind) != NULL)
    ls_fake_transport_fail (
        f->transport, kind,
        ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "the cable is cut"));
}

static void
refuse_requests (LsServiceFixture *f)
{

  while (ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_OPEN) != NULL)
    ls_fake_transport_refuse (
        f->transport, ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "the cable is cut"));
  fail_requests (f, LS_FAKE_CALL_SNAPSHOT);
  fail_requests (f, LS_FAKE_CALL_UPDATES);
}

static gboolean
is_server_asked (LsServiceFixture *f)
{
  return ls_fake_transport_count_pending (f->transport) > 0 ||
         (f->online && ls_fake_transport_count_sent (f->transport) > 0);
}

/* The server's part of what happens, then one turn of the main loop. To answer turns the loop as well: what the
 * test waits for may have happened then, and nothing else may ever happen. */
void
ls_service_fixture_step (LsServiceFixture *f)
{
  gboolean may_wait = !is_server_asked (f);

  if (f->online)
    {
      if (ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_OPEN) != NULL)
        ls_fake_transport_accept (f->transport, LS_PROTOCOL_LABSYNC_V1);
      while (ls_fake_transport_count_sent (f->transport) > 0)
        {
          g_autoptr (LsMessage) sent = ls_fake_transport_take_sent (f->transport);

          answer_message (f, sent);
        }
      answer_requests (f);
    }
  else
    refuse_requests (f);
  g_main_context_iteration (NULL, may_wait);
}

static GDBusConnection *
join_bus (LsServiceFixture *f)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection =
      g_dbus_connection_new_for_address_sync (g_test_dbus_get_bus_address (f->bus),
                                              G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                              NULL, NULL, &error);

  g_assert_no_error (error);
  return connection;
}

static void
events_signal_cb (GDBusConnection *connection,
                  const char *sender,
                  const char *path,
                  const char *interface,
                  const char *signal,
                  GVariant *parameters,
                  gpointer user_data)
{
  g_ptr_array_add (user_data, g_variant_get_child_value (parameters, 0));
}

static GPtrArray *
collect_batches (GDBusConnection *connection)
{
  GPtrArray *batches = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);

  g_dbus_connection_signal_subscribe (connection, NULL, LS_BUS_INTERFACE_SUBSCRIPTION, "Events",
                                      NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE, events_signal_cb,
                                      batches, NULL);
  return batches;
}

static void
make_queue (LsServiceFixture *f, LsRandom *random)
{
  const LsDataEditor editor = {
    .check = ls_wire_edit_check,
    .lay_over = ls_wire_edit_lay_over,
    .agrees = ls_wire_edit_agrees,
    .is_same = ls_wire_edit_is_same,
    .merge = ls_wire_edit_merge,
    .invert = ls_wire_edit_invert,
    .set_member = ls_wire_edit_set_member,
    .rename = ls_wire_edit_rename,
    .has_member = ls_wire_edit_has_member,
    .get_text = ls_wire_data_get_text,
  };
  const LsQueueConfig config = { .max_actions = 5, .max_bytes = 1 << 20 };

  f->queue_store = ls_fake_queue_store_new ();
  f->queue =
      ls_action_queue_new (f->agent, LS_QUEUE_STORE (f->queue_store), LS_TRANSPORT (f->transport),
                           LS_CLOCK (f->clock), random, &editor, &config);
}

static void
make_agent (LsServiceFixture *f)
{
  g_autoptr (LsFakeRandom) random = ls_fake_random_new (1);
  g_autoptr (LsFakeSecrets) secrets = ls_fake_secrets_new (LS_CLOCK (f->clock));
  g_autoptr (LsConfig) config = ls_config_new ();
  LsAgentPorts ports = {
    .clock = LS_CLOCK (f->clock),
    .random = LS_RANDOM (random),
    .network = LS_NETWORK (f->network),
    .login = LS_LOGIN (f->login),
    .secrets = LS_SECRETS (secrets),
    .store = f->store,
    .transport = LS_TRANSPORT (f->transport),
    .token_reader = { ls_wire_token_get_issued, ls_wire_token_get_expiry, ls_wire_token_get_user },
    .data_reader = { ls_wire_data_get_text, ls_json_with_members },
    .matcher = ls_wire_filter_matches,
  };

  g_free (config->server);
  config->server = g_strdup ("http://127.0.0.1:8080");
  config->entities = 1u << LS_ENTITY_GRADE | 1u << LS_ENTITY_ANNOUNCEMENT;
  f->agent = ls_agent_new (&ports, config);
  make_queue (f, LS_RANDOM (random));
  ls_agent_start (f->agent);
}

/* The interfaces alone; also for the first time. */
void
ls_service_fixture_restart_service (LsServiceFixture *f)
{
  g_autofree char *decisions_path = g_build_filename (f->dir, "decisions", NULL);
  const LsServicePorts ports = {
    .finder = LS_APP_FINDER (f->finder),
    .audit = f->audit,
    .clock = LS_CLOCK (f->clock),
    .notifier = LS_NOTIFIER (f->notifier),
    .connection = f->connection,
    .durables_path = f->durables_path,
    .decisions_path = decisions_path,
  };
  g_autoptr (GError) error = NULL;

  g_clear_object (&f->service);
  f->service = ls_service_new (f->agent, f->queue, &ports);
  g_assert_true (ls_service_export (f->service, &error));
  g_assert_no_error (error);
}

void
ls_service_fixture_set_up (LsServiceFixture *f, gconstpointer data)
{
  f->user_id = "u-1";
  f->role = LS_ROLE_TEACHER;
  f->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (f->bus);
  f->connection = join_bus (f);
  f->app = join_bus (f);
  f->other = join_bus (f);
  f->batches = collect_batches (f->app);
  f->other_batches = collect_batches (f->other);
  f->online = TRUE;

  f->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  f->durables_path = g_build_filename (f->dir, "durables", NULL);
  f->clock = ls_fake_clock_new ();
  f->network = ls_fake_network_new ();
  f->login = ls_fake_login_new ();
  f->finder = ls_fake_app_finder_new ();
  f->notifier = ls_fake_notifier_new ();
  ls_fake_network_set (f->network, TRUE, FALSE);
  f->transport = ls_fake_transport_new ();
  if (g_strcmp0 (data, LS_SERVICE_FAKE_STORE) == 0)
    f->fake_store = ls_fake_store_new ();
  f->store =
      f->fake_store != NULL ? LS_STORE (f->fake_store) : LS_STORE (ls_store_sqlite_new (f->dir));
  f->audit =
      f->fake_store != NULL ? LS_AUDIT (ls_fake_audit_new ()) : LS_AUDIT (g_object_ref (f->store));
  make_agent (f);
  ls_service_fixture_restart_service (f);
}

static void
leave_bus (GDBusConnection **connection)
{
  if (!g_dbus_connection_is_closed (*connection))
    g_dbus_connection_close_sync (*connection, NULL, NULL);
  g_clear_object (connection);
}

/* Answers that are under way hold references until they are given. */
static void
wait_finalized (gpointer object)
{
  gpointer watch = object;

  g_object_add_weak_pointer (object, &watch);
  g_object_unref (object);
  while (watch != NULL)
    g_main_context_iteration (NULL, TRUE);
}

void
ls_service_fixture_tear_down (LsServiceFixture *f, gconstpointer data)
{
  g_clear_object (&f->service);
  ls_action_queue_stop (f->queue);
  ls_agent_stop (f->agent);
  g_assert_cmpuint (ls_fake_clock_count_alarms (f->clock), ==, 0);
  /* fresh tokens are waited for to the end, as the old ones may be worth nothing any more */
  fail_requests (f, LS_FAKE_CALL_REFRESH);
  wait_finalized (g_steal_pointer (&f->queue));
  wait_finalized (g_steal_pointer (&f->queue_store));
  wait_finalized (g_steal_pointer (&f->agent));
  g_clear_object (&f->audit);
  wait_finalized (g_steal_pointer (&f->store));
  g_clear_object (&f->transport);
  g_clear_object (&f->network);
  g_clear_object (&f->login);
  g_clear_object (&f->finder);
  g_clear_object (&f->notifier);
  leave_bus (&f->app);
  leave_bus (&f->other);
  leave_bus (&f->connection);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (ls_fake_clock_count_alarms (f->clock), ==, 0);
  g_clear_object (&f->clock);
  g_test_dbus_down (f->bus);
  g_clear_object (&f->bus);
  g_ptr_array_unref (f->batches);
  g_ptr_array_unref (f->other_batches);
  ls_remove_tree (f->dir);
  g_free (f->dir);
  g_free (f->durables_path);
}

/* What the server emits next; in the log unless it is presence. */
static void
add_event (LsServiceFixture *f,
           GPtrArray *events,
           const char *type,
           const char *id,
           const char *data)
{
  LsEvent *event = ls_event_new (ls_event_type_from_string (type), id, data);

  if (ls_event_get_entity (event) != LS_ENTITY_PRESENCE)
    event->offset = ++f->offset;
  event->version = event->offset;
  event->timestamp = LS_FAKE_CLOCK_START_WALL;
  g_ptr_array_add (events, event);
}

static void
deliver (LsServiceFixture *f, LsCursor prev, GPtrArray *events)
{
  LsMessage *message = ls_message_new (LS_MESSAGE_EVENTS);

  message->prev = prev;
  message->events = events;
  message->cursor = top (f);
  ls_fake_transport_deliver (f->transport, message);
}

/* The server tells of n changes of rows "r-first" and on; in the data is "n", the number. */
void
ls_service_fixture_tell (LsServiceFixture *f, const char *type, guint first, guint n)
{
  GPtrArray *events = ls_event_array_new ();
  LsCursor prev = top (f);

  for (guint i = first; i < first + n; i++)
    {
      g_autofree char *id = g_strdup_printf ("r-%u", i);
      g_autofree char *data = g_strdup_printf ("{\"id\":\"r-%u\", \"n\":%u,\"odd\":%s}", i, i,
                                               i % 2 ? "true" : "false");

      add_event (f, events, type, id, data);
    }
  deliver (f, prev, events);
}

/* Likewise, and they are in the cache. */
void
ls_service_fixture_publish (LsServiceFixture *f, const char *type, guint first, guint n)
{
  guint64 before = ls_agent_get_last_seq (f->agent);

  ls_service_fixture_tell (f, type, first, n);
  LS_SERVICE_WAIT (f, ls_agent_get_last_seq (f->agent) >= before + n);
}

/* Emits changes of the row "r" with that data, one for each of the types; waits for nothing. */
void
ls_service_fixture_publish_row (LsServiceFixture *f, const char *const *types, const char *data)
{
  GPtrArray *events = ls_event_array_new ();
  LsCursor prev = top (f);

  for (guint i = 0; types[i] != NULL; i++)
    add_event (f, events, types[i], "r", data);
  deliver (f, prev, events);
}

static char *
encode_part (const char *text)
{
  char *encoded = g_base64_encode ((const guchar *)text, strlen (text));

  g_strdelimit (encoded, "+", '-');
  g_strdelimit (encoded, "/", '_');
  encoded[strcspn (encoded, "=")] = '\0';
  return encoded;
}

/* From now on it is another program, or none that is known, that calls. */
void
ls_service_fixture_become (LsServiceFixture *f, LsAppKind kind, const char *id)
{
  ls_fake_app_finder_set (f->finder, g_dbus_connection_get_unique_name (f->app), kind, id);
}

char *
ls_service_fixture_make_token (const char *user_id)
{
  g_autofree char *header = encode_part ("{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
  g_autofree char *claims =
      g_strdup_printf ("{\"user_id\":\"%s\",\"email\":\"a@demo.test\",\"role\":\"teacher\","
                       "\"iat\":1700000000,\"exp\":1700000900}",
                       user_id);
  g_autofree char *payload = encode_part (claims);

  return g_strconcat (header, ".", payload, ".c2ln", NULL);
}

void
ls_service_fixture_sign_in (LsServiceFixture *f)
{
  g_autofree char *token = ls_service_fixture_make_token (f->user_id);
  g_autofree char *arguments = g_strdup_printf ("('%s', 'refresh', @a{sv} {})", token);
  g_autoptr (GVariant) nothing = ls_service_fixture_call (f, "Account.SetTokens", arguments);

  LS_SERVICE_WAIT (f, ls_agent_get_status (f->agent)->state == LS_STATE_LIVE);
}

static void
connection_call_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  LsServiceAnswer *answer = user_data;

  answer->value = g_dbus_connection_call_with_unix_fd_list_finish (
      G_DBUS_CONNECTION (object), &answer->fds, result, &answer->error);
  answer->done = TRUE;
}

/* method is the last part of the interface, a dot, and the method. */
static void
begin_from (LsServiceFixture *f,
            GDBusConnection *from,
            const char *path,
            const char *method,
            GVariant *arguments,
            LsServiceAnswer *answer)
{
  g_auto (GStrv) parts = g_strsplit (method, ".", 2);
  g_autofree char *interface = g_strconcat (LS_BUS_INTERFACE_PREFIX, parts[0], NULL);

  *answer = (LsServiceAnswer) { 0 };
  g_dbus_connection_call_with_unix_fd_list (
      from, g_dbus_connection_get_unique_name (f->connection), path, interface, parts[1], arguments,
      NULL, G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, NULL, connection_call_cb, answer);
}

static GVariant *
call (LsServiceFixture *f,
      GDBusConnection *from,
      const char *path,
      const char *method,
      GVariant *arguments,
      GUnixFDList **fds,
      GError **error)
{
  g_autoptr (GUnixFDList) ours = NULL;
  LsServiceAnswer answer;

  begin_from (f, from, path, method, arguments, &answer);
  LS_SERVICE_WAIT (f, answer.done);
  ours = answer.fds;
  if (fds != NULL)
    *fds = g_steal_pointer (&ours);
  if (answer.error != NULL)
    g_propagate_error (error, answer.error);
  return answer.value;
}

/* method is the last part of the interface, a dot, and the method. */
GVariant *
ls_service_fixture_call_from (LsServiceFixture *f,
                              GDBusConnection *from,
                              const char *path,
                              const char *method,
                              GVariant *arguments,
                              GError **error)
{
  return call (f, from, path, method, arguments, NULL, error);
}

static GVariant *
parse (const char *arguments)
{
  g_autoptr (GError) error = NULL;
  GVariant *value = g_variant_parse (NULL, arguments, NULL, NULL, &error);

  g_assert_no_error (error);
  return value;
}

/* From the app; answer stays where it is until it is done. */
void
ls_service_fixture_begin (LsServiceFixture *f,
                          const char *method,
                          const char *arguments,
                          LsServiceAnswer *answer)
{
  g_autoptr (GVariant) value = parse (arguments);

  begin_from (f, f->app, LS_BUS_PATH, method, value, answer);
}

/* From the app; has to succeed. */
GVariant *
ls_service_fixture_call (LsServiceFixture *f, const char *method, const char *arguments)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = parse (arguments);
  GVariant *answer = ls_service_fixture_call_from (f, f->app, LS_BUS_PATH, method, value, &error);

  g_assert_no_error (error);
  return answer;
}

/* From the app; has to be refused with a message that names something. */
void
ls_service_fixture_refused (LsServiceFixture *f,
                            const char *method,
                            const char *arguments,
                            LsError code,
                            const char *names)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) value = parse (arguments);
  g_autoptr (GVariant) answer =
      ls_service_fixture_call_from (f, f->app, LS_BUS_PATH, method, value, &error);

  g_test_message ("%s %s", method, arguments);
  g_assert_null (answer);
  g_assert_error (error, LS_ERROR, (gint)code);
  if (names != NULL)
    g_assert_nonnull (strstr (error->message, names));
}

GVariant *
ls_service_fixture_get_property (LsServiceFixture *f, const char *interface, const char *name)
{
  return ls_service_fixture_get_property_of (f, LS_BUS_PATH, interface, name);
}

GVariant *
ls_service_fixture_get_property_of (LsServiceFixture *f,
                                    const char *path,
                                    const char *interface,
                                    const char *name)
{
  g_autofree char *full = g_strconcat (LS_BUS_INTERFACE_PREFIX, interface, NULL);
  g_autoptr (GVariant) answer = NULL;
  LsServiceAnswer got = { 0 };
  GVariant *value;

  g_dbus_connection_call_with_unix_fd_list (
      f->app, g_dbus_connection_get_unique_name (f->connection), path,
      "org.freedesktop.DBus.Properties", "Get", g_variant_new ("(ss)", full, name),
      G_VARIANT_TYPE ("(v)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, connection_call_cb, &got);
  LS_SERVICE_WAIT (f, got.done);
  g_assert_no_error (got.error);
  answer = got.value;
  g_variant_get (answer, "(v)", &value);
  return value;
}

static void
collect_signal_cb (GDBusConnection *connection,
                   const char *sender,
                   const char *path,
                   const char *interface,
                   const char *signal,
                   GVariant *parameters,
                   gpointer user_data)
{
  g_ptr_array_add (user_data, g_variant_print (parameters, FALSE));
}

/* texts gets each signal's arguments. Returns an id for g_dbus_connection_signal_unsubscribe(). */
guint
ls_service_fixture_collect (LsServiceFixture *f,
                            const char *interface,
                            const char *signal,
                            GPtrArray *texts)
{
  return g_dbus_connection_signal_subscribe (
      f->app, g_dbus_connection_get_unique_name (f->connection), interface, signal, LS_BUS_PATH,
      NULL, G_DBUS_SIGNAL_FLAGS_NONE, collect_signal_cb, texts, NULL);
}

/* Has to succeed; returns the id. */
char *
ls_service_fixture_enqueue (LsServiceFixture *f, const char *arguments)
{
  g_autoptr (GVariant) answer = ls_service_fixture_call (f, "Queue.Enqueue", arguments);
  char *id;

  g_variant_get (answer, "(s)", &id);
  return id;
}

/* What the server says to the action that is with it, or comes to it next. What it has done is in its log as
 * the next change that is published. */
void
ls_service_fixture_reply (LsServiceFixture *f,
                          guint status,
                          const char *code,
                          const char *row,
                          gint64 version)
{
  LsActionReply *reply = ls_action_reply_new (status);

  reply->is_ours = TRUE;
  reply->code = g_strdup (code);
  reply->row = g_strdup (row);
  reply->version = version;
  reply->text = g_strdup_printf ("{\"status\":%u}", status);
  if (code == NULL)
    reply->cursor = ls_cursor_new ("e", f->offset + 1);
  LS_SERVICE_WAIT (f, ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_ACT) != NULL);
  ls_fake_transport_answer_act (f->transport, reply);
}

/* method is the last part of the interface, a dot, and the method; has no answer. */
void
ls_service_fixture_call_subscription (LsServiceFixture *f,
                                      GDBusConnection *from,
                                      const char *path,
                                      const char *method,
                                      GVariant *arguments,
                                      GError **error)
{
  g_autoptr (GVariant) answer =
      ls_service_fixture_call_from (f, from, path, method, arguments, error);
}

void
ls_service_fixture_acknowledge (LsServiceFixture *f, const char *path, guint64 seq)
{
  g_autoptr (GError) error = NULL;

  ls_service_fixture_call_subscription (f, f->app, path, "Subscription.Acknowledge",
                                        g_variant_new ("(t)", seq), &error);
  g_assert_no_error (error);
}

/* Returns: (transfer full): the audit as lines `APP WHAT SUBJECT OUTCOME`, the newest first */
char *
ls_service_fixture_read_audit (LsServiceFixture *f, const char *options)
{
  g_autofree char *arguments = g_strdup_printf ("(%s,)", options);
  g_autoptr (GVariant) answer = ls_service_fixture_call (f, "Diagnostics.GetAudit", arguments);
  g_autoptr (GVariant) entries = g_variant_get_child_value (answer, 0);
  GString *lines = g_string_new (NULL);

  for (gsize i = 0; i < g_variant_n_children (entries); i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (entries, i);
      const char *app, *what, *subject, *outcome, *user;
      guint64 at;

      g_assert_true (g_variant_lookup (entry, "app", "&s", &app));
      g_assert_true (g_variant_lookup (entry, "what", "&s", &what));
      g_assert_true (g_variant_lookup (entry, "subject", "&s", &subject));
      g_assert_true (g_variant_lookup (entry, "outcome", "&s", &outcome));
      g_assert_true (g_variant_lookup (entry, "user", "&s", &user));
      g_assert_true (g_variant_lookup (entry, "at", "t", &at));
      g_assert_cmpuint (at, >=, LS_FAKE_CLOCK_START_WALL);
      g_assert_cmpstr (user, ==, ls_agent_get_user (f->agent)->id);
      g_string_append_printf (lines, "%s %s %s %s\n", app, what, subject, outcome);
    }

  return g_string_free (lines, FALSE);
}

/* What the agent had sent until now has arrived when an answer has. */
void
ls_service_fixture_flush (LsServiceFixture *f)
{
  GDBusConnection *const connections[] = { f->app, f->other };

  for (guint i = 0; i < G_N_ELEMENTS (connections); i++)
    g_variant_unref (ls_service_fixture_call_from (f, connections[i], LS_BUS_PATH,
                                                   "Diagnostics.GetStatistics",
                                                   g_variant_new_parsed ("(@a{sv} {},)"), NULL));
}

char *
ls_service_fixture_get_cursor (LsServiceFixture *f)
{
  return ls_agent_format_cursor (f->agent, ls_agent_get_last_seq (f->agent));
}

guint64
ls_service_fixture_count_subscriptions (LsServiceFixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      ls_service_fixture_call_from (f, f->other, LS_BUS_PATH, "Diagnostics.GetStatistics",
                                    g_variant_new_parsed ("(@a{sv} {},)"), &error);
  g_autoptr (GVariant) statistics = NULL;
  guint64 n;

  g_assert_no_error (error);
  statistics = g_variant_get_child_value (answer, 0);
  g_assert_true (g_variant_lookup (statistics, "subscriptions", "t", &n));
  return n;
}

/* Returns: the socket, which the caller closes */
int
ls_service_fixture_open_stream (LsServiceFixture *f,
                                GDBusConnection *from,
                                const char *arguments,
                                char **path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GUnixFDList) fds = NULL;
  g_autoptr (GVariant) value = parse (arguments);
  g_autoptr (GVariant) answer =
      call (f, from, LS_BUS_PATH, "Events.OpenStream", value, &fds, &error);
  int handle, fd;

  g_assert_no_error (error);
  g_variant_get (answer, "(oh)", path, &handle);
  fd = g_unix_fd_list_get (fds, handle, &error);
  g_assert_no_error (error);
  return fd;
}

guint
ls_service_count_events (GPtrArray *batches)
{
  guint n = 0;

  for (guint i = 0; i < batches->len; i++)
    n += g_variant_n_children (g_ptr_array_index (batches, i));
  return n;
}

/* Every event once, in order: seq first to last. */
void
ls_service_assert_sequence (GPtrArray *batches, guint64 first, guint64 last)
{
  guint64 expected = first;

  for (guint i = 0; i < batches->len; i++)
    {
      GVariant *batch = g_ptr_array_index (batches, i);

      g_assert_cmpuint (g_variant_n_children (batch), <=, LS_BATCH_EVENTS);
      for (gsize j = 0; j < g_variant_n_children (batch); j++)
        {
          guint64 seq;

          g_variant_get_child (batch, j, "(tssssxss)", &seq, NULL, NULL, NULL, NULL, NULL, NULL,
                               NULL);
          g_assert_cmpuint (seq, ==, expected);
          expected++;
        }
    }
  g_assert_cmpuint (expected, ==, last + 1);
}
