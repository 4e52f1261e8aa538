/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-wire-classic.h"

#include <string.h>

#include "ls-wire-http.h"
#include "ls-wire-value.h"

/* The classic system sends them to everybody. */
static const char *const secrets[] = { "password_hash", NULL };

static gboolean
is_named (LsJsonSlice value, const char *name)
{
  return name != NULL && ls_json_string_equals (value, name);
}

/* By any of its names. Returns: %LS_ENTITY_INVALID for none of ours */
static LsEntity
read_entity (LsJsonSlice value)
{
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      LsEntity entity = (LsEntity)i;

      if (is_named (value, ls_entity_get_poll_name (entity)) ||
          is_named (value, ls_entity_to_string (entity)) ||
          is_named (value, ls_entity_get_table (entity)))
        return entity;
    }

  return LS_ENTITY_INVALID;
}

/* A row without an id can't be spoken of; the classic system lets such rows in. */
static void
take_row (LsTableRows *rows, LsEntity entity, LsJsonSlice id_value, LsJsonSlice data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL, *raw = NULL;
  LsRow *row;

  rows->n_sent++;
  if (ls_json_get_kind (id_value) == LS_JSON_NULL)
    return;

  id = ls_wire_read_id (id_value, &error);
  if (id == NULL || ls_json_get_kind (data) != LS_JSON_OBJECT)
    {
      g_debug ("Left a bad row out: %s", error != NULL ? error->message : "it is not an object");
      rows->n_bad++;
      return;
    }

  raw = ls_json_get_raw (data);
  row = ls_row_new (entity, id, NULL, 0);
  row->data = ls_json_without_members (raw, secrets);
  g_ptr_array_add (rows->rows, row);
}

static LsJsonSlice
get_id (LsJsonSlice data)
{
  LsJsonSlice id;

  if (ls_json_get_kind (data) != LS_JSON_OBJECT || !ls_json_find_member (data, "id", &id, NULL))
    return (LsJsonSlice) { NULL, 0 };

  return id;
}

/* An event of a poll is a row, whatever it says has happened to it, and when. */
static void
take_update (LsPoll *poll, LsJsonSlice update)
{
  enum
  {
    ENTITY,
    ENTITY_ID,
    DATA,
    N_MEMBERS
  };
  static const char *const names[] = { "entity", "entityId", "data", NULL };
  LsJsonSlice members[N_MEMBERS];
  LsEntity entity;

  if (!ls_json_find_members (update, names, members, NULL) ||
      ls_json_get_kind (members[ENTITY]) != LS_JSON_STRING)
    {
      poll->n_bad++;
      return;
    }

  entity = read_entity (members[ENTITY]);
  if (entity == LS_ENTITY_INVALID)
    return;
  if (ls_json_get_kind (members[ENTITY_ID]) == LS_JSON_ABSENT)
    members[ENTITY_ID] = get_id (members[DATA]);
  if (poll->tables[entity] == NULL)
    poll->tables[entity] = ls_table_rows_new ();

  take_row (poll->tables[entity], entity, members[ENTITY_ID], members[DATA]);
}

/**
 * ls_wire_decode_poll:
 * @text: (array length=length): body of a 200 of the classic system to `GET /api/updates`
 * @length: its length in bytes
 * @error: return location for a #LsJsonError
 *
 * Reads a poll. What it says about an event is made up, but for the row in it. A malformed one is
 * left out and counted; one of no entity that we know is left out.
 *
 * Returns: (transfer full) (nullable): the poll, without its quota
 */
LsPoll *
ls_wire_decode_poll (const char *text, gsize length, GError **error)
{
  static const char *const names[] = { "updates", NULL };
  g_autoptr (LsPoll) poll = NULL;
  LsJsonSlice updates, update;
  LsJsonIter iter;

  g_return_val_if_fail (text != NULL, NULL);

  if (!ls_wire_read_envelope (text, length, names, &updates, error))
    return NULL;
  if (ls_json_get_kind (updates) != LS_JSON_ARRAY)
    {
      g_set_error_literal (error, LS_JSON_ERROR, LS_JSON_ERROR_SHAPE, "the updates are no array");
      return NULL;
    }

  poll = ls_poll_new ();
  ls_json_iter_init (&iter, updates);
  while (ls_json_iter_next_element (&iter, &update))
    take_update (poll, update);

  return g_steal_pointer (&poll);
}

/**
 * ls_wire_decode_listing:
 * @text: (array length=length): body of a 200 of the classic system to `GET /api/TABLE`
 * @length: its length in bytes
 * @error: return location for a #LsJsonError
 *
 * Reads a table. A malformed row is left out and counted.
 *
 * Returns: (transfer full) (nullable): the table, without its quota
 */
LsListing *
ls_wire_decode_listing (const char *text, gsize length, GError **error)
{
  g_autoptr (LsListing) listing = NULL;
  LsJsonSlice data, row;
  LsJsonIter iter;

  g_return_val_if_fail (text != NULL, NULL);

  if (!ls_wire_read_data (text, length, &data, error))
    return NULL;
  if (ls_json_get_kind (data) != LS_JSON_ARRAY)
    {
      g_set_error_literal (error, LS_JSON_ERROR, LS_JSON_ERROR_SHAPE, "the table is no array");
      return NULL;
    }

  listing = ls_listing_new ();
  ls_json_iter_init (&iter, data);
  while (ls_json_iter_next_element (&iter, &row))
    take_row (listing->rows, LS_ENTITY_INVALID, get_id (row), row);

  return g_steal_pointer (&listing);
}

/**
 * ls_wire_data_get_text:
 * @data: a JSON object that ls_json_check() has accepted
 * @name: of a top-level member
 *
 * Returns: (transfer full) (nullable): a string as what it says, anything else as it is written;
 *   %NULL: there is none, or it is `null`
 */
char *
ls_wire_data_get_text (const char *data, const char *name)
{
  LsJsonSlice value;

  g_return_val_if_fail (data != NULL && name != NULL, NULL);

  if (!ls_json_find_member ((LsJsonSlice) { data, strlen (data) }, name, &value, NULL) ||
      ls_wire_is_absent (value))
    return NULL;

  return ls_json_get_kind (value) == LS_JSON_STRING ? ls_json_get_string (value, NULL)
                                                    : ls_json_get_raw (value);
}
