/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-clock.h"

G_BEGIN_DECLS

/** LS_DURABLES_KEEP_MS: how long an unused place is kept: 7 days (contract, "Delivery") */
#define LS_DURABLES_KEEP_MS (G_GINT64_CONSTANT (7) * 24 * 60 * 60 * 1000)
/** LS_DURABLES_MAX: how many places there may be */
#define LS_DURABLES_MAX 256
/** LS_DURABLES_MAX_OF_APP: how many of them one app may have */
#define LS_DURABLES_MAX_OF_APP 32
/** LS_DURABLES_MAX_NAME: how many bytes a name may have */
#define LS_DURABLES_MAX_NAME 255

#define LS_TYPE_DURABLES (ls_durables_get_type ())
G_DECLARE_FINAL_TYPE (LsDurables, ls_durables, LS, DURABLES, GObject)

LsDurables *ls_durables_new (LsClock *clock, const char *path);
gboolean
ls_durables_lookup (LsDurables *self, const char *store_id, const char *name, guint64 *seq);
gboolean ls_durables_set (LsDurables *self,
                          const char *store_id,
                          const char *name,
                          const char *app,
                          guint64 seq,
                          GError **error);
void ls_durables_forget (LsDurables *self, const char *store_id);

G_END_DECLS
