/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-account-file.h"

#include "ls-error.h"

#define GROUP "Account"

static LsUser *
load_user (GKeyFile *file)
{
  g_autofree char *id = g_key_file_get_string (file, GROUP, "user-id", NULL);
  g_autofree char *name = g_key_file_get_string (file, GROUP, "name", NULL);
  g_autofree char *role = g_key_file_get_string (file, GROUP, "role", NULL);
  g_autofree char *extra_role = g_key_file_get_string (file, GROUP, "extra-role", NULL);
  LsUser *user;

  if (id == NULL || *id == '\0')
    return NULL;

  user = ls_user_new (id, name, ls_role_from_string (role), ls_extra_role_from_string (extra_role));
  g_free (user->email);
  user->email = g_key_file_get_string (file, GROUP, "email", NULL);
  if (user->email == NULL)
    user->email = g_strdup ("");
  return user;
}

/**
 * ls_account_file_load:
 * @path: the file
 * @error: %LS_ERROR_STORAGE: it is there but can't be read
 *
 * Returns: (transfer full) (nullable): what is remembered; nobody if there is no file
 */
LsAccount *
ls_account_file_load (const char *path, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) load_error = NULL;
  g_autoptr (LsUser) user = NULL;
  g_autofree char *server = NULL;
  LsAccount *account;

  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, &load_error) &&
      !g_error_matches (load_error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_STORAGE, "%s", load_error->message);
      return NULL;
    }

  user = load_user (file);
  server = g_key_file_get_string (file, GROUP, "server", NULL);
  account =
      ls_account_new (server, user, g_key_file_get_boolean (file, GROUP, "disconnected", NULL));
  account->expiry_told = g_key_file_get_boolean (file, GROUP, "expiry-told", NULL);
  return account;
}

/**
 * ls_account_file_save:
 * @path: the file; its directory has to be there
 * @account: what to remember
 * @error: %LS_ERROR_STORAGE
 *
 * Writes the file anew, so that after a crash there is the old or the new one.
 *
 * Returns: whether it is on disk
 */
gboolean
ls_account_file_save (const char *path, const LsAccount *account, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) save_error = NULL;
  g_autofree char *text = NULL;
  gsize length;

  g_key_file_set_boolean (file, GROUP, "disconnected", account->disconnected);
  g_key_file_set_boolean (file, GROUP, "expiry-told", account->expiry_told);
  if (account->server != NULL)
    g_key_file_set_string (file, GROUP, "server", account->server);
  if (account->user != NULL)
    {
      g_key_file_set_string (file, GROUP, "user-id", account->user->id);
      g_key_file_set_string (file, GROUP, "name", account->user->name);
      g_key_file_set_string (file, GROUP, "email", account->user->email);
      g_key_file_set_string (file, GROUP, "role", ls_role_to_string (account->user->role));
      g_key_file_set_string (file, GROUP, "extra-role",
                             ls_extra_role_to_string (account->user->extra_role));
    }

  text = g_key_file_to_data (file, &length, NULL);
  if (!g_file_set_contents_full (path, text, (gssize)length,
                                 G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
                                 &save_error))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_STORAGE, "%s", save_error->message);
      return FALSE;
    }

  return TRUE;
}
