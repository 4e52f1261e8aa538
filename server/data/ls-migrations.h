/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-database.h"

G_BEGIN_DECLS

gboolean ls_migrations_apply (LsDatabase *database, GError **error);

G_END_DECLS
