/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-event.h"
#include "ls-row.h"

G_BEGIN_DECLS

/** LsVerdict: what an event means for the row that is there */
typedef enum
{
  LS_VERDICT_DROP,
  LS_VERDICT_UPSERT,
  LS_VERDICT_DELETE,
} LsVerdict;

LsVerdict ls_cache_rules_judge (const LsRow *row, const LsEvent *event);

G_END_DECLS
