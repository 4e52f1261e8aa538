/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-auditor.h"
#include "school-fixture.h"

static LsAuditEntry *
new_refusal (const char *subject)
{
  return ls_audit_entry_new (LS_AUDIT_REQUEST, "forbidden", "s1", subject);
}

/* Returns: (element-type LsAuditEntry): what came after @before */
static GPtrArray *
list_since (School *school, gint64 before)
{
  g_autoptr (LsViewer) admin = school_get_viewer (school, "admin");
  g_autoptr (GPtrArray) entries =
      ls_school_list_audit (school->school, admin, NULL, G_MAXINT64, G_MAXINT, NULL);

  while (entries->len > 0 && ((LsAuditEntry *)entries->pdata[entries->len - 1])->id <= before)
    g_ptr_array_remove_index (entries, entries->len - 1);
  return g_steal_pointer (&entries);
}

static gint64
get_last_id (School *school)
{
  g_autoptr (GPtrArray) entries = list_since (school, 0);

  return ((LsAuditEntry *)entries->pdata[0])->id;
}

/* Returns: how often all of @entries happened */
static gint64
get_sum (GPtrArray *entries)
{
  gint64 sum = 0;

  for (guint i = 0; i < entries->len; i++)
    sum += ((const LsAuditEntry *)entries->pdata[i])->count;
  return sum;
}

static void
test_same_counted_together (School *school, gconstpointer data)
{
  g_autoptr (LsAuditor) auditor = ls_auditor_new (school->school);
  g_autoptr (GPtrArray) entries = NULL;
  gint64 last = get_last_id (school);

  for (guint i = 0; i < 10; i++)
    ls_auditor_add (auditor, new_refusal (i < 7 ? "GET grades" : "GET users"));
  g_assert_cmpint (get_last_id (school), ==, last);
  ls_auditor_flush (auditor);
  entries = list_since (school, last);
  g_assert_cmpuint (entries->len, ==, 2);
  for (guint i = 0; i < entries->len; i++)
    {
      const LsAuditEntry *entry = entries->pdata[i];

      g_assert_cmpint (entry->count, ==, g_str_equal (entry->subject, "GET grades") ? 7 : 3);
    }

  ls_auditor_flush (auditor);
  g_assert_cmpint (get_last_id (school), ==, last + 2);
}

/* Whoever comes with another name each time is counted all the same, and costs no more room. */
static void
test_too_many_to_tell_apart (School *school, gconstpointer data)
{
  g_autoptr (LsAuditor) auditor = ls_auditor_new (school->school);
  g_autoptr (GPtrArray) entries = NULL;
  gint64 last = get_last_id (school);

  for (guint i = 0; i < 2000; i++)
    {
      g_autofree char *subject = g_strdup_printf ("%u", i);

      ls_auditor_add (auditor, new_refusal (subject));
    }
  ls_auditor_flush (auditor);
  entries = list_since (school, last);
  g_assert_cmpuint (entries->len, ==, 501);
  g_assert_cmpint (get_sum (entries), ==, 2000);
}

static LsAuditEntry *
new_stranger (guint number, const char *code)
{
  g_autofree char *subject = g_strdup_printf ("GET %u", number);
  LsAuditEntry *entry = ls_audit_entry_new (LS_AUDIT_REQUEST, code, NULL, subject);

  entry->address = g_strdup_printf ("192.0.2.%u", number % 200);
  return entry;
}

/* Whatever a stranger asks for is one line for each address and code. */
static void
test_strangers_counted_together (School *school, gconstpointer data)
{
  g_autoptr (LsAuditor) auditor = ls_auditor_new (school->school);
  g_autoptr (GPtrArray) entries = NULL;
  gint64 last = get_last_id (school);

  for (guint i = 0; i < 1000; i++)
    ls_auditor_add (auditor,
                    new_stranger (i * 200 + i % 2, i < 500 ? "token-required" : "bad-json"));
  ls_auditor_flush (auditor);
  entries = list_since (school, last);
  g_assert_cmpuint (entries->len, ==, 4);
  g_assert_cmpint (get_sum (entries), ==, 1000);
  for (guint i = 0; i < entries->len; i++)
    g_assert_null (((const LsAuditEntry *)entries->pdata[i])->subject);
}

/* Strangers from everywhere leave the room that others have. */
static void
test_strangers_take_nobodys_place (School *school, gconstpointer data)
{
  g_autoptr (LsAuditor) auditor = ls_auditor_new (school->school);
  g_autoptr (GPtrArray) entries = NULL;
  gint64 last = get_last_id (school);
  guint n_known = 0;

  for (guint round = 0; round < 2; round++)
    {
      for (guint i = 0; i < 200; i++)
        ls_auditor_add (auditor, new_stranger (i, "token-required"));
      for (guint i = 0; i < 500; i++)
        {
          g_autofree char *subject = g_strdup_printf ("%u", i);

          ls_auditor_add (auditor, new_refusal (subject));
        }
      ls_auditor_flush (auditor);
    }
  entries = list_since (school, last);
  g_assert_cmpuint (entries->len, ==, 2 * (100 + 1 + 500));
  g_assert_cmpint (get_sum (entries), ==, 2 * (200 + 500));
  for (guint i = 0; i < entries->len; i++)
    n_known += ((const LsAuditEntry *)entries->pdata[i])->user_id != NULL ? 1 : 0;
  g_assert_cmpuint (n_known, ==, 1000);
}

static void
count (LsAuditor *auditor, gint64 offset, guint n)
{
  g_autoptr (LsEvent) event =
      ls_event_new (ls_event_type_from_string ("grade_updated"), "g1", "{}");

  event->offset = offset;
  for (guint i = 0; i < n; i++)
    ls_auditor_count_recipient (auditor, event);
}

static void
test_broadcasts (School *school, gconstpointer data)
{
  g_autoptr (LsAuditor) auditor = ls_auditor_new (school->school);
  g_autoptr (GPtrArray) entries = NULL;
  gint64 last = get_last_id (school);

  count (auditor, 1, 3);
  count (auditor, 2, 5);
  count (auditor, 1, 1);
  g_clear_pointer (&auditor, ls_auditor_free);
  entries = list_since (school, last);
  g_assert_cmpuint (entries->len, ==, 2);
  for (guint i = 0; i < entries->len; i++)
    {
      const LsAuditEntry *entry = entries->pdata[i];

      g_assert_cmpint (entry->kind, ==, LS_AUDIT_BROADCAST);
      g_assert_cmpstr (entry->subject, ==, "grade_updated g1");
      g_assert_cmpint (entry->count, ==, entry->offset == 1 ? 4 : 5);
    }
}

/* However many events come at once, they wait in bounded memory, and none is left out. */
static void
test_many_broadcasts (School *school, gconstpointer data)
{
  g_autoptr (LsAuditor) auditor = ls_auditor_new (school->school);
  g_autoptr (GPtrArray) entries = NULL;
  gint64 last = get_last_id (school);

  for (guint i = 1; i <= 12000; i++)
    count (auditor, i, 1);
  g_assert_cmpint (get_last_id (school), ==, last + 10000);
  ls_auditor_flush (auditor);
  entries = list_since (school, last);
  g_assert_cmpuint (entries->len, ==, 12000);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/server-net/auditor/" path, School, NULL, school_set_up, function, school_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("same-counted-together", test_same_counted_together);
  ADD ("too-many-to-tell-apart", test_too_many_to_tell_apart);
  ADD ("strangers/counted-together", test_strangers_counted_together);
  ADD ("strangers/take-nobodys-place", test_strangers_take_nobodys_place);
  ADD ("broadcasts", test_broadcasts);
  ADD ("many-broadcasts", test_many_broadcasts);

  return g_test_run ();
}
