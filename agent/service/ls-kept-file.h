/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define LS_TYPE_KEPT_FILE (ls_kept_file_get_type ())
G_DECLARE_FINAL_TYPE (LsKeptFile, ls_kept_file, LS, KEPT_FILE, GObject)

LsKeptFile *ls_kept_file_new (const char *path, const char *what);
GKeyFile *ls_kept_file_load (LsKeptFile *self);
void ls_kept_file_save (LsKeptFile *self, GKeyFile *file);
void ls_kept_file_save_now (LsKeptFile *self, GKeyFile *file);
gboolean ls_kept_file_is_busy (LsKeptFile *self);

G_END_DECLS
