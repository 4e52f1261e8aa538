/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-outcome-class.h"

typedef struct
{
  guint status;
  const char *code;
  LsOutcomeClass labsync, classic;
} Row;

/* Written down from the goals (F17) and the classic system's ways, not from the code. */
static const Row rows[] = {
  { 100, NULL, LS_OUTCOME_CLASS_RETRY, LS_OUTCOME_CLASS_RETRY },
  { 200, NULL, LS_OUTCOME_CLASS_ACCEPTED, LS_OUTCOME_CLASS_ACCEPTED },
  { 201, NULL, LS_OUTCOME_CLASS_ACCEPTED, LS_OUTCOME_CLASS_ACCEPTED },
  { 204, NULL, LS_OUTCOME_CLASS_ACCEPTED, LS_OUTCOME_CLASS_RETRY },
  { 302, NULL, LS_OUTCOME_CLASS_RETRY, LS_OUTCOME_CLASS_RETRY },
  { 400, NULL, LS_OUTCOME_CLASS_REFUSED, LS_OUTCOME_CLASS_REFUSED },
  { 401, NULL, LS_OUTCOME_CLASS_TOKEN, LS_OUTCOME_CLASS_TOKEN },
  { 403, NULL, LS_OUTCOME_CLASS_REFUSED, LS_OUTCOME_CLASS_REFUSED },
  { 404, "not-found", LS_OUTCOME_CLASS_GONE, LS_OUTCOME_CLASS_REFUSED },
  { 405, NULL, LS_OUTCOME_CLASS_REFUSED, LS_OUTCOME_CLASS_REFUSED },
  { 408, NULL, LS_OUTCOME_CLASS_RETRY, LS_OUTCOME_CLASS_RETRY },
  { 409, "exists", LS_OUTCOME_CLASS_CONFLICT, LS_OUTCOME_CLASS_CONFLICT },
  { 409, "key-busy", LS_OUTCOME_CLASS_RETRY, LS_OUTCOME_CLASS_RETRY },
  { 410, NULL, LS_OUTCOME_CLASS_GONE, LS_OUTCOME_CLASS_GONE },
  { 412, NULL, LS_OUTCOME_CLASS_CONFLICT, LS_OUTCOME_CLASS_CONFLICT },
  { 413, NULL, LS_OUTCOME_CLASS_REFUSED, LS_OUTCOME_CLASS_REFUSED },
  { 422, "key-reused", LS_OUTCOME_CLASS_REFUSED, LS_OUTCOME_CLASS_REFUSED },
  { 425, NULL, LS_OUTCOME_CLASS_RETRY, LS_OUTCOME_CLASS_RETRY },
  { 429, NULL, LS_OUTCOME_CLASS_RETRY, LS_OUTCOME_CLASS_RETRY },
  { 451, NULL, LS_OUTCOME_CLASS_REFUSED, LS_OUTCOME_CLASS_REFUSED },
  { 500, NULL, LS_OUTCOME_CLASS_RETRY, LS_OUTCOME_CLASS_BROKEN },
  { 502, NULL, LS_OUTCOME_CLASS_RETRY, LS_OUTCOME_CLASS_RETRY },
  { 503, NULL, LS_OUTCOME_CLASS_RETRY, LS_OUTCOME_CLASS_RETRY },
  { 504, NULL, LS_OUTCOME_CLASS_RETRY, LS_OUTCOME_CLASS_RETRY },
  { 599, NULL, LS_OUTCOME_CLASS_RETRY, LS_OUTCOME_CLASS_RETRY },
};

static void
test_outcome_class_row (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (LsActionReply) reply = ls_action_reply_new (row->status);

  reply->code = g_strdup (row->code);
  reply->is_ours = TRUE;
  g_assert_cmpint (ls_outcome_class_of_reply (reply), ==, row->labsync);
  reply->is_ours = FALSE;
  g_assert_cmpint (ls_outcome_class_of_reply (reply), ==, row->classic);
}

/* Only 2xx is a success, and of the classic system what it says by it; whatever else comes. */
static void
test_outcome_class_success (void)
{
  for (guint status = 0; status < 1000; status++)
    {
      g_autoptr (LsActionReply) reply = ls_action_reply_new (status);

      for (guint ours = 0; ours < 2; ours++)
        {
          gboolean is_success = ours != 0 ? status / 100 == 2 : status == 200 || status == 201;

          reply->is_ours = ours != 0;
          g_assert_true ((ls_outcome_class_of_reply (reply) == LS_OUTCOME_CLASS_ACCEPTED) ==
                         is_success);
        }
    }
}

static void
test_outcome_class_final (void)
{
  g_assert_true (ls_outcome_class_is_final (LS_OUTCOME_CLASS_ACCEPTED));
  g_assert_true (ls_outcome_class_is_final (LS_OUTCOME_CLASS_CONFLICT));
  g_assert_true (ls_outcome_class_is_final (LS_OUTCOME_CLASS_GONE));
  g_assert_true (ls_outcome_class_is_final (LS_OUTCOME_CLASS_REFUSED));
  g_assert_false (ls_outcome_class_is_final (LS_OUTCOME_CLASS_RETRY));
  g_assert_false (ls_outcome_class_is_final (LS_OUTCOME_CLASS_BROKEN));
  g_assert_false (ls_outcome_class_is_final (LS_OUTCOME_CLASS_TOKEN));
}

/* What may have been done must not be taken for undone. */
static void
test_outcome_class_may_be_done (void)
{
  g_assert_true (ls_outcome_class_may_be_done (500));
  g_assert_true (ls_outcome_class_may_be_done (504));
  g_assert_true (ls_outcome_class_may_be_done (204));
  g_assert_false (ls_outcome_class_may_be_done (429));
  g_assert_true (ls_outcome_class_error_may_be_done (LS_REASON_SERVER_UNREACHABLE));
  g_assert_false (ls_outcome_class_error_may_be_done (LS_REASON_CAPTIVE_PORTAL));
  g_assert_false (ls_outcome_class_error_may_be_done (LS_REASON_TLS_UNTRUSTED));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/core/outcome-class/%u%s%s", rows[i].status,
                                               rows[i].code != NULL ? "-" : "",
                                               rows[i].code != NULL ? rows[i].code : "");

      g_test_add_data_func (path, &rows[i], test_outcome_class_row);
    }
  g_test_add_func ("/core/outcome-class/only-2xx-is-success", test_outcome_class_success);
  g_test_add_func ("/core/outcome-class/final", test_outcome_class_final);
  g_test_add_func ("/core/outcome-class/may-be-done", test_outcome_class_may_be_done);
  return g_test_run ();
}
