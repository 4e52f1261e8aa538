/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-deflate-params.h"

G_BEGIN_DECLS

typedef struct _LsInflater LsInflater;

LsInflater *ls_inflater_new (const LsDeflateSide *side);
void ls_inflater_free (LsInflater *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsInflater, ls_inflater_free)

GBytes *ls_inflater_inflate (LsInflater *self, GBytes *packed, gsize max_size, GError **error);

G_END_DECLS
