/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** LsEndpoint: what can be asked for by HTTP (protocol, "HTTP") */
typedef enum
{
  LS_ENDPOINT_NONE,
  LS_ENDPOINT_LOGIN,
  LS_ENDPOINT_REFRESH,
  LS_ENDPOINT_LOGOUT,
  LS_ENDPOINT_UPDATES,
  LS_ENDPOINT_SNAPSHOT,
  LS_ENDPOINT_CHECKSUM,
  LS_ENDPOINT_AUDIT,
  LS_ENDPOINT_HEALTH,
  LS_ENDPOINT_READY,
  LS_ENDPOINT_METRICS,
  LS_ENDPOINT_SOCKET,
  LS_ENDPOINT_TABLE,
  LS_ENDPOINT_ROW,
} LsEndpoint;

/**
 * LsMethods:
 *
 * A set of HTTP methods.
 */
typedef enum
{
  LS_METHOD_NONE = 0,
  LS_METHOD_GET = 1 << 0,
  LS_METHOD_POST = 1 << 1,
  LS_METHOD_PUT = 1 << 2,
  LS_METHOD_PATCH = 1 << 3,
  LS_METHOD_DELETE = 1 << 4,
} LsMethods;

/**
 * LsRoute:
 * @endpoint: what the path leads to; %LS_ENDPOINT_NONE: nothing
 * @methods: what can be done with it
 * @table: (owned) (nullable): of a table or a row: the table
 * @id: (owned) (nullable): of a row: its id
 *
 * Where a path leads.
 */
typedef struct
{
  LsEndpoint endpoint;
  LsMethods methods;
  char *table;
  char *id;
} LsRoute;

LsMethods ls_method_from_string (const char *name);
char *ls_methods_to_string (LsMethods methods);

LsRoute *ls_route_find (const char *path);
void ls_route_free (LsRoute *route);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsRoute, ls_route_free)

G_END_DECLS
