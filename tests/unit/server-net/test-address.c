/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-address.h"

static void
test_forms (void)
{
  static const struct
  {
    const char *address;
    const char *text;
    const char *network;
  } cases[] = {
    { "192.0.2.7", "192.0.2.7", "192.0.2.7" },
    { "::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7" },
    { "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::" },
    { "2001:db8:1:2:ffff::", "2001:db8:1:2:ffff::", "2001:db8:1:2::" },
    { "::1", "::1", "::" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GSocketAddress) address =
          g_inet_socket_address_new_from_string (cases[i].address, 1234);
      g_autofree char *text = ls_address_to_string (address);
      g_autofree char *network = ls_address_get_network (address);

      g_assert_cmpstr (text, ==, cases[i].text);
      g_assert_cmpstr (network, ==, cases[i].network);
    }
}

static void
test_none (void)
{
  g_autofree char *text = ls_address_to_string (NULL);
  g_autofree char *network = ls_address_get_network (NULL);

  g_assert_cmpstr (text, ==, "");
  g_assert_cmpstr (network, ==, "");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-net/address/forms", test_forms);
  g_test_add_func ("/server-net/address/none", test_none);
  return g_test_run ();
}
