/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-entity.h"

G_BEGIN_DECLS

/**
 * LsSight:
 *
 * How much of a row somebody sees; each level includes those before it. Tables without a column of
 * a level in between show the whole row as soon as it is seen at all.
 */
typedef enum
{
  LS_SIGHT_NONE,
  LS_SIGHT_NAME,
  LS_SIGHT_ROLE,
  LS_SIGHT_CONTACT,
  LS_SIGHT_FULL,
} LsSight;

/**
 * LsColumnType:
 * @LS_COLUMN_TEXT: text
 * @LS_COLUMN_INTEGER: an integer of at most 2^53
 * @LS_COLUMN_REAL: a number
 * @LS_COLUMN_BOOLEAN: 0 or 1, as the existing system has it on the wire; true and false are taken
 * @LS_COLUMN_TIME: milliseconds since the epoch; ISO 8601 and SQLite's form are taken
 * @LS_COLUMN_ROLES: a JSON list of roles, on the wire a string, as in the existing system; a list
 *   is taken
 * @LS_COLUMN_MEMBERS: a list of user ids, sorted and each once
 *
 * What a column holds.
 */
typedef enum
{
  LS_COLUMN_TEXT,
  LS_COLUMN_INTEGER,
  LS_COLUMN_REAL,
  LS_COLUMN_BOOLEAN,
  LS_COLUMN_TIME,
  LS_COLUMN_ROLES,
  LS_COLUMN_MEMBERS,
} LsColumnType;

/**
 * LsColumnKeeper:
 * @LS_KEPT_BY_CLIENT: whoever may write the row gives the value
 * @LS_KEPT_BY_SERVER: the server keeps it; what a client sends is ignored
 * @LS_KEPT_AS_AUTHOR: who created the row; what a client sends is ignored
 *
 * Who fills in a column.
 */
typedef enum
{
  LS_KEPT_BY_CLIENT,
  LS_KEPT_BY_SERVER,
  LS_KEPT_AS_AUTHOR,
} LsColumnKeeper;

/**
 * LsColumn:
 * @name: its name
 * @type: what it holds
 * @keeper: who fills it in
 * @sight: the least sight of the row that shows it
 * @initial: (nullable): value of a new row whose creator gave none, as text
 * @references: (nullable): the table whose ids it holds
 *
 * A column. Its constraints are the database's: see ls-migrations.c.
 */
typedef struct
{
  const char *name;
  LsColumnType type;
  LsColumnKeeper keeper;
  LsSight sight;
  const char *initial;
  const char *references;
} LsColumn;

/**
 * LsTable:
 * @name: the REST table's name
 * @entity: what its rows are to clients; %LS_ENTITY_INVALID: they have no events
 * @columns: `id` first; `version`, `created_at` and `updated_at` last
 * @n_columns: how many there are
 *
 * A table. `password_hash` and `deleted_at` are no columns here: they never leave the database.
 */
typedef struct
{
  const char *name;
  LsEntity entity;
  const LsColumn *columns;
  guint n_columns;
} LsTable;

const LsTable *ls_schema_get_tables (guint *n_tables);
const LsTable *ls_schema_find_table (const char *name);
const LsTable *ls_schema_get_entity_table (LsEntity entity);
int ls_table_find_column (const LsTable *table, const char *name);
char *ls_table_get_column_list (const LsTable *table);

G_END_DECLS
