/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-cursor.h"
#include "ls-entity.h"

G_BEGIN_DECLS

char *ls_page_token_make (LsEntity entity, LsCursor cursor, const char *last_id);
gboolean ls_page_token_parse (const char *token, LsEntity entity, LsCursor *cursor, char **last_id);

G_END_DECLS
