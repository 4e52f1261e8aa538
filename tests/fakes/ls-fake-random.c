/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-fake-random.h"

/**
 * LsFakeRandom:
 *
 * Chance that repeats itself: numbers that follow from a seed, or numbers that the test chose.
 */
struct _LsFakeRandom
{
  GObject parent_instance;

  guint64 state;
  GArray *sequence; /* (owned) (nullable) (element-type guint64) */
  guint position;
};

static void ls_fake_random_random_init (LsRandomInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsFakeRandom,
                               ls_fake_random,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_RANDOM, ls_fake_random_random_init))

/* splitmix64, the public domain generator by Sebastiano Vigna; the constants are its own. */
static guint64
next_seeded (LsFakeRandom *self)
{
  guint64 value = self->state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  value = (value ^ (value >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  value = (value ^ (value >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);

  return value ^ (value >> 31);
}

static guint64
ls_fake_random_next (LsRandom *random)
{
  LsFakeRandom *self = LS_FAKE_RANDOM (random);

  if (self->sequence == NULL)
    return next_seeded (self);

  return g_array_index (self->sequence, guint64, self->position++ % self->sequence->len);
}

static void
ls_fake_random_random_init (LsRandomInterface *iface)
{
  iface->next = ls_fake_random_next;
}

static void
ls_fake_random_finalize (GObject *object)
{
  LsFakeRandom *self = LS_FAKE_RANDOM (object);

  g_clear_pointer (&self->sequence, g_array_unref);

  G_OBJECT_CLASS (ls_fake_random_parent_class)->finalize (object);
}

static void
ls_fake_random_class_init (LsFakeRandomClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_fake_random_finalize;
}

static void
ls_fake_random_init (LsFakeRandom *self)
{
}

/**
 * ls_fake_random_new:
 * @seed: any number; the same seed gives the same numbers on every machine
 *
 * Returns: (transfer full): a generator of well spread numbers
 */
LsFakeRandom *
ls_fake_random_new (guint64 seed)
{
  LsFakeRandom *self = g_object_new (LS_TYPE_FAKE_RANDOM, NULL);

  self->state = seed;

  return self;
}

/**
 * ls_fake_random_new_sequence:
 * @values: (array length=n_values): what ls_random_next() shall return, one after the other
 * @n_values: how many, at least 1
 *
 * Note that ls_random_below() halves a number before it takes the remainder.
 *
 * Returns: (transfer full): a generator that gives @values, from the start again after the last
 */
LsFakeRandom *
ls_fake_random_new_sequence (const guint64 *values, gsize n_values)
{
  LsFakeRandom *self = NULL;

  g_return_val_if_fail (values != NULL && n_values > 0, NULL);

  self = g_object_new (LS_TYPE_FAKE_RANDOM, NULL);
  self->sequence = g_array_sized_new (FALSE, FALSE, sizeof (guint64), n_values);
  g_array_append_vals (self->sequence, values, n_values);

  return self;
}
