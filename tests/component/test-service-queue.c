/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.labsync.Agent1.Queue: what apps can do with actions, and what they are told. */
#include "ls-service-fixture.h"

#include <string.h>

#define UPDATE "('update', 'grade', 'r-1', '{\"n\":5}', @a{sv} {})"
#define NO_ACTION "00000000-0000-7000-8000-000000000000"

/* Signed in, a row in the cache. */
static void
set_up (LsServiceFixture *f, gconstpointer data)
{
  ls_service_fixture_set_up (f, data);
  ls_service_fixture_sign_in (f);
  ls_service_fixture_publish (f, "grade_created", 1, 1);
}

static void
call (LsServiceFixture *f, const char *method, const char *id, const char *rest)
{
  g_autofree char *arguments = g_strdup_printf ("('%s', %s)", id, rest);
  g_autoptr (GVariant) answer = ls_service_fixture_call (f, method, arguments);
}

static void
refused (LsServiceFixture *f, const char *method, const char *id, const char *rest, LsError code)
{
  g_autofree char *arguments =
      *rest != '\0' ? g_strdup_printf ("('%s', %s)", id, rest) : g_strdup_printf ("('%s',)", id);

  ls_service_fixture_refused (f, method, arguments, code, NULL);
}

static GVariant *
get (LsServiceFixture *f, const char *id)
{
  g_autofree char *arguments = g_strdup_printf ("('%s',)", id);
  g_autoptr (GVariant) answer = ls_service_fixture_call (f, "Queue.Get", arguments);

  return g_variant_get_child_value (answer, 0);
}

static void
assert_member (LsServiceFixture *f, const char *id, const char *name, const char *expected)
{
  g_autoptr (GVariant) action = get (f, id);
  g_autoptr (GVariant) value = g_variant_lookup_value (action, name, NULL);
  g_autofree char *text = NULL;

  g_assert_nonnull (value);
  text = g_variant_print (value, FALSE);
  g_assert_cmpstr (text, ==, expected);
}

static void
assert_counts (LsServiceFixture *f,
               guint32 pending,
               guint32 in_flight,
               guint32 failed,
               guint32 conflicts)
{
  const char *const names[] = { "Pending", "InFlight", "Failed", "Conflicts" };
  const guint32 expected[] = { pending, in_flight, failed, conflicts };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GVariant) value = ls_service_fixture_get_property (f, "Queue", names[i]);

      g_test_message ("%s", names[i]);
      g_assert_cmpuint (g_variant_get_uint32 (value), ==, expected[i]);
    }
}

static const LsAction *
find (LsServiceFixture *f, const char *id)
{
  return ls_action_queue_find (f->queue, id);
}

/* Enqueues and has the server answer. */
static char *
enqueue_and_reply (LsServiceFixture *f,
                   guint status,
                   const char *code,
                   const char *row,
                   gint64 version,
                   LsActionStatus expected)
{
  char *id = ls_service_fixture_enqueue (f, UPDATE);

  ls_service_fixture_reply (f, status, code, row, version);
  LS_SERVICE_WAIT (f, find (f, id)->status == expected);
  return id;
}

static char *
make_dead_letter (LsServiceFixture *f)
{
  return enqueue_and_reply (f, 403, "forbidden", NULL, 0, LS_ACTION_FAILED);
}

static char *
make_conflict (LsServiceFixture *f)
{
  return enqueue_and_reply (f, 412, "conflict", "{\"id\":\"r-1\",\"n\":9}", 7, LS_ACTION_CONFLICT);
}

static void
test_enqueue_is_on_disk (LsServiceFixture *f, gconstpointer data)
{
  LsServiceAnswer answer;
  g_autoptr (GPtrArray) stored = NULL;
  const char *id;

  ls_fake_queue_store_set_manual (f->queue_store, TRUE);
  ls_service_fixture_begin (f, "Queue.Enqueue", UPDATE, &answer);
  LS_SERVICE_WAIT (f, ls_fake_queue_store_count_pending (f->queue_store) > 0);
  /* whatever was answered before the commit would be here by now */
  assert_counts (f, 0, 0, 0, 0);
  g_assert_false (answer.done);

  ls_fake_queue_store_set_manual (f->queue_store, FALSE);
  LS_SERVICE_WAIT (f, answer.done);
  g_assert_no_error (answer.error);
  g_variant_get (answer.value, "(&s)", &id);
  stored = ls_fake_queue_store_read (f->queue_store, "http://127.0.0.1:8080", "u-1");
  g_assert_cmpuint (stored->len, ==, 1);
  g_assert_cmpstr (((LsAction *)stored->pdata[0])->id, ==, id);
  g_variant_unref (answer.value);
}

static void
test_enqueue_fails_with_the_disk (LsServiceFixture *f, gconstpointer data)
{
  ls_fake_queue_store_fail_writes (f->queue_store, 1);
  ls_service_fixture_refused (f, "Queue.Enqueue", UPDATE, LS_ERROR_STORAGE, NULL);
  assert_counts (f, 0, 0, 0, 0);
}

/* What Get says, all of it, in the contract's names. */
static void
test_members (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *first = ls_service_fixture_enqueue (f, UPDATE);
  g_autofree char *arguments = g_strdup_printf (
      "('submit', 'assignment', 'a-1', '{\"done\": true}',"
      " {'endpoint': <'/api/assignments/a-1/submit'>, 'method': <'PATCH'>, 'depends-on': <'%s'>,"
      " 'base-version': <int64 3>, 'idempotency-key': <'key-1'>, 'coalesce': <true>,"
      " 'expires-at': <uint64 1800000000000>})",
      first);
  g_autofree char *id = ls_service_fixture_enqueue (f, arguments);
  g_autoptr (GVariant) action = get (f, id);
  g_autofree char *text = g_variant_print (action, TRUE);
  g_autofree char *expected = g_strdup_printf (
      "{'id': <'%s'>, 'type': <'submit'>, 'entity': <'assignment'>, 'entity-id': <'a-1'>,"
      " 'endpoint': <'/api/assignments/a-1/submit'>, 'method': <'PATCH'>,"
      " 'data': <'{\"done\": true}'>, 'base-version': <int64 3>, 'depends-on': <'%s'>,"
      " 'idempotency-key': <'key-1'>, 'coalesce': <true>, 'expires-at': <uint64 1800000000000>,"
      " 'app': <'/usr/bin/app'>, 'created': <uint64 %" G_GINT64_FORMAT ">, 'status': <'pending'>,"
      " 'detail': <''>, 'outcome': <''>, 'attempts': <uint32 0>, 'next-attempt': <uint64 0>,"
      " 'http-status': <uint32 0>, 'error': <''>, 'answer': <''>, 'visible': <false>,"
      " 'ended': <uint64 0>, 'undoable': <false>}",
      id, first, LS_FAKE_CLOCK_START_WALL);

  g_assert_cmpstr (text, ==, expected);
  assert_member (f, first, "endpoint", "'/api/grades/r-1'");
  assert_member (f, first, "method", "'PUT'");
  assert_member (f, first, "base-version", "1");
  assert_member (f, first, "status", "'syncing'");
  assert_member (f, first, "attempts", "1");
}

static void
test_create_gets_an_id (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *id =
      ls_service_fixture_enqueue (f, "('create', 'grade', '', '{\"n\":1}', @a{sv} {})");
  g_autoptr (GVariant) action = get (f, id);
  const char *row_id;
  const char *body;

  g_assert_true (g_variant_lookup (action, "entity-id", "&s", &row_id));
  g_assert_true (g_variant_lookup (action, "data", "&s", &body));
  g_assert_true (g_uuid_string_is_valid (row_id));
  g_assert_nonnull (strstr (body, row_id));
}

static void
test_same_key_is_the_same_action (LsServiceFixture *f, gconstpointer data)
{
  const char *first = "('update', 'grade', 'r-1', '{\"n\":5}', {'idempotency-key': <'k'>})";
  const char *other = "('update', 'grade', 'r-1', '{\"n\":6}', {'idempotency-key': <'k'>})";
  g_autofree char *id = ls_service_fixture_enqueue (f, first);
  g_autofree char *again = ls_service_fixture_enqueue (f, first);

  g_assert_cmpstr (again, ==, id);
  ls_service_fixture_refused (f, "Queue.Enqueue", other, LS_ERROR_CONFLICT, NULL);

  /* the server has answered for good, and knows it by another one from now on */
  ls_service_fixture_reply (f, 403, "forbidden", NULL, 0);
  LS_SERVICE_WAIT (f, find (f, id)->status == LS_ACTION_FAILED);
  call (f, "Queue.Retry", id, "@a{sv} {}");
  g_free (again);
  again = ls_service_fixture_enqueue (f, first);
  g_assert_cmpstr (again, ==, id);
  ls_service_fixture_refused (f, "Queue.Enqueue", other, LS_ERROR_CONFLICT, NULL);
  assert_member (f, id, "idempotency-key", "'k'");
}

static void
test_detail (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *dead = make_dead_letter (f);
  g_autofree char *blocked = ls_service_fixture_enqueue (f, UPDATE);
  g_autofree char *expected = g_strdup_printf ("'blocked-by %s'", dead);
  g_autofree char *waiting = NULL;

  assert_member (f, dead, "error", "'forbidden'");
  assert_member (f, dead, "http-status", "403");
  assert_member (f, dead, "answer", "'{\"status\":403}'");
  assert_member (f, dead, "outcome", "'rejected'");
  assert_member (f, blocked, "detail", expected);

  ls_agent_disconnect (f->agent);
  waiting = ls_service_fixture_enqueue (f, "('delete', 'announcement', 'r-2', '', @a{sv} {})");
  assert_member (f, waiting, "detail", "'waiting-for-network'");
}

/* Nobody knows what came of what was under way when the program ended. */
static void
test_outcome_unknown (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *id = ls_service_fixture_enqueue (f, UPDATE);

  LS_SERVICE_WAIT (f, ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_ACT) != NULL);
  ls_fake_transport_fail (f->transport, LS_FAKE_CALL_ACT,
                          ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "cut"));
  LS_SERVICE_WAIT (f, find (f, id)->status == LS_ACTION_PENDING);
  assert_member (f, id, "detail", "'outcome-unknown'");
  assert_member (f, id, "error", "'server-unreachable'");
}

static char *
list (LsServiceFixture *f, const char *options, char **next)
{
  g_autofree char *arguments = g_strdup_printf ("(%s,)", options);
  g_autoptr (GVariant) answer = ls_service_fixture_call (f, "Queue.List", arguments);
  g_autoptr (GVariant) actions = g_variant_get_child_value (answer, 0);
  GString *ids = g_string_new (NULL);

  for (gsize i = 0; i < g_variant_n_children (actions); i++)
    {
      g_autoptr (GVariant) action = g_variant_get_child_value (actions, i);
      const char *row_id;

      g_assert_true (g_variant_lookup (action, "entity-id", "&s", &row_id));
      g_string_append_printf (ids, "%s%s", i > 0 ? " " : "", row_id);
    }
  if (next != NULL)
    g_variant_get_child (answer, 1, "s", next);
  return g_string_free (ids, FALSE);
}

static void
assert_list (LsServiceFixture *f, const char *options, const char *expected)
{
  g_autofree char *ids = list (f, options, NULL);

  g_assert_cmpstr (ids, ==, expected);
}

static void
test_list (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *dead = make_dead_letter (f);
  g_autofree char *next = NULL;
  g_autofree char *last = NULL;
  g_autofree char *first_page = NULL;
  g_autofree char *second_page = NULL;
  g_autofree char *options = NULL;

  ls_agent_disconnect (f->agent);
  g_free (ls_service_fixture_enqueue (f, "('delete', 'grade', 'a', '', @a{sv} {})"));
  g_free (ls_service_fixture_enqueue (f, "('delete', 'announcement', 'b', '', @a{sv} {})"));
  assert_list (f, "@a{sv} {}", "r-1 a b");
  assert_list (f, "{'status': <['failed']>}", "r-1");
  assert_list (f, "{'status': <['pending', 'failed']>, 'entity': <'grade'>}", "r-1 a");
  assert_list (f, "{'status': <['completed']>}", "");

  first_page = list (f, "{'limit': <uint32 2>}", &next);
  g_assert_cmpstr (first_page, ==, "r-1 a");
  options = g_strdup_printf ("{'limit': <uint32 2>, 'after': <'%s'>}", next);
  second_page = list (f, options, &last);
  g_assert_cmpstr (second_page, ==, "b");
  g_assert_cmpstr (last, ==, "");
}

/* A page of large actions ends before it is too large for the bus. */
static void
test_list_pages_are_bounded (LsServiceFixture *f, gconstpointer data)
{
  const LsQueueConfig config = { .max_actions = 100, .max_bytes = (gsize)64 << 20 };
  g_autofree char *filler = g_strnfill (1000000, 'x');
  g_autofree char *arguments =
      g_strdup_printf ("('update', 'grade', 'r-1', '{\"t\":\"%s\"}', @a{sv} {})", filler);
  g_autofree char *next = NULL;
  guint n = 0;

  ls_action_queue_set_config (f->queue, &config);
  ls_agent_disconnect (f->agent);
  for (guint i = 0; i < 20; i++)
    g_free (ls_service_fixture_enqueue (f, arguments));
  do
    {
      g_autofree char *options = g_strdup_printf ("{'after': <'%s'>}", next != NULL ? next : "");
      g_autofree char *ids = NULL;
      g_auto (GStrv) page = NULL;

      g_clear_pointer (&next, g_free);
      ids = list (f, options, &next);
      page = g_strsplit (ids, " ", -1);
      g_assert_cmpuint (g_strv_length (page), >=, 1);
      g_assert_cmpuint (g_strv_length (page), <=, 16);
      n += g_strv_length (page);
    }
  while (*next != '\0');
  g_assert_cmpuint (n, ==, 20);
}

static void
test_refuses (LsServiceFixture *f, gconstpointer data)
{
  const struct
  {
    const char *method;
    const char *arguments;
    LsError code;
    const char *names;
  } cases[] = {
    { "Queue.Enqueue", "('erase', 'grade', 'r-1', '', @a{sv} {})", LS_ERROR_INVALID_ARGUMENT,
      "erase" },
    { "Queue.Enqueue", "('delete', 'homework', 'r-1', '', @a{sv} {})", LS_ERROR_UNKNOWN_ENTITY,
      NULL },
    { "Queue.Enqueue", "('update', 'grade', 'r-1', '[]', @a{sv} {})", LS_ERROR_INVALID_ARGUMENT,
      NULL },
    { "Queue.Enqueue", "('update', 'grade', '', '{}', @a{sv} {})", LS_ERROR_INVALID_ARGUMENT,
      NULL },
    { "Queue.Enqueue", "('publish', 'grade', 'r-1', '', @a{sv} {})", LS_ERROR_INVALID_ARGUMENT,
      NULL },
    { "Queue.Enqueue", "('publish', 'grade', 'r-1', '', {'endpoint': <'http://evil.test/'>})",
      LS_ERROR_INVALID_ARGUMENT, NULL },
    { "Queue.Enqueue", "('publish', 'grade', 'r-1', '', {'endpoint': <'/api/../etc'>})",
      LS_ERROR_INVALID_ARGUMENT, NULL },
    { "Queue.Enqueue", "('delete', 'grade', 'r-1', '', {'method': <'GET'>})",
      LS_ERROR_INVALID_ARGUMENT, "GET" },
    { "Queue.Enqueue", "('delete', 'grade', 'r-1', '', {'base-version': <int64 -1>})",
      LS_ERROR_INVALID_ARGUMENT, "base-version" },
    { "Queue.Enqueue", "('delete', 'grade', 'r-1', '', {'depends-on': <'" NO_ACTION "'>})",
      LS_ERROR_INVALID_ARGUMENT, NULL },
    { "Queue.List", "({'status': <['lost']>},)", LS_ERROR_INVALID_ARGUMENT, "lost" },
    { "Queue.List", "({'limit': <uint32 0>},)", LS_ERROR_INVALID_ARGUMENT, "limit" },
    { "Queue.List", "({'limit': <uint32 501>},)", LS_ERROR_INVALID_ARGUMENT, "limit" },
    { "Queue.List", "({'after': <'x'>},)", LS_ERROR_INVALID_ARGUMENT, "end of a page" },
    { "Queue.WaitFor", "('" NO_ACTION "', 'done', @a{sv} {})", LS_ERROR_INVALID_ARGUMENT, "done" },
    { "Queue.WaitFor", "('" NO_ACTION "', 'visible', {'timeout': <uint32 0>})",
      LS_ERROR_INVALID_ARGUMENT, "timeout" },
    { "Queue.WaitFor", "('" NO_ACTION "', 'visible', {'timeout': <uint32 86401>})",
      LS_ERROR_INVALID_ARGUMENT, "timeout" },
    { "Queue.WaitFor", "('" NO_ACTION "', 'visible', @a{sv} {})", LS_ERROR_NOT_FOUND, NULL },
    { "Queue.Resolve", "('" NO_ACTION "', 'flip_a_coin', '', {'server-version': <int64 1>})",
      LS_ERROR_INVALID_ARGUMENT, "flip_a_coin" },
    { "Queue.Resolve", "('" NO_ACTION "', 'keep_local', '', @a{sv} {})", LS_ERROR_INVALID_ARGUMENT,
      "server-version" },
    { "Queue.Resolve", "('" NO_ACTION "', 'merge', '', {'server-version': <int64 1>})",
      LS_ERROR_INVALID_ARGUMENT, "merge" },
    { "Queue.Resolve", "('" NO_ACTION "', 'use_server', '{}', {'server-version': <int64 1>})",
      LS_ERROR_INVALID_ARGUMENT, "merge" },
    { "Queue.Resolve", "('" NO_ACTION "', 'use_server', '', {'server-version': <int64 1>})",
      LS_ERROR_NOT_FOUND, NULL },
    { "Queue.Edit", "('" NO_ACTION "', '{}', @a{sv} {})", LS_ERROR_NOT_FOUND, NULL },
    { "Queue.Get", "('" NO_ACTION "',)", LS_ERROR_NOT_FOUND, NO_ACTION },
    { "Queue.GetConflict", "('" NO_ACTION "',)", LS_ERROR_NOT_FOUND, NO_ACTION },
    { "Queue.Cancel", "('" NO_ACTION "', @a{sv} {})", LS_ERROR_NOT_FOUND, NULL },
    { "Queue.Retry", "('" NO_ACTION "', @a{sv} {})", LS_ERROR_NOT_FOUND, NULL },
    { "Queue.Discard", "('" NO_ACTION "', @a{sv} {})", LS_ERROR_NOT_FOUND, NULL },
    { "Queue.Undo", "('" NO_ACTION "', @a{sv} {})", LS_ERROR_NOT_FOUND, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    ls_service_fixture_refused (f, cases[i].method, cases[i].arguments, cases[i].code,
                                cases[i].names);
}

/* An action can only be dealt with as its status allows. */
static void
test_refuses_by_status (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *done = enqueue_and_reply (f, 200, NULL, NULL, 2, LS_ACTION_COMPLETED);
  g_autofree char *waiting = NULL;

  ls_agent_disconnect (f->agent);
  waiting = ls_service_fixture_enqueue (f, UPDATE);
  refused (f, "Queue.GetConflict", waiting, "", LS_ERROR_NOT_FOUND);
  refused (f, "Queue.Discard", waiting, "@a{sv} {}", LS_ERROR_CONFLICT);
  refused (f, "Queue.Undo", waiting, "@a{sv} {}", LS_ERROR_NOT_FOUND);
  refused (f, "Queue.Resolve", waiting, "'use_server', '', {'server-version': <int64 1>}",
           LS_ERROR_CONFLICT);
  refused (f, "Queue.Retry", done, "@a{sv} {}", LS_ERROR_CONFLICT);
  refused (f, "Queue.Cancel", done, "@a{sv} {}", LS_ERROR_CONFLICT);
  refused (f, "Queue.Edit", done, "'{}', @a{sv} {}", LS_ERROR_CONFLICT);
}

static void
test_quota (LsServiceFixture *f, gconstpointer data)
{
  ls_agent_disconnect (f->agent);
  for (guint i = 0; i < 5; i++)
    g_free (ls_service_fixture_enqueue (f, UPDATE));
  ls_service_fixture_refused (f, "Queue.Enqueue", UPDATE, LS_ERROR_QUOTA_EXCEEDED, NULL);
  assert_counts (f, 5, 0, 0, 0);
}

/* So does what follows an action that is with the server, and what becomes larger. */
static void
test_quota_of_changes (LsServiceFixture *f, gconstpointer data)
{
  LsQueueConfig config = { .max_actions = 1, .max_bytes = 1 << 20 };
  g_autofree char *filler = g_strnfill (2000, 'x');
  g_autofree char *large = g_strdup_printf ("'{\"t\":\"%s\"}', @a{sv} {}", filler);
  g_autofree char *id = ls_service_fixture_enqueue (f, UPDATE);

  LS_SERVICE_WAIT (f, ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_ACT) != NULL);
  ls_action_queue_set_config (f->queue, &config);
  refused (f, "Queue.Edit", id, "'{\"n\":6}', @a{sv} {}", LS_ERROR_QUOTA_EXCEEDED);
  refused (f, "Queue.Cancel", id, "@a{sv} {}", LS_ERROR_QUOTA_EXCEEDED);
  assert_counts (f, 0, 1, 0, 0);

  ls_service_fixture_reply (f, 403, "forbidden", NULL, 0);
  LS_SERVICE_WAIT (f, find (f, id)->status == LS_ACTION_FAILED);
  config.max_bytes = 2000;
  ls_action_queue_set_config (f->queue, &config);
  refused (f, "Queue.Edit", id, large, LS_ERROR_QUOTA_EXCEEDED);
  assert_member (f, id, "data", "'{\"n\":5}'");
}

/* A create is taken back in any case. */
static void
test_quota_spares_cancel (LsServiceFixture *f, gconstpointer data)
{
  const LsQueueConfig config = { .max_actions = 1, .max_bytes = 1 };
  g_autofree char *id =
      ls_service_fixture_enqueue (f, "('create', 'grade', 'r-2', '{\"n\":1}', @a{sv} {})");

  LS_SERVICE_WAIT (f, ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_ACT) != NULL);
  ls_action_queue_set_config (f->queue, &config);
  call (f, "Queue.Cancel", id, "@a{sv} {}");
  assert_counts (f, 1, 1, 0, 0);
}

/* What can't be read says so, instead of looking empty; what is not in it can be read all the same. */
static void
test_newer_store (LsServiceFixture *f, gconstpointer data)
{
  const char *const calls[][2] = {
    { "Queue.Enqueue", UPDATE },
    { "Queue.Get", "('" NO_ACTION "',)" },
    { "Queue.List", "(@a{sv} {},)" },
    { "Queue.Export", "(@a{sv} {},)" },
    { "Queue.RetryFailed", "(@a{sv} {},)" },
  };

  ls_fake_queue_store_set_state (f->queue_store, LS_FAKE_QUEUE_STORE_NEWER);
  g_variant_unref (ls_service_fixture_call (f, "Account.SignOut", "(@a{sv} {},)"));
  ls_service_fixture_sign_in (f);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    ls_service_fixture_refused (f, calls[i][0], calls[i][1], LS_ERROR_NEWER_STORE, NULL);
  g_variant_unref (ls_service_fixture_call (f, "Cache.Get", "('grade', 'r-1', @a{sv} {})"));

  ls_fake_queue_store_set_state (f->queue_store, LS_FAKE_QUEUE_STORE_OK);
  assert_list (f, "@a{sv} {}", "");
}

static void
test_signals (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) changes = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) reports = g_ptr_array_new_with_free_func (g_free);
  guint subscription =
      ls_service_fixture_collect (f, LS_BUS_INTERFACE_QUEUE, "ActionChanged", changes);
  guint other = ls_service_fixture_collect (f, LS_BUS_INTERFACE_QUEUE, "SyncCompleted", reports);
  g_autofree char *id = ls_service_fixture_enqueue (f, UPDATE);
  const char *const statuses[] = { "syncing", "completed" };

  assert_counts (f, 0, 1, 0, 0);
  ls_service_fixture_reply (f, 200, NULL, "{\"id\":\"r-1\",\"n\":5}", 2);
  LS_SERVICE_WAIT (f, changes->len == 2 && reports->len == 1);
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autofree char *beginning = g_strdup_printf ("('%s', '%s', ", id, statuses[i]);

      g_test_message ("%s", (char *)changes->pdata[i]);
      g_assert_true (g_str_has_prefix (changes->pdata[i], beginning));
    }
  g_assert_nonnull (strstr (changes->pdata[1],
                            "'outcome': <'accepted'>, 'http-status': <uint32 200>,"
                            " 'reason': <''>,"
                            " 'entity': <'grade'>, 'entity-id': <'r-1'>,"
                            " 'detail': <''>"));
  g_assert_nonnull (strstr (reports->pdata[0], "'success': <true>"));
  g_assert_nonnull (strstr (reports->pdata[0], "'actions-processed': <uint32 1>"));
  g_assert_nonnull (strstr (reports->pdata[0], "'actions-failed': <uint32 0>"));
  g_assert_nonnull (strstr (reports->pdata[0], "'conflicts': <@as []>"));
  g_assert_nonnull (strstr (reports->pdata[0], "'errors': <@as []>"));
  assert_counts (f, 0, 0, 0, 0);
  g_dbus_connection_signal_unsubscribe (f->app, subscription);
  g_dbus_connection_signal_unsubscribe (f->app, other);
}

static void
test_flush (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) reports = g_ptr_array_new_with_free_func (g_free);
  guint other = ls_service_fixture_collect (f, LS_BUS_INTERFACE_QUEUE, "SyncCompleted", reports);
  g_autofree char *dead = make_dead_letter (f);
  g_autofree char *error = g_strdup_printf ("'errors': <['%s: forbidden']>", dead);
  g_autoptr (GVariant) answer = NULL;

  LS_SERVICE_WAIT (f, reports->len == 1);
  g_assert_nonnull (strstr (reports->pdata[0], "'success': <false>"));
  g_assert_nonnull (strstr (reports->pdata[0], error));
  /* whoever asks hears of it, also where there is nothing to do */
  answer = ls_service_fixture_call (f, "Queue.Flush", "(@a{sv} {},)");
  LS_SERVICE_WAIT (f, reports->len == 2);
  g_dbus_connection_signal_unsubscribe (f->app, other);
}

static void
test_flush_offline (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) reports = g_ptr_array_new_with_free_func (g_free);
  guint other = ls_service_fixture_collect (f, LS_BUS_INTERFACE_QUEUE, "SyncCompleted", reports);
  g_autoptr (GVariant) answer = NULL;

  ls_agent_disconnect (f->agent);
  g_free (ls_service_fixture_enqueue (f, UPDATE));
  answer = ls_service_fixture_call (f, "Queue.Flush", "(@a{sv} {},)");
  LS_SERVICE_WAIT (f, reports->len == 1);
  g_assert_nonnull (strstr (reports->pdata[0], "'success': <false>"));
  g_assert_nonnull (strstr (reports->pdata[0], "'errors': <['waiting-for-network']>"));
  assert_counts (f, 1, 0, 0, 0);
  g_dbus_connection_signal_unsubscribe (f->app, other);
}

static void
test_breaker (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *id = ls_service_fixture_enqueue (f, UPDATE);
  g_autoptr (GVariant) closed = ls_service_fixture_get_property (f, "Queue", "Breaker");
  g_autoptr (GVariant) open = NULL;

  g_assert_cmpstr (g_variant_get_string (closed, NULL), ==, "closed");
  for (guint i = 0; i < 5; i++)
    {
      ls_service_fixture_reply (f, 503, "busy", NULL, 0);
      LS_SERVICE_WAIT (f, find (f, id)->status == LS_ACTION_PENDING);
      call (f, "Queue.Retry", id, "@a{sv} {}");
    }
  open = ls_service_fixture_get_property (f, "Queue", "Breaker");
  g_assert_cmpstr (g_variant_get_string (open, NULL), ==, "open");
}

static void
test_edit_and_cancel (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *id = NULL;

  ls_agent_disconnect (f->agent);
  id = ls_service_fixture_enqueue (f, UPDATE);
  call (f, "Queue.Edit", id, "'{\"n\":6}', @a{sv} {}");
  assert_member (f, id, "data", "'{\"n\":6}'");
  refused (f, "Queue.Edit", id, "'nonsense', @a{sv} {}", LS_ERROR_INVALID_ARGUMENT);
  call (f, "Queue.Cancel", id, "@a{sv} {}");
  assert_member (f, id, "status", "'cancelled'");
  assert_member (f, id, "outcome", "'cancelled'");
  assert_counts (f, 0, 0, 0, 0);
}

static void
test_dead_letters (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *id = make_dead_letter (f);
  g_autoptr (GVariant) answer = NULL;
  guint32 n;

  assert_counts (f, 0, 0, 1, 0);
  call (f, "Queue.Retry", id, "@a{sv} {}");
  ls_service_fixture_reply (f, 403, "forbidden", NULL, 0);
  LS_SERVICE_WAIT (f, find (f, id)->status == LS_ACTION_FAILED);
  answer = ls_service_fixture_call (f, "Queue.RetryFailed", "(@a{sv} {},)");
  g_variant_get (answer, "(u)", &n);
  g_assert_cmpuint (n, ==, 1);
  ls_service_fixture_reply (f, 403, "forbidden", NULL, 0);
  LS_SERVICE_WAIT (f, find (f, id)->status == LS_ACTION_FAILED);
  call (f, "Queue.Discard", id, "@a{sv} {}");
  assert_member (f, id, "status", "'cancelled'");
}

static void
test_conflict (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *id = make_conflict (f);
  g_autofree char *arguments = g_strdup_printf ("('%s',)", id);
  g_autoptr (GVariant) conflict = ls_service_fixture_call (f, "Queue.GetConflict", arguments);
  g_autofree char *text = g_variant_print (conflict, FALSE);
  g_autofree char *undo = NULL;

  assert_counts (f, 0, 0, 0, 1);
  g_assert_true (g_str_has_prefix (text, "('{\"id\":\"r-1\", \"n\":1,\"odd\":true}', '{\"n\":5}',"
                                         " '{\"id\":\"r-1\",\"n\":9}', 7, {"));
  g_assert_nonnull (strstr (text, "'type': <'update'>"));
  g_assert_nonnull (strstr (text, "'entity': <'grade'>"));
  g_assert_nonnull (strstr (text, "'entity-id': <'r-1'>"));
  g_assert_nonnull (strstr (text, "'deleted': <false>"));
  /* decided on what is no longer so */
  refused (f, "Queue.Resolve", id, "'use_server', '', {'server-version': <int64 6>}",
           LS_ERROR_CONFLICT);
  call (f, "Queue.Resolve", id, "'use_server', '', {'server-version': <int64 7>}");
  assert_member (f, id, "status", "'completed'");
  assert_member (f, id, "outcome", "'superseded'");
  assert_member (f, id, "undoable", "true");

  call (f, "Queue.Undo", id, "@a{sv} {}");
  assert_member (f, id, "undoable", "false");
  undo = list (f, "{'status': <['pending', 'syncing']>}", NULL);
  g_assert_cmpstr (undo, ==, "r-1");
}

static void
test_merge (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *id = make_conflict (f);
  const LsFakeCall *sent;

  call (f, "Queue.Resolve", id, "'merge', '{\"n\":7}', {'server-version': <int64 7>}");
  LS_SERVICE_WAIT (f,
                   (sent = ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_ACT)) != NULL);
  g_assert_cmpstr (sent->request->body, ==, "{\"n\":7}");
  g_assert_cmpint (sent->request->version, ==, 7);
}

static void
test_export (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *id = make_conflict (f);
  g_autoptr (GVariant) answer = ls_service_fixture_call (f, "Queue.Export", "(@a{sv} {},)");
  g_autofree char *beginning = g_strdup_printf (
      "{\"exported\":%" G_GINT64_FORMAT ",\"actions\":[{\"id\":\"%s\",\"type\":\"update\","
      "\"entity\":\"grade\",\"entity_id\":\"r-1\",\"endpoint\":\"/api/grades/r-1\","
      "\"method\":\"PUT\",\"data\":{\"n\":5},\"base_version\":1,",
      LS_FAKE_CLOCK_START_WALL, id);
  const char *json;

  g_variant_get (answer, "(&s)", &json);
  g_assert_true (g_str_has_prefix (json, beginning));
  g_assert_nonnull (strstr (json, "\"status\":\"conflict\""));
  g_assert_nonnull (strstr (json, "\"answer\":\"{\\\"status\\\":412}\""));
  g_assert_true (g_str_has_suffix (
      json, "\"base\":{\"id\":\"r-1\", \"n\":1,\"odd\":true},"
            "\"server\":{\"id\":\"r-1\",\"n\":9},\"server_version\":7,\"loser\":null}]}"));
}

#define ADD(name, function)                                                                        \
  g_test_add ("/service/queue/" name, LsServiceFixture, NULL, set_up, function,                    \
              ls_service_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL |
                          G_LOG_FATAL_MASK); /* a disk that fails is warned of */
  ADD ("enqueue/on-disk", test_enqueue_is_on_disk);
  ADD ("enqueue/fails-with-the-disk", test_enqueue_fails_with_the_disk);
  ADD ("enqueue/create-gets-an-id", test_create_gets_an_id);
  ADD ("enqueue/same-key", test_same_key_is_the_same_action);
  ADD ("enqueue/quota", test_quota);
  ADD ("quota/changes", test_quota_of_changes);
  ADD ("quota/spares-cancel", test_quota_spares_cancel);
  ADD ("members", test_members);
  ADD ("detail", test_detail);
  ADD ("outcome-unknown", test_outcome_unknown);
  ADD ("list", test_list);
  ADD ("list/bounded", test_list_pages_are_bounded);
  ADD ("refuses", test_refuses);
  ADD ("refuses/by-status", test_refuses_by_status);
  ADD ("newer-store", test_newer_store);
  ADD ("signals", test_signals);
  ADD ("flush", test_flush);
  ADD ("flush-offline", test_flush_offline);
  ADD ("breaker", test_breaker);
  ADD ("edit-and-cancel", test_edit_and_cancel);
  ADD ("dead-letters", test_dead_letters);
  ADD ("conflict", test_conflict);
  ADD ("merge", test_merge);
  ADD ("export", test_export);
  return g_test_run ();
}
