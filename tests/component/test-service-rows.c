/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the queue tells of rows, and to whom: an app that may not read them hears no more than ids. */
#include <string.h>

#include "ls-service-fixture.h"

#define GRADES "org.school.Grades"
#define UPDATE "('update', 'grade', 'r', '{\"n\":5}', @a{sv} {})"
#define MATERIAL "('update', 'library_material', 'r', '{\"n\":5}', @a{sv} {})"
/* What is in the row and in no action. */
#define CANARY "Kanarie-7f3a91c5e2"
#define ROW(n) "{\"id\":\"r\",\"n\":" n ",\"note\":\"" CANARY "\"}"

/* What an app may read and enqueue. */
typedef struct
{
  const char *read;
  const char *enqueue;
} Grants;

static void
set_policy (LsServiceFixture *f, gboolean host, LsSandboxPolicy sandboxed, Grants grants)
{
  const char *const read[] = { grants.read, NULL };
  const char *const enqueue[] = { grants.enqueue, NULL };
  const LsAccessPolicy policy = { host, sandboxed, read, enqueue };

  ls_service_set_policy (f->service, &policy);
}

/* Signed in, a row in the cache. */
static void
set_up (LsServiceFixture *f, gconstpointer data)
{
  const char *const types[] = { "grade_created", NULL };

  ls_service_fixture_set_up (f, data);
  ls_service_fixture_sign_in (f);
  ls_service_fixture_publish_row (f, types, ROW ("7"));
  LS_SERVICE_WAIT (f, ls_agent_get_last_seq (f->agent) == 1);
}

static const LsAction *
find (LsServiceFixture *f, const char *id)
{
  return ls_action_queue_find (f->queue, id);
}

/* Has the server do @update, or find it in the way of another. Returns: (transfer full): its id */
static char *
enqueue_and_reply (LsServiceFixture *f, const char *update, LsActionStatus expected)
{
  char *id = ls_service_fixture_enqueue (f, update);

  if (expected == LS_ACTION_CONFLICT)
    ls_service_fixture_reply (f, 412, "conflict", ROW ("9"), f->offset + 5);
  else
    ls_service_fixture_reply (f, 200, NULL, ROW ("5"), f->offset + 1);
  LS_SERVICE_WAIT (f, find (f, id)->status == expected);
  return id;
}

/* Returns: (transfer full): all that @method says, as text */
static char *
ask (LsServiceFixture *f, const char *method, const char *id, const char *rest)
{
  g_autofree char *arguments = g_strdup_printf ("('%s',%s)", id, rest);
  g_autoptr (GVariant) answer = ls_service_fixture_call (f, method, arguments);

  return g_variant_print (answer, FALSE);
}

static void
assert_says (const char *text, const char *what, gboolean expected)
{
  g_test_message ("%s", text);
  g_assert_cmpint (strstr (text, what) != NULL, ==, expected);
}

/* What whoever listens hears of an action. */
static void
assert_broadcast (LsServiceFixture *f, const char *update, gboolean expected)
{
  g_autoptr (GPtrArray) changes = g_ptr_array_new_with_free_func (g_free);
  guint subscription =
      ls_service_fixture_collect (f, LS_BUS_INTERFACE_QUEUE, "ActionChanged", changes);
  g_autofree char *id = enqueue_and_reply (f, update, LS_ACTION_COMPLETED);

  LS_SERVICE_WAIT (f, changes->len == 2);
  assert_says (changes->pdata[1], "'outcome': <'accepted'>", TRUE);
  assert_says (changes->pdata[1], "'row'", expected);
  assert_says (changes->pdata[1], CANARY, expected);
  g_dbus_connection_signal_unsubscribe (f->app, subscription);
}

/* One app that may not read the entity is enough for nobody to be told by the signal. */
static void
test_broadcast (LsServiceFixture *f, gconstpointer data)
{
  const struct
  {
    LsSandboxPolicy sandboxed;
    Grants grants;
    gboolean told;
  } cases[] = {
    { LS_SANDBOX_DENY, { NULL, NULL }, FALSE },
    { LS_SANDBOX_ALLOW, { NULL, NULL }, TRUE },
    { LS_SANDBOX_ASK, { NULL, NULL }, FALSE },
    { LS_SANDBOX_ALLOW, { GRADES ":announcement", NULL }, FALSE },
    { LS_SANDBOX_ALLOW, { GRADES ":announcement,grade", NULL }, TRUE },
    { LS_SANDBOX_ALLOW, { GRADES ":*", NULL }, TRUE },
    { LS_SANDBOX_DENY, { GRADES ":*", NULL }, FALSE },
    { LS_SANDBOX_ALLOW, { NULL, GRADES ":grade.update" }, FALSE },
    { LS_SANDBOX_ALLOW, { GRADES ":grade", GRADES ":grade.update" }, TRUE },
    { LS_SANDBOX_ALLOW, { GRADES ":grade", "org.school.Grade:grade.update" }, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("case %u", i);
      set_policy (f, TRUE, cases[i].sandboxed, cases[i].grants);
      assert_broadcast (f, UPDATE, cases[i].told);
    }
}

static void
test_broadcast_without_host (LsServiceFixture *f, gconstpointer data)
{
  set_policy (f, FALSE, LS_SANDBOX_ALLOW, (Grants) { NULL, NULL });
  ls_service_fixture_become (f, LS_APP_SANDBOXED, GRADES);
  assert_broadcast (f, UPDATE, FALSE);
}

/* What the user's role does not see nobody is told. */
static void
test_broadcast_role (LsServiceFixture *f, gconstpointer data)
{
  set_policy (f, TRUE, LS_SANDBOX_ALLOW, (Grants) { NULL, NULL });
  assert_broadcast (f, MATERIAL, TRUE);
  f->role = LS_ROLE_PARENT;
  ls_agent_reconnect (f->agent);
  LS_SERVICE_WAIT (f, ls_agent_get_user (f->agent)->role == LS_ROLE_PARENT &&
                          ls_agent_get_status (f->agent)->state == LS_STATE_LIVE);
  assert_broadcast (f, MATERIAL, FALSE);
}

static char *
list (LsServiceFixture *f)
{
  g_autoptr (GVariant) answer = ls_service_fixture_call (f, "Queue.List", "(@a{sv} {},)");

  return g_variant_print (answer, FALSE);
}

/* What somebody is told who may read the row, or may not. */
static void
assert_told (LsServiceFixture *f, gboolean expected)
{
  g_autofree char *done = enqueue_and_reply (f, UPDATE, LS_ACTION_COMPLETED);
  g_autofree char *outcome = ask (f, "Queue.WaitFor", done, " 'accepted', @a{sv} {}");
  g_autofree char *action = ask (f, "Queue.Get", done, "");
  g_autofree char *all = list (f);

  assert_says (outcome, "'outcome': <'accepted'>", TRUE);
  assert_says (outcome, "'row'", expected);
  assert_says (outcome, CANARY, expected);
  assert_says (action, "'status': <'completed'>", TRUE);
  assert_says (action, "'data': <''>", !expected);
  assert_says (action, "'answer': <''>", !expected);
  assert_says (all, done, TRUE);
  assert_says (all, "'data': <''>", !expected);
  assert_says (all, "'answer': <''>", !expected);
}

static void
test_host (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *id = NULL;
  g_autofree char *conflict = NULL;

  assert_told (f, TRUE);
  id = enqueue_and_reply (f, UPDATE, LS_ACTION_CONFLICT);
  conflict = ask (f, "Queue.GetConflict", id, "");
  assert_says (conflict, CANARY, TRUE);
}

static void
test_enqueue_and_read (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *id = NULL;
  g_autofree char *conflict = NULL;

  set_policy (f, TRUE, LS_SANDBOX_DENY, (Grants) { GRADES ":grade", GRADES ":grade.update" });
  ls_service_fixture_become (f, LS_APP_SANDBOXED, GRADES);
  assert_told (f, TRUE);
  id = enqueue_and_reply (f, UPDATE, LS_ACTION_CONFLICT);
  conflict = ask (f, "Queue.GetConflict", id, "");
  assert_says (conflict, CANARY, TRUE);
}

static void
test_enqueue_alone (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *id = NULL;
  g_autofree char *arguments = NULL;

  set_policy (f, TRUE, LS_SANDBOX_DENY,
              (Grants) { GRADES ":announcement", GRADES ":grade.update" });
  ls_service_fixture_become (f, LS_APP_SANDBOXED, GRADES);
  assert_told (f, FALSE);
  id = enqueue_and_reply (f, UPDATE, LS_ACTION_CONFLICT);
  arguments = g_strdup_printf ("('%s',)", id);
  ls_service_fixture_refused (f, "Queue.GetConflict", arguments, LS_ERROR_ACCESS_DENIED, "grade");
  ls_service_fixture_refused (f, "Queue.Export", "(@a{sv} {},)", LS_ERROR_ACCESS_DENIED, GRADES);
}

/* What takes an action back has in it what the row was before. */
static void
test_follower (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *id = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  set_policy (f, TRUE, LS_SANDBOX_DENY, (Grants) { NULL, GRADES ":grade.update" });
  ls_service_fixture_become (f, LS_APP_SANDBOXED, GRADES);
  id = ls_service_fixture_enqueue (f, UPDATE);
  LS_SERVICE_WAIT (f, ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_ACT) != NULL);
  before = ask (f, "Queue.Cancel", id, " @a{sv} {}");
  g_assert_cmpuint (ls_action_queue_get_counts (f->queue)->pending, ==, 1);
  after = list (f);
  assert_says (after, "\"n\":7", FALSE);
  ls_service_fixture_become (f, LS_APP_HOST, "/usr/bin/app");
  g_free (g_steal_pointer (&after));
  after = list (f);
  assert_says (after, "\"n\":7", TRUE);
}

/* Who listens hears which rows and actions change, whatever it may do, and no more of them. */
static void
test_ids_are_heard (LsServiceFixture *f, gconstpointer data)
{
  const char *const types[] = { "grade_updated", NULL };
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) actions = g_ptr_array_new_with_free_func (g_free);
  guint row_signal = ls_service_fixture_collect (f, LS_BUS_INTERFACE_CACHE, "Changed", rows);
  guint action_signal =
      ls_service_fixture_collect (f, LS_BUS_INTERFACE_QUEUE, "ActionChanged", actions);

  g_free (ls_service_fixture_enqueue (f, UPDATE));
  ls_service_fixture_become (f, LS_APP_SANDBOXED, GRADES);
  ls_service_fixture_publish_row (f, types, ROW ("8"));
  LS_SERVICE_WAIT (f, rows->len == 1 && actions->len == 1);
  g_assert_cmpstr (rows->pdata[0], ==, "('grade', ['r'])");
  assert_says (actions->pdata[0], "'entity-id': <'r'>", TRUE);
  assert_says (actions->pdata[0], "'row'", FALSE);
  g_dbus_connection_signal_unsubscribe (f->app, row_signal);
  g_dbus_connection_signal_unsubscribe (f->app, action_signal);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/service/rows/" name, LsServiceFixture, NULL, set_up, function,                     \
              ls_service_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("broadcast", test_broadcast);
  ADD ("broadcast/without-host", test_broadcast_without_host);
  ADD ("broadcast/role", test_broadcast_role);
  ADD ("ids-are-heard", test_ids_are_heard);
  ADD ("host", test_host);
  ADD ("enqueue-and-read", test_enqueue_and_read);
  ADD ("enqueue-alone", test_enqueue_alone);
  ADD ("follower", test_follower);
  return g_test_run ();
}
