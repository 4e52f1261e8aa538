/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-action-draft.h"
#include "ls-error.h"
#include "ls-queue-harness.h"

typedef struct
{
  LsQueueHarness *h;
  LsActionDraft draft; /* a good one */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->h = ls_queue_harness_new (1);
  fixture->draft = (LsActionDraft) { .type = LS_ACTION_UPDATE,
                                     .entity = "grade",
                                     .entity_id = "g-1",
                                     .body = "{\"score\":1}",
                                     .method = LS_METHOD_INVALID };
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ls_queue_harness_free (fixture->h);
}

static LsAction *
make (Fixture *fixture, GError **error)
{
  return ls_action_draft_make (&fixture->draft, &fixture->h->editor, fixture->h->random,
                               ls_clock_get_wall (LS_CLOCK (fixture->h->clock)), error);
}

static void
assert_made (Fixture *fixture, LsMethod method, const char *endpoint)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsAction) action = make (fixture, &error);

  g_assert_no_error (error);
  g_assert_cmpint (action->method, ==, method);
  g_assert_cmpstr (action->endpoint, ==, endpoint);
  g_assert_cmpint (action->status, ==, LS_ACTION_PENDING);
  g_assert_cmpstr (action->key, ==, action->id);
}

static void
assert_refused (Fixture *fixture, LsError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (make (fixture, &error));
  g_assert_error (error, LS_ERROR, (gint)code);
}

static void
test_draft_tables (Fixture *fixture, gconstpointer data)
{
  assert_made (fixture, LS_METHOD_PUT, "/api/grades/g-1");
  fixture->draft.method = LS_METHOD_PATCH;
  assert_made (fixture, LS_METHOD_PATCH, "/api/grades/g-1");
  fixture->draft.method = LS_METHOD_INVALID;
  fixture->draft.entity = "library_material";
  fixture->draft.type = LS_ACTION_CREATE;
  assert_made (fixture, LS_METHOD_POST, "/api/e_library");
  fixture->draft.type = LS_ACTION_DELETE;
  fixture->draft.body = NULL;
  assert_made (fixture, LS_METHOD_DELETE, "/api/e_library/g-1");
  fixture->draft.body = "{}";
  assert_refused (fixture, LS_ERROR_INVALID_ARGUMENT);
}

static void
test_draft_types_with_endpoint (Fixture *fixture, gconstpointer data)
{
  for (guint type = LS_ACTION_PUBLISH; type < LS_ACTION_TYPE_INVALID; type++)
    {
      fixture->draft.type = (LsActionType)type;
      fixture->draft.endpoint = NULL;
      assert_refused (fixture, LS_ERROR_INVALID_ARGUMENT);
      fixture->draft.endpoint = "/api/grades/g-1/publish";
      assert_made (fixture, LS_METHOD_POST, "/api/grades/g-1/publish");
      fixture->draft.body = NULL;
      assert_made (fixture, LS_METHOD_POST, "/api/grades/g-1/publish");
    }
  fixture->draft.type = LS_ACTION_TYPE_INVALID;
  assert_refused (fixture, LS_ERROR_INVALID_ARGUMENT);
}

static void
test_draft_entities (Fixture *fixture, gconstpointer data)
{
  static const char *const bad[] = { "presence", "budget", "", "grades" };
  static const char *const bad_names[] = { "", "Budget", "1st", "a-b", "presence", "a b" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      fixture->draft.entity = bad[i];
      assert_refused (fixture, LS_ERROR_UNKNOWN_ENTITY);
    }
  fixture->draft.endpoint = "/api/event_budgets/b-1";
  fixture->draft.entity = "budget_2";
  assert_made (fixture, LS_METHOD_PUT, "/api/event_budgets/b-1");
  for (guint i = 0; i < G_N_ELEMENTS (bad_names); i++)
    {
      fixture->draft.entity = bad_names[i];
      assert_refused (fixture, LS_ERROR_UNKNOWN_ENTITY);
    }
}

/* Paths on the configured server only. */
static void
test_draft_endpoints (Fixture *fixture, gconstpointer data)
{
  static const char *const bad[] = {
    "api/grades",        "http://evil/api", "//evil/api",        "/api//grades",
    "/api/../admin",     "/api/./grades",   "/api/grades?x=1",   "/api/grades#x",
    "/api/grades/",      "/api/gr ades",    "/api/%2e%2e/admin", "/api/grades\n",
    "/api\\grades",      "/api/gräde",      "/api/a:b",          "/",
    "/api/grades/g-1\t",
  };
  g_autofree char *long_one = g_strnfill (LS_MAX_ENDPOINT + 1, 'a');

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      fixture->draft.endpoint = bad[i];
      assert_refused (fixture, LS_ERROR_INVALID_ARGUMENT);
    }
  long_one[0] = '/';
  fixture->draft.endpoint = long_one;
  assert_refused (fixture, LS_ERROR_INVALID_ARGUMENT);
  long_one[LS_MAX_ENDPOINT] = '\0';
  assert_made (fixture, LS_METHOD_PUT, long_one);
}

/* Tokens and sign-out are no app's, under no name that a server may take for them. */
static void
test_draft_sign_in (Fixture *fixture, gconstpointer data)
{
  static const char *const bad[] = { "/api/auth", "/api/auth/logout", "/API/Auth/refresh" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      fixture->draft.endpoint = bad[i];
      assert_refused (fixture, LS_ERROR_INVALID_ARGUMENT);
    }
  fixture->draft.endpoint = "/api/authors/auth";
  assert_made (fixture, LS_METHOD_PUT, "/api/authors/auth");
}

static void
test_draft_goes_to_its_row (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    LsActionType type;
    const char *entity, *id, *endpoint;
    LsMethod method;
    gboolean own;
  } cases[] = {
    { LS_ACTION_CREATE, "grade", NULL, NULL, LS_METHOD_INVALID, TRUE },
    { LS_ACTION_CREATE, "grade", "g-1", "/api/grades", LS_METHOD_POST, TRUE },
    { LS_ACTION_CREATE, "grade", "g-1", "/api/grades/g-1", LS_METHOD_POST, FALSE },
    { LS_ACTION_CREATE, "announcement", "g-1", "/api/grades", LS_METHOD_POST, FALSE },
    { LS_ACTION_CREATE, "grade", "g-1", NULL, LS_METHOD_DELETE, FALSE },
    { LS_ACTION_UPDATE, "grade", "g-1", "/api/grades/g-1", LS_METHOD_PUT, TRUE },
    { LS_ACTION_UPDATE, "grade", "g-1", NULL, LS_METHOD_DELETE, FALSE },
    { LS_ACTION_UPDATE, "grade", "g-1", "/api/grades/g-2", LS_METHOD_PUT, FALSE },
    { LS_ACTION_UPDATE, "grade", "g-1/approve", "/api/grades/g-1/approve", LS_METHOD_PUT, FALSE },
    { LS_ACTION_UPDATE, "grade", NULL, "/api/grades/g-1", LS_METHOD_PUT, FALSE },
    { LS_ACTION_DELETE, "library_material", "l", "/api/e_library/l", LS_METHOD_DELETE, TRUE },
    { LS_ACTION_APPROVE, "grade", "g-1", "/api/grades/g-1/approve", LS_METHOD_INVALID, TRUE },
    { LS_ACTION_APPROVE, "grade", "g-1", "/api/grades/g-1/approve", LS_METHOD_DELETE, FALSE },
    { LS_ACTION_APPROVE, "grade", "g-1", "/api/grades/g-1/reject", LS_METHOD_POST, FALSE },
    { LS_ACTION_APPROVE, "grade", "g-1", "/api/grades/g-1", LS_METHOD_POST, FALSE },
    { LS_ACTION_UPDATE, "budget", "b-1", "/api/budget/b-1", LS_METHOD_PUT, FALSE },
    { LS_ACTION_UPDATE, "presence", "p-1", "/api/presence/p-1", LS_METHOD_PUT, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const LsActionDraft draft = { .type = cases[i].type,
                                    .entity = cases[i].entity,
                                    .entity_id = cases[i].id,
                                    .endpoint = cases[i].endpoint,
                                    .method = cases[i].method };

      g_test_message ("case %u", i);
      g_assert_cmpint (ls_action_draft_goes_to_its_row (&draft), ==, cases[i].own);
    }
}

static void
test_draft_ids (Fixture *fixture, gconstpointer data)
{
  static const char *const bad[] = { "a/b", "..", ".", "a b", "a%20b", "ä", "a?b" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      fixture->draft.entity_id = bad[i];
      assert_refused (fixture, LS_ERROR_INVALID_ARGUMENT);
    }
  fixture->draft.entity_id = NULL;
  assert_refused (fixture, LS_ERROR_INVALID_ARGUMENT);
  fixture->draft.entity_id = "";
  assert_refused (fixture, LS_ERROR_INVALID_ARGUMENT);
}

static void
assert_create_has (Fixture *fixture, const char *id, const char *body)
{
  g_autoptr (LsAction) action = make (fixture, NULL);

  g_assert_nonnull (action);
  g_assert_cmpstr (action->entity_id, ==, id);
  g_assert_cmpstr (action->body, ==, body);
}

static void
test_draft_id_of_a_create (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsAction) action = NULL;
  g_autofree char *body = NULL;

  fixture->draft.type = LS_ACTION_CREATE;
  assert_create_has (fixture, "g-1", "{\"score\":1,\"id\":\"g-1\"}");
  fixture->draft.entity_id = NULL;
  fixture->draft.body = "{\"id\":\"g-2\"}";
  assert_create_has (fixture, "g-2", "{\"id\":\"g-2\"}");
  fixture->draft.entity_id = "g-3";
  assert_refused (fixture, LS_ERROR_INVALID_ARGUMENT);
  fixture->draft.entity_id = "";
  fixture->draft.body = "{}";
  action = make (fixture, NULL);
  g_assert_true (g_uuid_string_is_valid (action->entity_id));
  body = g_strdup_printf ("{\"id\":\"%s\"}", action->entity_id);
  g_assert_cmpstr (action->body, ==, body);
}

/* The classic system would rename the row. */
static void
test_draft_body (Fixture *fixture, gconstpointer data)
{
  static const char *const bad[] = {
    NULL, "", "[]", "1", "{", "{\"id\":\"other\"}", "{\"id\":null}", "{\"ID\":\"other\"}"
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      fixture->draft.body = bad[i];
      assert_refused (fixture, LS_ERROR_INVALID_ARGUMENT);
    }
  fixture->draft.type = LS_ACTION_PUBLISH;
  fixture->draft.endpoint = "/api/grades/g-1";
  fixture->draft.body = "{\"id\":null}";
  assert_made (fixture, LS_METHOD_POST, "/api/grades/g-1");
  fixture->draft.method = LS_METHOD_PUT;
  assert_refused (fixture, LS_ERROR_INVALID_ARGUMENT);
  fixture->draft.body = "{\"id\":\"g-1\",\"score\":1}";
  assert_made (fixture, LS_METHOD_PUT, "/api/grades/g-1");
  fixture->draft.type = LS_ACTION_CREATE;
  fixture->draft.body = "{\"id\":null}";
  assert_create_has (fixture, "g-1", "{\"id\":\"g-1\"}");
}

static void
test_draft_options (Fixture *fixture, gconstpointer data)
{
  gint64 now = ls_clock_get_wall (LS_CLOCK (fixture->h->clock));
  g_autofree char *key = g_strnfill (LS_MAX_ACTION_KEY + 1, 'k');
  g_autoptr (LsAction) action = NULL;

  fixture->draft.base_version = -1;
  assert_refused (fixture, LS_ERROR_INVALID_ARGUMENT);
  fixture->draft.base_version = 7;
  fixture->draft.expires_at = now;
  assert_refused (fixture, LS_ERROR_INVALID_ARGUMENT);
  fixture->draft.expires_at = now + 1;
  fixture->draft.key = key;
  assert_refused (fixture, LS_ERROR_INVALID_ARGUMENT);
  fixture->draft.key = "a b";
  assert_refused (fixture, LS_ERROR_INVALID_ARGUMENT);
  fixture->draft.key = "a-b";
  fixture->draft.depends_on = "x";
  fixture->draft.coalesce = TRUE;
  fixture->draft.app = "org.example.App";
  action = make (fixture, NULL);
  g_assert_cmpint (action->base_version, ==, 7);
  g_assert_cmpint (action->expires_at, ==, now + 1);
  g_assert_cmpint (action->created_at, ==, now);
  g_assert_cmpstr (action->key, ==, "a-b");
  g_assert_cmpstr (action->depends_on, ==, "x");
  g_assert_cmpstr (action->app, ==, "org.example.App");
  g_assert_true (action->coalesce);
}

static void
test_draft_row_path (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    LsActionType type;
    const char *entity, *id, *endpoint, *path;
  } cases[] = {
    { LS_ACTION_CREATE, "grade", "g-1", "/api/grades", "/api/grades/g-1" },
    { LS_ACTION_UPDATE, "grade", "g-1", "/api/grades/g-1", "/api/grades/g-1" },
    { LS_ACTION_PUBLISH, "grade", "g-1", "/api/grades/g-1/publish", "/api/grades/g-1" },
    { LS_ACTION_UPDATE, "budget", "b-1", "/api/budgets/b-1", "/api/budgets/b-1" },
    { LS_ACTION_PUBLISH, "budget", "b-1", "/api/budgets/b-1/publish", NULL },
    { LS_ACTION_UPDATE, "budget", "a b", "/api/budgets/x", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LsAction) action =
          ls_action_new ("a", cases[i].type, cases[i].entity, cases[i].id);
      g_autofree char *path = NULL;

      ls_action_set_text (&action->endpoint, cases[i].endpoint);
      path = ls_action_get_row_path (action);
      g_assert_cmpstr (path, ==, cases[i].path);
    }
}

#define ADD(name, function)                                                                        \
  g_test_add ("/core/action-draft/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("tables", test_draft_tables);
  ADD ("types-with-endpoint", test_draft_types_with_endpoint);
  ADD ("entities", test_draft_entities);
  ADD ("endpoints", test_draft_endpoints);
  ADD ("sign-in", test_draft_sign_in);
  ADD ("goes-to-its-row", test_draft_goes_to_its_row);
  ADD ("ids", test_draft_ids);
  ADD ("id-of-a-create", test_draft_id_of_a_create);
  ADD ("body", test_draft_body);
  ADD ("options", test_draft_options);
  ADD ("row-path", test_draft_row_path);
  return g_test_run ();
}
