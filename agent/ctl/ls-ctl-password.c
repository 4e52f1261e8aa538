/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-ctl-password.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "ls-error.h"

/* Longer than any that a person types; the rest of the line is refused, not cut off. */
#define MAX_BYTES 1024

/* What a person at the terminal can end the program by. */
static void
fill_signals (sigset_t *signals)
{
  sigemptyset (signals);
  sigaddset (signals, SIGINT);
  sigaddset (signals, SIGQUIT);
  sigaddset (signals, SIGTERM);
  sigaddset (signals, SIGHUP);
  sigaddset (signals, SIGTSTP);
}

/* Waits for a line or a signal. Returns: whether a line can be read. */
static gboolean
wait_for_line (int terminal, int signals)
{
  struct pollfd fds[] = {
    { .fd = signals, .events = POLLIN },
    { .fd = terminal, .events = POLLIN },
  };

  while (poll (fds, G_N_ELEMENTS (fds), -1) < 0 && errno == EINTR)
    ;

  return (fds[0].revents & POLLIN) == 0;
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
        return (gssize) length;
      if (n_read == 1)
        length++;
    }

  errno = EMSGSIZE;

  return -1;
}

/* Reads a line at @terminal while it does not show what is typed. Signals wait meanwhile, so that
 * none can end the program before the terminal is as it was. */
static gssize
read_hidden (int terminal, char *line)
{
  struct termios shown;
  struct termios hidden;
  sigset_t signals;
  sigset_t old_signals;
  gssize length = -1;
  int signal_fd = -1;

  if (tcgetattr (terminal, &shown) != 0)
    return -1;

  fill_signals (&signals);
  signal_fd = signalfd (-1, &signals, SFD_CLOEXEC);
  if (signal_fd < 0)
    return -1;

  sigprocmask (SIG_BLOCK, &signals, &old_signals);
  hidden = shown;
  hidden.c_lflag &= ~(tcflag_t)ECHO;
  hidden.c_lflag |= ECHONL;
  tcsetattr (terminal, TCSAFLUSH, &hidden);

  errno = EINTR;
  if (wait_for_line (terminal, signal_fd))
    length = read_line (terminal, line);

  tcsetattr (terminal, TCSAFLUSH, &shown);
  g_close (signal_fd, NULL);
  /* One that came is delivered here, and ends or stops the program as ever. */
  sigprocmask (SIG_SETMASK, &old_signals, NULL);

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
