/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-database.h"
#include "ls-school.h"

G_BEGIN_DECLS

/** LS_SCHOOL_MAX_ROW: bytes of a row as JSON: an event of it stays below 1 MiB (protocol, "Limits") */
#define LS_SCHOOL_MAX_ROW ((1 << 20) - (4 << 10))

struct _LsSchool
{
  GObject parent_instance;

  LsDatabase *database; /* (owned) */
  int lock_fd;          /* keeps other servers away from the directory; -1: none */
  char *epoch;          /* (owned) */
  gint64 top;           /* the last offset of the log */
  GHashTable *viewers;  /* (owned) (element-type utf8 LsViewer): those asked for, by user id */
};

void ls_school_publish (LsSchool *self, GPtrArray *viewer_ids, GPtrArray *entries);
gboolean ls_school_check_active (const LsViewer *viewer, GError **error);

G_END_DECLS
