/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-ctl-password.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <termios.h>
#include <unistd.h>

#include "ls-error.h"
#include "ls-i18n.h"

/* Longer than any that a person types; the rest of the line is refused, not cut off. */
#define MAX_BYTES 1024

/* What can end the program while it asks. Quitting and stopping from the keyboard are switched off
 * meanwhile. */
static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

typedef struct
{
  gboolean has_line;
  int signal; /* that came, or 0 */
} Wait;

static gboolean
on_terminal (int fd, GIOCondition condition, gpointer user_data)
{
  Wait *wait = user_data;

  wait->has_line = TRUE;

  return G_SOURCE_CONTINUE;
}

static gboolean
on_interrupt (gpointer user_data)
{
  Wait *wait = user_data;

  wait->signal = SIGINT;

  return G_SOURCE_CONTINUE;
}

static gboolean
on_terminate (gpointer user_data)
{
  Wait *wait = user_data;

  wait->signal = SIGTERM;

  return G_SOURCE_CONTINUE;
}

static gboolean
on_hang_up (gpointer user_data)
{
  Wait *wait = user_data;

  wait->signal = SIGHUP;

  return G_SOURCE_CONTINUE;
}

static void
attach (GPtrArray *sources,
        GSource *source,
        GSourceFunc callback,
        Wait *wait,
        GMainContext *context)
{
  g_source_set_callback (source, callback, wait, NULL);
  g_source_attach (source, context);
  g_ptr_array_add (sources, source);
}

/* Reads up to the end of the line, byte by byte, as what follows is not ours. No buffer of stdio
 * is left with the password in it. Returns: the length, or -1. */
static gssize
read_line (int fd, char *line)
{
  gsize length = 0;

  while (length < MAX_BYTES)
    {
      gssize n_read = read (fd, &line[length], 1);

      if (n_read < 0 && errno != EINTR)
        return -1;
      if (n_read == 0 || (n_read == 1 && line[length] == '\n'))
        return (gssize)length;
      if (n_read == 1)
        length++;
    }

  errno = EMSGSIZE;

  return -1;
}

/* Waits at @terminal, set to @hidden, for a line or a signal; the signals are caught first, so that
 * none finds the terminal hiding and nobody to show it again. Returns: 0, or the signal that came. */
static int
wait_for_line (int terminal, const struct termios *hidden)
{
  const GSourceFunc handlers[] = { on_interrupt, on_terminate, on_hang_up };
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GPtrArray) sources = g_ptr_array_new ();
  Wait wait = { 0 };

  attach (sources, g_unix_fd_source_new (terminal, G_IO_IN | G_IO_HUP), G_SOURCE_FUNC (on_terminal),
          &wait, context);
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    attach (sources, g_unix_signal_source_new (signals[i]), handlers[i], &wait, context);
  tcsetattr (terminal, TCSAFLUSH, hidden);

  while (!wait.has_line && wait.signal == 0)
    g_main_context_iteration (context, TRUE);

  /* GLib lets the signals do again what they ever did. */
  for (guint i = 0; i < sources->len; i++)
    {
      g_source_destroy (g_ptr_array_index (sources, i));
      g_source_unref (g_ptr_array_index (sources, i));
    }

  return wait.signal;
}

/* Reads a line at @terminal while it does not show what is typed, and leaves it as it was even if a
 * signal ends the program. */
static gssize
read_hidden (int terminal, char *line)
{
  struct termios shown;
  struct termios hidden;
  gssize length = -1;
  int signal = 0;

  if (tcgetattr (terminal, &shown) != 0)
    return -1;

  hidden = shown;
  hidden.c_lflag &= ~(tcflag_t)ECHO;
  hidden.c_lflag |= ECHONL;
  hidden.c_cc[VQUIT] = _POSIX_VDISABLE;
  hidden.c_cc[VSUSP] = _POSIX_VDISABLE;

  signal = wait_for_line (terminal, &hidden);
  if (signal == 0)
    length = read_line (terminal, line);

  tcsetattr (terminal, TCSAFLUSH, &shown);
  if (signal != 0)
    raise (signal);

  return length;
}

static gssize
read_password (const char *prompt, char *line)
{
  gssize length = 0;
  int terminal = -1;

  if (!isatty (STDIN_FILENO))
    return read_line (STDIN_FILENO, line);

  terminal = g_open ("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC, 0);
  if (terminal < 0)
    return -1;

  if (write (terminal, prompt, strlen (prompt)) >= 0)
    length = read_hidden (terminal, line);
  g_close (terminal, NULL);

  return length;
}

/**
 * ls_ctl_password_read:
 * @prompt: what to ask with, on a terminal
 * @error: return location for an error
 *
 * Reads a password: from the terminal, which does not show it, or the first line of standard input
 * if that is something else.
 *
 * Returns: (transfer full): the password, for ls_ctl_password_free(); or %NULL
 */
char *
ls_ctl_password_read (const char *prompt, GError **error)
{
  char line[MAX_BYTES];
  char *password = NULL;
  gssize length = read_password (prompt, line);

  if (length < 0)
    g_set_error (error, LS_ERROR, LS_ERROR_FAILED, _ ("The password cannot be read: %s"),
                 g_strerror (errno));
  else if (length == 0)
    g_set_error_literal (error, LS_ERROR, LS_ERROR_FAILED, _ ("No password was given"));
  else if (!g_utf8_validate (line, length, NULL))
    g_set_error_literal (error, LS_ERROR, LS_ERROR_FAILED, _ ("The password is not UTF-8 text"));
  else
    password = g_strndup (line, (gsize)length);
  explicit_bzero (line, sizeof line);

  return password;
}

/**
 * ls_ctl_password_free:
 * @password: (transfer full) (nullable): a password
 *
 * Overwrites @password and frees it.
 */
void
ls_ctl_password_free (char *password)
{
  if (password != NULL)
    explicit_bzero (password, strlen (password));
  g_free (password);
}
