/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-bus-errors.h"

#include <gio/gio.h>

#include "ls-bus-names.h"
#include "ls-error.h"

/* Each code goes over the bus by its own name and comes back as itself. */
static void
test_bus_errors_round_trip (void)
{
  ls_bus_errors_register ();
  ls_bus_errors_register ();
  for (LsError code = 0; code < LS_N_ERRORS; code++)
    {
      g_autoptr (GError) error = g_error_new (LS_ERROR, (gint)code, "why");
      g_autofree char *name = g_dbus_error_encode_gerror (error);
      g_autofree char *expected = g_strconcat (LS_BUS_ERROR_PREFIX, ls_error_get_name (code), NULL);
      g_autoptr (GError) back = g_dbus_error_new_for_dbus_error (name, "why");

      g_assert_cmpstr (name, ==, expected);
      g_assert_error (back, LS_ERROR, (gint)code);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/service/bus-errors/round-trip", test_bus_errors_round_trip);
  return g_test_run ();
}
