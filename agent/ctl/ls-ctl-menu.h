/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-ctl.h"

G_BEGIN_DECLS

/**
 * LsCtlMenu:
 * @name: what is called with one of them, for example `labsyncctl`
 * @summary: what it is for; to be translated
 * @commands: (array zero-terminated=1): its commands; of a name with a blank, the last word is looked for
 *
 * Commands to choose from.
 */
typedef struct
{
  const char *name;
  const char *summary;
  const LsCtlCommand *const *commands;
} LsCtlMenu;

gboolean ls_ctl_menu_parse (const LsCtlMenu *self,
                            LsCtl *ctl,
                            const GOptionEntry *entries,
                            int *argc,
                            char ***argv);
LsCtlExit ls_ctl_menu_run (const LsCtlMenu *self, LsCtl *ctl, int argc, char *argv[]);

G_END_DECLS
