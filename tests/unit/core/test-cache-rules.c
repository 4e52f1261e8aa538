/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-cache-rules.h"

typedef struct
{
  const char *promise;
  const char *row; /* NULL: no row; "": a tombstone */
  gint64 row_version;
  const char *type;
  const char *data;
  gint64 version;
  LsVerdict verdict;
} Case;

static const Case cases[] = {
  { "first-sight", NULL, 0, "grade_created", "{\"a\":1}", 1, LS_VERDICT_UPSERT },
  { "update-of-unknown", NULL, 0, "grade_updated", "{\"a\":1}", 5, LS_VERDICT_UPSERT },
  { "newer", "{\"a\":1}", 1, "grade_updated", "{\"a\":2}", 2, LS_VERDICT_UPSERT },
  { "newer-same-data", "{\"a\":1}", 1, "grade_updated", "{\"a\":1}", 2, LS_VERDICT_UPSERT },
  { "older", "{\"a\":2}", 2, "grade_updated", "{\"a\":1}", 1, LS_VERDICT_DROP },
  { "repetition", "{\"a\":2}", 2, "grade_updated", "{\"a\":2}", 2, LS_VERDICT_DROP },
  { "other-view", "{\"a\":2}", 2, "grade_updated", "{\"a\":3}", 2, LS_VERDICT_UPSERT },
  { "unversioned-change", "{\"a\":2}", 0, "grade_updated", "{\"a\":3}", 0, LS_VERDICT_UPSERT },
  { "unversioned-same", "{\"a\":2}", 0, "grade_updated", "{\"a\":2}", 0, LS_VERDICT_DROP },
  { "unversioned-on-version", "{\"a\":2}", 4, "grade_updated", "{\"a\":2}", 0, LS_VERDICT_DROP },
  { "delete", "{\"a\":2}", 2, "grade_deleted", "{\"id\":\"x\"}", 3, LS_VERDICT_DELETE },
  { "lost-from-sight", "{\"a\":2}", 2, "grade_deleted", "{\"id\":\"x\"}", 2, LS_VERDICT_DELETE },
  { "late-delete", "{\"a\":2}", 4, "grade_deleted", "{\"id\":\"x\"}", 3, LS_VERDICT_DROP },
  { "delete-again", "", 3, "grade_deleted", "{\"id\":\"x\"}", 3, LS_VERDICT_DROP },
  { "delete-of-unknown", NULL, 0, "grade_deleted", "{\"id\":\"x\"}", 3, LS_VERDICT_DROP },
  { "late-for-tombstone", "", 3, "grade_updated", "{\"a\":2}", 2, LS_VERDICT_DROP },
  { "back-in-sight", "", 3, "grade_created", "{\"a\":2}", 3, LS_VERDICT_UPSERT },
  { "created-again", "", 3, "grade_created", "{\"a\":2}", 4, LS_VERDICT_UPSERT },
};

static void
test_cache_rules_case (gconstpointer data)
{
  const Case *test = data;
  g_autoptr (LsRow) row = NULL;
  g_autoptr (LsEvent) event = NULL;

  event = ls_event_new (ls_event_type_from_string (test->type), "x", test->data);
  event->version = test->version;
  if (test->row != NULL)
    {
      gboolean deleted = *test->row == '\0';

      row = ls_row_new (LS_ENTITY_GRADE, "x", deleted ? NULL : test->row, test->row_version);
      row->deleted = deleted;
    }

  g_assert_cmpint (ls_cache_rules_judge (row, event), ==, test->verdict);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/core/cache-rules/%s", cases[i].promise);

      g_test_add_data_func (path, &cases[i], test_cache_rules_case);
    }
  return g_test_run ();
}
