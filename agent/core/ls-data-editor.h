/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsDataEditor:
 * @check: whether a text is a JSON object as an action may carry it: strict, at most 1 MiB, depth 32;
 *   @plain: and its members have plain column names, `[A-Za-z_][A-Za-z0-9_]*` (the classic system pastes
 *   them into SQL). %LS_ERROR_INVALID_ARGUMENT says what is wrong
 * @lay_over: (transfer full): @row (nullable: `{}`) with the top-level members of @changes in place of
 *   its own
 * @agrees: whether @row has each top-level member of @changes with the same value: numbers by value, text by
 *   what it says, the rest by structure, whatever the order of members
 * @is_same: whether two rows say the same, but for what the server keeps for itself: `version`,
 *   `created_at`, `updated_at`, `deleted_at`
 * @merge: (transfer full) (nullable): three ways, member by member: what of @changes is to be sent so that
 *   the result has both what @changes did to @base (nullable: `{}`) and what @server did to it. %NULL: both
 *   changed the same member and not to the same value
 * @invert: (transfer full): the change that brings the members of @changes back to what they were in
 *   @before (nullable: null each)
 * @set_member: (transfer full): @object with a top-level text member set
 * @rename: (transfer full): @object with every top-level text member that is @from being @to
 * @get_text: (transfer full) (nullable): as in #LsDataReader
 * @has_member: whether @object has a top-level member of that name, `null` or not
 *
 * Works on JSON objects. Given to core by the composition root, as core knows nothing of JSON. All
 * but @check expect texts that have been checked.
 */
typedef struct
{
  gboolean (*check) (const char *text, gboolean plain, GError **error);
  char *(*lay_over) (const char *row, const char *changes);
  gboolean (*agrees) (const char *row, const char *changes);
  gboolean (*is_same) (const char *a, const char *b);
  char *(*merge) (const char *base, const char *changes, const char *server);
  char *(*invert) (const char *before, const char *changes);
  char *(*set_member) (const char *object, const char *name, const char *text);
  char *(*rename) (const char *object, const char *from, const char *to);
  char *(*get_text) (const char *object, const char *name);
  gboolean (*has_member) (const char *object, const char *name);
} LsDataEditor;

G_END_DECLS
