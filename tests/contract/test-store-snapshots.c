/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Snapshots: what they tell, and what they do not. */
#include "ls-store-fixture.h"

/* @ids_and_data: of a page of grades */
static void
stage (LsStoreFixture *f, const char *const *ids_and_data, gint64 version, gboolean first)
{
  g_autoptr (GPtrArray) rows = ls_row_array_new ();

  for (guint i = 0; ids_and_data[i] != NULL; i += 2)
    g_ptr_array_add (rows,
                     ls_row_new (LS_ENTITY_GRADE, ids_and_data[i], ids_and_data[i + 1], version));
  g_assert_true (ls_call_stage (f->store, LS_ENTITY_GRADE, rows, first, NULL));
}

/* The time is 2000 + @offset. Tells the events: "created a 1, deleted b 1", each with its version. */
static char *
finish (LsStoreFixture *f, gint64 offset, LsAbsence absence, LsCommit **commit)
{
  static const char *const changes[] = { "created", "updated", "deleted" };
  LsCommit *done = ls_call_finish_snapshot (f->store, LS_ENTITY_GRADE, ls_cursor_new ("e", offset),
                                            2000 + offset, absence, NULL);
  GString *text = g_string_new (NULL);

  g_assert_nonnull (done);
  g_assert_cmpint (done->entity, ==, LS_ENTITY_GRADE);
  for (guint i = 0; i < done->events->len; i++)
    {
      const LsEvent *event = done->events->pdata[i];

      g_assert_cmpint (event->timestamp, ==, 2000 + offset);
      g_assert_cmpuint (event->seq, !=, 0);
      g_string_append_printf (text, "%s%s %s %d", i > 0 ? ", " : "",
                              changes[ls_event_type_get_change (event->type)], event->entity_id,
                              (int)event->version);
    }
  if (commit != NULL)
    *commit = done;
  else
    ls_commit_free (done);
  return g_string_free (text, FALSE);
}

static void
test_first_snapshot_is_quiet (LsStoreFixture *f, gconstpointer data)
{
  g_autoptr (LsCommit) done = NULL;
  g_autofree char *told = NULL;
  g_autofree char *ids = NULL;
  g_autoptr (LsRow) row = NULL;
  g_autoptr (LsStoreState) state = NULL;

  ls_store_fixture_open_quietly (f);
  ls_store_fixture_put (f, "announcement_created", "n", "{}", 1, 4);
  stage (f, (const char *const[]) { "b", "{\"a\":1}", NULL }, 3, TRUE);
  stage (f, (const char *const[]) { "a", "{\"a\":2}", NULL }, 3, FALSE);
  g_assert_null (ls_store_fixture_get (f, LS_ENTITY_GRADE, "a"));
  told = finish (f, 9, LS_ABSENCE_IS_DOUBTED, &done);
  g_assert_cmpstr (told, ==, "");
  ids = g_strjoinv (" ", done->ids);
  g_assert_cmpstr (ids, ==, "a b");
  row = ls_store_fixture_get (f, LS_ENTITY_GRADE, "a");
  g_assert_cmpstr (row->data, ==, "{\"a\":2}");
  g_assert_cmpint (row->version, ==, 3);
  g_assert_cmpint (row->as_of, ==, 2009);
  LS_STORE_ASSERT_SEQS (f, 0, "1");

  ls_store_fixture_restart (f);
  state = ls_store_fixture_open (f, "u");
  g_assert_cmpint (state->baselines[LS_ENTITY_GRADE].cursor.offset, ==, 9);
  g_assert_cmpint (state->baselines[LS_ENTITY_GRADE].as_of, ==, 2009);
  g_assert_false (ls_cursor_is_set (state->baselines[LS_ENTITY_USER].cursor));
  /* the stream is where it was */
  g_assert_cmpint (state->cursor.offset, ==, 4);
}

static void
test_later_snapshots_tell (LsStoreFixture *f, gconstpointer data)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *incomplete = NULL;
  g_autofree char *third = NULL;
  g_autoptr (LsRow) gone = NULL;
  g_autoptr (LsRow) kept = NULL;

  ls_store_fixture_open_quietly (f);
  stage (f, (const char *const[]) { "a", "{}", "b", "{\"b\":1}", "c", "{}", "q\"\\\n", "{}", NULL },
         1, TRUE);
  first = finish (f, 1, LS_ABSENCE_IS_DOUBTED, NULL);
  g_assert_cmpstr (first, ==, "");

  stage (f, (const char *const[]) { "left", "{}", "over", "{}", NULL }, 2, TRUE);
  stage (f, (const char *const[]) { "b", "{\"b\":2}", "a", "{}", "d", "{}", NULL }, 2, TRUE);
  second = finish (f, 2, LS_ABSENCE_IS_DOUBTED, NULL);
  g_assert_cmpstr (second, ==, "updated b 2, created d 2, deleted c 1, deleted q\"\\\n 1");
  gone = ls_store_fixture_get (f, LS_ENTITY_GRADE, "c");
  g_assert_true (gone->deleted);
  LS_STORE_ASSERT_SEQS (f, 0, "1 2 3 4");

  /* not every row came: who is absent may still be there; and no baseline is not the first one */
  g_assert_true (ls_call_forget_baseline (f->store, LS_ENTITY_GRADE, NULL));
  stage (f, (const char *const[]) { "a", "{\"a\":3}", NULL }, 3, TRUE);
  incomplete = finish (f, 3, LS_ABSENCE_IS_NOTHING, NULL);
  g_assert_cmpstr (incomplete, ==, "updated a 3");
  kept = ls_store_fixture_get (f, LS_ENTITY_GRADE, "b");
  g_assert_false (kept->deleted);

  /* what is gone comes back as new */
  stage (f, (const char *const[]) { "c", "{}", NULL }, 4, TRUE);
  third = finish (f, 4, LS_ABSENCE_IS_NOTHING, NULL);
  g_assert_cmpstr (third, ==, "created c 4");
}

/* After a restore from a backup a row can come back with a version lower than it once had. */
static void
test_snapshot_ends_versions (LsStoreFixture *f, gconstpointer data)
{
  g_autoptr (LsRow) gone = NULL;
  g_autoptr (LsRow) gone_before = NULL;
  g_autoptr (LsRow) back = NULL;
  g_autofree char *told = NULL;

  ls_store_fixture_open_quietly (f);
  ls_store_fixture_put (f, "grade_created", "a", "{}", 7, 1);
  ls_store_fixture_put (f, "grade_created", "b", "{}", 7, 2);
  ls_store_fixture_put (f, "grade_deleted", "b", "{}", 8, 3);
  stage (f, (const char *const[]) { NULL }, 1, TRUE);
  told = finish (f, 1, LS_ABSENCE_IS_DOUBTED, NULL);
  gone = ls_store_fixture_get (f, LS_ENTITY_GRADE, "a");
  g_assert_true (gone->deleted);
  g_assert_cmpint (gone->version, ==, 0);
  gone_before = ls_store_fixture_get (f, LS_ENTITY_GRADE, "b");
  g_assert_cmpint (gone_before->version, ==, 0);

  ls_store_fixture_put (f, "grade_created", "a", "{}", 1, 4);
  back = ls_store_fixture_get (f, LS_ENTITY_GRADE, "a");
  g_assert_false (back->deleted);
}

static void
test_deletion_names_the_row (LsStoreFixture *f, gconstpointer data)
{
  g_autoptr (LsCommit) done = NULL;
  g_autofree char *quiet = NULL;
  g_autofree char *told = NULL;

  ls_store_fixture_open_quietly (f);
  stage (f, (const char *const[]) { "q\"\\\n\xc3\xa4", "{}", NULL }, 1, TRUE);
  quiet = finish (f, 1, LS_ABSENCE_IS_DOUBTED, NULL);
  stage (f, (const char *const[]) { NULL }, 1, TRUE);
  told = finish (f, 2, LS_ABSENCE_IS_DOUBTED, &done);
  g_assert_cmpuint (done->events->len, ==, 1);
  g_assert_cmpstr (((LsEvent *)done->events->pdata[0])->data, ==,
                   "{\"id\":\"q\\\"\\\\\\u000a\xc3\xa4\"}");
}

static void
test_forgotten_baseline (LsStoreFixture *f, gconstpointer data)
{
  g_autofree char *told = NULL;
  g_autoptr (LsStoreState) state = NULL;
  g_autoptr (LsRow) row = NULL;

  ls_store_fixture_open_quietly (f);
  stage (f, (const char *const[]) { "a", "{}", NULL }, 1, TRUE);
  told = finish (f, 1, LS_ABSENCE_IS_DOUBTED, NULL);
  g_assert_true (ls_call_forget_baseline (f->store, LS_ENTITY_GRADE, NULL));
  ls_store_fixture_restart (f);
  state = ls_store_fixture_open (f, "u");
  g_assert_false (ls_cursor_is_set (state->baselines[LS_ENTITY_GRADE].cursor));
  row = ls_store_fixture_get (f, LS_ENTITY_GRADE, "a");
  g_assert_false (row->deleted);
}

/* Stages the rows r0 … r(n - 1). */
static void
stage_many (LsStoreFixture *f, guint n)
{
  g_autoptr (GPtrArray) rows = ls_row_array_new ();

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *id = g_strdup_printf ("r%u", i);

      g_ptr_array_add (rows, ls_row_new (LS_ENTITY_GRADE, id, "{}", 1));
    }
  g_assert_true (ls_call_stage (f->store, LS_ENTITY_GRADE, rows, TRUE, NULL));
}

static void
assert_lacks (LsStoreFixture *f, guint n, LsAbsence absence, guint n_kept, guint n_left)
{
  g_autoptr (LsChecksum) left = NULL;
  g_autoptr (LsCommit) done = NULL;

  stage_many (f, n);
  done = ls_call_finish_snapshot (f->store, LS_ENTITY_GRADE, ls_cursor_new ("e", 1), 2000, absence,
                                  NULL);
  g_assert_cmpuint (done->n_kept, ==, n_kept);
  left = ls_call_checksum (f->store, LS_ENTITY_GRADE, NULL);
  g_assert_cmpint (left->count, ==, n_left);
}

/* A snapshot that says that very much is gone is not believed at once, and costs nothing. */
static void
test_mass_deletion (LsStoreFixture *f, gconstpointer data)
{
  ls_store_fixture_open_quietly (f);
  assert_lacks (f, 40, LS_ABSENCE_IS_DOUBTED, 0, 40);
  assert_lacks (f, 0, LS_ABSENCE_IS_NOTHING, 0, 40);
  assert_lacks (f, 0, LS_ABSENCE_IS_DOUBTED, 40, 40);
  assert_lacks (f, 19, LS_ABSENCE_IS_DOUBTED, 21, 40);
  /* half of it is */
  assert_lacks (f, 20, LS_ABSENCE_IS_DOUBTED, 0, 20);
  assert_lacks (f, 0, LS_ABSENCE_IS_DOUBTED, 20, 20);
  assert_lacks (f, 0, LS_ABSENCE_IS_DELETION, 0, 0);
  /* ... and so are few rows. */
  assert_lacks (f, 19, LS_ABSENCE_IS_DOUBTED, 0, 19);
  assert_lacks (f, 0, LS_ABSENCE_IS_DOUBTED, 0, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  LS_STORE_ADD (argv[1], "first-snapshot-is-quiet", test_first_snapshot_is_quiet);
  LS_STORE_ADD (argv[1], "later-snapshots-tell", test_later_snapshots_tell);
  LS_STORE_ADD (argv[1], "snapshot-ends-versions", test_snapshot_ends_versions);
  LS_STORE_ADD (argv[1], "deletion-names-the-row", test_deletion_names_the_row);
  LS_STORE_ADD (argv[1], "mass-deletion-is-doubted", test_mass_deletion);
  LS_STORE_ADD (argv[1], "forgotten-baseline", test_forgotten_baseline);
  return g_test_run ();
}
