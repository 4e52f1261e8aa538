/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LLVMFuzzerTestOneInput:
 * @data: (array length=size): an input
 * @size: its length in bytes
 *
 * What every fuzz target is: see https://llvm.org/docs/LibFuzzer.html. Aborts when something is
 * wrong.
 *
 * Returns: 0
 */
int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

G_END_DECLS
