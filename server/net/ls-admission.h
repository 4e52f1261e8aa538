/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsAdmission:
 *
 * How many agents may connect in a second, and when the others are to come back.
 */
typedef struct _LsAdmission LsAdmission;

LsAdmission *ls_admission_new (guint per_second);
void ls_admission_free (LsAdmission *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsAdmission, ls_admission_free)

guint ls_admission_check (LsAdmission *self, gint64 now);
void ls_admission_count (LsAdmission *self, gint64 now);

G_END_DECLS
