/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-deflate-params.h"

#include <libsoup/soup.h>

static gboolean
parse (LsDeflateParams *params, const char *text, gboolean is_offer, GError **error)
{
  GHashTable *table = soup_header_parse_semi_param_list_strict (text);
  gboolean is_good = ls_deflate_params_parse (params, table, is_offer, error);

  g_assert_nonnull (table);
  soup_header_free_param_list (table);
  return is_good;
}

static const struct
{
  const char *offer;
  const char *answer;
} offers[] = {
  { "", "; server_max_window_bits=12; client_no_context_takeover" },
  { "client_max_window_bits", "; server_max_window_bits=12; client_no_context_takeover; "
                              "client_max_window_bits=12" },
  { "client_max_window_bits=15", "; server_max_window_bits=12; client_no_context_takeover; "
                                 "client_max_window_bits=12" },
  { "client_max_window_bits=8", "; server_max_window_bits=12; client_no_context_takeover; "
                                "client_max_window_bits=8" },
  { "client_max_window_bits=\"10\"", "; server_max_window_bits=12; client_no_context_takeover; "
                                     "client_max_window_bits=10" },
  { "server_max_window_bits=15", "; server_max_window_bits=12; client_no_context_takeover" },
  { "server_max_window_bits=12", "; server_max_window_bits=12; client_no_context_takeover" },
  { "server_max_window_bits=8", "; server_max_window_bits=8; client_no_context_takeover" },
  { "client_no_context_takeover", "; server_max_window_bits=12; client_no_context_takeover" },
  { "server_no_context_takeover", "; server_no_context_takeover; server_max_window_bits=12; "
                                  "client_no_context_takeover" },
  { "server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; "
    "client_max_window_bits=9",
    "; server_no_context_takeover; server_max_window_bits=9; client_no_context_takeover; "
    "client_max_window_bits=9" },
};

static void
test_offers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (offers); i++)
    {
      LsDeflateParams params;
      g_autoptr (GError) error = NULL;
      g_autofree char *answer = NULL;

      g_test_message ("%s", offers[i].offer);
      g_assert_true (parse (&params, offers[i].offer, TRUE, &error));
      g_assert_no_error (error);
      ls_deflate_params_accept (&params);
      answer = ls_deflate_params_to_string (&params);
      g_assert_cmpstr (answer, ==, offers[i].answer);
    }
}

/* What is wrong in offers and in answers */
static const char *const bad[] = {
  "server_no_context_takeover=1",
  "client_no_context_takeover=true",
  "server_max_window_bits",
  "server_max_window_bits=",
  "server_max_window_bits=7",
  "server_max_window_bits=16",
  "server_max_window_bits=012",
  "server_max_window_bits=+12",
  "server_max_window_bits=12x",
  "server_max_window_bits=0x0c",
  "server_max_window_bits=18446744073709551628",
  "client_max_window_bits=",
  "client_max_window_bits=7",
  "client_max_window_bits=16",
  "client_max_window_bits=ten",
  "Server_No_Context_Takeover",
  "novelty",
  "client_max_window_bits=10; novelty=1",
};

static void
test_bad (void)
{
  for (guint i = 0; i < 2 * G_N_ELEMENTS (bad); i++)
    {
      LsDeflateParams params;
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i / 2]);
      g_assert_false (parse (&params, bad[i / 2], i % 2 == 0, &error));
      g_assert_error (error, SOUP_WEBSOCKET_ERROR, SOUP_WEBSOCKET_ERROR_BAD_HANDSHAKE);
    }
}

static void
test_answers (void)
{
  LsDeflateParams params;
  g_autoptr (GError) error = NULL;

  g_assert_true (ls_deflate_params_parse (&params, NULL, FALSE, &error));
  g_assert_cmpuint (params.server.max_bits, ==, 0);
  g_assert_cmpuint (params.client.max_bits, ==, 0);
  g_assert_false (params.server.no_context_takeover);
  g_assert_false (params.client.no_context_takeover);

  /* What the existing server says */
  g_assert_true (parse (&params, "client_max_window_bits=15", FALSE, &error));
  g_assert_cmpuint (params.client.max_bits, ==, 15);

  g_assert_true (parse (&params,
                        "server_no_context_takeover; client_no_context_takeover; "
                        "server_max_window_bits=8; client_max_window_bits=9",
                        FALSE, &error));
  g_assert_cmpuint (params.server.max_bits, ==, 8);
  g_assert_cmpuint (params.client.max_bits, ==, 9);
  g_assert_true (params.server.no_context_takeover);
  g_assert_true (params.client.no_context_takeover);

  /* A number is for an offer alone to leave out. */
  g_assert_no_error (error);
  g_assert_false (parse (&params, "client_max_window_bits", FALSE, &error));
  g_assert_error (error, SOUP_WEBSOCKET_ERROR, SOUP_WEBSOCKET_ERROR_BAD_HANDSHAKE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/deflate/params/answers-an-offer", test_offers);
  g_test_add_func ("/deflate/params/reads-an-answer", test_answers);
  g_test_add_func ("/deflate/params/refuses-what-is-wrong", test_bad);

  return g_test_run ();
}
