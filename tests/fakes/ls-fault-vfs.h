/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsFaultVfs:
 *
 * A disk for SQLite that fails when the test says so. While there is one, it is SQLite's default:
 * the code under test opens its files as ever. Files are real, but what would survive a power cut
 * is kept apart: only what was synced. Writes, syncs and truncations are counted from 1; a fault is
 * planned for one of them. Can be used from any thread; one at a time.
 */
typedef struct _LsFaultVfs LsFaultVfs;

LsFaultVfs *ls_fault_vfs_new (void);
void ls_fault_vfs_free (LsFaultVfs *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsFaultVfs, ls_fault_vfs_free)

void ls_fault_vfs_fail (LsFaultVfs *self, guint at, int code, gboolean lasting);
void ls_fault_vfs_cut_power (LsFaultVfs *self, guint at);
void ls_fault_vfs_mend (LsFaultVfs *self);
void ls_fault_vfs_restore_power (LsFaultVfs *self, GRand *torn);
guint ls_fault_vfs_get_n_calls (LsFaultVfs *self);
guint ls_fault_vfs_get_n_faults (LsFaultVfs *self);

G_END_DECLS
