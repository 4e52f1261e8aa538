/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsSchoolError:
 * @LS_SCHOOL_ERROR_FORBIDDEN: the viewer may not do that; or is not active
 * @LS_SCHOOL_ERROR_NOT_FOUND: no such table, or no such row that the viewer may see
 * @LS_SCHOOL_ERROR_GONE: the row was deleted
 * @LS_SCHOOL_ERROR_INVALID: the body or the id is not acceptable; #LsWriteResult names the field
 * @LS_SCHOOL_ERROR_EXISTS: a row with that id exists already; #LsWriteResult has it if the viewer
 *   may see it
 * @LS_SCHOOL_ERROR_VERSION: the row has another version than expected; #LsWriteResult has the row
 * @LS_SCHOOL_ERROR_KEY_REUSED: the action's key belongs to another request of the same user
 * @LS_SCHOOL_ERROR_PAGE: a snapshot's page token is damaged, or of another epoch or entity
 * @LS_SCHOOL_ERROR_SESSION: no such session or refresh token, or it is over
 * @LS_SCHOOL_ERROR_REUSED: the refresh token was replaced long ago; its session was ended for that
 * @LS_SCHOOL_ERROR_BUSY: too much is being written for that; later it will go
 * @LS_SCHOOL_ERROR_STORAGE: the database failed; nothing was changed
 * @LS_SCHOOL_ERROR_NEWER: the database was written by a newer version; it was not touched
 *
 * What can go wrong.
 */
typedef enum
{
  LS_SCHOOL_ERROR_FORBIDDEN,
  LS_SCHOOL_ERROR_NOT_FOUND,
  LS_SCHOOL_ERROR_GONE,
  LS_SCHOOL_ERROR_INVALID,
  LS_SCHOOL_ERROR_EXISTS,
  LS_SCHOOL_ERROR_VERSION,
  LS_SCHOOL_ERROR_KEY_REUSED,
  LS_SCHOOL_ERROR_PAGE,
  LS_SCHOOL_ERROR_SESSION,
  LS_SCHOOL_ERROR_REUSED,
  LS_SCHOOL_ERROR_BUSY,
  LS_SCHOOL_ERROR_STORAGE,
  LS_SCHOOL_ERROR_NEWER,
} LsSchoolError;

#define LS_SCHOOL_ERROR (ls_school_error_quark ())
GQuark ls_school_error_quark (void);

G_END_DECLS
