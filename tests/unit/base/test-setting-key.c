/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-error.h"
#include "ls-setting-key.h"

typedef struct
{
  const char *group;
  const char *name;
  const char *text;
  gint64 number; /* -1: refused */
} Case;

static const Case numbers[] = {
  { "Connection", "connect-timeout", "10s", 10000 },
  { "Connection", "connect-timeout", "10000", 10000 },
  { "Connection", "connect-timeout", "250ms", 250 },
  { "Connection", "connect-timeout", "2min", 120000 },
  { "Connection", "connect-timeout", "100ms", 100 },
  { "Connection", "connect-timeout", "10min", 600000 },
  { "Connection", "connect-timeout", "99ms", -1 },
  { "Connection", "connect-timeout", "601s", -1 },
  { "Connection", "connect-timeout", "", -1 },
  { "Connection", "connect-timeout", "s", -1 },
  { "Connection", "connect-timeout", "10 s", -1 },
  { "Connection", "connect-timeout", "10S", -1 },
  { "Connection", "connect-timeout", "10sec", -1 },
  { "Connection", "connect-timeout", "+10s", -1 },
  { "Connection", "connect-timeout", "-10s", -1 },
  { "Connection", "connect-timeout", "1.5s", -1 },
  { "Connection", "connect-timeout", "0x10", -1 },
  { "Connection", "connect-timeout", "1e3", -1 },
  { "Connection", "connect-timeout", "10KiB", -1 },
  { "Connection", "connect-timeout", "9223372036854775808", -1 },
  { "Connection", "connect-timeout", "9223372036854775807d", -1 },
  { "Cache", "max-age", "30d", G_GINT64_CONSTANT (2592000000) },
  { "Cache", "max-age", "36h", 129600000 },
  { "Cache", "max-size", "64MiB", 67108864 },
  { "Cache", "max-size", "2048KiB", 2097152 },
  { "Cache", "max-size", "1048576", 1048576 },
  { "Cache", "max-size", "1048575", -1 },
  { "Cache", "max-size", "64MB", -1 },
  { "Cache", "max-size", "64M", -1 },
  { "Queue", "rate", "5/s", 5 },
  { "Queue", "rate", "5", 5 },
  { "Queue", "rate", "5/min", -1 },
  { "Queue", "rate", "0/s", -1 },
  { "Connection", "fallback-after", "3", 3 },
  { "Connection", "fallback-after", "3s", -1 },
  { "Connection", "fallback-after", "0", -1 },
  { "Sync", "subscription-ttl", "0", 0 },
  { "Server", "websocket", "true", 1 },
  { "Server", "websocket", "1", 1 },
  { "Server", "websocket", "false", 0 },
  { "Server", "websocket", "0", 0 },
  { "Server", "websocket", "yes", -1 },
  { "Server", "websocket", "True", -1 },
  { "Server", "websocket", "", -1 },
};

static const Case texts[] = {
  { "Server", "url", "http://127.0.0.1:8080", 0 },
  { "Server", "url", "https://school.example/base", 0 },
  { "Server", "url", "https://[::1]:8443", 0 },
  { "Server", "url", "", 0 },
  { "Server", "url", "school.example", -1 },
  { "Server", "url", "ftp://school.example", -1 },
  { "Server", "url", "ws://school.example", -1 },
  { "Server", "url", "http://", -1 },
  { "Server", "url", "http:///path", -1 },
  { "Server", "url", "http://me:secret@school.example", -1 },
  { "Server", "url", "http://school.example/?token=1", -1 },
  { "Server", "url", "http://school.example/#top", -1 },
  { "Server", "url", "http://school example", -1 },
  { "Server", "url", "http://school.example:port", -1 },
  { "Server", "ws-url", "wss://school.example/ws", 0 },
  { "Server", "ws-url", "https://school.example/ws", -1 },
  { "Server", "ca-file", "/etc/ssl/school.pem", 0 },
  { "Server", "ca-file", "", 0 },
  { "Server", "ca-file", "school.pem", -1 },
  { "Server", "token-in-query", "never", 0 },
  { "Server", "token-in-query", "true", -1 },
  { "Server", "token-in-query", "", -1 },
  { "Conflict", "grade", "merge", 0 },
  { "Conflict", "grade", "client", -1 },
  { "Sync", "event-types", "grade_created;grade_updated", 0 },
  { "Sync", "event-types", "grade_created,grade_updated", -1 },
  { "Sync", "event-types", "grade_created grade_updated", -1 },
};

static void
check_case (const Case *test_case, gboolean is_number)
{
  const LsSettingKey *key = ls_setting_keys_find (test_case->group, test_case->name);
  g_autoptr (LsSettingValue) value = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (key);
  g_test_message ("%s.%s=%s", test_case->group, test_case->name, test_case->text);
  value = ls_setting_value_parse (key, test_case->text, &error);

  if (test_case->number < 0)
    {
      g_assert_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT);
      g_assert_null (value);
      return;
    }

  g_assert_no_error (error);
  g_assert_cmpstr (value->text, ==, test_case->text);
  if (is_number)
    g_assert_cmpint (value->number, ==, test_case->number);
}

static void
test_numbers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    check_case (&numbers[i], TRUE);
}

static void
test_texts (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    check_case (&texts[i], FALSE);
}

static void
test_grants_name_apps (void)
{
  const LsSettingKey *key = ls_setting_keys_find ("Apps", "read");
  const char *const expected[] = { "org.school.Grades:grade,event", "/usr/bin/app:*", NULL };
  const char *const wrong[] = { "grade",
                                ":grade",
                                "org.school.Grades:",
                                "org.school.Grades:grade event",
                                "org.school.Grades:grade,",
                                "org.school.Grades grade" };
  g_autoptr (LsSettingValue) value = NULL;

  value = ls_setting_value_parse (key, "org.school.Grades:grade,event; /usr/bin/app:*;", NULL);
  g_assert_cmpstrv (value->list, expected);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (ls_setting_value_parse (key, wrong[i], &error));
      g_assert_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT);
    }
}

static void
test_list_has_words (void)
{
  const LsSettingKey *key = ls_setting_keys_find ("Cache", "drop-fields");
  const char *const expected[] = { "password_hash", "phone", NULL };
  g_autoptr (LsSettingValue) value = NULL;
  g_autoptr (LsSettingValue) empty = NULL;

  value = ls_setting_value_parse (key, "password_hash; phone;;", NULL);
  g_assert_cmpstrv (value->list, expected);

  empty = ls_setting_value_parse (key, "", NULL);
  g_assert_cmpuint (g_strv_length (empty->list), ==, 0);
}

static void
test_defaults_are_good (void)
{
  guint n_keys = 0;
  const LsSettingKey *keys = ls_setting_keys_get_all (&n_keys);

  g_assert_cmpuint (n_keys, >, 0);
  for (guint i = 0; i < n_keys; i++)
    {
      g_autoptr (LsSettingValue) value = NULL;
      g_autoptr (GError) error = NULL;

      value = ls_setting_value_parse (&keys[i], keys[i].default_text, &error);
      g_assert_no_error (error);
      g_assert_true (ls_setting_keys_find (keys[i].group, keys[i].name) == &keys[i]);
      g_assert_true (ls_setting_keys_has_group (keys[i].group));

      if (keys[i].kind <= LS_SETTING_INTEGER)
        {
          g_autoptr (LsSettingValue) min = ls_setting_value_parse (&keys[i], keys[i].min, NULL);
          g_autoptr (LsSettingValue) max = ls_setting_value_parse (&keys[i], keys[i].max, NULL);

          g_assert_cmpint (min->number, <=, value->number);
          g_assert_cmpint (value->number, <=, max->number);
        }
    }
}

static void
test_unknown_is_not_found (void)
{
  g_assert_null (ls_setting_keys_find ("Server", "nonsense"));
  g_assert_null (ls_setting_keys_find ("server", "url"));
  g_assert_null (ls_setting_keys_find ("Cache", "url"));
  g_assert_false (ls_setting_keys_has_group ("server"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/setting-key/numbers-are-strict", test_numbers);
  g_test_add_func ("/base/setting-key/texts-are-checked", test_texts);
  g_test_add_func ("/base/setting-key/list-has-words", test_list_has_words);
  g_test_add_func ("/base/setting-key/grants-name-apps", test_grants_name_apps);
  g_test_add_func ("/base/setting-key/defaults-are-good", test_defaults_are_good);
  g_test_add_func ("/base/setting-key/unknown-is-not-found", test_unknown_is_not_found);

  return g_test_run ();
}
