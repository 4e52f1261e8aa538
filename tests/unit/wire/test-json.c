/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-glib/json-glib.h>
#include <string.h>

#include "ls-cursor.h"
#include "ls-json-writer.h"
#include "ls-json.h"

#define ACCEPTED -1

typedef struct
{
  const char *text;
  gssize length; /* -1: up to the zero byte */
  gint code;     /* LsJsonError, or ACCEPTED */
} Case;

#define GOOD(text)                                                                                 \
  {                                                                                                \
    text, -1, ACCEPTED                                                                             \
  }
#define BAD(text, code)                                                                            \
  {                                                                                                \
    text, -1, LS_JSON_ERROR_##code                                                                 \
  }

static const Case grammar[] = {
  /* values */
  GOOD ("{}"),
  GOOD ("[]"),
  GOOD ("null"),
  GOOD ("true"),
  GOOD ("false"),
  GOOD ("\"\""),
  GOOD (" \t\r\n[ 1 , { \"a\" : null } ] \n"),
  BAD ("", SYNTAX),
  BAD (" ", SYNTAX),
  BAD ("nul", SYNTAX),
  BAD ("True", SYNTAX),
  BAD ("truefalse", SYNTAX),
  BAD ("NaN", SYNTAX),
  BAD ("Infinity", SYNTAX),
  BAD ("undefined", SYNTAX),
  BAD ("{}{}", SYNTAX),
  BAD ("1 2", SYNTAX),
  BAD ("\v1", SYNTAX),
  /* containers */
  GOOD ("[1,2]"),
  GOOD ("{\"a\":1,\"b\":{\"c\":[]}}"),
  GOOD ("{\"a\":1,\"a\":2}"),
  BAD ("[1,]", SYNTAX),
  BAD ("[,1]", SYNTAX),
  BAD ("[1 2]", SYNTAX),
  BAD ("[", SYNTAX),
  BAD ("]", SYNTAX),
  BAD ("[1}", SYNTAX),
  BAD ("{\"a\":1,}", SYNTAX),
  BAD ("{\"a\"}", SYNTAX),
  BAD ("{a:1}", SYNTAX),
  BAD ("{1:1}", SYNTAX),
  BAD ("{\"a\" 1}", SYNTAX),
  BAD ("{\"a\":}", SYNTAX),
  BAD ("{,}", SYNTAX),
  BAD ("{", SYNTAX),
  BAD ("[{]", SYNTAX),
  /* numbers */
  GOOD ("0"),
  GOOD ("-0"),
  GOOD ("10"),
  GOOD ("-1.50"),
  GOOD ("1e5"),
  GOOD ("1E+5"),
  GOOD ("0.5e-3"),
  GOOD ("1e400"),
  GOOD ("18446744073709551615"),
  GOOD ("-9223372036854775809"),
  BAD ("010", SYNTAX),
  BAD ("00", SYNTAX),
  BAD ("-", SYNTAX),
  BAD ("+1", SYNTAX),
  BAD (".5", SYNTAX),
  BAD ("5.", SYNTAX),
  BAD ("1e", SYNTAX),
  BAD ("1e+", SYNTAX),
  BAD ("0x10", SYNTAX),
  BAD ("1_000", SYNTAX),
  BAD ("--1", SYNTAX),
  BAD ("1.e3", SYNTAX),
  /* strings */
  GOOD ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\""),
  GOOD ("\"é€😀\x7f\""),
  GOOD ("\"\\ud83d\\ude00\""),
  GOOD ("\"\\uFFFF\""),
  GOOD ("\"a\\u0000b\""),
  BAD ("\"", SYNTAX),
  BAD ("\"a", SYNTAX),
  BAD ("'a'", SYNTAX),
  BAD ("\"\\x41\"", SYNTAX),
  BAD ("\"\\u12\"", SYNTAX),
  BAD ("\"\\u12g4\"", SYNTAX),
  BAD ("\"\\U0041\"", SYNTAX),
  BAD ("\"\n\"", SYNTAX),
  BAD ("\"\x1f\"", SYNTAX),
  BAD ("\"\\", SYNTAX),
  BAD ("\"\\\"", SYNTAX),
  BAD ("\"\\ud800\"", UTF8),
  BAD ("\"\\udc00\"", UTF8),
  BAD ("\"\\ud800\\ud800\"", UTF8),
  BAD ("\"\\ud800x\"", UTF8),
  BAD ("\"\\udbff\\ue000\"", UTF8),
  /* encoding */
  BAD ("\"\xff\"", UTF8),
  BAD ("\"\x80\"", UTF8),
  BAD ("\"\xc3\"", UTF8),
  BAD ("\"\xc3", UTF8),
  BAD ("\"\xc0\xaf\"", UTF8),
  BAD ("\"\xe0\x80\xaf\"", UTF8),
  BAD ("\"\xed\xa0\x80\"", UTF8),
  BAD ("\"\xf4\x90\x80\x80\"", UTF8),
  BAD ("\xef\xbb\xbf{}", SYNTAX),
  BAD ("\xc2\xa0{}", SYNTAX),
  { "{}\0", 3, LS_JSON_ERROR_SYNTAX },
  { "\"a\0b\"", 5, LS_JSON_ERROR_SYNTAX },
  { "\0", 1, LS_JSON_ERROR_SYNTAX },
  /* what json-glib 1.6 accepts beyond the standard */
  BAD ("/* x */ 1", SYNTAX),
  BAD ("// x\n1", SYNTAX),
  BAD ("# x\n1", SYNTAX),
  BAD ("var a = 1", SYNTAX),
  BAD ("var a = 1;", SYNTAX),
  BAD ("{'a':1}", SYNTAX),
};

/* Checks a copy of exactly the given size, so that a sanitizer sees a read behind its end. */
static gboolean
check_exact (const char *text, gsize length, GError **error)
{
  g_autofree char *copy = g_memdup2 (length > 0 ? text : "x", MAX (length, 1));

  return ls_json_check (copy, length, 64 * 1024, error);
}

/* Names a case in the log, which is lines of text, whatever bytes the case has. */
static void
note (const char *text)
{
  g_autofree char *escaped = g_strescape (text, NULL);

  g_test_message ("%s", escaped);
}

static void
test_check_grammar (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (grammar); i++)
    {
      const Case *c = &grammar[i];
      g_autoptr (GError) error = NULL;
      gboolean ok =
          check_exact (c->text, c->length < 0 ? strlen (c->text) : (gsize)c->length, &error);

      note (c->text);
      if (c->code == ACCEPTED)
        {
          g_assert_no_error (error);
          g_assert_true (ok);
        }
      else
        {
          g_assert_error (error, LS_JSON_ERROR, c->code);
          g_assert_false (ok);
        }
    }
}

static char *
nest (const char *open, const char *inner, const char *close, guint depth)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < depth; i++)
    g_string_append (text, open);
  g_string_append (text, inner);
  for (guint i = 0; i < depth; i++)
    g_string_append (text, close);

  return g_string_free (text, FALSE);
}

static void
test_check_depth (void)
{
  g_autofree char *most = nest ("[", "1", "]", LS_JSON_MAX_DEPTH);
  g_autofree char *deeper = nest ("{\"a\":", "1", "}", LS_JSON_MAX_DEPTH + 1);
  g_autofree char *abyss = nest ("[", "", "", 131000);
  g_autoptr (GError) error = NULL;

  g_assert_true (ls_json_check (most, strlen (most), strlen (most), NULL));
  g_assert_false (ls_json_check (deeper, strlen (deeper), strlen (deeper), &error));
  g_assert_error (error, LS_JSON_ERROR, LS_JSON_ERROR_DEPTH);
  g_clear_error (&error);
  g_assert_false (ls_json_check (abyss, strlen (abyss), strlen (abyss), &error));
  g_assert_error (error, LS_JSON_ERROR, LS_JSON_ERROR_DEPTH);
}

static void
test_check_size (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (ls_json_check ("[1,2]", 5, 5, NULL));
  g_assert_false (ls_json_check ("[1,2]", 5, 4, &error));
  g_assert_error (error, LS_JSON_ERROR, LS_JSON_ERROR_SIZE);
}

static void
test_check_truncated (void)
{
  static const char whole[] = "{\"a\":[1.5e3,true,null,\"\\ud83d\\ude00 é\\n\"],\"b\":{\"c\":-0}}";

  g_assert_true (check_exact (whole, strlen (whole), NULL));
  for (gsize length = 0; length < strlen (whole); length++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (check_exact (whole, length, &error));
      g_assert_nonnull (error);
    }
}

static void
test_check_error_hides_content (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (ls_json_check ("{\"secret\":hunter2}", 18, 18, &error));
  g_assert_null (strstr (error->message, "secret"));
  g_assert_null (strstr (error->message, "hunter2"));
  g_assert_nonnull (strstr (error->message, "byte 10"));
}

/* Makes a random document; @depth is how much deeper it may go. */
static void
generate (GString *out, GRand *rand, guint depth)
{
  static const char *const scalars[] = {
    "null",
    "true",
    "false",
    "0",
    "-12",
    "3.25",
    "1e3",
    "\"\"",
    "\"a\\\"\\\\b\"",
    "\"é€😀\"",
    "\"\\u00e9\\ud83d\\ude00\"",
    "\"[{,:}]\"",
    " 7 ",
    "9007199254740993",
  };
  guint n = (guint)g_rand_int_range (rand, 0, 4);
  gboolean is_object = g_rand_boolean (rand);

  if (depth == 0 || n == 0)
    {
      g_string_append (out, scalars[g_rand_int_range (rand, 0, G_N_ELEMENTS (scalars))]);
      return;
    }

  g_string_append_c (out, is_object ? '{' : '[');
  for (guint i = 0; i < n; i++)
    {
      if (i > 0)
        g_string_append (out, g_rand_boolean (rand) ? " , " : ",");
      if (is_object)
        g_string_append_printf (out, "\"n%u\":", i);
      generate (out, rand, depth - 1);
    }
  g_string_append_c (out, is_object ? '}' : ']');
}

/* Goes through a document in both trees. */
static void
compare (LsJsonSlice slice, JsonNode *node)
{
  LsJsonSlice name, value;
  LsJsonIter iter;
  guint n = 0;

  switch (ls_json_get_kind (slice))
    {
    case LS_JSON_OBJECT:
      ls_json_iter_init (&iter, slice);
      for (; ls_json_iter_next_member (&iter, &name, &value); n++)
        {
          g_autofree char *text = ls_json_get_string (name, NULL);

          compare (value, json_object_get_member (json_node_get_object (node), text));
        }
      g_assert_cmpuint (n, ==, json_object_get_size (json_node_get_object (node)));
      break;
    case LS_JSON_ARRAY:
      ls_json_iter_init (&iter, slice);
      for (; ls_json_iter_next_element (&iter, &value); n++)
        compare (value, json_array_get_element (json_node_get_array (node), n));
      g_assert_cmpuint (n, ==, json_array_get_length (json_node_get_array (node)));
      break;
    case LS_JSON_STRING:
      g_assert_true (ls_json_string_equals (slice, json_node_get_string (node)));
      break;
    case LS_JSON_NULL:
      g_assert_true (json_node_is_null (node));
      break;
    case LS_JSON_BOOLEAN:
      g_assert_cmpint (*slice.start == 't', ==, json_node_get_boolean (node));
      break;
    case LS_JSON_NUMBER:
      g_assert_cmpfloat (g_ascii_strtod (slice.start, NULL), ==, json_node_get_double (node));
      break;
    case LS_JSON_ABSENT:
    default:
      g_assert_not_reached ();
    }
}

static void
test_check_agrees_with_json_glib (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32)g_test_rand_int ());
  guint n_refused = 0;

  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (JsonParser) parser = json_parser_new ();
      g_autoptr (GError) error = NULL;
      LsJsonSlice root;

      generate (text, rand, 5);
      g_assert_true (json_parser_load_from_data (parser, text->str, -1, &error));
      g_assert_true (ls_json_check_root (text->str, text->len, text->len, &root, &error));
      compare (root, json_parser_get_root (parser));

      /* json-glib is the laxer one: what it refuses, the check refuses. */
      text->str[g_rand_int_range (rand, 0, (gint32)text->len)] = "{}[]\",:0x\\"[i % 10];
      if (ls_json_check (text->str, text->len, text->len, NULL))
        g_assert_true (json_parser_load_from_data (parser, text->str, -1, NULL));
      else
        n_refused++;
    }
  g_assert_cmpuint (n_refused, >, 100);
}

static LsJsonSlice
root_of (const char *text)
{
  g_autoptr (GError) error = NULL;
  LsJsonSlice root;

  ls_json_check_root (text, strlen (text), 64 * 1024, &root, &error);
  g_assert_no_error (error);
  return root;
}

static void
test_find_members (void)
{
  static const char *const names[] = { "a", "b", "missing", NULL };
  LsJsonSlice root = root_of (" { \"x\" : [ {\"a\":9} ] , \"\\u0062\" : 2 , \"a\" : \" } \" , "
                              "\"x\":0 } ");
  LsJsonSlice values[3];
  g_autofree char *a = NULL;
  gint64 b = 0;

  g_assert_true (ls_json_find_members (root, names, values, NULL));
  a = ls_json_get_string (values[0], NULL);
  g_assert_cmpstr (a, ==, " } ");
  g_assert_true (ls_json_get_int (values[1], 0, 10, &b, NULL));
  g_assert_cmpint (b, ==, 2);
  g_assert_cmpint (ls_json_get_kind (values[2]), ==, LS_JSON_ABSENT);
}

static void
test_find_members_refuses (void)
{
  static const char *const texts[] = {
    "{\"a\":1,\"a\":2}", "{\"a\":1,\"b\":3,\"\\u0061\":null}", "[\"a\",1]", "\"a\"", "null", "1"
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      LsJsonSlice value;

      g_assert_false (ls_json_find_member (root_of (texts[i]), "a", &value, &error));
      g_assert_error (error, LS_JSON_ERROR, LS_JSON_ERROR_SHAPE);
    }
}

static void
test_get_string (void)
{
  static const char *const strings[][2] = {
    { "\"\"", "" },
    { "\"plain é\"", "plain é" },
    { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
    { "\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\uDBFF\\uDFFF\"", "Aé€😀\xf4\x8f\xbf\xbf" },
    { "\"\\u0001x\"", "\001x" },
  };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    {
      g_autofree char *text = ls_json_get_string (root_of (strings[i][0]), NULL);

      g_assert_cmpstr (text, ==, strings[i][1]);
      g_assert_true (ls_json_string_equals (root_of (strings[i][0]), text));
      g_assert_false (ls_json_string_equals (root_of (strings[i][0]), "other"));
    }

  g_assert_null (ls_json_get_string (root_of ("\"a\\u0000b\""), &error));
  g_assert_error (error, LS_JSON_ERROR, LS_JSON_ERROR_RANGE);
  g_clear_error (&error);
  g_assert_null (ls_json_get_string (root_of ("12"), &error));
  g_assert_error (error, LS_JSON_ERROR, LS_JSON_ERROR_SHAPE);
  g_assert_false (ls_json_string_equals (root_of ("\"a\\u0000b\""), "a"));
  g_assert_false (ls_json_string_equals (root_of ("\"ab\""), "a"));
  g_assert_false (ls_json_string_equals (root_of ("\"a\\nb\""), "a\\nb"));
  g_assert_false (ls_json_string_equals (root_of ("\"a\""), "ab"));
  g_assert_false (ls_json_string_equals (root_of ("null"), "null"));
}

static void
test_get_int (void)
{
  static const struct
  {
    const char *text;
    gint64 value;
    gint code;
  } cases[] = {
    { "0", 0, ACCEPTED },
    { "-0", 0, ACCEPTED },
    { "-5", -5, ACCEPTED },
    { "9007199254740992", LS_MAX_INTEGER, ACCEPTED },
    { "9007199254740993", 0, LS_JSON_ERROR_RANGE },
    { "-6", 0, LS_JSON_ERROR_RANGE },
    { "9223372036854775808", 0, LS_JSON_ERROR_RANGE },
    { "18446744073709551616", 0, LS_JSON_ERROR_RANGE },
    { "1.0", 0, LS_JSON_ERROR_RANGE },
    { "1.5", 0, LS_JSON_ERROR_RANGE },
    { "1e3", 0, LS_JSON_ERROR_RANGE },
    { "\"1\"", 0, LS_JSON_ERROR_SHAPE },
    { "null", 0, LS_JSON_ERROR_SHAPE },
    { "true", 0, LS_JSON_ERROR_SHAPE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 value = 77;
      gboolean ok = ls_json_get_int (root_of (cases[i].text), -5, LS_MAX_INTEGER, &value, &error);

      note (cases[i].text);
      if (ok)
        g_assert_cmpint (cases[i].code, ==, ACCEPTED);
      else
        g_assert_error (error, LS_JSON_ERROR, cases[i].code);
      g_assert_cmpint (value, ==, ok ? cases[i].value : 77);
    }
}

static void
test_get_boolean (void)
{
  g_autoptr (GError) error = NULL;
  gboolean boolean = FALSE;

  g_assert_true (ls_json_get_boolean (root_of ("true"), &boolean, NULL));
  g_assert_true (boolean);
  g_assert_true (ls_json_get_boolean (root_of ("false"), &boolean, NULL));
  g_assert_false (boolean);
  g_assert_false (ls_json_get_boolean (root_of ("1"), &boolean, &error));
  g_assert_error (error, LS_JSON_ERROR, LS_JSON_ERROR_SHAPE);
}

static void
test_without_members (void)
{
  static const char *const names[] = { "password_hash", "pin", NULL };
  static const char *const cases[][2] = {
    { "{}", "{}" },
    { "{ }", "{ }" },
    { "{ \"a\" : 1 }", "{ \"a\" : 1 }" },
    { "{\"password_hash\":\"x\"}", "{}" },
    { "{\"password_hash\":\"x\",\"a\":1.50}", "{\"a\":1.50}" },
    { "{\"a\":\"\\u00e9\",\"password_hash\":{\"a\":[1,2]}}", "{\"a\":\"\\u00e9\"}" },
    { "{\"pin\":1,\"a\": 2,\"password_hash\":3,\"b\":4,\"pin\":5}", "{\"a\": 2,\"b\":4}" },
    { "{\"password\\u005fhash\":1,\"a\":1}", "{\"a\":1}" },
    { "{\"a\":{\"pin\":1},\"b\":\"pin\"}", "{\"a\":{\"pin\":1},\"b\":\"pin\"}" },
    { "{\"Pin\":1,\"pins\":2,\"pi\":3}", "{\"Pin\":1,\"pins\":2,\"pi\":3}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *rest = ls_json_without_members (cases[i][0], names);

      g_assert_cmpstr (rest, ==, cases[i][1]);
    }
}

static void
test_prune (void)
{
  static const char *const names[] = { "password_hash", "pin", NULL };
  static const char *const cases[][2] = {
    { "{}", "{}" },
    { "[ ]", "[]" },
    { "\"pin\"", "\"pin\"" },
    { "[\"pin\", 1.50 ,{\"pin\":1}]", "[\"pin\",1.50,{}]" },
    { "{\"pin\":1,\"a\": {\"b\":[{\"pin\":2,\"c\":3},[{\"p\\u0069n\":4}]]},\"pin\":5}",
      "{\"a\": {\"b\":[{\"c\":3},[{}]]}}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *rest = ls_json_prune (root_of (cases[i][0]), names);

      g_assert_cmpstr (rest, ==, cases[i][1]);
    }
}

static void
test_with_members (void)
{
  static const char *const names[] = { "id", "name", NULL };
  static const char *const cases[][2] = {
    { "{}", "{}" },
    { "{ \"a\" : 1 }", "{}" },
    { "{ \"id\" : 1 }", "{\"id\" : 1}" },
    { "{\"name\":\"x\",\"email\":\"y\",\"id\":1.50}", "{\"name\":\"x\",\"id\":1.50}" },
    { "{\"\\u0069d\":1,\"a\":{\"id\":2}}", "{\"\\u0069d\":1}" },
    { "{\"id\":{\"b\":[1,{}]},\"Id\":2,\"i\":3}", "{\"id\":{\"b\":[1,{}]}}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *rest = ls_json_with_members (cases[i][0], names);

      g_assert_cmpstr (rest, ==, cases[i][1]);
    }
}

static void
test_write (void)
{
  g_autoptr (GString) out = g_string_new ("{");

  ls_json_write_string (out, "text", "a\"\\\n\r\t\b\x1f é😀/\x7f");
  ls_json_write_string (out, "na\"me", NULL);
  ls_json_write_int (out, "least", G_MININT64);
  ls_json_write_int (out, "most", G_MAXINT64);
  ls_json_write_boolean (out, "yes", TRUE);
  ls_json_write_raw (out, "raw", "{ \"x\" : 1.0 }");
  ls_json_write_name (out, "list");
  g_string_append_c (out, '[');
  ls_json_next_element (out);
  ls_json_append_int (out, 0);
  ls_json_next_element (out);
  ls_json_append_string (out, "[");
  ls_json_next_element (out);
  ls_json_append_string (out, "{");
  g_string_append (out, "]}");

  g_assert_cmpstr (out->str, ==,
                   "{\"text\":\"a\\\"\\\\\\n\\r\\t\\u0008\\u001f é😀/\x7f\",\"na\\\"me\":null,"
                   "\"least\":-9223372036854775808,\"most\":9223372036854775807,\"yes\":true,"
                   "\"raw\":{ \"x\" : 1.0 },\"list\":[0,\"[\",\"{\"]}");
  g_assert_true (ls_json_check (out->str, out->len, out->len, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/wire/json/check/grammar", test_check_grammar);
  g_test_add_func ("/wire/json/check/depth", test_check_depth);
  g_test_add_func ("/wire/json/check/size", test_check_size);
  g_test_add_func ("/wire/json/check/truncated", test_check_truncated);
  g_test_add_func ("/wire/json/check/error-hides-content", test_check_error_hides_content);
  g_test_add_func ("/wire/json/check/agrees-with-json-glib", test_check_agrees_with_json_glib);
  g_test_add_func ("/wire/json/find-members", test_find_members);
  g_test_add_func ("/wire/json/find-members/refuses", test_find_members_refuses);
  g_test_add_func ("/wire/json/get-string", test_get_string);
  g_test_add_func ("/wire/json/get-int", test_get_int);
  g_test_add_func ("/wire/json/get-boolean", test_get_boolean);
  g_test_add_func ("/wire/json/without-members", test_without_members);
  g_test_add_func ("/wire/json/prune", test_prune);
  g_test_add_func ("/wire/json/with-members", test_with_members);
  g_test_add_func ("/wire/json/write", test_write);

  return g_test_run ();
}
