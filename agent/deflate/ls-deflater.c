/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-deflater.h"

#include <libsoup/soup.h>
#include <string.h>
#include <zlib.h>

/* Of 9. Its tables then take as much as the window does, 16 KiB (zlib.h, "memory requirements"). */
#define MEMORY_LEVEL 5

/* zlib can't compress with a window of 256 bytes. It keeps 262 away from the end of a larger one, so
 * with 512 it refers back by no more than 250. */
#define MIN_BITS 9

/* A context that was not used for so long is given back, in microseconds. What comes next is sent
 * without one, and takes more bytes once. */
#define QUIET (60 * G_USEC_PER_SEC)

/* Room beside what deflateBound() says, for the mark of a flush */
#define FLUSH_ROOM 16

/* How each flush ends, and what is left out (RFC 7692, 7.2.1) */
static const guint8 tail[] = { 0x00, 0x00, 0xff, 0xff };

/**
 * LsDeflater:
 *
 * Packs messages, one after another, so that each can refer to those before it. Has memory only
 * while it is in use.
 */
struct _LsDeflater
{
  LsDeflateSide side;
  z_stream stream;
  gboolean is_ready; /* @stream can be used */
  gint64 used_at;    /* monotonic, microseconds */
};

/**
 * ls_deflater_new:
 * @side: what to keep to
 *
 * Returns: (transfer full): a deflater
 */
LsDeflater *
ls_deflater_new (const LsDeflateSide *side)
{
  LsDeflater *self = g_new0 (LsDeflater, 1);

  self->side = *side;
  return self;
}

static void
forget (LsDeflater *self)
{
  if (self->is_ready)
    deflateEnd (&self->stream);
  self->is_ready = FALSE;
}

/**
 * ls_deflater_free:
 * @self: (transfer full): a deflater
 *
 * Frees it.
 */
void
ls_deflater_free (LsDeflater *self)
{
  forget (self);
  g_free (self);
}

static gboolean
check (int status, GError **error)
{
  /* Z_BUF_ERROR: there was nothing left to do. */
  if (status == Z_OK || status == Z_BUF_ERROR)
    return TRUE;

  g_set_error (error, SOUP_WEBSOCKET_ERROR, SOUP_WEBSOCKET_CLOSE_GOING_AWAY,
               "A message can't be compressed: %s", zError (status));
  return FALSE;
}

static gboolean
get_ready (LsDeflater *self, GError **error)
{
  guint most = self->side.max_bits != 0 ? self->side.max_bits : LS_DEFLATE_MAX_BITS;
  int bits = (int)CLAMP (most, MIN_BITS, LS_DEFLATE_BITS);

  if (self->is_ready)
    return TRUE;

  self->stream = (z_stream) { 0 };
  self->is_ready = check (deflateInit2 (&self->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -bits,
                                        MEMORY_LEVEL, Z_DEFAULT_STRATEGY),
                          error);
  return self->is_ready;
}

static gboolean
feed (LsDeflater *self, GBytes *message, GByteArray *out, GError **error)
{
  z_stream *stream = &self->stream;
  gsize size;
  guint used = 0;

  stream->next_in = (guint8 *)g_bytes_get_data (message, &size);
  stream->avail_in = (uInt)size;
  do
    {
      g_byte_array_set_size (out,
                             used + (guint)deflateBound (stream, stream->avail_in) + FLUSH_ROOM);
      stream->next_out = out->data + used;
      stream->avail_out = out->len - used;
      if (!check (deflate (stream, Z_SYNC_FLUSH), error))
        return FALSE;
      used = out->len - stream->avail_out;
    }
  while (stream->avail_out == 0);

  g_byte_array_set_size (out, used);
  return TRUE;
}

/**
 * ls_deflater_deflate:
 * @self: a deflater
 * @message: a message, not empty
 * @now: monotonic time, microseconds
 * @error: of %SOUP_WEBSOCKET_ERROR: there is no memory for it
 *
 * Packs the next message.
 *
 * Returns: (transfer full) (nullable): the message as it goes out
 */
GBytes *
ls_deflater_deflate (LsDeflater *self, GBytes *message, gint64 now, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  gboolean is_good = get_ready (self, error) && feed (self, message, out, error);

  self->used_at = now;
  if (self->side.no_context_takeover)
    forget (self);
  if (!is_good)
    return NULL;

  g_assert (out->len > sizeof tail);
  g_byte_array_set_size (out, out->len - sizeof tail);
  g_assert (memcmp (out->data + out->len, tail, sizeof tail) == 0);
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

/**
 * ls_deflater_rest:
 * @self: a deflater
 * @now: monotonic time, microseconds
 *
 * Gives back what was not used for a while. To be called now and then.
 */
void
ls_deflater_rest (LsDeflater *self, gint64 now)
{
  if (now - self->used_at >= QUIET)
    forget (self);
}

/**
 * ls_deflater_is_at_rest:
 * @self: a deflater
 *
 * Returns: whether it has no memory now
 */
gboolean
ls_deflater_is_at_rest (LsDeflater *self)
{
  return !self->is_ready;
}
