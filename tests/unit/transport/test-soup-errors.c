/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <libsoup/soup.h>

#include "ls-soup-errors.h"

#define CALL FALSE
#define UPGRADE TRUE

/* Headers are written as in an answer, lines separated by a single \n. */
static const struct
{
  const char *name;
  gboolean is_upgrade;
  guint status;
  const char *headers;
  LsReason reason;
  gint64 retry_after_ms;
} answers[] = {
  { "token", CALL, 401, "", LS_REASON_TOKEN_REFUSED, 0 },
  { "token-upgrade", UPGRADE, 401, "", LS_REASON_TOKEN_REFUSED, 0 },
  { "forbidden", CALL, 403, "", LS_REASON_POLICY, 0 },
  { "forbidden-upgrade", UPGRADE, 403, "X-Labsync-Server: 1", LS_REASON_POLICY, 0 },
  { "proxy-without-upgrade", UPGRADE, 403, "", LS_REASON_UPGRADE_REFUSED, 0 },
  { "proxy", UPGRADE, 407, "", LS_REASON_PROXY_AUTH, 0 },
  { "busy", CALL, 429, "Retry-After: 7", LS_REASON_RATE_LIMITED, 7000 },
  { "busy-without-time", CALL, 429, "", LS_REASON_RATE_LIMITED, 0 },
  { "busy-date", CALL, 429,
    "Date: Mon, 23 Nov 2026 10:00:00 GMT\nRetry-After: Mon, 23 Nov 2026 10:00:30 GMT",
    LS_REASON_RATE_LIMITED, 30000 },
  { "busy-date-past", CALL, 429,
    "Date: Mon, 23 Nov 2026 10:00:00 GMT\nRetry-After: Mon, 23 Nov 2026 09:00:30 GMT",
    LS_REASON_RATE_LIMITED, 0 },
  { "busy-nonsense", CALL, 429, "Retry-After: soon", LS_REASON_RATE_LIMITED, 0 },
  { "busy-negative", CALL, 429, "Retry-After: -5", LS_REASON_RATE_LIMITED, 0 },
  { "busy-for-ever", CALL, 429, "Retry-After: 18446744073709551615", LS_REASON_RATE_LIMITED,
    86400000 },
  { "draining", UPGRADE, 503, "Retry-After: 3", LS_REASON_SERVER_DRAINING, 3000 },
  { "down", UPGRADE, 503, "", LS_REASON_SERVER_UNREACHABLE, 0 },
  { "gateway", CALL, 502, "", LS_REASON_SERVER_UNREACHABLE, 0 },
  { "broken", UPGRADE, 500, "", LS_REASON_SERVER_UNREACHABLE, 0 },
  { "not-found", CALL, 404, "", LS_REASON_SERVER_UNREACHABLE, 0 },
  { "no-socket-there", UPGRADE, 404, "", LS_REASON_UPGRADE_REFUSED, 0 },
  { "upgrade-required", UPGRADE, 426, "", LS_REASON_UPGRADE_REFUSED, 0 },
  { "ordinary", UPGRADE, 200, "Content-Type: application/json", LS_REASON_UPGRADE_REFUSED, 0 },
  { "bad-accept", UPGRADE, 101, "", LS_REASON_UPGRADE_REFUSED, 0 },
  { "portal-page", UPGRADE, 200, "Content-Type: text/html; charset=utf-8", LS_REASON_CAPTIVE_PORTAL,
    0 },
  { "portal-page-call", CALL, 200, "Content-Type: text/html", LS_REASON_CAPTIVE_PORTAL, 0 },
  { "portal-status", CALL, 511, "Content-Type: text/html", LS_REASON_CAPTIVE_PORTAL, 0 },
  { "our-page", CALL, 200, "Content-Type: text/html\nX-Labsync-Server: 1",
    LS_REASON_SERVER_UNREACHABLE, 0 },
  { "not-json", CALL, 200, "Content-Type: text/plain", LS_REASON_SERVER_UNREACHABLE, 0 },
  { "redirect-elsewhere", CALL, 302, "Location: http://portal.test/", LS_REASON_CAPTIVE_PORTAL, 0 },
  { "redirect-elsewhere-ours", CALL, 302, "Location: //evil.test/\nX-Labsync-Server: 1",
    LS_REASON_CAPTIVE_PORTAL, 0 },
  { "redirect-not-ours", UPGRADE, 302, "Location: /login", LS_REASON_CAPTIVE_PORTAL, 0 },
  { "redirect-ours", CALL, 308, "Location: /v2/api\nX-Labsync-Server: 1",
    LS_REASON_SERVER_UNREACHABLE, 0 },
  { "redirect-nowhere", CALL, 302, "X-Labsync-Server: 1", LS_REASON_SERVER_UNREACHABLE, 0 },
};

static SoupMessageHeaders *
parse_headers (const char *text)
{
  SoupMessageHeaders *headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_RESPONSE);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (lines[i], ": ", 2);

      soup_message_headers_append (headers, parts[0], parts[1]);
    }

  return headers;
}

static void
test_answers (void)
{
  g_autoptr (GUri) uri =
      g_uri_parse ("https://school.test/ws?token=SECRET", G_URI_FLAGS_NONE, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (SoupMessageHeaders) headers = parse_headers (answers[i].headers);
      LsSoupFailure failure = {
        .status = answers[i].status,
        .headers = headers,
        .uri = uri,
        .is_upgrade = answers[i].is_upgrade,
      };
      g_autoptr (GError) error = ls_soup_errors_map (&failure);

      g_test_message ("%s: %s", answers[i].name, error->message);
      g_assert_error (error, LS_LINK_ERROR, (gint)answers[i].reason);
      g_assert_cmpuint (ls_link_error_get_status (error), ==, answers[i].status);
      g_assert_cmpint (ls_link_error_get_retry_after (error), ==, answers[i].retry_after_ms);
      g_assert_null (g_strstr_len (error->message, -1, "SECRET"));
    }
}

static const struct
{
  guint code;
  LsReason reason;
} closes[] = {
  { 0, LS_REASON_SERVER_UNREACHABLE },
  { 1000, LS_REASON_SERVER_UNREACHABLE },
  { 1001, LS_REASON_SERVER_DRAINING },
  { 1005, LS_REASON_SERVER_UNREACHABLE },
  { 1009, LS_REASON_SERVER_UNREACHABLE },
  { 1011, LS_REASON_SERVER_UNREACHABLE },
  { 1012, LS_REASON_SERVER_DRAINING },
  { 1013, LS_REASON_SERVER_UNREACHABLE },
  { 4000, LS_REASON_SERVER_UNREACHABLE },
  { 4001, LS_REASON_TOKEN_REFUSED },
  { 4003, LS_REASON_POLICY },
  { 4008, LS_REASON_RATE_LIMITED },
  { 4009, LS_REASON_POLICY },
};

static void
test_closes (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (closes); i++)
    {
      LsSoupFailure failure = { .was_open = TRUE, .close_code = closes[i].code };
      g_autoptr (GError) error = ls_soup_errors_map (&failure);

      g_assert_error (error, LS_LINK_ERROR, (gint)closes[i].reason);
      g_assert_cmpuint (ls_link_error_get_status (error), ==, closes[i].code);
    }
}

static void
assert_reported (GError *reported, LsReason reason)
{
  g_autoptr (GError) owned = reported;
  LsSoupFailure failure = { .error = reported, .is_upgrade = TRUE };
  g_autoptr (GError) error = ls_soup_errors_map (&failure);

  g_assert_error (error, LS_LINK_ERROR, (gint)reason);
  g_assert_cmpuint (ls_link_error_get_status (error), ==, 0);
  g_assert_nonnull (g_strstr_len (error->message, -1, "what it said"));
}

static void
test_reported (void)
{
  static const struct
  {
    GIOErrorEnum code;
    LsReason reason;
  } cases[] = {
    { G_IO_ERROR_CONNECTION_REFUSED, LS_REASON_SERVER_UNREACHABLE },
    { G_IO_ERROR_HOST_UNREACHABLE, LS_REASON_SERVER_UNREACHABLE },
    { G_IO_ERROR_NETWORK_UNREACHABLE, LS_REASON_SERVER_UNREACHABLE },
    { G_IO_ERROR_TIMED_OUT, LS_REASON_SERVER_UNREACHABLE },
    { G_IO_ERROR_PARTIAL_INPUT, LS_REASON_SERVER_UNREACHABLE },
    { G_IO_ERROR_PROXY_AUTH_FAILED, LS_REASON_PROXY_AUTH },
    { G_IO_ERROR_PROXY_NEED_AUTH, LS_REASON_PROXY_AUTH },
    { G_IO_ERROR_PROXY_NOT_ALLOWED, LS_REASON_PROXY_AUTH },
    { G_IO_ERROR_PROXY_FAILED, LS_REASON_SERVER_UNREACHABLE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_reported (g_error_new (G_IO_ERROR, cases[i].code, "what it said"), cases[i].reason);

  assert_reported (g_error_new (G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "what it said"),
                   LS_REASON_SERVER_UNREACHABLE);
  assert_reported (g_error_new (G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE, "what it said"),
                   LS_REASON_TLS_UNTRUSTED);
  assert_reported (g_error_new (G_TLS_ERROR, G_TLS_ERROR_EOF, "what it said"),
                   LS_REASON_SERVER_UNREACHABLE);
}

static void
test_details (void)
{
  LsSoupFailure nothing = { .error = NULL };
  LsSoupFailure late = { .timed_out = TRUE };
  LsSoupFailure untrusted = { .certificate_issuer = "CN=Nobody",
                              .certificate_errors = G_TLS_CERTIFICATE_UNKNOWN_CA };
  LsSoupFailure early = { .certificate_issuer = "CN=Nobody",
                          .certificate_errors = G_TLS_CERTIFICATE_NOT_ACTIVATED };
  g_autoptr (GError) nothing_error = ls_soup_errors_map (&nothing);
  g_autoptr (GError) late_error = ls_soup_errors_map (&late);
  g_autoptr (GError) untrusted_error = ls_soup_errors_map (&untrusted);
  g_autoptr (GError) early_error = ls_soup_errors_map (&early);

  g_assert_error (nothing_error, LS_LINK_ERROR, LS_REASON_SERVER_UNREACHABLE);
  g_assert_error (late_error, LS_LINK_ERROR, LS_REASON_SERVER_UNREACHABLE);
  g_assert_nonnull (g_strstr_len (late_error->message, -1, "in time"));
  g_assert_error (untrusted_error, LS_LINK_ERROR, LS_REASON_TLS_UNTRUSTED);
  g_assert_nonnull (g_strstr_len (untrusted_error->message, -1, "CN=Nobody"));
  g_assert_error (early_error, LS_LINK_ERROR, LS_REASON_CLOCK_SKEW);
  g_assert_nonnull (g_strstr_len (early_error->message, -1, "CN=Nobody"));
}

/* Only a clock that can't be right is excused, and only for what it can be guilty of. */
static void
test_clock (void)
{
  const gint64 in_1970 = 3600;
  const gint64 now = G_GINT64_CONSTANT (1800000000);

  g_assert_true (ls_soup_errors_is_of_clock (G_TLS_CERTIFICATE_NOT_ACTIVATED, in_1970));
  g_assert_false (ls_soup_errors_is_of_clock (G_TLS_CERTIFICATE_NOT_ACTIVATED, now));
  for (guint flag = 1; flag <= G_TLS_CERTIFICATE_GENERIC_ERROR; flag <<= 1)
    if (flag != G_TLS_CERTIFICATE_NOT_ACTIVATED)
      {
        g_assert_false (ls_soup_errors_is_of_clock (flag, in_1970));
        g_assert_false (
            ls_soup_errors_is_of_clock (flag | G_TLS_CERTIFICATE_NOT_ACTIVATED, in_1970));
      }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/transport/soup-errors/maps-answers", test_answers);
  g_test_add_func ("/transport/soup-errors/maps-closes", test_closes);
  g_test_add_func ("/transport/soup-errors/maps-what-was-reported", test_reported);
  g_test_add_func ("/transport/soup-errors/tells-details", test_details);
  g_test_add_func ("/transport/soup-errors/excuses-a-clock-of-1970", test_clock);

  return g_test_run ();
}
