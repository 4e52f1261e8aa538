/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* `_ ("text")` is translated where it stands, `N_ ("text")` only marks it for `_ ()` later on, and
 * `C_ ("context", "text")` tells apart what English says alike. A number in a sentence wants
 * ngettext(). Only what people read is marked: no log message, no error code, no JSON. */
#include <glib/gi18n.h>

G_BEGIN_DECLS

void ls_i18n_init (void);
void ls_i18n_use_english (void);

G_END_DECLS
