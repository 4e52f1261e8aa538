/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-sight-rule.h"

G_BEGIN_DECLS

/**
 * LsWriteFacts:
 * @before: (nullable): the row as it is; %NULL: it is being created
 * @after: (nullable): the row as it would become; %NULL: it is being deleted
 * @supervised: conversations and messages: whether a teacher or an admin started the conversation
 *   or is in it
 *
 * What a right to write is judged by.
 */
typedef struct
{
  const LsRecord *before;
  const LsRecord *after;
  gboolean supervised;
} LsWriteFacts;

LsSight ls_visibility_get_sight (const LsViewer *viewer, const LsRecord *record);
char *ls_visibility_get_condition (const LsViewer *viewer, const LsTable *table);
gboolean ls_visibility_may_write (const LsViewer *viewer, const LsWriteFacts *facts);

G_END_DECLS
