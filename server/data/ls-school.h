/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "ls-audit-entry.h"
#include "ls-checksum.h"
#include "ls-log-entry.h"
#include "ls-reply.h"
#include "ls-row.h"
#include "ls-school-error.h"
#include "ls-viewer.h"

G_BEGIN_DECLS

/** LS_SCHOOL_MAX_PAGE: rows or events in a page (protocol, `limit=500`) */
#define LS_SCHOOL_MAX_PAGE 500

/** LS_SCHOOL_MAX_ANSWER: bytes in a page (protocol, "Limits") */
#define LS_SCHOOL_MAX_ANSWER ((gsize)1 << 20)

/** LS_SCHOOL_REFRESH_GRACE: how long a rotated refresh token stays good, ms (protocol, "HTTP") */
#define LS_SCHOOL_REFRESH_GRACE (60 * 1000)

/** LS_SCHOOL_LOG_AGE: how long an entry is kept in the log at least: 30 days, in milliseconds */
#define LS_SCHOOL_LOG_AGE (30 * G_GINT64_CONSTANT (86400000))

/** LS_SCHOOL_ACTION_AGE: how long an action's key is remembered at least: 30 days, in milliseconds
 * (protocol, "Actions") */
#define LS_SCHOOL_ACTION_AGE (30 * G_GINT64_CONSTANT (86400000))

/** LsWriteKind: what to do with a row; PUT and PATCH are both updates of the given columns */
typedef enum
{
  LS_WRITE_CREATE,
  LS_WRITE_UPDATE,
  LS_WRITE_DELETE,
} LsWriteKind;

/**
 * LsWrite:
 * @kind: what to do
 * @table: (unowned): the REST table's name, as the client gave it
 * @id: (unowned) (nullable): the row's id; may be %NULL for a create, where the body may carry one
 * @body: (unowned) (nullable): the columns; not used by a delete
 * @password_hash: (unowned) (nullable): users only, admin only: from ls_password_hash(); the body
 *   itself must contain neither `password` nor `password_hash`
 * @if_version: the version that the row is expected to have; 0: any
 * @action_id: (unowned) (nullable): idempotency key of the action: what this write comes to is
 *   remembered by it
 * @request_hash: (unowned) (nullable): with @action_id, and only then: a hash of all that the
 *   request asks for, to tell its repetition from another request with the same key
 * @address: (unowned) (nullable): from where, for the audit
 *
 * A write. Lives on the stack.
 */
typedef struct
{
  LsWriteKind kind;
  const char *table;
  const char *id;
  JsonObject *body;
  const char *password_hash;
  gint64 if_version;
  const char *action_id;
  const char *request_hash;
  const char *address;
} LsWrite;

/**
 * LsWriteResult:
 * @row: (owned) (nullable): the row as JSON text, as the viewer may see it; of a delete or of a
 *   row out of sight: `{"id":…}`
 * @id: (owned) (nullable): its id, %NULL if @row is
 * @version: its version, 0 if @row is %NULL
 * @cursor: the top of the log, this write included; unset after an error
 * @field: (owned) (nullable): after %LS_SCHOOL_ERROR_INVALID: which member of the body is wrong
 * @replayed: whether nothing was done now: this is what the action came to the first time
 *
 * What a write came to. Lives on the stack: start with { 0 } and end with
 * ls_write_result_clear().
 */
typedef struct
{
  char *row;
  char *id;
  gint64 version;
  LsCursor cursor;
  char *field;
  gboolean replayed;
} LsWriteResult;

void ls_write_result_clear (LsWriteResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LsWriteResult, ls_write_result_clear)

/**
 * LsLogin:
 * @user_id: whose
 * @password_hash: (nullable): for ls_password_verify(); %NULL: has none, can't sign in
 * @active: whether the account may be used
 *
 * What is needed to check a password. Never logged.
 */
typedef struct
{
  char *user_id;
  char *password_hash;
  gboolean active;
} LsLogin;

void ls_login_free (LsLogin *login);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsLogin, ls_login_free)

/**
 * LsSchoolSession:
 * @id: the session's id
 * @user_id: whose
 * @generation: how often it was refreshed: which of its refresh tokens is the last
 * @expires_at: when the session is over, milliseconds since the epoch
 *
 * A session.
 */
typedef struct
{
  char *id;
  char *user_id;
  gint64 generation;
  gint64 expires_at;
} LsSchoolSession;

void ls_school_session_free (LsSchoolSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsSchoolSession, ls_school_session_free)

/**
 * LsSchool:
 *
 * Everything that the school stores, and who may see it. All calls are synchronous and belong on
 * one thread.
 *
 * Signals, emitted after the commit, in this order:
 *
 * LsSchool::viewer-changed (const char *user_id): a user's scope or account changed (also
 * deactivation and deletion): get the viewer again.
 *
 * LsSchool::appended (GPtrArray *entries): (element-type LsLogEntry): the log has new entries, all
 * of one transaction.
 */
#define LS_TYPE_SCHOOL (ls_school_get_type ())
G_DECLARE_FINAL_TYPE (LsSchool, ls_school, LS, SCHOOL, GObject)

LsSchool *ls_school_open (const char *data_dir, GError **error);
gboolean ls_school_check (LsSchool *self, GError **error);
LsCursor ls_school_get_cursor (LsSchool *self);
gboolean ls_school_seed_demo (LsSchool *self, GError **error);
gboolean ls_school_trim (LsSchool *self, gint64 now_ms, gboolean *more, GError **error);

/* Who looks */
LsViewer *ls_school_get_viewer (LsSchool *self, const char *user_id, GError **error);

/* Reading */
gboolean ls_school_has_table (const char *table);
GPtrArray *
ls_school_list (LsSchool *self, const LsViewer *viewer, const char *table, GError **error);
LsRow *ls_school_get (LsSchool *self,
                      const LsViewer *viewer,
                      const char *table,
                      const char *id,
                      GError **error);
LsSnapshotPage *ls_school_snapshot (LsSchool *self,
                                    const LsViewer *viewer,
                                    LsEntity entity,
                                    const char *page_token,
                                    guint limit,
                                    GError **error);
void ls_school_checksum_async (LsSchool *self,
                               const LsViewer *viewer,
                               LsEntity entity,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
LsChecksum *ls_school_checksum_finish (LsSchool *self, GAsyncResult *result, GError **error);
LsUpdates *ls_school_updates (LsSchool *self,
                              const LsViewer *viewer,
                              LsCursor from,
                              guint limit,
                              gsize size,
                              GError **error);
LsEvent *ls_school_project (LsSchool *self, const LsViewer *viewer, const LsLogEntry *entry);

/* Writing */
gboolean ls_school_write (LsSchool *self,
                          const LsViewer *viewer,
                          const LsWrite *write,
                          LsWriteResult *result,
                          GError **error);

/* What happened */
gboolean ls_school_audit (LsSchool *self, GPtrArray *entries, GError **error);
GPtrArray *ls_school_list_audit (LsSchool *self,
                                 const LsViewer *viewer,
                                 const char *user_id,
                                 gint64 before,
                                 guint limit,
                                 GError **error);
gboolean ls_school_forget_audit (LsSchool *self, gint64 before_ms, gboolean *more, GError **error);

/* Signing in */
LsLogin *ls_school_find_login (LsSchool *self, const char *email, GError **error);
gboolean ls_school_knows (LsSchool *self, const char *email, const char *network);
LsSchoolSession *ls_school_create_session (LsSchool *self,
                                           const char *user_id,
                                           const char *address,
                                           const char *network,
                                           gint64 expires_at_ms,
                                           GError **error);
LsSchoolSession *ls_school_rotate_session (LsSchool *self,
                                           const char *session_id,
                                           gint64 generation,
                                           gint64 now_ms,
                                           GError **error);
gboolean ls_school_revoke_session (LsSchool *self, const char *session_id, GError **error);
gboolean ls_school_session_is_active (LsSchool *self, const char *session_id, gint64 now_ms);

G_END_DECLS
