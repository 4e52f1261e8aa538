/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may do what, and who sits at the machine. */
#include "ls-service-fixture.h"

#include <string.h>

#include "ls-role.h"

#define GRADES "org.school.Grades"
#define UPDATE "('update', 'grade', 'r-1', '{\"score\":80}', @a{sv} {})"

static void
grant (LsServiceFixture *f, const char *read)
{
  const char *const grants[] = { read, NULL };
  const LsAccessPolicy policy = { .host = TRUE, .sandboxed = FALSE, .read = grants };

  ls_service_set_policy (f->service, &policy);
}

static void
grant_enqueue (LsServiceFixture *f, const char *enqueue)
{
  const char *const grants[] = { enqueue, NULL };
  const LsAccessPolicy policy = { .host = TRUE, .sandboxed = FALSE, .enqueue = grants };

  ls_service_set_policy (f->service, &policy);
}

static void
call (LsServiceFixture *f, const char *method, const char *arguments)
{
  g_autoptr (GVariant) answer = ls_service_fixture_call (f, method, arguments);

  g_assert_nonnull (answer);
}

static void
denied (LsServiceFixture *f, const char *method, const char *arguments, const char *names)
{
  ls_service_fixture_refused (f, method, arguments, LS_ERROR_ACCESS_DENIED, names);
}

/* What an app without any right is refused. */
static void
assert_nothing_allowed (LsServiceFixture *f, const char *name)
{
  denied (f, "Events.Subscribe", "(@as [], @a{sv} {})", name);
  denied (f, "Events.Subscribe", "(['grade_created'], @a{sv} {})", name);
  denied (f, "Events.OpenStream", "(['grade_created'], @a{sv} {})", name);
  denied (f, "Events.GetEvents", "('', uint32 10, @a{sv} {})", name);
  denied (f, "Cache.Get", "('grade', 'r-1', @a{sv} {})", name);
  denied (f, "Cache.List", "('grade', @a{sv} {})", name);
  denied (f, "Account.SignIn", "('a@demo.test', 'right', @a{sv} {})", name);
  denied (f, "Account.SetTokens", "('token', '', @a{sv} {})", name);
  denied (f, "Account.SignOut", "({'wipe': <true>},)", name);
  denied (f, "Connection.Connect", "(@a{sv} {},)", name);
  denied (f, "Connection.Disconnect", "(@a{sv} {},)", name);
  denied (f, "Connection.Reconnect", "(@a{sv} {},)", name);
  denied (f, "Connection.SyncNow", "(@a{sv} {},)", name);
  denied (f, "Diagnostics.GetAudit", "(@a{sv} {},)", name);
  denied (f, "Queue.Enqueue", UPDATE, name);
  denied (f, "Queue.Get", "('nothing',)", NULL);
  denied (f, "Queue.RetryFailed", "(@a{sv} {},)", name);
  denied (f, "Queue.Export", "(@a{sv} {},)", name);
  denied (f, "Queue.Flush", "(@a{sv} {},)", name);
  call (f, "Diagnostics.GetHealth", "(@a{sv} {},)");
  call (f, "Diagnostics.GetStatistics", "(@a{sv} {},)");
}

static void
test_default_policy (LsServiceFixture *f, gconstpointer data)
{
  LsAccessPolicy policy = { .host = FALSE, .sandboxed = TRUE };

  ls_service_fixture_sign_in (f);
  ls_service_fixture_publish (f, "grade_created", 1, 1);
  call (f, "Cache.Get", "('grade', 'r-1', @a{sv} {})");

  ls_service_fixture_become (f, LS_APP_SANDBOXED, GRADES);
  assert_nothing_allowed (f, GRADES);
  ls_service_fixture_become (f, LS_APP_UNKNOWN, NULL);
  assert_nothing_allowed (f, "unknown");

  ls_service_set_policy (f->service, &policy);
  call (f, "Cache.Get", "('grade', 'r-1', @a{sv} {})");
  ls_service_fixture_become (f, LS_APP_HOST, "/usr/bin/app");
  assert_nothing_allowed (f, "/usr/bin/app");
}

static guint
count_rows (LsServiceFixture *f, const char *arguments)
{
  g_autoptr (GVariant) answer = ls_service_fixture_call (f, "Events.GetEvents", arguments);
  g_autoptr (GVariant) events = g_variant_get_child_value (answer, 0);

  return (guint)g_variant_n_children (events);
}

static void
assert_types (LsServiceFixture *f, const char *path, const char *prefix, guint n)
{
  g_autoptr (GVariant) value =
      ls_service_fixture_get_property_of (f, path, "Subscription", "Types");
  g_autofree const char **types = g_variant_get_strv (value, NULL);

  g_assert_cmpuint (g_strv_length ((GStrv)types), ==, n);
  for (guint i = 0; types[i] != NULL; i++)
    g_assert_true (g_str_has_prefix (types[i], prefix));
}

static void
test_grant (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (GVariant) answer = NULL;
  const char *path;

  ls_service_fixture_sign_in (f);
  ls_service_fixture_publish (f, "grade_created", 1, 1);
  ls_service_fixture_publish (f, "announcement_created", 2, 1);
  g_assert_cmpuint (count_rows (f, "('', uint32 10, @a{sv} {})"), ==, 2);

  grant (f, GRADES ":grade,library_material");
  ls_service_fixture_become (f, LS_APP_SANDBOXED, GRADES);
  call (f, "Cache.Get", "('grade', 'r-1', @a{sv} {})");
  call (f, "Cache.List", "('library_material', @a{sv} {})");
  denied (f, "Cache.Get", "('announcement', 'r-2', @a{sv} {})", "announcement");
  denied (f, "Events.Subscribe", "(['grade_created', 'announcement_created'], @a{sv} {})",
          "announcement");
  g_assert_cmpuint (count_rows (f, "('', uint32 10, @a{sv} {})"), ==, 1);
  call (f, "Connection.SyncNow", "(@a{sv} {},)");
  denied (f, "Connection.Disconnect", "(@a{sv} {},)", GRADES);
  denied (f, "Account.SignOut", "(@a{sv} {},)", GRADES);
  denied (f, "Diagnostics.GetAudit", "(@a{sv} {},)", GRADES);

  answer = ls_service_fixture_call (f, "Events.Subscribe", "(@as [], @a{sv} {})");
  g_variant_get (answer, "(&o)", &path);
  assert_types (f, path, "grade_", 3);
}

/* Whoever is named may do what is granted and no more, also a program of the host. */
static void
test_grant_restricts (LsServiceFixture *f, gconstpointer data)
{
  ls_service_fixture_sign_in (f);
  grant (f, "/usr/bin/app:announcement");
  call (f, "Cache.List", "('announcement', @a{sv} {})");
  denied (f, "Cache.List", "('grade', @a{sv} {})", "grade");
  denied (f, "Account.SignOut", "(@a{sv} {},)", "/usr/bin/app");
  grant (f, "/usr/bin/app:*");
  call (f, "Cache.List", "('grade', @a{sv} {})");
  /* a name that another begins with is no grant */
  grant (f, "/usr/bin/ap:grade");
  call (f, "Account.SignOut", "(@a{sv} {},)");
}

static void
test_grant_taken_away (LsServiceFixture *f, gconstpointer data)
{
  ls_service_fixture_sign_in (f);
  grant (f, GRADES ":grade");
  ls_service_fixture_become (f, LS_APP_SANDBOXED, GRADES);
  call (f, "Events.Subscribe", "(['grade_created'], @a{sv} {})");
  g_assert_cmpuint (ls_service_fixture_count_subscriptions (f), ==, 1);

  grant (f, GRADES ":announcement");
  g_assert_cmpuint (ls_service_fixture_count_subscriptions (f), ==, 0);
  /* the app is told that it ends */
  LS_SERVICE_WAIT (f, f->batches->len > 0);
  g_assert_cmpuint (g_variant_n_children (f->batches->pdata[0]), ==, 0);
}

static void
assert_listed (LsServiceFixture *f, guint n)
{
  g_autoptr (GVariant) answer = ls_service_fixture_call (f, "Queue.List", "(@a{sv} {},)");
  g_autoptr (GVariant) actions = g_variant_get_child_value (answer, 0);

  g_assert_cmpuint (g_variant_n_children (actions), ==, n);
}

/* With each of these an app would have to do with somebody else's action. */
static void
assert_not_its_own (LsServiceFixture *f, const char *id)
{
  static const char *const methods[] = { "Cancel", "Retry", "Discard", "Undo" };
  g_autofree char *one = g_strdup_printf ("('%s',)", id);
  g_autofree char *with_options = g_strdup_printf ("('%s', @a{sv} {})", id);
  g_autofree char *edit = g_strdup_printf ("('%s', '{}', @a{sv} {})", id);
  g_autofree char *wait = g_strdup_printf ("('%s', 'accepted', @a{sv} {})", id);
  g_autofree char *resolve = g_strdup_printf ("('%s', 'use_server', '', @a{sv} {})", id);

  denied (f, "Queue.Get", one, id);
  denied (f, "Queue.GetConflict", one, id);
  denied (f, "Queue.WaitFor", wait, id);
  denied (f, "Queue.Edit", edit, id);
  denied (f, "Queue.Resolve", resolve, id);
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      g_autofree char *method = g_strconcat ("Queue.", methods[i], NULL);

      denied (f, method, with_options, id);
    }
}

static void
test_queue (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *hosts = NULL;
  g_autofree char *own = NULL;
  g_autofree char *arguments = NULL;

  ls_service_fixture_sign_in (f);
  ls_agent_disconnect (f->agent);
  hosts = ls_service_fixture_enqueue (f, UPDATE);

  grant_enqueue (f, GRADES ":grade.update,event.*,*.create");
  ls_service_fixture_become (f, LS_APP_SANDBOXED, GRADES);
  assert_listed (f, 0);
  assert_not_its_own (f, hosts);
  denied (f, "Queue.Enqueue", "('delete', 'grade', 'r-1', '', @a{sv} {})", "grade");
  denied (f, "Queue.Enqueue", "('update', 'message', 'm-1', '{}', @a{sv} {})", "message");
  g_free (ls_service_fixture_enqueue (f, "('delete', 'event', 'e-1', '', @a{sv} {})"));
  g_free (ls_service_fixture_enqueue (f, "('create', 'message', '', '{}', @a{sv} {})"));
  own = ls_service_fixture_enqueue (f, UPDATE);
  assert_listed (f, 3);
  arguments = g_strdup_printf ("('%s', @a{sv} {})", own);
  call (f, "Queue.Cancel", arguments);

  ls_service_fixture_become (f, LS_APP_HOST, "/usr/bin/app");
  assert_listed (f, 4);
  g_free (g_steal_pointer (&arguments));
  arguments = g_strdup_printf ("('%s', @a{sv} {})", hosts);
  call (f, "Queue.Cancel", arguments);
}

/* What a grant is worth is decided by where the request goes, whatever it is called. */
static void
test_grant_is_of_a_place (LsServiceFixture *f, gconstpointer data)
{
  static const char *const elsewhere[] = {
    "('create', 'announcement', '', '{}', {'endpoint': <'/api/grades/G1'>, 'method': <'PUT'>})",
    "('create', 'announcement', '', '{}', {'endpoint': <'/api/users/u-1'>, 'method': <'DELETE'>})",
    "('create', 'announcement', '', '{}', {'endpoint': <'/api/auth/logout'>})",
    "('create', 'announcement', 'a-1', '{}', {'method': <'DELETE'>})",
    "('publish', 'announcement', 'a-1', '', {'endpoint': <'/api/announcements/a-1/reject'>})",
    "('create', 'budget', '', '{}', {'endpoint': <'/api/users'>})",
  };

  ls_service_fixture_sign_in (f);
  ls_agent_disconnect (f->agent);
  grant_enqueue (f, GRADES ":announcement.*,*.create");
  ls_service_fixture_become (f, LS_APP_SANDBOXED, GRADES);
  for (guint i = 0; i < G_N_ELEMENTS (elsewhere); i++)
    denied (f, "Queue.Enqueue", elsewhere[i], "there");
  g_free (ls_service_fixture_enqueue (f, "('create', 'announcement', '', '{}', "
                                         "{'endpoint': <'/api/announcements'>})"));
  g_free (ls_service_fixture_enqueue (f, "('publish', 'announcement', 'a-1', '', "
                                         "{'endpoint': <'/api/announcements/a-1/publish'>})"));
  assert_listed (f, 2);

  /* who may do everything has to leave signing in and out to the agent, too */
  ls_service_fixture_become (f, LS_APP_HOST, "/usr/bin/app");
  g_free (ls_service_fixture_enqueue (f, "('create', 'budget', '', '{}', "
                                         "{'endpoint': <'/api/users'>, 'method': <'PATCH'>})"));
  ls_service_fixture_refused (f, "Queue.Enqueue", elsewhere[2], LS_ERROR_INVALID_ARGUMENT, NULL);
}

static void
set_role (LsServiceFixture *f, LsRole role)
{
  f->role = role;
  ls_agent_reconnect (f->agent);
  LS_SERVICE_WAIT (f, ls_agent_get_user (f->agent)->role == role &&
                          ls_agent_get_status (f->agent)->state == LS_STATE_LIVE);
}

static void
test_role (LsServiceFixture *f, gconstpointer data)
{
  ls_service_fixture_sign_in (f);
  call (f, "Events.Subscribe", "(['library_material_added'], @a{sv} {})");

  set_role (f, LS_ROLE_PARENT);
  denied (f, "Events.Subscribe", "(['library_material_added'], @a{sv} {})", "parent");
  denied (f, "Events.OpenStream", "(['user_online'], @a{sv} {})", "presence");
  denied (f, "Cache.List", "('library_material', @a{sv} {})", "library_material");
  call (f, "Events.Subscribe", "(['grade_created'], @a{sv} {})");
  call (f, "Events.Subscribe", "(@as [], @a{sv} {})");
}

/* What an app in a sandbox calls its place is no other app's place. */
static void
test_durable (LsServiceFixture *f, gconstpointer data)
{
  static const LsAccessPolicy policy = { .host = TRUE, .sandboxed = TRUE };
  g_autofree char *cursor = NULL;
  g_autofree char *start = NULL;

  ls_service_fixture_sign_in (f);
  ls_service_set_policy (f->service, &policy);
  call (f, "Events.Subscribe", "(['grade_created'], {'durable': <'place'>})");
  ls_service_fixture_publish (f, "grade_created", 1, 3);
  LS_SERVICE_WAIT (f, ls_service_count_events (f->batches) == 3);

  /* from now, and not from where the other one is */
  ls_service_fixture_become (f, LS_APP_SANDBOXED, GRADES);
  g_ptr_array_set_size (f->batches, 0);
  call (f, "Events.Subscribe", "(['grade_created'], {'durable': <'place'>})");
  ls_service_fixture_publish (f, "grade_created", 4, 1);
  LS_SERVICE_WAIT (f, ls_service_count_events (f->batches) == 2);
}

/* A wipe leaves nothing of it, either. */
static void
test_durable_wiped (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  ls_service_fixture_sign_in (f);
  call (f, "Events.Subscribe", "(['grade_created'], {'durable': <'place'>})");
  ls_service_fixture_restart_service (f);
  g_assert_true (g_file_get_contents (f->durables_path, &before, NULL, NULL));
  g_assert_nonnull (strstr (before, "place"));

  call (f, "Account.SignOut", "({'wipe': <true>},)");
  ls_service_fixture_restart_service (f);
  g_assert_true (g_file_get_contents (f->durables_path, &after, NULL, NULL));
  g_assert_null (strstr (after, "place"));
}

typedef struct
{
  guint n_done;
  guint order[2];
} Order;

typedef struct
{
  Order *order;
  guint number;
} Ask;

static void
health_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Ask *ask = user_data;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (object), result, NULL);

  g_assert_nonnull (answer);
  ask->order->order[ask->order->n_done++] = ask->number;
}

/* Nobody is served before it is known who they are, and then in the order of the calls. */
static void
test_waits_for_identity (LsServiceFixture *f, gconstpointer data)
{
  Order order = { 0 };
  Ask asks[] = { { &order, 1 }, { &order, 2 } };

  ls_fake_app_finder_hide (f->finder);
  for (guint i = 0; i < G_N_ELEMENTS (asks); i++)
    g_dbus_connection_call (f->app, g_dbus_connection_get_unique_name (f->connection), LS_BUS_PATH,
                            LS_BUS_INTERFACE_DIAGNOSTICS, i == 0 ? "GetHealth" : "GetStatistics",
                            g_variant_new_parsed ("(@a{sv} {},)"), NULL, G_DBUS_CALL_FLAGS_NONE, -1,
                            NULL, health_cb, &asks[i]);
  LS_SERVICE_WAIT (f, ls_fake_app_finder_count_waiting (f->finder) == 2);
  g_assert_cmpuint (order.n_done, ==, 0);

  ls_fake_app_finder_reveal (f->finder);
  LS_SERVICE_WAIT (f, order.n_done == 2);
  g_assert_cmpuint (order.order[0], ==, 1);
}

/* An app that makes up another one's key learns nothing by it: neither that it is in use, nor what for. */
static void
test_queue_keys (LsServiceFixture *f, gconstpointer data)
{
  const char *const same =
      "('update', 'grade', 'r-1', '{\"score\":80}', {'idempotency-key': <'k'>})";
  const char *const other =
      "('update', 'grade', 'r-1', '{\"score\":99}', {'idempotency-key': <'k'>})";
  const char *key;
  g_autofree char *theirs = NULL;
  g_autofree char *ours = NULL;
  g_autofree char *again = NULL;
  g_autofree char *arguments = NULL;
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GVariant) action = NULL;

  ls_service_fixture_sign_in (f);
  ls_agent_disconnect (f->agent);
  theirs = ls_service_fixture_enqueue (f, same);
  ls_service_fixture_become (f, LS_APP_SANDBOXED, GRADES);
  grant_enqueue (f, GRADES ":grade.update");
  ours = ls_service_fixture_enqueue (f, other);
  again = ls_service_fixture_enqueue (f, other);
  g_assert_cmpstr (ours, !=, theirs);
  g_assert_cmpstr (again, ==, ours);
  ls_service_fixture_refused (f, "Queue.Enqueue", same, LS_ERROR_CONFLICT, NULL);
  arguments = g_strdup_printf ("('%s',)", ours);
  answer = ls_service_fixture_call (f, "Queue.Get", arguments);
  action = g_variant_get_child_value (answer, 0);
  g_assert_true (g_variant_lookup (action, "idempotency-key", "&s", &key));
  g_assert_cmpstr (key, ==, "k");
}

/* Its own action is an app's also where the call comes before the queue is open. */
static void
test_queue_early (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *id = NULL;
  g_autofree char *arguments = NULL;
  LsServiceAnswer answer;

  ls_service_fixture_sign_in (f);
  ls_agent_disconnect (f->agent);
  ls_service_fixture_become (f, LS_APP_SANDBOXED, GRADES);
  grant_enqueue (f, GRADES ":grade.update");
  id = ls_service_fixture_enqueue (f, UPDATE);
  ls_service_fixture_become (f, LS_APP_HOST, "/usr/bin/app");
  call (f, "Account.SignOut", "(@a{sv} {},)");
  ls_agent_connect (f->agent);
  ls_fake_queue_store_set_manual (f->queue_store, TRUE);
  ls_service_fixture_sign_in (f);

  ls_service_fixture_become (f, LS_APP_SANDBOXED, GRADES);
  arguments = g_strdup_printf ("('%s', @a{sv} {})", id);
  ls_service_fixture_begin (f, "Queue.Retry", arguments, &answer);
  LS_SERVICE_WAIT (f, ls_fake_queue_store_count_pending (f->queue_store) > 0);
  call (f, "Diagnostics.GetHealth", "(@a{sv} {},)");
  g_assert_false (answer.done);
  ls_fake_queue_store_set_manual (f->queue_store, FALSE);
  LS_SERVICE_WAIT (f, answer.done);
  g_assert_no_error (answer.error);
  g_variant_unref (answer.value);
}

static void
test_suspended (LsServiceFixture *f, gconstpointer data)
{
  ls_service_fixture_sign_in (f);
  ls_service_fixture_publish (f, "grade_created", 1, 1);

  ls_fake_login_set_active (f->login, FALSE);
  g_assert_cmpint (ls_agent_get_status (f->agent)->state, ==, LS_STATE_SUSPENDED);
  g_assert_false (ls_fake_transport_is_open (f->transport));
  call (f, "Connection.Connect", "(@a{sv} {},)");
  g_assert_cmpint (ls_agent_get_status (f->agent)->state, ==, LS_STATE_SUSPENDED);
  call (f, "Cache.Get", "('grade', 'r-1', @a{sv} {})");

  ls_fake_login_set_active (f->login, TRUE);
  LS_SERVICE_WAIT (f, ls_agent_get_status (f->agent)->state == LS_STATE_LIVE);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/service/" name, LsServiceFixture, NULL, ls_service_fixture_set_up, function,       \
              ls_service_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("access/default-policy", test_default_policy);
  ADD ("access/grant", test_grant);
  ADD ("access/grant/restricts", test_grant_restricts);
  ADD ("access/grant/taken-away", test_grant_taken_away);
  ADD ("access/grant/is-of-a-place", test_grant_is_of_a_place);
  ADD ("access/queue", test_queue);
  ADD ("access/queue/keys", test_queue_keys);
  ADD ("access/queue/early", test_queue_early);
  ADD ("access/role", test_role);
  ADD ("access/durable", test_durable);
  ADD ("access/durable/wiped", test_durable_wiped);
  ADD ("access/waits-for-identity", test_waits_for_identity);
  ADD ("suspended", test_suspended);
  return g_test_run ();
}
