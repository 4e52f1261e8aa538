/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-journal.h"

/* How many things are remembered to have been noted, of one app, and of how many apps. */
#define MAX_NOTED 100
#define MAX_APPS 100
/* Of how many lines a minute an app is the cause. The file keeps %LS_AUDIT_FILE_MAX, which none is to fill with its own
 * before anybody has looked: by what stays here it takes two days. What leaves is as many as the queue sends by itself
 * (Queue.rate, 5/s), so that each is there. */
#define MINUTE 60000
#define MAX_KEPT_HERE 30
#define MAX_SENT 300

/* What was noted of an app; counts are of this minute, by whether something was sent. */
typedef struct
{
  GHashTable *noted; /* (owned) (element-type utf8): a set */
  guint n_lines[2];
  guint n_left_out[2];
} Notes;

/**
 * LsJournal:
 *
 * Writes the audit: adds to what an app did who was signed in, and when. What is done all the time, such
 * as reading, is noted once by app and user until the agent ends. Of an app that does too much at a time, one line
 * says how many more there would have been.
 */
struct _LsJournal
{
  GObject parent_instance;

  LsAgent *agent;   /* (owned) */
  LsClock *clock;   /* (owned) */
  LsAudit *audit;   /* (owned) */
  char *user;       /* (owned) (nullable): whose notes these are */
  GHashTable *apps; /* (owned) (element-type utf8 Notes): by name */
  gint64 minute_end;
  guint alarm_id; /* 0: nothing is left out */
};

G_DEFINE_FINAL_TYPE (LsJournal, ls_journal, G_TYPE_OBJECT)

static void
notes_free (gpointer data)
{
  Notes *notes = data;

  g_hash_table_unref (notes->noted);
  g_free (notes);
}

static void
clear_alarm (LsJournal *self)
{
  if (self->alarm_id != 0)
    ls_clock_remove_alarm (self->clock, self->alarm_id);
  self->alarm_id = 0;
}

static void
ls_journal_finalize (GObject *object)
{
  LsJournal *self = LS_JOURNAL (object);

  clear_alarm (self);
  g_clear_object (&self->agent);
  g_clear_object (&self->clock);
  g_clear_object (&self->audit);
  g_free (self->user);
  g_hash_table_unref (self->apps);

  G_OBJECT_CLASS (ls_journal_parent_class)->finalize (object);
}

static void
ls_journal_class_init (LsJournalClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_journal_finalize;
}

static void
ls_journal_init (LsJournal *self)
{
  self->apps = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, notes_free);
}

/**
 * ls_journal_new:
 * @agent: the agent
 * @clock: the clock
 * @audit: where to write
 *
 * Returns: (transfer full): a journal
 */
LsJournal *
ls_journal_new (LsAgent *agent, LsClock *clock, LsAudit *audit)
{
  LsJournal *self = g_object_new (LS_TYPE_JOURNAL, NULL);

  self->agent = g_object_ref (agent);
  self->clock = g_object_ref (clock);
  self->audit = g_object_ref (audit);
  return self;
}

/**
 * ls_journal_get_audit:
 * @self: a journal
 *
 * Returns: (transfer none): where it writes
 */
LsAudit *
ls_journal_get_audit (LsJournal *self)
{
  g_return_val_if_fail (LS_IS_JOURNAL (self), NULL);

  return self->audit;
}

static void
append (LsJournal *self,
        const char *app,
        const char *what,
        const char *subject,
        const char *outcome,
        gboolean sent)
{
  const LsAuditEntry entry = { .at = ls_clock_get_wall (self->clock),
                               .user = self->user,
                               .app = (char *)app,
                               .what = (char *)what,
                               .subject = (char *)subject,
                               .outcome = (char *)outcome,
                               .sent = sent };

  ls_audit_append (self->audit, &entry);
}

static void
end_minute (LsJournal *self)
{
  GHashTableIter iter;
  const char *app;
  Notes *notes;

  clear_alarm (self);
  g_hash_table_iter_init (&iter, self->apps);
  while (g_hash_table_iter_next (&iter, (gpointer *)&app, (gpointer *)&notes))
    for (guint sent = 0; sent < 2; sent++)
      {
        g_autofree char *count = g_strdup_printf ("%u", notes->n_left_out[sent]);

        if (notes->n_left_out[sent] > 0)
          append (self, app, "left-out", "", count, sent);
        notes->n_left_out[sent] = notes->n_lines[sent] = 0;
      }
}

static void
minute_alarm_cb (gpointer user_data)
{
  LsJournal *self = user_data;

  self->alarm_id = 0;
  end_minute (self);
}

/* What one user's apps did is not for the next one to know, nor to pay for. */
static void
set_user (LsJournal *self, const LsUser *user)
{
  if (g_strcmp0 (self->user, user->id) == 0)
    return;

  clear_alarm (self);
  g_hash_table_remove_all (self->apps);
  g_free (self->user);
  self->user = g_strdup (user->id);
}

static Notes *
ensure_notes (LsJournal *self, const char *app)
{
  Notes *notes = g_hash_table_lookup (self->apps, app);

  if (notes != NULL)
    return notes;

  if (g_hash_table_size (self->apps) >= MAX_APPS)
    {
      end_minute (self);
      g_hash_table_remove_all (self->apps);
    }
  notes = g_new0 (Notes, 1);
  notes->noted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_insert (self->apps, g_strdup (app), notes);
  return notes;
}

/* Counts a line. Returns: whether it is to be written */
static gboolean
take_line (LsJournal *self, Notes *notes, gboolean sent)
{
  gint64 now = ls_clock_get_monotonic (self->clock);

  if (now >= self->minute_end)
    {
      end_minute (self);
      self->minute_end = now + MINUTE;
    }
  if (notes->n_lines[sent] < (sent ? MAX_SENT : MAX_KEPT_HERE))
    {
      notes->n_lines[sent]++;
      return TRUE;
    }

  notes->n_left_out[sent]++;
  if (self->alarm_id == 0)
    self->alarm_id = ls_clock_add_alarm (self->clock, LS_CLOCK_MONOTONIC, self->minute_end,
                                         minute_alarm_cb, self);
  return FALSE;
}

/**
 * ls_journal_note:
 * @self: a journal
 * @app: what an app is called
 * @what: what it did, a word
 * @subject: with what: an entity, `ENTITY/ID`, the name of an app, or empty
 * @outcome: how that ended: `ok`, an outcome of an action, or the name of an error
 * @sent: whether something left this computer
 *
 * Notes something, if somebody is signed in: what nobody has done is in nobody's name.
 */
void
ls_journal_note (LsJournal *self,
                 const char *app,
                 const char *what,
                 const char *subject,
                 const char *outcome,
                 gboolean sent)
{
  const LsUser *user;

  g_return_if_fail (LS_IS_JOURNAL (self));

  user = ls_agent_get_user (self->agent);
  if (user == NULL)
    return;

  set_user (self, user);
  if (take_line (self, ensure_notes (self, app), sent != FALSE))
    append (self, app, what, subject, outcome, sent);
}

/**
 * ls_journal_note_once:
 * @self: a journal
 * @app: see ls_journal_note()
 * @what: likewise
 * @subject: likewise
 * @outcome: likewise
 *
 * Notes something that has not been noted yet for this user.
 */
void
ls_journal_note_once (LsJournal *self,
                      const char *app,
                      const char *what,
                      const char *subject,
                      const char *outcome)
{
  const LsUser *user;
  Notes *notes;
  g_autofree char *key = NULL;

  g_return_if_fail (LS_IS_JOURNAL (self));

  user = ls_agent_get_user (self->agent);
  if (user == NULL)
    return;

  set_user (self, user);
  notes = ensure_notes (self, app);
  key = g_strjoin ("\n", what, subject, outcome, NULL);
  if (g_hash_table_contains (notes->noted, key) || !take_line (self, notes, FALSE))
    return;

  if (g_hash_table_size (notes->noted) >= MAX_NOTED)
    g_hash_table_remove_all (notes->noted);
  g_hash_table_add (notes->noted, g_steal_pointer (&key));
  append (self, app, what, subject, outcome, FALSE);
}
