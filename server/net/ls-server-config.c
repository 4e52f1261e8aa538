/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-server-config.h"

#include <gio/gio.h>
#include <string.h>

#include "ls-error.h"
#include "ls-i18n.h"
#include "ls-setting-key.h"

/* The only group of the key file */
#define GROUP "Server"

typedef enum
{
  OPTION_LISTEN,
  OPTION_FLAG,
  OPTION_TEXT,
  OPTION_DURATION, /* a number alone means seconds */
  OPTION_COUNT,
} OptionKind;

/* An option of the command line, which is also a key of the file */
typedef struct
{
  const char *name;
  OptionKind kind;
  gsize place; /* in LsServerConfig; none for OPTION_LISTEN, which has two */
  const char *min;
  const char *max;
  const char *argument;
  const char *description;
} Option;

#define PLACE(member) G_STRUCT_OFFSET (LsServerConfig, member)

static const Option options[] = {
  { "listen", OPTION_LISTEN, 0, NULL, NULL, N_ ("ADDRESS:PORT"),
    N_ ("Where to listen (127.0.0.1:8080; port 0: any)") },
  { "data-dir", OPTION_TEXT, PLACE (data_dir), NULL, NULL, N_ ("DIRECTORY"),
    N_ ("Where everything is stored") },
  { "seed-demo", OPTION_FLAG, PLACE (seed_demo), NULL, NULL, NULL,
    N_ ("Put a small school for demonstrations in") },
  { "token-lifetime", OPTION_DURATION, PLACE (token_lifetime), "1s", "1d", N_ ("SECONDS"),
    N_ ("How long an access token is good (900)") },
  { "session-lifetime", OPTION_DURATION, PLACE (session_lifetime), "1s", "365d", N_ ("SECONDS"),
    N_ ("How long a sign-in lasts (2592000, 30d)") },
  { "audit-retention", OPTION_DURATION, PLACE (audit_retention), "1d", "3650d", N_ ("SECONDS"),
    N_ ("How long it is kept who did what (365d)") },
  { "max-failed-sign-ins", OPTION_COUNT, PLACE (sign_ins.max_failed), "1", "100000", N_ ("NUMBER"),
    N_ ("How often a sign-in to one account may fail from one address (10), in half an hour") },
  { "max-failed-sign-ins-per-address", OPTION_COUNT, PLACE (sign_ins.max_failed_per_address), "1",
    "100000", N_ ("NUMBER"),
    N_ ("How often any may fail from one address, maybe a whole school's (1000)") },
  { "tls-certificate", OPTION_TEXT, PLACE (tls_certificate), NULL, NULL, N_ ("FILE"),
    N_ ("Certificate chain (PEM)") },
  { "tls-key", OPTION_TEXT, PLACE (tls_key), NULL, NULL, N_ ("FILE"),
    N_ ("Private key of the certificate (PEM)") },
  { "max-connections", OPTION_COUNT, PLACE (clients.max_total), "1", "100000", N_ ("NUMBER"),
    N_ ("How many connections there may be (4096)") },
  { "max-connections-per-address", OPTION_COUNT, PLACE (clients.max_per_address), "1", "100000",
    N_ ("NUMBER"), N_ ("How many of them from one address, maybe a whole school's (1024)") },
  { "max-connects-per-second", OPTION_COUNT, PLACE (max_connects), "1", "100000", N_ ("NUMBER"),
    N_ ("How many agents may connect in a second; others are told when to come back (50)") },
  { "header-timeout", OPTION_DURATION, PLACE (clients.header_timeout), "1s", "1h", N_ ("SECONDS"),
    N_ ("How long the headers of a request may take (10)") },
  { "idle-timeout", OPTION_DURATION, PLACE (clients.idle_timeout), "1s", "1h", N_ ("SECONDS"),
    N_ ("How long a connection may wait for its next request (75)") },
  { "body-timeout", OPTION_DURATION, PLACE (clients.body_timeout), "1s", "1h", N_ ("SECONDS"),
    N_ ("How long the body of a request or an answer may take (120)") },
  { "hello-timeout", OPTION_DURATION, PLACE (hello_timeout), "1s", "1h", N_ ("SECONDS"),
    N_ ("How long an agent may take to begin on its socket (10)") },
  { "heartbeat", OPTION_DURATION, PLACE (heartbeat), "1s", "1h", N_ ("SECONDS"),
    N_ ("How often an agent has to be heard (30); three times that in silence, and it is cut off") },
  { "drain-retry", OPTION_DURATION, PLACE (drain_retry), "0s", "1h", N_ ("SECONDS"),
    N_ ("When agents are to come back after a restart (2)") },
  { "drain-spread", OPTION_DURATION, PLACE (drain_spread), "0s", "1h", N_ ("SECONDS"),
    N_ ("Over which time they are to spread then (10)") },
};

#define N_OPTIONS G_N_ELEMENTS (options)

/**
 * ls_server_config_new:
 *
 * Returns: (transfer full): the built-in configuration. The access token's 15 minutes are the
 *   original's; a sign-in outlives a school holiday of four weeks.
 */
LsServerConfig *
ls_server_config_new (void)
{
  LsServerConfig *config = g_new0 (LsServerConfig, 1);

  config->host = g_strdup ("127.0.0.1");
  config->port = 8080;
  config->data_dir = g_build_filename (g_get_user_data_dir (), "labsync-server", NULL);
  config->token_lifetime = 15 * 60 * 1000;
  config->session_lifetime = 30 * 86400 * G_GINT64_CONSTANT (1000);
  config->audit_retention = 365 * 86400 * G_GINT64_CONSTANT (1000);
  config->sign_ins = (LsSignInLimits) { .max_failed = 10, .max_failed_per_address = 1000 };
  config->clients = (LsClientLimits) { .max_total = 4096,
                                       .max_per_address = 1024,
                                       .header_timeout = 10 * 1000,
                                       .idle_timeout = 75 * 1000,
                                       .body_timeout = 120 * 1000 };
  config->max_connects = 50;
  config->hello_timeout = 10 * 1000;
  config->heartbeat = 30 * 1000;
  config->drain_retry = 2 * 1000;
  config->drain_spread = 10 * 1000;
  return config;
}

/**
 * ls_server_config_free:
 * @config: (transfer full): a configuration
 *
 * Frees it.
 */
void
ls_server_config_free (LsServerConfig *config)
{
  g_free (config->host);
  g_free (config->data_dir);
  g_free (config->tls_certificate);
  g_free (config->tls_key);
  g_free (config);
}

static gboolean
read_listen (LsServerConfig *config, const char *text, GError **error)
{
  const char *colon = strrchr (text, ':');
  g_autofree char *host = NULL;
  g_autoptr (GInetAddress) address = NULL;
  guint64 port;

  if (colon != NULL)
    {
      gsize length = (gsize)(colon - text);
      gboolean in_brackets = length > 2 && text[0] == '[' && colon[-1] == ']';

      host = in_brackets ? g_strndup (text + 1, length - 2) : g_strndup (text, length);
      address = g_inet_address_new_from_string (host);
    }

  if (address == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 0, G_MAXUINT16, &port, NULL))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                   _ ("“%s” is not an IP address and a port, as in 127.0.0.1:8080 or [::1]:8080"),
                   text);
      return FALSE;
    }

  g_free (config->host);
  config->host = g_steal_pointer (&host);
  config->port = (guint16)port;
  return TRUE;
}

static gboolean
read_duration (const Option *option, const char *text, gint64 *milliseconds, GError **error)
{
  const LsSettingKey key = { GROUP,       option->name, LS_SETTING_DURATION, "", option->min,
                             option->max, NULL };
  gboolean is_bare = *text != '\0' && strspn (text, G_CSET_DIGITS) == strlen (text);
  g_autofree char *with_unit = g_strconcat (text, is_bare ? "s" : "", NULL);
  g_autoptr (LsSettingValue) value = ls_setting_value_parse (&key, with_unit, error);

  if (value == NULL)
    return FALSE;

  *milliseconds = value->number;
  return TRUE;
}

static gboolean
read_count (const Option *option, const char *text, guint *count, GError **error)
{
  const LsSettingKey key = { GROUP,       option->name, LS_SETTING_INTEGER, "", option->min,
                             option->max, NULL };
  g_autoptr (LsSettingValue) value = ls_setting_value_parse (&key, text, error);

  if (value == NULL)
    return FALSE;

  *count = (guint)value->number;
  return TRUE;
}

static gboolean
read_flag (const Option *option, const char *text, gboolean *flag, GError **error)
{
  const LsSettingKey key = { GROUP, option->name, LS_SETTING_BOOLEAN, "", NULL, NULL, NULL };
  g_autoptr (LsSettingValue) value = ls_setting_value_parse (&key, text, error);

  if (value == NULL)
    return FALSE;

  *flag = value->number != 0;
  return TRUE;
}

static gboolean
read_text (const char *text, char **place, GError **error)
{
  if (*text == '\0')
    {
      g_set_error_literal (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, _ ("it is empty"));
      return FALSE;
    }

  g_free (*place);
  *place = g_strdup (text);
  return TRUE;
}

static gboolean
read_option (LsServerConfig *config, const Option *option, const char *text, GError **error)
{
  gpointer place = G_STRUCT_MEMBER_P (config, option->place);
  gboolean ok;

  switch (option->kind)
    {
    case OPTION_LISTEN:
      ok = read_listen (config, text, error);
      break;
    case OPTION_FLAG:
      ok = read_flag (option, text, place, error);
      break;
    case OPTION_TEXT:
      ok = read_text (text, place, error);
      break;
    case OPTION_DURATION:
      ok = read_duration (option, text, place, error);
      break;
    case OPTION_COUNT:
      ok = read_count (option, text, place, error);
      break;
    default:
      g_assert_not_reached ();
    }

  if (!ok)
    g_prefix_error (error, "%s: ", option->name);
  return ok;
}

static const Option *
find_option (const char *name)
{
  for (guint i = 0; i < N_OPTIONS; i++)
    if (g_str_equal (options[i].name, name))
      return &options[i];

  return NULL;
}

static gboolean
read_keys (LsServerConfig *config, GKeyFile *file, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);
  g_auto (GStrv) names = NULL;

  for (guint i = 0; groups[i] != NULL; i++)
    if (!g_str_equal (groups[i], GROUP))
      {
        g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                     _ ("there is no group “%s”, only “%s”"), groups[i], GROUP);
        return FALSE;
      }

  names = g_key_file_get_keys (file, GROUP, NULL, NULL);
  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      const Option *option = find_option (names[i]);
      g_autofree char *text = g_key_file_get_string (file, GROUP, names[i], error);

      if (text == NULL)
        return FALSE;
      if (option == NULL)
        {
          g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, _ ("there is no key “%s”"),
                       names[i]);
          return FALSE;
        }
      if (!read_option (config, option, text, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
read_file (LsServerConfig *config, const char *path, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();

  if (g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, error) &&
      read_keys (config, file, error))
    return TRUE;

  g_prefix_error (error, "%s: ", path);
  return FALSE;
}

/* What the command line says: a text per option, as they come */
typedef struct
{
  char *texts[N_OPTIONS]; /* (owned) (nullable) */
  gboolean flags[N_OPTIONS];
  char *config_file; /* (owned) (nullable) */
  gboolean show_version;
} CommandLine;

static void
command_line_clear (CommandLine *line)
{
  for (guint i = 0; i < N_OPTIONS; i++)
    g_free (line->texts[i]);
  g_free (line->config_file);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CommandLine, command_line_clear)

static gboolean
command_line_parse (CommandLine *line, const char *const *arguments, GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  GOptionEntry entries[N_OPTIONS + 3] = { 0 };
  g_auto (GStrv) rest = g_strdupv ((char **)arguments);

  for (guint i = 0; i < N_OPTIONS; i++)
    {
      gboolean is_flag = options[i].kind == OPTION_FLAG;

      entries[i].long_name = options[i].name;
      entries[i].arg = is_flag ? G_OPTION_ARG_NONE : G_OPTION_ARG_STRING;
      entries[i].arg_data = is_flag ? (gpointer)&line->flags[i] : (gpointer)&line->texts[i];
      entries[i].description = options[i].description;
      entries[i].arg_description = options[i].argument;
    }
  entries[N_OPTIONS] =
      (GOptionEntry) { "config",
                       0,
                       0,
                       G_OPTION_ARG_FILENAME,
                       &line->config_file,
                       N_ ("File with the same options as keys of the group [Server]"),
                       N_ ("FILE") };
  entries[N_OPTIONS + 1] = (GOptionEntry) {
    "version", 0, 0, G_OPTION_ARG_NONE, &line->show_version, N_ ("Print the version"), NULL
  };

  g_option_context_set_summary (context, _ ("The school's side of Lab Sync."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse_strv (context, &rest, error))
    return FALSE;
  if (g_strv_length (rest) <= 1)
    return TRUE;

  g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, _ ("“%s” is not an option"), rest[1]);
  return FALSE;
}

static gboolean
check_tls (const LsServerConfig *config, GError **error)
{
  if ((config->tls_certificate == NULL) == (config->tls_key == NULL))
    return TRUE;

  g_set_error_literal (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                       _ ("tls-certificate and tls-key are needed both, or none"));
  return FALSE;
}

/**
 * ls_server_config_parse:
 * @arguments: the command line, with the program's name first
 * @show_version: (out): whether only the version is asked for; the rest was not looked at then
 * @error: return location for an error that says what would be right
 *
 * Reads the file of `--config` and then the command line, which wins.
 *
 * Returns: (transfer full) (nullable): the configuration
 */
LsServerConfig *
ls_server_config_parse (const char *const *arguments, gboolean *show_version, GError **error)
{
  g_autoptr (LsServerConfig) config = ls_server_config_new ();
  g_auto (CommandLine) line = { 0 };

  g_return_val_if_fail (arguments != NULL && show_version != NULL, NULL);

  if (!command_line_parse (&line, arguments, error))
    return NULL;

  *show_version = line.show_version;
  if (line.show_version)
    return g_steal_pointer (&config);

  if (line.config_file != NULL && !read_file (config, line.config_file, error))
    return NULL;
  for (guint i = 0; i < N_OPTIONS; i++)
    {
      const char *text = line.flags[i] ? "true" : line.texts[i];

      if (text != NULL && !read_option (config, &options[i], text, error))
        return NULL;
    }

  return check_tls (config, error) ? g_steal_pointer (&config) : NULL;
}

/**
 * ls_server_config_is_loopback:
 * @config: a configuration
 *
 * Returns: whether nobody outside of this machine can reach the server
 */
gboolean
ls_server_config_is_loopback (const LsServerConfig *config)
{
  g_autoptr (GInetAddress) address = NULL;

  g_return_val_if_fail (config != NULL, FALSE);

  address = g_inet_address_new_from_string (config->host);
  return g_inet_address_get_is_loopback (address);
}
