/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

GTlsCertificate *
ls_tls_load_certificate (const char *certificate_file, const char *key_file, GError **error);

G_END_DECLS
