/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-entity.h"
#include "ls-role.h"

G_BEGIN_DECLS

gboolean ls_role_sees (LsRole role, LsEntity entity);
LsEntitySet ls_role_get_sight (LsRole role);
const char *const *ls_entity_get_addressees (LsEntity entity);

G_END_DECLS
