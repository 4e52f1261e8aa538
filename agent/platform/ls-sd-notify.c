/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-sd-notify.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* How long a service manager that does not read may hold us up, in seconds. */
#define SEND_TIMEOUT 1

/**
 * LsSdNotify:
 *
 * Tells the service manager how the agent is, as sd_notify(3) describes: datagrams of `NAME=value`
 * lines to the socket in `NOTIFY_SOCKET`. Without that variable it does nothing, and without
 * `WATCHDOG_USEC` it sets no timer.
 *
 * When the manager waits for signs of life, LsSdNotify::check asks for one twice in its interval.
 * It is not asked again before ls_sd_notify_alive() has answered, so what hangs is silent.
 */
struct _LsSdNotify
{
  GObject parent_instance;

  int fd; /* -1: nobody wants to know */
  struct sockaddr_un address;
  socklen_t address_length;
  guint watchdog; /* source */
  gboolean checking;
  gboolean is_ready;
  char *status; /* (owned) (nullable): what was said last */
};

G_DEFINE_FINAL_TYPE (LsSdNotify, ls_sd_notify, G_TYPE_OBJECT)

enum
{
  SIGNAL_CHECK,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
ls_sd_notify_finalize (GObject *object)
{
  LsSdNotify *self = LS_SD_NOTIFY (object);

  g_clear_handle_id (&self->watchdog, g_source_remove);
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->status);

  G_OBJECT_CLASS (ls_sd_notify_parent_class)->finalize (object);
}

static void
ls_sd_notify_class_init (LsSdNotifyClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_sd_notify_finalize;

  /**
   * LsSdNotify::check:
   * @self: a notifier
   *
   * The service manager wants a sign of life. Whoever knows that all is well calls
   * ls_sd_notify_alive(), at once or later.
   */
  signals[SIGNAL_CHECK] = g_signal_new ("check", LS_TYPE_SD_NOTIFY, G_SIGNAL_RUN_LAST, 0, NULL,
                                        NULL, NULL, G_TYPE_NONE, 0);
}

static void
ls_sd_notify_init (LsSdNotify *self)
{
  self->fd = -1;
}

static void
send_state (LsSdNotify *self, const char *state)
{
  gssize sent = -1;

  if (self->fd < 0)
    return;

  do
    sent = sendto (self->fd, state, strlen (state), MSG_NOSIGNAL,
                   (const struct sockaddr *)&self->address, self->address_length);
  while (sent < 0 && errno == EINTR);

  if (sent < 0)
    g_warning ("the service manager can't be told “%s”: %s", state, g_strerror (errno));
}

/* A path, or an abstract name behind an `@`. */
static gboolean
read_address (LsSdNotify *self, const char *text)
{
  gsize length = strlen (text);

  if ((text[0] != '/' && text[0] != '@') || length < 2 || length >= sizeof self->address.sun_path)
    return FALSE;

  self->address.sun_family = AF_UNIX;
  memcpy (self->address.sun_path, text, length);
  if (text[0] == '@')
    self->address.sun_path[0] = '\0';
  /* The zero at the end belongs to a path, not to an abstract name. */
  self->address_length =
      (socklen_t)(offsetof (struct sockaddr_un, sun_path) + length + (text[0] == '/' ? 1 : 0));
  return TRUE;
}

static void
open_socket (LsSdNotify *self, const char *text)
{
  const struct timeval timeout = { .tv_sec = SEND_TIMEOUT };

  if (!read_address (self, text))
    {
      g_warning ("NOTIFY_SOCKET: “%s” is not an address that is known here", text);
      return;
    }

  self->fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (self->fd >= 0)
    setsockopt (self->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
}

static gboolean
on_watchdog (gpointer user_data)
{
  LsSdNotify *self = user_data;

  if (!self->checking)
    {
      self->checking = TRUE;
      g_signal_emit (self, signals[SIGNAL_CHECK], 0);
    }
  return G_SOURCE_CONTINUE;
}

/* WATCHDOG_PID names whom it is meant for, as children inherit the variables. */
static void
start_watchdog (LsSdNotify *self)
{
  const char *interval_text = g_getenv ("WATCHDOG_USEC");
  const char *pid_text = g_getenv ("WATCHDOG_PID");
  guint64 interval = 0;
  guint64 pid = 0;

  if (self->fd < 0 || interval_text == NULL)
    return;
  if (pid_text != NULL && (!g_ascii_string_to_unsigned (pid_text, 10, 1, G_MAXINT, &pid, NULL) ||
                           pid != (guint64)getpid ()))
    return;
  if (!g_ascii_string_to_unsigned (interval_text, 10, 2000, G_GUINT64_CONSTANT (2000) * G_MAXINT,
                                   &interval, NULL))
    {
      g_warning ("WATCHDOG_USEC: “%s” is not an interval", interval_text);
      return;
    }

  self->watchdog = g_timeout_add ((guint)(interval / 2000), on_watchdog, self);
}

/**
 * ls_sd_notify_new:
 *
 * Takes what systemd says in the environment and removes it from there, so that no child thinks it
 * was meant. To be called before there is a second thread.
 *
 * Returns: (transfer full): a notifier
 */
LsSdNotify *
ls_sd_notify_new (void)
{
  LsSdNotify *self = g_object_new (LS_TYPE_SD_NOTIFY, NULL);
  const char *text = g_getenv ("NOTIFY_SOCKET");

  if (text != NULL)
    open_socket (self, text);
  start_watchdog (self);

  g_unsetenv ("NOTIFY_SOCKET");
  g_unsetenv ("WATCHDOG_USEC");
  g_unsetenv ("WATCHDOG_PID");
  return self;
}

/**
 * ls_sd_notify_ready:
 * @self: a notifier
 *
 * The agent is up.
 */
void
ls_sd_notify_ready (LsSdNotify *self)
{
  g_return_if_fail (LS_IS_SD_NOTIFY (self));

  self->is_ready = TRUE;
  send_state (self, "READY=1");
}

/**
 * ls_sd_notify_reloading:
 * @self: a notifier
 *
 * The agent, if it is up, reads its settings again; ls_sd_notify_reloaded() has to follow.
 */
void
ls_sd_notify_reloading (LsSdNotify *self)
{
  g_autofree char *state = NULL;

  g_return_if_fail (LS_IS_SD_NOTIFY (self));

  if (!self->is_ready)
    return;

  state =
      g_strdup_printf ("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time ());
  send_state (self, state);
}

/**
 * ls_sd_notify_reloaded:
 * @self: a notifier
 *
 * The agent, if it is up, has read its settings.
 */
void
ls_sd_notify_reloaded (LsSdNotify *self)
{
  g_return_if_fail (LS_IS_SD_NOTIFY (self));

  if (self->is_ready)
    send_state (self, "READY=1");
}

/**
 * ls_sd_notify_stopping:
 * @self: a notifier
 *
 * The agent is about to end.
 */
void
ls_sd_notify_stopping (LsSdNotify *self)
{
  g_return_if_fail (LS_IS_SD_NOTIFY (self));

  send_state (self, "STOPPING=1");
}

/**
 * ls_sd_notify_set_status:
 * @self: a notifier
 * @status: a line for `systemctl status`
 *
 * Says how it goes, unless that was said last.
 */
void
ls_sd_notify_set_status (LsSdNotify *self, const char *status)
{
  g_autofree char *state = NULL;

  g_return_if_fail (LS_IS_SD_NOTIFY (self));
  g_return_if_fail (status != NULL && strchr (status, '\n') == NULL);

  if (g_strcmp0 (self->status, status) == 0)
    return;

  g_free (self->status);
  self->status = g_strdup (status);
  state = g_strconcat ("STATUS=", status, NULL);
  send_state (self, state);
}

/**
 * ls_sd_notify_alive:
 * @self: a notifier
 *
 * Answers LsSdNotify::check.
 */
void
ls_sd_notify_alive (LsSdNotify *self)
{
  g_return_if_fail (LS_IS_SD_NOTIFY (self));

  if (!self->checking)
    return;

  self->checking = FALSE;
  send_state (self, "WATCHDOG=1");
}
