/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-outlet.h"

/**
 * LsOutlet:
 *
 * The way out to one client. libsoup takes whatever it is given and does not say how much of it
 * waits (3.2). It writes from a source of default priority, so a source of lower priority that
 * waits for the same stream to become writable gets its turn only when libsoup has nothing left to
 * write. From that the outlet knows that what was sent is gone, without polling.
 */
struct _LsOutlet
{
  SoupWebsocketConnection *connection; /* (owned) */
  LsOutletFunc drained;
  gpointer user_data; /* (unowned) */
  GSource *source;    /* (owned) (nullable): waits for the stream */
  gsize unsent;       /* bytes since the stream was last seen drained; compressed, they are fewer */
};

/**
 * ls_outlet_new:
 * @connection: a connection
 * @drained: what to call each time when what was sent is gone
 * @user_data: for @drained
 *
 * Returns: (transfer full): a new outlet
 */
LsOutlet *
ls_outlet_new (SoupWebsocketConnection *connection, LsOutletFunc drained, gpointer user_data)
{
  LsOutlet *self = g_new0 (LsOutlet, 1);

  self->connection = g_object_ref (connection);
  self->drained = drained;
  self->user_data = user_data;
  return self;
}

static void
clear_source (LsOutlet *self)
{
  if (self->source == NULL)
    return;

  g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
}

/**
 * ls_outlet_free:
 * @self: (transfer full): an outlet
 *
 * Frees it. A connection that is being closed finishes that by itself.
 */
void
ls_outlet_free (LsOutlet *self)
{
  clear_source (self);
  g_object_unref (self->connection);
  g_free (self);
}

static gboolean
on_writable (GObject *stream, gpointer user_data)
{
  LsOutlet *self = user_data;

  clear_source (self);
  self->unsent = 0;
  self->drained (self->user_data);
  return G_SOURCE_REMOVE;
}

static void
watch (LsOutlet *self)
{
  GIOStream *stream;

  if (self->source != NULL)
    return;

  stream = soup_websocket_connection_get_io_stream (self->connection);
  self->source = g_pollable_output_stream_create_source (
      G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (stream)), NULL);
  g_source_set_priority (self->source, G_PRIORITY_LOW);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_writable), self, NULL);
  g_source_attach (self->source, NULL);
}

/**
 * ls_outlet_send:
 * @self: an outlet
 * @text: (array length=length): a message; zero-terminated
 * @length: its length in bytes
 *
 * Sends a text frame, if the connection is open.
 *
 * Returns: %FALSE if more waits now than %LS_OUTLET_MAX_UNSENT: the client does not read
 */
gboolean
ls_outlet_send (LsOutlet *self, const char *text, gsize length)
{
  if (soup_websocket_connection_get_state (self->connection) != SOUP_WEBSOCKET_STATE_OPEN)
    return TRUE;

  soup_websocket_connection_send_text (self->connection, text);
  self->unsent += length;
  watch (self);
  return self->unsent <= LS_OUTLET_MAX_UNSENT;
}

/**
 * ls_outlet_has_room:
 * @self: an outlet
 *
 * Returns: whether less than %LS_OUTLET_ROOM waits
 */
gboolean
ls_outlet_has_room (LsOutlet *self)
{
  return self->unsent < LS_OUTLET_ROOM;
}

/**
 * ls_outlet_poll:
 * @self: an outlet
 *
 * Looks whether the stream can be written to. To be called now and then: while the main loop is
 * never idle, the outlet's own source gets no turn, but libsoup's does, so that a stream that has
 * room now has been given everything.
 */
void
ls_outlet_poll (LsOutlet *self)
{
  GIOStream *stream = soup_websocket_connection_get_io_stream (self->connection);

  if (self->source != NULL && g_pollable_output_stream_is_writable (G_POLLABLE_OUTPUT_STREAM (
                                  g_io_stream_get_output_stream (stream))))
    on_writable (NULL, self);
}

/**
 * ls_outlet_close:
 * @self: an outlet
 * @code: close code (protocol, "Close codes")
 * @reason: the same for people
 *
 * Begins to close the connection, if it is open.
 */
void
ls_outlet_close (LsOutlet *self, gushort code, const char *reason)
{
  clear_source (self);
  if (soup_websocket_connection_get_state (self->connection) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_close (self->connection, code, reason);
}
