/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-quiet-log.h"

static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
  if ((level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) == 0)
    return G_LOG_WRITER_HANDLED;

  return g_log_writer_standard_streams (level, fields, n_fields, user_data);
}

/**
 * ls_quiet_log_install:
 *
 * For a program in which things go wrong on purpose, after g_test_init(): only what is fatal is said,
 * and warnings are not. To be called once.
 */
void
ls_quiet_log_install (void)
{
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  g_log_set_writer_func (write_log, NULL, NULL);
}
