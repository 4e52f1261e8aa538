/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsError:
 *
 * Everything that can go wrong for a caller of the agent. The order is that of the error table in
 * dbus/, so that a code and a bus name are each other's index.
 */
typedef enum
{
  LS_ERROR_NOT_SIGNED_IN,
  LS_ERROR_LOCKED,
  LS_ERROR_ACCESS_DENIED,
  LS_ERROR_INVALID_ARGUMENT,
  LS_ERROR_UNKNOWN_OPTION,
  LS_ERROR_UNKNOWN_ENTITY,
  LS_ERROR_NOT_FOUND,
  LS_ERROR_CURSOR_EXPIRED,
  LS_ERROR_QUOTA_EXCEEDED,
  LS_ERROR_LIMIT_EXCEEDED,
  LS_ERROR_STORAGE,
  LS_ERROR_NEWER_STORE,
  LS_ERROR_UNREACHABLE,
  LS_ERROR_WRONG_CREDENTIALS,
  LS_ERROR_TIMEOUT,
  LS_ERROR_CONFLICT,
  LS_ERROR_CANCELLED,
  LS_ERROR_UNSENT_WORK,
  LS_ERROR_FAILED,
} LsError;

#define LS_N_ERRORS (LS_ERROR_FAILED + 1)

#define LS_ERROR (ls_error_quark ())
GQuark ls_error_quark (void);

const char *ls_error_get_name (LsError code);

G_END_DECLS
