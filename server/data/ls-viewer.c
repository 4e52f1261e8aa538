/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-viewer-private.h"

#include <string.h>

G_DEFINE_BOXED_TYPE (LsViewer, ls_viewer, ls_viewer_ref, ls_viewer_unref)

static void
past_view_free (LsPastView *past)
{
  ls_viewer_unref (past->viewer);
  g_free (past);
}

/**
 * ls_viewer_new:
 * @id: the user's id
 *
 * Returns: (transfer full): a viewer who is nobody yet, to be filled in
 */
LsViewer *
ls_viewer_new (const char *id)
{
  LsViewer *viewer = g_new0 (LsViewer, 1);

  g_atomic_ref_count_init (&viewer->ref_count);
  viewer->id = g_strdup (id);
  for (guint i = 0; i < LS_N_SCOPES; i++)
    viewer->scopes[i] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  viewer->past = g_ptr_array_new_with_free_func ((GDestroyNotify)past_view_free);
  return viewer;
}

/**
 * ls_viewer_ref:
 * @viewer: a viewer
 *
 * Returns: (transfer full): @viewer
 */
LsViewer *
ls_viewer_ref (LsViewer *viewer)
{
  g_atomic_ref_count_inc (&viewer->ref_count);
  return viewer;
}

/**
 * ls_viewer_unref:
 * @viewer: (transfer full): a viewer
 *
 * Gives a reference back.
 */
void
ls_viewer_unref (LsViewer *viewer)
{
  if (!g_atomic_ref_count_dec (&viewer->ref_count))
    return;

  for (guint i = 0; i < LS_N_SCOPES; i++)
    g_hash_table_unref (viewer->scopes[i]);
  g_ptr_array_unref (viewer->past);
  g_free (viewer->id);
  g_free (viewer->name);
  g_free (viewer->email);
  g_free (viewer);
}

/**
 * ls_viewer_get_id:
 * @viewer: a viewer
 *
 * Returns: the user's id
 */
const char *
ls_viewer_get_id (const LsViewer *viewer)
{
  return viewer->id;
}

/**
 * ls_viewer_get_name:
 * @viewer: a viewer
 *
 * Returns: (nullable): the user's name
 */
const char *
ls_viewer_get_name (const LsViewer *viewer)
{
  return viewer->name;
}

/**
 * ls_viewer_get_email:
 * @viewer: a viewer
 *
 * Returns: (nullable): the user's email address
 */
const char *
ls_viewer_get_email (const LsViewer *viewer)
{
  return viewer->email;
}

/**
 * ls_viewer_get_role:
 * @viewer: a viewer
 *
 * Returns: the user's role
 */
LsRole
ls_viewer_get_role (const LsViewer *viewer)
{
  return viewer->role;
}

/**
 * ls_viewer_get_extra_role:
 * @viewer: a viewer
 *
 * Returns: the user's extra role
 */
LsExtraRole
ls_viewer_get_extra_role (const LsViewer *viewer)
{
  return viewer->extra_role;
}

/**
 * ls_viewer_is_active:
 * @viewer: a viewer
 *
 * Returns: whether the account may be used; who is not active sees nothing
 */
gboolean
ls_viewer_is_active (const LsViewer *viewer)
{
  return viewer->active;
}

/**
 * ls_viewer_has:
 * @viewer: a viewer
 * @kind: which set
 * @id: (nullable): an id
 *
 * Returns: whether @id is in that set of the viewer's scope
 */
gboolean
ls_viewer_has (const LsViewer *viewer, LsScopeKind kind, const char *id)
{
  return id != NULL && g_hash_table_contains (viewer->scopes[kind], id);
}

/**
 * ls_viewer_list:
 * @viewer: a viewer
 * @kind: which set
 *
 * Returns: (transfer container) (element-type utf8): the ids in that set of the viewer's scope, in
 *   no particular order
 */
GPtrArray *
ls_viewer_list (const LsViewer *viewer, LsScopeKind kind)
{
  GPtrArray *ids = g_ptr_array_sized_new (g_hash_table_size (viewer->scopes[kind]));
  GHashTableIter iter;
  gpointer id;

  g_hash_table_iter_init (&iter, viewer->scopes[kind]);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    g_ptr_array_add (ids, id);
  return ids;
}

/**
 * ls_viewer_add:
 * @viewer: a viewer that nobody else has yet
 * @kind: which set
 * @id: an id
 *
 * Adds to the scope.
 */
void
ls_viewer_add (LsViewer *viewer, LsScopeKind kind, const char *id)
{
  g_hash_table_add (viewer->scopes[kind], g_strdup (id));
}

/**
 * ls_viewer_add_past:
 * @viewer: a viewer that nobody else has yet
 * @until: the last offset at which @past still held; later than those added before
 * @past: (transfer full): what the user could see then
 *
 * Adds to the history.
 */
void
ls_viewer_add_past (LsViewer *viewer, gint64 until, LsViewer *past)
{
  LsPastView *view = g_new0 (LsPastView, 1);

  view->until = until;
  view->viewer = past;
  g_ptr_array_add (viewer->past, view);
}

/**
 * ls_viewer_get_at:
 * @viewer: a viewer
 * @offset: a position in the log
 *
 * Returns: (transfer none): what the user could see when that entry was made
 */
const LsViewer *
ls_viewer_get_at (const LsViewer *viewer, gint64 offset)
{
  for (guint i = 0; i < viewer->past->len; i++)
    {
      const LsPastView *past = viewer->past->pdata[i];

      if (offset <= past->until)
        return past->viewer;
    }

  return viewer;
}

static gboolean
has_same_set (const LsViewer *a, const LsViewer *b, LsScopeKind kind)
{
  g_autoptr (GPtrArray) differences = ls_viewer_list_differences (a, b, kind);

  return differences->len == 0;
}

/**
 * ls_viewer_sees_alike:
 * @a: a viewer
 * @b: the same user at another time
 *
 * Returns: whether both see the same rows in the same way, the account's own state aside
 */
gboolean
ls_viewer_sees_alike (const LsViewer *a, const LsViewer *b)
{
  if (a->role != b->role || a->extra_role != b->extra_role)
    return FALSE;

  for (guint i = 0; i < LS_N_SCOPES; i++)
    if (!has_same_set (a, b, (LsScopeKind)i))
      return FALSE;

  return TRUE;
}

/**
 * ls_viewer_has_same_account:
 * @a: a viewer
 * @b: the same user at another time
 *
 * Returns: whether nothing of the account changed that a viewer knows, the scope aside
 */
gboolean
ls_viewer_has_same_account (const LsViewer *a, const LsViewer *b)
{
  return a->active == b->active && g_strcmp0 (a->name, b->name) == 0 &&
         g_strcmp0 (a->email, b->email) == 0;
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static void
add_missing (GPtrArray *differences, GHashTable *set, GHashTable *other)
{
  GHashTableIter iter;
  gpointer id;

  g_hash_table_iter_init (&iter, set);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    if (!g_hash_table_contains (other, id))
      g_ptr_array_add (differences, id);
}

/**
 * ls_viewer_list_differences:
 * @a: a viewer
 * @b: the same user at another time
 * @kind: which set
 *
 * Returns: (transfer container) (element-type utf8): the ids that are in only one of the two sets,
 *   sorted; they live as long as both viewers
 */
GPtrArray *
ls_viewer_list_differences (const LsViewer *a, const LsViewer *b, LsScopeKind kind)
{
  GPtrArray *differences = g_ptr_array_new ();

  add_missing (differences, a->scopes[kind], b->scopes[kind]);
  add_missing (differences, b->scopes[kind], a->scopes[kind]);
  g_ptr_array_sort (differences, compare_texts);
  return differences;
}

/**
 * ls_viewer_to_variant:
 * @viewer: a viewer
 *
 * Returns: (transfer floating): the roles and the scope, for the history
 */
GVariant *
ls_viewer_to_variant (const LsViewer *viewer)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE (LS_VIEWER_FORMAT));
  g_variant_builder_add (&builder, "u", (guint32)viewer->role);
  g_variant_builder_add (&builder, "u", (guint32)viewer->extra_role);
  g_variant_builder_open (&builder, G_VARIANT_TYPE ("aas"));
  for (guint i = 0; i < LS_N_SCOPES; i++)
    {
      GHashTableIter iter;
      gpointer id;

      g_variant_builder_open (&builder, G_VARIANT_TYPE ("as"));
      g_hash_table_iter_init (&iter, viewer->scopes[i]);
      while (g_hash_table_iter_next (&iter, &id, NULL))
        g_variant_builder_add (&builder, "s", id);
      g_variant_builder_close (&builder);
    }
  g_variant_builder_close (&builder);
  return g_variant_builder_end (&builder);
}

/**
 * ls_viewer_new_from_variant:
 * @id: the user's id
 * @variant: of type %LS_VIEWER_FORMAT, from ls_viewer_to_variant()
 *
 * Returns: (transfer full): what the user could see then
 */
LsViewer *
ls_viewer_new_from_variant (const char *id, GVariant *variant)
{
  g_autoptr (LsViewer) viewer = NULL;
  g_autoptr (GVariant) scopes = NULL;
  guint32 role, extra_role;

  g_return_val_if_fail (g_variant_is_of_type (variant, G_VARIANT_TYPE (LS_VIEWER_FORMAT)), NULL);

  viewer = ls_viewer_new (id);
  g_variant_get (variant, "(uu@aas)", &role, &extra_role, &scopes);
  viewer->role = role < LS_N_ROLES ? (LsRole)role : LS_ROLE_NONE;
  viewer->extra_role = (LsExtraRole)extra_role;
  viewer->active = TRUE;
  for (guint i = 0; i < LS_N_SCOPES && i < g_variant_n_children (scopes); i++)
    {
      g_autoptr (GVariant) set = g_variant_get_child_value (scopes, i);
      GVariantIter iter;
      const char *member;

      g_variant_iter_init (&iter, set);
      while (g_variant_iter_next (&iter, "&s", &member))
        ls_viewer_add (viewer, (LsScopeKind)i, member);
    }
  return g_steal_pointer (&viewer);
}
