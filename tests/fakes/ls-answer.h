/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a test waits for of an asynchronous call. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void ls_answer_cb (GObject *object, GAsyncResult *result, gpointer user_data);
GAsyncResult *ls_answer_wait (GAsyncResult **answer);

G_END_DECLS
