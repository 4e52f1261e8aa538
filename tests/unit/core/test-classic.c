/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-classic.h"
#include "ls-fake-clock.h"
#include "ls-json.h"
#include "ls-link-error.h"
#include "ls-wire-classic.h"

#define MINUTE G_GINT64_CONSTANT (60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define BIT(entity) (1u << LS_ENTITY_##entity)
#define POLLED                                                                                     \
  (BIT (GRADE) | BIT (ATTENDANCE) | BIT (ANNOUNCEMENT) | BIT (LIBRARY_MATERIAL) | BIT (EVENT) |    \
   BIT (USER))
/* No poll has more rows of a table. */
#define FULL 100

/*
 * A school as the classic system shows it, and a disk as the store keeps it.
 */
typedef struct
{
  LsFakeClock *clock;
  LsClassic *classic;

  GPtrArray *tables[LS_N_ENTITIES]; /* (element-type LsRow): as_of is when it was changed, by the
                                     * server's clock */
  LsEntitySet failing;              /* tables that polls leave out */
  guint n_bad;                      /* rows in a poll that nobody can read */
  guint n_bad_announcements;        /* of them, so many can be told whose they are */
  guint n_without_id;               /* announcements */
  guint remaining;                  /* of the limit; 0: nothing is said of one */
  LsReason list_error;              /* of every list; none: they are answered */
  LsReason lesson_error;            /* of those that teach whose rows are whose */
  LsReason poll_error;

  LsEntitySet followed;
  LsEntitySet baselines;
  GHashTable *disk[LS_N_ENTITIES]; /* (element-type utf8 utf8) */
  GString *told;                   /* what apps were told since the last look */
  GString *asked;                  /* what the server was asked since */
  guint n_puts;                    /* what went to the disk since */
  gint64 since;                    /* of the last poll */
} Fixture;

static gint64
server_now (Fixture *fixture)
{
  return ls_clock_get_wall (LS_CLOCK (fixture->clock));
}

/* The school */

static LsRow *
find (Fixture *fixture, LsEntity entity, const char *id, guint *index)
{
  for (guint i = 0; i < fixture->tables[entity]->len; i++)
    {
      LsRow *row = fixture->tables[entity]->pdata[i];

      *index = i;
      if (g_str_equal (row->id, id))
        return row;
    }
  return NULL;
}

static void
set_row (Fixture *fixture, LsEntity entity, const char *id, const char *data)
{
  guint index;
  LsRow *row = find (fixture, entity, id, &index);

  if (row == NULL)
    {
      row = ls_row_new (entity, id, NULL, 0);
      g_ptr_array_add (fixture->tables[entity], row);
    }
  g_free (row->data);
  row->data = g_strdup (data);
  row->as_of = server_now (fixture);
}

static void
delete_row (Fixture *fixture, LsEntity entity, const char *id)
{
  guint index = 0;

  g_assert_nonnull (find (fixture, entity, id, &index));
  g_ptr_array_remove_index (fixture->tables[entity], index);
}

static void
set_announcements (Fixture *fixture, guint first, guint last)
{
  for (guint i = first; i <= last; i++)
    {
      g_autofree char *id = g_strdup_printf ("a%u", i);
      g_autofree char *data = g_strdup_printf ("{\"id\":\"a%u\"}", i);

      set_row (fixture, LS_ENTITY_ANNOUNCEMENT, id, data);
    }
}

static void
set_grade (Fixture *fixture, const char *id, const char *student, int score)
{
  g_autofree char *data =
      g_strdup_printf ("{\"id\":\"%s\",\"student_id\":\"%s\",\"score\":%d}", id, student, score);

  set_row (fixture, LS_ENTITY_GRADE, id, data);
}

static void
set_user (Fixture *fixture, const char *id, const char *name)
{
  g_autofree char *data =
      g_strdup_printf ("{\"id\":\"%s\",\"name\":\"%s\",\"role\":\"teacher\"}", id, name);

  set_row (fixture, LS_ENTITY_USER, id, data);
}

/* The server's comparison of dates as text finds what was changed on a later day. */
static gboolean
is_in_poll (Fixture *fixture, const LsRow *row, guint index)
{
  if (row->entity != LS_ENTITY_USER)
    return index < FULL;

  return row->as_of / DAY > fixture->since / DAY;
}

static LsTableRows *
take_rows (Fixture *fixture, LsEntity entity, gboolean is_poll)
{
  LsTableRows *rows = ls_table_rows_new ();

  for (guint i = 0; i < fixture->tables[entity]->len; i++)
    {
      const LsRow *row = fixture->tables[entity]->pdata[i];

      if (!is_poll || is_in_poll (fixture, row, i))
        g_ptr_array_add (rows->rows, ls_row_new (entity, row->id, row->data, 0));
    }
  rows->n_sent = rows->rows->len;
  if (entity == LS_ENTITY_ANNOUNCEMENT)
    {
      rows->n_sent += fixture->n_without_id + fixture->n_bad_announcements;
      rows->n_bad = fixture->n_bad_announcements;
    }
  return rows;
}

static LsQuota
get_quota (Fixture *fixture)
{
  return (LsQuota) { .limit = fixture->remaining > 0 ? 100 : 0,
                     .remaining = fixture->remaining,
                     .reset_at = fixture->remaining > 0 ? server_now (fixture) + MINUTE : 0 };
}

static GError *
link_error (LsReason reason)
{
  return ls_link_error_new (reason, reason == LS_REASON_TOKEN_REFUSED ? 401 : 500, 0, "refused");
}

static LsCommand *
answer_poll (Fixture *fixture, const LsCommand *command)
{
  g_autoptr (LsPoll) poll = ls_poll_new ();

  g_string_append (fixture->asked, "poll ");
  fixture->since = command->since;
  if (fixture->poll_error != LS_REASON_NONE)
    return NULL;

  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      if ((POLLED & ~fixture->failing & (1u << i)) == 0)
        continue;
      poll->tables[i] = take_rows (fixture, (LsEntity)i, TRUE);
      if (poll->tables[i]->n_sent == 0)
        g_clear_pointer (&poll->tables[i], ls_table_rows_free);
    }
  poll->n_bad = fixture->n_bad;
  poll->quota = get_quota (fixture);
  return ls_classic_polled (fixture->classic, poll);
}

static LsCommand *
answer_list (Fixture *fixture, const LsCommand *command)
{
  LsEntity entity = ls_entity_from_table (command->table);
  LsReason reason = entity == LS_ENTITY_INVALID ? fixture->lesson_error : fixture->list_error;
  g_autoptr (LsListing) listing = ls_listing_new ();
  g_autoptr (GError) error = NULL;

  g_string_append_printf (fixture->asked, "%s ", command->table);
  if (reason != LS_REASON_NONE)
    {
      error = link_error (reason);
      return ls_classic_list_failed (fixture->classic, error);
    }

  if (entity != LS_ENTITY_INVALID)
    {
      ls_table_rows_free (listing->rows);
      listing->rows = take_rows (fixture, entity, FALSE);
    }
  else
    {
      g_ptr_array_add (
          listing->rows->rows,
          ls_row_new (LS_ENTITY_INVALID, "s", "{\"id\":\"s-anna\",\"user_id\":\"anna\"}", 0));
    }
  listing->quota = get_quota (fixture);
  return ls_classic_listed (fixture->classic, listing);
}

/* The disk */

static void
tell (Fixture *fixture, LsEntity entity, LsChangeKind change, const char *id)
{
  if ((fixture->baselines & (1u << entity)) != 0)
    g_string_append_printf (fixture->told, "%s:%s ",
                            ls_event_type_to_string (ls_event_type_for (entity, change)), id);
}

static gboolean
is_staged (GPtrArray *rows, const char *id)
{
  for (guint i = 0; i < rows->len; i++)
    if (g_str_equal (((LsRow *)rows->pdata[i])->id, id))
      return TRUE;

  return FALSE;
}

/* Returns: whether anything differed from what was there */
static gboolean
put_rows (Fixture *fixture, LsEntity entity, GPtrArray *rows, gboolean complete)
{
  GHashTable *disk = fixture->disk[entity];
  g_autoptr (GList) ids = g_hash_table_get_keys (disk);
  gboolean changed = FALSE;

  for (guint i = 0; i < rows->len; i++)
    {
      const LsRow *row = rows->pdata[i];
      const char *before = g_hash_table_lookup (disk, row->id);

      changed = changed || g_strcmp0 (before, row->data) != 0;
      if (g_strcmp0 (before, row->data) != 0)
        tell (fixture, entity, before != NULL ? LS_CHANGE_UPDATED : LS_CHANGE_CREATED, row->id);
      g_hash_table_insert (disk, g_strdup (row->id), g_strdup (row->data));
    }
  for (GList *l = ids; complete && l != NULL; l = l->next)
    if (!is_staged (rows, l->data))
      {
        changed = TRUE;
        tell (fixture, entity, LS_CHANGE_DELETED, l->data);
        g_hash_table_remove (disk, l->data);
      }
  fixture->baselines |= 1u << entity;
  fixture->n_puts++;
  return changed;
}

static LsCommand *
answer_stage (Fixture *fixture, const LsCommand *command)
{
  g_autoptr (LsCommand) finish = ls_classic_staged (fixture->classic);
  gboolean changed;

  g_assert_cmpint (finish->kind, ==, LS_COMMAND_FINISH_SNAPSHOT);
  g_assert_cmpint (finish->entity, ==, command->entity);
  g_assert_true (ls_cursor_equal (finish->cursor, LS_CLASSIC_CURSOR));
  changed =
      put_rows (fixture, command->entity, command->rows, finish->absence != LS_ABSENCE_IS_NOTHING);
  return ls_classic_put (fixture->classic, changed);
}

/* Returns: the next command */
static LsCommand *
answer (Fixture *fixture, LsCommand *command)
{
  g_autoptr (LsCommand) owned = command;

  switch ((guint)command->kind)
    {
    case LS_COMMAND_POLL:
      return answer_poll (fixture, command);
    case LS_COMMAND_LIST:
      return answer_list (fixture, command);
    case LS_COMMAND_STAGE:
      return answer_stage (fixture, command);
    default:
      g_assert_not_reached ();
    }
}

static LsCommand *
start (Fixture *fixture)
{
  return ls_classic_start (fixture->classic, fixture->followed,
                           fixture->followed & ~fixture->baselines & LS_ENTITY_SET_STORED);
}

/* A whole run */
static void
run (Fixture *fixture)
{
  LsCommand *command = start (fixture);

  while (command != NULL)
    command = answer (fixture, command);
}

static void
assert_took (GString *log, const char *expected)
{
  g_strchomp (log->str);
  g_assert_cmpstr (log->str, ==, expected);
  g_string_set_size (log, 0);
}

/* What a run asked, told and wrote */
static void
assert_run (Fixture *fixture, const char *asked, const char *told, guint n_puts)
{
  run (fixture);
  assert_took (fixture->asked, asked);
  assert_took (fixture->told, told);
  g_assert_cmpuint (fixture->n_puts, ==, n_puts);
  fixture->n_puts = 0;
}

static void
forget_log (Fixture *fixture)
{
  g_string_set_size (fixture->asked, 0);
  g_string_set_size (fixture->told, 0);
  fixture->n_puts = 0;
}

static guint
count (Fixture *fixture, LsEntity entity)
{
  return g_hash_table_size (fixture->disk[entity]);
}

static void
later (Fixture *fixture, gint64 duration)
{
  ls_fake_clock_advance (fixture->clock, duration);
}

/* Anna, a student, has just signed in; only announcements are followed. */
static void
set_up (Fixture *fixture, gconstpointer data)
{
  static const LsDataReader reader = { ls_wire_data_get_text, ls_json_with_members };
  g_autoptr (LsUser) anna = ls_user_new ("anna", NULL, LS_ROLE_STUDENT, LS_EXTRA_ROLE_NONE);

  fixture->clock = ls_fake_clock_new ();
  fixture->classic = ls_classic_new (LS_CLOCK (fixture->clock), &reader);
  fixture->followed = BIT (ANNOUNCEMENT);
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      fixture->tables[i] = ls_row_array_new ();
      fixture->disk[i] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
    }
  fixture->told = g_string_new (NULL);
  fixture->asked = g_string_new (NULL);
  ls_classic_set_user (fixture->classic, anna, NULL);
  ls_classic_signed_in (fixture->classic);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ls_classic_free (fixture->classic);
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      g_ptr_array_unref (fixture->tables[i]);
      g_hash_table_unref (fixture->disk[i]);
    }
  g_string_free (fixture->told, TRUE);
  g_string_free (fixture->asked, TRUE);
  g_assert_finalize_object (fixture->clock);
}

/* The first time everything comes without a word; then only changes are told, and nothing is written
 * when there are none. */
static void
test_classic_changes (Fixture *fixture, gconstpointer data)
{
  set_announcements (fixture, 1, 3);
  assert_run (fixture, "students poll", "", 1);
  g_assert_cmpuint (count (fixture, LS_ENTITY_ANNOUNCEMENT), ==, 3);
  assert_run (fixture, "poll", "", 0);
  set_announcements (fixture, 4, 4);
  assert_run (fixture, "poll", "announcement_created:a4", 1);
  set_row (fixture, LS_ENTITY_ANNOUNCEMENT, "a2", "{\"id\":\"a2\",\"title\":\"new\"}");
  assert_run (fixture, "poll", "announcement_updated:a2", 1);
  delete_row (fixture, LS_ENTITY_ANNOUNCEMENT, "a1");
  assert_run (fixture, "poll", "announcement_deleted:a1", 1);
  assert_run (fixture, "poll", "", 0);
}

/* Rows of others are neither kept nor a reason to write. */
static void
test_classic_rows_of_others (Fixture *fixture, gconstpointer data)
{
  fixture->followed = BIT (GRADE);
  set_grade (fixture, "g1", "s-anna", 80);
  set_grade (fixture, "g2", "s-ben", 70);
  assert_run (fixture, "students poll", "", 1);
  g_assert_cmpuint (count (fixture, LS_ENTITY_GRADE), ==, 1);
  set_grade (fixture, "g2", "s-ben", 75);
  set_grade (fixture, "g3", "s-ben", 60);
  assert_run (fixture, "poll", "", 0);
  set_grade (fixture, "g1", "s-anna", 85);
  assert_run (fixture, "poll", "grade_updated:g1", 1);
  set_grade (fixture, "g1", "s-ben", 85);
  assert_run (fixture, "poll", "grade_deleted:g1", 1);
}

/* Beyond a hundred rows the list has the rest: at once for the first time, then every five minutes. */
static void
test_classic_more_than_fit (Fixture *fixture, gconstpointer data)
{
  set_announcements (fixture, 1, 131);
  assert_run (fixture, "students poll announcements", "", 1);
  g_assert_cmpuint (count (fixture, LS_ENTITY_ANNOUNCEMENT), ==, 131);
  g_assert_cmphex (ls_classic_get_incomplete (fixture->classic), ==, 0);

  set_announcements (fixture, 132, 132);
  delete_row (fixture, LS_ENTITY_ANNOUNCEMENT, "a120");
  /* the first poll writes what it has, as its own digest is not known yet */
  assert_run (fixture, "poll", "", 1);
  later (fixture, 5 * MINUTE);
  assert_run (fixture, "poll announcements", "announcement_created:a132 announcement_deleted:a120",
              1);
  /* what the list changed is compared with the poll once, too */
  assert_run (fixture, "poll", "", 1);
  later (fixture, 5 * MINUTE);
  assert_run (fixture, "poll announcements", "", 0);
}

/* Of the hundred oldest the poll tells at once what changed, and the list what is gone. */
static void
test_classic_among_the_oldest (Fixture *fixture, gconstpointer data)
{
  set_announcements (fixture, 1, 131);
  run (fixture);
  run (fixture);
  forget_log (fixture);
  set_row (fixture, LS_ENTITY_ANNOUNCEMENT, "a7", "{\"id\":\"a7\",\"title\":\"new\"}");
  assert_run (fixture, "poll", "announcement_updated:a7", 1);
  delete_row (fixture, LS_ENTITY_ANNOUNCEMENT, "a8");
  assert_run (fixture, "poll", "", 1);
  later (fixture, 5 * MINUTE);
  assert_run (fixture, "poll announcements", "announcement_deleted:a8", 1);
  g_assert_cmpuint (count (fixture, LS_ENTITY_ANNOUNCEMENT), ==, 130);
}

/* Exactly a hundred prove nothing; one less proves everything. */
static void
test_classic_exactly_full (Fixture *fixture, gconstpointer data)
{
  set_announcements (fixture, 1, FULL);
  assert_run (fixture, "students poll announcements", "", 1);
  later (fixture, 5 * MINUTE);
  assert_run (fixture, "poll announcements", "", 1);
  delete_row (fixture, LS_ENTITY_ANNOUNCEMENT, "a50");
  later (fixture, 5 * MINUTE);
  assert_run (fixture, "poll", "announcement_deleted:a50", 1);
}

/* Rows without an id fill a poll, too. */
static void
test_classic_full_of_nobody (Fixture *fixture, gconstpointer data)
{
  set_announcements (fixture, 1, 60);
  fixture->n_without_id = 40;
  assert_run (fixture, "students poll announcements", "", 1);
  fixture->n_without_id = 39;
  delete_row (fixture, LS_ENTITY_ANNOUNCEMENT, "a50");
  assert_run (fixture, "poll", "announcement_deleted:a50", 1);
}

/* A table that is left out has failed, or is empty: its list tells. */
static void
test_classic_left_out (Fixture *fixture, gconstpointer data)
{
  set_announcements (fixture, 1, 2);
  run (fixture);
  forget_log (fixture);
  fixture->failing = BIT (ANNOUNCEMENT);
  fixture->list_error = LS_REASON_SERVER_UNREACHABLE;
  assert_run (fixture, "poll announcements", "", 0);
  assert_run (fixture, "poll", "", 0);
  g_assert_cmphex (ls_classic_get_incomplete (fixture->classic), ==, BIT (ANNOUNCEMENT));
  fixture->failing = 0;
  assert_run (fixture, "poll", "", 0);
  g_assert_cmphex (ls_classic_get_incomplete (fixture->classic), ==, 0);
}

static void
test_classic_empty (Fixture *fixture, gconstpointer data)
{
  assert_run (fixture, "students poll announcements", "", 1);
  g_assert_cmphex (fixture->baselines, ==, BIT (ANNOUNCEMENT));
  later (fixture, HOUR);
  assert_run (fixture, "poll", "", 0); /* known by now to be empty */
  set_announcements (fixture, 1, 1);
  assert_run (fixture, "poll", "announcement_created:a1", 1);
  delete_row (fixture, LS_ENTITY_ANNOUNCEMENT, "a1");
  assert_run (fixture, "poll announcements", "announcement_deleted:a1", 1);
}

/* A token that was refreshed is good for polls alone: what they have has to do. */
static void
test_classic_lists_refused (Fixture *fixture, gconstpointer data)
{
  set_announcements (fixture, 1, 131);
  fixture->list_error = LS_REASON_TOKEN_REFUSED;
  assert_run (fixture, "students poll announcements", "", 1);
  g_assert_cmpuint (count (fixture, LS_ENTITY_ANNOUNCEMENT), ==, FULL);
  g_assert_true (ls_classic_are_lists_refused (fixture->classic));
  g_assert_cmphex (ls_classic_get_incomplete (fixture->classic), ==, BIT (ANNOUNCEMENT));
  later (fixture, HOUR);
  ls_classic_ask (fixture->classic);
  assert_run (fixture, "poll", "", 0);

  fixture->list_error = LS_REASON_NONE;
  ls_classic_signed_in (fixture->classic);
  assert_run (fixture, "students poll announcements",
              "announcement_created:a101 announcement_created:a102 announcement_created:a103 "
              "announcement_created:a104 announcement_created:a105 announcement_created:a106 "
              "announcement_created:a107 announcement_created:a108 announcement_created:a109 "
              "announcement_created:a110 announcement_created:a111 announcement_created:a112 "
              "announcement_created:a113 announcement_created:a114 announcement_created:a115 "
              "announcement_created:a116 announcement_created:a117 announcement_created:a118 "
              "announcement_created:a119 announcement_created:a120 announcement_created:a121 "
              "announcement_created:a122 announcement_created:a123 announcement_created:a124 "
              "announcement_created:a125 announcement_created:a126 announcement_created:a127 "
              "announcement_created:a128 announcement_created:a129 announcement_created:a130 "
              "announcement_created:a131",
              1);
  g_assert_false (ls_classic_are_lists_refused (fixture->classic));
}

/* Before a poll it may be the token itself that is refused, and the next one good for lists. */
static void
test_classic_token_refused (Fixture *fixture, gconstpointer data)
{
  fixture->lesson_error = LS_REASON_TOKEN_REFUSED;
  fixture->poll_error = LS_REASON_TOKEN_REFUSED;
  assert_run (fixture, "students poll", "", 0);
  g_assert_false (ls_classic_are_lists_refused (fixture->classic));
  fixture->poll_error = LS_REASON_NONE;
  later (fixture, 5 * MINUTE);
  assert_run (fixture, "students poll", "", 0);
  g_assert_true (ls_classic_are_lists_refused (fixture->classic));
}

/* A list that fails leaves the poll's rows, and is asked for again later. */
static void
test_classic_list_fails (Fixture *fixture, gconstpointer data)
{
  set_announcements (fixture, 1, 101);
  fixture->list_error = LS_REASON_SERVER_UNREACHABLE;
  assert_run (fixture, "students poll announcements", "", 1);
  g_assert_cmpuint (count (fixture, LS_ENTITY_ANNOUNCEMENT), ==, FULL);
  fixture->list_error = LS_REASON_NONE;
  assert_run (fixture, "poll", "", 0);
  later (fixture, 5 * MINUTE);
  assert_run (fixture, "poll announcements", "announcement_created:a101", 1);
}

/* Where the school's limit is short, nothing more than the poll is asked for. */
static void
test_classic_short_of_quota (Fixture *fixture, gconstpointer data)
{
  set_announcements (fixture, 1, 101);
  fixture->remaining = 39;
  assert_run (fixture, "students poll", "", 1);
  fixture->remaining = 40;
  assert_run (fixture, "poll announcements", "announcement_created:a101", 1);
}

static void
test_classic_limit_reached (Fixture *fixture, gconstpointer data)
{
  fixture->followed = BIT (ANNOUNCEMENT) | BIT (EVENT);
  set_announcements (fixture, 1, 101);
  fixture->list_error = LS_REASON_RATE_LIMITED;
  assert_run (fixture, "students poll announcements", "", 1);
  assert_run (fixture, "poll school_events", "", 0);
}

/* When nobody waits for it, there is one list in a run; a user who asks gets them all. */
static void
test_classic_one_list_in_a_run (Fixture *fixture, gconstpointer data)
{
  fixture->followed = BIT (ANNOUNCEMENT) | BIT (EVENT);
  set_announcements (fixture, 1, 101);
  for (guint i = 0; i < FULL; i++)
    {
      g_autofree char *id = g_strdup_printf ("e%u", i);

      set_row (fixture, LS_ENTITY_EVENT, id, "{}");
    }
  assert_run (fixture, "students poll announcements school_events", "", 2);
  run (fixture);
  forget_log (fixture);
  later (fixture, 5 * MINUTE);
  assert_run (fixture, "poll announcements", "", 0);
  assert_run (fixture, "poll school_events", "", 0);
  assert_run (fixture, "poll", "", 0);
  ls_classic_ask (fixture->classic);
  assert_run (fixture, "poll announcements school_events", "", 0);
  assert_run (fixture, "poll", "", 0);
}

/* Where a row could not be read, nothing is gone; when it is readable again, or gone itself, what is
 * gone shows. */
static void
test_classic_bad_rows (Fixture *fixture, gconstpointer data)
{
  set_announcements (fixture, 1, 3);
  run (fixture);
  forget_log (fixture);
  delete_row (fixture, LS_ENTITY_ANNOUNCEMENT, "a1");
  fixture->n_bad_announcements = 1;
  assert_run (fixture, "poll", "", 1);
  fixture->n_bad_announcements = 0;
  fixture->n_bad = 1;
  assert_run (fixture, "poll", "", 0);
  fixture->n_bad = 0;
  assert_run (fixture, "poll", "announcement_deleted:a1", 1);
}

/* The users of a day are never found from that day on: so what is asked from is the day before. */
static void
test_classic_users (Fixture *fixture, gconstpointer data)
{
  gint64 midnight;

  fixture->followed = BIT (USER);
  set_user (fixture, "sari", "Sari");
  set_user (fixture, "budi", "Budi");
  run (fixture); /* all */
  g_assert_cmpint (fixture->since, ==, 0);
  g_assert_cmpuint (count (fixture, LS_ENTITY_USER), ==, 2);
  forget_log (fixture);

  fixture->remaining = 90; /* and with that the server's time */
  run (fixture);
  run (fixture);
  forget_log (fixture);
  g_assert_cmpint (fixture->since, ==, server_now (fixture) / DAY * DAY - 1);
  set_user (fixture, "sari", "Sari W.");
  assert_run (fixture, "poll", "user_updated:sari", 1);
  assert_run (fixture, "poll", "", 0);

  /* just before midnight, seen just after it */
  midnight = (server_now (fixture) / DAY + 1) * DAY;
  later (fixture, midnight - 1000 - server_now (fixture));
  run (fixture);
  forget_log (fixture);
  set_user (fixture, "budi", "Budi S.");
  later (fixture, 2000);
  assert_run (fixture, "poll", "user_updated:budi", 1);
  g_assert_cmpint (fixture->since, ==, midnight - DAY - 1);
}

/* Who is gone shows when all are asked for: every hour, and when a user asks. */
static void
test_classic_users_deleted (Fixture *fixture, gconstpointer data)
{
  fixture->followed = BIT (USER);
  set_user (fixture, "sari", "Sari");
  set_user (fixture, "budi", "Budi");
  set_user (fixture, "dewi", "Dewi");
  run (fixture);
  run (fixture);
  forget_log (fixture);
  delete_row (fixture, LS_ENTITY_USER, "budi");
  run (fixture);
  assert_took (fixture->told, "");
  later (fixture, HOUR);
  run (fixture);
  g_assert_cmpint (fixture->since, ==, 0);
  assert_took (fixture->told, "user_deleted:budi");
  delete_row (fixture, LS_ENTITY_USER, "dewi");
  ls_classic_ask (fixture->classic);
  run (fixture);
  assert_took (fixture->told, "user_deleted:dewi");
  forget_log (fixture);
  later (fixture, HOUR);
  assert_run (fixture, "poll", "", 0);
}

/* Whoever asks while a poll is out, that poll can't answer. */
static void
test_classic_asked_during_a_poll (Fixture *fixture, gconstpointer data)
{
  LsCommand *command;

  fixture->followed = BIT (USER);
  set_user (fixture, "sari", "Sari");
  set_user (fixture, "budi", "Budi");
  run (fixture);
  forget_log (fixture);
  command = start (fixture);
  ls_classic_ask (fixture->classic);
  delete_row (fixture, LS_ENTITY_USER, "budi");
  while (command != NULL)
    command = answer (fixture, command);
  assert_took (fixture->told, "");
  run (fixture);
  assert_took (fixture->told, "user_deleted:budi");
}

/* A table of users that fails has not lost them. */
static void
test_classic_users_left_out (Fixture *fixture, gconstpointer data)
{
  fixture->followed = BIT (USER);
  fixture->failing = BIT (USER);
  set_user (fixture, "sari", "Sari");
  assert_run (fixture, "students poll", "", 0);
  assert_run (fixture, "poll", "", 0);
  g_assert_cmpint (fixture->since, ==, 0);
  fixture->failing = 0;
  assert_run (fixture, "poll", "", 1);
  fixture->failing = BIT (USER);
  later (fixture, HOUR);
  assert_run (fixture, "poll", "", 0);
}

/* By our own clock alone it may be a day later than it is. */
static void
test_classic_users_by_own_clock (Fixture *fixture, gconstpointer data)
{
  fixture->followed = BIT (USER);
  set_user (fixture, "sari", "Sari");
  run (fixture);
  run (fixture);
  g_assert_cmpint (fixture->since, ==, server_now (fixture) / DAY * DAY - DAY - 1);
}

/* Nobody wants users: then none are asked for, by a date all the same, as others lose them. */
static void
test_classic_users_unwanted (Fixture *fixture, gconstpointer data)
{
  run (fixture);
  g_assert_cmpint (fixture->since, ==, server_now (fixture));
}

/* An entity that is followed again has nothing on disk that counts: it is put again, users as a
 * whole. */
static void
test_classic_followed_again (Fixture *fixture, gconstpointer data)
{
  fixture->followed = BIT (USER) | BIT (ANNOUNCEMENT);
  set_user (fixture, "sari", "Sari");
  set_announcements (fixture, 1, 1);
  run (fixture);
  forget_log (fixture);
  fixture->baselines = 0;
  assert_run (fixture, "poll", "", 2);
  g_assert_cmpint (fixture->since, ==, 0);
  g_assert_cmphex (fixture->baselines, ==, fixture->followed);
  assert_run (fixture, "poll", "", 1); /* the users of the day, for the first time */
  assert_run (fixture, "poll", "", 0);
}

/* What breaks off is put again, and users are asked for as a whole again. */
static void
test_classic_broken_off (Fixture *fixture, gconstpointer data)
{
  LsCommand *command;

  fixture->followed = BIT (USER) | BIT (ANNOUNCEMENT);
  set_user (fixture, "sari", "Sari");
  set_announcements (fixture, 1, 101);
  command = start (fixture);
  while (command->kind != LS_COMMAND_STAGE)
    command = answer (fixture, command);
  ls_command_free (ls_classic_staged (fixture->classic));
  ls_command_free (command);
  forget_log (fixture);

  later (fixture, 5 * MINUTE);
  assert_run (fixture, "poll announcements", "", 2);
  g_assert_cmpint (fixture->since, ==, 0);
  g_assert_cmpuint (count (fixture, LS_ENTITY_ANNOUNCEMENT), ==, 101);
}

/* Grades can't be judged before the table that tells whose they are. */
static void
test_classic_not_learnt_yet (Fixture *fixture, gconstpointer data)
{
  fixture->followed = BIT (GRADE) | BIT (ANNOUNCEMENT);
  fixture->lesson_error = LS_REASON_SERVER_UNREACHABLE;
  set_grade (fixture, "g1", "s-anna", 80);
  set_announcements (fixture, 1, 1);
  assert_run (fixture, "students poll", "", 1);
  g_assert_cmphex (fixture->baselines, ==, BIT (ANNOUNCEMENT));
  g_assert_cmphex (ls_classic_get_obtainable (fixture->classic) & fixture->followed, ==,
                   BIT (ANNOUNCEMENT));
  g_assert_cmphex (ls_classic_get_incomplete (fixture->classic), ==, BIT (GRADE));
  g_assert_null (ls_classic_take_sight (fixture->classic));

  fixture->lesson_error = LS_REASON_NONE;
  assert_run (fixture, "poll", "", 0);
  later (fixture, 5 * MINUTE);
  assert_run (fixture, "students poll", "", 1);
  g_assert_cmphex (ls_classic_get_incomplete (fixture->classic), ==, 0);
  g_assert_cmphex (ls_classic_get_obtainable (fixture->classic), ==, POLLED);
}

/* What was learnt is handed out once, and stands for the next start, where no list may be had. */
static void
test_classic_sight_is_kept (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsUser) anna = ls_user_new ("anna", NULL, LS_ROLE_STUDENT, LS_EXTRA_ROLE_NONE);
  g_autofree char *sight = NULL;

  fixture->followed = BIT (GRADE);
  set_grade (fixture, "g1", "s-anna", 80);
  run (fixture);
  sight = ls_classic_take_sight (fixture->classic);
  g_assert_nonnull (sight);
  g_assert_null (ls_classic_take_sight (fixture->classic));
  forget_log (fixture);

  ls_classic_set_user (fixture->classic, anna, sight);
  fixture->list_error = LS_REASON_TOKEN_REFUSED;
  fixture->lesson_error = LS_REASON_TOKEN_REFUSED;
  assert_run (fixture, "poll", "", 1);
  g_assert_null (ls_classic_take_sight (fixture->classic));

  /* another sign-in learns anew, and until then what is known counts */
  ls_classic_signed_in (fixture->classic);
  set_grade (fixture, "g1", "s-anna", 81);
  assert_run (fixture, "students poll", "grade_updated:g1", 1);
  g_assert_null (ls_classic_take_sight (fixture->classic));
}

static GPtrArray *
push (Fixture *fixture, const char *type, const char *id, const char *data)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  LsEvent *event = ls_event_new (ls_event_type_from_string (type), id, data);

  event->timestamp = 5;
  g_ptr_array_add (events, event);
  return ls_classic_look_at_events (fixture->classic, events);
}

/* The socket brings everybody's events; only those for the user are taken. */
static void
test_classic_pushed (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *type;
    const char *data;
    const char *seen;
  } events[] = {
    { "grade_updated", "{\"id\":\"x\",\"student_id\":\"s-anna\"}", "" },
    { "grade_updated", "{\"id\":\"x\",\"student_id\":\"s-ben\"}", NULL },
    { "grade_deleted", "{\"id\":\"x\"}", "" },
    { "announcement_created", "{\"id\":\"x\"}", "" },
    { "announcement_created", "{\"id\":\"x\",\"is_active\":0}", NULL },
    { "user_role_changed", "{\"id\":\"x\",\"name\":\"X\",\"phone\":\"1\",\"role\":\"teacher\"}",
      "{\"id\":\"x\",\"name\":\"X\",\"role\":\"teacher\"}" },
    { "user_online", "{\"id\":\"x\"}", "" },
    { "message_created", "{\"id\":\"x\",\"recipient_id\":\"anna\"}", NULL },
  };

  fixture->followed = BIT (GRADE);
  run (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    {
      g_autoptr (GPtrArray) seen = push (fixture, events[i].type, "x", events[i].data);

      g_test_message ("%s %s", events[i].type, events[i].data);
      g_assert_cmpuint (seen->len, ==, events[i].seen != NULL);
      if (seen->len == 0)
        continue;
      g_assert_cmpstr (((LsEvent *)seen->pdata[0])->data, ==,
                       *events[i].seen != '\0' ? events[i].seen : events[i].data);
      g_assert_cmpint (((LsEvent *)seen->pdata[0])->timestamp, ==, 5);
    }
}

/* What was pushed may be late: the next poll puts right what it did, also if it came in the midst of
 * a run. */
static void
test_classic_pushed_late (Fixture *fixture, gconstpointer data)
{
  LsCommand *command;

  set_announcements (fixture, 1, 1);
  run (fixture);
  forget_log (fixture);
  g_ptr_array_unref (push (fixture, "announcement_updated", "a1", "{\"id\":\"a1\",\"old\":1}"));
  assert_run (fixture, "poll", "", 1);
  assert_run (fixture, "poll", "", 0);

  set_announcements (fixture, 2, 2);
  command = start (fixture);
  while (command->kind != LS_COMMAND_STAGE)
    command = answer (fixture, command);
  g_ptr_array_unref (push (fixture, "announcement_updated", "a1", "{\"id\":\"a1\",\"old\":1}"));
  while (command != NULL)
    command = answer (fixture, command);
  forget_log (fixture);
  assert_run (fixture, "poll", "", 1);
  assert_run (fixture, "poll", "", 0);
}

/* The next one who signs in has nothing to do with the last. */
static void
test_classic_another_user (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsUser) ben = ls_user_new ("ben", NULL, LS_ROLE_ADMIN, LS_EXTRA_ROLE_NONE);

  set_announcements (fixture, 1, 101);
  fixture->list_error = LS_REASON_TOKEN_REFUSED;
  run (fixture);
  forget_log (fixture);
  fixture->list_error = LS_REASON_NONE;
  fixture->baselines = 0;
  g_hash_table_remove_all (fixture->disk[LS_ENTITY_ANNOUNCEMENT]);
  ls_classic_set_user (fixture->classic, ben, NULL);
  g_assert_false (ls_classic_are_lists_refused (fixture->classic));
  assert_run (fixture, "poll announcements", "", 1);
  g_assert_cmpuint (count (fixture, LS_ENTITY_ANNOUNCEMENT), ==, 101);

  ls_classic_set_user (fixture->classic, NULL, NULL);
  g_assert_cmphex (ls_classic_get_obtainable (fixture->classic), ==, 0);
}

/* A day of polls, in which nothing happens */
static void
test_classic_quiet_day (Fixture *fixture, gconstpointer data)
{
  fixture->followed = POLLED;
  fixture->remaining = 90;
  set_announcements (fixture, 1, 131);
  set_grade (fixture, "g1", "s-anna", 80);
  set_user (fixture, "sari", "Sari");
  run (fixture);
  run (fixture);
  forget_log (fixture);
  for (gint64 t = 0; t < DAY; t += MINUTE)
    {
      later (fixture, MINUTE);
      run (fixture);
    }
  assert_took (fixture->told, "");
  g_assert_cmpuint (fixture->n_puts, ==, 0);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/core/classic/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("changes", test_classic_changes);
  ADD ("rows-of-others", test_classic_rows_of_others);
  ADD ("full/more-than-fit", test_classic_more_than_fit);
  ADD ("full/among-the-oldest", test_classic_among_the_oldest);
  ADD ("full/exactly", test_classic_exactly_full);
  ADD ("full/of-nobody", test_classic_full_of_nobody);
  ADD ("left-out", test_classic_left_out);
  ADD ("empty", test_classic_empty);
  ADD ("lists/refused", test_classic_lists_refused);
  ADD ("lists/token-refused", test_classic_token_refused);
  ADD ("lists/fail", test_classic_list_fails);
  ADD ("lists/short-of-quota", test_classic_short_of_quota);
  ADD ("lists/limit-reached", test_classic_limit_reached);
  ADD ("lists/one-in-a-run", test_classic_one_list_in_a_run);
  ADD ("bad-rows", test_classic_bad_rows);
  ADD ("users/changed", test_classic_users);
  ADD ("users/deleted", test_classic_users_deleted);
  ADD ("users/asked-during-a-poll", test_classic_asked_during_a_poll);
  ADD ("users/left-out", test_classic_users_left_out);
  ADD ("users/by-own-clock", test_classic_users_by_own_clock);
  ADD ("users/unwanted", test_classic_users_unwanted);
  ADD ("followed-again", test_classic_followed_again);
  ADD ("broken-off", test_classic_broken_off);
  ADD ("sight/not-learnt-yet", test_classic_not_learnt_yet);
  ADD ("sight/is-kept", test_classic_sight_is_kept);
  ADD ("pushed/whose", test_classic_pushed);
  ADD ("pushed/late", test_classic_pushed_late);
  ADD ("another-user", test_classic_another_user);
  ADD ("quiet-day", test_classic_quiet_day);
  return g_test_run ();
}
