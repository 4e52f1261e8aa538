/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-delivery-stream.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <sys/socket.h>

#include "ls-error.h"

/* What the kernel keeps for an app that does not read, in bytes; it takes twice as much for its own
 * (socket(7), SO_SNDBUF). Enough for the largest packet, and for a dozen batches of small events. */
#define BUFFER_SIZE (128 * 1024)

/**
 * LsDeliveryStream:
 *
 * Events by a SOCK_SEQPACKET socket, a page in a packet. The socket is all there is of flow control:
 * while it is full, nothing is kept for the app but its place in the log.
 */
struct _LsDeliveryStream
{
  GObject parent_instance;

  int fd;        /* our end; -1 before there is one */
  guint end_id;  /* the source that waits for the app to end it */
  guint room_id; /* the source that waits until a full socket has drained; 0: it has room */
  gboolean shut;
};

static void delivery_iface_init (LsDeliveryInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsDeliveryStream,
                               ls_delivery_stream,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_DELIVERY, delivery_iface_init))

static void
ls_delivery_stream_dispose (GObject *object)
{
  LsDeliveryStream *self = LS_DELIVERY_STREAM (object);

  g_clear_handle_id (&self->end_id, g_source_remove);
  g_clear_handle_id (&self->room_id, g_source_remove);
  if (self->fd != -1)
    g_close (g_steal_fd (&self->fd), NULL);

  G_OBJECT_CLASS (ls_delivery_stream_parent_class)->dispose (object);
}

static void
ls_delivery_stream_class_init (LsDeliveryStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ls_delivery_stream_dispose;
}

static void
ls_delivery_stream_init (LsDeliveryStream *self)
{
  self->fd = -1;
}

static gboolean
has_room (LsDelivery *delivery)
{
  LsDeliveryStream *self = LS_DELIVERY_STREAM (delivery);

  return self->room_id == 0 && !self->shut;
}

/* The app reads what is in the socket, then its end; we hear of it as of an end from its side. */
static void
break_off (LsDelivery *delivery)
{
  LsDeliveryStream *self = LS_DELIVERY_STREAM (delivery);

  self->shut = TRUE;
  shutdown (self->fd, SHUT_RDWR);
}

static gboolean
on_room (gint fd, GIOCondition condition, gpointer user_data)
{
  LsDeliveryStream *self = user_data;

  self->room_id = 0;
  ls_delivery_emit_ready (LS_DELIVERY (self));
  return G_SOURCE_REMOVE;
}

static guint
put (LsDelivery *delivery, LsLogPage *page)
{
  LsDeliveryStream *self = LS_DELIVERY_STREAM (delivery);
  gsize size;
  gconstpointer packet = g_bytes_get_data (ls_log_page_get_packet (page), &size);

  if (send (self->fd, packet, size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
    return page->events->len;

  if (errno == EAGAIN)
    {
      /* the kernel calls it writable when three quarters of it are free */
      self->room_id = g_unix_fd_add (self->fd, G_IO_OUT, on_room, self);
    }
  else
    {
      if (errno != EPIPE && errno != ECONNRESET)
        g_warning ("a stream can't be written: %s", g_strerror (errno));
      break_off (delivery);
    }
  return 0;
}

/* Whatever comes from the app: it has closed its end, or says something that nobody asked for. */
static gboolean
on_end (gint fd, GIOCondition condition, gpointer user_data)
{
  LsDeliveryStream *self = user_data;

  self->end_id = 0;
  break_off (LS_DELIVERY (self));
  ls_delivery_emit_ended (LS_DELIVERY (self));
  return G_SOURCE_REMOVE;
}

static void
delivery_iface_init (LsDeliveryInterface *iface)
{
  iface->has_room = has_room;
  iface->put = put;
  iface->break_off = break_off;
}

/**
 * ls_delivery_stream_new:
 * @app_fd: (out): the app's end; the caller closes it
 * @error: %LS_ERROR_FAILED, as when the program has too many files open
 *
 * Returns: (transfer full) (nullable): a delivery by a socket
 */
LsDeliveryStream *
ls_delivery_stream_new (int *app_fd, GError **error)
{
  const int size = BUFFER_SIZE;
  LsDeliveryStream *self;
  int fds[2];

  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_FAILED, "no socket can be made: %s",
                   g_strerror (errno));
      return NULL;
    }

  self = g_object_new (LS_TYPE_DELIVERY_STREAM, NULL);
  self->fd = fds[0];
  if (setsockopt (self->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size) != 0)
    g_warning ("a stream keeps the system's buffer: %s", g_strerror (errno));
  self->end_id = g_unix_fd_add (self->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_end, self);
  *app_fd = fds[1];
  return self;
}
