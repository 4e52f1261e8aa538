/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-app.h"

/**
 * ls_app_new:
 * @kind: what kind of caller it is
 * @id: (nullable): its name; %NULL: unknown
 *
 * Returns: (transfer full): an app
 */
LsApp *
ls_app_new (LsAppKind kind, const char *id)
{
  LsApp *app = g_new (LsApp, 1);

  *app = (LsApp) { kind, g_strdup (id != NULL ? id : "") };
  return app;
}

/**
 * ls_app_copy:
 * @app: an app
 *
 * Returns: (transfer full): a copy
 */
LsApp *
ls_app_copy (const LsApp *app)
{
  return ls_app_new (app->kind, app->id);
}

/**
 * ls_app_free:
 * @app: (transfer full): an app
 *
 * Frees it.
 */
void
ls_app_free (LsApp *app)
{
  g_free (app->id);
  g_free (app);
}

/**
 * ls_app_get_name:
 * @app: an app
 *
 * Returns: what to call it where it is told to others: its id, or `unknown`
 */
const char *
ls_app_get_name (const LsApp *app)
{
  return *app->id != '\0' ? app->id : "unknown";
}
