/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-app-finder.h"

G_BEGIN_DECLS

/* For an app in a sandbox by all its connections, for anybody else by each of them. */
/** LS_CALLERS_MAX_SUBSCRIPTIONS: how many subscriptions an app may have */
#define LS_CALLERS_MAX_SUBSCRIPTIONS 64
/** LS_CALLERS_MAX_CALLS: how many calls of an app may be unanswered */
#define LS_CALLERS_MAX_CALLS 32
/** LS_CALLERS_MAX_WAITS: how many calls of an app may be unanswered because they are there to wait. With its
 * other calls less than a bus refuses by itself: 128 (dbus-daemon(1), max_replies_per_connection) */
#define LS_CALLERS_MAX_WAITS 64

#define LS_TYPE_CALLERS (ls_callers_get_type ())
G_DECLARE_FINAL_TYPE (LsCallers, ls_callers, LS, CALLERS, GObject)

LsCallers *ls_callers_new (GDBusConnection *connection, LsAppFinder *finder);
void ls_callers_guard_class (GDBusInterfaceSkeletonClass *klass);
void ls_callers_guard (LsCallers *self, GDBusInterfaceSkeleton *skeleton);
gboolean ls_callers_begin_wait (LsCallers *self, GDBusMethodInvocation *invocation, GError **error);
gboolean ls_callers_add_subscription (LsCallers *self, const char *sender, GError **error);
void ls_callers_remove_subscription (LsCallers *self, const char *sender);
guint ls_callers_count (LsCallers *self);
guint ls_callers_count_subscriptions (LsCallers *self);

G_END_DECLS
