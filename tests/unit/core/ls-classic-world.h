/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-classic.h"
#include "ls-fake-clock.h"

G_BEGIN_DECLS

#define MINUTE G_GINT64_CONSTANT (60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define BIT(entity) (1u << LS_ENTITY_##entity)
/** POLLED: the tables that polls have */
#define POLLED                                                                                     \
  (BIT (GRADE) | BIT (ATTENDANCE) | BIT (ANNOUNCEMENT) | BIT (LIBRARY_MATERIAL) | BIT (EVENT) |    \
   BIT (USER))
/** FULL: no poll has more rows of a table */
#define FULL 100

/*
 * A school as the classic system shows it, and a disk as the store keeps it.
 */
typedef struct
{
  LsFakeClock *clock;
  LsClassic *classic;

  GPtrArray *tables[LS_N_ENTITIES]; /* (element-type LsRow): as_of is when it was changed, by the
                                     * server's clock */
  LsEntitySet failing;              /* tables that polls leave out */
  guint n_bad;                      /* rows in a poll that nobody can read */
  guint n_bad_announcements;        /* of them, so many can be told whose they are */
  guint n_without_id;               /* announcements */
  guint remaining;                  /* of the limit; 0: nothing is said of one */
  LsReason list_error;              /* of every list; none: they are answered */
  LsReason lesson_error;            /* of those that teach whose rows are whose */
  LsReason poll_error;

  LsEntitySet followed;
  LsEntitySet baselines;
  GHashTable *disk[LS_N_ENTITIES]; /* (element-type utf8 utf8) */
  GString *told;                   /* what apps were told since the last look */
  GString *asked;                  /* what the server was asked since */
  guint n_puts;                    /* what went to the disk since */
  gint64 since;                    /* of the last poll */
} LsClassicWorld;

/** LS_CLASSIC_ADD: one case */
#define LS_CLASSIC_ADD(name, function)                                                             \
  g_test_add ("/core/classic/" name, LsClassicWorld, NULL, ls_classic_world_set_up, function,      \
              ls_classic_world_tear_down)

gint64 ls_classic_world_get_time (LsClassicWorld *w);
void
ls_classic_world_set_row (LsClassicWorld *w, LsEntity entity, const char *id, const char *data);
void ls_classic_world_delete_row (LsClassicWorld *w, LsEntity entity, const char *id);
void ls_classic_world_set_announcements (LsClassicWorld *w, guint first, guint last);
void ls_classic_world_set_grade (LsClassicWorld *w, const char *id, const char *student, int score);
void ls_classic_world_set_user (LsClassicWorld *w, const char *id, const char *name);
LsCommand *ls_classic_world_answer (LsClassicWorld *w, LsCommand *command);
LsCommand *ls_classic_world_start (LsClassicWorld *w);
void ls_classic_world_run (LsClassicWorld *w);
void ls_classic_world_assert_took (GString *log, const char *expected);
void
ls_classic_world_assert_run (LsClassicWorld *w, const char *asked, const char *told, guint n_puts);
void ls_classic_world_forget_log (LsClassicWorld *w);
guint ls_classic_world_count (LsClassicWorld *w, LsEntity entity);
void ls_classic_world_wait (LsClassicWorld *w, gint64 duration);
void ls_classic_world_set_up (LsClassicWorld *w, gconstpointer data);
void ls_classic_world_tear_down (LsClassicWorld *w, gconstpointer data);

G_END_DECLS
