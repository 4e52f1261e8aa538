/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows with what the user has changed in them: the views of org.labsync.Agent1.Cache. */
#include "ls-service-fixture.h"

#include <string.h>

/* Three rows in the cache: r-1, r-2 and r-3, with n from 1 to 3. Nothing that is enqueued gets away. */
static void
set_up (LsServiceFixture *f, gconstpointer data)
{
  ls_service_fixture_set_up (f, data);
  ls_service_fixture_sign_in (f);
  ls_service_fixture_publish (f, "grade_created", 1, 3);
}

static char *
enqueue (LsServiceFixture *f, const char *type, const char *id, const char *json)
{
  g_autofree char *arguments =
      g_strdup_printf ("('%s', 'grade', '%s', '%s', @a{sv} {})", type, id, json);

  return ls_service_fixture_enqueue (f, arguments);
}

/* The user changes the first row, deletes the second and adds a fourth. */
static void
make_changes (LsServiceFixture *f)
{
  g_free (enqueue (f, "update", "r-1", "{\"n\":9}"));
  g_free (enqueue (f, "delete", "r-2", ""));
  g_free (enqueue (f, "create", "r-4", "{\"n\":0,\"odd\":true}"));
}

static void
assert_get (LsServiceFixture *f,
            const char *id,
            const char *view,
            const char *json,
            const char *meta)
{
  g_autofree char *arguments = g_strdup_printf ("('grade', '%s', {'view': <'%s'>})", id, view);
  g_autoptr (GVariant) answer = ls_service_fixture_call (f, "Cache.Get", arguments);
  g_autoptr (GVariant) dict = g_variant_get_child_value (answer, 1);
  g_auto (GStrv) pending = NULL;
  g_autofree char *text = NULL;
  const char *data;
  const char *source;
  gboolean deleted;
  gint64 version;
  guint64 as_of;

  g_variant_get_child (answer, 0, "&s", &data);
  g_assert_cmpstr (data, ==, json);
  g_assert_cmpuint (g_variant_n_children (dict), ==, 5);
  g_assert_true (g_variant_lookup (dict, "version", "x", &version));
  g_assert_true (g_variant_lookup (dict, "as-of", "t", &as_of));
  g_assert_true (g_variant_lookup (dict, "source", "&s", &source));
  g_assert_true (g_variant_lookup (dict, "pending", "^as", &pending));
  g_assert_true (g_variant_lookup (dict, "deleted", "b", &deleted));
  g_assert_cmpuint (as_of, ==, version > 0 ? LS_FAKE_CLOCK_START_WALL : 0);
  text = g_strdup_printf ("%s version %d pending %u%s", source, (int)version,
                          g_strv_length (pending), deleted ? " deleted" : "");
  g_assert_cmpstr (text, ==, meta);
}

static void
test_get (LsServiceFixture *f, gconstpointer data)
{
  const char *theirs = "{\"id\":\"r-1\", \"n\":1,\"odd\":true}";
  const char *ours = "{\"id\":\"r-1\",\"n\":9,\"odd\":true}";
  const char *new = "{\"n\":0,\"odd\":true,\"id\":\"r-4\"}";

  make_changes (f);
  assert_get (f, "r-1", "server", theirs, "server version 1 pending 0");
  assert_get (f, "r-1", "merged", ours, "merged version 1 pending 1");
  assert_get (f, "r-1", "pending", ours, "pending version 1 pending 1");
  assert_get (f, "r-2", "server", "{\"id\":\"r-2\", \"n\":2,\"odd\":false}",
              "server version 2 pending 0");
  assert_get (f, "r-2", "merged", "", "merged version 2 pending 1 deleted");
  assert_get (f, "r-2", "pending", "", "pending version 2 pending 1 deleted");
  assert_get (f, "r-3", "merged", "{\"id\":\"r-3\", \"n\":3,\"odd\":true}",
              "server version 3 pending 0");
  assert_get (f, "r-4", "merged", new, "pending version 0 pending 1");
  assert_get (f, "r-4", "pending", new, "pending version 0 pending 1");
  ls_service_fixture_refused (f, "Cache.Get", "('grade', 'r-3', {'view': <'pending'>})",
                              LS_ERROR_NOT_FOUND, NULL);
  ls_service_fixture_refused (f, "Cache.Get", "('grade', 'r-4', {'view': <'server'>})",
                              LS_ERROR_NOT_FOUND, NULL);
}

/* The rows of a list, page by page: "r-1 r-2|r-3"; with an asterisk what has changes, with a minus what is
 * deleted. */
static char *
list (LsServiceFixture *f, const char *options, guint limit)
{
  g_autofree char *next = g_strdup ("");
  GString *ids = g_string_new (NULL);

  do
    {
      g_autofree char *arguments =
          g_strdup_printf ("('grade', {%s'limit': <uint32 %u>%s%s%s})", options, limit,
                           *next != '\0' ? ", 'after': <'" : "", next, *next != '\0' ? "'>" : "");
      g_autoptr (GVariant) answer = ls_service_fixture_call (f, "Cache.List", arguments);
      g_autoptr (GVariant) rows = g_variant_get_child_value (answer, 0);

      if (ids->len > 0)
        g_string_append_c (ids, '|');
      for (gsize i = 0; i < g_variant_n_children (rows); i++)
        {
          g_autoptr (GVariant) meta = NULL;
          g_auto (GStrv) pending = NULL;
          const char *id;
          const char *json;
          gboolean deleted;

          g_variant_get_child (rows, i, "(&s&s&s@a{sv})", NULL, &id, &json, &meta);
          g_assert_true (g_variant_lookup (meta, "pending", "^as", &pending));
          g_assert_true (g_variant_lookup (meta, "deleted", "b", &deleted));
          g_assert_cmpint (*json == '\0', ==, deleted);
          g_string_append_printf (ids, "%s%s%s%s", i > 0 ? " " : "", id,
                                  pending[0] != NULL ? "*" : "", deleted ? "-" : "");
        }
      g_free (next);
      g_variant_get_child (answer, 1, "s", &next);
    }
  while (*next != '\0');
  return g_string_free (ids, FALSE);
}

static void
assert_list (LsServiceFixture *f, const char *options, guint limit, const char *expected)
{
  g_autofree char *ids = list (f, options, limit);

  g_assert_cmpstr (ids, ==, expected);
}

static void
test_list (LsServiceFixture *f, gconstpointer data)
{
  assert_list (f, "'view': <'pending'>, ", 100, "");
  assert_list (f, "'view': <'merged'>, ", 100, "r-1 r-2 r-3");
  make_changes (f);
  assert_list (f, "'view': <'server'>, ", 100, "r-1 r-2 r-3");
  assert_list (f, "'view': <'pending'>, ", 100, "r-1* r-2*- r-4*");
  assert_list (f, "'view': <'merged'>, ", 100, "r-1* r-3 r-4*");
  assert_list (f, "", 100, "r-1* r-3 r-4*");
}

/* Filter, order and pages are of the rows as they will be. */
static void
test_list_is_of_merged_rows (LsServiceFixture *f, gconstpointer data)
{
  make_changes (f);
  assert_list (f, "'filter': <{'n': '9'}>, ", 100, "r-1*");
  assert_list (f, "'filter': <{'n': '1'}>, ", 100, "");
  assert_list (f, "'filter': <{'n': '1'}>, 'view': <'server'>, ", 100, "r-1");
  assert_list (f, "'filter': <{'odd': 'true'}>, ", 100, "r-1* r-3 r-4*");
  assert_list (f, "'order-by': <'n'>, ", 100, "r-4* r-3 r-1*");
  assert_list (f, "'order-by': <'n'>, ", 1, "r-4*|r-3|r-1*");
  assert_list (f, "'descending': <true>, ", 2, "r-4* r-3|r-1*");
  assert_list (f, "'order-by': <'n'>, 'view': <'pending'>, ", 2, "r-4* r-2*-|r-1*");
}

/* A change stays in sight until the stream has brought it: it does not vanish and return. */
static void
test_stays_until_it_is_visible (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *id = enqueue (f, "update", "r-1", "{\"n\":9}");

  ls_service_fixture_reply (f, 200, NULL, "{\"id\":\"r-1\",\"n\":9,\"by\":\"server\"}", 4);
  LS_SERVICE_WAIT (f, ls_action_queue_find (f->queue, id)->status == LS_ACTION_COMPLETED);
  assert_get (f, "r-1", "server", "{\"id\":\"r-1\", \"n\":1,\"odd\":true}",
              "server version 1 pending 0");
  assert_get (f, "r-1", "merged", "{\"id\":\"r-1\",\"n\":9,\"by\":\"server\"}",
              "merged version 1 pending 1");
  ls_service_fixture_publish (f, "grade_updated", 1, 1);
  LS_SERVICE_WAIT (f, ls_action_queue_find (f->queue, id)->visible);
  assert_get (f, "r-1", "merged", "{\"id\":\"r-1\", \"n\":1,\"odd\":true}",
              "server version 4 pending 0");
  assert_list (f, "'view': <'pending'>, ", 100, "");
}

/* A row changes while a list is being made: whoever goes on from the list's cursor hears of it. */
static void
test_cursor_is_that_of_the_oldest_row (LsServiceFixture *f, gconstpointer data)
{
  LsServiceAnswer answer;
  g_autoptr (GVariant) events = NULL;
  g_autoptr (GVariant) list_of_events = NULL;
  g_autofree char *arguments = NULL;
  const char *cursor;

  g_free (enqueue (f, "update", "r-1", "{\"n\":9}"));
  ls_fake_store_set_manual (f->fake_store, TRUE);
  ls_service_fixture_begin (f, "Cache.List", "('grade', @a{sv} {})", &answer);
  /* the row with a change is about to be read, then the change comes, then the list is read */
  LS_SERVICE_WAIT (f, ls_fake_store_count_pending (f->fake_store) == 1);
  ls_service_fixture_tell (f, "grade_updated", 1, 1);
  LS_SERVICE_WAIT (f, ls_fake_store_count_pending (f->fake_store) == 2);
  ls_fake_store_set_manual (f->fake_store, FALSE);
  LS_SERVICE_WAIT (f, answer.done);
  g_assert_no_error (answer.error);

  g_variant_get_child (answer.value, 2, "&s", &cursor);
  arguments = g_strdup_printf ("('%s', uint32 0, @a{sv} {})", cursor);
  events = ls_service_fixture_call (f, "Events.GetEvents", arguments);
  list_of_events = g_variant_get_child_value (events, 0);
  g_assert_cmpuint (g_variant_n_children (list_of_events), ==, 1);
  g_variant_unref (answer.value);
}

static void
test_changed (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) changes = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *arguments = NULL;
  g_autofree char *id = NULL;
  guint subscription;

  /* what was signalled before the answer is past */
  assert_list (f, "", 100, "r-1 r-2 r-3");
  subscription = ls_service_fixture_collect (f, LS_BUS_INTERFACE_CACHE, "Changed", changes);
  id = enqueue (f, "update", "r-1", "{\"n\":9}");
  LS_SERVICE_WAIT (f, changes->len == 1);
  g_assert_cmpstr (changes->pdata[0], ==, "('grade', ['r-1'])");
  ls_service_fixture_reply (f, 403, "forbidden", NULL, 0);
  LS_SERVICE_WAIT (f, ls_action_queue_find (f->queue, id)->status == LS_ACTION_FAILED);
  assert_get (f, "r-1", "merged", "{\"id\":\"r-1\",\"n\":9,\"odd\":true}",
              "merged version 1 pending 1");
  g_ptr_array_set_size (changes, 0);
  arguments = g_strdup_printf ("('%s', @a{sv} {})", id);
  g_variant_unref (ls_service_fixture_call (f, "Queue.Discard", arguments));
  LS_SERVICE_WAIT (f, changes->len == 1);
  g_assert_cmpstr (changes->pdata[0], ==, "('grade', ['r-1'])");
  g_dbus_connection_signal_unsubscribe (f->app, subscription);
}

/* Reads that come before the queue is open wait for it. */
static void
test_waits_for_the_queue (LsServiceFixture *f, gconstpointer data)
{
  LsServiceAnswer answer;
  const char *json;

  g_free (enqueue (f, "update", "r-1", "{\"n\":9}"));
  g_variant_unref (
      ls_service_fixture_call (f, "Account.SignOut", "({'flush-seconds': <uint32 0>},)"));
  ls_fake_queue_store_set_manual (f->queue_store, TRUE);
  ls_service_fixture_sign_in (f);
  ls_service_fixture_begin (f, "Cache.Get", "('grade', 'r-1', @a{sv} {})", &answer);
  /* one that need not wait, and would come after it */
  g_variant_unref (
      ls_service_fixture_call (f, "Cache.Get", "('grade', 'r-1', {'view': <'server'>})"));
  g_assert_false (answer.done);
  ls_fake_queue_store_set_manual (f->queue_store, FALSE);
  LS_SERVICE_WAIT (f, answer.done);
  g_assert_no_error (answer.error);
  g_variant_get_child (answer.value, 0, "&s", &json);
  g_assert_cmpstr (json, ==, "{\"id\":\"r-1\",\"n\":9,\"odd\":true}");
  g_variant_unref (answer.value);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/service/views/" name, LsServiceFixture, NULL, set_up, function,                    \
              ls_service_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("get", test_get);
  ADD ("list", test_list);
  ADD ("list/merged", test_list_is_of_merged_rows);
  ADD ("stays", test_stays_until_it_is_visible);
  g_test_add ("/service/views/cursor", LsServiceFixture, LS_SERVICE_FAKE_STORE, set_up,
              test_cursor_is_that_of_the_oldest_row, ls_service_fixture_tear_down);
  ADD ("changed", test_changed);
  ADD ("waits-for-the-queue", test_waits_for_the_queue);
  return g_test_run ();
}
