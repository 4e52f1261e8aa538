/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-address.h"

#include <string.h>

/* What a household or a machine gets at least, RFC 6177: within it, it has as many addresses as it
 * likes. Bytes. */
#define IPV6_NETWORK 8

/* ::ffff:192.0.2.1 is how an IPv4 client looks on a socket for both (RFC 4291 §2.5.5.2). Returns:
 * (transfer full) (nullable): %NULL: @address is none of the Internet */
static GInetAddress *
get_plain (GSocketAddress *address)
{
  static const guint8 mapped[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
  GInetAddress *inet;
  const guint8 *bytes;

  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return NULL;

  inet = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address));
  bytes = g_inet_address_to_bytes (inet);
  if (g_inet_address_get_family (inet) == G_SOCKET_FAMILY_IPV6 &&
      memcmp (bytes, mapped, sizeof mapped) == 0)
    return g_inet_address_new_from_bytes (bytes + sizeof mapped, G_SOCKET_FAMILY_IPV4);

  return g_object_ref (inet);
}

/**
 * ls_address_to_string:
 * @address: (nullable): where a client is
 *
 * Returns: (transfer full): its IP address as people write it; "" if it has none
 */
char *
ls_address_to_string (GSocketAddress *address)
{
  g_autoptr (GInetAddress) inet = get_plain (address);

  return inet == NULL ? g_strdup ("") : g_inet_address_to_string (inet);
}

/**
 * ls_address_get_network:
 * @address: (nullable): where a client is
 *
 * Returns: (transfer full): what one client may be taken to have for itself: an IPv4 address, which
 *   may be a whole school's, or the first 64 bits of an IPv6 address
 */
char *
ls_address_get_network (GSocketAddress *address)
{
  g_autoptr (GInetAddress) inet = get_plain (address);
  g_autoptr (GInetAddress) network = NULL;
  guint8 bytes[16] = { 0 };

  if (inet == NULL || g_inet_address_get_family (inet) != G_SOCKET_FAMILY_IPV6)
    return ls_address_to_string (address);

  memcpy (bytes, g_inet_address_to_bytes (inet), IPV6_NETWORK);
  network = g_inet_address_new_from_bytes (bytes, G_SOCKET_FAMILY_IPV6);
  return g_inet_address_to_string (network);
}
