/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-hub.h"

#include <malloc.h>

#include "ls-peer.h"

/**
 * LsHub:
 *
 * All WebSocket connections: brings what is new in the school's log to those that are there, and
 * looks after who comes, stays and has to go.
 */
struct _LsHub
{
  GObject parent_instance;

  LsSchool *school; /* (owned) */
  LsAuth *auth;     /* (owned) */
  LsPeerContext context;

  GPtrArray *peers;   /* (owned) (element-type LsPeer): all connections, closing ones too */
  GHashTable *online; /* (owned): user id -> how many connections take part */

  GPtrArray *pending; /* (owned) (element-type LsLogEntry): not brought to the peers yet */
  guint flush_id;
  guint tick_id;
  guint n_ticks;
};

/* How many agents a second are to come back after a restart. The moments that they choose within
 * the spread are random; with 30 a second on average no second of a school of 1,000 has 60 (goals,
 * F5). */
#define RETURNS_PER_SECOND 30

/* Every so many ticks what was freed goes back to the system. What a connection takes for compression
 * is freed when it has been quiet for a while, but lies between what others need: of 44 KiB a
 * connection 8 are left (`tests/bench/run wire`). */
#define TICKS_TO_TRIM 60

G_DEFINE_FINAL_TYPE (LsHub, ls_hub, G_TYPE_OBJECT)

/* Peers can go while they are walked over. */
static GPtrArray *
copy_peers (LsHub *self)
{
  GPtrArray *peers = g_ptr_array_new_full (self->peers->len, g_object_unref);

  for (guint i = 0; i < self->peers->len; i++)
    g_ptr_array_add (peers, g_object_ref (g_ptr_array_index (self->peers, i)));

  return peers;
}

/* Brings what was committed since the last time to everybody. */
static void
flush (LsHub *self)
{
  g_autoptr (GPtrArray) entries = g_steal_pointer (&self->pending);
  g_autoptr (GPtrArray) peers = copy_peers (self);
  const LsLogEntry *last;
  LsCursor top;

  g_clear_handle_id (&self->flush_id, g_source_remove);
  self->pending = g_ptr_array_new_with_free_func ((GDestroyNotify)ls_log_entry_unref);
  if (entries->len == 0)
    return;

  last = g_ptr_array_index (entries, entries->len - 1);
  top = ls_school_get_cursor (self->school);
  top.offset = ls_log_entry_get_offset (last);
  for (guint i = 0; i < peers->len; i++)
    ls_peer_offer (g_ptr_array_index (peers, i), entries, top);
}

static gboolean
on_flush (gpointer user_data)
{
  LsHub *self = user_data;

  self->flush_id = 0;
  flush (self);
  return G_SOURCE_REMOVE;
}

/* What is committed in one turn of the main loop goes out together, at the beginning of the next:
 * whoever got the answer to a write and asks then finds its event sent. */
static void
on_school_appended (LsSchool *school, GPtrArray *entries, LsHub *self)
{
  if (self->peers->len == 0)
    return;

  for (guint i = 0; i < entries->len; i++)
    g_ptr_array_add (self->pending, ls_log_entry_ref (g_ptr_array_index (entries, i)));
  if (self->flush_id == 0)
    self->flush_id = g_idle_add_full (G_PRIORITY_HIGH, on_flush, self, NULL);
}

/* A new password ends the sessions of the old one. */
static void
look_with (LsHub *self, LsPeer *peer, LsViewer *viewer, const GError *error)
{
  gboolean is_gone = viewer != NULL
                         ? !ls_viewer_is_active (viewer)
                         : g_error_matches (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_NOT_FOUND);

  if (is_gone)
    ls_peer_close (peer, LS_CLOSE_FORBIDDEN, "the account is not active");
  else if (viewer == NULL)
    ls_peer_close (peer, LS_CLOSE_FAILED, "the account can't be read");
  else if (!ls_school_session_is_active (self->school, ls_peer_get_session_id (peer),
                                         g_get_real_time () / 1000))
    ls_peer_close (peer, LS_CLOSE_TOKEN, "signed out");
  else
    ls_peer_set_viewer (peer, viewer);
}

/* What was committed before the change is brought with the eyes of before. */
static void
on_school_viewer_changed (LsSchool *school, const char *user_id, LsHub *self)
{
  g_autoptr (GPtrArray) peers = NULL;
  g_autoptr (LsViewer) viewer = NULL;
  g_autoptr (GError) error = NULL;

  flush (self);
  peers = copy_peers (self);
  viewer = ls_school_get_viewer (school, user_id, &error);
  for (guint i = 0; i < peers->len; i++)
    {
      LsPeer *peer = g_ptr_array_index (peers, i);

      if (g_str_equal (ls_viewer_get_id (ls_peer_get_viewer (peer)), user_id))
        look_with (self, peer, viewer, error);
    }
}

static void
on_auth_session_ended (LsAuth *auth, const char *session_id, LsHub *self)
{
  g_autoptr (GPtrArray) peers = copy_peers (self);

  for (guint i = 0; i < peers->len; i++)
    {
      LsPeer *peer = g_ptr_array_index (peers, i);

      if (g_str_equal (ls_peer_get_session_id (peer), session_id))
        ls_peer_close (peer, LS_CLOSE_TOKEN, "signed out");
    }
}

/* Presence */

/* Returns: (transfer full): what those who may see it get to know of a user's presence */
static LsEvent *
new_presence (const char *type, const char *status, const LsViewer *viewer)
{
  const char *user_id = ls_viewer_get_id (viewer);
  /* An id is plain letters, digits, '-' and '_' (LsSchool sees to that): no escapes needed. */
  g_autofree char *data = g_strdup_printf ("{\"id\":\"%s\",\"status\":\"%s\"}", user_id, status);
  LsEvent *event = ls_event_new (ls_event_type_from_string (type), user_id, data);

  g_free (event->user_id);
  event->user_id = g_strdup (user_id);
  g_free (event->user_role);
  event->user_role = g_strdup (ls_role_to_string (ls_viewer_get_role (viewer)));
  event->timestamp = g_get_real_time () / 1000;
  return event;
}

static void
announce (LsHub *self, const char *type, const char *status, const LsViewer *viewer)
{
  g_autoptr (LsEvent) event = new_presence (type, status, viewer);
  g_autoptr (GPtrArray) peers = copy_peers (self);
  const char *user_id = ls_viewer_get_id (viewer);

  for (guint i = 0; i < peers->len; i++)
    {
      LsPeer *peer = g_ptr_array_index (peers, i);
      const LsViewer *other = ls_peer_get_viewer (peer);

      /* That one is there oneself is no news. */
      if (!g_str_equal (ls_viewer_get_id (other), user_id) &&
          ls_viewer_sees_presence (other, user_id))
        ls_peer_announce (peer, event);
    }
}

static void
count_online (LsHub *self, const LsViewer *viewer, int change)
{
  const char *user_id = ls_viewer_get_id (viewer);
  int before = GPOINTER_TO_INT (g_hash_table_lookup (self->online, user_id));
  int now = before + change;

  if (now > 0)
    g_hash_table_insert (self->online, g_strdup (user_id), GINT_TO_POINTER (now));
  else
    g_hash_table_remove (self->online, user_id);

  if (before == 0)
    announce (self, "user_online", "online", viewer);
  else if (now == 0)
    announce (self, "user_offline", "offline", viewer);
}

/* Coming and going */

/* A machine has one agent: when it comes again, the old connection is a leftover of it. But whoever
 * once sat there can say that they are the machine, so it has to be the same user, or the next one of
 * a fast switch, who comes from the same network. In a school behind one address any other user still
 * can say it: what the agents of all users of a machine could know, all its users could read. */
static gboolean
is_leftover (LsPeer *old, LsPeer *peer)
{
  const char *user_id = ls_viewer_get_id (ls_peer_get_viewer (peer));

  return old != peer && ls_peer_is_ready (old) &&
         g_str_equal (ls_peer_get_machine (old), ls_peer_get_machine (peer)) &&
         (g_str_equal (ls_viewer_get_id (ls_peer_get_viewer (old)), user_id) ||
          g_str_equal (ls_peer_get_network (old), ls_peer_get_network (peer)));
}

static void
on_peer_ready (LsPeer *peer, LsHub *self)
{
  g_autoptr (GPtrArray) peers = copy_peers (self);

  /* First, so that the user is not gone for a moment */
  count_online (self, ls_peer_get_viewer (peer), 1);
  for (guint i = 0; i < peers->len; i++)
    if (is_leftover (peers->pdata[i], peer))
      ls_peer_close (peers->pdata[i], LS_CLOSE_DUPLICATE, "the machine has connected again");
}

static void
on_peer_ended (LsPeer *peer, LsHub *self)
{
  if (ls_peer_get_machine (peer) != NULL) /* else it never took part */
    count_online (self, ls_peer_get_viewer (peer), -1);
}

static gboolean
on_tick (gpointer user_data)
{
  LsHub *self = user_data;
  g_autoptr (GPtrArray) peers = copy_peers (self);
  gint64 now_wall = g_get_real_time () / 1000;
  gint64 now_monotonic = g_get_monotonic_time () / 1000;

  for (guint i = 0; i < peers->len; i++)
    ls_peer_tick (g_ptr_array_index (peers, i), now_wall, now_monotonic);

  if (++self->n_ticks % TICKS_TO_TRIM == 0)
    malloc_trim (0);
  return G_SOURCE_CONTINUE;
}

static void
on_peer_closed (LsPeer *peer, LsHub *self)
{
  g_signal_handlers_disconnect_by_data (peer, self);
  g_ptr_array_remove_fast (self->peers, peer);
  self->context.metrics->connections = self->peers->len;
  if (self->peers->len == 0)
    g_clear_handle_id (&self->tick_id, g_source_remove);
}

/**
 * ls_hub_accept:
 * @self: a hub
 * @connection: a connection that was just opened
 * @identity: whose it is
 * @network: where from, see ls_address_get_network()
 *
 * Takes a connection in.
 */
void
ls_hub_accept (LsHub *self,
               SoupWebsocketConnection *connection,
               const LsIdentity *identity,
               const char *network)
{
  LsPeer *peer;

  g_return_if_fail (LS_IS_HUB (self));

  peer = ls_peer_new (&self->context, connection, identity, network);
  g_signal_connect (peer, "ready", G_CALLBACK (on_peer_ready), self);
  g_signal_connect (peer, "ended", G_CALLBACK (on_peer_ended), self);
  g_signal_connect (peer, "closed", G_CALLBACK (on_peer_closed), self);
  g_ptr_array_add (self->peers, peer);

  self->context.metrics->connections = self->peers->len;
  self->context.metrics->connections_total++;
  if (self->tick_id == 0)
    self->tick_id = g_timeout_add_seconds (1, on_tick, self);
}

/**
 * ls_hub_drain:
 * @self: a hub
 * @retry_after: when to come back, milliseconds
 * @spread: over which time to spread then at least, milliseconds; longer if there are many
 *
 * Sends everybody away because the server restarts; ls_hub_is_empty() says when they are gone.
 */
void
ls_hub_drain (LsHub *self, gint64 retry_after, gint64 spread)
{
  g_autoptr (GPtrArray) peers = NULL;

  g_return_if_fail (LS_IS_HUB (self));

  flush (self);
  peers = copy_peers (self);
  spread = MAX (spread, (gint64)peers->len * 1000 / RETURNS_PER_SECOND);
  for (guint i = 0; i < peers->len; i++)
    ls_peer_drain (g_ptr_array_index (peers, i), retry_after, spread);
}

/**
 * ls_hub_is_empty:
 * @self: a hub
 *
 * Returns: whether there is no connection, not even one that is being closed
 */
gboolean
ls_hub_is_empty (LsHub *self)
{
  g_return_val_if_fail (LS_IS_HUB (self), TRUE);

  return self->peers->len == 0;
}

static void
ls_hub_dispose (GObject *object)
{
  LsHub *self = LS_HUB (object);

  g_clear_handle_id (&self->flush_id, g_source_remove);
  g_clear_handle_id (&self->tick_id, g_source_remove);
  for (guint i = 0; self->peers != NULL && i < self->peers->len; i++)
    g_signal_handlers_disconnect_by_data (g_ptr_array_index (self->peers, i), self);
  g_clear_pointer (&self->peers, g_ptr_array_unref);
  if (self->school != NULL)
    g_signal_handlers_disconnect_by_data (self->school, self);
  if (self->auth != NULL)
    g_signal_handlers_disconnect_by_data (self->auth, self);
  g_clear_object (&self->school);
  g_clear_object (&self->auth);

  G_OBJECT_CLASS (ls_hub_parent_class)->dispose (object);
}

static void
ls_hub_finalize (GObject *object)
{
  LsHub *self = LS_HUB (object);

  g_clear_pointer (&self->online, g_hash_table_unref);
  g_clear_pointer (&self->pending, g_ptr_array_unref);

  G_OBJECT_CLASS (ls_hub_parent_class)->finalize (object);
}

static void
ls_hub_class_init (LsHubClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ls_hub_dispose;
  object_class->finalize = ls_hub_finalize;
}

static void
ls_hub_init (LsHub *self)
{
  self->peers = g_ptr_array_new_with_free_func (g_object_unref);
  self->online = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->pending = g_ptr_array_new_with_free_func ((GDestroyNotify)ls_log_entry_unref);
}

/**
 * ls_hub_new:
 * @school: the school
 * @auth: who is let in
 * @auditor: (transfer none): what is written down; outlives the hub
 * @metrics: (transfer none): what is counted; outlives the hub
 * @heartbeat: how often a client has to be heard, milliseconds
 * @hello_timeout: how long a client may take until its hello, milliseconds
 *
 * Returns: (transfer full): a hub without connections
 */
LsHub *
ls_hub_new (LsSchool *school,
            LsAuth *auth,
            LsAuditor *auditor,
            LsMetrics *metrics,
            gint64 heartbeat,
            gint64 hello_timeout)
{
  LsHub *self;

  g_return_val_if_fail (LS_IS_SCHOOL (school) && LS_IS_AUTH (auth) && metrics != NULL, NULL);

  self = g_object_new (LS_TYPE_HUB, NULL);
  self->school = g_object_ref (school);
  self->auth = g_object_ref (auth);
  self->context = (LsPeerContext) { school, auth, auditor, metrics, heartbeat, hello_timeout };
  g_signal_connect (school, "appended", G_CALLBACK (on_school_appended), self);
  g_signal_connect (school, "viewer-changed", G_CALLBACK (on_school_viewer_changed), self);
  g_signal_connect (auth, "session-ended", G_CALLBACK (on_auth_session_ended), self);
  return self;
}
