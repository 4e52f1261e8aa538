/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-store-fixture.h"

#include "ls-error.h"
#include "ls-fake-store.h"
#include "ls-remove-tree.h"
#include "ls-store-sqlite.h"

static void
start_on_disk (LsStoreFixture *f)
{
  f->store = LS_STORE (ls_store_sqlite_new (f->dir));
  if (f->keys != NULL)
    ls_store_sqlite_set_encryption (LS_STORE_SQLITE (f->store), LS_STORE_KEYS (f->keys), TRUE);
}

/**
 * ls_store_fixture_set_up:
 * @f: a fixture
 * @data: "fake", "sqlite" or "encrypted"
 *
 * Makes a store with nothing open.
 */
void
ls_store_fixture_set_up (LsStoreFixture *f, gconstpointer data)
{
  if (g_str_equal (data, "fake"))
    {
      f->store = LS_STORE (ls_fake_store_new ());
      return;
    }
  f->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  if (g_str_equal (data, "encrypted"))
    f->keys = ls_fake_store_keys_new ();
  start_on_disk (f);
}

/**
 * ls_store_fixture_tear_down:
 * @f: a fixture
 * @data: not used
 *
 * Removes what is on the disk.
 */
void
ls_store_fixture_tear_down (LsStoreFixture *f, gconstpointer data)
{
  g_assert_finalize_object (f->store);
  if (f->dir != NULL)
    ls_remove_tree (f->dir);
  g_free (f->dir);
  g_clear_object (&f->keys);
}

/**
 * ls_store_fixture_open:
 * @f: a fixture
 * @user: whose store it is
 *
 * Returns: (transfer full): what is in it
 */
LsStoreState *
ls_store_fixture_open (LsStoreFixture *f, const char *user)
{
  g_autoptr (GError) error = NULL;
  LsStoreState *state = ls_call_open (f->store, LS_STORE_FIXTURE_SERVER, user, &error);

  g_assert_no_error (error);
  return state;
}

/**
 * ls_store_fixture_open_quietly:
 * @f: a fixture
 *
 * Opens the store of the user "u".
 */
void
ls_store_fixture_open_quietly (LsStoreFixture *f)
{
  ls_store_state_free (ls_store_fixture_open (f, "u"));
}

/**
 * ls_store_fixture_restart:
 * @f: a fixture
 *
 * The process ends, and another begins.
 */
void
ls_store_fixture_restart (LsStoreFixture *f)
{
  if (LS_IS_FAKE_STORE (f->store))
    {
      ls_fake_store_crash (LS_FAKE_STORE (f->store));
      return;
    }
  g_assert_finalize_object (f->store);
  start_on_disk (f);
}

/**
 * ls_store_fixture_make_event:
 * @type: a known type
 * @id: of the entity
 * @data: JSON
 * @version: of the entity
 *
 * Returns: (transfer full): an event of a teacher
 */
LsEvent *
ls_store_fixture_make_event (const char *type, const char *id, const char *data, gint64 version)
{
  LsEvent *event = ls_event_new (ls_event_type_from_string (type), id, data);

  g_assert_cmpint (event->type, !=, LS_EVENT_TYPE_INVALID);
  event->version = version;
  event->timestamp = 77;
  g_free (event->user_role);
  event->user_role = g_strdup ("teacher");
  g_free (event->user_id);
  event->user_id = g_strdup ("t1");
  return event;
}

/**
 * ls_store_fixture_make_change_set:
 * @event: (transfer full) (nullable): what is in it
 * @offset: of its cursor; 0: it has none
 *
 * Returns: (transfer full): a change set; its time is 1000 + @offset
 */
LsChangeSet *
ls_store_fixture_make_change_set (LsEvent *event, gint64 offset)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();

  if (event != NULL)
    g_ptr_array_add (events, event);
  return ls_change_set_new (events, offset != 0 ? ls_cursor_new ("e", offset) : LS_CURSOR_NONE,
                            1000 + offset);
}

/**
 * ls_store_fixture_commit:
 * @f: a fixture
 * @event: (transfer full) (nullable): what came
 * @offset: of its cursor; 0: it has none
 *
 * Returns: (transfer full): what the commit did
 */
LsCommit *
ls_store_fixture_commit (LsStoreFixture *f, LsEvent *event, gint64 offset)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsChangeSet) set = ls_store_fixture_make_change_set (event, offset);
  LsCommit *done = ls_call_commit (f->store, set, &error);

  g_assert_no_error (error);
  return done;
}

/**
 * ls_store_fixture_put:
 * @f: a fixture
 * @type: of an event that came, see ls_store_fixture_make_event()
 * @id: of the entity
 * @data: JSON
 * @version: of the entity
 * @offset: of the cursor; 0: there is none
 *
 * Commits it.
 *
 * Returns: the event's `seq`; 0: it was dropped
 */
guint64
ls_store_fixture_put (LsStoreFixture *f,
                      const char *type,
                      const char *id,
                      const char *data,
                      gint64 version,
                      gint64 offset)
{
  g_autoptr (LsCommit) done =
      ls_store_fixture_commit (f, ls_store_fixture_make_event (type, id, data, version), offset);

  g_assert_cmpuint (done->events->len + done->n_dropped, ==, 1);
  return done->events->len > 0 ? ((LsEvent *)done->events->pdata[0])->seq : 0;
}

/**
 * ls_store_fixture_get:
 * @f: a fixture
 * @entity: which
 * @id: of a row
 *
 * Returns: (transfer full) (nullable): the row; %NULL: there is none
 */
LsRow *
ls_store_fixture_get (LsStoreFixture *f, LsEntity entity, const char *id)
{
  g_autoptr (GError) error = NULL;
  LsRow *row = ls_call_get (f->store, entity, id, &error);

  if (row == NULL)
    g_assert_error (error, LS_ERROR, LS_ERROR_NOT_FOUND);
  return row;
}

/**
 * ls_store_fixture_read_seqs:
 * @f: a fixture
 * @after_seq: after which event
 *
 * Returns: (transfer full): the `seq` of all events after it, as text; "expired" if they are gone
 */
char *
ls_store_fixture_read_seqs (LsStoreFixture *f, guint64 after_seq)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsEventPage) page =
      ls_call_read_events (f->store, after_seq, NULL, G_MAXUINT, G_MAXSIZE, &error);
  GString *text = g_string_new (NULL);

  if (page == NULL)
    {
      g_assert_error (error, LS_ERROR, LS_ERROR_CURSOR_EXPIRED);
      g_string_append (text, "expired");
    }
  for (guint i = 0; page != NULL && i < page->events->len; i++)
    g_string_append_printf (text, "%s%" G_GUINT64_FORMAT, i > 0 ? " " : "",
                            ((LsEvent *)page->events->pdata[i])->seq);
  return g_string_free (text, FALSE);
}

/**
 * ls_store_fixture_list_ids:
 * @f: a fixture
 * @query: what is looked for; at the end it begins anew
 *
 * Returns: (transfer full): the ids, page by page: "a b|c d"
 */
char *
ls_store_fixture_list_ids (LsStoreFixture *f, LsListQuery *query)
{
  GString *text = g_string_new (NULL);

  do
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (LsRowPage) page = ls_call_list (f->store, query, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (page->rows->len, <=, query->limit);
      for (guint i = 0; i < page->rows->len; i++)
        g_string_append_printf (text, "%s%s", i > 0 ? " " : "",
                                ((LsRow *)page->rows->pdata[i])->id);
      g_free (query->after);
      query->after = g_steal_pointer (&page->next);
      if (query->after != NULL)
        g_string_append_c (text, '|');
    }
  while (query->after != NULL);
  return g_string_free (text, FALSE);
}

/**
 * ls_store_fixture_count:
 * @f: a fixture
 *
 * Returns: (transfer full): how much there is in the store
 */
LsStoreStatistics *
ls_store_fixture_count (LsStoreFixture *f)
{
  LsStoreStatistics *counts = ls_call_statistics (f->store, NULL);

  g_assert_nonnull (counts);
  return counts;
}
