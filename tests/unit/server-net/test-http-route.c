/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>

#include "ls-http-route.h"

#define ROW_METHODS (LS_METHOD_GET | LS_METHOD_PUT | LS_METHOD_PATCH | LS_METHOD_DELETE)
#define TABLE_METHODS (LS_METHOD_GET | LS_METHOD_POST)

static const struct
{
  const char *path;
  LsEndpoint endpoint;
  guint methods;
  const char *table;
  const char *id;
} routes[] = {
  { "/api/auth/login", LS_ENDPOINT_LOGIN, LS_METHOD_POST, NULL, NULL },
  { "/api/auth/refresh", LS_ENDPOINT_REFRESH, LS_METHOD_POST, NULL, NULL },
  { "/api/auth/logout", LS_ENDPOINT_LOGOUT, LS_METHOD_POST, NULL, NULL },
  { "/api/updates", LS_ENDPOINT_UPDATES, LS_METHOD_GET, NULL, NULL },
  { "/api/snapshot", LS_ENDPOINT_SNAPSHOT, LS_METHOD_GET, NULL, NULL },
  { "/api/checksum", LS_ENDPOINT_CHECKSUM, LS_METHOD_GET, NULL, NULL },
  { "/health", LS_ENDPOINT_HEALTH, LS_METHOD_GET, NULL, NULL },
  { "/ready", LS_ENDPOINT_READY, LS_METHOD_GET, NULL, NULL },
  { "/metrics", LS_ENDPOINT_METRICS, LS_METHOD_GET, NULL, NULL },
  { "/ws", LS_ENDPOINT_SOCKET, LS_METHOD_GET, NULL, NULL },
  { "/api/grades", LS_ENDPOINT_TABLE, TABLE_METHODS, "grades", NULL },
  { "/api/grades/", LS_ENDPOINT_TABLE, TABLE_METHODS, "grades", NULL },
  { "/api/e_library", LS_ENDPOINT_TABLE, TABLE_METHODS, "e_library", NULL },
  { "/api/grades/g-1", LS_ENDPOINT_ROW, ROW_METHODS, "grades", "g-1" },
  { "/api/grades/g 1", LS_ENDPOINT_ROW, ROW_METHODS, "grades", "g 1" },
  { "/api/grades/g-1/publish", LS_ENDPOINT_NONE, LS_METHOD_NONE, NULL, NULL },
  { "/api/grades//", LS_ENDPOINT_NONE, LS_METHOD_NONE, NULL, NULL },
  { "/api/users/me", LS_ENDPOINT_ROW, ROW_METHODS, "users", "me" },
  { "/api/gradesFOO", LS_ENDPOINT_NONE, LS_METHOD_NONE, NULL, NULL },
  { "/api/auth/loginXYZ", LS_ENDPOINT_NONE, LS_METHOD_NONE, NULL, NULL },
  { "/api/sessions", LS_ENDPOINT_NONE, LS_METHOD_NONE, NULL, NULL },
  { "/api/sqlite_master", LS_ENDPOINT_NONE, LS_METHOD_NONE, NULL, NULL },
  { "/api/", LS_ENDPOINT_NONE, LS_METHOD_NONE, NULL, NULL },
  { "/api//", LS_ENDPOINT_NONE, LS_METHOD_NONE, NULL, NULL },
  { "/api", LS_ENDPOINT_NONE, LS_METHOD_NONE, NULL, NULL },
  { "/grades", LS_ENDPOINT_NONE, LS_METHOD_NONE, NULL, NULL },
  { "/ws/", LS_ENDPOINT_NONE, LS_METHOD_NONE, NULL, NULL },
  { "/", LS_ENDPOINT_NONE, LS_METHOD_NONE, NULL, NULL },
  { "", LS_ENDPOINT_NONE, LS_METHOD_NONE, NULL, NULL },
};

static void
test_paths (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (routes); i++)
    {
      g_autoptr (LsRoute) route = ls_route_find (routes[i].path);

      g_test_message ("“%s”", routes[i].path);
      g_assert_cmpint (route->endpoint, ==, routes[i].endpoint);
      g_assert_cmpint (route->methods, ==, routes[i].methods);
      g_assert_cmpstr (route->table, ==, routes[i].table);
      g_assert_cmpstr (route->id, ==, routes[i].id);
    }
}

static void
test_methods (void)
{
  g_autofree char *row = ls_methods_to_string (ROW_METHODS);
  g_autofree char *table = ls_methods_to_string (TABLE_METHODS);
  g_autofree char *none = ls_methods_to_string (LS_METHOD_NONE);

  g_assert_cmpint (ls_method_from_string ("GET"), ==, LS_METHOD_GET);
  g_assert_cmpint (ls_method_from_string ("HEAD"), ==, LS_METHOD_GET);
  g_assert_cmpint (ls_method_from_string ("PATCH"), ==, LS_METHOD_PATCH);
  g_assert_cmpint (ls_method_from_string ("get"), ==, LS_METHOD_NONE);
  g_assert_cmpint (ls_method_from_string ("TRACE"), ==, LS_METHOD_NONE);
  g_assert_cmpstr (row, ==, "GET, PUT, PATCH, DELETE");
  g_assert_cmpstr (table, ==, "GET, POST");
  g_assert_cmpstr (none, ==, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-net/route/paths", test_paths);
  g_test_add_func ("/server-net/route/methods", test_methods);
  return g_test_run ();
}
