/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-secret.h"

#include <string.h>

/**
 * ls_secret_equal:
 * @a: a hash or a signature
 * @b: another one
 *
 * Compares without telling by the time it takes where the first difference is. How long they are is
 * no secret.
 *
 * Returns: whether they are the same
 */
gboolean
ls_secret_equal (const char *a, const char *b)
{
  gsize length = strlen (a);
  guint difference = 0;

  if (strlen (b) != length)
    return FALSE;

  for (gsize i = 0; i < length; i++)
    difference |= (guchar)a[i] ^ (guchar)b[i];
  return difference == 0;
}
