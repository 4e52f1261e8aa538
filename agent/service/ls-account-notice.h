/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-agent.h"
#include "ls-notifier.h"

G_BEGIN_DECLS

#define LS_TYPE_ACCOUNT_NOTICE (ls_account_notice_get_type ())
G_DECLARE_FINAL_TYPE (LsAccountNotice, ls_account_notice, LS, ACCOUNT_NOTICE, GObject)

LsAccountNotice *ls_account_notice_new (LsAgent *agent, LsNotifier *notifier);

G_END_DECLS
