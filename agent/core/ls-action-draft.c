/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-action-draft.h"

#include <string.h>

#include "ls-entity.h"
#include "ls-error.h"

/* Characters of an id, and of who asks. */
#define MAX_ID 256
#define MAX_APP 256

G_GNUC_PRINTF (2, 3)
static gboolean
refuse (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (LS_ERROR, LS_ERROR_INVALID_ARGUMENT, format, args);
  va_end (args);
  return FALSE;
}

static gboolean
is_given (const char *text)
{
  return text != NULL && *text != '\0';
}

/* What stands in a path as it is, for every server: neither of the two decodes the same. */
static gboolean
is_plain_segment (const char *text)
{
  if (*text == '\0' || g_str_equal (text, ".") || g_str_equal (text, ".."))
    return FALSE;

  for (; *text != '\0'; text++)
    if (!g_ascii_isalnum (*text) && strchr ("-._~", *text) == NULL)
      return FALSE;

  return TRUE;
}

/* Tokens, and who is signed in, are the agent's. Some servers take capitals for the same path. */
static gboolean
is_of_sign_in (const char *const *segments)
{
  return g_ascii_strcasecmp (segments[0], "api") == 0 && segments[1] != NULL &&
         g_ascii_strcasecmp (segments[1], "auth") == 0;
}

static gboolean
check_endpoint (const char *endpoint, GError **error)
{
  g_auto (GStrv) segments = NULL;

  if (endpoint[0] != '/' || endpoint[1] == '\0' || strlen (endpoint) > LS_MAX_ENDPOINT)
    return refuse (error, "an endpoint is a path of at most %d bytes", LS_MAX_ENDPOINT);

  segments = g_strsplit (endpoint + 1, "/", -1);
  for (guint i = 0; segments[i] != NULL; i++)
    if (!is_plain_segment (segments[i]))
      return refuse (error, "an endpoint has plain segments only, neither a host nor a query");
  if (is_of_sign_in ((const char *const *)segments))
    return refuse (error, "who signs in and out is no action's to say");

  return TRUE;
}

static gboolean
check_entity (const LsActionDraft *draft, GError **error)
{
  LsEntity entity = ls_entity_from_string (draft->entity);

  if (entity != LS_ENTITY_INVALID && ls_entity_get_table (entity) != NULL)
    return TRUE;
  if (is_given (draft->endpoint) && entity == LS_ENTITY_INVALID &&
      ls_entity_is_plain_name (draft->entity))
    return TRUE;

  g_set_error (error, LS_ERROR, LS_ERROR_UNKNOWN_ENTITY, "no such entity");
  return FALSE;
}

static gboolean
check_id (const LsActionDraft *draft, GError **error)
{
  const char *id = draft->entity_id;

  if (!is_given (id))
    return is_given (draft->endpoint) || draft->type == LS_ACTION_CREATE ||
           refuse (error, "which row is missing");
  if (g_utf8_strlen (id, -1) > MAX_ID)
    return refuse (error, "an id has at most %d characters", MAX_ID);
  if (!is_given (draft->endpoint) && !is_plain_segment (id))
    return refuse (error, "an id in a path has plain characters only");

  return TRUE;
}

static gboolean
check_key (const char *key, GError **error)
{
  gsize length = strlen (key);

  if (length > LS_MAX_ACTION_KEY)
    return refuse (error, "a key has at most %d characters", LS_MAX_ACTION_KEY);
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isgraph (key[i]))
      return refuse (error, "a key has printable characters only");

  return TRUE;
}

static gboolean
check_rest (const LsActionDraft *draft, gint64 wall_ms, GError **error)
{
  if (is_given (draft->key) && !check_key (draft->key, error))
    return FALSE;
  if (!is_given (draft->endpoint) && draft->type > LS_ACTION_DELETE)
    return refuse (error, "this type needs an endpoint");
  if (is_given (draft->endpoint) && !check_endpoint (draft->endpoint, error))
    return FALSE;
  if (draft->base_version < 0 || draft->base_version > LS_MAX_INTEGER)
    return refuse (error, "not a version");
  if (draft->expires_at != 0 && draft->expires_at <= wall_ms)
    return refuse (error, "it has expired already");
  if (is_given (draft->app) && g_utf8_strlen (draft->app, -1) > MAX_APP)
    return refuse (error, "an app's name has at most %d characters", MAX_APP);

  return TRUE;
}

/* What is written into a row may give it another id, or none: `null` is one, too, but for a create, which gets its own. */
static gboolean
is_written_to_row (const LsAction *action)
{
  return action->type <= LS_ACTION_UPDATE || action->method == LS_METHOD_PUT ||
         action->method == LS_METHOD_PATCH;
}

static gboolean
names_another_row (const LsAction *action, const LsDataEditor *editor)
{
  /* One column to SQL, in which the classic system pastes it. */
  static const char *const names[] = { "id", "ID", "Id", "iD" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *id = editor->get_text (action->body, names[i]);

      if (id != NULL
              ? !g_str_equal (id, action->entity_id)
              : action->type != LS_ACTION_CREATE && editor->has_member (action->body, names[i]))
        return TRUE;
    }
  return FALSE;
}

/* The row of a create says its own id: both kinds of server keep it. */
static gboolean
take_id_into_body (LsAction *action, const LsDataEditor *editor, GError **error)
{
  g_autofree char *id = editor->get_text (action->body, "id");
  char *body;

  if (names_another_row (action, editor))
    return refuse (error, "the body names another row");
  if (id != NULL || action->type != LS_ACTION_CREATE)
    return TRUE;

  body = editor->set_member (action->body, "id", action->entity_id);
  g_free (action->body);
  action->body = body;
  return TRUE;
}

/**
 * ls_action_draft_set_body:
 * @action: (inout): an action with its type, method and id
 * @body: (nullable): JSON object; %NULL or empty: none
 * @editor: works on JSON
 * @error: %LS_ERROR_INVALID_ARGUMENT; @action is then as it was
 *
 * Gives it a body, or another one.
 *
 * Returns: whether it may have that
 */
gboolean
ls_action_draft_set_body (LsAction *action,
                          const char *body,
                          const LsDataEditor *editor,
                          GError **error)
{
  char *before = action->body;

  if (!is_given (body))
    {
      if (action->type == LS_ACTION_CREATE || action->type == LS_ACTION_UPDATE)
        return refuse (error, "what to write is missing");
      g_clear_pointer (&action->body, g_free);
      return TRUE;
    }
  if (action->type == LS_ACTION_DELETE)
    return refuse (error, "a deletion has no body");
  if (!editor->check (body, FALSE, error))
    return FALSE;

  action->body = g_strdup (body);
  if (!is_written_to_row (action) || take_id_into_body (action, editor, error))
    {
      g_free (before);
      return TRUE;
    }
  g_free (action->body);
  action->body = before;
  return FALSE;
}

static LsMethod
get_own_method (LsActionType type)
{
  if (type == LS_ACTION_UPDATE)
    return LS_METHOD_PUT;

  return type == LS_ACTION_DELETE ? LS_METHOD_DELETE : LS_METHOD_POST;
}

/* @entity: one that has a table
 *
 * Returns: (transfer full): the path that says what is done to which row */
static char *
make_own_endpoint (LsActionType type, const char *entity, const char *id)
{
  const char *table = ls_entity_get_table (ls_entity_from_string (entity));

  if (type == LS_ACTION_CREATE)
    return g_strconcat ("/api/", table, NULL);
  if (type == LS_ACTION_UPDATE || type == LS_ACTION_DELETE)
    return g_strconcat ("/api/", table, "/", id, NULL);

  return g_strconcat ("/api/", table, "/", id, "/", ls_action_type_to_string (type), NULL);
}

static LsMethod
choose_method (const LsActionDraft *draft)
{
  return draft->method != LS_METHOD_INVALID ? draft->method : get_own_method (draft->type);
}

static char *
choose_endpoint (const LsActionDraft *draft, const char *id)
{
  return is_given (draft->endpoint) ? g_strdup (draft->endpoint)
                                    : make_own_endpoint (draft->type, draft->entity, id);
}

/**
 * ls_action_draft_goes_to_its_row:
 * @draft: what an app asks for
 *
 * Where an action goes is what decides what it does, not what it is called. Without an endpoint and a method it goes
 * to the row that it names; with them it does if they say the same: POST `/api/TABLE` for a create, PUT and
 * DELETE `/api/TABLE/ID`, and POST `/api/TABLE/ID/TYPE` for the other types. An entity without a table has no such place.
 *
 * Returns: whether the request is the one that its entity, id and type stand for
 */
gboolean
ls_action_draft_goes_to_its_row (const LsActionDraft *draft)
{
  LsEntity entity = ls_entity_from_string (draft->entity);
  g_autofree char *own = NULL;

  if (draft->method != LS_METHOD_INVALID && draft->method != get_own_method (draft->type))
    return FALSE;
  if (!is_given (draft->endpoint))
    return TRUE;
  if (entity == LS_ENTITY_INVALID || ls_entity_get_table (entity) == NULL)
    return FALSE;
  if (draft->type != LS_ACTION_CREATE &&
      (draft->entity_id == NULL || !is_plain_segment (draft->entity_id)))
    return FALSE;

  own = make_own_endpoint (draft->type, draft->entity, draft->entity_id);
  return g_str_equal (draft->endpoint, own);
}

/* Of a create that does not say it otherwise, the body may name the row. Whoever names none gets one
 * of its own: what has no row has nobody to wait for, either. */
static char *
choose_id (const LsActionDraft *draft, const LsDataEditor *editor, LsRandom *random, gint64 wall_ms)
{
  char *id = NULL;

  if (is_given (draft->entity_id))
    return g_strdup (draft->entity_id);
  if (draft->type == LS_ACTION_CREATE && is_given (draft->body) &&
      editor->check (draft->body, FALSE, NULL))
    id = editor->get_text (draft->body, "id");

  return id != NULL ? id : ls_random_uuid7 (random, wall_ms);
}

static void
add_text (GChecksum *checksum, const char *text)
{
  const char *given = text != NULL ? text : "";

  /* with its end, so that two texts are never another two */
  g_checksum_update (checksum, (const guchar *)given, (gssize)strlen (given) + 1);
}

/* What is wanted, but for when and after what: whoever asks once more may say that otherwise. */
static char *
make_digest (const LsActionDraft *draft)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  add_text (checksum, ls_action_type_to_string (draft->type));
  add_text (checksum, draft->entity);
  add_text (checksum, draft->entity_id);
  add_text (checksum, draft->endpoint);
  add_text (checksum, ls_method_to_string (choose_method (draft)));
  add_text (checksum, draft->body);
  return g_strdup (g_checksum_get_string (checksum));
}

static void
take_key (LsAction *action, const LsActionDraft *draft)
{
  if (!is_given (draft->key))
    return;

  ls_action_set_text (&action->key, draft->key);
  ls_action_set_text (&action->app_key, draft->key);
  action->app_digest = make_digest (draft);
}

/**
 * ls_action_draft_make:
 * @draft: what an app asks for
 * @editor: works on JSON
 * @random: for ids
 * @wall_ms: now, in milliseconds since the epoch
 * @error: %LS_ERROR_INVALID_ARGUMENT, %LS_ERROR_UNKNOWN_ENTITY
 *
 * Returns: (transfer full) (nullable): the action, without a base, which the cache knows
 */
LsAction *
ls_action_draft_make (const LsActionDraft *draft,
                      const LsDataEditor *editor,
                      LsRandom *random,
                      gint64 wall_ms,
                      GError **error)
{
  g_autoptr (LsAction) action = NULL;
  g_autofree char *id = NULL;
  g_autofree char *row_id = NULL;

  if (draft->type >= LS_ACTION_TYPE_INVALID)
    {
      refuse (error, "no such type");
      return NULL;
    }
  if (!check_entity (draft, error) || !check_id (draft, error) ||
      !check_rest (draft, wall_ms, error))
    return NULL;

  id = ls_random_uuid7 (random, wall_ms);
  row_id = choose_id (draft, editor, random, wall_ms);
  action = ls_action_new (id, draft->type, draft->entity, row_id);
  action->method = choose_method (draft);
  if (!ls_action_draft_set_body (action, draft->body, editor, error))
    return NULL;

  g_free (action->endpoint);
  action->endpoint = choose_endpoint (draft, row_id);
  action->base_version = draft->base_version;
  take_key (action, draft);
  if (is_given (draft->depends_on))
    ls_action_set_text (&action->depends_on, draft->depends_on);
  if (is_given (draft->app))
    ls_action_set_text (&action->app, draft->app);
  action->coalesce = draft->coalesce;
  action->expires_at = draft->expires_at;
  action->created_at = wall_ms;
  return g_steal_pointer (&action);
}

/**
 * ls_action_get_row_path:
 * @action: an action
 *
 * Returns: (transfer full) (nullable): where the server has the row itself; %NULL: nobody knows
 */
char *
ls_action_get_row_path (const LsAction *action)
{
  g_autofree char *ending = g_strconcat ("/", action->entity_id, NULL);
  LsEntity entity = ls_entity_from_string (action->entity);

  if (!is_plain_segment (action->entity_id))
    return NULL;
  if (action->type == LS_ACTION_CREATE)
    return g_strconcat (action->endpoint, ending, NULL);
  if (g_str_has_suffix (action->endpoint, ending))
    return g_strdup (action->endpoint);
  if (entity != LS_ENTITY_INVALID && ls_entity_get_table (entity) != NULL)
    return g_strconcat ("/api/", ls_entity_get_table (entity), ending, NULL);

  return NULL;
}
