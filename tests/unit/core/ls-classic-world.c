/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-classic-world.h"

#include "ls-json.h"
#include "ls-link-error.h"
#include "ls-wire-classic.h"

/**
 * ls_classic_world_get_time:
 * @w: a world
 *
 * Returns: the time by the server's clock, milliseconds since the epoch
 */
gint64
ls_classic_world_get_time (LsClassicWorld *w)
{
  return ls_clock_get_wall (LS_CLOCK (w->clock));
}

/* The school */

static LsRow *
find (LsClassicWorld *w, LsEntity entity, const char *id, guint *index)
{
  for (guint i = 0; i < w->tables[entity]->len; i++)
    {
      LsRow *row = w->tables[entity]->pdata[i];

      *index = i;
      if (g_str_equal (row->id, id))
        return row;
    }
  return NULL;
}

/**
 * ls_classic_world_set_row:
 * @w: a world
 * @entity: a table
 * @id: of a row
 * @data: JSON
 *
 * The school has a row, new or changed just now.
 */
void
ls_classic_world_set_row (LsClassicWorld *w, LsEntity entity, const char *id, const char *data)
{
  guint index;
  LsRow *row = find (w, entity, id, &index);

  if (row == NULL)
    {
      row = ls_row_new (entity, id, NULL, 0);
      g_ptr_array_add (w->tables[entity], row);
    }
  g_free (row->data);
  row->data = g_strdup (data);
  row->as_of = ls_classic_world_get_time (w);
}

/**
 * ls_classic_world_delete_row:
 * @w: a world
 * @entity: a table
 * @id: of a row
 *
 * The school has a row no more.
 */
void
ls_classic_world_delete_row (LsClassicWorld *w, LsEntity entity, const char *id)
{
  guint index = 0;

  g_assert_nonnull (find (w, entity, id, &index));
  g_ptr_array_remove_index (w->tables[entity], index);
}

/**
 * ls_classic_world_set_announcements:
 * @w: a world
 * @first: number of the first
 * @last: number of the last
 *
 * The school has the announcements a@first to a@last.
 */
void
ls_classic_world_set_announcements (LsClassicWorld *w, guint first, guint last)
{
  for (guint i = first; i <= last; i++)
    {
      g_autofree char *id = g_strdup_printf ("a%u", i);
      g_autofree char *data = g_strdup_printf ("{\"id\":\"a%u\"}", i);

      ls_classic_world_set_row (w, LS_ENTITY_ANNOUNCEMENT, id, data);
    }
}

/**
 * ls_classic_world_set_grade:
 * @w: a world
 * @id: of a row
 * @student: whose it is, an id of the students' table
 * @score: its value
 *
 * The school has a grade.
 */
void
ls_classic_world_set_grade (LsClassicWorld *w, const char *id, const char *student, int score)
{
  g_autofree char *data =
      g_strdup_printf ("{\"id\":\"%s\",\"student_id\":\"%s\",\"score\":%d}", id, student, score);

  ls_classic_world_set_row (w, LS_ENTITY_GRADE, id, data);
}

/**
 * ls_classic_world_set_user:
 * @w: a world
 * @id: of a row
 * @name: how the teacher is called
 *
 * The school has a teacher.
 */
void
ls_classic_world_set_user (LsClassicWorld *w, const char *id, const char *name)
{
  g_autofree char *data =
      g_strdup_printf ("{\"id\":\"%s\",\"name\":\"%s\",\"role\":\"teacher\"}", id, name);

  ls_classic_world_set_row (w, LS_ENTITY_USER, id, data);
}

/* The server's comparison of dates as text finds what was changed on a later day. */
static gboolean
is_in_poll (LsClassicWorld *w, const LsRow *row, guint index)
{
  if (row->entity != LS_ENTITY_USER)
    return index < FULL;

  return row->as_of / DAY > w->since / DAY;
}

static LsTableRows *
take_rows (LsClassicWorld *w, LsEntity entity, gboolean is_poll)
{
  LsTableRows *rows = ls_table_rows_new ();

  for (guint i = 0; i < w->tables[entity]->len; i++)
    {
      const LsRow *row = w->tables[entity]->pdata[i];

      if (!is_poll || is_in_poll (w, row, i))
        g_ptr_array_add (rows->rows, ls_row_new (entity, row->id, row->data, 0));
    }
  rows->n_sent = rows->rows->len;
  if (entity == LS_ENTITY_ANNOUNCEMENT)
    {
      rows->n_sent += w->n_without_id + w->n_bad_announcements;
      rows->n_bad = w->n_bad_announcements;
    }
  return rows;
}

static LsQuota
get_quota (LsClassicWorld *w)
{
  return (LsQuota) { .limit = w->remaining > 0 ? 100 : 0,
                     .remaining = w->remaining,
                     .reset_at = w->remaining > 0 ? ls_classic_world_get_time (w) + MINUTE : 0 };
}

static GError *
link_error (LsReason reason)
{
  return ls_link_error_new (reason, reason == LS_REASON_TOKEN_REFUSED ? 401 : 500, 0, "refused");
}

static LsCommand *
answer_poll (LsClassicWorld *w, const LsCommand *command)
{
  g_autoptr (LsPoll) poll = ls_poll_new ();

  g_string_append (w->asked, "poll ");
  w->since = command->since;
  if (w->poll_error != LS_REASON_NONE)
    return NULL;

  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      if ((POLLED & ~w->failing & (1u << i)) == 0)
        continue;
      poll->tables[i] = take_rows (w, (LsEntity)i, TRUE);
      if (poll->tables[i]->n_sent == 0)
        g_clear_pointer (&poll->tables[i], ls_table_rows_free);
    }
  poll->n_bad = w->n_bad;
  poll->quota = get_quota (w);
  return ls_classic_polled (w->classic, poll);
}

static LsCommand *
answer_list (LsClassicWorld *w, const LsCommand *command)
{
  LsEntity entity = ls_entity_from_table (command->table);
  LsReason reason = entity == LS_ENTITY_INVALID ? w->lesson_error : w->list_error;
  g_autoptr (LsListing) listing = ls_listing_new ();
  g_autoptr (GError) error = NULL;

  g_string_append_printf (w->asked, "%s ", command->table);
  if (reason != LS_REASON_NONE)
    {
      error = link_error (reason);
      return ls_classic_list_failed (w->classic, error);
    }

  if (entity != LS_ENTITY_INVALID)
    {
      ls_table_rows_free (listing->rows);
      listing->rows = take_rows (w, entity, FALSE);
    }
  else
    {
      g_ptr_array_add (
          listing->rows->rows,
          ls_row_new (LS_ENTITY_INVALID, "s", "{\"id\":\"s-anna\",\"user_id\":\"anna\"}", 0));
    }
  listing->quota = get_quota (w);
  return ls_classic_listed (w->classic, listing);
}

/* The disk */

static void
tell (LsClassicWorld *w, LsEntity entity, LsChangeKind change, const char *id)
{
  if ((w->baselines & (1u << entity)) != 0)
    g_string_append_printf (w->told, "%s:%s ",
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
put_rows (LsClassicWorld *w, LsEntity entity, GPtrArray *rows, gboolean complete)
{
  GHashTable *disk = w->disk[entity];
  g_autoptr (GList) ids = g_hash_table_get_keys (disk);
  gboolean changed = FALSE;

  for (guint i = 0; i < rows->len; i++)
    {
      const LsRow *row = rows->pdata[i];
      const char *before = g_hash_table_lookup (disk, row->id);

      changed = changed || g_strcmp0 (before, row->data) != 0;
      if (g_strcmp0 (before, row->data) != 0)
        tell (w, entity, before != NULL ? LS_CHANGE_UPDATED : LS_CHANGE_CREATED, row->id);
      g_hash_table_insert (disk, g_strdup (row->id), g_strdup (row->data));
    }
  for (GList *l = ids; complete && l != NULL; l = l->next)
    if (!is_staged (rows, l->data))
      {
        changed = TRUE;
        tell (w, entity, LS_CHANGE_DELETED, l->data);
        g_hash_table_remove (disk, l->data);
      }
  w->baselines |= 1u << entity;
  w->n_puts++;
  return changed;
}

static LsCommand *
answer_stage (LsClassicWorld *w, const LsCommand *command)
{
  g_autoptr (LsCommand) finish = ls_classic_staged (w->classic);
  gboolean changed;

  g_assert_cmpint (finish->kind, ==, LS_COMMAND_FINISH_SNAPSHOT);
  g_assert_cmpint (finish->entity, ==, command->entity);
  g_assert_true (ls_cursor_equal (finish->cursor, LS_CLASSIC_CURSOR));
  changed = put_rows (w, command->entity, command->rows, finish->absence != LS_ABSENCE_IS_NOTHING);
  return ls_classic_put (w->classic, changed);
}

/**
 * ls_classic_world_answer:
 * @w: a world
 * @command: (transfer full): what is to be done
 *
 * Does it, at the school or on the disk.
 *
 * Returns: (transfer full) (nullable): the next command
 */
LsCommand *
ls_classic_world_answer (LsClassicWorld *w, LsCommand *command)
{
  g_autoptr (LsCommand) owned = command;

  switch ((guint)command->kind)
    {
    case LS_COMMAND_POLL:
      return answer_poll (w, command);
    case LS_COMMAND_LIST:
      return answer_list (w, command);
    case LS_COMMAND_STAGE:
      return answer_stage (w, command);
    default:
      g_assert_not_reached ();
    }
}

/**
 * ls_classic_world_start:
 * @w: a world
 *
 * Returns: (transfer full) (nullable): the first command of a run
 */
LsCommand *
ls_classic_world_start (LsClassicWorld *w)
{
  return ls_classic_start (w->classic, w->followed,
                           w->followed & ~w->baselines & LS_ENTITY_SET_STORED);
}

/**
 * ls_classic_world_run:
 * @w: a world
 *
 * A whole run.
 */
void
ls_classic_world_run (LsClassicWorld *w)
{
  LsCommand *command = ls_classic_world_start (w);

  while (command != NULL)
    command = ls_classic_world_answer (w, command);
}

/**
 * ls_classic_world_assert_took:
 * @log: of a world
 * @expected: what was noted in it
 *
 * Forgets it, too.
 */
void
ls_classic_world_assert_took (GString *log, const char *expected)
{
  g_strchomp (log->str);
  g_assert_cmpstr (log->str, ==, expected);
  g_string_set_size (log, 0);
}

/**
 * ls_classic_world_assert_run:
 * @w: a world
 * @asked: what it asks the server, in order
 * @told: what apps are told
 * @n_puts: how often it writes
 *
 * A whole run, of which all that is known.
 */
void
ls_classic_world_assert_run (LsClassicWorld *w, const char *asked, const char *told, guint n_puts)
{
  ls_classic_world_run (w);
  ls_classic_world_assert_took (w->asked, asked);
  ls_classic_world_assert_took (w->told, told);
  g_assert_cmpuint (w->n_puts, ==, n_puts);
  w->n_puts = 0;
}

/**
 * ls_classic_world_forget_log:
 * @w: a world
 *
 * What was asked, told and written until now does not count.
 */
void
ls_classic_world_forget_log (LsClassicWorld *w)
{
  g_string_set_size (w->asked, 0);
  g_string_set_size (w->told, 0);
  w->n_puts = 0;
}

/**
 * ls_classic_world_count:
 * @w: a world
 * @entity: a table
 *
 * Returns: how many of its rows are on the disk
 */
guint
ls_classic_world_count (LsClassicWorld *w, LsEntity entity)
{
  return g_hash_table_size (w->disk[entity]);
}

/**
 * ls_classic_world_wait:
 * @w: a world
 * @duration: milliseconds
 *
 * Time passes.
 */
void
ls_classic_world_wait (LsClassicWorld *w, gint64 duration)
{
  ls_fake_clock_advance (w->clock, duration);
}

/**
 * ls_classic_world_set_up:
 * @w: a world
 * @data: not used
 *
 * Anna, a student, has just signed in; only announcements are followed.
 */
void
ls_classic_world_set_up (LsClassicWorld *w, gconstpointer data)
{
  static const LsDataReader reader = { ls_wire_data_get_text, ls_json_with_members };
  g_autoptr (LsUser) anna = ls_user_new ("anna", NULL, LS_ROLE_STUDENT, LS_EXTRA_ROLE_NONE);

  w->clock = ls_fake_clock_new ();
  w->classic = ls_classic_new (LS_CLOCK (w->clock), &reader);
  w->followed = BIT (ANNOUNCEMENT);
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      w->tables[i] = ls_row_array_new ();
      w->disk[i] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
    }
  w->told = g_string_new (NULL);
  w->asked = g_string_new (NULL);
  ls_classic_set_user (w->classic, anna, NULL);
  ls_classic_signed_in (w->classic);
}

/**
 * ls_classic_world_tear_down:
 * @w: a world
 * @data: not used
 *
 * Frees what is in it.
 */
void
ls_classic_world_tear_down (LsClassicWorld *w, gconstpointer data)
{
  ls_classic_free (w->classic);
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      g_ptr_array_unref (w->tables[i]);
      g_hash_table_unref (w->disk[i]);
    }
  g_string_free (w->told, TRUE);
  g_string_free (w->asked, TRUE);
  g_assert_finalize_object (w->clock);
}
