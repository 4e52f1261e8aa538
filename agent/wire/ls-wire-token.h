/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-message.h"

G_BEGIN_DECLS

/* What an access token (a JWT) says about itself. Nothing here proves anything: the server alone
 * checks signatures. */

gint64 ls_wire_token_get_expiry (const char *jwt);
gint64 ls_wire_token_get_issued (const char *jwt);
LsUser *ls_wire_token_get_user (const char *jwt);

G_END_DECLS
