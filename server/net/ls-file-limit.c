/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-file-limit.h"

#include <errno.h>
#include <sys/resource.h>

/* What the server has open beside its connections (10 when idle), and those that it is about to
 * refuse. */
#define RESERVED 64

/**
 * ls_file_limit_raise:
 *
 * Raises the limit of open files, of which every connection is one, as far as the system lets us:
 * most give a process 1,024 of them, and as many as it asks for.
 *
 * Returns: how many files the process may have open now
 */
guint
ls_file_limit_raise (void)
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

/**
 * ls_file_limit_fit:
 * @n_connections: how many connections there may be by the settings
 * @limit: how many files may be open
 *
 * Says in the log if there may be fewer than the settings want. Without any file left libsoup 3.2
 * would stop to accept connections, for good.
 *
 * Returns: how many connections there may be, at least 1
 */
guint
ls_file_limit_fit (guint n_connections, guint limit)
{
  guint room = MAX (limit, RESERVED + 1) - RESERVED;

  if (n_connections <= room)
    return n_connections;

  g_warning ("max-connections is %u, but with a limit of %u open files there is room for %u",
             n_connections, limit, room);
  return room;
}
