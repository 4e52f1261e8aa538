/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-data-reader.h"
#include "ls-message.h"
#include "ls-row.h"

G_BEGIN_DECLS

typedef struct _LsClassicSight LsClassicSight;

LsClassicSight *ls_classic_sight_new (const LsUser *user, const LsDataReader *reader);
void ls_classic_sight_free (LsClassicSight *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsClassicSight, ls_classic_sight_free)

const char *ls_classic_sight_get_wanted (LsClassicSight *self);
void ls_classic_sight_learn (LsClassicSight *self, GPtrArray *rows);
gboolean ls_classic_sight_can_judge (LsClassicSight *self, LsEntity entity);
char *ls_classic_sight_look (LsClassicSight *self, LsEntity entity, const char *data);

char *ls_classic_sight_save (LsClassicSight *self);
gboolean ls_classic_sight_load (LsClassicSight *self, const char *text);

G_END_DECLS
