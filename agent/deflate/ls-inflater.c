/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-inflater.h"

#include <libsoup/soup.h>
#include <zlib.h>

/* How much room is made at first for each byte that is packed: what JSON of ours takes. */
#define USUAL_RATIO 8
#define MIN_ROOM 1024

/* Of z_stream.data_type: the next that comes is the beginning of a block. */
#define AT_BLOCK_END 128

/* What a sender leaves out at the end of each message (RFC 7692, 7.2.1) */
static const guint8 tail[] = { 0x00, 0x00, 0xff, 0xff };

/**
 * LsInflater:
 *
 * Unpacks messages, one after another, each up to a size and no further. Has memory only while it
 * needs a context, or a message is being unpacked.
 */
struct _LsInflater
{
  LsDeflateSide side;
  z_stream stream;
  gboolean is_ready; /* @stream can be used */
};

/**
 * ls_inflater_new:
 * @side: what the sender keeps to
 *
 * Returns: (transfer full): an inflater
 */
LsInflater *
ls_inflater_new (const LsDeflateSide *side)
{
  LsInflater *self = g_new0 (LsInflater, 1);

  self->side = *side;
  return self;
}

static void
forget (LsInflater *self)
{
  if (self->is_ready)
    inflateEnd (&self->stream);
  self->is_ready = FALSE;
}

/**
 * ls_inflater_free:
 * @self: (transfer full): an inflater
 *
 * Frees it.
 */
void
ls_inflater_free (LsInflater *self)
{
  forget (self);
  g_free (self);
}

static gboolean
check (int status, const z_stream *stream, GError **error)
{
  /* Z_BUF_ERROR: there was nothing left to do. */
  if (status == Z_OK || status == Z_BUF_ERROR)
    return TRUE;

  g_set_error (error, SOUP_WEBSOCKET_ERROR, SOUP_WEBSOCKET_CLOSE_PROTOCOL_ERROR,
               "A compressed message can't be read: %s",
               stream->msg != NULL ? stream->msg : zError (status));
  return FALSE;
}

static gboolean
get_ready (LsInflater *self, GError **error)
{
  int bits = self->side.max_bits != 0 ? (int)self->side.max_bits : LS_DEFLATE_MAX_BITS;

  if (self->is_ready)
    return TRUE;

  self->stream = (z_stream) { 0 };
  self->is_ready = check (inflateInit2 (&self->stream, -bits), &self->stream, error);
  return self->is_ready;
}

/* What a message is unpacked into */
typedef struct
{
  GByteArray *bytes; /* (unowned): as much room as there is */
  gsize used;
  gsize max;
} Output;

/* Goes up to one byte more than there may be: what gets there is too much. */
static gboolean
make_room (Output *out, gsize wanted, GError **error)
{
  if (out->used > out->max)
    {
      g_set_error (error, SOUP_WEBSOCKET_ERROR, SOUP_WEBSOCKET_CLOSE_TOO_BIG,
                   "A compressed message has more than %" G_GSIZE_FORMAT " bytes", out->max);
      return FALSE;
    }

  if (out->used == out->bytes->len)
    g_byte_array_set_size (out->bytes, (guint)MIN (MAX (wanted, MIN_ROOM), out->max + 1));
  return TRUE;
}

static gboolean
feed (LsInflater *self, const guint8 *data, gsize size, Output *out, GError **error)
{
  z_stream *stream = &self->stream;
  int status;

  stream->next_in = (guint8 *)data;
  stream->avail_in = (uInt)size;
  do
    {
      if (!make_room (out, out->used * 2, error))
        return FALSE;
      stream->next_out = out->bytes->data + out->used;
      stream->avail_out = (uInt)(out->bytes->len - out->used);
      status = inflate (stream, Z_SYNC_FLUSH);
      out->used = out->bytes->len - stream->avail_out;

      /* A last block is allowed, and does not end the message (RFC 7692, 7.2.3.4). */
      if (status == Z_STREAM_END)
        status = inflateReset (stream);
      if (!check (status, stream, error))
        return FALSE;
    }
  while (stream->avail_in > 0 || stream->avail_out == 0);

  return TRUE;
}

/* The end of a message is the end of a block. */
static gboolean
check_end (LsInflater *self, GError **error)
{
  if ((self->stream.data_type & AT_BLOCK_END) != 0)
    return TRUE;

  g_set_error_literal (error, SOUP_WEBSOCKET_ERROR, SOUP_WEBSOCKET_CLOSE_PROTOCOL_ERROR,
                       "A compressed message is cut short");
  return FALSE;
}

/**
 * ls_inflater_inflate:
 * @self: an inflater
 * @packed: all of a message, as it came
 * @max_size: how large it may be, in bytes
 * @error: of %SOUP_WEBSOCKET_ERROR, with the code to close the connection with:
 *   %SOUP_WEBSOCKET_CLOSE_TOO_BIG, %SOUP_WEBSOCKET_CLOSE_PROTOCOL_ERROR
 *
 * Unpacks the next message. After an error it can't go on.
 *
 * Returns: (transfer full) (nullable): the message
 */
GBytes *
ls_inflater_inflate (LsInflater *self, GBytes *packed, gsize max_size, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (packed, &size);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  Output out = { .bytes = bytes, .max = max_size };
  gboolean is_good = get_ready (self, error) && make_room (&out, size * USUAL_RATIO, error) &&
                     feed (self, data, size, &out, error) &&
                     feed (self, tail, sizeof tail, &out, error) && check_end (self, error);

  if (self->side.no_context_takeover)
    forget (self);
  if (!is_good)
    return NULL;

  g_byte_array_set_size (bytes, (guint)out.used);
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}
