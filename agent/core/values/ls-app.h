/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsAppKind:
 * @LS_APP_UNKNOWN: it can't be seen who it is
 * @LS_APP_HOST: a program of the same user outside of any sandbox
 * @LS_APP_SANDBOXED: an app in a sandbox that vouches for its name
 *
 * What kind of caller an app is.
 */
typedef enum
{
  LS_APP_UNKNOWN,
  LS_APP_HOST,
  LS_APP_SANDBOXED,
} LsAppKind;

/**
 * LsApp:
 * @kind: what kind of caller it is
 * @id: (owned): the sandbox's name for it, for example `org.school.Grades`; of a program of the host
 *   its path; may be empty
 *
 * Who calls. Immutable.
 */
typedef struct
{
  LsAppKind kind;
  char *id;
} LsApp;

LsApp *ls_app_new (LsAppKind kind, const char *id);
LsApp *ls_app_copy (const LsApp *app);
void ls_app_free (LsApp *app);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsApp, ls_app_free)

const char *ls_app_get_name (const LsApp *app);

G_END_DECLS
