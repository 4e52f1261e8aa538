/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "fuzz.h"
#include "ls-json.h"
#include "ls-wire-classic.h"

/* Whatever the classic system sends: rows that are taken are JSON objects without a password, and can
 * be read and cut like any other. */

static void
check_row (const LsRow *row)
{
  static const char *const names[] = { "id", "name", NULL };
  g_autofree char *password = ls_wire_data_get_text (row->data, "password_hash");
  g_autofree char *id = ls_wire_data_get_text (row->data, "id");
  g_autofree char *rest = ls_json_with_members (row->data, names);
  g_autofree char *again = ls_json_with_members (rest, names);

  g_assert_cmpint (*row->id, !=, '\0');
  g_assert_true (g_utf8_validate (row->id, -1, NULL));
  g_assert_true (ls_json_check (row->data, strlen (row->data), G_MAXSIZE, NULL));
  g_assert_cmpint (*row->data, ==, '{');
  g_assert_null (password);
  g_assert_true (ls_json_check (rest, strlen (rest), G_MAXSIZE, NULL));
  g_assert_cmpstr (again, ==, rest);
}

static void
check_rows (const LsTableRows *rows)
{
  g_assert_cmpuint (rows->rows->len + rows->n_bad, <=, rows->n_sent);
  for (guint i = 0; i < rows->rows->len; i++)
    check_row (rows->rows->pdata[i]);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  /* A copy of the exact size, so that a read behind the end is seen. */
  g_autofree char *text = g_memdup2 (size > 0 ? data : (const guint8 *)"", MAX (size, 1));
  g_autoptr (LsPoll) poll = ls_wire_decode_poll (text, size, NULL);
  g_autoptr (LsListing) listing = ls_wire_decode_listing (text, size, NULL);

  for (guint i = 0; poll != NULL && i < LS_N_ENTITIES; i++)
    if (poll->tables[i] != NULL)
      check_rows (poll->tables[i]);
  if (listing != NULL)
    check_rows (listing->rows);
  return 0;
}
