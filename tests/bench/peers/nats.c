/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* As much of the NATS protocol as it takes to publish, with or without JetStream's acknowledgement, and to be a
 * consumer of a stream. The stream EVENTS is there already. */
#include "client.h"

#include <string.h>
#include <unistd.h>

#define ANSWERS "1" /* the number of our subscription to what is told to us alone */
#define EVENTS "2"

static void
append_inbox (GString *out, const char *what)
{
  g_string_append_printf (out, "_INBOX.%d.%s", getpid (), what);
}

static void
append_message (GString *out, const char *text, gsize length)
{
  g_string_append_printf (out, "%zu\r\n", length);
  g_string_append_len (out, text, (gssize)length);
  g_string_append (out, "\r\n");
}

static void
append_subscription (GString *out, const char *what, const char *number)
{
  g_string_append (out, "SUB ");
  append_inbox (out, what);
  g_string_append_printf (out, " %s\r\n", number);
}

static void
greet (Client *client)
{
  g_string_append (client->out, "CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"c\","
                                "\"version\":\"1\",\"protocol\":1}\r\n");
  append_subscription (client->out, "answers", ANSWERS);
  g_string_append (client->out, "PING\r\n");
}

/* A push consumer from here on; that nothing is acknowledged costs the server least. */
static void
subscribe (Client *client)
{
  g_autoptr (GString) order = g_string_new ("{\"stream_name\":\"EVENTS\",\"config\":{"
                                            "\"deliver_policy\":\"new\",\"ack_policy\":\"none\","
                                            "\"deliver_subject\":\"");

  append_inbox (order, "events");
  g_string_append (order, "\"}}");
  append_subscription (client->out, "events", EVENTS);
  g_string_append (client->out, "PUB $JS.API.CONSUMER.CREATE.EVENTS ");
  append_inbox (client->out, "answers");
  g_string_append_c (client->out, ' ');
  append_message (client->out, order->str, order->len);
}

static void
publish (Client *client, const char *text, gsize length)
{
  g_string_append_printf (client->out, "PUB %s ", client->subject);
  if (client->window > 0)
    {
      append_inbox (client->out, "answers");
      g_string_append_c (client->out, ' ');
    }
  append_message (client->out, text, length);
}

static void
take_answer (Client *client, const char *text, gsize length)
{
  if (g_strstr_len (text, (gssize)length, "\"error\"") != NULL)
    client_fail ("refused", text, length);
  if (client->subscriber)
    client_is_ready (client);
  else
    client_acknowledged (client);
}

/* MSG SUBJECT NUMBER [REPLY] SIZE, and the text in a line of its own. Returns: the size of both, 0 if not whole */
static gsize
take_message (Client *client, const char *in, gsize line, gsize length)
{
  const char *number = memchr (in + strlen ("MSG "), ' ', line - strlen ("MSG "));
  const char *last = memrchr (in, ' ', line);
  gsize size = g_ascii_strtoull (last + 1, NULL, 10);

  if (length < line + 2 + size + 2)
    return 0;
  if (g_str_has_prefix (number + 1, EVENTS))
    tally_take_event (&client->tally, in + line + 2, size);
  else
    take_answer (client, in + line + 2, size);
  return line + 2 + size + 2;
}

static gsize
take (Client *client, const char *in, gsize length)
{
  const char *end = g_strstr_len (in, (gssize)length, "\r\n");
  gsize line;

  if (end == NULL)
    return 0;
  line = (gsize)(end - in);
  if (g_str_has_prefix (in, "MSG "))
    return take_message (client, in, line, length);
  if (g_str_has_prefix (in, "PING"))
    g_string_append (client->out, "PONG\r\n");
  else if (g_str_has_prefix (in, "PONG") && client->subscriber)
    subscribe (client);
  else if (g_str_has_prefix (in, "PONG"))
    client_is_ready (client);
  else if (!g_str_has_prefix (in, "INFO "))
    client_fail ("the server said", in, line);
  return line + 2;
}

const Protocol nats_protocol = { "nats", greet, publish, take };
