/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-model-classic.h"

#include <string.h>

#include "ls-link-error.h"

/* The limit: how long a request counts, milliseconds, and how many others may count before one */
#define WINDOW 60000
#define AUTH_LIMIT 5
#define DEFAULT_LIMIT 100

/* Tokens are NAME/KIND/ISSUED, in milliseconds by the server's clock: one of a refresh is good for
 * polls and the socket alone. */
#define LOGIN "login"
#define REFRESHED "refreshed"

/* Polls have no more rows of a table. */
#define FULL 100

struct _LsModelClassic
{
  LsSim *sim; /* (unowned) */
  gboolean is_up;
  GArray *times; /* (owned) (element-type gint64): of the last minute's requests */
  LsModelClassicCounts counts;
};

/**
 * ls_model_classic_new:
 * @sim: the world it is in
 *
 * Returns: (transfer full): a server that runs
 */
LsModelClassic *
ls_model_classic_new (LsSim *sim)
{
  LsModelClassic *self = g_new0 (LsModelClassic, 1);

  self->sim = sim;
  self->is_up = TRUE;
  self->times = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->counts.polls = g_array_new (FALSE, FALSE, sizeof (gint64));
  return self;
}

/**
 * ls_model_classic_free:
 * @self: (transfer full): a server
 *
 * Frees it.
 */
void
ls_model_classic_free (LsModelClassic *self)
{
  g_array_unref (self->times);
  g_array_unref (self->counts.polls);
  g_free (self);
}

/**
 * ls_model_classic_set_up:
 * @self: a server
 * @is_up: whether it runs
 *
 * Stops or starts it. The limit is kept elsewhere and goes on counting; sockets are the caller's.
 */
void
ls_model_classic_set_up (LsModelClassic *self, gboolean is_up)
{
  self->is_up = is_up;
}

/**
 * ls_model_classic_get_counts:
 * @self: a server
 *
 * Returns: (transfer none): what it has seen; the caller may begin anew
 */
LsModelClassicCounts *
ls_model_classic_get_counts (LsModelClassic *self)
{
  return &self->counts;
}

static gboolean
check_up (LsModelClassic *self, GError **error)
{
  if (self->is_up)
    return TRUE;

  g_propagate_error (
      error, ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "nobody listens there"));
  return FALSE;
}

static void
forget_old (LsModelClassic *self)
{
  gint64 now = ls_sim_get_time (self->sim);
  guint n = 0;

  while (n < self->times->len && g_array_index (self->times, gint64, n) <= now - WINDOW)
    n++;
  g_array_remove_range (self->times, 0, n);
}

/* Lets a request in, and counts it, if no more than @limit count already. */
static gboolean
admit (LsModelClassic *self, guint limit, LsQuota *quota, GError **error)
{
  gint64 now = ls_sim_get_time (self->sim);
  gint64 reset;

  if (!check_up (self, error))
    return FALSE;

  forget_old (self);
  reset = (self->times->len > 0 ? g_array_index (self->times, gint64, 0) : now) + WINDOW;
  if (self->times->len >= limit)
    {
      g_propagate_error (error, ls_link_error_new (LS_REASON_RATE_LIMITED, 429,
                                                   (reset - now + 999) / 1000 * 1000, "busy"));
      return FALSE;
    }

  g_array_append_val (self->times, now);
  if (quota != NULL)
    *quota = (LsQuota) { limit, limit - self->times->len,
                         reset + ls_sim_get_server_wall (self->sim) - now };
  return TRUE;
}

static gboolean
admit_poll (LsModelClassic *self, LsQuota *quota, GError **error)
{
  gint64 now = ls_sim_get_time (self->sim);
  gboolean admitted = admit (self, DEFAULT_LIMIT, quota, error);

  if (self->is_up)
    g_array_append_val (self->counts.polls, now);
  self->counts.n_refused += self->is_up && !admitted;
  return admitted;
}

static gboolean
check_token (LsModelClassic *self, const char *token, GError **error)
{
  if (ls_sim_get_server_wall (self->sim) <= ls_model_classic_token_get_expiry (token))
    return TRUE;

  g_propagate_error (error,
                     ls_link_error_new (LS_REASON_TOKEN_REFUSED, 401, 0, "the token has ended"));
  return FALSE;
}

static LsSession *
give_token (LsModelClassic *self, const char *name, const char *kind, GError **error)
{
  g_autofree char *access = NULL;

  if (!admit (self, AUTH_LIMIT, NULL, error))
    {
      self->counts.n_busy += self->is_up;
      return NULL;
    }

  self->counts.n_tokens++;
  access =
      g_strdup_printf ("%s/%s/%" G_GINT64_FORMAT, name, kind, ls_sim_get_server_wall (self->sim));
  return ls_session_new (access, NULL);
}

/**
 * ls_model_classic_sign_in:
 * @self: a server
 * @name: who
 * @error: of %LS_LINK_ERROR
 *
 * Returns: (transfer full) (nullable): tokens, and whose they are
 */
LsSession *
ls_model_classic_sign_in (LsModelClassic *self, const char *name, GError **error)
{
  LsSession *session = give_token (self, name, LOGIN, error);

  if (session == NULL)
    return NULL;

  session->refresh = g_strdup (name);
  session->is_classic = TRUE;
  session->user = ls_user_new (name, NULL, LS_ROLE_STUDENT, LS_EXTRA_ROLE_NONE);
  return session;
}

/**
 * ls_model_classic_refresh:
 * @self: a server
 * @token: a refresh token, which is the name of its owner
 * @error: of %LS_LINK_ERROR
 *
 * Returns: (transfer full) (nullable): an access token
 */
LsSession *
ls_model_classic_refresh (LsModelClassic *self, const char *token, GError **error)
{
  return give_token (self, token, REFRESHED, error);
}

/**
 * ls_model_classic_connect:
 * @self: a server
 * @token: an access token
 * @error: of %LS_LINK_ERROR
 *
 * Sockets are not limited.
 *
 * Returns: whether there is one now
 */
gboolean
ls_model_classic_connect (LsModelClassic *self, const char *token, GError **error)
{
  return check_up (self, error) && check_token (self, token, error);
}

/* The same for everybody, and for ever. */
static LsTableRows *
rows_of (LsEntity entity, guint n_sent)
{
  LsTableRows *rows = ls_table_rows_new ();

  g_ptr_array_add (rows->rows, ls_row_new (entity, "1", "{\"id\":\"1\"}", 0));
  rows->n_sent = n_sent;
  return rows;
}

/**
 * ls_model_classic_poll:
 * @self: a server
 * @token: an access token
 * @error: of %LS_LINK_ERROR
 *
 * Returns: (transfer full) (nullable): a poll; with more announcements than fit
 */
LsPoll *
ls_model_classic_poll (LsModelClassic *self, const char *token, GError **error)
{
  g_autoptr (LsPoll) poll = ls_poll_new ();

  if (!admit_poll (self, &poll->quota, error) || !check_token (self, token, error))
    return NULL;

  poll->tables[LS_ENTITY_ANNOUNCEMENT] = rows_of (LS_ENTITY_ANNOUNCEMENT, FULL);
  poll->tables[LS_ENTITY_EVENT] = rows_of (LS_ENTITY_EVENT, 1);
  poll->tables[LS_ENTITY_GRADE] = rows_of (LS_ENTITY_GRADE, FULL);
  poll->tables[LS_ENTITY_USER] = rows_of (LS_ENTITY_USER, 1);
  return g_steal_pointer (&poll);
}

/**
 * ls_model_classic_list:
 * @self: a server
 * @token: an access token
 * @error: of %LS_LINK_ERROR
 *
 * Returns: (transfer full) (nullable): any table
 */
LsListing *
ls_model_classic_list (LsModelClassic *self, const char *token, GError **error)
{
  g_autoptr (LsListing) listing = ls_listing_new ();

  if (!admit_poll (self, &listing->quota, error) || !check_token (self, token, error))
    return NULL;
  if (strstr (token, "/" REFRESHED "/") != NULL)
    {
      g_propagate_error (error,
                         ls_link_error_new (LS_REASON_TOKEN_REFUSED, 401, 0, "no such session"));
      return NULL;
    }

  g_ptr_array_add (listing->rows->rows, ls_row_new (LS_ENTITY_INVALID, "1", "{\"id\":\"1\"}", 0));
  listing->rows->n_sent = FULL + 1;
  return g_steal_pointer (&listing);
}

/**
 * ls_model_classic_fail:
 * @self: a server
 *
 * Something is asked for that it does not know, which counts all the same.
 *
 * Returns: (transfer full): an error of %LS_LINK_ERROR
 */
GError *
ls_model_classic_fail (LsModelClassic *self)
{
  GError *error = NULL;

  if (!admit_poll (self, NULL, &error))
    return error;

  return ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 404, 0, "there is no such thing");
}

/**
 * ls_model_classic_token_get_issued:
 * @token: a token
 *
 * Returns: when it was given, milliseconds since the epoch
 */
gint64
ls_model_classic_token_get_issued (const char *token)
{
  return g_ascii_strtoll (strrchr (token, '/') + 1, NULL, 10);
}

/**
 * ls_model_classic_token_get_expiry:
 * @token: a token
 *
 * Returns: when it ends, likewise
 */
gint64
ls_model_classic_token_get_expiry (const char *token)
{
  return ls_model_classic_token_get_issued (token) + LS_MODEL_CLASSIC_TOKEN_LIFE;
}

/**
 * ls_model_classic_token_get_user:
 * @token: a token
 *
 * Returns: (transfer full): whose it is
 */
LsUser *
ls_model_classic_token_get_user (const char *token)
{
  g_autofree char *name = g_strndup (token, strcspn (token, "/"));

  return ls_user_new (name, NULL, LS_ROLE_STUDENT, LS_EXTRA_ROLE_NONE);
}
