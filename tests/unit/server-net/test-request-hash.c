/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-request-hash.h"

static char *
hash (const char *method, const char *path, const char *json)
{
  g_autoptr (LsRoute) route = ls_route_find (path);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = json == NULL ? NULL : json_from_string (json, &error);

  g_assert_no_error (error);
  return ls_request_hash (method, route, node == NULL ? NULL : json_node_get_object (node));
}

static gboolean
is_same (const char *a, const char *b)
{
  g_autofree char *first = hash ("PUT", "/api/grades/g1", a);
  g_autofree char *second = hash ("PUT", "/api/grades/g1", b);

  return g_str_equal (first, second);
}

/* The form that is hashed is a promise to keys that are stored already. */
static void
test_form (void)
{
  g_autofree char *plain = hash ("DELETE", "/api/grades/g1", NULL);
  g_autofree char *expected_plain =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, "DELETE grades/g1\n", -1);
  g_autofree char *rich =
      hash ("POST", "/api/users/",
            "{ \"b\": [1, \"x\", null], \"password\": \"secret\","
            " \"a\": -0.5, \"c\": true, \"n\": {\"z\": 1, \"y\": \"\\u00e9\"} }");
  g_autofree char *expected_rich =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256,
                                     "POST users/\n{\"a\":-0.5,\"b\":[1,\"x\",null],\"c\":true,"
                                     "\"n\":{\"y\":\"é\",\"z\":1},\"password\":null}",
                                     -1);

  g_assert_cmpstr (plain, ==, expected_plain);
  g_assert_cmpstr (rich, ==, expected_rich);
}

static void
test_body (void)
{
  g_assert_true (is_same ("{\"a\":1,\"b\":2}", "{ \"b\" : 2.0, \"\\u0061\" : 1 }"));
  g_assert_true (is_same ("{\"password\":\"x\"}", "{\"password\":\"y\"}"));
  g_assert_false (is_same ("{\"password\":\"x\"}", "{}"));
  g_assert_false (is_same ("{\"a\":1}", "{\"a\":\"1\"}"));
  g_assert_false (is_same ("{\"a\":1}", "{\"a\":1,\"b\":null}"));
  g_assert_false (is_same ("{\"a\":[1,2]}", "{\"a\":[2,1]}"));
  g_assert_false (is_same ("{\"a\":\"b\\\",\\\"c\"}", "{\"a\":\"b\",\"c\":\"\"}"));
  g_assert_false (is_same (NULL, "{}"));
}

static void
test_place (void)
{
  g_autofree char *first = hash ("PUT", "/api/grades/g1", "{}");
  g_autofree char *other_method = hash ("PATCH", "/api/grades/g1", "{}");
  g_autofree char *other_row = hash ("PUT", "/api/grades/g2", "{}");
  g_autofree char *other_table = hash ("PUT", "/api/attendance/g1", "{}");

  g_assert_cmpstr (first, !=, other_method);
  g_assert_cmpstr (first, !=, other_row);
  g_assert_cmpstr (first, !=, other_table);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-net/request-hash/form", test_form);
  g_test_add_func ("/server-net/request-hash/body", test_body);
  g_test_add_func ("/server-net/request-hash/place", test_place);
  return g_test_run ();
}
