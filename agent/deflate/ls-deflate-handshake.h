/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-deflate.h"

G_BEGIN_DECLS

void ls_deflate_offer (SoupSession *session);
void ls_deflate_watch (SoupMessage *message);
LsDeflate *ls_deflate_accept (SoupServerMessage *message);

G_END_DECLS
