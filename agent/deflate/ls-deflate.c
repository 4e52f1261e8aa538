/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-deflate.h"

#include "ls-deflater.h"
#include "ls-inflater.h"

/* The first byte of a frame (RFC 6455, 5.2; RFC 7692, 6) */
#define FINAL 0x80
#define COMPRESSED 0x40
#define CONTROL 0x08
#define OPCODE 0x0f
#define CONTINUATION 0x00

/**
 * LsDeflate:
 *
 * permessage-deflate (RFC 7692) for either side of a connection, in place of libsoup's own, which
 * inflates a frame into any amount of memory (3.2). It sees every frame, so it also bounds what a
 * message has in all its fragments; libsoup's limit is for each of them alone. A connection on
 * which nothing is compressed has one, too, for that. A message in fragments is unpacked with the
 * last of them.
 */
struct _LsDeflate
{
  SoupWebsocketExtension parent_instance;

  LsDeflateParams params;
  LsDeflater *deflater; /* (owned) (nullable): %NULL if nothing is compressed */
  LsInflater *inflater; /* (owned) (nullable): the same */

  gsize max_message;  /* bytes, packed or not; nothing passes before it is set */
  gsize size;         /* of the message that is coming, as far as it came */
  GByteArray *packed; /* (owned) (nullable): that message, if it comes compressed */
};

G_DEFINE_FINAL_TYPE (LsDeflate, ls_deflate, SOUP_TYPE_WEBSOCKET_EXTENSION)

static gboolean
ls_deflate_configure (SoupWebsocketExtension *extension,
                      SoupWebsocketConnectionType type,
                      GHashTable *table,
                      GError **error)
{
  LsDeflate *self = LS_DEFLATE (extension);
  gboolean is_server = type == SOUP_WEBSOCKET_CONNECTION_SERVER;

  if (!is_server && table != NULL && g_hash_table_contains (table, LS_DEFLATE_PLAIN))
    return TRUE;
  if (!ls_deflate_params_parse (&self->params, table, is_server, error))
    return FALSE;

  if (is_server)
    ls_deflate_params_accept (&self->params);
  self->deflater = ls_deflater_new (is_server ? &self->params.server : &self->params.client);
  self->inflater = ls_inflater_new (is_server ? &self->params.client : &self->params.server);
  return TRUE;
}

static char *
ls_deflate_get_request_params (SoupWebsocketExtension *extension)
{
  return g_strdup ("; client_max_window_bits");
}

static char *
ls_deflate_get_response_params (SoupWebsocketExtension *extension)
{
  return ls_deflate_params_to_string (&LS_DEFLATE (extension)->params);
}

static GBytes *
ls_deflate_process_outgoing_message (SoupWebsocketExtension *extension,
                                     guint8 *header,
                                     GBytes *payload,
                                     GError **error)
{
  LsDeflate *self = LS_DEFLATE (extension);
  gint64 now = g_get_monotonic_time ();
  g_autoptr (GBytes) message = payload;

  if (self->deflater == NULL || (header[0] & CONTROL) != 0)
    return g_steal_pointer (&message);
  if (g_bytes_get_size (message) < LS_DEFLATE_MIN_SIZE)
    {
      ls_deflater_rest (self->deflater, now);
      return g_steal_pointer (&message);
    }

  header[0] |= COMPRESSED;
  return ls_deflater_deflate (self->deflater, message, now, error);
}

static void
begin_message (LsDeflate *self, gboolean is_packed)
{
  self->size = 0;
  g_clear_pointer (&self->packed, g_byte_array_unref);
  if (is_packed)
    self->packed = g_byte_array_new ();
}

/* Returns: (transfer full) (nullable): what libsoup gets for a frame of a compressed message */
static GBytes *
take_part (LsDeflate *self, GBytes *part, gboolean is_last, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (part, &size);
  g_autoptr (GBytes) packed = NULL;

  g_byte_array_append (self->packed, data, (guint)size);
  if (!is_last)
    return g_bytes_new_static ("", 0);

  packed = g_byte_array_free_to_bytes (g_steal_pointer (&self->packed));
  return ls_inflater_inflate (self->inflater, packed, self->max_message, error);
}

/* A reserved bit that stands where it has no business is left: libsoup then ends the connection. So is
 * that of a frame which can't be taken, as libsoup shows that one again. */
static GBytes *
ls_deflate_process_incoming_message (SoupWebsocketExtension *extension,
                                     guint8 *header,
                                     GBytes *payload,
                                     GError **error)
{
  LsDeflate *self = LS_DEFLATE (extension);
  gboolean is_first = (header[0] & OPCODE) != CONTINUATION;
  gboolean is_packed = self->inflater != NULL && (header[0] & COMPRESSED) != 0;
  g_autoptr (GBytes) part = payload;
  GBytes *found;

  if ((header[0] & CONTROL) != 0)
    return g_steal_pointer (&part);

  if (is_first)
    begin_message (self, is_packed);
  self->size += g_bytes_get_size (part);
  if (self->size > self->max_message)
    {
      g_set_error (error, SOUP_WEBSOCKET_ERROR, SOUP_WEBSOCKET_CLOSE_TOO_BIG,
                   "A message has more than %" G_GSIZE_FORMAT " bytes", self->max_message);
      return NULL;
    }
  if (self->packed == NULL)
    return g_steal_pointer (&part);

  found = take_part (self, part, (header[0] & FINAL) != 0, error);
  if (found != NULL && is_first)
    header[0] &= (guint8)~COMPRESSED;
  return found;
}

static void
ls_deflate_finalize (GObject *object)
{
  LsDeflate *self = LS_DEFLATE (object);

  g_clear_pointer (&self->deflater, ls_deflater_free);
  g_clear_pointer (&self->inflater, ls_inflater_free);
  g_clear_pointer (&self->packed, g_byte_array_unref);

  G_OBJECT_CLASS (ls_deflate_parent_class)->finalize (object);
}

static void
ls_deflate_class_init (LsDeflateClass *klass)
{
  SoupWebsocketExtensionClass *extension_class = SOUP_WEBSOCKET_EXTENSION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = ls_deflate_finalize;

  extension_class->name = "permessage-deflate";
  extension_class->configure = ls_deflate_configure;
  extension_class->get_request_params = ls_deflate_get_request_params;
  extension_class->get_response_params = ls_deflate_get_response_params;
  extension_class->process_outgoing_message = ls_deflate_process_outgoing_message;
  extension_class->process_incoming_message = ls_deflate_process_incoming_message;
}

static void
ls_deflate_init (LsDeflate *self)
{
}

/**
 * ls_deflate_set_max_message:
 * @self: an extension
 * @max_message: how large a message may be, in bytes
 *
 * Sets what a message may have: packed, unpacked, in one frame and in many. One that has more ends
 * the connection with %SOUP_WEBSOCKET_CLOSE_TOO_BIG.
 */
void
ls_deflate_set_max_message (LsDeflate *self, gsize max_message)
{
  g_return_if_fail (LS_IS_DEFLATE (self));

  self->max_message = max_message;
}

/**
 * ls_deflate_bound:
 * @connection: a connection that was just opened; all of ours have an #LsDeflate
 * @max_message: how large a message may be, in bytes
 *
 * Calls ls_deflate_set_max_message(), and has libsoup refuse a frame that has more, too, before it
 * is read.
 */
void
ls_deflate_bound (SoupWebsocketConnection *connection, gsize max_message)
{
  GList *extensions = soup_websocket_connection_get_extensions (connection);

  g_return_if_fail (extensions != NULL && LS_IS_DEFLATE (extensions->data));

  ls_deflate_set_max_message (extensions->data, max_message);
  soup_websocket_connection_set_max_incoming_payload_size (connection, max_message);
}
