/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include "ls-soup-deadline.h"

G_BEGIN_DECLS

/**
 * LsSoupRequest:
 * @message: (owned): what is asked
 * @deadline: (owned): when it is given up
 * @timeout_ms: how long it had at first, in milliseconds
 * @certificate_issuer: (owned) (nullable): whose certificate was not trusted
 * @certificate_errors: what is wrong with it
 * @is_upgrade: whether it is the handshake of the socket
 *
 * A message under way, and what has to be known to say why it failed.
 */
typedef struct
{
  SoupMessage *message;
  LsSoupDeadline *deadline;
  gint64 timeout_ms;
  char *certificate_issuer;
  GTlsCertificateFlags certificate_errors;
  gboolean is_upgrade;
} LsSoupRequest;

LsSoupRequest *ls_soup_request_new (SoupMessage *message,
                                    const char *token,
                                    gint64 timeout_ms,
                                    GCancellable *cancellable);
void ls_soup_request_free (LsSoupRequest *self);
GError *ls_soup_request_get_failure (LsSoupRequest *self, const GError *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsSoupRequest, ls_soup_request_free)

G_END_DECLS
