/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-sim-agent.h"

#include <string.h>

#include "ls-json.h"
#include "ls-wire-classic.h"

/* A question of the app to the store; void once the process has crashed. */
typedef struct
{
  LsSimAgent *agent; /* (unowned) */
  guint64 life;
  LsEntity entity; /* that is listed */
} Question;

static Question *
question_new (LsSimAgent *self)
{
  Question *question = g_new0 (Question, 1);

  question->agent = self;
  question->life = self->life;
  return question;
}

static gboolean
question_is_void (Question *question)
{
  return question->life != question->agent->life;
}

static void
question_free (Question *question)
{
  g_free (question);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Question, question_free)

static char *
key_of (LsEntity entity, const char *id)
{
  return g_strdup_printf ("%s/%s", ls_entity_to_string (entity), id);
}

/* The app */

/* What is told of a row is never older than what was told before, unless the server itself went
 * back in time. */
static void
check_order (LsSimAgent *self, const char *key, const char *data)
{
  const char *number = strstr (data, "\"n\":");
  const char *before = g_hash_table_lookup (self->numbers, key);

  if (number == NULL)
    return;

  number += strlen ("\"n\":");
  ls_sim_check (self->sim,
                before == NULL ||
                    g_ascii_strtoll (before, NULL, 10) <=
                        ls_model_server_get_restored (self->server) ||
                    g_ascii_strtoll (number, NULL, 10) > g_ascii_strtoll (before, NULL, 10),
                "%s was told twice or out of order: %s after %s", key, number, before);
  g_hash_table_insert (self->numbers, g_strdup (key), g_strdup (number));
}

static void
take_event (LsSimAgent *self, const LsEvent *event)
{
  g_autofree char *key = key_of (ls_event_get_entity (event), event->entity_id);
  LsChangeKind change = ls_event_type_get_change (event->type);

  if (event->seq <= self->last_seq)
    return;

  ls_sim_trace (self->sim, "     app: %" G_GUINT64_FORMAT " %s %s", event->seq,
                ls_event_type_to_string (event->type), event->data);
  ls_sim_check (self->sim, event->seq == self->last_seq + 1,
                "the app was told %" G_GUINT64_FORMAT " after %" G_GUINT64_FORMAT, event->seq,
                self->last_seq);
  self->last_seq = event->seq;
  check_order (self, key, event->data);
  if (change == LS_CHANGE_DELETED)
    g_hash_table_remove (self->rows, key);
  else
    g_hash_table_insert (self->rows, g_strdup (key), g_strdup (event->data));
}

static void
on_events_committed (LsAgent *agent, GPtrArray *events, LsSimAgent *self)
{
  for (guint i = 0; i < events->len; i++)
    {
      const LsEvent *event = events->pdata[i];
      g_autofree char *key = key_of (ls_event_get_entity (event), event->entity_id);

      g_hash_table_remove (self->dirty, key);
      if (!self->is_behind)
        take_event (self, event);
    }
}

static void
on_rows_changed (LsAgent *agent, guint entity, GStrv ids, LsSimAgent *self)
{
  for (guint i = 0; ids[i] != NULL; i++)
    g_hash_table_add (self->dirty, key_of ((LsEntity)entity, ids[i]));
}

static gboolean
has_prefix (gpointer key, gpointer value, gpointer prefix)
{
  return g_str_has_prefix (key, prefix);
}

/* What an app lists is all there is. */
static void
got_list_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (LsRowPage) page = ls_store_list_finish (LS_STORE (object), result, NULL);
  LsSimAgent *self = question->agent;
  g_autofree char *prefix = NULL;

  if (question_is_void (question) || page == NULL)
    return;

  prefix = key_of (question->entity, "");
  g_hash_table_foreach_remove (self->rows, has_prefix, prefix);
  for (guint i = 0; i < page->rows->len; i++)
    {
      const LsRow *row = page->rows->pdata[i];

      g_hash_table_insert (self->rows, key_of (row->entity, row->id), g_strdup (row->data));
      self->has_baseline[row->entity] = TRUE;
    }
}

static void
list_rows (LsSimAgent *self, LsEntity entity)
{
  g_autoptr (LsListQuery) query = ls_list_query_new (entity);
  Question *question = question_new (self);

  question->entity = entity;
  ls_store_list_async (LS_STORE (self->store), query, got_list_cb, question);
}

/* Rows of a first baseline are told as changed, and no event says what they are: the app reads
 * them. */
static void
read_dirty_rows (LsSimAgent *self)
{
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      g_autofree char *prefix = key_of ((LsEntity)i, "");
      GHashTableIter iter;
      gpointer key;
      gboolean is_dirty = FALSE;

      g_hash_table_iter_init (&iter, self->dirty);
      while (g_hash_table_iter_next (&iter, &key, NULL))
        is_dirty = is_dirty || g_str_has_prefix (key, prefix);
      if (is_dirty)
        list_rows (self, (LsEntity)i);
    }
  g_hash_table_remove_all (self->dirty);
}

static void
got_events_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsEventPage) page = ls_store_read_events_finish (LS_STORE (object), result, &error);
  LsSimAgent *self = question->agent;

  if (question_is_void (question))
    return;

  ls_sim_check (self->sim, page != NULL, "the app's cursor is not good any more: %s",
                error->message);
  ls_sim_check (self->sim, !page->more, "the log did not fit into a page");
  for (guint i = 0; i < page->events->len; i++)
    take_event (self, page->events->pdata[i]);
  self->is_behind = FALSE;
}

/* The process was restarted, and its store is open: the app goes on from its cursor. Of an entity
 * whose first baseline it may not have heard of, it lists the rows. */
static void
catch_up (LsSimAgent *self)
{
  self->is_reading = TRUE;
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    if (!self->has_baseline[i])
      list_rows (self, (LsEntity)i);
  ls_store_read_events_async (LS_STORE (self->store), self->last_seq, NULL, 100000, G_MAXSIZE,
                              got_events_cb, question_new (self));
}

static void
on_account_changed (LsAgent *agent, LsSimAgent *self)
{
  gboolean is_open = ls_agent_get_store_id (agent) != NULL;

  if (!is_open)
    {
      self->life++; /* of the store: what was asked of it before is void */
      self->is_behind = TRUE;
      self->is_reading = FALSE;
    }
  else if (self->is_behind && !self->is_reading)
    {
      catch_up (self);
    }
}

static void
on_state_changed (LsAgent *agent, int old_state, int new_state, int reason, LsSimAgent *self)
{
  ls_sim_trace (self->sim, "== %s (%s)", ls_state_to_string ((LsState)new_state),
                ls_reason_to_string ((LsReason)reason));
}

/* The disk */

static void
on_disk (gpointer user_data)
{
  LsSimAgent *self = user_data;

  self->step = 0;
  ls_fake_store_step (self->store);
}

static void
on_settled (gpointer user_data)
{
  LsSimAgent *self = user_data;

  if (g_hash_table_size (self->dirty) > 0)
    read_dirty_rows (self);
  if (self->step == 0 && ls_fake_store_count_pending (self->store) > 0)
    self->step = ls_sim_after (self->sim, ls_sim_below (self->sim, self->disk), on_disk, self);
}

/* The process */

/**
 * ls_sim_agent_new:
 * @sim: the world; outlives it
 * @server: the server; outlives it
 *
 * Returns: (transfer full): an agent that runs, on a good link, with nobody signed in
 */
LsSimAgent *
ls_sim_agent_new (LsSim *sim, LsModelServer *server)
{
  LsSimAgent *self = g_new0 (LsSimAgent, 1);

  self->sim = sim;
  self->server = server;
  self->link = (LsSimLink) { .latency = 50, .upgrade_works = TRUE };
  self->disk = 5;
  self->network = ls_fake_network_new ();
  self->secrets = ls_fake_secrets_new (LS_CLOCK (sim->clock));
  self->store = ls_fake_store_new ();
  ls_fake_store_set_manual (self->store, TRUE);
  self->config = ls_config_new ();
  self->config->server = g_strdup ("http://server");
  self->config->entities = 1u << LS_ENTITY_GRADE | 1u << LS_ENTITY_MESSAGE;
  self->rows = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->numbers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->dirty = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  sim->settled = on_settled;
  sim->settled_data = self;
  ls_sim_agent_start (self);
  return self;
}

/**
 * ls_sim_agent_start:
 * @self: an agent that has crashed
 *
 * Starts the process.
 */
void
ls_sim_agent_start (LsSimAgent *self)
{
  LsAgentPorts ports = {
    .clock = LS_CLOCK (self->sim->clock),
    .random = self->sim->chance,
    .network = LS_NETWORK (self->network),
    .secrets = LS_SECRETS (self->secrets),
    .store = LS_STORE (self->store),
    .token_reader = { ls_model_token_get_issued, ls_model_token_get_expiry,
                      ls_model_token_get_user },
    .data_reader = { ls_wire_data_get_text, ls_json_with_members },
  };

  self->transport = ls_sim_transport_new (self->sim, self->server, &self->link);
  ports.transport = LS_TRANSPORT (self->transport);
  self->agent = ls_agent_new (&ports, self->config);
  self->user = g_cancellable_new ();
  g_signal_connect (self->agent, "events-committed", G_CALLBACK (on_events_committed), self);
  g_signal_connect (self->agent, "rows-changed", G_CALLBACK (on_rows_changed), self);
  g_signal_connect (self->agent, "account-changed", G_CALLBACK (on_account_changed), self);
  g_signal_connect (self->agent, "state-changed", G_CALLBACK (on_state_changed), self);
  self->is_behind = TRUE;
  self->is_reading = FALSE;
  ls_agent_start (self->agent);
}

/**
 * ls_sim_agent_crash:
 * @self: an agent that runs
 *
 * The process is gone at once. The app and what is on the disk stay.
 */
void
ls_sim_agent_crash (LsSimAgent *self)
{
  self->life++;
  g_cancellable_cancel (self->user);
  g_clear_object (&self->user);
  g_signal_handlers_disconnect_by_data (self->agent, self);
  ls_fake_store_crash (self->store);
  g_hash_table_remove_all (self->dirty);
  g_object_run_dispose (G_OBJECT (self->agent));
  ls_sim_cancel (self->sim, &self->step);
  ls_sim_settle (self->sim);
  ls_sim_check (self->sim, ls_sim_transport_count_pending (self->transport) == 0,
                "%u calls are left", ls_sim_transport_count_pending (self->transport));
  ls_sim_check (self->sim, G_OBJECT (self->agent)->ref_count == 1, "the agent is still in use");
  g_clear_object (&self->agent);
  ls_sim_check (self->sim, G_OBJECT (self->transport)->ref_count == 1,
                "the transport is still in use");
  g_clear_object (&self->transport);
}

/**
 * ls_sim_agent_free:
 * @self: (transfer full): an agent that runs
 *
 * Ends the process and checks that nothing is left of it.
 */
void
ls_sim_agent_free (LsSimAgent *self)
{
  ls_agent_stop (self->agent);
  ls_sim_run (self->sim, 1000);
  ls_sim_agent_crash (self);
  self->sim->settled = NULL;
  g_assert_finalize_object (self->store);
  g_object_unref (self->secrets);
  g_object_unref (self->network);
  ls_config_free (self->config);
  g_hash_table_unref (self->rows);
  g_hash_table_unref (self->numbers);
  g_hash_table_unref (self->dirty);
  g_free (self);
}

static void
signed_in_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) question = user_data;
  g_autoptr (GError) error = NULL;

  if (!ls_agent_sign_in_finish (LS_AGENT (object), result, &error) && !question_is_void (question))
    ls_sim_trace (question->agent->sim, "sign-in: %s", error->message);
}

/**
 * ls_sim_agent_sign_in:
 * @self: an agent that runs
 *
 * The user signs in.
 */
void
ls_sim_agent_sign_in (LsSimAgent *self)
{
  ls_agent_sign_in_async (self->agent, "anna", "secret", self->user, signed_in_cb,
                          question_new (self));
}

/**
 * ls_sim_agent_get_state:
 * @self: an agent that runs
 *
 * Returns: the state of its connection
 */
LsState
ls_sim_agent_get_state (LsSimAgent *self)
{
  return ls_agent_get_status (self->agent)->state;
}

typedef struct
{
  LsRowPage *page; /* (owned) (nullable) */
  gboolean done;
} Listing;

static void
listed_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Listing *listing = user_data;

  listing->page = ls_store_list_finish (LS_STORE (object), result, NULL);
  listing->done = TRUE;
}

static LsRowPage *
list (LsSimAgent *self, LsEntity entity)
{
  g_autoptr (LsListQuery) query = ls_list_query_new (entity);
  Listing listing = { NULL, FALSE };

  ls_store_list_async (LS_STORE (self->store), query, listed_cb, &listing);
  while (!listing.done)
    if (!g_main_context_iteration (NULL, FALSE))
      ls_fake_store_step (self->store);
  return listing.page;
}

static char *
compare_row (LsSimAgent *self, const LsRow *server, const LsRow *cached, gboolean with_app)
{
  g_autofree char *key = key_of (server->entity, server->id);

  if (!g_str_equal (server->id, cached->id) || server->version != cached->version ||
      !g_str_equal (server->data, cached->data))
    return g_strdup_printf ("the cache has %s version %d %s, the server %s version %d %s",
                            cached->id, (int)cached->version, cached->data, server->id,
                            (int)server->version, server->data);
  if (with_app && g_strcmp0 (g_hash_table_lookup (self->rows, key), server->data) != 0)
    return g_strdup_printf ("the app has %s, the server %s",
                            (char *)g_hash_table_lookup (self->rows, key), server->data);

  return NULL;
}

static guint
count_app_rows (LsSimAgent *self, LsEntity entity)
{
  g_autofree char *prefix = key_of (entity, "");
  GHashTableIter iter;
  gpointer key;
  guint n = 0;

  g_hash_table_iter_init (&iter, self->rows);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    n += g_str_has_prefix (key, prefix);
  return n;
}

static char *
compare_entity (LsSimAgent *self, LsEntity entity, gboolean with_app)
{
  g_autoptr (GPtrArray) server = ls_model_server_list (self->server, entity);
  g_autoptr (LsRowPage) cached = list (self, entity);

  if (cached == NULL)
    return g_strdup ("the cache can't be read");
  for (guint i = 0; i < MIN (server->len, cached->rows->len); i++)
    {
      char *difference = compare_row (self, server->pdata[i], cached->rows->pdata[i], with_app);

      if (difference != NULL)
        return difference;
    }
  if (server->len != cached->rows->len)
    return g_strdup_printf ("the cache has %u of %s, the server %u", cached->rows->len,
                            ls_entity_to_string (entity), server->len);
  if (with_app && count_app_rows (self, entity) != server->len)
    return g_strdup_printf ("the app has %u of %s, the server %u", count_app_rows (self, entity),
                            ls_entity_to_string (entity), server->len);

  return NULL;
}

/**
 * ls_sim_agent_compare:
 * @self: an agent that runs
 * @with_app: what the app knows, too
 *
 * Compares the cache with the server. Everything that waits for the disk is done first.
 *
 * Returns: (transfer full) (nullable): where they differ, of what is followed
 */
char *
ls_sim_agent_compare (LsSimAgent *self, gboolean with_app)
{
  LsEntitySet followed = ls_agent_get_followed (self->agent) & LS_ENTITY_SET_STORED;

  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      char *difference =
          (followed & (1u << i)) == 0 ? NULL : compare_entity (self, (LsEntity)i, with_app);

      if (difference != NULL)
        return difference;
    }

  return NULL;
}
