/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* _() translates where it stands, N_() only marks for a _() later on, and C_() has a context that
 * tells apart what English says alike. A number in a sentence wants ngettext(). Only what people
 * read is marked: no log message, no error code, no JSON. */
#include <glib/gi18n.h>

G_BEGIN_DECLS

void ls_i18n_init (void);
void ls_i18n_use_english (void);
const char *ls_i18n_for_user (const char *text) G_GNUC_FORMAT (1);

G_END_DECLS
