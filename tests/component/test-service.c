/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All interfaces but the delivery of events, for which there is test-service-events.c. */
#include "ls-service-fixture.h"

#include "ls-link-error.h"

static void
assert_property (LsServiceFixture *f, const char *interface, const char *name, const char *expected)
{
  g_autoptr (GVariant) value = ls_service_fixture_get_property (f, interface, name);
  g_autofree char *text = g_variant_print (value, FALSE);

  g_assert_cmpstr (text, ==, expected);
}

static void
call (LsServiceFixture *f, const char *method, const char *arguments)
{
  g_autoptr (GVariant) answer = ls_service_fixture_call (f, method, arguments);

  g_assert_cmpuint (g_variant_n_children (answer), ==, 0);
}

static void
test_properties (LsServiceFixture *f, gconstpointer data)
{
  const char *const interfaces[] = { "Connection", "Account", "Events",
                                     "Cache",      "Queue",   "Diagnostics" };

  for (guint i = 0; i < G_N_ELEMENTS (interfaces); i++)
    assert_property (f, interfaces[i], "Version", "2");
  assert_property (f, "Connection", "State", "'signed-out'");
  assert_property (f, "Account", "State", "'signed-out'");
  assert_property (f, "Account", "UserId", "''");

  ls_service_fixture_sign_in (f);
  assert_property (f, "Connection", "State", "'live'");
  assert_property (f, "Connection", "Reason", "'none'");
  assert_property (f, "Connection", "Transport", "'websocket'");
  assert_property (f, "Connection", "Protocol", "'labsync.v1'");
  assert_property (f, "Connection", "ServerUrl", "'http://127.0.0.1:8080'");
  assert_property (f, "Connection", "ConfirmedAt", "1700000000000");
  assert_property (f, "Connection", "Attempt", "0");
  assert_property (f, "Connection", "Metered", "false");
  assert_property (f, "Account", "State", "'signed-in'");
  assert_property (f, "Account", "UserId", "'u-1'");
  assert_property (f, "Account", "Role", "'teacher'");
  assert_property (f, "Account", "ExpiresAt", "1700000900000");
  assert_property (f, "Diagnostics", "Healthy", "true");

  ls_fake_network_set (f->network, TRUE, TRUE);
  assert_property (f, "Connection", "Metered", "true");
}

static void
test_connection (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) states = g_ptr_array_new_with_free_func (g_free);
  guint id = ls_service_fixture_collect (f, LS_BUS_INTERFACE_CONNECTION, "StateChanged", states);

  ls_service_fixture_sign_in (f);
  call (f, "Connection.SyncNow", "(@a{sv} {},)");
  g_ptr_array_set_size (states, 0);
  call (f, "Connection.Disconnect", "(@a{sv} {},)");
  assert_property (f, "Connection", "State", "'stopped'");
  assert_property (f, "Connection", "Reason", "'user'");
  g_assert_cmpuint (states->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (states, 0), ==, "('live', 'stopped', 'user')");

  call (f, "Connection.Connect", "(@a{sv} {},)");
  LS_SERVICE_WAIT (f, ls_agent_get_status (f->agent)->state == LS_STATE_LIVE);
  call (f, "Connection.Reconnect", "(@a{sv} {},)");
  g_assert_cmpuint (ls_fake_transport_count_started (f->transport, LS_FAKE_CALL_OPEN), >=, 3);
  g_dbus_connection_signal_unsubscribe (f->app, id);
}

/* Each method refuses an option that it does not know, and says which. */
static void
test_unknown_options (LsServiceFixture *f, gconstpointer data)
{
  const char *const methods[][2] = {
    { "Connection.Connect", "(%s,)" },
    { "Connection.Disconnect", "(%s,)" },
    { "Connection.Reconnect", "(%s,)" },
    { "Connection.SyncNow", "(%s,)" },
    { "Account.SignIn", "('a', 'b', %s)" },
    { "Account.SetTokens", "('a', 'b', %s)" },
    { "Account.SignOut", "(%s,)" },
    { "Events.Subscribe", "(@as [], %s)" },
    { "Events.GetEvents", "('', uint32 1, %s)" },
    { "Cache.Get", "('grade', 'r-1', %s)" },
    { "Cache.List", "('grade', %s)" },
    { "Queue.Enqueue", "('delete', 'grade', 'r-1', '', %s)" },
    { "Queue.List", "(%s,)" },
    { "Queue.WaitFor", "('a-1', 'accepted', %s)" },
    { "Queue.Edit", "('a-1', '{}', %s)" },
    { "Queue.Cancel", "('a-1', %s)" },
    { "Queue.Retry", "('a-1', %s)" },
    { "Queue.Discard", "('a-1', %s)" },
    { "Queue.Undo", "('a-1', %s)" },
    { "Queue.RetryFailed", "(%s,)" },
    { "Queue.Resolve", "('a-1', 'use_server', '', %s)" },
    { "Queue.Export", "(%s,)" },
    { "Queue.Flush", "(%s,)" },
    { "Diagnostics.GetHealth", "(%s,)" },
    { "Diagnostics.GetStatistics", "(%s,)" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      g_auto (GStrv) parts = g_strsplit (methods[i][1], "%s", 2);
      g_autofree char *arguments = g_strjoinv ("{'colour': <'red'>}", parts);

      ls_service_fixture_refused (f, methods[i][0], arguments, LS_ERROR_UNKNOWN_OPTION, "colour");
    }
}

static void
test_wrong_types (LsServiceFixture *f, gconstpointer data)
{
  const char *const calls[][3] = {
    { "Account.SignOut", "({'wipe': <1>},)", "wipe" },
    { "Account.SignOut", "({'discard-unsent': <1>},)", "discard-unsent" },
    { "Account.SignOut", "({'flush-seconds': <5>},)", "flush-seconds" },
    { "Account.SignOut", "({'flush-seconds': <uint32 3601>},)", "flush-seconds" },
    { "Events.Subscribe", "(@as [], {'cursor': <1>})", "cursor" },
    { "Events.Subscribe", "(@as [], {'durable': <true>})", "durable" },
    { "Events.Subscribe", "(@as [], {'filter': <{'n': 1}>})", "filter" },
    { "Cache.Get", "('grade', 'r-1', {'view': <1>})", "view" },
    { "Cache.Get", "('grade', 'r-1', {'max-age': <5>})", "max-age" },
    { "Cache.List", "('grade', {'view': <1>})", "view" },
    { "Cache.List", "('grade', {'max-age': <'5'>})", "max-age" },
    { "Cache.List", "('grade', {'filter': <'n'>})", "filter" },
    { "Cache.List", "('grade', {'order-by': <1>})", "order-by" },
    { "Cache.List", "('grade', {'descending': <'yes'>})", "descending" },
    { "Cache.List", "('grade', {'limit': <5>})", "limit" },
    { "Cache.List", "('grade', {'after': <5>})", "after" },
    { "Cache.List", "('grade', {'limit': <uint32 0>})", "limit" },
    { "Cache.List", "('grade', {'limit': <uint32 501>})", "limit" },
    { "Cache.Get", "('grade', 'r-1', {'view': <'sideways'>})", "sideways" },
    { "Queue.Enqueue", "('delete', 'grade', 'r-1', '', {'endpoint': <1>})", "endpoint" },
    { "Queue.Enqueue", "('delete', 'grade', 'r-1', '', {'method': <1>})", "method" },
    { "Queue.Enqueue", "('delete', 'grade', 'r-1', '', {'base-version': <1>})", "base-version" },
    { "Queue.Enqueue", "('delete', 'grade', 'r-1', '', {'idempotency-key': <1>})",
      "idempotency-key" },
    { "Queue.Enqueue", "('delete', 'grade', 'r-1', '', {'depends-on': <1>})", "depends-on" },
    { "Queue.Enqueue", "('delete', 'grade', 'r-1', '', {'coalesce': <1>})", "coalesce" },
    { "Queue.Enqueue", "('delete', 'grade', 'r-1', '', {'expires-at': <1>})", "expires-at" },
    { "Queue.List", "({'status': <'failed'>},)", "status" },
    { "Queue.List", "({'entity': <1>},)", "entity" },
    { "Queue.List", "({'limit': <1>},)", "limit" },
    { "Queue.List", "({'after': <1>},)", "after" },
    { "Queue.WaitFor", "('a-1', 'accepted', {'timeout': <1>})", "timeout" },
    { "Queue.Resolve", "('a-1', 'use_server', '', {'server-version': <1>})", "server-version" },
  };

  ls_service_fixture_sign_in (f);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    ls_service_fixture_refused (f, calls[i][0], calls[i][1], LS_ERROR_INVALID_ARGUMENT,
                                calls[i][2]);
}

static void
test_signed_out (LsServiceFixture *f, gconstpointer data)
{
  const char *const calls[][2] = {
    { "Connection.SyncNow", "(@a{sv} {},)" },
    { "Account.SignOut", "(@a{sv} {},)" },
    { "Events.Subscribe", "(@as [], @a{sv} {})" },
    { "Events.GetEvents", "('', uint32 0, @a{sv} {})" },
    { "Cache.Get", "('grade', 'r-1', @a{sv} {})" },
    { "Cache.List", "('grade', @a{sv} {})" },
    { "Queue.Enqueue", "('delete', 'grade', 'r-1', '', @a{sv} {})" },
    { "Queue.Get", "('a-1',)" },
    { "Queue.List", "(@a{sv} {},)" },
    { "Queue.WaitFor", "('a-1', 'accepted', @a{sv} {})" },
    { "Queue.Edit", "('a-1', '{}', @a{sv} {})" },
    { "Queue.Cancel", "('a-1', @a{sv} {})" },
    { "Queue.Retry", "('a-1', @a{sv} {})" },
    { "Queue.Discard", "('a-1', @a{sv} {})" },
    { "Queue.Undo", "('a-1', @a{sv} {})" },
    { "Queue.RetryFailed", "(@a{sv} {},)" },
    { "Queue.GetConflict", "('a-1',)" },
    { "Queue.Resolve", "('a-1', 'use_server', '', {'server-version': <int64 1>})" },
    { "Queue.Export", "(@a{sv} {},)" },
    { "Queue.Flush", "(@a{sv} {},)" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    ls_service_fixture_refused (f, calls[i][0], calls[i][1], LS_ERROR_NOT_SIGNED_IN, NULL);
}

static void
test_sign_in (LsServiceFixture *f, gconstpointer data)
{
  LsServiceAnswer outcome;
  LsSession *session;
  g_autofree char *token = ls_service_fixture_make_token ("u-1");

  ls_service_fixture_refused (f, "Account.SignIn", "('', 'secret', @a{sv} {})",
                              LS_ERROR_INVALID_ARGUMENT, "e-mail");
  ls_service_fixture_refused (f, "Account.SignIn", "('a', '', @a{sv} {})",
                              LS_ERROR_INVALID_ARGUMENT, "password");
  ls_service_fixture_refused (f, "Account.SetTokens", "('no token', '', @a{sv} {})",
                              LS_ERROR_INVALID_ARGUMENT, NULL);

  ls_service_fixture_begin (f, "Account.SignIn", "('a@demo.test', 'wrong', @a{sv} {})", &outcome);
  LS_SERVICE_WAIT (f, ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_SIGN_IN) != NULL);
  ls_fake_transport_fail (f->transport, LS_FAKE_CALL_SIGN_IN,
                          g_error_new (LS_ERROR, LS_ERROR_WRONG_CREDENTIALS, "no"));
  LS_SERVICE_WAIT (f, outcome.done);
  g_assert_error (outcome.error, LS_ERROR, LS_ERROR_WRONG_CREDENTIALS);
  g_clear_error (&outcome.error);

  ls_service_fixture_begin (f, "Account.SignIn", "('a@demo.test', 'right', @a{sv} {})", &outcome);
  LS_SERVICE_WAIT (f, ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_SIGN_IN) != NULL);
  session = ls_session_new (token, "refresh");
  session->user = ls_user_new ("u-1", "Ibu Sari", LS_ROLE_TEACHER, LS_EXTRA_ROLE_STAFF);
  ls_fake_transport_answer_sign_in (f->transport, session);
  LS_SERVICE_WAIT (f, outcome.done);
  g_assert_no_error (outcome.error);
  g_variant_unref (outcome.value);
  assert_property (f, "Account", "DisplayName", "'Ibu Sari'");
  assert_property (f, "Account", "ExtraRole", "'staff'");
  LS_SERVICE_WAIT (f, ls_agent_get_status (f->agent)->state == LS_STATE_LIVE);
}

static gboolean
is_asked_to_sign_in (LsServiceFixture *f)
{
  return ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_SIGN_IN) != NULL;
}

static void
refuse_sign_in (LsServiceFixture *f)
{
  LS_SERVICE_WAIT (f, is_asked_to_sign_in (f));
  ls_fake_transport_fail (f->transport, LS_FAKE_CALL_SIGN_IN,
                          ls_link_error_new (LS_REASON_RATE_LIMITED, 429, 20000, "busy"));
}

/* The call waits for as long as the server has no room, and ends with the reason. */
static void
test_sign_in_no_room (LsServiceFixture *f, gconstpointer data)
{
  LsServiceAnswer outcome;

  ls_service_fixture_begin (f, "Account.SignIn", "('a', 'b', @a{sv} {})", &outcome);
  while (!outcome.done)
    {
      refuse_sign_in (f);
      LS_SERVICE_WAIT (f, outcome.done || ls_fake_clock_count_alarms (f->clock) > 0);
      if (!outcome.done)
        ls_fake_clock_advance (f->clock, 26000);
    }
  g_assert_error (outcome.error, LS_ERROR, LS_ERROR_UNREACHABLE);
  g_assert_nonnull (strstr (outcome.error->message, "rate-limited: "));
  g_clear_error (&outcome.error);
}

/* Nobody waits for whoever has left the bus. */
static void
test_sign_in_caller_leaves (LsServiceFixture *f, gconstpointer data)
{
  g_dbus_connection_call (f->other, g_dbus_connection_get_unique_name (f->connection), LS_BUS_PATH,
                          LS_BUS_INTERFACE_ACCOUNT, "SignIn",
                          g_variant_new_parsed ("('a', 'b', @a{sv} {})"), NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
  refuse_sign_in (f);
  LS_SERVICE_WAIT (f, ls_fake_clock_count_alarms (f->clock) > 0);
  g_assert_true (g_dbus_connection_close_sync (f->other, NULL, NULL));
  LS_SERVICE_WAIT (f, ls_fake_clock_count_alarms (f->clock) == 0);
  ls_fake_clock_advance (f->clock, 60000);
  g_assert_false (is_asked_to_sign_in (f));
}

static void
test_sign_out (LsServiceFixture *f, gconstpointer data)
{
  const LsSignOutDefaults wipes = { .wipe = TRUE };

  ls_service_fixture_sign_in (f);
  ls_service_fixture_publish (f, "grade_created", 1, 1);
  call (f, "Account.SignOut", "({'flush-seconds': <uint32 5>},)");
  assert_property (f, "Account", "State", "'signed-out'");
  assert_property (f, "Connection", "State", "'signed-out'");

  ls_service_fixture_sign_in (f);
  g_variant_unref (ls_service_fixture_call (f, "Cache.Get", "('grade', 'r-1', @a{sv} {})"));
  call (f, "Account.SignOut", "({'wipe': <true>},)");
  ls_service_fixture_sign_in (f);
  ls_service_fixture_refused (f, "Cache.Get", "('grade', 'r-1', @a{sv} {})", LS_ERROR_NOT_FOUND,
                              NULL);

  ls_service_set_sign_out_defaults (f->service, &wipes);
  ls_service_fixture_publish (f, "grade_created", 2, 1);
  call (f, "Account.SignOut", "(@a{sv} {},)");
  ls_service_fixture_sign_in (f);
  ls_service_fixture_refused (f, "Cache.Get", "('grade', 'r-2', @a{sv} {})", LS_ERROR_NOT_FOUND,
                              NULL);
}

static void
test_cache_get (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) changes = g_ptr_array_new_with_free_func (g_free);
  guint id = ls_service_fixture_collect (f, LS_BUS_INTERFACE_CACHE, "Changed", changes);
  const char *const views[] = { "server", "merged" };

  ls_service_fixture_sign_in (f);
  g_ptr_array_set_size (changes, 0);
  ls_service_fixture_publish (f, "grade_created", 1, 1);
  for (guint i = 0; i < G_N_ELEMENTS (views); i++)
    {
      g_autofree char *arguments = g_strdup_printf ("('grade', 'r-1', {'view': <'%s'>})", views[i]);
      g_autoptr (GVariant) answer = ls_service_fixture_call (f, "Cache.Get", arguments);
      g_autoptr (GVariant) meta = g_variant_get_child_value (answer, 1);
      g_auto (GStrv) pending = NULL;
      const char *json;
      const char *source;
      gint64 version;
      guint64 as_of;
      gboolean deleted;

      g_variant_get_child (answer, 0, "&s", &json);
      g_assert_cmpstr (json, ==, "{\"id\":\"r-1\", \"n\":1,\"odd\":true}");
      g_assert_cmpuint (g_variant_n_children (meta), ==, 5);
      g_assert_true (g_variant_lookup (meta, "version", "x", &version));
      g_assert_true (g_variant_lookup (meta, "as-of", "t", &as_of));
      g_assert_true (g_variant_lookup (meta, "source", "&s", &source));
      g_assert_true (g_variant_lookup (meta, "pending", "^as", &pending));
      g_assert_true (g_variant_lookup (meta, "deleted", "b", &deleted));
      g_assert_cmpint (version, ==, 1);
      g_assert_cmpuint (as_of, ==, LS_FAKE_CLOCK_START_WALL);
      g_assert_cmpstr (source, ==, "server");
      g_assert_cmpuint (g_strv_length (pending), ==, 0);
      g_assert_false (deleted);
    }
  g_assert_cmpuint (changes->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (changes, 0), ==, "('grade', ['r-1'])");
  g_dbus_connection_signal_unsubscribe (f->app, id);

  ls_service_fixture_refused (f, "Cache.Get", "('grade', 'nobody', @a{sv} {})", LS_ERROR_NOT_FOUND,
                              NULL);
  ls_service_fixture_refused (f, "Cache.Get", "('homework', 'r-1', @a{sv} {})",
                              LS_ERROR_UNKNOWN_ENTITY, "homework");
  ls_service_fixture_refused (f, "Cache.Get", "('presence', 'r-1', @a{sv} {})",
                              LS_ERROR_UNKNOWN_ENTITY, "presence");
}

static void
assert_rows (LsServiceFixture *f, const char *options, const char *expected, char **next)
{
  g_autofree char *arguments = g_strdup_printf ("('grade', %s)", options);
  g_autoptr (GVariant) answer = ls_service_fixture_call (f, "Cache.List", arguments);
  g_autoptr (GVariant) rows = g_variant_get_child_value (answer, 0);
  g_autoptr (GString) ids = g_string_new (NULL);

  for (gsize i = 0; i < g_variant_n_children (rows); i++)
    {
      const char *entity;
      const char *id;

      g_variant_get_child (rows, i, "(&s&s&s@a{sv})", &entity, &id, NULL, NULL);
      g_assert_cmpstr (entity, ==, "grade");
      g_string_append_printf (ids, "%s%s", i > 0 ? " " : "", id);
    }
  g_assert_cmpstr (ids->str, ==, expected);
  if (next != NULL)
    g_variant_get_child (answer, 1, "s", next);
}

static void
test_cache_list (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *next = NULL;
  g_autofree char *options = NULL;
  g_autofree char *last = NULL;

  ls_service_fixture_sign_in (f);
  ls_service_fixture_publish (f, "grade_created", 1, 5);
  assert_rows (f, "@a{sv} {}", "r-1 r-2 r-3 r-4 r-5", NULL);
  assert_rows (f, "{'descending': <true>}", "r-5 r-4 r-3 r-2 r-1", NULL);
  assert_rows (f, "{'filter': <{'odd': 'true'}>}", "r-1 r-3 r-5", NULL);
  assert_rows (f, "{'filter': <{'odd': 'true', 'n': '3'}>}", "r-3", NULL);
  assert_rows (f, "{'filter': <{'odd': 'true', 'n': '4'}>}", "", NULL);
  assert_rows (f, "{'order-by': <'n'>, 'descending': <true>, 'view': <'server'>}",
               "r-5 r-4 r-3 r-2 r-1", NULL);
  assert_rows (f, "{'limit': <uint32 2>}", "r-1 r-2", &next);
  options = g_strdup_printf ("{'limit': <uint32 3>, 'after': <'%s'>}", next);
  assert_rows (f, options, "r-3 r-4 r-5", &last);
  g_assert_cmpstr (last, ==, "");
}

static void
test_cache_max_age (LsServiceFixture *f, gconstpointer data)
{
  const char *get = "('grade', 'r-1', {'max-age': <uint32 10>})";

  ls_service_fixture_sign_in (f);
  ls_service_fixture_publish (f, "grade_created", 1, 1);
  f->online = FALSE;
  ls_fake_transport_drop (f->transport,
                          ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "cut"));
  g_variant_unref (ls_service_fixture_call (f, "Cache.Get", get));

  ls_fake_clock_advance (f->clock, 11000);
  ls_service_fixture_refused (f, "Cache.Get", get, LS_ERROR_UNREACHABLE, NULL);
  ls_service_fixture_refused (f, "Cache.List", "('grade', {'max-age': <uint32 10>})",
                              LS_ERROR_UNREACHABLE, NULL);
  /* what is there can still be read */
  g_variant_unref (ls_service_fixture_call (f, "Cache.Get", "('grade', 'r-1', @a{sv} {})"));

  f->online = TRUE;
  call (f, "Connection.Connect", "(@a{sv} {},)");
  g_variant_unref (ls_service_fixture_call (f, "Cache.Get", get));
}

static void
test_diagnostics (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (GVariant) signed_out = NULL;
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GVariant) statistics = NULL;
  g_autoptr (GVariant) health = NULL;
  guint64 events;
  guint64 rows;
  gboolean healthy;

  signed_out = ls_service_fixture_call (f, "Diagnostics.GetStatistics", "(@a{sv} {},)");
  g_assert_cmpuint (g_variant_n_children (signed_out), ==, 1);
  ls_service_fixture_sign_in (f);
  ls_service_fixture_publish (f, "grade_created", 1, 3);
  answer = ls_service_fixture_call (f, "Diagnostics.GetStatistics", "(@a{sv} {},)");
  statistics = g_variant_get_child_value (answer, 0);
  g_assert_true (g_variant_lookup (statistics, "events", "t", &events));
  g_assert_true (g_variant_lookup (statistics, "rows", "t", &rows));
  g_assert_cmpuint (events, ==, 3);
  g_assert_cmpuint (rows, ==, 3);

  g_variant_unref (answer);
  answer = ls_service_fixture_call (f, "Diagnostics.GetHealth", "(@a{sv} {},)");
  health = g_variant_get_child_value (answer, 0);
  g_assert_true (g_variant_lookup (health, "healthy", "b", &healthy));
  g_assert_true (healthy);
}

static void
test_backlog (LsServiceFixture *f, gconstpointer data)
{
  const char *const methods[] = { "Diagnostics.GetHealth", "Diagnostics.GetStatistics" };
  const char *const members[] = { "queue-pending", "queue-in-flight", "queue-failed",
                                  "queue-conflicts", "queue-age" };
  const guint64 expected[] = { 2, 0, 0, 0, 7000 };

  ls_service_fixture_sign_in (f);
  ls_agent_disconnect (f->agent);
  g_free (ls_service_fixture_enqueue (f, "('delete', 'grade', 'r-1', '', @a{sv} {})"));
  ls_fake_clock_advance (f->clock, 7000);
  g_free (ls_service_fixture_enqueue (f, "('delete', 'grade', 'r-2', '', @a{sv} {})"));
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      g_autoptr (GVariant) answer = ls_service_fixture_call (f, methods[i], "(@a{sv} {},)");
      g_autoptr (GVariant) dict = g_variant_get_child_value (answer, 0);

      for (guint j = 0; j < G_N_ELEMENTS (members); j++)
        {
          guint64 value;

          g_assert_true (g_variant_lookup (dict, members[j], "t", &value));
          g_assert_cmpuint (value, ==, expected[j]);
        }
    }
}

static guint
count_done (const LsServiceAnswer *outcomes, guint n)
{
  guint n_done = 0;

  for (guint i = 0; i < n; i++)
    n_done += outcomes[i].done;
  return n_done;
}

static void
test_calls_limit (LsServiceFixture *f, gconstpointer data)
{
  LsServiceAnswer outcomes[40];
  guint n_limited = 0;

  ls_service_fixture_sign_in (f);
  LS_SERVICE_WAIT (f, ls_agent_get_status (f->agent)->state == LS_STATE_LIVE);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    ls_service_fixture_begin (f, "Connection.SyncNow", "(@a{sv} {},)", &outcomes[i]);
  /* while the server answers nothing */
  while (count_done (outcomes, G_N_ELEMENTS (outcomes)) < 8)
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    n_limited += g_error_matches (outcomes[i].error, LS_ERROR, LS_ERROR_LIMIT_EXCEEDED);
  g_assert_cmpuint (n_limited, ==, 8);

  LS_SERVICE_WAIT (f, count_done (outcomes, G_N_ELEMENTS (outcomes)) == G_N_ELEMENTS (outcomes));
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_clear_pointer (&outcomes[i].value, g_variant_unref);
      g_clear_error (&outcomes[i].error);
    }
  call (f, "Connection.Connect", "(@a{sv} {},)");
}

#define ADD(name, function)                                                                        \
  g_test_add ("/service/" name, LsServiceFixture, NULL, ls_service_fixture_set_up, function,       \
              ls_service_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("properties", test_properties);
  ADD ("connection", test_connection);
  ADD ("options/unknown", test_unknown_options);
  ADD ("options/wrong", test_wrong_types);
  ADD ("signed-out", test_signed_out);
  ADD ("account/sign-in", test_sign_in);
  ADD ("account/sign-in/no-room", test_sign_in_no_room);
  ADD ("account/sign-in/caller-leaves", test_sign_in_caller_leaves);
  ADD ("account/sign-out", test_sign_out);
  ADD ("cache/get", test_cache_get);
  ADD ("cache/list", test_cache_list);
  ADD ("cache/max-age", test_cache_max_age);
  ADD ("diagnostics", test_diagnostics);
  ADD ("diagnostics/backlog", test_backlog);
  ADD ("callers/calls", test_calls_limit);
  return g_test_run ();
}
