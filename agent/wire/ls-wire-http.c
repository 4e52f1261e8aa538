/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-wire-http.h"

#include <string.h>

#include "ls-json-writer.h"
#include "ls-wire-event.h"
#include "ls-wire-value.h"

/* Hexadecimal digits of a checksum */
#define SUM_LENGTH 16

static char *
finish (GString *out, gsize *length)
{
  if (length != NULL)
    *length = out->len;
  return g_string_free (out, FALSE);
}

static gboolean
fail_shape (GError **error, const char *what)
{
  g_set_error_literal (error, LS_JSON_ERROR, LS_JSON_ERROR_SHAPE, what);
  return FALSE;
}

/**
 * ls_wire_read_data:
 * @text: (array length=length): body of a 200
 * @length: its length in bytes
 * @data: (out): the value of `data`
 * @error: return location for a #LsJsonError
 *
 * Opens the envelope `{"success":true,"data":…}`.
 *
 * Returns: %TRUE on success
 */
gboolean
ls_wire_read_data (const char *text, gsize length, LsJsonSlice *data, GError **error)
{
  static const char *const names[] = { "success", "data", NULL };
  LsJsonSlice root, members[G_N_ELEMENTS (names) - 1];
  gboolean success = FALSE;

  if (!ls_json_check_root (text, length, LS_WIRE_MAX_BODY, &root, error) ||
      !ls_json_find_members (root, names, members, error))
    return FALSE;

  if (!ls_json_get_boolean (members[0], &success, NULL) || !success)
    return fail_shape (error, "no success");

  *data = members[1];
  return TRUE;
}

/**
 * ls_wire_read_envelope:
 * @text: (array length=length): body of a 200
 * @length: its length in bytes
 * @names: (array zero-terminated=1): names of members of `data`
 * @members: (out): their values; absent where there is none
 * @error: return location for a #LsJsonError
 *
 * Opens the envelope and finds members of its data.
 *
 * Returns: %TRUE on success
 */
gboolean
ls_wire_read_envelope (const char *text,
                       gsize length,
                       const char *const *names,
                       LsJsonSlice *members,
                       GError **error)
{
  LsJsonSlice data;

  if (!ls_wire_read_data (text, length, &data, error))
    return FALSE;

  if (!ls_json_find_members (data, names, members, error))
    {
      g_prefix_error (error, "data: ");
      return FALSE;
    }

  return TRUE;
}

static GString *
begin_envelope (void)
{
  return g_string_new ("{\"success\":true,\"data\":{");
}

static char *
finish_envelope (GString *out, gsize *length)
{
  g_string_append (out, "}}");
  return finish (out, length);
}

/**
 * ls_wire_decode_updates:
 * @text: (array length=length): body of a 200 to `GET /api/updates?cursor=`
 * @length: its length in bytes
 * @error: return location for a #LsJsonError
 *
 * Reads a page of updates. A malformed event is left out and counted.
 *
 * Returns: (transfer full) (nullable): the page
 */
LsUpdates *
ls_wire_decode_updates (const char *text, gsize length, GError **error)
{
  enum
  {
    UPDATES,
    CURSOR,
    MORE,
    PARTIAL,
    RESUME,
    N_MEMBERS
  };
  static const char *const names[] = { "updates", "cursor", "more", "partial", "resume", NULL };
  LsJsonSlice members[N_MEMBERS];
  g_autoptr (LsUpdates) updates = NULL;
  GPtrArray *events;

  g_return_val_if_fail (text != NULL, NULL);

  if (!ls_wire_read_envelope (text, length, names, members, error))
    return NULL;

  updates = ls_updates_new ();
  if (!ls_wire_read_cursor (members[CURSOR], &updates->cursor, error) ||
      !ls_json_get_boolean (members[MORE], &updates->more, error) ||
      !ls_wire_read_resume (members[RESUME], &updates->resume, error))
    return NULL;
  if (!ls_wire_is_absent (members[PARTIAL]) &&
      !ls_json_get_boolean (members[PARTIAL], &updates->partial, error))
    return NULL;
  if (updates->resume == LS_RESUME_FRESH)
    {
      fail_shape (error, "a page of updates is never fresh");
      return NULL;
    }

  events = ls_wire_read_events (members[UPDATES], &updates->n_bad_events, error);
  if (events == NULL)
    return NULL;

  g_ptr_array_unref (updates->events);
  updates->events = events;
  return g_steal_pointer (&updates);
}

/**
 * ls_wire_encode_updates:
 * @updates: a page with something in it: "not modified" is a 304, without a body
 * @length: (out) (optional): the text's length in bytes
 *
 * Returns: (transfer full): the body of a 200 to `GET /api/updates?cursor=`
 */
char *
ls_wire_encode_updates (const LsUpdates *updates, gsize *length)
{
  GString *out;

  g_return_val_if_fail (updates != NULL && !updates->not_modified, NULL);

  out = begin_envelope ();
  ls_wire_write_events (out, "updates", updates->events);
  ls_wire_write_cursor (out, "cursor", updates->cursor);
  ls_json_write_boolean (out, "more", updates->more);
  if (updates->partial)
    ls_json_write_boolean (out, "partial", TRUE);
  ls_wire_write_resume (out, "resume", updates->resume);
  return finish_envelope (out, length);
}

static LsRow *
read_row (LsJsonSlice value, LsEntity entity, GError **error)
{
  enum
  {
    ID,
    VERSION,
    DATA,
    N_MEMBERS
  };
  static const char *const names[] = { "id", "version", "data", NULL };
  LsJsonSlice members[N_MEMBERS];
  g_autofree char *id = NULL;
  gint64 version;
  LsRow *row;

  if (!ls_json_find_members (value, names, members, error))
    return NULL;

  id = ls_wire_read_id (members[ID], error);
  if (id == NULL || !ls_wire_read_optional_integer (members[VERSION], &version, error))
    return NULL;
  if (ls_json_get_kind (members[DATA]) != LS_JSON_OBJECT)
    {
      fail_shape (error, "the data is not an object");
      return NULL;
    }

  row = ls_row_new (entity, id, NULL, version);
  row->data = ls_json_get_raw (members[DATA]);
  return row;
}

static gboolean
read_rows (LsJsonSlice array, LsSnapshotPage *page, GError **error)
{
  LsJsonSlice element;
  LsJsonIter iter;

  if (ls_json_get_kind (array) != LS_JSON_ARRAY)
    return fail_shape (error, "the rows are not an array");

  ls_json_iter_init (&iter, array);
  while (ls_json_iter_next_element (&iter, &element))
    {
      g_autoptr (GError) bad = NULL;
      LsRow *row = read_row (element, page->entity, &bad);

      if (row != NULL)
        {
          g_ptr_array_add (page->rows, row);
          continue;
        }
      g_debug ("Left a bad row out: %s", bad->message);
      page->n_bad_rows++;
    }

  return TRUE;
}

static LsEntity
read_entity (LsJsonSlice value, GError **error)
{
  g_autofree char *name = ls_json_get_string (value, error);
  LsEntity entity = name != NULL ? ls_entity_from_string (name) : LS_ENTITY_INVALID;

  if (name != NULL && entity == LS_ENTITY_INVALID)
    fail_shape (error, "unknown entity");
  return entity;
}

/**
 * ls_wire_decode_snapshot_page:
 * @text: (array length=length): body of a 200 to `GET /api/snapshot`
 * @length: its length in bytes
 * @error: return location for a #LsJsonError
 *
 * Reads a page of a snapshot. A malformed row is left out and counted.
 *
 * Returns: (transfer full) (nullable): the page
 */
LsSnapshotPage *
ls_wire_decode_snapshot_page (const char *text, gsize length, GError **error)
{
  enum
  {
    ENTITY,
    ROWS,
    NEXT,
    CURSOR,
    N_MEMBERS
  };
  static const char *const names[] = { "entity", "rows", "next", "cursor", NULL };
  LsJsonSlice members[N_MEMBERS];
  g_autoptr (LsSnapshotPage) page = NULL;
  LsEntity entity;

  g_return_val_if_fail (text != NULL, NULL);

  if (!ls_wire_read_envelope (text, length, names, members, error))
    return NULL;

  entity = read_entity (members[ENTITY], error);
  if (entity == LS_ENTITY_INVALID)
    return NULL;

  page = ls_snapshot_page_new (entity);
  if (!ls_wire_read_cursor (members[CURSOR], &page->cursor, error) ||
      !ls_wire_read_optional_string (members[NEXT], &page->next, error) ||
      !read_rows (members[ROWS], page, error))
    return NULL;

  return g_steal_pointer (&page);
}

/**
 * ls_wire_encode_snapshot_page:
 * @page: a page of rows that have data
 * @length: (out) (optional): the text's length in bytes
 *
 * Returns: (transfer full): the body of a 200 to `GET /api/snapshot`
 */
char *
ls_wire_encode_snapshot_page (const LsSnapshotPage *page, gsize *length)
{
  GString *out;

  g_return_val_if_fail (page != NULL, NULL);

  out = begin_envelope ();
  ls_json_write_string (out, "entity", ls_entity_to_string (page->entity));
  ls_json_write_name (out, "rows");
  g_string_append_c (out, '[');
  for (guint i = 0; i < page->rows->len; i++)
    {
      const LsRow *row = g_ptr_array_index (page->rows, i);

      ls_json_next_element (out);
      g_string_append_c (out, '{');
      ls_json_write_string (out, "id", row->id);
      ls_wire_write_version (out, row->version);
      ls_json_write_raw (out, "data", row->data);
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');
  ls_json_write_string (out, "next", page->next);
  ls_wire_write_cursor (out, "cursor", page->cursor);
  return finish_envelope (out, length);
}

/* A sum is 16 hexadecimal digits: as a number it would be beyond 2^53. */
static gboolean
read_sum (LsJsonSlice value, guint64 *sum, GError **error)
{
  g_autofree char *text = ls_json_get_string (value, error);

  if (text == NULL)
    return FALSE;
  if (strlen (text) != SUM_LENGTH || strspn (text, "0123456789abcdef") != SUM_LENGTH)
    return fail_shape (error, "a checksum is 16 hexadecimal digits");

  *sum = g_ascii_strtoull (text, NULL, 16);
  return TRUE;
}

/**
 * ls_wire_decode_checksum:
 * @text: (array length=length): body of a 200 to `GET /api/checksum`
 * @length: its length in bytes
 * @error: return location for a #LsJsonError
 *
 * Reads a checksum.
 *
 * Returns: (transfer full) (nullable): the checksum
 */
LsChecksum *
ls_wire_decode_checksum (const char *text, gsize length, GError **error)
{
  enum
  {
    ENTITY,
    COUNT,
    CHECKSUM,
    CURSOR,
    N_MEMBERS
  };
  static const char *const names[] = { "entity", "count", "checksum", "cursor", NULL };
  LsJsonSlice members[N_MEMBERS];
  g_autoptr (LsChecksum) checksum = NULL;
  LsEntity entity;

  g_return_val_if_fail (text != NULL, NULL);

  if (!ls_wire_read_envelope (text, length, names, members, error))
    return NULL;

  entity = read_entity (members[ENTITY], error);
  if (entity == LS_ENTITY_INVALID)
    return NULL;

  checksum = ls_checksum_new (entity);
  if (!ls_wire_read_integer (members[COUNT], &checksum->count, error) ||
      !read_sum (members[CHECKSUM], &checksum->sum, error) ||
      !ls_wire_read_cursor (members[CURSOR], &checksum->cursor, error))
    return NULL;

  return g_steal_pointer (&checksum);
}

/**
 * ls_wire_encode_checksum:
 * @checksum: a checksum with its cursor
 * @length: (out) (optional): the text's length in bytes
 *
 * Returns: (transfer full): the body of a 200 to `GET /api/checksum`
 */
char *
ls_wire_encode_checksum (const LsChecksum *checksum, gsize *length)
{
  g_autofree char *sum = NULL;
  GString *out;

  g_return_val_if_fail (checksum != NULL, NULL);

  sum = g_strdup_printf ("%016" G_GINT64_MODIFIER "x", checksum->sum);
  out = begin_envelope ();
  ls_json_write_string (out, "entity", ls_entity_to_string (checksum->entity));
  ls_json_write_int (out, "count", checksum->count);
  ls_json_write_string (out, "checksum", sum);
  ls_wire_write_cursor (out, "cursor", checksum->cursor);
  return finish_envelope (out, length);
}

/**
 * ls_wire_encode_login:
 * @email: the user's e-mail address
 * @password: the user's password
 * @length: (out) (optional): the text's length in bytes
 *
 * Returns: (transfer full): the body of `POST /api/auth/login`; a secret: wipe it after use
 */
char *
ls_wire_encode_login (const char *email, const char *password, gsize *length)
{
  GString *out;

  g_return_val_if_fail (email != NULL && password != NULL, NULL);

  out = g_string_new ("{");
  ls_json_write_string (out, "email", email);
  ls_json_write_string (out, "password", password);
  g_string_append_c (out, '}');
  return finish (out, length);
}

/**
 * ls_wire_encode_refresh:
 * @refresh_token: the refresh token
 * @length: (out) (optional): the text's length in bytes
 *
 * Returns: (transfer full): the body of `POST /api/auth/refresh`; a secret: wipe it after use
 */
char *
ls_wire_encode_refresh (const char *refresh_token, gsize *length)
{
  GString *out;

  g_return_val_if_fail (refresh_token != NULL, NULL);

  out = g_string_new ("{");
  ls_json_write_string (out, "refreshToken", refresh_token);
  g_string_append_c (out, '}');
  return finish (out, length);
}

/**
 * ls_wire_encode_logout:
 * @refresh_token: (nullable): the refresh token, if the server takes it
 * @length: (out) (optional): the text's length in bytes
 *
 * Returns: (transfer full): the body of `POST /api/auth/logout`; a secret: wipe it after use
 */
char *
ls_wire_encode_logout (const char *refresh_token, gsize *length)
{
  if (refresh_token != NULL)
    return ls_wire_encode_refresh (refresh_token, length);

  return finish (g_string_new ("{}"), length);
}

/**
 * ls_wire_decode_session:
 * @text: (array length=length): body of a 200 to `POST /api/auth/login` or `/refresh`
 * @length: its length in bytes
 * @error: return location for a #LsJsonError
 *
 * Reads what signing in answers: with a user; or what a refresh does: without, in the classic
 * system also without a refresh token.
 *
 * Returns: (transfer full) (nullable): the session
 */
LsSession *
ls_wire_decode_session (const char *text, gsize length, GError **error)
{
  enum
  {
    USER,
    TOKEN,
    REFRESH_TOKEN,
    N_MEMBERS
  };
  static const char *const names[] = { "user", "token", "refreshToken", NULL };
  LsJsonSlice members[N_MEMBERS];
  g_autoptr (LsSession) session = NULL;

  g_return_val_if_fail (text != NULL, NULL);

  if (!ls_wire_read_envelope (text, length, names, members, error))
    return NULL;

  session = ls_session_new (NULL, NULL);
  if (!ls_wire_read_token (members[TOKEN], &session->access, error))
    return NULL;
  if (!ls_wire_is_absent (members[REFRESH_TOKEN]) &&
      !ls_wire_read_token (members[REFRESH_TOKEN], &session->refresh, error))
    return NULL;

  if (!ls_wire_is_absent (members[USER]))
    {
      session->user = ls_wire_read_user (members[USER], error);
      if (session->user == NULL)
        {
          g_prefix_error (error, "user: ");
          return NULL;
        }
    }

  return g_steal_pointer (&session);
}

/* The user as a sign-in introduces one. Only active users can sign in. */
static void
write_user (GString *out, const LsUser *user)
{
  const char *extra_role = ls_extra_role_to_string (user->extra_role);

  ls_json_write_name (out, "user");
  g_string_append_c (out, '{');
  ls_json_write_string (out, "id", user->id);
  ls_json_write_string (out, "name", user->name);
  ls_json_write_string (out, "email", user->email);
  ls_json_write_string (out, "role", ls_role_to_string (user->role));
  ls_json_write_string (out, "extraRole", *extra_role != '\0' ? extra_role : NULL);
  ls_json_write_string (out, "status", "active");
  g_string_append_c (out, '}');
}

/**
 * ls_wire_encode_session:
 * @session: a session; with a user it answers a sign-in, without a refresh
 * @length: (out) (optional): the text's length in bytes
 *
 * Returns: (transfer full): the body of a 200; a secret: wipe it after use
 */
char *
ls_wire_encode_session (const LsSession *session, gsize *length)
{
  GString *out;

  g_return_val_if_fail (session != NULL, NULL);

  out = begin_envelope ();
  if (session->user != NULL)
    write_user (out, session->user);
  ls_json_write_string (out, "token", session->access);
  if (session->refresh != NULL)
    ls_json_write_string (out, "refreshToken", session->refresh);
  return finish_envelope (out, length);
}

/**
 * ls_wire_decode_error_message:
 * @text: (array length=length): body of an HTTP error
 * @length: its length in bytes
 * @code: (out) (nullable): what `error` says
 * @message: (out) (nullable): what `message` says: for the log, it is in the server's language
 *
 * Reads what it can of the body of an HTTP error. There are many shapes, proxies have theirs, and
 * the status has said the essential: so nothing is an error here.
 *
 * Returns: whether anything was found
 */
gboolean
ls_wire_decode_error_message (const char *text, gsize length, char **code, char **message)
{
  static const char *const names[] = { "error", "message", NULL };
  LsJsonSlice root, members[G_N_ELEMENTS (names) - 1];

  g_return_val_if_fail (text != NULL && code != NULL && message != NULL, FALSE);

  *code = NULL;
  *message = NULL;
  if (!ls_json_check_root (text, length, LS_WIRE_MAX_BODY, &root, NULL) ||
      !ls_json_find_members (root, names, members, NULL))
    return FALSE;

  *code = ls_json_get_string (members[0], NULL);
  *message = ls_json_get_string (members[1], NULL);
  return *code != NULL || *message != NULL;
}

/**
 * ls_wire_encode_error_message:
 * @code: what went wrong, a name
 * @message: the same for people
 * @status: the HTTP status
 * @length: (out) (optional): the text's length in bytes
 *
 * Returns: (transfer full): the body of an HTTP error
 */
char *
ls_wire_encode_error_message (const char *code, const char *message, guint status, gsize *length)
{
  GString *out;

  g_return_val_if_fail (code != NULL && message != NULL, NULL);

  out = g_string_new ("{\"success\":false");
  ls_json_write_string (out, "message", message);
  ls_json_write_string (out, "error", code);
  ls_json_write_int (out, "status", status);
  g_string_append_c (out, '}');
  return finish (out, length);
}
