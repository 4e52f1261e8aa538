/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-file-limit.h"

/* What the server has open beside its connections (10 when idle), and those that it is about to
 * refuse. */
#define RESERVED 64

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
