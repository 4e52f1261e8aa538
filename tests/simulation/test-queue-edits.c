/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* 100,000 edits of rows that others may change meanwhile, with a clock that is wrong by up to two hours at any time:
 * which are conflicts is decided here a second time. In this model rows are arrays of numbers, and nothing of core or
 * wire is used. */
#include <string.h>

#include "ls-queue-world.h"
#include "ls-seed.h"

#define N_EDITS 100000
#define SKEW 7200000

/* Members of a row, and how many values there are: few, so that the same is often meant by both. */
#define N_MEMBERS 4
#define N_VALUES 3
#define UNCHANGED (-1)
#define MAX_LOCAL 3

typedef struct
{
  gint values[N_MEMBERS];
} Numbers;

/* What should have become of an edit. */
typedef enum
{
  WAITS,
  DONE,
  LOST,
  CONFLICT,
} Fate;

typedef struct
{
  Numbers base;
  gint64 version;  /* of @base */
  gint64 known;    /* the newest version that it was judged by */
  Numbers changes; /* UNCHANGED: not touched */
  gboolean is_deletion;
  Fate fate;
  const char *id; /* of the action */
} Edit;

/* A row, what is done to it here and there, and what should come of that. */
typedef struct
{
  LsQueueWorld *world;
  char id[32];
  LsConflictPolicy policy;
  Numbers server;
  gboolean is_gone;
  gboolean is_revived; /* under another id: not looked at any more */
  gint64 version;
  Edit edits[MAX_LOCAL];
  guint n_edits;
} Row;

static char *
to_json (const char *id, const Numbers *numbers)
{
  GString *text = g_string_new ("{");

  if (id != NULL)
    g_string_append_printf (text, "\"id\":\"%s\"", id);
  for (guint i = 0; i < N_MEMBERS; i++)
    if (numbers->values[i] != UNCHANGED)
      g_string_append_printf (text, "%s\"m%u\":%d", text->len > 1 ? "," : "", i,
                              numbers->values[i]);
  g_string_append_c (text, '}');
  return g_string_free (text, FALSE);
}

static gint
choose_value (LsQueueWorld *world)
{
  return (gint)ls_queue_world_below (world, N_VALUES);
}

static Numbers
choose_changes (LsQueueWorld *world)
{
  Numbers numbers;
  gboolean any = FALSE;

  for (guint i = 0; i < N_MEMBERS; i++)
    {
      gboolean changes = ls_queue_world_happens (world, 400);

      numbers.values[i] = changes ? choose_value (world) : UNCHANGED;
      any |= changes;
    }
  if (!any)
    numbers.values[0] = choose_value (world);
  return numbers;
}

static void
apply (Numbers *row, const Numbers *changes)
{
  for (guint i = 0; i < N_MEMBERS; i++)
    if (changes->values[i] != UNCHANGED)
      row->values[i] = changes->values[i];
}

static void
skew (LsQueueWorld *world)
{
  ls_fake_clock_jump_wall (world->h->clock, ls_queue_world_below (world, 2 * SKEW) - SKEW);
}

static gboolean
is_equal (const Numbers *a, const Numbers *b)
{
  return memcmp (a, b, sizeof *a) == 0;
}

/* Whether @row has all that an edit changes. */
static gboolean
has_all (const Numbers *row, const Numbers *changes)
{
  for (guint i = 0; i < N_MEMBERS; i++)
    if (changes->values[i] != UNCHANGED && changes->values[i] != row->values[i])
      return FALSE;

  return TRUE;
}

/* Merges three ways: what is left to be done; FALSE: both changed the same, and not to the same. */
static gboolean
merge (Numbers *changes, const Numbers *base, const Numbers *server)
{
  Numbers left = *changes;

  for (guint i = 0; i < N_MEMBERS; i++)
    {
      gint wanted = changes->values[i], was = base->values[i], is = server->values[i];

      if (wanted == was || wanted == is)
        left.values[i] = UNCHANGED;
      else if (wanted != UNCHANGED && is != was)
        return FALSE;
    }
  *changes = left;
  return TRUE;
}

static void
judge_by_merge (Edit *edit, const Numbers *server)
{
  static const Numbers nothing = { { UNCHANGED, UNCHANGED, UNCHANGED, UNCHANGED } };

  if (edit->is_deletion || !merge (&edit->changes, &edit->base, server))
    edit->fate = CONFLICT;
  else if (is_equal (&edit->changes, &nothing))
    edit->fate = DONE;
  else
    edit->fate = WAITS;
}

static void
judge_by_policy (Row *row, Edit *edit, const Numbers *server, gboolean is_gone)
{
  if (row->policy == LS_CONFLICT_POLICY_SERVER)
    edit->fate = LOST;
  else if (row->policy == LS_CONFLICT_POLICY_LOCAL)
    edit->fate = WAITS;
  else if (row->policy == LS_CONFLICT_POLICY_MERGE && !is_gone)
    judge_by_merge (edit, server);
  else
    edit->fate = CONFLICT;
}

/* The rules, once more: what an edit that has not ended makes of a state of the row. */
static void
judge (Row *row, Edit *edit, const Numbers *server, gint64 version, gboolean is_gone)
{
  if ((edit->fate != WAITS && edit->fate != CONFLICT) || version <= edit->known)
    return;

  edit->known = version;
  if (is_gone && edit->is_deletion)
    edit->fate = DONE;
  else if (!is_gone && (is_equal (&edit->base, server) ||
                        (!edit->is_deletion && has_all (server, &edit->changes))))
    edit->fate = WAITS;
  else
    judge_by_policy (row, edit, server, is_gone);

  if (edit->fate != WAITS)
    return;
  /* Whatever is done to a row that is gone makes it anew. */
  row->is_revived |= is_gone;
  edit->base = *server;
  edit->version = version;
}

static void
judge_all (Row *row, const Numbers *server, gint64 version, gboolean is_gone)
{
  for (guint i = 0; i < row->n_edits && !row->is_revived; i++)
    judge (row, &row->edits[i], server, version, is_gone);
}

/* What was made from the same state as an edit that is done was made from what that has left. */
static void
follow (Row *row, guint done, gint64 before)
{
  for (guint i = done + 1; i < row->n_edits; i++)
    {
      Edit *edit = &row->edits[i];

      if (edit->fate == CONFLICT)
        edit->known = row->version;
      if (edit->fate != WAITS || edit->version != before)
        continue;
      edit->base = row->server;
      edit->version = row->version;
      edit->known = row->version;
    }
}

/* Sends what can be sent, as far as it comes. */
static void
send_all (Row *row)
{
  for (guint i = 0; i < row->n_edits && !row->is_revived; i++)
    {
      Edit *edit = &row->edits[i];

      if (edit->fate == CONFLICT)
        return;
      if (edit->fate != WAITS)
        continue;
      if (edit->version != row->version)
        judge_all (row, &row->server, row->version, row->is_gone);
      if (edit->fate == CONFLICT)
        return;
      if (edit->fate != WAITS || row->is_revived)
        continue;
      if (edit->is_deletion)
        row->is_gone = TRUE;
      else
        apply (&row->server, &edit->changes);
      row->version++;
      edit->fate = DONE;
      follow (row, i, row->version - 1);
    }
}

static void
begin (Row *row, LsQueueWorld *world, guint number)
{
  g_autofree char *text = NULL;

  *row = (Row) { .world = world, .version = 1 };
  g_snprintf (row->id, sizeof row->id, "row-%u", number);
  for (guint i = 0; i < N_MEMBERS; i++)
    row->server.values[i] = choose_value (world);
  text = to_json (NULL, &row->server);
  ls_model_table_write (world->server, row->id, text);
  ls_queue_world_stream (world, G_MAXINT32);
  row->policy = (LsConflictPolicy)ls_queue_world_below (world, LS_CONFLICT_POLICY_LOCAL + 1);
  world->h->config.policies[LS_ENTITY_GRADE] = row->policy;
  ls_queue_set_config (world->h->queue, &world->h->config);
}

static void
edit_here (Row *row)
{
  LsQueueWorld *world = row->world;
  gboolean deletes = ls_queue_world_happens (world, 100);

  row->n_edits = 1 + (guint)ls_queue_world_below (world, MAX_LOCAL);
  for (guint i = 0; i < row->n_edits; i++)
    {
      Edit *edit = &row->edits[i];
      g_autofree char *body = NULL;
      LsActionDraft draft = { .entity = "grade",
                              .entity_id = row->id,
                              .method = LS_METHOD_INVALID };

      *edit = (Edit) { .base = row->server, .version = 1, .known = 1 };
      edit->changes = choose_changes (world);
      edit->is_deletion = deletes && i == row->n_edits - 1;
      body = to_json (NULL, &edit->changes);
      draft.type = edit->is_deletion ? LS_ACTION_DELETE : LS_ACTION_UPDATE;
      draft.body = edit->is_deletion ? NULL : body;
      edit->id =
          ls_queue_harness_enqueue (world->h, &draft, ls_queue_world_get_cached (world, row->id));
      skew (world);
    }
}

/* Somebody changes the row, and the stream brings each change at once, or none of them. */
static void
edit_there (Row *row)
{
  LsQueueWorld *world = row->world;
  gint64 n = ls_queue_world_below (world, 4);
  gboolean is_told = ls_queue_world_happens (world, 600);

  for (gint64 i = 0; i < n && !row->is_gone; i++)
    {
      Numbers changes = choose_changes (world);
      g_autofree char *body = to_json (NULL, &changes);

      row->is_gone = ls_queue_world_happens (world, 30);
      if (!row->is_gone)
        apply (&row->server, &changes);
      ls_model_table_write (world->server, row->id, row->is_gone ? NULL : body);
      row->version++;
      skew (world);
      if (!is_told)
        continue;
      ls_queue_world_stream (world, G_MAXINT32);
      judge_all (row, &row->server, row->version, row->is_gone);
    }
}

static void
meet (Row *row)
{
  LsQueueWorld *world = row->world;

  skew (world);
  ls_queue_world_connect (world);
  while (world->h->sends.length > 0)
    ls_queue_world_serve (world);
  send_all (row);
}

static const char *const fates[] = { "waits", "done", "lost", "conflict" };

static Fate
get_fate (const LsAction *action)
{
  if (action->status == LS_ACTION_CONFLICT)
    return CONFLICT;
  if (action->status != LS_ACTION_COMPLETED)
    return WAITS;

  return action->outcome == LS_OUTCOME_SUPERSEDED ? LOST : DONE;
}

static void
check_row (const Row *row)
{
  const LsRow *is = ls_model_table_find (row->world->server, row->id);

  ls_queue_world_check (row->world, is->deleted == row->is_gone, "%s is %s", row->id,
                        is->deleted ? "gone" : "there");
  for (guint i = 0; i < N_MEMBERS && !row->is_gone; i++)
    {
      g_autofree char *name = g_strdup_printf ("m%u", i);

      ls_queue_world_check (
          row->world,
          ls_queue_world_get_number (row->world, is->data, name) == row->server.values[i],
          "%s of %s is not %d in %s", name, row->id, row->server.values[i], is->data);
    }
}

/* A conflict that should be none is a false one, one that should be and is none a missed one. */
static void
check (const Row *row, guint *n_conflicts)
{
  for (guint i = 0; i < row->n_edits; i++)
    {
      const LsAction *action = ls_queue_harness_get (row->world->h, row->edits[i].id);
      Fate fate = get_fate (action), wanted = row->edits[i].fate;

      *n_conflicts += fate == CONFLICT;
      if (row->is_revived)
        ls_queue_world_check (row->world, fate != CONFLICT, "%s of %s is in conflict", action->id,
                              row->id);
      else
        ls_queue_world_check (row->world, fate == wanted, "edit %u of %s: %s, not %s", i, row->id,
                              fates[fate], fates[wanted]);
    }
  check_row (row);
}

/* Makes room: nothing of this row is looked at again. */
static void
end (const Row *row)
{
  LsQueueWorld *world = row->world;

  ls_queue_harness_disconnect (world->h);
  for (guint i = row->n_edits; i > 0; i--)
    if (ls_action_is_open (ls_queue_harness_get (world->h, row->edits[i - 1].id)))
      ls_queue_cancel (world->h->queue, row->edits[i - 1].id, ls_queue_harness_ticket (world->h));
  ls_queue_world_stream (world, G_MAXINT32);
  g_ptr_array_set_size (world->h->told, 0);
  g_ptr_array_set_size (world->h->rows, 0);
}

static void
test_edits (void)
{
  LsQueueWorld *world = ls_queue_world_new (ls_seed_choose (), FALSE);
  guint n_conflicts = 0, n_changed = 0, n_edits = 0, number = 0;

  while (n_edits < N_EDITS)
    {
      Row row;

      begin (&row, world, number++);
      edit_here (&row);
      edit_there (&row);
      n_changed += row.version > 1;
      meet (&row);
      check (&row, &n_conflicts);
      end (&row);
      n_edits += row.n_edits;
      g_hash_table_remove_all (world->h->answers);
      g_hash_table_remove_all (world->keys);
    }
  g_test_message ("%u edits of %u rows, %u of them changed by others: %u conflicts", n_edits,
                  number, n_changed, n_conflicts);
  g_assert_cmpuint (n_conflicts, >, N_EDITS / 20);
  ls_queue_world_free (world);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/simulation/queue/edits", test_edits);
  return g_test_run ();
}
