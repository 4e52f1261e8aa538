/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-invocation.h"

#include "ls-error.h"

static LsError
get_code (const GError *error)
{
  if (error->domain == LS_ERROR)
    return error->code;

  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? LS_ERROR_CANCELLED
                                                                   : LS_ERROR_FAILED;
}

/**
 * ls_invocation_name_outcome:
 * @error: (nullable): why a call fails
 *
 * Returns: what is written down of it: `ok`, or the name of the error that the caller gets
 */
const char *
ls_invocation_name_outcome (const GError *error)
{
  return error != NULL ? ls_error_get_name (get_code (error)) : "ok";
}

/**
 * ls_invocation_return_error:
 * @invocation: (transfer full): a call
 * @error: why it fails
 *
 * Answers with an error of ours. What is not of %LS_ERROR becomes `Cancelled` or `Failed`.
 */
void
ls_invocation_return_error (GDBusMethodInvocation *invocation, const GError *error)
{
  g_return_if_fail (error != NULL);

  g_dbus_method_invocation_return_error_literal (invocation, LS_ERROR, (gint)get_code (error),
                                                 error->message);
}

/**
 * ls_invocation_check_options:
 * @invocation: a call; taken and answered if this returns %FALSE
 * @options: its options
 * @known: (nullable) (array length=n_known): the options that the method takes
 * @n_known: how many they are
 *
 * See ls_options_check().
 *
 * Returns: whether to go on
 */
gboolean
ls_invocation_check_options (GDBusMethodInvocation *invocation,
                             GVariant *options,
                             const LsOption *known,
                             guint n_known)
{
  g_autoptr (GError) error = NULL;

  if (ls_options_check (options, known, n_known, &error))
    return TRUE;

  ls_invocation_return_error (invocation, error);
  return FALSE;
}

/**
 * ls_invocation_check_access:
 * @invocation: a call; taken and answered if this returns %FALSE
 * @access: who may do what
 * @check: which right it takes
 * @what: what is called for, a word
 *
 * Asks @check whether the caller may.
 *
 * Returns: whether to go on
 */
gboolean
ls_invocation_check_access (GDBusMethodInvocation *invocation,
                            LsAccess *access,
                            LsAccessCheck check,
                            const char *what)
{
  g_autoptr (GError) error = NULL;

  if (check (access, g_dbus_method_invocation_get_sender (invocation), what, &error))
    return TRUE;

  ls_invocation_return_error (invocation, error);
  return FALSE;
}

/**
 * ls_invocation_check_all:
 * @invocation: a call; taken and answered if this returns %FALSE
 * @access: who may do what
 * @what: what is called for, a word
 *
 * See ls_access_check_all().
 *
 * Returns: whether to go on
 */
gboolean
ls_invocation_check_all (GDBusMethodInvocation *invocation, LsAccess *access, const char *what)
{
  return ls_invocation_check_access (invocation, access, ls_access_check_all, what);
}

/**
 * ls_invocation_check_store:
 * @invocation: a call; taken and answered if this returns %FALSE
 * @agent: the agent
 * @store_id: (nullable): names the store that was open when it was checked what the caller may read
 *
 * To be called when something was read from the store, before it is answered with: what was found may be another user's,
 * or is no longer to be told.
 *
 * Returns: whether to go on
 */
gboolean
ls_invocation_check_store (GDBusMethodInvocation *invocation, LsAgent *agent, const char *store_id)
{
  if (g_strcmp0 (ls_agent_get_store_id (agent), store_id) == 0)
    return TRUE;

  g_dbus_method_invocation_return_error (invocation, LS_ERROR, LS_ERROR_CANCELLED,
                                         "the account has changed meanwhile");
  return FALSE;
}
