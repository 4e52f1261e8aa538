/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-agent-private.h"

#include <string.h>

/* How many ids a rows-changed signal carries at most, so that a first baseline of a big school does
 * not become one huge message on the bus. */
#define MAX_IDS 1000

enum
{
  SIGNAL_STATE_CHANGED,
  SIGNAL_STATUS_CHANGED,
  SIGNAL_ACCOUNT_CHANGED,
  SIGNAL_ACCOUNT_LOADED,
  SIGNAL_EVENTS_COMMITTED,
  SIGNAL_ROWS_CHANGED,
  SIGNAL_TOKENS_CHANGED,
  SIGNAL_POSITION_MOVED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/**
 * LsAgent:
 *
 * The engine with hands: carries its commands out on the ports, reports back to it, and is what the
 * bus and the tests talk to. Decides nothing about the connection or about events itself.
 */
G_DEFINE_FINAL_TYPE (LsAgent, ls_agent, G_TYPE_OBJECT)

static void
ls_agent_dispose (GObject *object)
{
  LsAgent *self = LS_AGENT (object);

  g_cancellable_cancel (self->cancellable);
  if (self->link != NULL)
    g_cancellable_cancel (self->link);
  if (self->opening != NULL)
    g_cancellable_cancel (self->opening);
  if (self->clock != NULL)
    {
      ls_agent_disarm_all (self);
      ls_agent_leftover_drop (self);
    }
  if (self->transport != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->transport, self);
      ls_transport_close (self->transport);
    }
  if (self->network != NULL)
    g_signal_handlers_disconnect_by_data (self->network, self);
  /* A task keeps its source alive. */
  for (guint i = 0; i < self->sync_tasks->len; i++)
    g_task_return_new_error (self->sync_tasks->pdata[i], G_IO_ERROR, G_IO_ERROR_CANCELLED,
                             "the agent ends");
  g_ptr_array_set_size (self->sync_tasks, 0);

  g_clear_object (&self->clock);
  g_clear_object (&self->random);
  g_clear_object (&self->network);
  g_clear_object (&self->login);
  g_clear_object (&self->secrets);
  g_clear_object (&self->store);
  g_clear_object (&self->transport);

  G_OBJECT_CLASS (ls_agent_parent_class)->dispose (object);
}

static void
ls_agent_finalize (GObject *object)
{
  LsAgent *self = LS_AGENT (object);

  g_clear_pointer (&self->engine, ls_engine_free);
  g_clear_pointer (&self->config, ls_config_free);
  g_clear_pointer (&self->user, ls_user_free);
  g_clear_pointer (&self->remembered, ls_account_free);
  g_ptr_array_unref (self->sync_tasks);
  g_free (self->store_id);
  g_object_unref (self->cancellable);
  g_object_unref (self->link);
  g_clear_object (&self->opening);
  g_clear_object (&self->signing_in);
  g_clear_weak_pointer (&self->farewell);

  G_OBJECT_CLASS (ls_agent_parent_class)->finalize (object);
}

static void
ls_agent_class_init (LsAgentClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ls_agent_dispose;
  object_class->finalize = ls_agent_finalize;

  /**
   * LsAgent::state-changed:
   * @self: the agent
   * @old_state: an #LsState
   * @new_state: an #LsState
   * @reason: an #LsReason, of the new state
   *
   * The connection's state or its reason changed.
   */
  signals[SIGNAL_STATE_CHANGED] =
      g_signal_new ("state-changed", LS_TYPE_AGENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 3, G_TYPE_INT, G_TYPE_INT, G_TYPE_INT);
  /**
   * LsAgent::status-changed:
   * @self: the agent
   *
   * Something in ls_agent_get_status() changed.
   */
  signals[SIGNAL_STATUS_CHANGED] = g_signal_new ("status-changed", LS_TYPE_AGENT, G_SIGNAL_RUN_LAST,
                                                 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * LsAgent::account-changed:
   * @self: the agent
   *
   * Something of the account changed.
   */
  signals[SIGNAL_ACCOUNT_CHANGED] = g_signal_new (
      "account-changed", LS_TYPE_AGENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * LsAgent::account-loaded:
   * @self: the agent
   *
   * Who was signed in before is known, if anybody, and what was stored for them can be read.
   */
  signals[SIGNAL_ACCOUNT_LOADED] = g_signal_new ("account-loaded", LS_TYPE_AGENT, G_SIGNAL_RUN_LAST,
                                                 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * LsAgent::events-committed:
   * @self: the agent
   * @events: (element-type LsEvent): in order of `seq`; presence has none
   *
   * Events are on disk and may be told.
   */
  signals[SIGNAL_EVENTS_COMMITTED] =
      g_signal_new ("events-committed", LS_TYPE_AGENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 1, G_TYPE_PTR_ARRAY);
  /**
   * LsAgent::rows-changed:
   * @self: the agent
   * @entity: an #LsEntity
   * @ids: of the rows
   *
   * Rows of the cache changed.
   */
  signals[SIGNAL_ROWS_CHANGED] =
      g_signal_new ("rows-changed", LS_TYPE_AGENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 2, G_TYPE_INT, G_TYPE_STRV | G_SIGNAL_TYPE_STATIC_SCOPE);
  /**
   * LsAgent::tokens-changed:
   * @self: the agent
   *
   * The server gave fresh tokens.
   */
  signals[SIGNAL_TOKENS_CHANGED] = g_signal_new ("tokens-changed", LS_TYPE_AGENT, G_SIGNAL_RUN_LAST,
                                                 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * LsAgent::position-moved:
   * @self: the agent
   *
   * Something in ls_agent_get_position() or ls_agent_is_settled() may have changed; after
   * LsAgent::events-committed.
   */
  signals[SIGNAL_POSITION_MOVED] = g_signal_new ("position-moved", LS_TYPE_AGENT, G_SIGNAL_RUN_LAST,
                                                 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
ls_agent_init (LsAgent *self)
{
  self->cancellable = g_cancellable_new ();
  self->link = g_cancellable_new ();
  self->sync_tasks = g_ptr_array_new_with_free_func (g_object_unref);
}

static void
on_transport_message (LsTransport *transport, LsMessage *message, LsAgent *self)
{
  ls_engine_message (self->engine, message);
  ls_agent_run (self);
}

static void
on_transport_bad_message (LsTransport *transport, const GError *error, LsAgent *self)
{
  g_warning ("a frame was left out: %s", error->message);
  ls_engine_bad_message (self->engine);
  ls_agent_run (self);
}

static void
on_transport_closed (LsTransport *transport, const GError *error, LsAgent *self)
{
  ls_engine_closed (self->engine, error);
  ls_agent_run (self);
}

static void
on_server_time (LsTransport *transport, gint64 time, LsAgent *self)
{
  ls_engine_server_time (self->engine, time);
  ls_agent_run (self);
}

static void
on_store_lost (LsStore *store, LsEntitySet entities, guint n, LsAgent *self)
{
  ls_engine_lost (self->engine, entities, n);
  ls_agent_run (self);
}

static void
on_network_changed (LsNetwork *network, LsAgent *self)
{
  ls_engine_set_network (self->engine, ls_network_is_available (network),
                         ls_network_is_metered (network));
  ls_agent_run (self);
}

/**
 * ls_agent_new:
 * @ports: everything outside
 * @config: settings
 *
 * Returns: (transfer full): an agent that does nothing until ls_agent_start()
 */
LsAgent *
ls_agent_new (const LsAgentPorts *ports, const LsConfig *config)
{
  LsAgent *self = g_object_new (LS_TYPE_AGENT, NULL);

  self->clock = g_object_ref (ports->clock);
  self->random = g_object_ref (ports->random);
  self->network = g_object_ref (ports->network);
  g_set_object (&self->login, ports->login);
  self->secrets = g_object_ref (ports->secrets);
  self->store = g_object_ref (ports->store);
  self->transport = g_object_ref (ports->transport);
  self->reader = ports->token_reader;
  self->matcher = ports->matcher;
  self->config = ls_config_copy (config);
  self->engine = ls_engine_new (ports->clock, ports->random, &ports->token_reader,
                                &ports->data_reader, config);
  return self;
}

/**
 * ls_agent_start:
 * @self: an agent
 *
 * Remembers who was signed in, and goes to work. Call it once.
 */
void
ls_agent_start (LsAgent *self)
{
  g_return_if_fail (LS_IS_AGENT (self));

  g_signal_connect (self->transport, "message", G_CALLBACK (on_transport_message), self);
  g_signal_connect (self->transport, "bad-message", G_CALLBACK (on_transport_bad_message), self);
  g_signal_connect (self->transport, "closed", G_CALLBACK (on_transport_closed), self);
  g_signal_connect (self->transport, "server-time", G_CALLBACK (on_server_time), self);
  g_signal_connect_object (self->store, "lost", G_CALLBACK (on_store_lost), self, 0);
  g_signal_connect (self->network, "changed", G_CALLBACK (on_network_changed), self);
  on_network_changed (self->network, self);
  ls_agent_follow_login (self);
  ls_agent_account_load (self);
}

/**
 * ls_agent_stop:
 * @self: an agent
 *
 * Ends the connection politely and for good, before the program ends. What the user said about
 * connecting is not touched.
 */
void
ls_agent_stop (LsAgent *self)
{
  g_return_if_fail (LS_IS_AGENT (self));

  ls_agent_account_cancel_sign_in (self);
  self->gate.ending = TRUE;
  ls_engine_set_gate (self->engine, self->gate);
  ls_agent_run (self);
  ls_agent_disarm_all (self);
}

/**
 * ls_agent_set_config:
 * @self: an agent
 * @config: settings
 *
 * Takes new settings. With another server, whoever was signed in there before is signed in again.
 */
void
ls_agent_set_config (LsAgent *self, const LsConfig *config)
{
  gboolean other_server;

  g_return_if_fail (LS_IS_AGENT (self));

  other_server = g_strcmp0 (self->config->server, config->server) != 0;
  ls_config_free (self->config);
  self->config = ls_config_copy (config);
  if (other_server)
    ls_agent_account_forget (self);
  ls_engine_set_config (self->engine, config);
  ls_agent_run (self);
  if (other_server)
    {
      /* while nobody is signed in, nothing else may change that would tell */
      ls_agent_emit_status (self);
      ls_agent_account_load (self);
    }
}

/**
 * ls_agent_get_status:
 * @self: an agent
 *
 * Returns: (transfer none): the connection as apps see it
 */
const LsStatus *
ls_agent_get_status (LsAgent *self)
{
  g_return_val_if_fail (LS_IS_AGENT (self), NULL);

  return ls_engine_get_status (self->engine);
}

/**
 * ls_agent_get_config:
 * @self: an agent
 *
 * Returns: (transfer none): the settings
 */
const LsConfig *
ls_agent_get_config (LsAgent *self)
{
  g_return_val_if_fail (LS_IS_AGENT (self), NULL);

  return self->config;
}

/**
 * ls_agent_get_counters:
 * @self: an agent
 *
 * Returns: (transfer none): what was done since the start
 */
const LsCounters *
ls_agent_get_counters (LsAgent *self)
{
  g_return_val_if_fail (LS_IS_AGENT (self), NULL);

  return ls_engine_get_counters (self->engine);
}

/**
 * ls_agent_is_healthy:
 * @self: an agent
 *
 * Returns: whether what apps read is known to be current: the server has confirmed it within the
 *   last two polls' time
 */
gboolean
ls_agent_is_healthy (LsAgent *self)
{
  const LsStatus *status;

  g_return_val_if_fail (LS_IS_AGENT (self), FALSE);

  status = ls_engine_get_status (self->engine);
  return (status->state == LS_STATE_LIVE || status->state == LS_STATE_POLLING) &&
         ls_clock_get_wall (self->clock) - status->confirmed_at <
             2 * ls_engine_get_polling_interval (self->engine);
}

/**
 * ls_agent_are_lists_refused:
 * @self: an agent
 *
 * Returns: whether the classic system takes the token for polls alone: what they don't tell is not
 *   known until the next sign-in
 */
gboolean
ls_agent_are_lists_refused (LsAgent *self)
{
  g_return_val_if_fail (LS_IS_AGENT (self), FALSE);

  return ls_engine_are_lists_refused (self->engine);
}

/**
 * ls_agent_get_incomplete:
 * @self: an agent
 *
 * Returns: of what is followed, that of which the classic system can't tell for sure which rows there
 *   are; nothing at labsync-server
 */
LsEntitySet
ls_agent_get_incomplete (LsAgent *self)
{
  g_return_val_if_fail (LS_IS_AGENT (self), LS_ENTITY_SET_NONE);

  return ls_engine_get_incomplete (self->engine);
}

/**
 * ls_agent_get_clock_offset:
 * @self: an agent
 * @offset: (out): what has to be added to this machine's clock to get the server's, in milliseconds
 *
 * Returns: whether the server has said what time it is
 */
gboolean
ls_agent_get_clock_offset (LsAgent *self, gint64 *offset)
{
  g_return_val_if_fail (LS_IS_AGENT (self), FALSE);

  return ls_engine_get_clock_offset (self->engine, offset);
}

static void
set_disconnected (LsAgent *self, gboolean disconnected)
{
  self->gate_chosen = TRUE;
  if (self->gate.disconnected == disconnected)
    return;

  self->gate.disconnected = disconnected;
  ls_agent_account_save_gate (self);
  ls_engine_set_gate (self->engine, self->gate);
}

/* Whoever is remembered could not be signed in, as the store could not be opened: the disk may be
 * well again. */
static gboolean
is_store_broken (LsAgent *self)
{
  const LsStatus *status = ls_engine_get_status (self->engine);

  return status->state == LS_STATE_SIGNED_OUT && status->reason != LS_REASON_NONE;
}

/**
 * ls_agent_connect:
 * @self: an agent
 *
 * The user wants to be connected: takes a Disconnect back, or tries now instead of later. A store
 * that could not be opened is tried again, too.
 */
void
ls_agent_connect (LsAgent *self)
{
  g_return_if_fail (LS_IS_AGENT (self));

  set_disconnected (self, FALSE);
  if (is_store_broken (self))
    ls_agent_account_load (self);
  else
    ls_engine_retry_now (self->engine);
  ls_agent_run (self);
}

/**
 * ls_agent_disconnect:
 * @self: an agent
 *
 * The user does not want to be connected, until ls_agent_connect(), also over restarts.
 */
void
ls_agent_disconnect (LsAgent *self)
{
  g_return_if_fail (LS_IS_AGENT (self));

  set_disconnected (self, TRUE);
  ls_agent_run (self);
}

/**
 * ls_agent_reconnect:
 * @self: an agent
 *
 * The user wants a new connection. Takes a Disconnect back, and tries a store again that could not be
 * opened.
 */
void
ls_agent_reconnect (LsAgent *self)
{
  gboolean was_disconnected;

  g_return_if_fail (LS_IS_AGENT (self));

  was_disconnected = self->gate.disconnected;
  set_disconnected (self, FALSE);
  if (is_store_broken (self))
    ls_agent_account_load (self);
  else if (!was_disconnected)
    ls_engine_restart (self->engine);
  ls_agent_run (self);
}

/**
 * ls_agent_sync_async:
 * @self: an agent
 * @cancellable: (nullable): a cancellable
 * @callback: called when nothing is missing, or that can't be had now
 * @user_data: for @callback
 *
 * Asks the server now whether something is missing, and fetches it.
 */
void
ls_agent_sync_async (LsAgent *self,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (LS_IS_AGENT (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, ls_agent_sync_async);
  if (is_store_broken (self))
    {
      g_task_return_new_error (task, LS_ERROR, LS_ERROR_STORAGE, "the store can't be opened");
      return;
    }
  if (self->user == NULL)
    {
      g_task_return_new_error (task, LS_ERROR, LS_ERROR_NOT_SIGNED_IN, "nobody is signed in");
      return;
    }

  g_ptr_array_add (self->sync_tasks, g_steal_pointer (&task));
  ls_engine_sync (self->engine);
  ls_agent_run (self);
}

/**
 * ls_agent_sync_finish:
 * @self: an agent
 * @result: what the callback was given
 * @error: %LS_ERROR_NOT_SIGNED_IN, %LS_ERROR_UNREACHABLE, %LS_ERROR_STORAGE
 *
 * Returns: whether nothing is missing
 */
gboolean
ls_agent_sync_finish (LsAgent *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * ls_agent_follow:
 * @self: an agent
 * @entities: what an app wants
 *
 * An app came. Every call is answered by one of ls_agent_unfollow() with the same @entities.
 */
void
ls_agent_follow (LsAgent *self, LsEntitySet entities)
{
  g_return_if_fail (LS_IS_AGENT (self));

  ls_engine_follow (self->engine, entities);
  ls_agent_run (self);
}

/**
 * ls_agent_unfollow:
 * @self: an agent
 * @entities: what the app wanted
 *
 * An app left.
 */
void
ls_agent_unfollow (LsAgent *self, LsEntitySet entities)
{
  g_return_if_fail (LS_IS_AGENT (self));

  ls_engine_unfollow (self->engine, entities);
  ls_agent_run (self);
}

/**
 * ls_agent_get_followed:
 * @self: an agent
 *
 * Returns: what is followed upstream
 */
LsEntitySet
ls_agent_get_followed (LsAgent *self)
{
  g_return_val_if_fail (LS_IS_AGENT (self), LS_ENTITY_SET_NONE);

  return ls_engine_get_followed (self->engine);
}

/**
 * ls_agent_get_store_id:
 * @self: an agent
 *
 * Returns: (transfer none) (nullable): names the store that is open; %NULL: none is
 */
const char *
ls_agent_get_store_id (LsAgent *self)
{
  g_return_val_if_fail (LS_IS_AGENT (self), NULL);

  return self->store_id;
}

/**
 * ls_agent_check_store:
 * @self: an agent
 * @error: %LS_ERROR_NOT_SIGNED_IN; %LS_ERROR_LOCKED: somebody is, but what is stored of them can't be decrypted
 *
 * Returns: whether a store is open
 */
gboolean
ls_agent_check_store (LsAgent *self, GError **error)
{
  g_return_val_if_fail (LS_IS_AGENT (self), FALSE);

  if (self->store_id != NULL)
    return TRUE;

  if (ls_engine_get_account_state (self->engine) == LS_ACCOUNT_LOCKED)
    g_set_error (error, LS_ERROR, LS_ERROR_LOCKED, "the key of what is stored is locked away");
  else
    g_set_error (error, LS_ERROR, LS_ERROR_NOT_SIGNED_IN, "nobody is signed in");
  return FALSE;
}

/**
 * ls_agent_get_last_seq:
 * @self: an agent
 *
 * Returns: the newest event on disk; 0: none
 */
guint64
ls_agent_get_last_seq (LsAgent *self)
{
  g_return_val_if_fail (LS_IS_AGENT (self), 0);

  return self->last_seq;
}

/**
 * ls_agent_format_cursor:
 * @self: an agent
 * @seq: a position in the local log
 *
 * Returns: (transfer full): a local cursor, for apps; empty if no store is open
 */
char *
ls_agent_format_cursor (LsAgent *self, guint64 seq)
{
  g_return_val_if_fail (LS_IS_AGENT (self), NULL);

  if (self->store_id == NULL)
    return g_strdup ("");

  return g_strdup_printf ("%s.%" G_GUINT64_FORMAT, self->store_id, seq);
}

/**
 * ls_agent_parse_cursor:
 * @self: an agent
 * @cursor: a local cursor
 * @seq: (out): its position in the local log
 * @error: %LS_ERROR_INVALID_ARGUMENT: not a cursor; %LS_ERROR_CURSOR_EXPIRED: of another store, or
 *   of this one before it was rebuilt; %LS_ERROR_NOT_SIGNED_IN: no store is open
 *
 * Returns: whether @cursor is a place in the log of the store that is open
 */
gboolean
ls_agent_parse_cursor (LsAgent *self, const char *cursor, guint64 *seq, GError **error)
{
  const char *dot;

  g_return_val_if_fail (LS_IS_AGENT (self), FALSE);

  if (!ls_agent_check_store (self, error))
    return FALSE;

  dot = strrchr (cursor, '.');
  if (dot == NULL || !g_ascii_string_to_unsigned (dot + 1, 10, 0, G_MAXUINT64, seq, NULL))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "not a cursor");
      return FALSE;
    }
  if ((gsize)(dot - cursor) != strlen (self->store_id) ||
      !g_str_has_prefix (cursor, self->store_id))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_CURSOR_EXPIRED, "a cursor of another store");
      return FALSE;
    }
  if (*seq > self->last_seq)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_CURSOR_EXPIRED,
                   "a cursor of a store that was rebuilt");
      return FALSE;
    }

  return TRUE;
}

/**
 * ls_agent_get_store:
 * @self: an agent
 *
 * Returns: (transfer none): the store, to read from
 */
LsStore *
ls_agent_get_store (LsAgent *self)
{
  g_return_val_if_fail (LS_IS_AGENT (self), NULL);

  return self->store;
}

/**
 * ls_agent_get_matcher:
 * @self: an agent
 *
 * Returns: what tells whether an event's data passes an app's filter
 */
LsDataMatcher
ls_agent_get_matcher (LsAgent *self)
{
  g_return_val_if_fail (LS_IS_AGENT (self), NULL);

  return self->matcher;
}

/**
 * ls_agent_emit_state:
 * @self: an agent
 * @old_state: the state before
 * @new_state: the state now
 * @reason: why
 *
 * Emits LsAgent::state-changed and LsAgent::status-changed.
 */
void
ls_agent_emit_state (LsAgent *self, LsState old_state, LsState new_state, LsReason reason)
{
  g_signal_emit (self, signals[SIGNAL_STATE_CHANGED], 0, (gint)old_state, (gint)new_state,
                 (gint)reason);
  ls_agent_emit_status (self);
}

/**
 * ls_agent_emit_status:
 * @self: an agent
 *
 * Emits LsAgent::status-changed.
 */
void
ls_agent_emit_status (LsAgent *self)
{
  g_signal_emit (self, signals[SIGNAL_STATUS_CHANGED], 0);
}

/**
 * ls_agent_emit_account:
 * @self: an agent
 *
 * Emits LsAgent::account-changed.
 */
void
ls_agent_emit_account (LsAgent *self)
{
  g_signal_emit (self, signals[SIGNAL_ACCOUNT_CHANGED], 0);
}

/**
 * ls_agent_emit_loaded:
 * @self: an agent
 *
 * Emits LsAgent::account-loaded.
 */
void
ls_agent_emit_loaded (LsAgent *self)
{
  g_signal_emit (self, signals[SIGNAL_ACCOUNT_LOADED], 0);
}

/**
 * ls_agent_emit_tokens:
 * @self: an agent
 *
 * Emits LsAgent::tokens-changed.
 */
void
ls_agent_emit_tokens (LsAgent *self)
{
  g_signal_emit (self, signals[SIGNAL_TOKENS_CHANGED], 0);
}

/**
 * ls_agent_emit_position:
 * @self: an agent
 *
 * Emits LsAgent::position-moved.
 */
void
ls_agent_emit_position (LsAgent *self)
{
  g_signal_emit (self, signals[SIGNAL_POSITION_MOVED], 0);
}

/* @ids are lent: they belong to events or to a commit. */
static void
emit_rows (LsAgent *self, LsEntity entity, GPtrArray *ids)
{
  for (guint start = 0; start < ids->len; start += MAX_IDS)
    {
      guint n = MIN (ids->len - start, MAX_IDS);
      g_autofree const char **part = g_new0 (const char *, n + 1);

      memcpy (part, ids->pdata + start, n * sizeof *part);
      g_signal_emit (self, signals[SIGNAL_ROWS_CHANGED], 0, (gint)entity, part);
    }
}

static void
emit_rows_of_entity (LsAgent *self, LsEntity entity, GPtrArray *events)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < events->len; i++)
    {
      LsEvent *event = g_ptr_array_index (events, i);

      if (ls_event_get_entity (event) == entity && g_hash_table_add (seen, event->entity_id))
        g_ptr_array_add (ids, event->entity_id);
    }
  emit_rows (self, entity, ids);
}

static void
emit_rows_of_events (LsAgent *self, GPtrArray *events)
{
  LsEntitySet changed = LS_ENTITY_SET_NONE;

  for (guint i = 0; i < events->len; i++)
    changed |= 1u << ls_event_get_entity (g_ptr_array_index (events, i));
  changed &= LS_ENTITY_SET_STORED;
  for (LsEntity entity = 0; entity < LS_N_ENTITIES; entity++)
    if ((changed & (1u << entity)) != 0)
      emit_rows_of_entity (self, entity, events);
}

/**
 * ls_agent_emit_commit:
 * @self: an agent
 * @commit: what the store did
 *
 * Tells what is on disk now, and only now.
 */
void
ls_agent_emit_commit (LsAgent *self, LsCommit *commit)
{
  ls_engine_get_counters (self->engine)->n_dropped_events += commit->n_dropped;
  for (guint i = 0; i < commit->events->len; i++)
    self->last_seq = MAX (self->last_seq, ((LsEvent *)commit->events->pdata[i])->seq);

  if (commit->events->len > 0)
    {
      g_signal_emit (self, signals[SIGNAL_EVENTS_COMMITTED], 0, commit->events);
      emit_rows_of_events (self, commit->events);
    }
  if (commit->ids != NULL)
    {
      g_autoptr (GPtrArray) ids = g_ptr_array_new ();

      for (guint i = 0; commit->ids[i] != NULL; i++)
        g_ptr_array_add (ids, commit->ids[i]);
      emit_rows (self, commit->entity, ids);
    }
}
