/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-overlay.h"
#include "ls-queue-harness.h"

#define ROW "{\"id\":\"g-1\",\"score\":70}"

typedef struct
{
  LsQueueHarness *h; /* for its editor */
  GPtrArray *actions;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->h = ls_queue_harness_new (1);
  fixture->actions = ls_action_array_new ();
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_ptr_array_unref (fixture->actions);
  ls_queue_harness_free (fixture->h);
}

static LsAction *
add (Fixture *fixture, LsActionType type, const char *body)
{
  g_autofree char *id = g_strdup_printf ("a-%u", fixture->actions->len + 1);
  LsAction *action = ls_action_new (id, type, "grade", "g-1");

  action->body = g_strdup (body);
  g_ptr_array_add (fixture->actions, action);
  return action;
}

static void
assert_shows (Fixture *fixture, const char *row, const char *data, const char *ids)
{
  g_autoptr (LsOverlay) overlay = ls_overlay_new (row, fixture->actions, &fixture->h->editor);
  g_autofree char *pending = g_strjoinv (" ", overlay->pending);

  g_assert_cmpstr (overlay->data, ==, data);
  g_assert_cmpstr (pending, ==, ids);
  g_assert_true (overlay->deleted == (data == NULL && *ids != '\0'));
}

static void
test_overlay_none (Fixture *fixture, gconstpointer data)
{
  assert_shows (fixture, ROW, ROW, "");
  assert_shows (fixture, NULL, NULL, "");
}

static void
test_overlay_in_order (Fixture *fixture, gconstpointer data)
{
  add (fixture, LS_ACTION_UPDATE, "{\"score\":80,\"note\":\"a\"}");
  add (fixture, LS_ACTION_PUBLISH, "{\"score\":1}");
  add (fixture, LS_ACTION_UPDATE, "{\"score\":90}");
  assert_shows (fixture, ROW, "{\"id\":\"g-1\",\"score\":90,\"note\":\"a\"}", "a-1 a-3");
}

static void
test_overlay_create_and_delete (Fixture *fixture, gconstpointer data)
{
  add (fixture, LS_ACTION_CREATE, "{\"id\":\"g-1\",\"score\":1}");
  assert_shows (fixture, NULL, "{\"id\":\"g-1\",\"score\":1}", "a-1");
  add (fixture, LS_ACTION_DELETE, NULL);
  assert_shows (fixture, NULL, NULL, "a-1 a-2");
  add (fixture, LS_ACTION_CREATE, "{\"id\":\"g-1\",\"score\":2}");
  assert_shows (fixture, NULL, "{\"id\":\"g-1\",\"score\":2}", "a-1 a-2 a-3");
}

/* Whoever typed it sees it, as long as it is not decided. */
static void
test_overlay_statuses (Fixture *fixture, gconstpointer data)
{
  static const gboolean shown[LS_N_ACTION_STATUSES] = {
    [LS_ACTION_PENDING] = TRUE,
    [LS_ACTION_SYNCING] = TRUE,
    [LS_ACTION_FAILED] = TRUE,
    [LS_ACTION_CONFLICT] = TRUE,
  };
  LsAction *action = add (fixture, LS_ACTION_UPDATE, "{\"score\":80}");

  for (guint s = 0; s < LS_N_ACTION_STATUSES; s++)
    {
      action->status = (LsActionStatus)s;
      if (shown[s])
        assert_shows (fixture, ROW, "{\"id\":\"g-1\",\"score\":80}", "a-1");
      else
        assert_shows (fixture, ROW, ROW, "");
    }
}

/* Until the cache has it, what the server made of it is shown. */
static void
test_overlay_done (Fixture *fixture, gconstpointer data)
{
  LsAction *action = add (fixture, LS_ACTION_UPDATE, "{\"score\":80}");

  action->status = LS_ACTION_COMPLETED;
  action->outcome = LS_OUTCOME_ACCEPTED_CHANGED;
  action->server = g_strdup ("{\"id\":\"g-1\",\"score\":79,\"note\":\"n\"}");
  assert_shows (fixture, ROW, "{\"id\":\"g-1\",\"score\":79,\"note\":\"n\"}", "a-1");
  add (fixture, LS_ACTION_UPDATE, "{\"score\":90}");
  assert_shows (fixture, ROW, "{\"id\":\"g-1\",\"score\":90,\"note\":\"n\"}", "a-1 a-2");
  action->visible = TRUE;
  assert_shows (fixture, ROW, "{\"id\":\"g-1\",\"score\":90}", "a-2");
}

static void
test_overlay_of_a_row_that_is_gone (Fixture *fixture, gconstpointer data)
{
  LsAction *action = add (fixture, LS_ACTION_UPDATE, "{\"score\":80}");

  action->base = g_strdup (ROW);
  action->status = LS_ACTION_CONFLICT;
  assert_shows (fixture, NULL, "{\"id\":\"g-1\",\"score\":80}", "a-1");
}

#define ADD(name, function)                                                                        \
  g_test_add ("/core/overlay/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("none", test_overlay_none);
  ADD ("in-order", test_overlay_in_order);
  ADD ("create-and-delete", test_overlay_create_and_delete);
  ADD ("statuses", test_overlay_statuses);
  ADD ("done", test_overlay_done);
  ADD ("of-a-row-that-is-gone", test_overlay_of_a_row_that_is_gone);
  return g_test_run ();
}
