/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client of a message broker, as raw as it can be: it must never be what is measured. */
#pragma once

#include <glib.h>

#include "../tally.h"

typedef struct _Client Client;

/* What is peculiar to a protocol. It appends to the client's out and tells what came. */
typedef struct
{
  const char *name;
  /* What has to be said first, which ends in client_is_ready(). */
  void (*greet) (Client *client);
  void (*publish) (Client *client, const char *text, gsize length);
  /* Takes one packet. Returns: its size, 0 as long as it is not whole */
  gsize (*take) (Client *client, const char *in, gsize length);
} Protocol;

extern const Protocol mqtt_protocol;
extern const Protocol nats_protocol;

struct _Client
{
  const Protocol *protocol;
  const char *subject;
  gboolean subscriber;
  guint window; /* how many may be published and not acknowledged; 0: nothing is acknowledged */
  GString *out;
  guint16 packet_id; /* the last one, of MQTT */
  gboolean ready;
  Tally tally;           /* of events received, or of acknowledgements */
  GQueue unacknowledged; /* when each was sent (element-type gint64*) */
};

void client_is_ready (Client *self);
void client_acknowledged (Client *self);
void client_fail (const char *what, const char *detail, gsize length) G_GNUC_NORETURN;
