/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-tray-layout.h"

/**
 * ls_tray_layout_has:
 * @id: what somebody on the bus asks for
 *
 * Returns: whether the menu, or an entry in it, has this id
 */
gboolean
ls_tray_layout_has (gint32 id)
{
  return id >= LS_TRAY_LAYOUT_ROOT && id < LS_TRAY_N_ENTRIES;
}

static void
add (GVariantBuilder *builder, const char *const *names, const char *name, GVariant *value)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (value);

  if (names == NULL || names[0] == NULL || g_strv_contains (names, name))
    g_variant_builder_add (builder, "{sv}", name, owned);
}

/* An underscore would be taken for a mark of the letter after it. */
static char *
escape_label (const char *label)
{
  g_auto (GStrv) parts = g_strsplit (label, "_", -1);

  return g_strjoinv ("__", parts);
}

/**
 * ls_tray_layout_get_properties:
 * @view: what the tray shows
 * @id: an id that ls_tray_layout_has()
 * @names: (nullable): which properties; none means all
 *
 * Values that the protocol has as defaults are there, too: not every host knows them.
 *
 * Returns: (transfer floating): an `a{sv}`
 */
GVariant *
ls_tray_layout_get_properties (const LsTrayView *view, gint32 id, const char *const *names)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  const LsTrayEntry *entry = NULL;
  gboolean line = FALSE;
  g_autofree char *label = NULL;

  g_return_val_if_fail (ls_tray_layout_has (id), NULL);

  entry = &view->entries[id];
  line = id == LS_TRAY_ENTRY_LINE_ABOVE_ACTIONS || id == LS_TRAY_ENTRY_LINE_ABOVE_ABOUT;
  if (id == LS_TRAY_LAYOUT_ROOT)
    {
      add (&builder, names, "children-display", g_variant_new_string ("submenu"));
    }
  else if (line)
    {
      add (&builder, names, "type", g_variant_new_string ("separator"));
      add (&builder, names, "visible", g_variant_new_boolean (entry->visible));
    }
  else
    {
      label = escape_label (entry->label != NULL ? entry->label : "");
      add (&builder, names, "type", g_variant_new_string ("standard"));
      add (&builder, names, "label", g_variant_new_string (label));
      add (&builder, names, "enabled", g_variant_new_boolean (entry->enabled));
      add (&builder, names, "visible", g_variant_new_boolean (entry->visible));
    }

  return g_variant_builder_end (&builder);
}

/**
 * ls_tray_layout_build:
 * @view: what the tray shows
 * @id: an id that ls_tray_layout_has()
 * @depth: how many levels below it; less than 0 means all
 * @names: (nullable): which properties; none means all
 *
 * Hidden entries are part of it, so that showing them needs no new layout.
 *
 * Returns: (transfer floating): an `(ia{sv}av)`
 */
GVariant *
ls_tray_layout_build (const LsTrayView *view, gint32 id, gint32 depth, const char *const *names)
{
  GVariantBuilder children = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("av"));

  g_return_val_if_fail (ls_tray_layout_has (id), NULL);

  if (id == LS_TRAY_LAYOUT_ROOT && depth != 0)
    {
      for (gint32 child = 1; child < LS_TRAY_N_ENTRIES; child++)
        g_variant_builder_add (&children, "v", ls_tray_layout_build (view, child, 0, names));
    }

  return g_variant_new ("(i@a{sv}av)", id, ls_tray_layout_get_properties (view, id, names),
                        &children);
}

/**
 * ls_tray_layout_diff:
 * @old: what the tray showed
 * @view: what it shows now
 * @shape: (out): whether entries came or went
 *
 * Returns: (transfer floating): an `a(ia{sv})` of the entries that changed, each with those
 *   properties that did
 */
GVariant *
ls_tray_layout_diff (const LsTrayView *old, const LsTrayView *view, gboolean *shape)
{
  GVariantBuilder changed = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(ia{sv})"));

  *shape = FALSE;
  for (gint32 id = 1; id < LS_TRAY_N_ENTRIES; id++)
    {
      const LsTrayEntry *before = &old->entries[id];
      const LsTrayEntry *after = &view->entries[id];
      const char *names[4] = { NULL };
      guint n = 0;

      if (g_strcmp0 (before->label, after->label) != 0)
        names[n++] = "label";
      if (before->enabled != after->enabled)
        names[n++] = "enabled";
      if (before->visible != after->visible)
        names[n++] = "visible";
      if (n == 0)
        continue;

      *shape = *shape || before->visible != after->visible;
      g_variant_builder_add (&changed, "(i@a{sv})", id,
                             ls_tray_layout_get_properties (view, id, names));
    }

  return g_variant_builder_end (&changed);
}
