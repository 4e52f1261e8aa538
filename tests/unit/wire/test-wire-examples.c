/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>
#include <string.h>

#include "ls-wire-action.h"
#include "ls-wire-http.h"
#include "ls-wire-message.h"

/* The examples in dbus/wire/ are what the encoders write: read and written again, each is the same
 * byte for byte; and the decoders refuse the invalid ones. */

static char *
recode_updates (const char *text, gsize length)
{
  g_autoptr (LsUpdates) updates = ls_wire_decode_updates (text, length, NULL);

  return updates != NULL ? ls_wire_encode_updates (updates, NULL) : NULL;
}

static char *
recode_snapshot (const char *text, gsize length)
{
  g_autoptr (LsSnapshotPage) page = ls_wire_decode_snapshot_page (text, length, NULL);

  return page != NULL ? ls_wire_encode_snapshot_page (page, NULL) : NULL;
}

static char *
recode_checksum (const char *text, gsize length)
{
  g_autoptr (LsChecksum) checksum = ls_wire_decode_checksum (text, length, NULL);

  return checksum != NULL ? ls_wire_encode_checksum (checksum, NULL) : NULL;
}

static char *
recode_session (const char *text, gsize length)
{
  g_autoptr (LsSession) session = ls_wire_decode_session (text, length, NULL);

  return session != NULL ? ls_wire_encode_session (session, NULL) : NULL;
}

static char *
recode_failure (const char *text, gsize length)
{
  g_autofree char *code = NULL, *message = NULL;

  if (!ls_wire_decode_error_message (text, length, &code, &message))
    return NULL;

  return ls_wire_encode_error_message (code, message, 403, NULL);
}

static char *
recode_action_reply (const char *text, gsize length)
{
  g_autoptr (LsActionReply) reply = ls_wire_decode_action_reply (text, length, NULL);

  return reply != NULL ? ls_wire_encode_action_reply (reply, NULL) : NULL;
}

static char *
recode_message (const char *text, gsize length)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsMessage) message = ls_wire_decode_message (text, length, &error);
  char *again;
  gsize again_length;

  if (message == NULL || message->n_bad_events > 0)
    return NULL;

  again = ls_wire_encode_message (message, &again_length);
  g_assert_cmpuint (again_length, ==, strlen (again));
  return again;
}

static char *
recode (const char *name, const char *text, gsize length)
{
  if (g_str_has_prefix (name, "updates-"))
    return recode_updates (text, length);
  if (g_str_has_prefix (name, "snapshot-"))
    return recode_snapshot (text, length);
  if (g_str_has_prefix (name, "checksum-"))
    return recode_checksum (text, length);
  if (g_str_has_prefix (name, "session-"))
    return recode_session (text, length);
  if (g_str_has_prefix (name, "failure-"))
    return recode_failure (text, length);
  if (g_str_has_prefix (name, "accepted-") || g_str_has_prefix (name, "refused-"))
    return recode_action_reply (text, length);

  return recode_message (text, length);
}

static void
assert_recoded (const char *path, gboolean valid)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *text = NULL, *again = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  again = recode (name, text, length);
  g_assert_cmpstr (again, ==, valid ? text : NULL);
}

static void
test_valid (gconstpointer path)
{
  assert_recoded (path, TRUE);
}

static void
test_invalid (gconstpointer path)
{
  assert_recoded (path, FALSE);
}

static void
add_examples (const char *directory, const char *prefix, GTestDataFunc test)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (directory, 0, &error);
  const char *name;
  guint n = 0;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".json"))
      {
        g_autofree char *path = g_strconcat (prefix, name, NULL);

        g_test_add_data_func_full (path, g_build_filename (directory, name, NULL), test, g_free);
        n++;
      }
  g_assert_cmpuint (n, >, 0);
}

int
main (int argc, char **argv)
{
  const char *directory = g_getenv ("LABSYNC_WIRE_DIR");
  g_autofree char *valid = NULL, *invalid = NULL;

  g_test_init (&argc, &argv, NULL);
  g_assert_nonnull (directory);

  valid = g_build_filename (directory, "examples", NULL);
  invalid = g_build_filename (valid, "invalid", NULL);
  add_examples (valid, "/wire/examples/valid/", test_valid);
  add_examples (invalid, "/wire/examples/invalid/", test_invalid);

  return g_test_run ();
}
