/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-backoff.h"

G_BEGIN_DECLS

/** LsBreakerState: whether the server is let alone (contract, `.Queue` Breaker) */
typedef enum
{
  LS_BREAKER_CLOSED,
  LS_BREAKER_OPEN,
  LS_BREAKER_PROBING,
} LsBreakerState;

/** LS_BREAKER_FAILURES: how many in a row within a minute open it (goals, F18) */
#define LS_BREAKER_FAILURES 5

/**
 * LsBreaker:
 * @state: whether the server is let alone
 * @failures: when the last ones were, monotonic milliseconds, the oldest at @n_failures modulo their number
 * @n_failures: how many there were since a success
 * @open_until: when it is time for a probe, monotonic milliseconds
 * @n_pauses: how many there were since a success
 *
 * A circuit breaker: lets a server alone that fails, and asks now and then with a single action whether it
 * is well again. Failures count while nothing succeeds: a single action that always fails is no reason to
 * let the others wait. A plain value; zeroed is a good start.
 */
typedef struct
{
  LsBreakerState state;
  gint64 failures[LS_BREAKER_FAILURES];
  guint n_failures;
  gint64 open_until;
  guint n_pauses;
} LsBreaker;

gboolean ls_breaker_allows (const LsBreaker *self, gint64 now);
void ls_breaker_sent (LsBreaker *self);
void ls_breaker_failed (LsBreaker *self, LsRandom *random, gint64 now);
void ls_breaker_succeeded (LsBreaker *self);
void ls_breaker_undecided (LsBreaker *self);
void ls_breaker_hurry (LsBreaker *self, gint64 now);

G_END_DECLS
