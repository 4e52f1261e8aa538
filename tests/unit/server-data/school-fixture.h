/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-school.h"

G_BEGIN_DECLS

/** OK: what school_write() returns when there was no error; else it is an #LsSchoolError */
#define OK (-1)

/**
 * School:
 * @directory: its data
 * @school: the school
 *
 * A school with a few people (see school-fixture.c), in a directory that goes with it.
 */
typedef struct
{
  char *directory;
  LsSchool *school;
} School;

/**
 * Replica:
 *
 * What a client of one user has by its events alone.
 */
typedef struct
{
  School *school;
  char *user_id;
  LsCursor cursor;
  GHashTable *rows; /* (owned): "entity/id" to JSON text */
  guint n_events;
} Replica;

char *school_make_directory (void);
void school_remove_directory (const char *directory);
void school_execute (const char *directory, const char *sql);
void school_set_up (School *self, gconstpointer data);
void school_tear_down (School *self, gconstpointer data);
void school_add_people (School *self);
void school_add_records (School *self);

LsViewer *school_get_viewer (School *self, const char *user_id);
int school_write_full (School *self, const char *user_id, LsWrite write, LsWriteResult *result);
int school_create (School *self, const char *user_id, const char *table, const char *json);
int school_update (School *self,
                   const char *user_id,
                   const char *table,
                   const char *id,
                   const char *json);
int school_delete (School *self, const char *user_id, const char *table, const char *id);
JsonObject *school_parse (const char *json);
char *school_list_ids (School *self, const char *user_id, const char *table);
char *school_get_row (School *self, const char *user_id, const char *table, const char *id);

Replica *replica_new (School *school, const char *user_id);
void replica_free (Replica *self);
void replica_apply (Replica *self, const LsEvent *event);
void replica_catch_up (Replica *self, guint limit);
void replica_snapshot (Replica *self, guint limit);
void replica_assert_complete (Replica *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Replica, replica_free)

G_END_DECLS
