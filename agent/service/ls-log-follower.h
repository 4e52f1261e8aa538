/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-delivery.h"
#include "ls-log-reader.h"
#include "ls-subscriber.h"

G_BEGIN_DECLS

#define LS_TYPE_LOG_FOLLOWER (ls_log_follower_get_type ())
G_DECLARE_FINAL_TYPE (LsLogFollower, ls_log_follower, LS, LOG_FOLLOWER, GObject)

LsLogFollower *ls_log_follower_new (LsAgent *agent,
                                    LsLogReader *reader,
                                    LsSubscriber *subscriber,
                                    LsDelivery *delivery);
void ls_log_follower_start (LsLogFollower *self);
gboolean ls_log_follower_skip (LsLogFollower *self, guint64 from, guint64 to);
void ls_log_follower_stop (LsLogFollower *self);

G_END_DECLS
