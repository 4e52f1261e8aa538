/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

GStrv ls_ctl_event_to_cells (GVariant *event);

G_END_DECLS
