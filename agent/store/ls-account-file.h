/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-store.h"

G_BEGIN_DECLS

LsAccount *ls_account_file_load (const char *path, GError **error);
gboolean ls_account_file_save (const char *path, const LsAccount *account, GError **error);

G_END_DECLS
