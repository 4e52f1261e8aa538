/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-overlay.h"

static gboolean
is_done (const LsAction *action)
{
  return action->outcome == LS_OUTCOME_ACCEPTED || action->outcome == LS_OUTCOME_ACCEPTED_CHANGED;
}

/**
 * ls_overlay_is_laid:
 * @action: an action
 *
 * Whether a reader is to see what it does to its row although the cache does not have it. That is so
 * until what the server made of it has come into the cache: a value that was once shown does not vanish
 * in between. A dead letter and a conflict are laid over the row, too: whoever typed it sees it until it
 * is decided what becomes of it.
 *
 * Returns: whether it is laid over its row
 */
gboolean
ls_overlay_is_laid (const LsAction *action)
{
  if (action->type > LS_ACTION_DELETE || action->status == LS_ACTION_CANCELLED)
    return FALSE;

  return action->status != LS_ACTION_COMPLETED || (is_done (action) && !action->visible);
}

static void
set_data (LsOverlay *overlay, char *data)
{
  g_free (overlay->data);
  overlay->data = data;
}

/* What the server has answered is newer than the cache: else it would be visible. */
static void
lay_done (LsOverlay *overlay, const LsAction *action)
{
  set_data (overlay, g_strdup (action->server));
}

static void
lay (LsOverlay *overlay, const LsAction *action, const LsDataEditor *editor)
{
  const char *row = overlay->data;

  if (action->type == LS_ACTION_DELETE)
    set_data (overlay, NULL);
  else if (action->status == LS_ACTION_COMPLETED && action->server != NULL)
    lay_done (overlay, action);
  else if (row == NULL && action->type == LS_ACTION_UPDATE)
    /* The row is gone or was never here: what it was made from is the best that is known. */
    set_data (overlay, editor->lay_over (action->base, action->body));
  else
    set_data (overlay, editor->lay_over (row, action->body));
  overlay->deleted = overlay->data == NULL;
}

/**
 * ls_overlay_new:
 * @row: (nullable): as the cache has it; %NULL: it has none
 * @actions: (nullable) (element-type LsAction): those of the row, in the order of `seq`
 * @editor: works on JSON
 *
 * Returns: (transfer full): the row as it will be
 */
LsOverlay *
ls_overlay_new (const char *row, GPtrArray *actions, const LsDataEditor *editor)
{
  LsOverlay *overlay = g_new0 (LsOverlay, 1);
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();

  overlay->data = g_strdup (row);
  for (guint i = 0; actions != NULL && i < actions->len; i++)
    {
      const LsAction *action = actions->pdata[i];

      if (!ls_overlay_is_laid (action))
        continue;

      lay (overlay, action, editor);
      g_ptr_array_add (ids, g_strdup (action->id));
    }
  g_ptr_array_add (ids, NULL);
  overlay->pending = (GStrv)g_ptr_array_free (g_steal_pointer (&ids), FALSE);
  return overlay;
}

/**
 * ls_overlay_free:
 * @overlay: (transfer full): an overlay
 *
 * Frees it.
 */
void
ls_overlay_free (LsOverlay *overlay)
{
  g_free (overlay->data);
  g_strfreev (overlay->pending);
  g_free (overlay);
}
