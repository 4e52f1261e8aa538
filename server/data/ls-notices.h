/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-database.h"
#include "ls-transaction.h"

G_BEGIN_DECLS

gboolean ls_notices_send (LsTransaction *transaction,
                          LsDatabase *database,
                          const LsRecord *created,
                          GError **error);

G_END_DECLS
