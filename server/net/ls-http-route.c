/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-http-route.h"

#include <string.h>

#include "ls-school.h"

/* Everything but the tables has one path. */
static const struct
{
  const char *path;
  LsEndpoint endpoint;
  LsMethods methods;
} places[] = {
  { "/api/auth/login", LS_ENDPOINT_LOGIN, LS_METHOD_POST },
  { "/api/auth/refresh", LS_ENDPOINT_REFRESH, LS_METHOD_POST },
  { "/api/auth/logout", LS_ENDPOINT_LOGOUT, LS_METHOD_POST },
  { "/api/updates", LS_ENDPOINT_UPDATES, LS_METHOD_GET },
  { "/api/snapshot", LS_ENDPOINT_SNAPSHOT, LS_METHOD_GET },
  { "/api/checksum", LS_ENDPOINT_CHECKSUM, LS_METHOD_GET },
  { "/api/audit", LS_ENDPOINT_AUDIT, LS_METHOD_GET },
  { "/health", LS_ENDPOINT_HEALTH, LS_METHOD_GET },
  { "/ready", LS_ENDPOINT_READY, LS_METHOD_GET },
  { "/metrics", LS_ENDPOINT_METRICS, LS_METHOD_GET },
  { "/ws", LS_ENDPOINT_SOCKET, LS_METHOD_GET },
};

#define TABLE_PREFIX "/api/"

static const struct
{
  const char *name;
  LsMethods method;
} methods_by_name[] = {
  { "GET", LS_METHOD_GET },     { "POST", LS_METHOD_POST },     { "PUT", LS_METHOD_PUT },
  { "PATCH", LS_METHOD_PATCH }, { "DELETE", LS_METHOD_DELETE },
};

/**
 * ls_method_from_string:
 * @name: the method of a request
 *
 * Returns: the method, where HEAD is a GET; %LS_METHOD_NONE for any other
 */
LsMethods
ls_method_from_string (const char *name)
{
  g_return_val_if_fail (name != NULL, LS_METHOD_NONE);

  if (g_str_equal (name, "HEAD"))
    return LS_METHOD_GET;
  for (guint i = 0; i < G_N_ELEMENTS (methods_by_name); i++)
    if (g_str_equal (methods_by_name[i].name, name))
      return methods_by_name[i].method;

  return LS_METHOD_NONE;
}

/**
 * ls_methods_to_string:
 * @methods: methods
 *
 * Returns: (transfer full): them as in an `Allow` header
 */
char *
ls_methods_to_string (LsMethods methods)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (methods_by_name); i++)
    if ((methods & methods_by_name[i].method) != 0)
      g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", methods_by_name[i].name);

  return g_string_free (text, FALSE);
}

static LsRoute *
new_route (LsEndpoint endpoint, LsMethods methods)
{
  LsRoute *route = g_new0 (LsRoute, 1);

  route->endpoint = endpoint;
  route->methods = methods;
  return route;
}

/* Returns: (transfer full): where the part of the path behind "/api/" leads */
static LsRoute *
find_in_tables (const char *name)
{
  const char *slash = strchr (name, '/');
  g_autofree char *table =
      slash != NULL ? g_strndup (name, (gsize)(slash - name)) : g_strdup (name);
  LsRoute *route;

  if (!ls_school_has_table (table))
    return new_route (LS_ENDPOINT_NONE, LS_METHOD_NONE);

  if (slash != NULL && strchr (slash + 1, '/') != NULL)
    return new_route (LS_ENDPOINT_NONE, LS_METHOD_NONE);

  if (slash == NULL || slash[1] == '\0')
    route = new_route (LS_ENDPOINT_TABLE, LS_METHOD_GET | LS_METHOD_POST);
  else
    {
      route = new_route (LS_ENDPOINT_ROW,
                         LS_METHOD_GET | LS_METHOD_PUT | LS_METHOD_PATCH | LS_METHOD_DELETE);
      route->id = g_strdup (slash + 1);
    }

  route->table = g_steal_pointer (&table);
  return route;
}

/**
 * ls_route_find:
 * @path: the path of a request, decoded
 *
 * Returns: (transfer full): where it leads. What follows a table's name is an id, good or not:
 *   LsSchool judges it.
 */
LsRoute *
ls_route_find (const char *path)
{
  g_return_val_if_fail (path != NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    if (g_str_equal (places[i].path, path))
      return new_route (places[i].endpoint, places[i].methods);

  if (g_str_has_prefix (path, TABLE_PREFIX))
    return find_in_tables (path + strlen (TABLE_PREFIX));
  return new_route (LS_ENDPOINT_NONE, LS_METHOD_NONE);
}

/**
 * ls_route_free:
 * @route: (transfer full): a route
 *
 * Frees it.
 */
void
ls_route_free (LsRoute *route)
{
  g_free (route->table);
  g_free (route->id);
  g_free (route);
}
