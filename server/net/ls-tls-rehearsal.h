/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

gboolean ls_tls_rehearse (GTlsCertificate *certificate, GError **error);

G_END_DECLS
