/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-soup-errors.h"

/* A server that asks for more is not believed: it would keep us away for good. */
#define MAX_RETRY_AFTER_S (24 * 60 * 60)

/* 2026-01-01, in seconds since the epoch: no clock that is right shows less, as there was no Lab Sync. */
#define FIRST_SECOND G_GINT64_CONSTANT (1767225600)

/* RFC 6585, not in SoupStatus */
#define STATUS_TOO_MANY_REQUESTS 429
#define STATUS_NETWORK_AUTHENTICATION_REQUIRED 511

static const struct
{
  guint code;
  LsReason reason;
  const char *text;
} close_codes[] = {
  /* protocol, "Close codes" */
  { 1001, LS_REASON_SERVER_DRAINING, "The server is going away" },
  { 1012, LS_REASON_SERVER_DRAINING, "The server is restarting" },
  { 1013, LS_REASON_SERVER_UNREACHABLE, "The server asks to try again later" },
  { 4001, LS_REASON_TOKEN_REFUSED, "The server does not accept the token any more" },
  { 4003, LS_REASON_POLICY, "The server forbids the connection" },
  { 4008, LS_REASON_RATE_LIMITED, "The server got too many requests" },
  { 4009, LS_REASON_POLICY, "The server sees this machine twice (duplicate machine)" },
};

/* The server's own words are not repeated: there may be a token in them. */
static GError *
map_close (const LsSoupFailure *failure)
{
  for (guint i = 0; i < G_N_ELEMENTS (close_codes); i++)
    {
      if (failure->close_code == close_codes[i].code)
        return ls_link_error_new (close_codes[i].reason, failure->close_code, 0, "%s (%u)",
                                  close_codes[i].text, failure->close_code);
    }

  if (failure->close_code != 0)
    return ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, failure->close_code, 0,
                              "The server closed the socket (%u)", failure->close_code);
  if (failure->error != NULL)
    return ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "The socket failed: %s",
                              failure->error->message);

  return ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0,
                            "The server went away without a word");
}

/**
 * ls_soup_errors_get_date:
 * @headers: (nullable): of an answer
 *
 * Returns: the time by the clock of who answered, in milliseconds since the epoch; 0: it does not say
 */
gint64
ls_soup_errors_get_date (SoupMessageHeaders *headers)
{
  const char *text = headers != NULL ? soup_message_headers_get_one (headers, "Date") : NULL;
  g_autoptr (GDateTime) date = text != NULL ? soup_date_time_new_from_http_string (text) : NULL;

  return date != NULL ? g_date_time_to_unix (date) * 1000 : 0;
}

/**
 * ls_soup_errors_get_retry_after:
 * @headers: (nullable): of an answer
 *
 * Reads `Retry-After`: seconds, or an HTTP date. A date is compared with the server's own, as clocks
 * of lab machines go wrong.
 *
 * Returns: how long to stay away, in milliseconds; 0 without a good one
 */
gint64
ls_soup_errors_get_retry_after (SoupMessageHeaders *headers)
{
  const char *text = headers != NULL ? soup_message_headers_get_one (headers, "Retry-After") : NULL;
  gint64 now = ls_soup_errors_get_date (headers);
  g_autoptr (GDateTime) until = NULL;
  guint64 seconds = 0;

  if (text == NULL)
    return 0;
  if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, &seconds, NULL))
    return (gint64)MIN (seconds, MAX_RETRY_AFTER_S) * 1000;

  until = soup_date_time_new_from_http_string (text);
  if (until == NULL)
    return 0;

  if (now == 0)
    now = g_get_real_time () / 1000;

  return CLAMP (g_date_time_to_unix (until) * 1000 - now, 0, (gint64)MAX_RETRY_AFTER_S * 1000);
}

static gboolean
is_html (SoupMessageHeaders *headers)
{
  const char *type = headers != NULL ? soup_message_headers_get_content_type (headers, NULL) : NULL;

  return type != NULL && (g_ascii_strcasecmp (type, "text/html") == 0 ||
                          g_ascii_strcasecmp (type, "application/xhtml+xml") == 0);
}

static gboolean
leaves_host (const LsSoupFailure *failure)
{
  const char *location =
      failure->headers != NULL ? soup_message_headers_get_one (failure->headers, "Location") : NULL;
  g_autoptr (GUri) target = NULL;

  if (failure->uri == NULL || location == NULL)
    return FALSE;

  target = g_uri_parse_relative (failure->uri, location, SOUP_HTTP_URI_FLAGS, NULL);

  return target == NULL || g_uri_get_host (target) == NULL ||
         g_ascii_strcasecmp (g_uri_get_host (target), g_uri_get_host (failure->uri)) != 0;
}

static GError *
map_redirect (const LsSoupFailure *failure)
{
  if (leaves_host (failure) || !ls_soup_errors_is_ours (failure->headers))
    return ls_link_error_new (LS_REASON_CAPTIVE_PORTAL, failure->status, 0,
                              "Something on the way sends us elsewhere: the network may want a "
                              "sign-in in a browser");

  return ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, failure->status, 0,
                            "The server has moved: its URL has to be changed in the settings");
}

static GError *
map_success (const LsSoupFailure *failure)
{
  if (is_html (failure->headers) && !ls_soup_errors_is_ours (failure->headers))
    return ls_link_error_new (LS_REASON_CAPTIVE_PORTAL, failure->status, 0,
                              "A web page came instead of the server's answer: the network may "
                              "want a sign-in in a browser");
  if (failure->is_upgrade)
    return ls_link_error_new (LS_REASON_UPGRADE_REFUSED, failure->status, 0,
                              "The server answered the handshake as if it were an ordinary call");

  return ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, failure->status, 0,
                            "The server's answer can't be used: %s",
                            failure->error != NULL ? failure->error->message : "it is not JSON");
}

static GError *
map_refusal (const LsSoupFailure *failure)
{
  guint status = failure->status;
  gint64 retry_after_ms = ls_soup_errors_get_retry_after (failure->headers);

  switch (status)
    {
    case SOUP_STATUS_UNAUTHORIZED:
      return ls_link_error_new (LS_REASON_TOKEN_REFUSED, status, 0,
                                "The server does not accept the token");
    case SOUP_STATUS_FORBIDDEN:
      /* Many proxies say so to every handshake, and let the rest through. */
      if (failure->is_upgrade && !ls_soup_errors_is_ours (failure->headers))
        break;
      return ls_link_error_new (LS_REASON_POLICY, status, 0, "The server forbids it");
    case SOUP_STATUS_PROXY_AUTHENTICATION_REQUIRED:
      return ls_link_error_new (LS_REASON_PROXY_AUTH, status, 0, "The proxy wants a sign-in");
    case STATUS_TOO_MANY_REQUESTS:
      return ls_link_error_new (LS_REASON_RATE_LIMITED, status, retry_after_ms,
                                "The server got too many requests");
    case STATUS_NETWORK_AUTHENTICATION_REQUIRED:
      return ls_link_error_new (LS_REASON_CAPTIVE_PORTAL, status, 0,
                                "The network wants a sign-in in a browser");
    case SOUP_STATUS_SERVICE_UNAVAILABLE:
      if (retry_after_ms > 0)
        return ls_link_error_new (LS_REASON_SERVER_DRAINING, status, retry_after_ms,
                                  "The server is restarting");
      break;
    default:
      break;
    }

  if (failure->is_upgrade && SOUP_STATUS_IS_CLIENT_ERROR (status))
    return ls_link_error_new (LS_REASON_UPGRADE_REFUSED, status, retry_after_ms,
                              "The server refused the handshake with status %u", status);

  return ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, status, retry_after_ms,
                            "The server answered with status %u", status);
}

static GError *
map_answer (const LsSoupFailure *failure)
{
  if (SOUP_STATUS_IS_INFORMATIONAL (failure->status))
    return ls_link_error_new (failure->is_upgrade ? LS_REASON_UPGRADE_REFUSED
                                                  : LS_REASON_SERVER_UNREACHABLE,
                              failure->status, 0, "The handshake went wrong: %s",
                              failure->error != NULL ? failure->error->message : "no reason known");
  if (SOUP_STATUS_IS_SUCCESSFUL (failure->status))
    return map_success (failure);
  if (SOUP_STATUS_IS_REDIRECTION (failure->status))
    return map_redirect (failure);

  return map_refusal (failure);
}

/* Whether the certificate is what failed. A peer that goes away in the middle isn't that. */
static gboolean
is_untrusted (const LsSoupFailure *failure)
{
  if (failure->certificate_issuer != NULL)
    return TRUE;

  return failure->error != NULL && failure->error->domain == G_TLS_ERROR &&
         failure->error->code != G_TLS_ERROR_EOF;
}

static GError *
map_certificate (const LsSoupFailure *failure)
{
  const char *issuer =
      failure->certificate_issuer != NULL ? failure->certificate_issuer : "unknown";

  if (failure->certificate_errors == G_TLS_CERTIFICATE_NOT_ACTIVATED)
    return ls_link_error_new (LS_REASON_CLOCK_SKEW, failure->status, 0,
                              "The server's certificate, issued by “%s”, is not valid yet: the "
                              "clock of this machine may be wrong",
                              issuer);

  return ls_link_error_new (LS_REASON_TLS_UNTRUSTED, failure->status, 0,
                            "The server's certificate, issued by “%s”, is not trusted: %s", issuer,
                            failure->error != NULL ? failure->error->message : "no reason known");
}

static gboolean
is_proxy_auth (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PROXY_AUTH_FAILED) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PROXY_NEED_AUTH) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PROXY_NOT_ALLOWED);
}

/**
 * ls_soup_errors_is_of_clock:
 * @errors: what is wrong with a certificate
 * @now: by this machine's clock, in seconds since the epoch
 *
 * A machine whose battery is empty starts in 1970, when no certificate was valid yet. Whose it is and
 * who issued it is checked all the same.
 *
 * Returns: whether nothing is wrong but this machine's clock, for certain
 */
gboolean
ls_soup_errors_is_of_clock (GTlsCertificateFlags errors, gint64 now)
{
  return errors == G_TLS_CERTIFICATE_NOT_ACTIVATED && now < FIRST_SECOND;
}

/**
 * ls_soup_errors_is_ours:
 * @headers: (nullable): of an answer
 *
 * Returns: whether our server gave it, and nothing on the way (protocol, "HTTP")
 */
gboolean
ls_soup_errors_is_ours (SoupMessageHeaders *headers)
{
  return headers != NULL &&
         g_strcmp0 (soup_message_headers_get_one (headers, "X-Labsync-Server"), "1") == 0;
}

/**
 * ls_soup_errors_map:
 * @failure: what is known
 *
 * The one place that says what a failure means for the connection.
 *
 * Returns: (transfer full): an error of %LS_LINK_ERROR
 */
GError *
ls_soup_errors_map (const LsSoupFailure *failure)
{
  g_return_val_if_fail (failure != NULL, NULL);

  if (failure->was_open)
    return map_close (failure);
  if (failure->timed_out)
    return ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, failure->status, 0,
                              "The server did not answer in time");
  if (is_untrusted (failure))
    return map_certificate (failure);
  if (failure->status != 0)
    return map_answer (failure);
  if (is_proxy_auth (failure->error))
    return ls_link_error_new (LS_REASON_PROXY_AUTH, 0, 0, "The proxy wants a sign-in: %s",
                              failure->error->message);

  return ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "The server can't be reached: %s",
                            failure->error != NULL ? failure->error->message : "no reason known");
}
