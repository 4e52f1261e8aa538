/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-error.h"

G_DEFINE_QUARK (ls_error, ls_error)

static const char *const names[] = {
  "NotSignedIn",   "Locked",     "AccessDenied",  "InvalidArgument",  "UnknownOption",
  "UnknownEntity", "NotFound",   "CursorExpired", "QuotaExceeded",    "LimitExceeded",
  "Storage",       "NewerStore", "Unreachable",   "WrongCredentials", "Timeout",
  "Conflict",      "Cancelled",  "UnsentWork",    "Failed",
};
G_STATIC_ASSERT (G_N_ELEMENTS (names) == LS_N_ERRORS);

/**
 * ls_error_get_name:
 * @code: an error code
 *
 * Returns: the last part of the error's bus name, for example `NotFound`
 */
const char *
ls_error_get_name (LsError code)
{
  g_return_val_if_fail ((guint)code < LS_N_ERRORS, "Failed");

  return names[code];
}
