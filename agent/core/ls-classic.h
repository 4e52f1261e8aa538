/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-classic-sight.h"
#include "ls-clock.h"
#include "ls-command.h"

G_BEGIN_DECLS

/** LS_CLASSIC_CURSOR: the only position there is in a server that has no log */
#define LS_CLASSIC_CURSOR ls_cursor_new ("classic", 1)

typedef struct _LsClassic LsClassic;

LsClassic *ls_classic_new (LsClock *clock, const LsDataReader *reader);
void ls_classic_free (LsClassic *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsClassic, ls_classic_free)

void ls_classic_set_user (LsClassic *self, const LsUser *user, const char *sight);
void ls_classic_signed_in (LsClassic *self);
void ls_classic_ask (LsClassic *self);
LsEntitySet ls_classic_get_obtainable (LsClassic *self);
LsEntitySet ls_classic_get_incomplete (LsClassic *self);
gboolean ls_classic_are_lists_refused (LsClassic *self);
GPtrArray *ls_classic_look_at_events (LsClassic *self, GPtrArray *events);
char *ls_classic_take_sight (LsClassic *self);

LsCommand *ls_classic_start (LsClassic *self, LsEntitySet followed, LsEntitySet missing);
LsCommand *ls_classic_polled (LsClassic *self, const LsPoll *poll);
LsCommand *ls_classic_listed (LsClassic *self, const LsListing *listing);
LsCommand *ls_classic_list_failed (LsClassic *self, const GError *error);
LsCommand *ls_classic_staged (LsClassic *self);
LsCommand *ls_classic_put (LsClassic *self, gboolean changed);

G_END_DECLS
