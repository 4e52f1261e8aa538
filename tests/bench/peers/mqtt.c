/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As much of MQTT 3.1.1 as it takes to publish and to subscribe with quality of service 1. */
#include "client.h"

#include <string.h>

enum
{
  CONNECT = 1,
  CONNACK = 2,
  PUBLISH = 3,
  PUBACK = 4,
  SUBSCRIBE = 8,
  SUBACK = 9,
};

#define QOS_1 0x02         /* in the first byte of a PUBLISH; a SUBSCRIBE always has it */
#define CLEAN_SESSION 0x02 /* in CONNECT */

static void
append_number (GString *out, gsize number)
{
  g_string_append_c (out, (char)(number >> 8));
  g_string_append_c (out, (char)number);
}

static void
append_text (GString *out, const char *text)
{
  append_number (out, strlen (text));
  g_string_append (out, text);
}

static void
append_head (GString *out, guint type, guint flags, gsize length)
{
  g_string_append_c (out, (char)(type << 4 | flags));
  do
    {
      g_string_append_c (out, (char)((length & 0x7f) | (length > 0x7f ? 0x80 : 0)));
      length >>= 7;
    }
  while (length > 0);
}

static void
greet (Client *client)
{
  append_head (client->out, CONNECT, 0, 12);
  append_text (client->out, "MQTT");
  g_string_append_c (client->out, 4); /* 3.1.1 */
  g_string_append_c (client->out, CLEAN_SESSION);
  append_number (client->out, 0); /* stays without pings */
  append_text (client->out, "");  /* the broker finds a name */
}

static void
subscribe (Client *client)
{
  append_head (client->out, SUBSCRIBE, QOS_1, 5 + strlen (client->subject));
  append_number (client->out, 1);
  append_text (client->out, client->subject);
  g_string_append_c (client->out, 1);
}

static void
publish (Client *client, const char *text, gsize length)
{
  append_head (client->out, PUBLISH, QOS_1, 4 + strlen (client->subject) + length);
  append_text (client->out, client->subject);
  client->packet_id = client->packet_id == G_MAXUINT16 ? 1 : client->packet_id + 1;
  append_number (client->out, client->packet_id);
  g_string_append_len (client->out, text, (gssize)length);
}

static void
take_event (Client *client, const guint8 *body, gsize length)
{
  gsize topic = (gsize)body[0] << 8 | body[1];
  const guint8 *id = body + 2 + topic;

  append_head (client->out, PUBACK, 0, 2);
  g_string_append_len (client->out, (const char *)id, 2);
  tally_take_event (&client->tally, (const char *)id + 2, length - 4 - topic);
}

static void
take_packet (Client *client, guint8 head, const guint8 *body, gsize length)
{
  switch (head >> 4)
    {
    case CONNACK:
      if (body[1] != 0)
        client_fail ("refused", NULL, 0);
      if (client->subscriber)
        subscribe (client);
      else
        client_is_ready (client);
      break;
    case SUBACK:
      client_is_ready (client);
      break;
    case PUBLISH:
      take_event (client, body, length);
      break;
    case PUBACK:
      client_acknowledged (client);
      break;
    default:
      client_fail ("an unknown packet", NULL, 0);
    }
}

static gsize
take (Client *client, const char *in, gsize length)
{
  const guint8 *bytes = (const guint8 *)in;
  gsize size = 0, at = 1;

  do
    {
      if (at >= length)
        return 0;
      size |= (gsize)(bytes[at] & 0x7f) << 7 * (at - 1);
    }
  while (bytes[at++] & 0x80);
  if (length < at + size)
    return 0;
  take_packet (client, bytes[0], bytes + at, size);
  return at + size;
}

const Protocol mqtt_protocol = { "mqtt", greet, publish, take };
