/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsCtlColor:
 * @LS_CTL_COLOR_NONE: as the rest
 * @LS_CTL_COLOR_BOLD: a heading
 * @LS_CTL_COLOR_GOOD: all is well
 * @LS_CTL_COLOR_WAIT: on the way
 * @LS_CTL_COLOR_BAD: something is wrong
 *
 * What a colour means; used on terminals only.
 */
typedef enum
{
  LS_CTL_COLOR_NONE,
  LS_CTL_COLOR_BOLD,
  LS_CTL_COLOR_GOOD,
  LS_CTL_COLOR_WAIT,
  LS_CTL_COLOR_BAD,
} LsCtlColor;

/**
 * LsCtlTable:
 *
 * Rows of cells that are printed below each other.
 */
typedef struct _LsCtlTable LsCtlTable;

LsCtlTable *ls_ctl_table_new (const char *const *headings);
void ls_ctl_table_free (LsCtlTable *self);
void ls_ctl_table_add (LsCtlTable *self, const char *const *cells);
void ls_ctl_table_print (const LsCtlTable *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsCtlTable, ls_ctl_table_free)

void ls_ctl_print_raw (const char *text);
void ls_ctl_print_line (const char *label, const char *text, LsCtlColor color);
char *ls_ctl_format_time (gint64 ms);
char *ls_ctl_format_text (const char *text);
char *ls_ctl_format_json (const char *json);

G_END_DECLS
