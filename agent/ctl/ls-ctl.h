/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A number that did not stand on the command line: less than nothing can stand there, too. */
#define LS_CTL_NOT_GIVEN G_MAXINT

/**
 * LsCtlExit:
 * @LS_CTL_EXIT_DONE: done
 * @LS_CTL_EXIT_FAILED: refused or failed
 * @LS_CTL_EXIT_USAGE: called wrongly
 * @LS_CTL_EXIT_NO_AGENT: the agent is not running and cannot be started
 * @LS_CTL_EXIT_NOT_SIGNED_IN: nobody is signed in
 * @LS_CTL_EXIT_NOT_CONNECTED: of `status`: there is no connection
 *
 * What the program ends with. Part of the contract.
 */
typedef enum
{
  LS_CTL_EXIT_DONE = 0,
  LS_CTL_EXIT_FAILED = 1,
  LS_CTL_EXIT_USAGE = 2,
  LS_CTL_EXIT_NO_AGENT = 3,
  LS_CTL_EXIT_NOT_SIGNED_IN = 4,
  LS_CTL_EXIT_NOT_CONNECTED = 10,
} LsCtlExit;

/**
 * LsCtl:
 * @json: whether to print JSON instead of text for people
 * @bus: (owned) (nullable): the session bus, from ls_ctl_open_bus()
 *
 * What all commands share.
 */
typedef struct
{
  gboolean json;
  GDBusConnection *bus;
} LsCtl;

/**
 * LsCtlCommand:
 * @name: what it is called on the command line
 * @arguments: (nullable): what follows the name, for the help
 * @summary: what it does, in a few words; to be translated
 * @run: does it; the first argument is the name
 *
 * One command.
 */
typedef struct
{
  const char *name;
  const char *arguments;
  const char *summary;
  LsCtlExit (*run) (LsCtl *self, int argc, char *argv[]);
} LsCtlCommand;

gboolean ls_ctl_parse (LsCtl *self,
                       const LsCtlCommand *command,
                       const GOptionEntry *entries,
                       int min_arguments,
                       int max_arguments,
                       int *argc,
                       char ***argv);
gboolean ls_ctl_open_bus (LsCtl *self, GError **error);
LsCtlExit ls_ctl_fail (LsCtl *self, GError *error);
LsCtlExit ls_ctl_fail_usage (LsCtl *self, const char *message);
LsCtlExit ls_ctl_finish (LsCtl *self, const char *message);
GVariant *ls_ctl_no_options (void);

G_END_DECLS
