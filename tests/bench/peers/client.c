/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Publishes events to a broker, or receives and counts them.
 *
 * A publisher listens on standard input to lines `feed COUNT BATCH RATE ROWS`, as the feeder does; a
 * broker has no batches, so BATCH is the number of events that a tick of the rate adds. What is
 * acknowledged is reported when all of an order is. The end of standard input ends it.
 * A subscriber prints "ready" and reports when all has come, or nothing more. */
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib-unix.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../event.h"

#define OUT_SIZE (256 * 1024)      /* as much is kept ready to be written */
#define IN_SIZE (256 * 1024)       /* as much is read at once */
#define FIRST 1000000000           /* offsets have ten digits, as the feeder's */
#define QUIET (3 * G_USEC_PER_SEC) /* when nothing comes any more for so long, the rest is lost */

typedef struct
{
  Client client;
  int fd;
  GString *in;
  EventFields fields;
  GString *event;
  gint64 offset; /* of the last event published */
  gint64 top;    /* up to which is to be published */
  gint64 n_left; /* to be added to top, at the rate */
  gint64 batch, rate, rows;
  gint64 next;     /* when, in monotonic microseconds */
  gint64 deadline; /* the same */
  gboolean stop;
} Program;

/**
 * client_is_ready:
 *
 * Tells that the broker has taken what a client asked for at first.
 */
void
client_is_ready (Client *self)
{
  self->ready = TRUE;
  g_print ("ready\n");
}

/**
 * client_acknowledged:
 *
 * Tells that the broker has the oldest event that it had not acknowledged.
 */
void
client_acknowledged (Client *self)
{
  g_autofree gint64 *sent = g_queue_pop_head (&self->unacknowledged);

  if (sent == NULL)
    client_fail ("an acknowledgement too many", NULL, 0);
  tally_take (&self->tally, *sent, g_get_real_time ());
  if (tally_done (&self->tally))
    tally_report (&self->tally);
}

/**
 * client_fail:
 * @what: what went wrong
 * @detail: (nullable): more about it; needs no end
 * @length: its length, in bytes
 *
 * Ends the program.
 */
void
client_fail (const char *what, const char *detail, gsize length)
{
  g_printerr ("peer: %s: %.*s\n", what, (int)length, detail != NULL ? detail : "");
  exit (EXIT_FAILURE);
}

static void
publish (Program *self)
{
  Client *client = &self->client;

  while (client->ready && self->offset < self->top && client->out->len < OUT_SIZE &&
         (client->window == 0 || client->unacknowledged.length < client->window))
    {
      gint64 now = g_get_real_time ();

      self->offset++;
      g_string_truncate (self->event, 0);
      event_append (self->event, &self->fields, self->offset, self->offset % self->rows, now);
      client->protocol->publish (client, self->event->str, self->event->len - 1);
      if (client->window > 0)
        g_queue_push_tail (&client->unacknowledged, g_memdup2 (&now, sizeof now));
    }
}

/* Lets the order grow at its rate. Returns: for how long nothing more is to be done, in milliseconds */
static gint64
tick (Program *self)
{
  gint64 now = g_get_monotonic_time ();

  while (self->n_left > 0 && self->next <= now)
    {
      gint64 n = self->rate > 0 ? MIN (self->batch, self->n_left) : self->n_left;

      self->top += n;
      self->n_left -= n;
      self->next += self->rate > 0 ? n * G_USEC_PER_SEC / self->rate : 0;
    }
  return self->n_left > 0 ? self->next - now : G_USEC_PER_SEC;
}

static void
read_order (Program *self)
{
  char line[256];
  gint64 count;

  if (fgets (line, sizeof line, stdin) == NULL)
    {
      self->stop = TRUE;
      return;
    }
  if (sscanf (line,
              "feed %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
              " %" G_GINT64_FORMAT,
              &count, &self->batch, &self->rate, &self->rows) != 4)
    client_fail ("not an order", line, strlen (line));
  self->n_left = count;
  self->next = g_get_monotonic_time ();
  if (self->client.window > 0)
    tally_init (&self->client.tally, (guint)count);
}

static void
read_socket (Program *self)
{
  GString *in = self->in;
  gsize start = in->len, at = 0, size;
  ssize_t n;

  g_string_set_size (in, start + IN_SIZE);
  n = recv (self->fd, in->str + start, IN_SIZE, 0);
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
    client_fail ("the broker closed", NULL, 0);
  g_string_set_size (in, start + (gsize)MAX (n, 0));
  while (at < in->len && !self->stop &&
         (size = self->client.protocol->take (&self->client, in->str + at, in->len - at)) > 0)
    {
      at += size;
      self->stop = self->client.subscriber && tally_done (&self->client.tally);
    }
  g_string_erase (in, 0, (gssize)at);
  if (self->client.subscriber && self->client.tally.delays->len > 0)
    self->deadline = g_get_monotonic_time () + QUIET;
}

static void
write_socket (Program *self)
{
  GString *out = self->client.out;
  ssize_t n = out->len > 0 ? send (self->fd, out->str, out->len, MSG_NOSIGNAL) : 0;

  if (n < 0 && errno != EAGAIN && errno != EINTR)
    client_fail ("the broker is gone", NULL, 0);
  g_string_erase (out, 0, MAX (n, 0));
}

static void
run (Program *self)
{
  while (!self->stop)
    {
      gint64 wait = tick (self);
      struct timespec timeout = { wait / G_USEC_PER_SEC, wait % G_USEC_PER_SEC * 1000 };
      struct pollfd fds[] = { { self->fd, POLLIN, 0 }, { STDIN_FILENO, POLLIN, 0 } };

      publish (self);
      write_socket (self);
      if (self->client.out->len > 0 || (self->client.window == 0 && self->offset < self->top))
        fds[0].events |= POLLOUT;
      /* a subscriber has no orders */
      if (ppoll (fds, self->client.subscriber ? 1 : 2, &timeout, NULL) < 0)
        continue;
      if (fds[0].revents & ~POLLOUT)
        read_socket (self);
      if (fds[1].revents != 0)
        read_order (self);
      self->stop |= self->client.subscriber && g_get_monotonic_time () > self->deadline;
    }
}

static int
connect_to (guint16 port)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons (port) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  if (connect (fd, (struct sockaddr *)&address, sizeof address) != 0)
    client_fail ("no connection", g_strerror (errno), 100);
  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  g_unix_set_fd_nonblocking (fd, TRUE, NULL);
  return fd;
}

int
main (int argc, char *argv[])
{
  Program self = { .offset = FIRST, .top = FIRST };

  if (argc != 6 && argc != 7)
    {
      g_printerr ("Usage: bench-peer mqtt|nats publish PORT SUBJECT WINDOW\n"
                  "       bench-peer mqtt|nats subscribe PORT SUBJECT COUNT SECONDS\n");
      return 2;
    }

  self.client.protocol = g_str_equal (argv[1], "mqtt") ? &mqtt_protocol : &nats_protocol;
  self.client.subscriber = g_str_equal (argv[2], "subscribe");
  self.client.subject = argv[4];
  self.client.out = g_string_new (NULL);
  self.in = g_string_new (NULL);
  self.event = g_string_new (NULL);
  self.fields = event_fields ();
  g_queue_init (&self.client.unacknowledged);
  if (self.client.subscriber)
    {
      tally_init (&self.client.tally, (guint)atoi (argv[5]));
      self.deadline = g_get_monotonic_time () + atoi (argv[6]) * G_USEC_PER_SEC;
    }
  else
    {
      self.client.window = (guint)atoi (argv[5]);
    }
  setvbuf (stdin, NULL, _IONBF, 0);
  self.fd = connect_to ((guint16)atoi (argv[3]));
  self.client.protocol->greet (&self.client);
  run (&self);

  if (self.client.subscriber)
    tally_report (&self.client.tally);
  close (self.fd);
  g_string_free (self.client.out, TRUE);
  g_string_free (self.in, TRUE);
  g_string_free (self.event, TRUE);
  return 0;
}
