/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-json.h"
#include "ls-wire-message.h"

#define EVENT_HEAD "{\"type\":\"grade_updated\",\"entity\":\"grade\",\"entityId\":\"g-1\","
#define EVENT_TAIL "\"data\":{\"id\":\"g-1\"},\"timestamp\":5}"

static LsMessage *
decode (const char *text)
{
  g_autoptr (GError) error = NULL;
  LsMessage *message;

  g_test_message ("%s", text);
  message = ls_wire_decode_message (text, strlen (text), &error);
  g_assert_no_error (error);
  g_assert_nonnull (message);
  return message;
}

static void
assert_refused (const char *text, GQuark domain, gint code)
{
  g_autoptr (GError) error = NULL;

  g_test_message ("%s", text);
  g_assert_null (ls_wire_decode_message (text, strlen (text), &error));
  g_assert_error (error, domain, code);
}

/* Decodes one EVENT inside an `events` message. Returns: (nullable): NULL if it was left out */
static LsEvent *
decode_event (const char *event)
{
  g_autofree char *text = g_strdup_printf (
      "{\"type\":\"events\",\"prev\":\"e:1\",\"cursor\":\"e:2\",\"more\":false,\"events\":[%s]}",
      event);
  g_autoptr (LsMessage) message = decode (text);

  g_assert_cmpuint (message->events->len + message->n_bad_events, ==, 1);
  return message->events->len == 1 ? ls_event_ref (g_ptr_array_index (message->events, 0)) : NULL;
}

static void
test_decode_welcome (void)
{
  g_autoptr (LsMessage) message =
      decode ("{\"future\":[{}],\"type\":\"welcome\",\"resume\":\"snapshot\",\"cursor\":\"e:7\","
              "\"user\":{\"id\":\"u\",\"role\":\"teacher\",\"extraRole\":\"staff\"},"
              "\"heartbeat\":25000,\"expiresAt\":1795414500000}");

  g_assert_cmpint (message->kind, ==, LS_MESSAGE_WELCOME);
  g_assert_cmpint (message->resume, ==, LS_RESUME_SNAPSHOT);
  g_assert_true (ls_cursor_equal (message->cursor, ls_cursor_new ("e", 7)));
  g_assert_cmpstr (message->user->id, ==, "u");
  g_assert_cmpint (message->user->role, ==, LS_ROLE_TEACHER);
  g_assert_cmpint (message->user->extra_role, ==, LS_EXTRA_ROLE_STAFF);
  g_assert_cmpint (message->heartbeat, ==, 25000);
  g_assert_cmpint (message->expires_at, ==, G_GINT64_CONSTANT (1795414500000));
}

static void
test_decode_hello (void)
{
  g_autoptr (LsMessage) all =
      decode ("{\"type\":\"hello\",\"cursor\":null,\"eventTypes\":null,\"agent\":{\"version\":"
              "\"1\",\"machine\":\"00112233445566778899aabbccddeeff\"}}");
  g_autoptr (LsMessage) some = decode (
      "{\"type\":\"hello\",\"cursor\":\"e:1\",\"eventTypes\":[\"grade_created\",\"from_the_future\""
      "],\"agent\":{\"version\":\"1\",\"machine\":\"00112233445566778899aabbccddeeff\"}}");

  g_assert_false (ls_cursor_is_set (all->cursor));
  g_assert_null (all->event_types);
  g_assert_cmpstr (all->machine, ==, "00112233445566778899aabbccddeeff");
  g_assert_cmpuint (some->event_types->len, ==, 1);
  g_assert_cmpint (g_array_index (some->event_types, LsEventType, 0), ==,
                   ls_event_type_from_string ("grade_created"));
}

static void
test_decode_drain_in_milliseconds (void)
{
  g_autoptr (LsMessage) message = decode ("{\"type\":\"drain\",\"retryAfter\":5,\"spread\":30}");

  g_assert_cmpint (message->retry_after_ms, ==, 5000);
  g_assert_cmpint (message->spread_ms, ==, 30000);
}

static void
test_decode_classic (void)
{
  g_autoptr (LsMessage) pong =
      decode ("{\"type\":\"pong\",\"timestamp\":\"2026-11-23T06:09:33.640Z\"}");
  g_autoptr (LsMessage) error =
      decode ("{\"type\":\"error\",\"message\":\"Pesan WebSocket tidak valid\"}");
  g_autoptr (LsMessage) ping = decode ("{\"type\":\"ping\"}");

  g_assert_cmpint (pong->timestamp, ==, G_GINT64_CONSTANT (1795414173640));
  g_assert_false (ls_cursor_is_set (pong->sent));
  g_assert_null (error->code);
  g_assert_cmpstr (error->text, ==, "Pesan WebSocket tidak valid");
  g_assert_cmpint (ping->timestamp, ==, 0);
}

static void
test_decode_bare_event (void)
{
  g_autoptr (LsMessage) good = decode (EVENT_HEAD EVENT_TAIL);
  g_autoptr (LsMessage) bad = decode ("{\"type\":\"grade_updated\"}");
  LsEvent *event = g_ptr_array_index (good->events, 0);

  g_assert_cmpint (good->kind, ==, LS_MESSAGE_EVENTS);
  g_assert_false (ls_cursor_is_set (good->prev));
  g_assert_false (ls_cursor_is_set (good->cursor));
  g_assert_cmpint (event->offset, ==, 0);
  g_assert_cmpint (bad->kind, ==, LS_MESSAGE_EVENTS);
  g_assert_cmpuint (bad->events->len, ==, 0);
  g_assert_cmpuint (bad->n_bad_events, ==, 1);
}

static void
test_decode_refuses (void)
{
  static const char *const not_shape[] = {
    "[]",
    "42",
    "\"x\"",
    "null",
    "{}",
    "{\"type\":null}",
    "{\"type\":7}",
    "{\"type\":\"ping\",\"type\":\"pong\"}",
    "{\"type\":\"events\"}",
    "{\"type\":\"hello\",\"eventTypes\":[1],\"agent\":{\"version\":\"1\",\"machine\":\"x\"}}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (not_shape); i++)
    assert_refused (not_shape[i], LS_JSON_ERROR, LS_JSON_ERROR_SHAPE);

  assert_refused ("", LS_JSON_ERROR, LS_JSON_ERROR_SYNTAX);
  assert_refused ("{\"type\":\"ping\"", LS_JSON_ERROR, LS_JSON_ERROR_SYNTAX);
  assert_refused ("{\"type\":\"ping\",\"timestamp\":-1}", LS_JSON_ERROR, LS_JSON_ERROR_RANGE);
  assert_refused ("{\"type\":\"from_the_future\"}", LS_WIRE_ERROR, LS_WIRE_ERROR_UNKNOWN);
  assert_refused ("{\"type\":\"subscribe\",\"eventType\":\"from_the_future\"}", LS_WIRE_ERROR,
                  LS_WIRE_ERROR_UNKNOWN);
}

static void
test_decode_size (void)
{
  g_autofree char *text = g_strnfill (LS_WIRE_MAX_MESSAGE + 1, ' ');
  g_autoptr (LsMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  memcpy (text, "{\"type\":\"ping\"}", 15);
  message = ls_wire_decode_message (text, LS_WIRE_MAX_MESSAGE, &error);
  g_assert_no_error (error);
  g_assert_null (ls_wire_decode_message (text, LS_WIRE_MAX_MESSAGE + 1, &error));
  g_assert_error (error, LS_JSON_ERROR, LS_JSON_ERROR_SIZE);
}

/* A message with every required member, and which of its members may be null */
typedef struct
{
  const char *const *members; /* pairs of name and value */
  const char *nullable;       /* names, each with a blank behind it */
} Sample;

static const char *const hello[] = {
  "type",       "\"hello\"",
  "cursor",     "\"e:1\"",
  "eventTypes", "[]",
  "agent",      "{\"version\":\"1\",\"machine\":\"00112233445566778899aabbccddeeff\"}",
  NULL,
};
static const char *const welcome[] = {
  "type",      "\"welcome\"", "resume",    "\"fresh\"",
  "cursor",    "\"e:1\"",     "user",      "{\"id\":\"u\",\"role\":\"admin\"}",
  "heartbeat", "1",           "expiresAt", "1",
  NULL,
};
static const char *const events[] = {
  "type", "\"events\"", "prev",   "\"e:1\"", "cursor", "\"e:1\"",
  "more", "true",       "events", "[]",      NULL,
};
static const char *const ping[] = { "type", "\"ping\"", "timestamp", "1", NULL };
static const char *const pong[] = {
  "type", "\"pong\"", "timestamp", "1", "sent", "\"e:1\"", "cursor", "\"e:1\"", NULL,
};
static const char *const subscribe[] = {
  "type", "\"subscribe\"", "eventType", "\"grade_created\"", NULL,
};
static const char *const subscribed[] = {
  "type", "\"subscribed\"", "eventType", "\"grade_created\"", "cursor", "\"e:1\"", NULL,
};
static const char *const auth[] = { "type", "\"auth\"", "token", "\"a.b.c\"", NULL };
static const char *const authenticated[] = {
  "type", "\"authenticated\"", "expiresAt", "1", NULL,
};
static const char *const drain[] = {
  "type", "\"drain\"", "retryAfter", "1", "spread", "1", NULL,
};
static const char *const failure[] = {
  "type", "\"error\"", "code", "\"c\"", "message", "\"m\"", NULL,
};

static const Sample samples[] = {
  { hello, "cursor eventTypes " },
  { welcome, "" },
  { events, "" },
  { ping, "timestamp " },
  { pong, "sent cursor " },
  { subscribe, "" },
  { subscribed, "" },
  { auth, "" },
  { authenticated, "" },
  { drain, "" },
  { failure, "code message " },
};

/* Writes a sample with the value of its member @changed replaced; NULL: the member left out */
static char *
build (const char *const *members, const char *changed, const char *value)
{
  GString *text = g_string_new ("{");

  for (; members[0] != NULL; members += 2)
    {
      const char *json = g_strcmp0 (members[0], changed) == 0 ? value : members[1];

      if (json != NULL)
        g_string_append_printf (text, "%s\"%s\":%s", text->len > 1 ? "," : "", members[0], json);
    }
  g_string_append_c (text, '}');

  return g_string_free (text, FALSE);
}

static void
test_decode_wrong_types (void)
{
  static const char *const values[] = { NULL,
                                        "null",
                                        "true",
                                        "-1",
                                        "1.5",
                                        "[[]]",
                                        "{\"id\":[]}",
                                        "\"\"",
                                        "\":::\"",
                                        "1e3",
                                        "9007199254740993" };

  for (guint s = 0; s < G_N_ELEMENTS (samples); s++)
    for (const char *const *member = samples[s].members; *member != NULL; member += 2)
      for (guint v = 0; v < G_N_ELEMENTS (values); v++)
        {
          g_autofree char *text = build (samples[s].members, *member, values[v]);
          g_autofree char *word = g_strconcat (*member, " ", NULL);
          g_autoptr (LsMessage) message = NULL;
          g_autoptr (GError) error = NULL;
          gboolean is_text = v == 7 || v == 8;
          gboolean good = (v < 2 && strstr (samples[s].nullable, word) != NULL) ||
                          (v == 2 && g_str_equal (*member, "more")) ||
                          (is_text && samples[s].members == failure) ||
                          (v == 8 && g_str_equal (*member, "token"));
          gboolean array_of_arrays_of_events = v == 5 && g_str_equal (*member, "events");

          g_test_message ("%s", text);
          if (g_str_equal (*member, "type"))
            good = FALSE;
          message = ls_wire_decode_message (text, strlen (text), &error);
          if (good || array_of_arrays_of_events)
            g_assert_no_error (error);
          else
            g_assert_nonnull (error);
          if (array_of_arrays_of_events)
            g_assert_cmpuint (message->n_bad_events, ==, 1);
        }
}

static void
test_event_all_members (void)
{
  static const char data[] = "{ \"id\":\"g-1\", \"score\" : 87.50, \"n\":\"\\u00e9\\u0000\" }";
  g_autofree char *text = g_strdup_printf (
      EVENT_HEAD "\"data\":%s,\"timestamp\":1795413600123,\"userRole\":\"teacher\",\"userId\":"
                 "\"u-1\",\"offset\":9007199254740992,\"version\":4,\"actionId\":\"k\",\"x\":0}",
      data);
  g_autoptr (LsEvent) event = decode_event (text);

  g_assert_cmpint (event->type, ==, ls_event_type_from_string ("grade_updated"));
  g_assert_cmpstr (event->entity_id, ==, "g-1");
  g_assert_cmpstr (event->data, ==, data);
  g_assert_cmpint (event->timestamp, ==, G_GINT64_CONSTANT (1795413600123));
  g_assert_cmpstr (event->user_role, ==, "teacher");
  g_assert_cmpstr (event->user_id, ==, "u-1");
  g_assert_cmpint (event->offset, ==, LS_MAX_INTEGER);
  g_assert_cmpint (event->version, ==, 4);
  g_assert_cmpstr (event->action_id, ==, "k");
}

static void
test_event_optional_members (void)
{
  g_autoptr (LsEvent) event =
      decode_event (EVENT_HEAD "\"userRole\":null,\"offset\":null,\"version\":null," EVENT_TAIL);

  g_assert_cmpstr (event->user_role, ==, "");
  g_assert_cmpstr (event->user_id, ==, "");
  g_assert_cmpint (event->offset, ==, 0);
  g_assert_cmpint (event->version, ==, 0);
  g_assert_null (event->action_id);
}

static void
test_event_bad (void)
{
  static const char *const bad[] = {
    "1",
    "null",
    "[]",
    "{}",
    EVENT_HEAD "\"timestamp\":5}",
    EVENT_HEAD "\"data\":[],\"timestamp\":5}",
    EVENT_HEAD "\"data\":\"{}\",\"timestamp\":5}",
    EVENT_HEAD "\"data\":null,\"timestamp\":5}",
    EVENT_HEAD "\"data\":{}}",
    EVENT_HEAD "\"data\":{},\"timestamp\":null}",
    EVENT_HEAD "\"data\":{},\"timestamp\":-5}",
    EVENT_HEAD "\"data\":{},\"timestamp\":1.5}",
    EVENT_HEAD "\"data\":{},\"timestamp\":\"yesterday\"}",
    EVENT_HEAD "\"data\":{},\"timestamp\":\"1969-12-31 23:59:59\"}",
    EVENT_HEAD "\"type\":\"grade_updated\"," EVENT_TAIL,
    EVENT_HEAD "\"offset\":-1," EVENT_TAIL,
    EVENT_HEAD "\"offset\":1.5," EVENT_TAIL,
    EVENT_HEAD "\"offset\":\"1\"," EVENT_TAIL,
    EVENT_HEAD "\"offset\":9007199254740993," EVENT_TAIL,
    EVENT_HEAD "\"version\":-1," EVENT_TAIL,
    EVENT_HEAD "\"version\":{}," EVENT_TAIL,
    EVENT_HEAD "\"userRole\":1," EVENT_TAIL,
    EVENT_HEAD "\"userId\":[]," EVENT_TAIL,
    EVENT_HEAD "\"actionId\":1," EVENT_TAIL,
    "{\"type\":\"grade_guessed\",\"entityId\":\"g\"," EVENT_TAIL,
    "{\"type\":1,\"entityId\":\"g\"," EVENT_TAIL,
    "{\"entityId\":\"g\"," EVENT_TAIL,
    "{\"type\":\"grade_updated\",\"entity\":\"user\",\"entityId\":\"g\"," EVENT_TAIL,
    "{\"type\":\"grade_updated\",\"entity\":3,\"entityId\":\"g\"," EVENT_TAIL,
    "{\"type\":\"grade_updated\",\"entityId\":\"\"," EVENT_TAIL,
    "{\"type\":\"grade_updated\",\"entityId\":1.5," EVENT_TAIL,
    "{\"type\":\"grade_updated\",\"entityId\":true," EVENT_TAIL,
    "{\"type\":\"grade_updated\",\"entityId\":{}," EVENT_TAIL,
    "{\"type\":\"grade_updated\",\"entityId\":\"a\\u0000\"," EVENT_TAIL,
    "{\"type\":\"grade_updated\",\"entityId\":null,\"data\":{},\"timestamp\":5}",
    "{\"type\":\"grade_updated\",\"data\":{\"id\":\"a\",\"id\":\"b\"},\"timestamp\":5}",
    "{\"type\":\"grade_deleted\",\"entityId\":\"g\",\"data\":7,\"timestamp\":5}",
    "{\"type\":\"grade_deleted\",\"timestamp\":5}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_null (decode_event (bad[i]));
}

static void
test_event_bad_costs_only_itself (void)
{
  g_autoptr (LsMessage) message = decode (
      "{\"type\":\"events\",\"prev\":\"e:1\",\"cursor\":\"e:4\",\"more\":true,\"events\":["
      "7," EVENT_HEAD "\"offset\":3," EVENT_TAIL ",{}," EVENT_HEAD "\"offset\":4," EVENT_TAIL "]}");

  g_assert_cmpuint (message->n_bad_events, ==, 2);
  g_assert_cmpuint (message->events->len, ==, 2);
  g_assert_cmpint (((LsEvent *)g_ptr_array_index (message->events, 0))->offset, ==, 3);
  g_assert_cmpint (((LsEvent *)g_ptr_array_index (message->events, 1))->offset, ==, 4);
}

static void
test_event_entity_names (void)
{
  static const char *const names[] = { "\"library_material\"", "\"e_library\"", "\"elibrary\"",
                                       "null" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *text = g_strdup_printf (
          "{\"type\":\"library_material_added\",\"entity\":%s,\"entityId\":\"l\"," EVENT_TAIL,
          names[i]);
      g_autoptr (LsEvent) event = decode_event (text);

      g_assert_nonnull (event);
      g_assert_cmpint (ls_event_get_entity (event), ==, LS_ENTITY_LIBRARY_MATERIAL);
    }
}

static void
test_event_ids (void)
{
  static const char *const cases[][2] = {
    { "\"entityId\":12,\"data\":{}", "12" },
    { "\"entityId\":18446744073709551616,\"data\":{}", "18446744073709551616" },
    { "\"entityId\":null,\"data\":{\"id\":\"x\"}", "x" },
    { "\"data\":{\"n\":1,\"id\":7}", "7" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text =
          g_strdup_printf ("{\"type\":\"grade_updated\",%s,\"timestamp\":5}", cases[i][0]);
      g_autoptr (LsEvent) event = decode_event (text);

      g_assert_nonnull (event);
      g_assert_cmpstr (event->entity_id, ==, cases[i][1]);
    }
}

static void
test_event_timestamps (void)
{
  static const struct
  {
    const char *json;
    gint64 timestamp;
  } cases[] = {
    { "0", 0 },
    { "1795414173640", G_GINT64_CONSTANT (1795414173640) },
    { "\"2026-11-23T06:09:33.640Z\"", G_GINT64_CONSTANT (1795414173640) },
    { "\"2026-11-23T13:09:33.640+07:00\"", G_GINT64_CONSTANT (1795414173640) },
    { "\"2026-11-23 06:09:33\"", G_GINT64_CONSTANT (1795414173000) },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text =
          g_strdup_printf (EVENT_HEAD "\"data\":{},\"timestamp\":%s}", cases[i].json);
      g_autoptr (LsEvent) event = decode_event (text);

      g_assert_nonnull (event);
      g_assert_cmpint (event->timestamp, ==, cases[i].timestamp);
    }
}

static void
test_event_deletion (void)
{
  static const char *const cases[][2] = {
    { "\"entityId\":\"a\\\"b\"", "{\"id\":\"a\\\"b\"}" },
    { "\"entityId\":\"a\",\"data\":null", "{\"id\":\"a\"}" },
    { "\"entityId\":\"a\",\"data\":{ \"id\" : \"a\" }", "{ \"id\" : \"a\" }" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text =
          g_strdup_printf ("{\"type\":\"grade_deleted\",%s,\"timestamp\":5}", cases[i][0]);
      g_autoptr (LsEvent) event = decode_event (text);

      g_assert_nonnull (event);
      g_assert_cmpstr (event->data, ==, cases[i][1]);
    }
}

static void
test_decode_truncated (void)
{
  static const char whole[] =
      "{\"type\":\"events\",\"prev\":\"e:1\",\"cursor\":\"e:2\",\"more\":false,\"events\":[" EVENT_HEAD
      "\"userId\":\"\\u00e9é\"," EVENT_TAIL "]}";

  for (gsize length = 0; length < strlen (whole); length++)
    {
      g_autofree char *part = g_memdup2 (whole, MAX (length, 1));
      g_autoptr (GError) error = NULL;

      g_assert_null (ls_wire_decode_message (part, length, &error));
      g_assert_nonnull (error);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/wire/message/decode/welcome", test_decode_welcome);
  g_test_add_func ("/wire/message/decode/hello", test_decode_hello);
  g_test_add_func ("/wire/message/decode/drain-in-ms", test_decode_drain_in_milliseconds);
  g_test_add_func ("/wire/message/decode/classic", test_decode_classic);
  g_test_add_func ("/wire/message/decode/bare-event", test_decode_bare_event);
  g_test_add_func ("/wire/message/decode/refuses", test_decode_refuses);
  g_test_add_func ("/wire/message/decode/size", test_decode_size);
  g_test_add_func ("/wire/message/decode/wrong-types", test_decode_wrong_types);
  g_test_add_func ("/wire/message/decode/truncated", test_decode_truncated);
  g_test_add_func ("/wire/event/all-members", test_event_all_members);
  g_test_add_func ("/wire/event/optional-members", test_event_optional_members);
  g_test_add_func ("/wire/event/bad", test_event_bad);
  g_test_add_func ("/wire/event/bad-costs-only-itself", test_event_bad_costs_only_itself);
  g_test_add_func ("/wire/event/entity-names", test_event_entity_names);
  g_test_add_func ("/wire/event/ids", test_event_ids);
  g_test_add_func ("/wire/event/timestamps", test_event_timestamps);
  g_test_add_func ("/wire/event/deletion", test_event_deletion);

  return g_test_run ();
}
