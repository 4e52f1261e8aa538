/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include "ls-message.h"
#include "ls-reply.h"

G_BEGIN_DECLS

/**
 * LsSoupAnswer:
 * @status: the HTTP status, 2xx or 304; for some, any that the server has chosen
 * @body: its text, not checked yet; may be empty
 * @headers: its headers
 * @token: (nullable): the access token that was sent
 *
 * What came.
 */
typedef struct
{
  guint status;
  GBytes *body;
  SoupMessageHeaders *headers;
  const char *token;
} LsSoupAnswer;

/**
 * LsSoupAnswerType:
 * @decode: (nullable): makes the value of the answer; %NULL: there is none, only success
 * @any_status: whether a 4xx or 5xx is an answer, too
 * @refine: (nullable): replaces an error of %LS_LINK_ERROR where it means more for this call
 * @free_value: (nullable): frees the value
 *
 * What a call's answer stands for.
 */
typedef struct
{
  gpointer (*decode) (const LsSoupAnswer *answer, const char *const *drop_fields, GError **error);
  gboolean any_status;
  void (*refine) (GError **error);
  GDestroyNotify free_value;
} LsSoupAnswerType;

extern const LsSoupAnswerType ls_soup_answer_updates;
extern const LsSoupAnswerType ls_soup_answer_snapshot;
extern const LsSoupAnswerType ls_soup_answer_checksum;
extern const LsSoupAnswerType ls_soup_answer_poll;
extern const LsSoupAnswerType ls_soup_answer_listing;
extern const LsSoupAnswerType ls_soup_answer_action;
extern const LsSoupAnswerType ls_soup_answer_row;
extern const LsSoupAnswerType ls_soup_answer_sign_in;
extern const LsSoupAnswerType ls_soup_answer_refresh;
extern const LsSoupAnswerType ls_soup_answer_sign_out;

void ls_soup_answers_cut_events (GPtrArray *events, const char *const *drop_fields);

G_END_DECLS
