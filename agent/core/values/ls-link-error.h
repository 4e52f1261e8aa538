/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-state.h"

G_BEGIN_DECLS

/**
 * LS_LINK_ERROR:
 *
 * Domain of everything that the transport reports about the link. The code is a #LsReason, so that
 * core needs no table between what failed and what it says. See ls_link_error_new().
 */
#define LS_LINK_ERROR (ls_link_error_quark ())
GQuark ls_link_error_quark (void);

GError *
ls_link_error_new (LsReason reason, guint status, gint64 retry_after_ms, const char *format, ...)
    G_GNUC_PRINTF (4, 5);
LsReason ls_link_error_get_reason (const GError *error);
guint ls_link_error_get_status (const GError *error);
gint64 ls_link_error_get_retry_after (const GError *error);
void ls_link_error_set_unsent (GError *error);
gboolean ls_link_error_is_unsent (const GError *error);

G_END_DECLS
