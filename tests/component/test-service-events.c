/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Subscriptions and the log of events. */
#include "ls-service-fixture.h"

#include "ls-log-reader.h"
#include "ls-window.h"

static char *
subscribe_from (LsServiceFixture *f, GDBusConnection *from, const char *arguments)
{
  g_autoptr (GVariant) value = g_variant_parse (NULL, arguments, NULL, NULL, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      ls_service_fixture_call_from (f, from, LS_BUS_PATH, "Events.Subscribe", value, &error);
  char *path;

  g_assert_no_error (error);
  g_variant_get (answer, "(o)", &path);
  return path;
}

static char *
subscribe (LsServiceFixture *f, const char *arguments)
{
  return subscribe_from (f, f->app, arguments);
}

static void
test_unicast (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;

  ls_service_fixture_sign_in (f);
  path = subscribe (f, "(@as [], @a{sv} {})");
  g_assert_true (g_str_has_prefix (path, LS_BUS_SUBSCRIPTION_PATH));
  ls_service_fixture_publish (f, "grade_created", 1, 1);
  ls_service_fixture_flush (f);
  g_assert_cmpuint (f->batches->len, ==, 1);
  g_assert_cmpuint (f->other_batches->len, ==, 0);
  text = g_variant_print (g_ptr_array_index (f->batches, 0), FALSE);
  g_assert_cmpstr (
      text, ==,
      "[(1, 'grade_created', 'grade', 'r-1', '{\"id\":\"r-1\", \"n\":1,\"odd\":true}', "
      "1700000000000, '', '')]");
}

static void
test_two_subscribers (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *grades = NULL;
  g_autofree char *announcements = NULL;

  ls_service_fixture_sign_in (f);
  grades = subscribe (f, "(['grade_created', 'grade_updated'], @a{sv} {})");
  announcements = subscribe_from (f, f->other, "(['announcement_created'], @a{sv} {})");
  g_assert_cmpstr (grades, !=, announcements);
  ls_service_fixture_publish (f, "grade_created", 1, 3);
  ls_service_fixture_publish (f, "announcement_created", 1, 2);
  ls_service_fixture_publish (f, "grade_deleted", 1, 1);
  ls_service_fixture_flush (f);
  ls_service_assert_sequence (f->batches, 1, 3);
  ls_service_assert_sequence (f->other_batches, 4, 5);
}

static void
test_filter (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *path = NULL;

  ls_service_fixture_sign_in (f);
  path = subscribe (f, "(['grade_created'], {'filter': <{'odd': 'false', 'n': '4'}>})");
  ls_service_fixture_publish (f, "grade_created", 1, 6);
  ls_service_fixture_flush (f);
  ls_service_assert_sequence (f->batches, 4, 4);
}

static void
test_bad_requests (LsServiceFixture *f, gconstpointer data)
{
  ls_service_fixture_sign_in (f);
  ls_service_fixture_publish (f, "grade_created", 1, 1);
  ls_service_fixture_refused (f, "Events.Subscribe", "(['grade_exploded'], @a{sv} {})",
                              LS_ERROR_INVALID_ARGUMENT, "grade_exploded");
  ls_service_fixture_refused (f, "Events.Subscribe", "(@as [], {'cursor': <'nonsense'>})",
                              LS_ERROR_INVALID_ARGUMENT, "cursor");
  ls_service_fixture_refused (f, "Events.Subscribe", "(@as [], {'cursor': <'another-store.1'>})",
                              LS_ERROR_CURSOR_EXPIRED, NULL);
  ls_service_fixture_refused (f, "Events.Subscribe", "(@as [], {'durable': <''>})",
                              LS_ERROR_INVALID_ARGUMENT, "durable");
  ls_service_fixture_refused (f, "Events.GetEvents", "('nonsense', uint32 0, @a{sv} {})",
                              LS_ERROR_INVALID_ARGUMENT, "cursor");
  ls_service_fixture_refused (f, "Events.GetEvents", "('another-store.1', uint32 0, @a{sv} {})",
                              LS_ERROR_CURSOR_EXPIRED, NULL);
}

static void
test_future_cursor (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *cursor = NULL;
  g_autofree char *arguments = NULL;

  ls_service_fixture_sign_in (f);
  cursor = ls_agent_format_cursor (f->agent, 1000);
  arguments = g_strdup_printf ("(@as [], {'cursor': <'%s'>})", cursor);
  ls_service_fixture_refused (f, "Events.Subscribe", arguments, LS_ERROR_CURSOR_EXPIRED, NULL);
}

/* From the cursor of List on, nothing is missing and nothing comes twice. */
static void
test_gapless (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (GVariant) list = NULL;
  g_autofree char *arguments = NULL;
  g_autofree char *path = NULL;
  const char *cursor;

  ls_service_fixture_sign_in (f);
  ls_service_fixture_publish (f, "grade_created", 1, 10);
  list = ls_service_fixture_call (f, "Cache.List", "('grade', @a{sv} {})");
  g_variant_get_child (list, 2, "&s", &cursor);
  ls_service_fixture_publish (f, "grade_created", 11, 250);
  arguments = g_strdup_printf ("(@as [], {'cursor': <'%s'>})", cursor);
  path = subscribe (f, arguments);
  ls_service_fixture_publish (f, "grade_updated", 1, 40);
  LS_SERVICE_WAIT (f, ls_service_count_events (f->batches) >= 290);
  ls_service_fixture_flush (f);
  ls_service_assert_sequence (f->batches, 11, 300);
}

static void
test_window (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *path = NULL;
  GVariant *last;

  ls_service_fixture_sign_in (f);
  path = subscribe (f, "(@as [], @a{sv} {})");
  ls_service_fixture_publish (f, "grade_created", 1, 1200);
  LS_SERVICE_WAIT (f, f->batches->len > 0 && g_variant_n_children (g_ptr_array_index (
                                                 f->batches, f->batches->len - 1)) == 0);
  last = g_ptr_array_index (f->batches, f->batches->len - 1);
  g_assert_cmpuint (g_variant_n_children (last), ==, 0);
  ls_service_assert_sequence (f->batches, 1, LS_WINDOW_EVENTS);

  /* one hint is enough */
  g_ptr_array_set_size (f->batches, 0);
  ls_service_fixture_publish (f, "grade_created", 1201, 10);
  ls_service_fixture_flush (f);
  g_assert_cmpuint (f->batches->len, ==, 0);

  ls_service_fixture_acknowledge (f, path, LS_WINDOW_EVENTS);
  LS_SERVICE_WAIT (f, ls_service_count_events (f->batches) >= 210);
  ls_service_fixture_flush (f);
  ls_service_assert_sequence (f->batches, LS_WINDOW_EVENTS + 1, 1210);
  ls_service_fixture_publish (f, "grade_created", 1211, 1);
  ls_service_fixture_flush (f);
  ls_service_assert_sequence (f->batches, LS_WINDOW_EVENTS + 1, 1211);
}

static guint64
last_seq (GPtrArray *batches)
{
  guint64 seq = 0;

  for (guint i = 0; i < batches->len; i++)
    {
      g_autoptr (GVariant) batch = g_variant_ref (g_ptr_array_index (batches, i));
      gsize n = g_variant_n_children (batch);

      if (n > 0)
        g_variant_get_child (batch, n - 1, "(tssssxss)", &seq, NULL, NULL, NULL, NULL, NULL, NULL,
                             NULL);
    }
  return seq;
}

/* More events than are kept in memory: two that read at their own pace, and one that wants only a
 * part, share what they can and get everything once. */
static void
test_far_behind (LsServiceFixture *f, gconstpointer data)
{
  const guint n = 3500;
  g_autofree char *path = NULL;
  g_autofree char *other = NULL;
  g_autoptr (GError) error = NULL;

  ls_service_fixture_sign_in (f);
  path = subscribe (f, "(@as [], @a{sv} {})");
  other = subscribe_from (f, f->other, "(['grade_created'], @a{sv} {})");
  ls_service_fixture_publish (f, "grade_created", 1, n);
  while (last_seq (f->batches) < n || last_seq (f->other_batches) < n)
    {
      ls_service_fixture_acknowledge (f, path, last_seq (f->batches));
      ls_service_fixture_call_subscription (f, f->other, other, "Subscription.Acknowledge",
                                            g_variant_new ("(t)", last_seq (f->other_batches) / 2),
                                            &error);
      g_assert_no_error (error);
      ls_service_fixture_call_subscription (f, f->other, other, "Subscription.Acknowledge",
                                            g_variant_new ("(t)", last_seq (f->other_batches)),
                                            &error);
      g_assert_no_error (error);
      ls_service_fixture_flush (f);
    }
  ls_service_assert_sequence (f->batches, 1, n);
  ls_service_assert_sequence (f->other_batches, 1, n);
}

/* GetEvents after the hint moves the subscription past what it returned. */
static gboolean
has_page (LsServiceFixture *f, LsLogReader *reader)
{
  g_autofree gboolean *types = g_new0 (gboolean, ls_event_type_get_count ());
  g_autoptr (LsLogPage) page =
      ls_log_reader_find (reader, ls_agent_get_last_seq (f->agent) - 1, types);

  return page != NULL;
}

/* Memory is for those who come past; when all are level, it is given back. */
static void
test_pages_while_behind (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (LsLogReader) reader = NULL;

  ls_service_fixture_sign_in (f);
  reader = ls_log_reader_new (f->agent);
  ls_service_fixture_publish (f, "grade_created", 1, 1);
  g_assert_false (has_page (f, reader));

  ls_log_reader_hold (reader);
  ls_log_reader_hold (reader);
  ls_service_fixture_publish (f, "grade_created", 2, 1);
  g_assert_true (has_page (f, reader));
  ls_log_reader_release (reader);
  g_assert_true (has_page (f, reader));
  ls_log_reader_release (reader);
  g_assert_false (has_page (f, reader));
}

static void
test_get_events_moves_on (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *path = NULL;
  g_autofree char *cursor = NULL;
  g_autofree char *arguments = NULL;
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GVariant) events = NULL;
  gboolean more;

  ls_service_fixture_sign_in (f);
  path = subscribe (f, "(@as [], @a{sv} {})");
  ls_service_fixture_publish (f, "grade_created", 1, 1100);
  LS_SERVICE_WAIT (f, f->batches->len > 0 && g_variant_n_children (g_ptr_array_index (
                                                 f->batches, f->batches->len - 1)) == 0);
  g_ptr_array_set_size (f->batches, 0);

  cursor = ls_agent_format_cursor (f->agent, 1000);
  arguments = g_strdup_printf ("('%s', uint32 50, @a{sv} {})", cursor);
  answer = ls_service_fixture_call (f, "Events.GetEvents", arguments);
  events = g_variant_get_child_value (answer, 0);
  g_variant_get_child (answer, 2, "b", &more);
  g_assert_cmpuint (g_variant_n_children (events), ==, 50);
  g_assert_true (more);
  LS_SERVICE_WAIT (f, ls_service_count_events (f->batches) >= 50);
  ls_service_fixture_flush (f);
  ls_service_assert_sequence (f->batches, 1051, 1100);
}

static void
test_get_events_pages (LsServiceFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) pages = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
  g_autofree char *cursor = g_strdup ("");
  g_autofree char *now = NULL;
  gboolean more = TRUE;

  ls_service_fixture_sign_in (f);
  ls_service_fixture_publish (f, "grade_created", 1, 25);
  while (more)
    {
      g_autofree char *arguments = g_strdup_printf ("('%s', uint32 10, @a{sv} {})", cursor);
      g_autoptr (GVariant) answer = ls_service_fixture_call (f, "Events.GetEvents", arguments);

      g_ptr_array_add (pages, g_variant_get_child_value (answer, 0));
      g_free (g_steal_pointer (&cursor));
      g_variant_get_child (answer, 1, "s", &cursor);
      g_variant_get_child (answer, 2, "b", &more);
      g_assert_cmpuint (pages->len, <=, 3);
    }
  ls_service_assert_sequence (pages, 1, 25);
  now = ls_service_fixture_get_cursor (f);
  g_assert_cmpstr (cursor, ==, now);
}

static void
test_other_sender (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  ls_service_fixture_sign_in (f);
  path = subscribe (f, "(@as [], @a{sv} {})");
  ls_service_fixture_call_subscription (f, f->other, path, "Subscription.Acknowledge",
                                        g_variant_new ("(t)", (guint64)1), &error);
  g_assert_error (error, LS_ERROR, LS_ERROR_ACCESS_DENIED);
  g_clear_error (&error);
  ls_service_fixture_call_subscription (f, f->other, path, "Subscription.Close", NULL, &error);
  g_assert_error (error, LS_ERROR, LS_ERROR_ACCESS_DENIED);
  g_clear_error (&error);

  ls_service_fixture_publish (f, "grade_created", 1, 1);
  ls_service_fixture_call_subscription (f, f->app, path, "Subscription.Close", NULL, &error);
  g_assert_no_error (error);
  ls_service_fixture_publish (f, "grade_created", 2, 1);
  ls_service_fixture_flush (f);
  ls_service_assert_sequence (f->batches, 1, 1);
  ls_service_fixture_call_subscription (f, f->app, path, "Subscription.Close", NULL, &error);
  g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD);
}

static void
test_durable (LsServiceFixture *f, gconstpointer data)
{
  const char *arguments = "(@as [], {'durable': <'org.example.App'>})";
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *third = NULL;
  g_autoptr (GError) error = NULL;

  ls_service_fixture_sign_in (f);
  ls_service_fixture_publish (f, "grade_created", 1, 2);
  first = subscribe (f, arguments);
  ls_service_fixture_publish (f, "grade_created", 3, 8);
  ls_service_fixture_flush (f);
  ls_service_assert_sequence (f->batches, 3, 10);
  ls_service_fixture_acknowledge (f, first, 5);
  ls_service_fixture_call_subscription (f, f->app, first, "Subscription.Close", NULL, &error);
  g_assert_no_error (error);

  g_ptr_array_set_size (f->batches, 0);
  second = subscribe (f, arguments);
  LS_SERVICE_WAIT (f, ls_service_count_events (f->batches) >= 5);
  ls_service_assert_sequence (f->batches, 6, 10);
  ls_service_fixture_acknowledge (f, second, 7);

  ls_service_fixture_restart_service (f);
  g_ptr_array_set_size (f->batches, 0);
  third = subscribe (f, arguments);
  LS_SERVICE_WAIT (f, ls_service_count_events (f->batches) >= 3);
  ls_service_assert_sequence (f->batches, 8, 10);
}

static void
test_vanishing (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *path = NULL;
  g_autofree char *another = NULL;
  LsEntitySet users = 1u << LS_ENTITY_USER;

  ls_service_fixture_sign_in (f);
  path = subscribe (f, "(['user_updated'], @a{sv} {})");
  another = subscribe (f, "(@as [], @a{sv} {})");
  g_assert_cmpuint (ls_agent_get_followed (f->agent) & users, ==, users);
  g_assert_cmpuint (ls_service_fixture_count_subscriptions (f), ==, 2);
  g_assert_true (g_dbus_connection_close_sync (f->app, NULL, NULL));
  LS_SERVICE_WAIT (f, ls_service_fixture_count_subscriptions (f) == 0);
}

static void
test_subscriptions_limit (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *path = NULL;
  g_autofree char *other = NULL;
  g_autofree char *again = NULL;
  g_autoptr (GError) error = NULL;

  ls_service_fixture_sign_in (f);
  for (guint i = 0; i < 64; i++)
    {
      g_free (g_steal_pointer (&path));
      path = subscribe (f, "(@as [], @a{sv} {})");
    }
  ls_service_fixture_refused (f, "Events.Subscribe", "(@as [], @a{sv} {})", LS_ERROR_LIMIT_EXCEEDED,
                              "64");
  other = subscribe_from (f, f->other, "(@as [], @a{sv} {})");
  ls_service_fixture_call_subscription (f, f->app, path, "Subscription.Close", NULL, &error);
  g_assert_no_error (error);
  again = subscribe (f, "(@as [], @a{sv} {})");
}

/* Another user's events are not what was subscribed to. */
static void
test_sign_out_ends (LsServiceFixture *f, gconstpointer data)
{
  g_autofree char *path = NULL;

  ls_service_fixture_sign_in (f);
  path = subscribe (f, "(@as [], @a{sv} {})");
  g_variant_unref (ls_service_fixture_call (f, "Account.SignOut", "(@a{sv} {},)"));
  g_assert_cmpuint (f->batches->len, ==, 1);
  g_assert_cmpuint (ls_service_count_events (f->batches), ==, 0);
  g_assert_cmpuint (ls_service_fixture_count_subscriptions (f), ==, 0);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/service/events/" name, LsServiceFixture, NULL, ls_service_fixture_set_up,          \
              function, ls_service_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("unicast", test_unicast);
  ADD ("two-subscribers", test_two_subscribers);
  ADD ("filter", test_filter);
  ADD ("bad-requests", test_bad_requests);
  ADD ("future-cursor", test_future_cursor);
  ADD ("gapless", test_gapless);
  ADD ("window", test_window);
  ADD ("far-behind", test_far_behind);
  ADD ("pages-while-behind", test_pages_while_behind);
  ADD ("get-events/moves-on", test_get_events_moves_on);
  ADD ("get-events/pages", test_get_events_pages);
  ADD ("other-sender", test_other_sender);
  ADD ("durable", test_durable);
  ADD ("vanishing", test_vanishing);
  ADD ("limit", test_subscriptions_limit);
  ADD ("sign-out", test_sign_out_ends);
  return g_test_run ();
}
