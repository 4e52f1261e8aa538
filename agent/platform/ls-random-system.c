/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-random-system.h"

#include <errno.h>
#include <sys/random.h>

/**
 * LsRandomSystem:
 *
 * The randomness of the kernel. Labs are often cloned from one image and switched on together:
 * numbers that follow from the time would be the same on many machines.
 */
struct _LsRandomSystem
{
  GObject parent_instance;
};

static void ls_random_system_random_init (LsRandomInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsRandomSystem,
                               ls_random_system,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_RANDOM, ls_random_system_random_init))

static guint64
ls_random_system_next (LsRandom *random)
{
  guint64 number = 0;

  /* Up to 256 bytes come whole or not at all (getrandom(2)). */
  while (getrandom (&number, sizeof number, 0) != sizeof number)
    {
      if (errno != EINTR)
        g_error ("The kernel gives no randomness: %s", g_strerror (errno));
    }

  return number;
}

static void
ls_random_system_random_init (LsRandomInterface *iface)
{
  iface->next = ls_random_system_next;
}

static void
ls_random_system_class_init (LsRandomSystemClass *klass)
{
}

static void
ls_random_system_init (LsRandomSystem *self)
{
}

/**
 * ls_random_system_new:
 *
 * Returns: (transfer full): the randomness of the kernel
 */
LsRandom *
ls_random_system_new (void)
{
  return g_object_new (LS_TYPE_RANDOM_SYSTEM, NULL);
}
