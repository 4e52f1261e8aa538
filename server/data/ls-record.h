/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "ls-schema.h"

G_BEGIN_DECLS

/** LsValueKind: what is in an #LsValue */
typedef enum
{
  LS_VALUE_NULL,
  LS_VALUE_INTEGER,
  LS_VALUE_REAL,
  LS_VALUE_TEXT,
} LsValueKind;

/**
 * LsValue:
 * @kind: which of the members counts
 * @integer: an integer
 * @real: a number
 * @text: (owned) (nullable): text
 *
 * The value of one column, in SQLite's types.
 */
typedef struct
{
  LsValueKind kind;
  gint64 integer;
  double real;
  char *text;
} LsValue;

/**
 * LsRecord:
 * @table: (unowned): whose row it is
 * @values: (owned): one for each of its columns
 *
 * A row in memory.
 */
typedef struct
{
  const LsTable *table;
  LsValue *values;
} LsRecord;

LsRecord *ls_record_new (const LsTable *table);
LsRecord *ls_record_new_from_json (const LsTable *table, const char *json, GError **error);
LsRecord *ls_record_copy (const LsRecord *record);
void ls_record_free (LsRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsRecord, ls_record_free)

const char *ls_record_get_id (const LsRecord *record);
gint64 ls_record_get_version (const LsRecord *record);
const char *ls_record_get_text (const LsRecord *record, const char *column);
gint64 ls_record_get_integer (const LsRecord *record, const char *column);
char *ls_record_get_as_text (const LsRecord *record, const char *column);
GStrv ls_record_get_list (const LsRecord *record, const char *column);
gboolean ls_record_list_has (const LsRecord *record, const char *column, const char *item);
guint64 ls_record_get_changes (const LsRecord *before, const LsRecord *after);

void ls_record_set_text (LsRecord *record, const char *column, const char *text);
void ls_record_set_integer (LsRecord *record, const char *column, gint64 integer);
void ls_record_take_list (LsRecord *record, const char *column, GPtrArray *items);
gboolean ls_record_set_json (LsRecord *record, guint column, JsonNode *node, GError **error);

char *ls_record_to_json (const LsRecord *record, LsSight sight);
char *ls_record_id_to_json (const char *id);

G_END_DECLS
