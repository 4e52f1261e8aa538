/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-answer.h"

/**
 * ls_answer_cb:
 * @object: who was called
 * @result: the answer
 * @user_data: a place for it, #GAsyncResult **; its owner frees it
 *
 * A callback for a call that is answered once.
 */
void
ls_answer_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **answer = user_data;

  g_assert_null (*answer);
  *answer = g_object_ref (result);
}

/**
 * ls_answer_wait:
 * @answer: the place that ls_answer_cb() was given
 *
 * Lets things happen until there is an answer.
 *
 * Returns: (transfer none): the answer
 */
GAsyncResult *
ls_answer_wait (GAsyncResult **answer)
{
  while (*answer == NULL)
    g_main_context_iteration (NULL, TRUE);

  return *answer;
}
