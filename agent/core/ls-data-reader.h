/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsDataReader:
 * @get_text: (transfer full) (nullable): a top-level member of data: a string without its quotation
 *   marks, anything else as it is written; %NULL: there is none, or it is null
 * @keep_members: (transfer full): data with no other top-level members than @names
 *
 * Reads a row's data. Given to core by the composition root, as core knows nothing of JSON.
 */
typedef struct
{
  char *(*get_text) (const char *data, const char *name);
  char *(*keep_members) (const char *data, const char *const *names);
} LsDataReader;

G_END_DECLS
