/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-role.h"

static const char *const role_names[] = { "", "admin", "teacher", "student", "parent" };
G_STATIC_ASSERT (G_N_ELEMENTS (role_names) == LS_N_ROLES);

static const char *const extra_role_names[] = { "", "staff", "osis" };

static guint
find (const char *const *names, guint n_names, const char *name)
{
  for (guint i = 1; name != NULL && i < n_names; i++)
    if (g_str_equal (names[i], name))
      return i;

  return 0;
}

/**
 * ls_role_to_string:
 * @role: a role
 *
 * Returns: its name on the wire; empty for %LS_ROLE_NONE
 */
const char *
ls_role_to_string (LsRole role)
{
  g_return_val_if_fail ((guint)role < LS_N_ROLES, "");

  return role_names[role];
}

/**
 * ls_role_from_string:
 * @name: (nullable): a role's name on the wire
 *
 * Returns: the role, %LS_ROLE_NONE for any other text
 */
LsRole
ls_role_from_string (const char *name)
{
  return (LsRole)find (role_names, G_N_ELEMENTS (role_names), name);
}

/**
 * ls_extra_role_to_string:
 * @role: an extra role
 *
 * Returns: its name on the wire; empty for %LS_EXTRA_ROLE_NONE
 */
const char *
ls_extra_role_to_string (LsExtraRole role)
{
  g_return_val_if_fail ((guint)role < G_N_ELEMENTS (extra_role_names), "");

  return extra_role_names[role];
}

/**
 * ls_extra_role_from_string:
 * @name: (nullable): an extra role's name on the wire
 *
 * Returns: the extra role, %LS_EXTRA_ROLE_NONE for any other text
 */
LsExtraRole
ls_extra_role_from_string (const char *name)
{
  return (LsExtraRole)find (extra_role_names, G_N_ELEMENTS (extra_role_names), name);
}
