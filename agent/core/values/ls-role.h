/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsRole:
 *
 * What a user is at the school (protocol, "Data": users.role).
 */
typedef enum
{
  LS_ROLE_NONE,
  LS_ROLE_ADMIN,
  LS_ROLE_TEACHER,
  LS_ROLE_STUDENT,
  LS_ROLE_PARENT,
} LsRole;

#define LS_N_ROLES (LS_ROLE_PARENT + 1)

/**
 * LsExtraRole:
 *
 * An additional function a user can have (users.extra_role).
 */
typedef enum
{
  LS_EXTRA_ROLE_NONE,
  LS_EXTRA_ROLE_STAFF,
  LS_EXTRA_ROLE_OSIS,
} LsExtraRole;

const char *ls_role_to_string (LsRole role);
LsRole ls_role_from_string (const char *name);
const char *ls_extra_role_to_string (LsExtraRole role);
LsExtraRole ls_extra_role_from_string (const char *name);

G_END_DECLS
