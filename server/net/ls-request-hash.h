/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "ls-http-route.h"

G_BEGIN_DECLS

char *ls_request_hash (const char *method, const LsRoute *route, JsonObject *body);

G_END_DECLS
