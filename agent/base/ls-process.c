/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program that holds other people's data sees to before anything else. */
#include "ls-process.h"

#include <errno.h>
#include <sys/resource.h>

/* GIO has no other way to say it, and speaks TLS 1.0 without (glib-networking 2.74). Read when the first
 * connection is made. */
#define PRIORITY_VARIABLE "G_TLS_GNUTLS_PRIORITY"
#define PRIORITY "NORMAL:%COMPAT:-VERS-TLS1.1:-VERS-TLS1.0"

/**
 * ls_process_forbid_core_dumps:
 *
 * Has nothing of this process's memory stay behind on the disk if it crashes, or is killed by the service
 * manager for hanging: it holds tokens and rows, and on a shared account the next user may read the file.
 * systemd-coredump keeps to the limit, too (coredump.conf(5)).
 */
void
ls_process_forbid_core_dumps (void)
{
  const struct rlimit none = { 0 };

  if (setrlimit (RLIMIT_CORE, &none) != 0)
    g_warning ("A crash may leave memory on the disk: %s", g_strerror (errno));
}

/**
 * ls_process_forbid_old_tls:
 *
 * Has TLS 1.2 be the oldest that is spoken (RFC 8996), unless the environment says otherwise. To be called
 * before there are other threads.
 */
void
ls_process_forbid_old_tls (void)
{
  g_setenv (PRIORITY_VARIABLE, PRIORITY, FALSE);
}

/**
 * ls_process_raise_file_limit:
 *
 * Raises the limit of open files, of which every connection and every caller's process is one, as far as
 * the system lets us: most give a process 1,024 of them, and as many as it asks for.
 *
 * Returns: how many files the process may have open now
 */
guint
ls_process_raise_file_limit (void)
{
  struct rlimit limit = { 0 };

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
    {
      g_warning ("The limit of open files is not known: %s", g_strerror (errno));
      return G_MAXUINT;
    }

  if (limit.rlim_cur < limit.rlim_max)
    {
      struct rlimit raised = { .rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max };

      if (setrlimit (RLIMIT_NOFILE, &raised) == 0)
        limit = raised;
      else
        g_warning ("The limit of open files stays as it is: %s", g_strerror (errno));
    }

  return (guint)MIN (limit.rlim_cur, G_MAXUINT);
}
