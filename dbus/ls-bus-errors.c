/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-bus-errors.h"

#include <gio/gio.h>

#include "ls-bus-names.h"
#include "ls-error.h"

static const GDBusErrorEntry entries[] = {
  { LS_ERROR_NOT_SIGNED_IN, LS_BUS_ERROR_PREFIX "NotSignedIn" },
  { LS_ERROR_LOCKED, LS_BUS_ERROR_PREFIX "Locked" },
  { LS_ERROR_ACCESS_DENIED, LS_BUS_ERROR_PREFIX "AccessDenied" },
  { LS_ERROR_INVALID_ARGUMENT, LS_BUS_ERROR_PREFIX "InvalidArgument" },
  { LS_ERROR_UNKNOWN_OPTION, LS_BUS_ERROR_PREFIX "UnknownOption" },
  { LS_ERROR_UNKNOWN_ENTITY, LS_BUS_ERROR_PREFIX "UnknownEntity" },
  { LS_ERROR_NOT_FOUND, LS_BUS_ERROR_PREFIX "NotFound" },
  { LS_ERROR_CURSOR_EXPIRED, LS_BUS_ERROR_PREFIX "CursorExpired" },
  { LS_ERROR_QUOTA_EXCEEDED, LS_BUS_ERROR_PREFIX "QuotaExceeded" },
  { LS_ERROR_LIMIT_EXCEEDED, LS_BUS_ERROR_PREFIX "LimitExceeded" },
  { LS_ERROR_STORAGE, LS_BUS_ERROR_PREFIX "Storage" },
  { LS_ERROR_NEWER_STORE, LS_BUS_ERROR_PREFIX "NewerStore" },
  { LS_ERROR_UNREACHABLE, LS_BUS_ERROR_PREFIX "Unreachable" },
  { LS_ERROR_WRONG_CREDENTIALS, LS_BUS_ERROR_PREFIX "WrongCredentials" },
  { LS_ERROR_TIMEOUT, LS_BUS_ERROR_PREFIX "Timeout" },
  { LS_ERROR_CONFLICT, LS_BUS_ERROR_PREFIX "Conflict" },
  { LS_ERROR_CANCELLED, LS_BUS_ERROR_PREFIX "Cancelled" },
  { LS_ERROR_UNSENT_WORK, LS_BUS_ERROR_PREFIX "UnsentWork" },
  { LS_ERROR_FAILED, LS_BUS_ERROR_PREFIX "Failed" },
};
G_STATIC_ASSERT (G_N_ELEMENTS (entries) == LS_N_ERRORS);

/**
 * ls_bus_errors_register:
 *
 * Tells GDBus how the codes of %LS_ERROR are called on the bus, for both sides: the agent returns
 * them with g_dbus_method_invocation_return_gerror(), and a proxy's call fails with the code.
 * To be called before the first of either; a second call does nothing.
 */
void
ls_bus_errors_register (void)
{
  static gsize quark = 0;

  g_dbus_error_register_error_domain (g_quark_to_string (LS_ERROR), &quark, entries,
                                      G_N_ELEMENTS (entries));
}
