/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-entity.h"

G_BEGIN_DECLS

/** LS_INTEREST_MAX_CHANGES: how often types may be added and removed in a minute: a few times all there
 * are */
#define LS_INTEREST_MAX_CHANGES 120

/**
 * LsInterest:
 *
 * Which event types a client wants. Starts as { 0 }: none.
 */
typedef struct
{
  /*< private >*/
  guint64 types; /* a bit each */
  gint64 busy_until;
} LsInterest;

void ls_interest_add_all (LsInterest *self);
void ls_interest_add (LsInterest *self, LsEventType type);
void ls_interest_remove (LsInterest *self, LsEventType type);
gboolean ls_interest_has (const LsInterest *self, LsEventType type);
gboolean ls_interest_count_change (LsInterest *self, gint64 now);

G_END_DECLS
