/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-setting-key.h"

#include <errno.h>

#include "ls-error.h"
#include "ls-i18n.h"

#define CONFLICT_POLICIES "manual;merge;server;local"
/* An app, and what it may do, with “,” between the words */
#define APP "[A-Za-z0-9_./+-]+"
#define GRANT "^" APP ":[a-z0-9_.*]+(,[a-z0-9_.*]+)*$"
/* What is the name of nothing */
#define NOTHING "."

/* clang-format off */
#define DURATION(group, name, value, min, max) \
  { group, name, LS_SETTING_DURATION, value, min, max, NULL, NULL }
#define SIZE(group, name, value, min, max) \
  { group, name, LS_SETTING_SIZE, value, min, max, NULL, NULL }
#define RATE(group, name, value, min, max) \
  { group, name, LS_SETTING_RATE, value, min, max, NULL, NULL }
#define INTEGER(group, name, value, min, max) \
  { group, name, LS_SETTING_INTEGER, value, min, max, NULL, NULL }
#define BOOLEAN(group, name, value) \
  { group, name, LS_SETTING_BOOLEAN, value, NULL, NULL, NULL, NULL }
#define CHOICE(group, name, value, choices) \
  { group, name, LS_SETTING_CHOICE, value, NULL, NULL, choices, NULL }
/* What a bad value must not open, so that @closed counts in its place */
#define GUARD(group, name, value, closed) \
  { group, name, LS_SETTING_BOOLEAN, value, NULL, NULL, NULL, closed }
#define POLICY(group, name, value, choices, closed) \
  { group, name, LS_SETTING_CHOICE, value, NULL, NULL, choices, closed }
#define LIST(group, name, value) \
  { group, name, LS_SETTING_LIST, value, NULL, NULL, NULL, NULL }
#define GRANTS(group, name) \
  { group, name, LS_SETTING_GRANTS, "", NULL, NULL, NULL, NULL }
#define ADDRESS(group, name, kind) \
  { group, name, kind, "", NULL, NULL, NULL, NULL }

/* All that can be set. The defaults are the contract's; the bounds only keep out what would make
 * the agent useless or a nuisance to the server. */
static const LsSettingKey keys[] = {
  ADDRESS ("Server", "url", LS_SETTING_HTTP_URL),
  ADDRESS ("Server", "ws-url", LS_SETTING_WS_URL), /* empty: made from url */
  BOOLEAN ("Server", "websocket", "true"),
  CHOICE ("Server", "token-in-query", "auto", "auto;always;never"),
  GUARD ("Server", "allow-insecure", "false", "false"),
  ADDRESS ("Server", "ca-file", LS_SETTING_PATH),

  DURATION ("Connection", "connect-timeout", "10s", "100ms", "10min"),
  DURATION ("Connection", "ping-interval", "5s", "100ms", "1h"),
  DURATION ("Connection", "pong-timeout", "4s", "100ms", "1h"),
  DURATION ("Connection", "ping-interval-idle", "25s", "100ms", "1h"),
  DURATION ("Connection", "pong-timeout-idle", "10s", "100ms", "1h"),
  DURATION ("Connection", "ping-interval-metered", "60s", "100ms", "1h"),
  DURATION ("Connection", "pong-timeout-metered", "10s", "100ms", "1h"),
  DURATION ("Connection", "reconnect-initial", "1s", "10ms", "1h"),
  DURATION ("Connection", "reconnect-max", "60s", "10ms", "1d"),
  INTEGER ("Connection", "fallback-after", "1", "1", "1000"),
  DURATION ("Connection", "polling-interval", "30s", "100ms", "1d"),
  DURATION ("Connection", "websocket-retry", "120s", "100ms", "1d"),

  LIST ("Sync", "event-types", ""), /* empty: all but presence */
  LIST ("Sync", "extra-event-types", ""),
  DURATION ("Sync", "subscription-ttl", "10min", "0", "30d"),

  SIZE ("Cache", "max-size", "64MiB", "1MiB", "1048576MiB"),
  DURATION ("Cache", "max-age", "30d", "1min", "3650d"),
  LIST ("Cache", "drop-fields", "password_hash"),

  INTEGER ("Queue", "max-actions", "10000", "1", "1000000"),
  SIZE ("Queue", "max-bytes", "32MiB", "64KiB", "1048576MiB"),
  RATE ("Queue", "rate", "5/s", "1/s", "100000/s"),
  INTEGER ("Queue", "flush-seconds", "5", "0", "600"),

  CHOICE ("Conflict", "grade", "manual", CONFLICT_POLICIES),
  CHOICE ("Conflict", "attendance", "merge", CONFLICT_POLICIES),
  CHOICE ("Conflict", "announcement", "server", CONFLICT_POLICIES),
  CHOICE ("Conflict", "library_material", "manual", CONFLICT_POLICIES),
  CHOICE ("Conflict", "event", "manual", CONFLICT_POLICIES),
  CHOICE ("Conflict", "user", "manual", CONFLICT_POLICIES),
  CHOICE ("Conflict", "message", "manual", CONFLICT_POLICIES),
  CHOICE ("Conflict", "conversation", "manual", CONFLICT_POLICIES),
  CHOICE ("Conflict", "notification", "manual", CONFLICT_POLICIES),

  GUARD ("Privacy", "wipe-on-sign-out", "false", "true"),
  GUARD ("Privacy", "tokens-in-memory", "false", "false"),
  GUARD ("Privacy", "encrypt", "false", "true"),

  POLICY ("Apps", "host", "allow", "allow;deny", "deny"),
  POLICY ("Apps", "sandboxed", "deny", "allow;deny;ask", "deny"),
  GRANTS ("Apps", "read"),
  GRANTS ("Apps", "enqueue"),
  INTEGER ("Apps", "max-actions", "5000", "1", "1000000"),

  BOOLEAN ("Notifications", "show", "true"),

  DURATION ("Audit", "max-age", "90d", "1d", "3650d"),
};
/* clang-format on */

typedef struct
{
  LsSettingKind kind;
  const char *suffix;
  gint64 factor;
} Unit;

static const Unit units[] = {
  { LS_SETTING_DURATION, "", 1 },
  { LS_SETTING_DURATION, "ms", 1 },
  { LS_SETTING_DURATION, "s", 1000 },
  { LS_SETTING_DURATION, "min", 60 * 1000 },
  { LS_SETTING_DURATION, "h", 60 * 60 * 1000 },
  { LS_SETTING_DURATION, "d", 24 * 60 * 60 * 1000 },
  { LS_SETTING_SIZE, "", 1 },
  { LS_SETTING_SIZE, "KiB", 1024 },
  { LS_SETTING_SIZE, "MiB", 1024 * 1024 },
  { LS_SETTING_RATE, "", 1 },
  { LS_SETTING_RATE, "/s", 1 },
  { LS_SETTING_INTEGER, "", 1 },
};

static const char *
describe_number (LsSettingKind kind)
{
  if (kind == LS_SETTING_DURATION)
    return _ (
        "a duration (a whole number with ms, s, min, h or d behind it and no blank, as in 30s)");
  if (kind == LS_SETTING_SIZE)
    return _ ("a size (a whole number of bytes, or with KiB or MiB behind it and no blank, as in "
              "64MiB)");
  if (kind == LS_SETTING_RATE)
    return _ ("a rate (a whole number per second, as in 5/s)");

  return _ ("a whole number");
}

/* The number @text stands for, or -1. No setting is ever negative. */
static gint64
read_number (LsSettingKind kind, const char *text)
{
  gsize n_digits = strspn (text, "0123456789");
  gint64 number = 0;

  if (n_digits == 0)
    return -1;

  errno = 0;
  number = g_ascii_strtoll (text, NULL, 10);
  if (errno != 0)
    return -1;

  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    {
      if (units[i].kind == kind && g_str_equal (units[i].suffix, text + n_digits))
        return number <= G_MAXINT64 / units[i].factor ? number * units[i].factor : -1;
    }

  return -1;
}

static gboolean
parse_number (const LsSettingKey *key, LsSettingValue *value, GError **error)
{
  value->number = read_number (key->kind, value->text);

  if (value->number < 0)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, _ ("“%s” is not %s"), value->text,
                   describe_number (key->kind));
      return FALSE;
    }
  if (value->number < read_number (key->kind, key->min) ||
      value->number > read_number (key->kind, key->max))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, _ ("“%s” is not between %s and %s"),
                   value->text, key->min, key->max);
      return FALSE;
    }

  return TRUE;
}

static gboolean
parse_boolean (LsSettingValue *value, GError **error)
{
  value->number = g_str_equal (value->text, "true") || g_str_equal (value->text, "1");

  if (!value->number && !g_str_equal (value->text, "false") && !g_str_equal (value->text, "0"))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, _ ("“%s” is neither true nor false"),
                   value->text);
      return FALSE;
    }

  return TRUE;
}

static gboolean
parse_choice (const LsSettingKey *key, LsSettingValue *value, GError **error)
{
  g_auto (GStrv) choices = g_strsplit (key->choices, ";", -1);
  g_autofree char *listed = NULL;

  if (g_strv_contains ((const char *const *)choices, value->text))
    return TRUE;

  listed = g_strjoinv (", ", choices);
  g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, _ ("“%s” is not one of %s"), value->text,
               listed);

  return FALSE;
}

/* A word is what event types and members of rows look like, so that a comma or a blank in place of
 * the semicolon is noticed. */
static gboolean
parse_list (LsSettingValue *value, GError **error)
{
  g_auto (GStrv) words = g_strsplit (value->text, ";", -1);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; words[i] != NULL; i++)
    {
      const char *word = g_strstrip (words[i]);

      if (word[strspn (word, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-")] != '\0')
        {
          g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                       _ ("“%s” is not a word; the list has a “;” between its words"), word);
          return FALSE;
        }
      if (*word != '\0')
        g_strv_builder_add (builder, word);
    }

  value->list = g_strv_builder_end (builder);

  return TRUE;
}

static gboolean
parse_grants (LsSettingValue *value, GError **error)
{
  g_auto (GStrv) grants = g_strsplit (value->text, ";", -1);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; grants[i] != NULL; i++)
    {
      const char *grant = g_strstrip (grants[i]);

      if (*grant == '\0')
        continue;
      if (!g_regex_match_simple (GRANT, grant, 0, 0))
        {
          g_set_error (
              error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
              _ ("“%s” is not an app with what it may do, as in org.example.App:grade,event"),
              grant);
          return FALSE;
        }
      g_strv_builder_add (builder, grant);
    }

  value->list = g_strv_builder_end (builder);

  return TRUE;
}

static gboolean
parse_path (LsSettingValue *value, GError **error)
{
  if (*value->text == '\0' || g_path_is_absolute (value->text))
    return TRUE;

  g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, _ ("“%s” is not an absolute path"),
               value->text);

  return FALSE;
}

static gboolean
parse_url (LsSettingValue *value, const char *scheme, const char *secure_scheme, GError **error)
{
  g_autoptr (GUri) uri = NULL;
  g_autoptr (GError) local_error = NULL;

  if (*value->text == '\0')
    return TRUE;

  uri = g_uri_parse (value->text, G_URI_FLAGS_NONE, &local_error);
  if (uri == NULL)
    g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, _ ("“%s” is not an address: %s"),
                 value->text, local_error->message);
  else if (!g_str_equal (g_uri_get_scheme (uri), scheme) &&
           !g_str_equal (g_uri_get_scheme (uri), secure_scheme))
    g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                 _ ("“%s” does not begin with %s:// or %s://"), value->text, scheme, secure_scheme);
  else if (strpbrk (value->text, " \t") != NULL) /* GUri bears them, servers do not */
    g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, _ ("“%s” has a blank in it"),
                 value->text);
  else if (g_uri_get_host (uri) == NULL || *g_uri_get_host (uri) == '\0')
    g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, _ ("“%s” names no host"), value->text);
  else if (g_uri_get_userinfo (uri) != NULL || g_uri_get_query (uri) != NULL ||
           g_uri_get_fragment (uri) != NULL)
    g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                 _ ("An address must have no user, no “?” and no “#” in it"));
  else
    return TRUE;

  return FALSE;
}

static gboolean
parse_kind (const LsSettingKey *key, LsSettingValue *value, GError **error)
{
  switch (key->kind)
    {
    case LS_SETTING_BOOLEAN:
      return parse_boolean (value, error);
    case LS_SETTING_CHOICE:
      return parse_choice (key, value, error);
    case LS_SETTING_LIST:
      return parse_list (value, error);
    case LS_SETTING_GRANTS:
      return parse_grants (value, error);
    case LS_SETTING_PATH:
      return parse_path (value, error);
    case LS_SETTING_HTTP_URL:
      return parse_url (value, "http", "https", error);
    case LS_SETTING_WS_URL:
      return parse_url (value, "ws", "wss", error);
    case LS_SETTING_DURATION:
    case LS_SETTING_SIZE:
    case LS_SETTING_RATE:
    case LS_SETTING_INTEGER:
    default:
      return parse_number (key, value, error);
    }
}

/**
 * ls_setting_keys_get_all:
 * @n_keys: (out): how many there are
 *
 * Returns: (array length=n_keys): every setting that exists, in the order of the groups
 */
const LsSettingKey *
ls_setting_keys_get_all (guint *n_keys)
{
  g_return_val_if_fail (n_keys != NULL, NULL);

  *n_keys = G_N_ELEMENTS (keys);

  return keys;
}

/**
 * ls_setting_keys_find:
 * @group: a group, may be unknown
 * @name: a key, may be unknown
 *
 * Returns: (nullable): the setting, or %NULL when there is none of that name
 */
const LsSettingKey *
ls_setting_keys_find (const char *group, const char *name)
{
  g_return_val_if_fail (group != NULL && name != NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      if (g_str_equal (keys[i].group, group) && g_str_equal (keys[i].name, name))
        return &keys[i];
    }

  return NULL;
}

/**
 * ls_setting_keys_has_group:
 * @group: a group, may be unknown
 *
 * Returns: whether any setting is in @group
 */
gboolean
ls_setting_keys_has_group (const char *group)
{
  g_return_val_if_fail (group != NULL, FALSE);

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      if (g_str_equal (keys[i].group, group))
        return TRUE;
    }

  return FALSE;
}

/**
 * ls_setting_key_to_string:
 * @key: a setting
 *
 * Returns: (transfer full): its full name, for example `Server.url`
 */
char *
ls_setting_key_to_string (const LsSettingKey *key)
{
  g_return_val_if_fail (key != NULL, NULL);

  return g_strconcat (key->group, ".", key->name, NULL);
}

/**
 * ls_setting_value_parse:
 * @key: the setting it is for
 * @text: what somebody wrote
 * @error: return location for a %LS_ERROR_INVALID_ARGUMENT that says what would be right
 *
 * Returns: (transfer full): the value, or %NULL when @text is not one @key can have
 */
LsSettingValue *
ls_setting_value_parse (const LsSettingKey *key, const char *text, GError **error)
{
  g_autoptr (LsSettingValue) value = NULL;

  g_return_val_if_fail (key != NULL && text != NULL, NULL);

  value = g_new0 (LsSettingValue, 1);
  value->text = g_strdup (text);
  if (!parse_kind (key, value, error))
    return NULL;

  return g_steal_pointer (&value);
}

/* Who is named stays named, as an app that is not may do more. */
static char *
close_grants (const char *text)
{
  g_auto (GStrv) grants = g_strsplit (text, ";", -1);
  g_autoptr (GString) closed = g_string_new (NULL);

  for (guint i = 0; grants[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (g_strstrip (grants[i]), ":", 2);

      if (g_regex_match_simple (GRANT, grants[i], 0, 0))
        g_string_append_printf (closed, "%s;", grants[i]);
      else if (parts[0] != NULL && g_regex_match_simple ("^" APP "$", parts[0], 0, 0))
        g_string_append_printf (closed, "%s:" NOTHING ";", parts[0]);
    }

  return g_string_free (g_steal_pointer (&closed), FALSE);
}

/**
 * ls_setting_value_new_closed:
 * @key: the setting it is for
 * @text: what somebody wrote, which is no value of @key
 *
 * A bad value never opens anything (contract, "Settings").
 *
 * Returns: (transfer full) (nullable): what counts in its place; %NULL: nothing, as the setting opens
 *   nothing either way
 */
LsSettingValue *
ls_setting_value_new_closed (const LsSettingKey *key, const char *text)
{
  g_autofree char *grants = NULL;

  g_return_val_if_fail (key != NULL && text != NULL, NULL);

  if (key->closed != NULL)
    return ls_setting_value_parse (key, key->closed, NULL);
  if (key->kind != LS_SETTING_GRANTS)
    return NULL;

  grants = close_grants (text);
  return ls_setting_value_parse (key, grants, NULL);
}

/**
 * ls_setting_value_free:
 * @value: (transfer full): a value
 *
 * Frees @value and what it owns.
 */
void
ls_setting_value_free (LsSettingValue *value)
{
  g_return_if_fail (value != NULL);

  g_free (value->text);
  g_strfreev (value->list);
  g_free (value);
}
