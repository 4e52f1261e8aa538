/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action.h"
#include "ls-data-editor.h"

G_BEGIN_DECLS

/**
 * LsOverlay:
 * @data: (nullable): the row with everything laid over it; %NULL: there is none
 * @deleted: the actions delete it
 * @pending: ids of the actions that were laid over it, in their order; empty: none
 *
 * A row as it will be.
 */
typedef struct
{
  char *data;
  gboolean deleted;
  GStrv pending;
} LsOverlay;

gboolean ls_overlay_is_laid (const LsAction *action);
LsOverlay *ls_overlay_new (const char *row, GPtrArray *actions, const LsDataEditor *editor);
void ls_overlay_free (LsOverlay *overlay);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsOverlay, ls_overlay_free)

G_END_DECLS
