/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is somebody else's is left out, whatever the server sends. */
#include "ls-engine-fixture.h"
#include "ls-role-sight.h"

/* Anna, a student, follows everything. */
static void
set_up (LsEngineFixture *fixture, gconstpointer data)
{
  g_autoptr (LsConfig) config = ls_config_new ();
  g_autoptr (LsSession) session = ls_session_new ("0", "refresh");
  LsStoreState state = { .cursor = ls_cursor_new ("e", 10) };

  for (guint i = 0; i < LS_N_ENTITIES; i++)
    state.baselines[i].cursor = state.cursor;
  config->server = g_strdup ("http://server");
  config->entities = LS_ENTITY_SET_ALL;
  ls_engine_fixture_init (fixture, config);
  ls_engine_fixture_sign_in (fixture, &state, session);
  ls_engine_fixture_connect (fixture, 10);
}

static guint64
count_foreign (LsEngineFixture *fixture)
{
  return ls_engine_get_counters (fixture->engine)->n_foreign_events;
}

/* Returns: whether an event with @data gets as far as the store */
static gboolean
gets_in (LsEngineFixture *fixture, const char *type, const char *data)
{
  g_autoptr (LsMessage) message = ls_message_new (LS_MESSAGE_EVENTS);
  g_autoptr (LsCommand) command = NULL;
  LsEvent *event = ls_event_new (ls_event_type_from_string (type), "row", data);
  guint n_events;

  message->events = ls_event_array_new ();
  g_ptr_array_add (message->events, event);
  ls_engine_message (fixture->engine, message);
  command = ls_engine_fixture_take (fixture, LS_COMMAND_COMMIT);
  if (command == NULL)
    return FALSE;

  n_events = command->change_set->events->len;
  ls_engine_committed (fixture->engine, ls_commit_new ());
  return n_events == 1;
}

static void
test_addressed (LsEngineFixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *type;
    const char *data;
    gboolean gets_in;
  } events[] = {
    { "notification_created", "{\"user_id\":\"anna\"}", TRUE },
    { "notification_created", "{\"user_id\":\"budi\"}", FALSE },
    { "notification_deleted", "{\"id\":\"row\"}", TRUE },
    { "message_created", "{\"recipient_id\":\"anna\",\"sender_id\":\"budi\"}", TRUE },
    { "message_created", "{\"recipient_id\":\"budi\",\"sender_id\":\"anna\"}", TRUE },
    { "message_created", "{\"recipient_id\":null,\"sender_id\":\"budi\"}", TRUE },
    { "message_updated", "{\"recipient_id\":\"citra\",\"sender_id\":\"budi\"}", FALSE },
    { "grade_updated", "{\"user_id\":\"budi\"}", TRUE },
    { "library_material_added", "{}", TRUE },
  };
  guint64 n_foreign = 0;

  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    {
      g_assert_cmpint (gets_in (fixture, events[i].type, events[i].data), ==, events[i].gets_in);
      n_foreign += events[i].gets_in ? 0 : 1;
      g_assert_cmpuint (count_foreign (fixture), ==, n_foreign);
    }
}

static LsMessage *
welcome_new (const char *user_id, LsRole role)
{
  LsMessage *welcome = ls_message_new (LS_MESSAGE_WELCOME);

  welcome->resume = LS_RESUME_RESUMED;
  welcome->cursor = ls_cursor_new ("e", 10);
  welcome->user = ls_user_new (user_id, NULL, role, LS_EXTRA_ROLE_NONE);
  return welcome;
}

static void
greet (LsEngineFixture *fixture, const char *user_id, LsRole role)
{
  g_autoptr (LsMessage) welcome = welcome_new (user_id, role);

  ls_engine_restart (fixture->engine);
  ls_engine_opened (fixture->engine, LS_PROTOCOL_LABSYNC_V1);
  ls_engine_message (fixture->engine, welcome);
}

static void
test_new_role (LsEngineFixture *fixture, gconstpointer data)
{
  g_autoptr (LsCommand) command = NULL;

  greet (fixture, "anna", LS_ROLE_STUDENT);
  ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_TELL_USER);
  greet (fixture, "anna", LS_ROLE_PARENT);
  command = ls_engine_fixture_take (fixture, LS_COMMAND_TELL_USER);
  g_assert_cmpint (command->user->role, ==, LS_ROLE_PARENT);

  g_assert_false (gets_in (fixture, "library_material_added", "{}"));
}

static void
test_welcome_for_another (LsEngineFixture *fixture, gconstpointer data)
{
  greet (fixture, "budi", LS_ROLE_STUDENT);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_CLOSE);
  g_assert_cmpint (ls_engine_get_status (fixture->engine)->state, !=, LS_STATE_LIVE);
  g_assert_false (gets_in (fixture, "grade_updated", "{}"));
}

static void
test_snapshot (LsEngineFixture *fixture, gconstpointer data)
{
  g_autoptr (LsMessage) welcome = welcome_new ("anna", LS_ROLE_STUDENT);
  LsSnapshotPage *page = ls_snapshot_page_new (LS_ENTITY_NOTIFICATION);
  g_autoptr (LsCommand) command = NULL;
  g_autoptr (LsCommand) staged = NULL;

  welcome->resume = LS_RESUME_SNAPSHOT;
  ls_engine_restart (fixture->engine);
  ls_engine_opened (fixture->engine, LS_PROTOCOL_LABSYNC_V1);
  ls_engine_message (fixture->engine, welcome);
  command = ls_engine_fixture_take (fixture, LS_COMMAND_FETCH_SNAPSHOT);

  g_ptr_array_add (page->rows,
                   ls_row_new (LS_ENTITY_NOTIFICATION, "n-1", "{\"user_id\":\"budi\"}", 1));
  g_ptr_array_add (page->rows,
                   ls_row_new (LS_ENTITY_NOTIFICATION, "n-2", "{\"user_id\":\"anna\"}", 1));
  page->cursor = ls_cursor_new ("e", 10);
  ls_engine_snapshot_page (fixture->engine, command->run, page);

  staged = ls_engine_fixture_take (fixture, LS_COMMAND_STAGE);
  g_assert_cmpuint (staged->rows->len, ==, 1);
  g_assert_cmpstr (((LsRow *)staged->rows->pdata[0])->id, ==, "n-2");
  ls_snapshot_page_free (page);
}

/* The words of a cell, without its quotation marks */
static GStrv
read_cell (const char *cell)
{
  g_autofree char *text = g_strdup (cell);

  g_strdelimit (text, "`", ' ');
  g_strstrip (text);
  return *text == '\0' ? g_new0 (char *, 1) : g_regex_split_simple (" +", text, 0, 0);
}

static void
check_line (const char *line, gboolean *seen)
{
  g_auto (GStrv) cells = g_strsplit (line, "|", -1);
  LsEntity entity = ls_entity_from_string (g_strstrip (cells[1]));
  g_auto (GStrv) hidden_from = read_cell (cells[2]);
  g_auto (GStrv) addressees = read_cell (cells[3]);
  const char *const roles[] = { "admin", "teacher", "student", "parent" };

  g_assert_cmpint (entity, !=, LS_ENTITY_INVALID);
  seen[entity] = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (roles); i++)
    g_assert_cmpint (ls_role_sees (ls_role_from_string (roles[i]), entity), !=,
                     g_strv_contains ((const char *const *)hidden_from, roles[i]));
  g_assert_true (g_strv_equal ((const char *const *)addressees, ls_entity_get_addressees (entity)));
}

/* One table, in the program and in the document. */
static void
test_is_as_documented (gconstpointer document)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  gboolean seen[LS_N_ENTITIES] = { FALSE };
  gboolean inside = FALSE;

  g_assert_true (g_file_get_contents (document, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (inside && g_str_has_prefix (lines[i], "| "))
        check_line (lines[i], seen);
      else if (!g_str_has_prefix (lines[i], "|---"))
        inside = g_str_has_prefix (lines[i], "| entity | never seen by |");
    }

  for (LsEntity entity = 0; entity < LS_N_ENTITIES; entity++)
    if (!seen[entity])
      {
        g_assert_true (ls_role_sees (LS_ROLE_PARENT, entity));
        g_assert_null (ls_entity_get_addressees (entity)[0]);
      }
  g_assert_true (seen[LS_ENTITY_MESSAGE]);
}

static void
test_sight (void)
{
  g_assert_cmpuint (ls_role_get_sight (LS_ROLE_ADMIN), ==, LS_ENTITY_SET_ALL);
  g_assert_cmpuint (ls_role_get_sight (LS_ROLE_NONE), ==, LS_ENTITY_SET_ALL);
  g_assert_cmpuint (ls_role_get_sight (LS_ROLE_PARENT), ==,
                    LS_ENTITY_SET_ALL & ~(1u << LS_ENTITY_LIBRARY_MATERIAL) &
                        ~(1u << LS_ENTITY_PRESENCE));
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    void (*test) (LsEngineFixture *, gconstpointer);
  } tests[] = {
    { "/engine/isolation/addressed", test_addressed },
    { "/engine/isolation/new-role", test_new_role },
    { "/engine/isolation/welcome-for-another", test_welcome_for_another },
    { "/engine/isolation/snapshot", test_snapshot },
  };

  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK); /* warnings are expected here */
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, LsEngineFixture, NULL, set_up, tests[i].test,
                ls_engine_fixture_tear_down);
  g_test_add_data_func ("/engine/isolation/is-as-documented", argv[1], test_is_as_documented);
  g_test_add_func ("/engine/isolation/sight", test_sight);
  return g_test_run ();
}
