/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-poll.h"
#include "ls-reply.h"
#include "ls-sim.h"

G_BEGIN_DECLS

/** LS_MODEL_CLASSIC_TOKEN_LIFE: of an access token, milliseconds */
#define LS_MODEL_CLASSIC_TOKEN_LIFE G_GINT64_CONSTANT (900000)

/**
 * LsModelClassicCounts:
 * @polls: (owned) (element-type gint64): when polls and lists came, in the world's time, those that were
 *   refused for the limit included
 * @n_refused: how many of those were refused
 * @n_tokens: how many were given out
 * @n_busy: how many requests for a token were refused for the limit
 *
 * What the server has seen.
 */
typedef struct
{
  GArray *polls;
  guint n_refused;
  guint n_tokens;
  guint n_busy;
} LsModelClassicCounts;

/**
 * LsModelClassic:
 *
 * The school system that exists, as far as it bears on how often it is asked: one list of the last
 * minute's requests for all machines of a school, tokens that end, and a socket that says nothing.
 */
typedef struct _LsModelClassic LsModelClassic;

LsModelClassic *ls_model_classic_new (LsSim *sim);
void ls_model_classic_free (LsModelClassic *self);
void ls_model_classic_set_up (LsModelClassic *self, gboolean is_up);
LsModelClassicCounts *ls_model_classic_get_counts (LsModelClassic *self);

LsSession *ls_model_classic_sign_in (LsModelClassic *self, const char *name, GError **error);
LsSession *ls_model_classic_refresh (LsModelClassic *self, const char *token, GError **error);
gboolean ls_model_classic_connect (LsModelClassic *self, const char *token, GError **error);
LsPoll *ls_model_classic_poll (LsModelClassic *self, const char *token, GError **error);
LsListing *ls_model_classic_list (LsModelClassic *self, const char *token, GError **error);
GError *ls_model_classic_fail (LsModelClassic *self);

gint64 ls_model_classic_token_get_issued (const char *token);
gint64 ls_model_classic_token_get_expiry (const char *token);
LsUser *ls_model_classic_token_get_user (const char *token);

G_END_DECLS
