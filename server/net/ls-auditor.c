/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-auditor.h"

/* How long entries are collected. What a crash takes with it is no older. Seconds. */
#define INTERVAL 5

/* Different refusals of one interval; what is over that is counted without who and what, so that nobody
 * fills the disk by being refused. */
#define MAX_REFUSALS 500

/* The same of people who have not said who they are. They do not take the place of others. */
#define MAX_STRANGERS 100

/* Broadcasts that are written at once, however short ago the last time was. */
#define MAX_BROADCASTS 5000

struct _LsAuditor
{
  LsSchool *school;     /* (owned) */
  GHashTable *refusals; /* (owned) (element-type LsAuditEntry): a set */
  guint n_strangers;    /* how many of them are of nobody we know */
  GHashTable
      *broadcasts; /* (owned) (element-type gint64 LsAuditEntry): by their place in the log */
  guint flush_id;
};

static guint
hash_text (const char *text)
{
  return text != NULL ? g_str_hash (text) : 0;
}

static guint
entry_hash (gconstpointer data)
{
  const LsAuditEntry *entry = data;

  return hash_text (entry->outcome) ^ hash_text (entry->user_id) ^ hash_text (entry->address) ^
         hash_text (entry->subject);
}

static gboolean
entry_equal (gconstpointer data_a, gconstpointer data_b)
{
  const LsAuditEntry *a = data_a, *b = data_b;

  return a->kind == b->kind && g_strcmp0 (a->outcome, b->outcome) == 0 &&
         g_strcmp0 (a->user_id, b->user_id) == 0 && g_strcmp0 (a->address, b->address) == 0 &&
         g_strcmp0 (a->subject, b->subject) == 0;
}

/**
 * ls_auditor_new:
 * @school: the school
 *
 * Returns: (transfer full): an auditor with nothing to write yet
 */
LsAuditor *
ls_auditor_new (LsSchool *school)
{
  LsAuditor *self;

  g_return_val_if_fail (LS_IS_SCHOOL (school), NULL);

  self = g_new0 (LsAuditor, 1);
  self->school = g_object_ref (school);
  self->refusals =
      g_hash_table_new_full (entry_hash, entry_equal, (GDestroyNotify)ls_audit_entry_free, NULL);
  self->broadcasts = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL,
                                            (GDestroyNotify)ls_audit_entry_free);
  return self;
}

/**
 * ls_auditor_free:
 * @self: (transfer full): an auditor
 *
 * Writes what there is, and frees it.
 */
void
ls_auditor_free (LsAuditor *self)
{
  ls_auditor_flush (self);
  g_hash_table_unref (self->refusals);
  g_hash_table_unref (self->broadcasts);
  g_object_unref (self->school);
  g_free (self);
}

static gboolean
on_flush (gpointer user_data)
{
  LsAuditor *self = user_data;

  self->flush_id = 0;
  ls_auditor_flush (self);
  return G_SOURCE_REMOVE;
}

static void
schedule (LsAuditor *self)
{
  if (self->flush_id == 0)
    self->flush_id = g_timeout_add_seconds (INTERVAL, on_flush, self);
}

static void
generalise (LsAuditEntry *entry)
{
  g_clear_pointer (&entry->user_id, g_free);
  g_clear_pointer (&entry->address, g_free);
  g_clear_pointer (&entry->subject, g_free);
}

static gboolean
is_of_stranger (const LsAuditEntry *entry)
{
  return entry->user_id == NULL && !g_str_equal (entry->outcome, LS_AUDIT_OK);
}

static gboolean
has_room (LsAuditor *self, gboolean is_stranger)
{
  return is_stranger ? self->n_strangers < MAX_STRANGERS
                     : g_hash_table_size (self->refusals) - self->n_strangers < MAX_REFUSALS;
}

/**
 * ls_auditor_add:
 * @self: an auditor
 * @entry: (transfer full): a refusal, or what happens as often
 *
 * Notes it. What a stranger asked for is not told apart: it is theirs to make up.
 */
void
ls_auditor_add (LsAuditor *self, LsAuditEntry *entry)
{
  LsAuditEntry *same;
  gboolean is_stranger;

  g_return_if_fail (self != NULL && entry != NULL);

  is_stranger = is_of_stranger (entry);
  if (is_stranger)
    g_clear_pointer (&entry->subject, g_free);

  same = g_hash_table_lookup (self->refusals, entry);
  if (same == NULL && !has_room (self, is_stranger))
    {
      generalise (entry);
      same = g_hash_table_lookup (self->refusals, entry);
    }

  if (same != NULL)
    {
      same->count += entry->count;
      ls_audit_entry_free (entry);
    }
  else
    {
      g_hash_table_add (self->refusals, entry);
      self->n_strangers += is_stranger ? 1 : 0;
    }
  schedule (self);
}

static LsAuditEntry *
new_broadcast (const LsEvent *event)
{
  g_autofree char *subject =
      g_strdup_printf ("%s %s", ls_event_type_to_string (event->type), event->entity_id);
  LsAuditEntry *entry = ls_audit_entry_new (LS_AUDIT_BROADCAST, LS_AUDIT_OK, NULL, subject);

  entry->offset = event->offset;
  return entry;
}

/**
 * ls_auditor_count_recipient:
 * @self: an auditor
 * @event: what was sent to a connection that was there when it happened
 *
 * Counts the connection among those that the event went to.
 */
void
ls_auditor_count_recipient (LsAuditor *self, const LsEvent *event)
{
  LsAuditEntry *entry;

  g_return_if_fail (self != NULL && event != NULL);

  if (event->offset <= 0)
    {
      ls_auditor_add (self, new_broadcast (event));
      return;
    }

  entry = g_hash_table_lookup (self->broadcasts, &event->offset);
  if (entry != NULL)
    {
      entry->count++;
      return;
    }

  if (g_hash_table_size (self->broadcasts) >= MAX_BROADCASTS)
    ls_auditor_flush (self);
  entry = new_broadcast (event);
  g_hash_table_insert (self->broadcasts, &entry->offset, entry);
  schedule (self);
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  const LsAuditEntry *first = *(const LsAuditEntry *const *)a;
  const LsAuditEntry *second = *(const LsAuditEntry *const *)b;

  if (first->time == second->time)
    return first->offset < second->offset ? -1 : first->offset > second->offset;
  return first->time < second->time ? -1 : 1;
}

static void
collect (GHashTable *from, GPtrArray *entries)
{
  GHashTableIter iter;
  gpointer entry;

  g_hash_table_iter_init (&iter, from);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    g_ptr_array_add (entries, entry);
}

/**
 * ls_auditor_flush:
 * @self: an auditor
 *
 * Writes what there is.
 */
void
ls_auditor_flush (LsAuditor *self)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;

  g_return_if_fail (self != NULL);

  g_clear_handle_id (&self->flush_id, g_source_remove);
  collect (self->refusals, entries);
  collect (self->broadcasts, entries);
  g_ptr_array_sort (entries, compare_times);

  if (entries->len > 0 && !ls_school_audit (self->school, entries, &error))
    g_warning ("Could not write %u entries of the audit: %s", entries->len, error->message);
  g_hash_table_remove_all (self->refusals);
  self->n_strangers = 0;
  g_hash_table_remove_all (self->broadcasts);
}
