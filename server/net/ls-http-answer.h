/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

/** LS_HTTP_REPLAYED: header of the first answer to an action, when it is given again */
#define LS_HTTP_REPLAYED "Idempotency-Replayed"

void ls_http_answer_json (SoupServerMessage *message, guint status, char *json, gsize length);
void
ls_http_answer_ok (SoupServerMessage *message, guint status, const char *text, const char *data);
void
ls_http_answer_error (SoupServerMessage *message, guint status, const char *code, const char *text);
void ls_http_answer_failure (SoupServerMessage *message, const GError *error);
void ls_http_answer_later (SoupServerMessage *message, gint64 retry_after);

guint ls_http_describe_failure (const GError *error, const char **code, const char **text);

G_END_DECLS
