/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * LsOption:
 * @name: the option
 * @type: the signature of its value
 *
 * An option that a method of the bus takes.
 */
typedef struct
{
  const char *name;
  const char *type;
} LsOption;

gboolean ls_options_check (GVariant *options, const LsOption *known, guint n_known, GError **error);
GHashTable *ls_options_get_filter (GVariant *options);

G_END_DECLS
