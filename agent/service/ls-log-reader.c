/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-log-reader.h"

#include <string.h>

#include "ls-subscriber.h"
#include "ls-window.h"

/* How many pages are kept for those who are about to come past: twice a window. */
#define MAX_PAGES (2 * LS_WINDOW_EVENTS / LS_BATCH_EVENTS)

typedef struct
{
  LsLogReadFunc func;
  gpointer user_data;
} Waiter;

/* A page that is under way. */
typedef struct
{
  LsLogReader *reader; /* (owned) */
  guint64 after_seq;
  guint64 newest;  /* in the log when it was asked for */
  gboolean *types; /* (owned) */
  GArray *waiters; /* (element-type Waiter) (owned) */
} Read;

/**
 * LsLogReader:
 *
 * Reads the log for all subscriptions. Those that stand at the same place get the same page, which
 * is read once and put into the bus's form once; what was just committed need not be read at all.
 * While somebody is about to come past, the last pages are kept; else none.
 */
struct _LsLogReader
{
  GObject parent_instance;

  LsAgent *agent;       /* (unowned): it has our handlers, and outlives whoever reads */
  GQueue pages;         /* (element-type LsLogPage) (owned), oldest first */
  GPtrArray *committed; /* (element-type LsLogPage) (owned): of the commit that is being told */
  GPtrArray *reads; /* (element-type Read) (unowned): under way, and of the store that is open */
  guint n_holds;    /* of ls_log_reader_hold() */
};

G_DEFINE_FINAL_TYPE (LsLogReader, ls_log_reader, G_TYPE_OBJECT)

static void
read_free (Read *read)
{
  g_object_unref (read->reader);
  g_free (read->types);
  g_array_unref (read->waiters);
  g_free (read);
}

static void
drop_pages (LsLogReader *self)
{
  g_queue_clear_full (&self->pages, (GDestroyNotify)ls_log_page_unref);
}

static void
forget (LsLogReader *self)
{
  drop_pages (self);
  g_ptr_array_set_size (self->committed, 0);
}

static void
ls_log_reader_finalize (GObject *object)
{
  LsLogReader *self = LS_LOG_READER (object);

  forget (self);
  g_ptr_array_unref (self->committed);
  g_ptr_array_unref (self->reads);

  G_OBJECT_CLASS (ls_log_reader_parent_class)->finalize (object);
}

static void
ls_log_reader_class_init (LsLogReaderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_log_reader_finalize;
}

static void
ls_log_reader_init (LsLogReader *self)
{
  g_queue_init (&self->pages);
  self->committed = g_ptr_array_new_with_free_func ((GDestroyNotify)ls_log_page_unref);
  self->reads = g_ptr_array_new ();
}

static void
keep (LsLogReader *self, LsLogPage *page)
{
  g_queue_push_tail (&self->pages, ls_log_page_ref (page));
  if (self->pages.length > MAX_PAGES)
    ls_log_page_unref (g_queue_pop_head (&self->pages));
}

static gboolean
is_full (LsLogPage *page, gsize size)
{
  return page->events->len > 0 && (page->events->len == LS_BATCH_EVENTS || size > LS_BATCH_SIZE);
}

/* Where a commit begins in the log: before the first of its events that is in it. */
static guint64
begin_of (LsLogReader *self, GPtrArray *events)
{
  for (guint i = 0; i < events->len; i++)
    {
      const LsEvent *event = g_ptr_array_index (events, i);

      if (event->seq > 0)
        return event->seq - 1;
    }

  return ls_agent_get_last_seq (self->agent);
}

/* A page at the end of what was committed, for more events after @up_to. */
static LsLogPage *
add_page (LsLogReader *self, guint64 up_to)
{
  g_autoptr (GPtrArray) nothing = ls_event_array_new ();
  LsLogPage *page = ls_log_page_new (up_to, up_to, NULL, nothing);

  g_ptr_array_add (self->committed, page);
  return page;
}

/* Cuts into pages what is in the log of @events, or what is not (presence). Returns: up to where
 * they go */
static guint64
cut (LsLogReader *self, GPtrArray *events, gboolean in_log, guint64 up_to)
{
  LsLogPage *page = NULL;
  gsize size = 0;

  for (guint i = 0; i < events->len; i++)
    {
      LsEvent *event = g_ptr_array_index (events, i);

      if ((event->seq != 0) != in_log)
        continue;
      size += ls_event_get_size (event);
      if (page == NULL || is_full (page, size))
        {
          page = add_page (self, up_to);
          size = ls_event_get_size (event);
        }
      g_ptr_array_add (page->events, ls_event_ref (event));
      up_to = MAX (up_to, event->seq);
      page->up_to = up_to;
    }
  return up_to;
}

/* What is not in the log comes last, in pages that are not kept: it is of interest now or never. */
static void
on_agent_events_committed (LsAgent *agent, GPtrArray *events, LsLogReader *self)
{
  guint64 up_to;

  g_ptr_array_set_size (self->committed, 0);
  up_to = cut (self, events, TRUE, begin_of (self, events));
  for (guint i = 0; i < self->committed->len; i++)
    keep (self, self->committed->pdata[i]);
  cut (self, events, FALSE, up_to);
}

/* By now whoever could not take all of it has said so. */
static void
on_agent_events_told (LsAgent *agent, GPtrArray *events, LsLogReader *self)
{
  g_ptr_array_set_size (self->committed, 0);
  if (self->n_holds == 0)
    drop_pages (self);
}

static void
on_agent_account_changed (LsAgent *agent, LsLogReader *self)
{
  /* The pages may be another store's, and so may be what is under way. */
  forget (self);
  g_ptr_array_set_size (self->reads, 0);
}

/**
 * ls_log_reader_new:
 * @agent: the agent
 *
 * Has to be made before whoever uses it connects to LsAgent::events-committed.
 *
 * Returns: (transfer full): a reader
 */
LsLogReader *
ls_log_reader_new (LsAgent *agent)
{
  LsLogReader *self = g_object_new (LS_TYPE_LOG_READER, NULL);

  self->agent = agent;
  g_signal_connect_object (agent, "events-committed", G_CALLBACK (on_agent_events_committed), self,
                           0);
  g_signal_connect_object (agent, "events-committed", G_CALLBACK (on_agent_events_told), self,
                           G_CONNECT_AFTER);
  g_signal_connect_object (agent, "account-changed", G_CALLBACK (on_agent_account_changed), self,
                           0);
  return self;
}

/**
 * ls_log_reader_hold:
 * @self: a reader
 *
 * Somebody is behind and about to come past the pages that are kept. To be answered by one of
 * ls_log_reader_release().
 */
void
ls_log_reader_hold (LsLogReader *self)
{
  g_return_if_fail (LS_IS_LOG_READER (self));

  self->n_holds++;
}

/**
 * ls_log_reader_release:
 * @self: a reader
 *
 * Undoes ls_log_reader_hold().
 */
void
ls_log_reader_release (LsLogReader *self)
{
  g_return_if_fail (LS_IS_LOG_READER (self) && self->n_holds > 0);

  self->n_holds--;
  if (self->n_holds == 0)
    drop_pages (self);
}

/**
 * ls_log_reader_get_committed:
 * @self: a reader
 *
 * Returns: (transfer none) (element-type LsLogPage): while LsAgent::events-committed is told, its
 *   events in pages
 */
GPtrArray *
ls_log_reader_get_committed (LsLogReader *self)
{
  g_return_val_if_fail (LS_IS_LOG_READER (self), NULL);

  return self->committed;
}

static gboolean
same_types (const gboolean *a, const gboolean *b)
{
  return memcmp (a, b, sizeof (gboolean) * ls_event_type_get_count ()) == 0;
}

/**
 * ls_log_reader_find:
 * @self: a reader
 * @after_seq: a place in the log
 * @types: (array): which events are wanted, indexed by #LsEventType
 *
 * Returns: (transfer full) (nullable): a page in memory with what comes next
 */
LsLogPage *
ls_log_reader_find (LsLogReader *self, guint64 after_seq, const gboolean *types)
{
  g_return_val_if_fail (LS_IS_LOG_READER (self), NULL);

  for (GList *link = self->pages.tail; link != NULL; link = link->prev)
    {
      LsLogPage *page = link->data;

      if (after_seq >= page->after_seq && after_seq < page->up_to &&
          (page->types == NULL || same_types (page->types, types)))
        return ls_log_page_ref (page);
    }

  return NULL;
}

/**
 * ls_log_check_gapless:
 * @page: a page from the store
 * @error: %LS_ERROR_CURSOR_EXPIRED
 *
 * To the store, 0 is the beginning of what is kept; an app that has nothing yet misses what is gone.
 *
 * Returns: whether nothing is missing between the place that was asked for and @page
 */
gboolean
ls_log_check_gapless (const LsEventPage *page, GError **error)
{
  if (page->gapless)
    return TRUE;

  g_set_error (error, LS_ERROR, LS_ERROR_CURSOR_EXPIRED, "the events after the cursor are gone");
  return FALSE;
}

static void
store_read_events_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Read *read = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsEventPage) events = ls_store_read_events_finish (LS_STORE (object), result, &error);
  g_autoptr (LsLogPage) page = NULL;

  if (events != NULL && ls_log_check_gapless (events, &error))
    page = ls_log_page_new (read->after_seq,
                            events->more ? events->last_seq : MAX (events->last_seq, read->newest),
                            read->types, events->events);
  /* It is no longer one of ours if the account has changed meanwhile. */
  if (g_ptr_array_remove (read->reader->reads, read) && page != NULL)
    keep (read->reader, page);
  for (guint i = 0; i < read->waiters->len; i++)
    {
      Waiter waiter = g_array_index (read->waiters, Waiter, i);

      waiter.func (page, error, waiter.user_data);
    }
  if (read->reader->n_holds == 0)
    drop_pages (read->reader);
  read_free (read);
}

static Read *
find_read (LsLogReader *self, guint64 after_seq, const gboolean *types)
{
  for (guint i = 0; i < self->reads->len; i++)
    {
      Read *read = g_ptr_array_index (self->reads, i);

      if (read->after_seq == after_seq && same_types (read->types, types))
        return read;
    }
  return NULL;
}

/**
 * ls_log_reader_read:
 * @self: a reader
 * @after_seq: a place in the log
 * @types: (array): which events are wanted, indexed by #LsEventType
 * @func: called later, once
 * @user_data: for @func
 *
 * Reads what comes next from the store.
 */
void
ls_log_reader_read (LsLogReader *self,
                    guint64 after_seq,
                    const gboolean *types,
                    LsLogReadFunc func,
                    gpointer user_data)
{
  const Waiter waiter = { func, user_data };
  Read *read;

  g_return_if_fail (LS_IS_LOG_READER (self));

  read = find_read (self, after_seq, types);
  if (read == NULL)
    {
      read = g_new0 (Read, 1);
      read->reader = g_object_ref (self);
      read->after_seq = after_seq;
      read->newest = ls_agent_get_last_seq (self->agent);
      read->types = g_memdup2 (types, sizeof (gboolean) * ls_event_type_get_count ());
      read->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
      g_ptr_array_add (self->reads, read);
      ls_store_read_events_async (ls_agent_get_store (self->agent), after_seq, types,
                                  LS_BATCH_EVENTS, LS_BATCH_SIZE, store_read_events_cb, read);
    }
  g_array_append_val (read->waiters, waiter);
}
