/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-i18n.h"

#include <locale.h>

/* Where translations are looked for instead of where they get installed; for a build that is run
 * from its own directory. */
#define VARIABLE_LOCALEDIR "LABSYNC_LOCALEDIR"

/**
 * ls_i18n_init:
 *
 * Makes the program speak the user's language. To be called first in main(). GLib wants UTF-8,
 * whatever the locale's own character set is.
 */
void
ls_i18n_init (void)
{
  const char *directory = g_getenv (VARIABLE_LOCALEDIR);

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, directory != NULL ? directory : LS_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}

/**
 * ls_i18n_use_english:
 *
 * From here on all text is English, also that of the libraries: for programs whose text goes into a
 * log, onto the bus or into JSON, where the same thing must have the same words everywhere. Dates
 * and numbers stay those of the locale. To be called before there is a second thread.
 */
void
ls_i18n_use_english (void)
{
  setlocale (LC_MESSAGES, "C");
}

/**
 * ls_i18n_for_user:
 * @text: what is marked with N_()
 *
 * For a program that has called ls_i18n_use_english(), and all the same has something to say to the user.
 *
 * Returns: (transfer none): @text in the user's language
 */
const char *
ls_i18n_for_user (const char *text)
{
  locale_t users = newlocale (LC_ALL_MASK, "", (locale_t)0);
  locale_t before;
  const char *translated;

  /* a locale that this machine does not have */
  if (users == (locale_t)0)
    return text;

  before = uselocale (users);
  translated = gettext (text);
  uselocale (before);
  freelocale (users);
  return translated;
}
