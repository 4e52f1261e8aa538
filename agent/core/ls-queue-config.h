/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-entity.h"

G_BEGIN_DECLS

/** LsConflictPolicy: what to do by itself about a conflict (contract, "Settings", Conflict) */
typedef enum
{
  LS_CONFLICT_POLICY_MANUAL,
  LS_CONFLICT_POLICY_MERGE,
  LS_CONFLICT_POLICY_SERVER,
  LS_CONFLICT_POLICY_LOCAL,
} LsConflictPolicy;

/**
 * LsQueueConfig:
 * @max_actions: how many actions may be open; see ls_action_is_open()
 * @max_of_app: how many of them a single app may have; 0: all
 * @max_bytes: how much text they may have
 * @rate: how many may be sent in a second; 0: no limit
 * @policies: by #LsEntity; the last is for all others
 *
 * What the queue needs of the settings.
 */
typedef struct
{
  guint max_actions;
  guint max_of_app;
  gsize max_bytes;
  guint rate;
  LsConflictPolicy policies[LS_N_ENTITIES + 1];
} LsQueueConfig;

G_END_DECLS
