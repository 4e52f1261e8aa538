/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-tap-input.h"

/**
 * LsTapInput:
 *
 * A stream with a tap. Who reads it from the main loop and does so until nothing more comes, as libsoup
 * does, is made to stop now and then by being told that nothing is there: after a turn, so that others
 * are served, and for as long as the tap is shut. What is not read stays with the kernel, which has the
 * sender wait. Who reads it from a thread, and would block, is not held up.
 */
struct _LsTapInput
{
  GFilterInputStream parent_instance;

  gsize turn;   /* how much is read at a time, in bytes */
  gsize n_read; /* in this turn */
  gboolean shut;
  GPtrArray *waiting; /* (element-type GSource) (owned): until the tap is opened */
};

static void ls_tap_input_pollable_init (GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsTapInput,
                               ls_tap_input,
                               G_TYPE_FILTER_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                      ls_tap_input_pollable_init))

static GPollableInputStream *
get_base (GPollableInputStream *stream)
{
  GFilterInputStream *filter = G_FILTER_INPUT_STREAM (stream);

  return G_POLLABLE_INPUT_STREAM (g_filter_input_stream_get_base_stream (filter));
}

static gboolean
can_poll (GPollableInputStream *stream)
{
  return g_pollable_input_stream_can_poll (get_base (stream));
}

static gboolean
is_readable (GPollableInputStream *stream)
{
  return !LS_TAP_INPUT (stream)->shut && g_pollable_input_stream_is_readable (get_base (stream));
}

static GSource *
create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  LsTapInput *self = LS_TAP_INPUT (stream);
  g_autoptr (GSource) child = NULL;
  GSource *source;

  if (!self->shut)
    child = g_pollable_input_stream_create_source (get_base (stream), cancellable);
  source = g_pollable_source_new_full (stream, child, cancellable);
  if (self->shut)
    g_ptr_array_add (self->waiting, g_source_ref (source));

  return source;
}

static gssize
read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  LsTapInput *self = LS_TAP_INPUT (stream);
  gssize n;

  if (self->shut || self->n_read >= self->turn)
    {
      self->n_read = 0;
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "not now");
      return -1;
    }

  n = g_pollable_input_stream_read_nonblocking (get_base (stream), buffer, count, NULL, error);
  self->n_read = n > 0 ? self->n_read + (gsize)n : 0;
  return n;
}

static void
ls_tap_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->can_poll = can_poll;
  iface->is_readable = is_readable;
  iface->create_source = create_source;
  iface->read_nonblocking = read_nonblocking;
}

static void
ls_tap_input_finalize (GObject *object)
{
  g_ptr_array_unref (LS_TAP_INPUT (object)->waiting);

  G_OBJECT_CLASS (ls_tap_input_parent_class)->finalize (object);
}

static void
ls_tap_input_class_init (LsTapInputClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_tap_input_finalize;
}

static void
ls_tap_input_init (LsTapInput *self)
{
  self->turn = G_MAXSIZE;
  self->waiting = g_ptr_array_new_with_free_func ((GDestroyNotify)g_source_unref);
}

/**
 * ls_tap_input_new:
 * @base: a stream that can be polled
 *
 * Returns: (transfer full): a stream that reads from @base; open, and with no end to a turn
 */
LsTapInput *
ls_tap_input_new (GInputStream *base)
{
  g_return_val_if_fail (G_IS_POLLABLE_INPUT_STREAM (base), NULL);

  return g_object_new (LS_TYPE_TAP_INPUT, "base-stream", base, NULL);
}

/**
 * ls_tap_input_set_turn:
 * @self: a stream
 * @turn: in bytes; what is read beyond is less than one read
 *
 * Sets how much is read before the main loop is given back.
 */
void
ls_tap_input_set_turn (LsTapInput *self, gsize turn)
{
  g_return_if_fail (LS_IS_TAP_INPUT (self));

  self->turn = turn;
}

/**
 * ls_tap_input_set_open:
 * @self: a stream
 * @open: whether anything comes out of it
 *
 * Opens or shuts the tap.
 */
void
ls_tap_input_set_open (LsTapInput *self, gboolean open)
{
  g_return_if_fail (LS_IS_TAP_INPUT (self));

  self->shut = !open;
  if (self->shut)
    return;

  /* Whoever waits looks for itself whether there is something. */
  for (guint i = 0; i < self->waiting->len; i++)
    g_source_set_ready_time (self->waiting->pdata[i], 0);
  g_ptr_array_set_size (self->waiting, 0);
}
