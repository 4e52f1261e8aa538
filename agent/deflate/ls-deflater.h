/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-deflate-params.h"

G_BEGIN_DECLS

typedef struct _LsDeflater LsDeflater;

LsDeflater *ls_deflater_new (const LsDeflateSide *side);
void ls_deflater_free (LsDeflater *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsDeflater, ls_deflater_free)

GBytes *ls_deflater_deflate (LsDeflater *self, GBytes *message, gint64 now, GError **error);
void ls_deflater_rest (LsDeflater *self, gint64 now);
gboolean ls_deflater_is_at_rest (LsDeflater *self);

G_END_DECLS
