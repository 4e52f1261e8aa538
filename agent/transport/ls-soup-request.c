/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-soup-request.h"

#include "ls-soup-errors.h"

static gboolean
on_accept_certificate (SoupMessage *message,
                       GTlsCertificate *certificate,
                       GTlsCertificateFlags errors,
                       LsSoupRequest *self)
{
  if (ls_soup_errors_is_of_clock (errors, g_get_real_time () / G_USEC_PER_SEC))
    return TRUE;

  g_free (self->certificate_issuer);
  self->certificate_errors = errors;
  self->certificate_issuer = g_tls_certificate_get_issuer_name (certificate);
  if (self->certificate_issuer == NULL)
    self->certificate_issuer = g_strdup ("unknown");

  return FALSE;
}

/**
 * ls_soup_request_new:
 * @message: what to ask
 * @token: (nullable): the access token
 * @timeout_ms: when to give up, in milliseconds from now
 * @cancellable: (nullable): the caller's cancellable
 *
 * Makes @message ready to be sent. It will follow no redirect: it may carry a token or a password,
 * which nobody but the server is to see.
 *
 * Returns: (transfer full): the request; its deadline has the cancellable to send it with
 */
LsSoupRequest *
ls_soup_request_new (SoupMessage *message,
                     const char *token,
                     gint64 timeout_ms,
                     GCancellable *cancellable)
{
  LsSoupRequest *self = g_new0 (LsSoupRequest, 1);

  self->message = g_object_ref (message);
  self->timeout_ms = timeout_ms;
  self->deadline = ls_soup_deadline_new (cancellable, timeout_ms);
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  g_signal_connect (message, "accept-certificate", G_CALLBACK (on_accept_certificate), self);

  if (token != NULL)
    {
      g_autofree char *value = g_strconcat ("Bearer ", token, NULL);

      soup_message_headers_replace (soup_message_get_request_headers (message), "Authorization",
                                    value);
    }

  return self;
}

/**
 * ls_soup_request_free:
 * @self: (transfer full): a request that has ended
 *
 * Frees it.
 */
void
ls_soup_request_free (LsSoupRequest *self)
{
  g_signal_handlers_disconnect_by_data (self->message, self);
  g_clear_object (&self->message);
  g_clear_pointer (&self->deadline, ls_soup_deadline_free);
  g_free (self->certificate_issuer);
  g_free (self);
}

/**
 * ls_soup_request_get_failure:
 * @self: a request that failed
 * @error: (nullable): what was reported
 *
 * Returns: (transfer full): what it means, of %LS_LINK_ERROR; %G_IO_ERROR_CANCELLED as it is if
 *   the caller cancelled
 */
GError *
ls_soup_request_get_failure (LsSoupRequest *self, const GError *error)
{
  gboolean cancelled = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  LsSoupFailure failure = {
    .error = error,
    .timed_out = cancelled && ls_soup_deadline_has_passed (self->deadline),
    .certificate_issuer = self->certificate_issuer,
    .certificate_errors = self->certificate_errors,
    .status = soup_message_get_status (self->message),
    .headers = soup_message_get_response_headers (self->message),
    .uri = soup_message_get_uri (self->message),
    .is_upgrade = self->is_upgrade,
  };

  if (cancelled && !failure.timed_out)
    return g_error_copy (error);

  return ls_soup_errors_map (&failure);
}
