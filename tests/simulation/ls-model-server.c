/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-model-server.h"

#include <string.h>

#include "ls-link-error.h"

/* Small, so that pages, frames and trimmed logs are many. */
#define MAX_PAGE 7
#define MAX_FRAME 5
#define MAX_SNAPSHOT_PAGE 4
/* Ids of an entity; rows are deleted and come back. Those from MAX_VISIBLE on nobody here sees. */
#define N_IDS 14
#define MAX_VISIBLE 11
/* How long the refresh token before the last is still good (protocol, "HTTP"), milliseconds. */
#define OLD_REFRESH_LIFE 60000

static const LsEntity entities[] = {
  LS_ENTITY_GRADE,
  LS_ENTITY_MESSAGE,
  LS_ENTITY_ANNOUNCEMENT,
  LS_ENTITY_USER,
};

typedef struct
{
  LsEvent *event; /* (owned) */
  gboolean visible;
} Entry;

struct _LsModelServer
{
  LsSim *sim; /* (unowned) */
  gboolean up;
  gint64 retry_after; /* milliseconds, while it goes down; else -1 */

  guint n_epochs;
  char epoch[16];
  GPtrArray *log;     /* (owned) (element-type Entry) */
  gint64 floor;       /* offset before the first entry */
  GHashTable *rows;   /* (owned) (element-type utf8 LsRow): tombstones, too */
  GHashTable *backup; /* (owned) (nullable): likewise */
  gint64 n_writes;
  gint64 n_restored; /* how many writes there were before the last restore */
  GPtrArray *peers;  /* (element-type LsModelPeer) (owned) */

  guint n_tokens;
  gint64 refresh_issued; /* when the last refresh token was given */
  gint64 access_floor;   /* access tokens that were given up to then are void, by the wall clock */
};

struct _LsModelPeer
{
  LsModelServer *server; /* (unowned) */
  const LsModelPeerCallbacks *callbacks;
  gpointer user_data;
  gboolean is_ready;
  guint64 types;
  LsCursor sent;
  LsCursor position;
  gboolean backlog;
  guint feed;   /* alarm */
  guint expiry; /* alarm */
};

static void
entry_free (Entry *entry)
{
  ls_event_unref (entry->event);
  g_free (entry);
}

static LsRow *
copy_row (const LsRow *row)
{
  LsRow *copy = ls_row_new (row->entity, row->id, row->data, row->version);

  copy->deleted = row->deleted;
  return copy;
}

/* What goes over the wire is never the same object at both ends. */
static LsEvent *
copy_event (const LsEvent *event)
{
  LsEvent *copy = ls_event_new (event->type, event->entity_id, event->data);

  copy->version = event->version;
  copy->offset = event->offset;
  copy->timestamp = event->timestamp;
  return copy;
}

static GHashTable *
new_rows (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)ls_row_free);
}

static GHashTable *
copy_rows (GHashTable *rows)
{
  GHashTable *copy = new_rows ();
  GHashTableIter iter;
  gpointer key, row;

  g_hash_table_iter_init (&iter, rows);
  while (g_hash_table_iter_next (&iter, &key, &row))
    g_hash_table_insert (copy, g_strdup (key), copy_row (row));
  return copy;
}

static char *
key_of (LsEntity entity, const char *id)
{
  return g_strdup_printf ("%u/%s", (guint)entity, id);
}

static gint64
top_of (LsModelServer *self)
{
  return self->floor + self->log->len;
}

static LsCursor
cursor_at (LsModelServer *self, gint64 offset)
{
  return ls_cursor_new (self->epoch, offset);
}

static void
begin_log (LsModelServer *self)
{
  g_ptr_array_set_size (self->log, 0);
  g_snprintf (self->epoch, sizeof self->epoch, "epoch-%u", ++self->n_epochs);
  self->floor = ls_sim_below (self->sim, 50);
}

static void
peer_free (LsModelPeer *peer)
{
  ls_sim_cancel (peer->server->sim, &peer->feed);
  ls_sim_cancel (peer->server->sim, &peer->expiry);
  g_free (peer);
}

/**
 * ls_model_server_new:
 * @sim: the world it is in; outlives it
 *
 * Returns: (transfer full): a server that is up, with an empty school
 */
LsModelServer *
ls_model_server_new (LsSim *sim)
{
  LsModelServer *self = g_new0 (LsModelServer, 1);

  self->sim = sim;
  self->up = TRUE;
  self->retry_after = -1;
  self->log = g_ptr_array_new_with_free_func ((GDestroyNotify)entry_free);
  self->rows = new_rows ();
  self->peers = g_ptr_array_new_with_free_func ((GDestroyNotify)peer_free);
  begin_log (self);
  return self;
}

/**
 * ls_model_server_free:
 * @self: (transfer full): a server
 *
 * Frees it. Nobody is told.
 */
void
ls_model_server_free (LsModelServer *self)
{
  g_ptr_array_unref (self->peers);
  g_ptr_array_unref (self->log);
  g_hash_table_unref (self->rows);
  g_clear_pointer (&self->backup, g_hash_table_unref);
  g_free (self);
}

/* Returns: (transfer full): the change that a write makes to a row, which is changed */
static LsEvent *
change_row (LsModelServer *self, LsRow *row, LsChangeKind change)
{
  LsEvent *event;

  row->version++;
  row->deleted = change == LS_CHANGE_DELETED;
  g_free (row->data);
  row->data = row->deleted ? NULL
                           : g_strdup_printf ("{\"id\":\"%s\",\"n\":%" G_GINT64_FORMAT "}", row->id,
                                              ++self->n_writes);
  if (row->deleted)
    {
      g_autofree char *data = g_strdup_printf ("{\"id\":\"%s\"}", row->id);

      event = ls_event_new (ls_event_type_for (row->entity, change), row->id, data);
    }
  else
    {
      event = ls_event_new (ls_event_type_for (row->entity, change), row->id, row->data);
    }
  event->version = row->version;
  event->offset = top_of (self) + 1;
  event->timestamp = ls_sim_get_server_wall (self->sim);
  return event;
}

static void schedule_feed (LsModelPeer *peer);

/**
 * ls_model_server_write:
 * @self: a server
 *
 * Somebody at the school creates, changes or deletes something.
 */
void
ls_model_server_write (LsModelServer *self)
{
  LsEntity entity = entities[ls_sim_below (self->sim, G_N_ELEMENTS (entities))];
  int number = (int)ls_sim_below (self->sim, N_IDS);
  g_autofree char *id = g_strdup_printf ("%s-%d", ls_entity_to_string (entity), number);
  char *key = key_of (entity, id);
  LsRow *row = g_hash_table_lookup (self->rows, key);
  Entry *entry = g_new0 (Entry, 1);
  LsChangeKind change = LS_CHANGE_CREATED;

  if (row != NULL && !row->deleted)
    change = ls_sim_happens (self->sim, 300) ? LS_CHANGE_DELETED : LS_CHANGE_UPDATED;
  if (row == NULL)
    {
      row = ls_row_new (entity, id, NULL, 0);
      g_hash_table_insert (self->rows, g_steal_pointer (&key), row);
    }
  g_free (key);

  entry->event = change_row (self, row, change);
  entry->visible = number < MAX_VISIBLE;
  g_ptr_array_add (self->log, entry);
  for (guint i = 0; i < self->peers->len; i++)
    schedule_feed (self->peers->pdata[i]);
}

/**
 * ls_model_server_back_up:
 * @self: a server
 *
 * Puts a copy of the school aside.
 */
void
ls_model_server_back_up (LsModelServer *self)
{
  g_clear_pointer (&self->backup, g_hash_table_unref);
  self->backup = copy_rows (self->rows);
}

/**
 * ls_model_server_restore:
 * @self: a server that is down
 *
 * The school is again as it was when the last copy was made, and its log is a new one.
 */
void
ls_model_server_restore (LsModelServer *self)
{
  g_hash_table_unref (self->rows);
  self->rows = self->backup != NULL ? copy_rows (self->backup) : new_rows ();
  self->n_restored = self->n_writes;
  begin_log (self);
}

/**
 * ls_model_server_get_restored:
 * @self: a server
 *
 * Returns: the greatest "n" in a row's data that was written before the last restore
 */
gint64
ls_model_server_get_restored (LsModelServer *self)
{
  return self->n_restored;
}

/**
 * ls_model_server_trim:
 * @self: a server
 *
 * Forgets the older part of the log.
 */
void
ls_model_server_trim (LsModelServer *self)
{
  guint n = (guint)ls_sim_below (self->sim, self->log->len + 1);

  if (n == 0)
    return;

  g_ptr_array_remove_range (self->log, 0, n);
  self->floor += n;
}

static void
close_peer (LsModelPeer *peer, LsReason reason, const char *text)
{
  LsModelServer *self = peer->server;
  const LsModelPeerCallbacks *callbacks = peer->callbacks;
  gpointer user_data = peer->user_data;

  g_ptr_array_remove (self->peers, peer);
  callbacks->close (ls_link_error_new (reason, 0, 0, "%s", text), user_data);
}

/**
 * ls_model_server_crash:
 * @self: a server
 *
 * It is gone, without a word.
 */
void
ls_model_server_crash (LsModelServer *self)
{
  self->up = FALSE;
  self->retry_after = -1;
  while (self->peers->len > 0)
    close_peer (self->peers->pdata[0], LS_REASON_SERVER_UNREACHABLE, "reset by the peer");
}

/**
 * ls_model_server_drain:
 * @self: a server
 * @retry_after_ms: when everybody is to come back
 * @spread_ms: over which time to spread then
 *
 * It is about to restart, says so, and takes nobody in.
 */
void
ls_model_server_drain (LsModelServer *self, gint64 retry_after_ms, gint64 spread_ms)
{
  self->retry_after = retry_after_ms;
  while (self->peers->len > 0)
    {
      LsModelPeer *peer = self->peers->pdata[0];
      LsMessage *drain = ls_message_new (LS_MESSAGE_DRAIN);

      drain->retry_after_ms = retry_after_ms;
      drain->spread_ms = spread_ms;
      peer->callbacks->send (drain, peer->user_data);
      close_peer (peer, LS_REASON_SERVER_DRAINING, "restarting");
    }
}

/**
 * ls_model_server_start:
 * @self: a server
 *
 * It is up, again or still.
 */
void
ls_model_server_start (LsModelServer *self)
{
  self->up = TRUE;
  self->retry_after = -1;
}

/**
 * ls_model_server_is_up:
 * @self: a server
 *
 * Returns: whether it can be reached
 */
gboolean
ls_model_server_is_up (LsModelServer *self)
{
  return self->up;
}

static gboolean
is_visible (const LsRow *row)
{
  return g_ascii_strtoll (strchr (row->id, '-') + 1, NULL, 10) < MAX_VISIBLE;
}

static int
compare_rows (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(LsRow *const *)a)->id, (*(LsRow *const *)b)->id);
}

/**
 * ls_model_server_list:
 * @self: a server
 * @entity: of what
 *
 * Returns: (transfer full) (element-type LsRow): the live rows that may be seen, by id
 */
GPtrArray *
ls_model_server_list (LsModelServer *self, LsEntity entity)
{
  GPtrArray *list = ls_row_array_new ();
  GHashTableIter iter;
  gpointer row;

  g_hash_table_iter_init (&iter, self->rows);
  while (g_hash_table_iter_next (&iter, NULL, &row))
    if (((LsRow *)row)->entity == entity && !((LsRow *)row)->deleted && is_visible (row))
      g_ptr_array_add (list, copy_row (row));
  g_ptr_array_sort (list, compare_rows);
  return list;
}

/* HTTP */

/* Retry-After is in whole seconds; 0 says nothing, and the transport takes that for an outage like any other. */
static gboolean
check_up (LsModelServer *self, GError **error)
{
  LsReason reason =
      self->retry_after > 0 ? LS_REASON_SERVER_DRAINING : LS_REASON_SERVER_UNREACHABLE;

  if (!self->up)
    g_propagate_error (
        error, ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "connection refused"));
  else if (self->retry_after >= 0)
    g_propagate_error (error, ls_link_error_new (reason, 503, self->retry_after, "draining"));
  else
    return TRUE;

  return FALSE;
}

/**
 * ls_model_server_check:
 * @self: a server
 * @token: an access token
 * @error: of %LS_LINK_ERROR
 *
 * Returns: whether the server is there and takes the token
 */
gboolean
ls_model_server_check (LsModelServer *self, const char *token, GError **error)
{
  if (!check_up (self, error))
    return FALSE;
  if (ls_model_token_get_expiry (token) > ls_sim_get_server_wall (self->sim) &&
      ls_model_token_get_issued (token) > self->access_floor)
    return TRUE;

  g_propagate_error (error, ls_link_error_new (LS_REASON_TOKEN_REFUSED, 401, 0, "expired"));
  return FALSE;
}

static LsSession *
new_session (LsModelServer *self)
{
  g_autofree char *access =
      g_strdup_printf ("anna@%" G_GINT64_FORMAT, ls_sim_get_server_wall (self->sim));
  g_autofree char *refresh = g_strdup_printf ("%u", ++self->n_tokens);

  self->refresh_issued = ls_sim_get_time (self->sim);
  return ls_session_new (access, refresh);
}

/**
 * ls_model_server_sign_in:
 * @self: a server
 * @error: of %LS_LINK_ERROR
 *
 * Returns: (transfer full) (nullable): tokens
 */
LsSession *
ls_model_server_sign_in (LsModelServer *self, GError **error)
{
  LsSession *session;

  if (!check_up (self, error))
    return NULL;

  session = new_session (self);
  session->user = ls_model_token_get_user (session->access);
  return session;
}

/**
 * ls_model_server_refresh:
 * @self: a server
 * @token: the refresh token; good are the last one, and for a while the one before
 * @error: of %LS_LINK_ERROR
 *
 * Returns: (transfer full) (nullable): tokens
 */
LsSession *
ls_model_server_refresh (LsModelServer *self, const char *token, GError **error)
{
  guint number = (guint)g_ascii_strtoull (token, NULL, 10);
  gboolean old_is_good = ls_sim_get_time (self->sim) - self->refresh_issued < OLD_REFRESH_LIFE;

  if (!check_up (self, error))
    return NULL;
  if (number != self->n_tokens && !(number + 1 == self->n_tokens && old_is_good))
    {
      g_propagate_error (error, ls_link_error_new (LS_REASON_TOKEN_REFUSED, 401, 0, "revoked"));
      return NULL;
    }

  return new_session (self);
}

/**
 * ls_model_server_expire:
 * @self: a server
 *
 * Every access token ends before its time; refresh tokens stay.
 */
void
ls_model_server_expire (LsModelServer *self)
{
  self->access_floor = ls_sim_get_server_wall (self->sim);
  for (guint i = self->peers->len; i > 0; i--)
    close_peer (self->peers->pdata[i - 1], LS_REASON_TOKEN_REFUSED, "the token has expired");
}

/**
 * ls_model_server_revoke:
 * @self: a server
 *
 * The session is ended from elsewhere: only a sign-in helps.
 */
void
ls_model_server_revoke (LsModelServer *self)
{
  self->n_tokens += 2;
  ls_model_server_expire (self);
}

/**
 * ls_model_server_rotate:
 * @self: a server
 *
 * Somebody else uses the refresh token that was given last.
 *
 * Returns: (transfer full): what they get
 */
LsSession *
ls_model_server_rotate (LsModelServer *self)
{
  return new_session (self);
}

/* Whether somebody who stands at @from can go on from the log. */
static gboolean
can_resume (LsModelServer *self, LsCursor from)
{
  return g_str_equal (from.epoch, self->epoch) && from.offset >= self->floor &&
         from.offset <= top_of (self);
}

/**
 * ls_model_server_updates:
 * @self: a server
 * @token: the access token
 * @from: where the agent stands
 * @error: of %LS_LINK_ERROR
 *
 * Returns: (transfer full) (nullable): a page of the log
 */
LsUpdates *
ls_model_server_updates (LsModelServer *self, const char *token, LsCursor from, GError **error)
{
  LsUpdates *updates;
  gint64 offset;

  if (!ls_model_server_check (self, token, error))
    return NULL;

  updates = ls_updates_new ();
  updates->resume = LS_RESUME_RESUMED;
  if (!can_resume (self, from))
    {
      updates->resume = LS_RESUME_SNAPSHOT;
      updates->cursor = cursor_at (self, top_of (self));
      return updates;
    }
  if (from.offset == top_of (self))
    {
      updates->not_modified = TRUE;
      return updates;
    }

  for (offset = from.offset; offset < top_of (self) && offset < from.offset + MAX_PAGE; offset++)
    {
      const Entry *entry = self->log->pdata[offset - self->floor];

      if (entry->visible)
        g_ptr_array_add (updates->events, copy_event (entry->event));
    }
  updates->cursor = cursor_at (self, offset);
  updates->more = offset < top_of (self);
  return updates;
}

/* A page token holds the cursor of the first page and the last id: "EPOCH:OFFSET/ID". */
static gboolean
parse_page (LsModelServer *self, const char *page, LsCursor *cursor, const char **after)
{
  g_autofree char *text = NULL;

  *cursor = cursor_at (self, top_of (self));
  *after = "";
  if (page == NULL)
    return TRUE;

  *after = strchr (page, '/') + 1;
  text = g_strndup (page, (gsize)(*after - 1 - page));
  return ls_cursor_parse (text, cursor) && g_str_equal (cursor->epoch, self->epoch);
}

/**
 * ls_model_server_snapshot:
 * @self: a server
 * @token: the access token
 * @entity: of what
 * @page: (nullable): the page's token
 * @error: of %LS_LINK_ERROR
 *
 * Returns: (transfer full) (nullable): a page of rows, as they are now
 */
LsSnapshotPage *
ls_model_server_snapshot (LsModelServer *self,
                          const char *token,
                          LsEntity entity,
                          const char *page,
                          GError **error)
{
  g_autoptr (GPtrArray) rows = NULL;
  LsSnapshotPage *answer;
  const char *after;
  LsCursor cursor;

  if (!ls_model_server_check (self, token, error))
    return NULL;
  if (!parse_page (self, page, &cursor, &after))
    {
      g_propagate_error (
          error, ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 410, 0, "a page of another log"));
      return NULL;
    }

  rows = ls_model_server_list (self, entity);
  answer = ls_snapshot_page_new (entity);
  answer->cursor = cursor;
  for (guint i = 0; i < rows->len; i++)
    {
      const LsRow *row = rows->pdata[i];

      if (strcmp (row->id, after) <= 0)
        continue;
      if (answer->rows->len == MAX_SNAPSHOT_PAGE)
        {
          const LsRow *last = answer->rows->pdata[answer->rows->len - 1];
          g_autofree char *text = ls_cursor_to_string (cursor);

          answer->next = g_strdup_printf ("%s/%s", text, last->id);
          break;
        }
      g_ptr_array_add (answer->rows, copy_row (row));
    }
  return answer;
}

/**
 * ls_model_server_checksum:
 * @self: a server
 * @token: the access token
 * @entity: of what
 * @error: of %LS_LINK_ERROR
 *
 * Returns: (transfer full) (nullable): of the rows that may be seen
 */
LsChecksum *
ls_model_server_checksum (LsModelServer *self, const char *token, LsEntity entity, GError **error)
{
  g_autoptr (GPtrArray) rows = NULL;
  LsChecksum *checksum;

  if (!ls_model_server_check (self, token, error))
    return NULL;

  rows = ls_model_server_list (self, entity);
  checksum = ls_checksum_new (entity);
  checksum->cursor = cursor_at (self, top_of (self));
  for (guint i = 0; i < rows->len; i++)
    {
      const LsRow *row = rows->pdata[i];

      ls_checksum_add (checksum, row->id, row->version);
    }
  return checksum;
}

/* The socket */

static gboolean
wants (const LsModelPeer *peer, const Entry *entry)
{
  return entry->visible && (peer->types & (G_GUINT64_CONSTANT (1) << entry->event->type)) != 0;
}

/* Sends the next part of the log, as far as a frame holds it. */
static void
feed (gpointer user_data)
{
  LsModelPeer *peer = user_data;
  LsModelServer *self = peer->server;
  g_autoptr (LsMessage) frame = ls_message_new (LS_MESSAGE_EVENTS);
  gint64 offset = peer->position.offset;

  peer->feed = 0;
  if (!can_resume (self, peer->position))
    {
      close_peer (peer, LS_REASON_SERVER_UNREACHABLE, "the stream can't go on");
      return;
    }

  frame->events = ls_event_array_new ();
  for (; offset < top_of (self) && frame->events->len < MAX_FRAME; offset++)
    {
      const Entry *entry = self->log->pdata[offset - self->floor];

      if (wants (peer, entry))
        g_ptr_array_add (frame->events, copy_event (entry->event));
    }
  peer->position = cursor_at (self, offset);
  frame->more = offset < top_of (self);
  if (frame->events->len > 0 || (peer->backlog && !frame->more))
    {
      frame->prev = peer->sent;
      frame->cursor = peer->sent = peer->position;
      peer->callbacks->send (ls_message_ref (frame), peer->user_data);
    }
  if (!frame->more)
    peer->backlog = FALSE;
  schedule_feed (peer);
}

static void
schedule_feed (LsModelPeer *peer)
{
  if (peer->is_ready && peer->feed == 0 && peer->position.offset != top_of (peer->server))
    peer->feed = ls_sim_after (peer->server->sim, ls_sim_below (peer->server->sim, 20), feed, peer);
}

static void
expire (gpointer user_data)
{
  LsModelPeer *peer = user_data;

  peer->expiry = 0;
  close_peer (peer, LS_REASON_TOKEN_REFUSED, "the token has expired");
}

static void
watch_expiry (LsModelPeer *peer, const char *token)
{
  LsSim *sim = peer->server->sim;

  ls_sim_cancel (sim, &peer->expiry);
  peer->expiry = ls_sim_after (
      sim, ls_model_token_get_expiry (token) - ls_sim_get_server_wall (sim), expire, peer);
}

/**
 * ls_model_server_connect:
 * @self: a server
 * @token: the access token
 * @callbacks: (unowned): what to call
 * @user_data: for @callbacks
 * @error: of %LS_LINK_ERROR
 *
 * Returns: (transfer none) (nullable): the server's end of a new connection; good until it is
 *   closed by either end
 */
LsModelPeer *
ls_model_server_connect (LsModelServer *self,
                         const char *token,
                         const LsModelPeerCallbacks *callbacks,
                         gpointer user_data,
                         GError **error)
{
  LsModelPeer *peer;

  if (!ls_model_server_check (self, token, error))
    return NULL;

  peer = g_new0 (LsModelPeer, 1);
  peer->server = self;
  peer->callbacks = callbacks;
  peer->user_data = user_data;
  watch_expiry (peer, token);
  g_ptr_array_add (self->peers, peer);
  return peer;
}

static void
send (LsModelPeer *peer, LsMessageKind kind, LsEventType type)
{
  LsMessage *message = ls_message_new (kind);

  message->event_type = type;
  message->cursor = peer->position;
  message->sent = peer->sent;
  peer->callbacks->send (message, peer->user_data);
}

static void
handle_hello (LsModelPeer *peer, const LsMessage *hello)
{
  LsModelServer *self = peer->server;
  LsMessage *welcome = ls_message_new (LS_MESSAGE_WELCOME);

  welcome->resume = !ls_cursor_is_set (hello->cursor)  ? LS_RESUME_FRESH
                    : can_resume (self, hello->cursor) ? LS_RESUME_RESUMED
                                                       : LS_RESUME_SNAPSHOT;
  welcome->cursor = cursor_at (self, top_of (self));
  for (guint i = 0; i < hello->event_types->len; i++)
    peer->types |= G_GUINT64_CONSTANT (1) << g_array_index (hello->event_types, LsEventType, i);
  peer->sent = peer->position =
      welcome->resume == LS_RESUME_RESUMED ? hello->cursor : welcome->cursor;
  peer->backlog = !ls_cursor_equal (peer->position, welcome->cursor);
  peer->is_ready = TRUE;
  peer->callbacks->send (welcome, peer->user_data);
  schedule_feed (peer);
}

static void
handle_auth (LsModelPeer *peer, const LsMessage *auth)
{
  if (!ls_model_server_check (peer->server, auth->token, NULL))
    {
      send (peer, LS_MESSAGE_ERROR, LS_EVENT_TYPE_INVALID);
      return;
    }

  watch_expiry (peer, auth->token);
  send (peer, LS_MESSAGE_AUTHENTICATED, LS_EVENT_TYPE_INVALID);
}

/**
 * ls_model_peer_receive:
 * @self: the server's end of a connection
 * @message: what the agent sent
 *
 * Takes a message.
 */
void
ls_model_peer_receive (LsModelPeer *self, const LsMessage *message)
{
  if (message->kind == LS_MESSAGE_HELLO)
    {
      handle_hello (self, message);
    }
  else if (message->kind == LS_MESSAGE_PING)
    {
      send (self, LS_MESSAGE_PONG, LS_EVENT_TYPE_INVALID);
    }
  else if (message->kind == LS_MESSAGE_SUBSCRIBE)
    {
      self->types |= G_GUINT64_CONSTANT (1) << message->event_type;
      send (self, LS_MESSAGE_SUBSCRIBED, message->event_type);
    }
  else if (message->kind == LS_MESSAGE_UNSUBSCRIBE)
    {
      self->types &= ~(G_GUINT64_CONSTANT (1) << message->event_type);
      send (self, LS_MESSAGE_UNSUBSCRIBED, message->event_type);
    }
  else if (message->kind == LS_MESSAGE_AUTH)
    {
      handle_auth (self, message);
    }
}

/**
 * ls_model_peer_disconnect:
 * @self: the server's end of a connection; gone afterwards
 *
 * The agent has left, or the network lost it.
 */
void
ls_model_peer_disconnect (LsModelPeer *self)
{
  g_ptr_array_remove (self->server->peers, self);
}
