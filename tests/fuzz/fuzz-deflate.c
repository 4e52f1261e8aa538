/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "fuzz.h"
#include "ls-deflate.h"
#include "ls-deflater.h"
#include "ls-inflater.h"

/* Whatever frames come, no message has more than it may, and what was compressed here can be read
 * again. The first byte says what was agreed on; then come frames: a first byte, a length byte, and so many
 * bytes. */

#define MAX_MESSAGE 4096
#define FIN 0x80
#define RESERVED 0x70
#define CONTROL 0x08
#define OPCODE 0x0f

typedef struct
{
  const guint8 *data;
  gsize size;
  gboolean in_message; /* a part of one has come */
  gsize n_delivered;   /* bytes of it */
} Input;

static guint8
take_byte (Input *input)
{
  if (input->size == 0)
    return 0;

  input->size--;
  return *input->data++;
}

static LsDeflate *
create (guint8 flags)
{
  LsDeflate *self = g_object_new (LS_TYPE_DEFLATE, NULL);
  g_autofree char *text = g_strdup_printf ("client_max_window_bits=%u%s", 8 + (flags & 7),
                                           (flags & 8) != 0 ? "; server_no_context_takeover" : "");
  GHashTable *params = soup_header_parse_semi_param_list_strict (
      (flags & 16) != 0 ? "server_no_context_takeover" : text);
  SoupWebsocketConnectionType type =
      (flags & 32) != 0 ? SOUP_WEBSOCKET_CONNECTION_CLIENT : SOUP_WEBSOCKET_CONNECTION_SERVER;

  g_assert_true (
      soup_websocket_extension_configure (SOUP_WEBSOCKET_EXTENSION (self), type, params, NULL));
  soup_header_free_param_list (params);
  ls_deflate_set_max_message (self, MAX_MESSAGE);
  return self;
}

/* Returns: whether libsoup would go on */
static gboolean
receive (LsDeflate *self, Input *input)
{
  guint8 head = take_byte (input);
  guint8 wanted = take_byte (input);
  gsize size = MIN (wanted, input->size);
  g_autoptr (GBytes) payload = g_bytes_new (input->data, size);
  g_autoptr (GBytes) delivered = soup_websocket_extension_process_incoming_message (
      SOUP_WEBSOCKET_EXTENSION (self), &head, g_bytes_ref (payload), NULL);

  input->data += size;
  input->size -= size;
  if (delivered == NULL || (head & RESERVED) != 0)
    return FALSE;
  if ((head & CONTROL) != 0)
    return TRUE;

  if (((head & OPCODE) == 0) != input->in_message)
    return FALSE;

  input->in_message = (head & FIN) == 0;
  input->n_delivered += g_bytes_get_size (delivered);
  g_assert_cmpuint (input->n_delivered, <=, MAX_MESSAGE);
  if (!input->in_message)
    input->n_delivered = 0;
  return TRUE;
}

static void
check_frames (Input input)
{
  g_autoptr (LsDeflate) self = create (take_byte (&input));

  while (input.size > 0 && receive (self, &input))
    ;
}

static void
check_round_trip (Input input)
{
  guint8 flags = take_byte (&input);
  LsDeflateSide side = { .no_context_takeover = (flags & 8) != 0, .max_bits = 8 + (flags & 7) };
  g_autoptr (LsDeflater) deflater = ls_deflater_new (&side);
  g_autoptr (LsInflater) inflater = ls_inflater_new (&side);

  for (guint round = 0; round < 3 && input.size > 0; round++)
    {
      g_autoptr (GBytes) text = g_bytes_new (input.data, input.size);
      g_autoptr (GBytes) packed = ls_deflater_deflate (deflater, text, 0, NULL);
      g_autoptr (GBytes) again = ls_inflater_inflate (inflater, packed, input.size, NULL);

      g_assert_true (g_bytes_equal (text, again));
      input.size -= input.size / 3;
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  Input input = { data, size };

  check_frames (input);
  check_round_trip (input);
  return 0;
}
