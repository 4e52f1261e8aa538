/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-journal.h"

/* How many different things are remembered to have been noted. */
#define MAX_NOTED 1000

/**
 * LsJournal:
 *
 * Writes the audit: adds to what an app did who was signed in, and when. What is done all the time, such
 * as reading, is noted once by app and user until the agent ends.
 */
struct _LsJournal
{
  GObject parent_instance;

  LsAgent *agent;    /* (owned) */
  LsClock *clock;    /* (owned) */
  LsAudit *audit;    /* (owned) */
  GHashTable *noted; /* (owned) (element-type utf8): a set */
};

G_DEFINE_FINAL_TYPE (LsJournal, ls_journal, G_TYPE_OBJECT)

static void
ls_journal_finalize (GObject *object)
{
  LsJournal *self = LS_JOURNAL (object);

  g_clear_object (&self->agent);
  g_clear_object (&self->clock);
  g_clear_object (&self->audit);
  g_hash_table_unref (self->noted);

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
  self->noted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
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

/**
 * ls_journal_note:
 * @self: a journal
 * @app: what an app is called
 * @what: what it did, a word
 * @subject: with what: an entity, `ENTITY/ID`, or empty
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
  LsAuditEntry entry = { .app = (char *)app,
                         .what = (char *)what,
                         .subject = (char *)subject,
                         .outcome = (char *)outcome,
                         .sent = sent };
  const LsUser *user;

  g_return_if_fail (LS_IS_JOURNAL (self));

  user = ls_agent_get_user (self->agent);
  if (user == NULL)
    return;

  entry.at = ls_clock_get_wall (self->clock);
  entry.user = user->id;
  ls_audit_append (self->audit, &entry);
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
  g_autofree char *key = NULL;

  g_return_if_fail (LS_IS_JOURNAL (self));

  user = ls_agent_get_user (self->agent);
  key = g_strjoin ("\n", user != NULL ? user->id : "", app, what, subject, outcome, NULL);
  if (g_hash_table_contains (self->noted, key))
    return;

  if (g_hash_table_size (self->noted) >= MAX_NOTED)
    g_hash_table_remove_all (self->noted);
  g_hash_table_add (self->noted, g_steal_pointer (&key));
  ls_journal_note (self, app, what, subject, outcome, FALSE);
}
