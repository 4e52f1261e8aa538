/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include "ls-link-error.h"

G_BEGIN_DECLS

/**
 * LsSoupFailure:
 * @error: (nullable): what libsoup reported
 * @timed_out: whether our own deadline passed
 * @certificate_issuer: (nullable): whose certificate was not trusted
 * @certificate_errors: what is wrong with it
 * @status: the HTTP status; 0: no answer came
 * @headers: (nullable): of the answer
 * @uri: (nullable): what was asked
 * @is_upgrade: whether it was the handshake of the socket
 * @was_open: whether it was an open socket that ended; only @error and the next count then
 * @close_code: the close code; 0: no close frame came
 *
 * What is known about a failure. Pointers are (unowned).
 */
typedef struct
{
  const GError *error;
  gboolean timed_out;
  const char *certificate_issuer;
  GTlsCertificateFlags certificate_errors;
  guint status;
  SoupMessageHeaders *headers;
  GUri *uri;
  gboolean is_upgrade;
  gboolean was_open;
  guint close_code;
} LsSoupFailure;

gint64 ls_soup_errors_get_retry_after (SoupMessageHeaders *headers);
GError *ls_soup_errors_map (const LsSoupFailure *failure);
gint64 ls_soup_errors_get_date (SoupMessageHeaders *headers);
gboolean ls_soup_errors_is_of_clock (GTlsCertificateFlags errors, gint64 now);
gboolean ls_soup_errors_is_ours (SoupMessageHeaders *headers);

G_END_DECLS
