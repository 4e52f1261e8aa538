/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-link-error.h"

typedef struct
{
  guint status;
  gint64 retry_after_ms;
  gboolean is_unsent;
} LsLinkErrorPrivate;

static void
ls_link_error_private_init (LsLinkErrorPrivate *priv)
{
}

static void
ls_link_error_private_copy (const LsLinkErrorPrivate *src, LsLinkErrorPrivate *dest)
{
  *dest = *src;
}

static void
ls_link_error_private_clear (LsLinkErrorPrivate *priv)
{
}

G_DEFINE_EXTENDED_ERROR (LsLinkError, ls_link_error)

/**
 * ls_link_error_new:
 * @reason: what it means for the connection
 * @status: the HTTP status or the WebSocket close code; 0: there was none
 * @retry_after_ms: how long the server asks us to stay away, in milliseconds; 0: it did not say
 * @format: text for the log, never with a token in it
 * @...: for @format
 *
 * Returns: (transfer full): an error of %LS_LINK_ERROR
 */
GError *
ls_link_error_new (LsReason reason, guint status, gint64 retry_after_ms, const char *format, ...)
{
  GError *error;
  LsLinkErrorPrivate *priv;
  va_list args;

  va_start (args, format);
  error = g_error_new_valist (LS_LINK_ERROR, reason, format, args);
  va_end (args);

  priv = ls_link_error_get_private (error);
  priv->status = status;
  priv->retry_after_ms = retry_after_ms;
  return error;
}

/**
 * ls_link_error_get_reason:
 * @error: any error
 *
 * Returns: the reason in an error of %LS_LINK_ERROR, %LS_REASON_SERVER_UNREACHABLE for any other
 */
LsReason
ls_link_error_get_reason (const GError *error)
{
  if (error->domain != LS_LINK_ERROR)
    return LS_REASON_SERVER_UNREACHABLE;

  return (LsReason)error->code;
}

/**
 * ls_link_error_get_status:
 * @error: any error
 *
 * Returns: the HTTP status or close code, 0 if there was none
 */
guint
ls_link_error_get_status (const GError *error)
{
  return error->domain == LS_LINK_ERROR ? ls_link_error_get_private (error)->status : 0;
}

/**
 * ls_link_error_get_retry_after:
 * @error: any error
 *
 * Returns: for how many milliseconds the server asked us to stay away, 0 if it did not
 */
gint64
ls_link_error_get_retry_after (const GError *error)
{
  return error->domain == LS_LINK_ERROR ? ls_link_error_get_private (error)->retry_after_ms : 0;
}

/**
 * ls_link_error_set_unsent:
 * @error: an error of %LS_LINK_ERROR
 *
 * Nothing of the request has left this machine: there was nobody to send it to.
 */
void
ls_link_error_set_unsent (GError *error)
{
  g_return_if_fail (error != NULL && error->domain == LS_LINK_ERROR);

  ls_link_error_get_private (error)->is_unsent = TRUE;
}

/**
 * ls_link_error_is_unsent:
 * @error: any error
 *
 * Returns: whether the server can't have got the request, for certain
 */
gboolean
ls_link_error_is_unsent (const GError *error)
{
  return error->domain == LS_LINK_ERROR && ls_link_error_get_private (error)->is_unsent;
}
