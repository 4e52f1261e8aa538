/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-role-sight.h"

/* What this machine can know by itself of who sees what (protocol, "Who sees and writes what": the last
 * two columns of its second table are these two). */
typedef struct
{
  LsRole hidden_from;              /* LS_ROLE_NONE: from nobody */
  const char *const addressees[3]; /* members of the data, NULL-terminated */
} Sight;

static const Sight sights[LS_N_ENTITIES] = {
  [LS_ENTITY_NOTIFICATION] = { LS_ROLE_NONE, { "user_id" } },
  [LS_ENTITY_MESSAGE] = { LS_ROLE_NONE, { "recipient_id", "sender_id" } },
  [LS_ENTITY_LIBRARY_MATERIAL] = { LS_ROLE_PARENT, { NULL } },
  [LS_ENTITY_PRESENCE] = { LS_ROLE_PARENT, { NULL } },
};

/**
 * ls_role_sees:
 * @role: of a user; %LS_ROLE_NONE: unknown
 * @entity: an entity
 *
 * Returns: whether there may be any row of @entity that a user sees as @role; if so, which ones is
 *   for the server to say
 */
gboolean
ls_role_sees (LsRole role, LsEntity entity)
{
  g_return_val_if_fail ((guint)entity < LS_N_ENTITIES, FALSE);

  return role == LS_ROLE_NONE || sights[entity].hidden_from != role;
}

/**
 * ls_role_get_sight:
 * @role: of a user
 *
 * Returns: the entities of which ls_role_sees() anything
 */
LsEntitySet
ls_role_get_sight (LsRole role)
{
  LsEntitySet set = LS_ENTITY_SET_NONE;

  for (LsEntity entity = 0; entity < LS_N_ENTITIES; entity++)
    if (ls_role_sees (role, entity))
      set |= 1u << entity;

  return set;
}

/**
 * ls_entity_get_addressees:
 * @entity: an entity
 *
 * Returns: (array zero-terminated=1): the members of a row's data that say whom it is for; a row that
 *   has all of them is for nobody else. Empty: a row does not say that
 */
const char *const *
ls_entity_get_addressees (LsEntity entity)
{
  g_return_val_if_fail ((guint)entity < LS_N_ENTITIES, NULL);

  return sights[entity].addressees;
}
