/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-account-notice.h"

#include "ls-i18n.h"

/* What our notification is called. */
#define ID "account"

/**
 * LsAccountNotice:
 *
 * Tells the user once when the account has expired, as nothing comes and nothing goes until they sign
 * in. Others may see the screen: it says neither who they are nor what they did.
 */
struct _LsAccountNotice
{
  GObject parent_instance;

  LsAgent *agent;       /* (owned) */
  LsNotifier *notifier; /* (owned) */
};

G_DEFINE_FINAL_TYPE (LsAccountNotice, ls_account_notice, G_TYPE_OBJECT)

static void
ls_account_notice_finalize (GObject *object)
{
  LsAccountNotice *self = LS_ACCOUNT_NOTICE (object);

  g_clear_object (&self->agent);
  g_clear_object (&self->notifier);

  G_OBJECT_CLASS (ls_account_notice_parent_class)->finalize (object);
}

static void
ls_account_notice_class_init (LsAccountNoticeClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_account_notice_finalize;
}

static void
ls_account_notice_init (LsAccountNotice *self)
{
}

static void
show (LsAccountNotice *self)
{
  const LsNotification notification = {
    .id = ID,
    .title = ls_i18n_for_user (N_ ("Please sign in again")),
    .body =
        ls_i18n_for_user (N_ ("The school's server no longer knows you here. Your work is kept on "
                              "this computer; it is sent when you have signed in, in an app of "
                              "your school or with: labsyncctl sign-in")),
  };

  ls_notifier_show (self->notifier, &notification);
}

static void
on_agent_account_changed (LsAgent *agent, LsAccountNotice *self)
{
  if (ls_agent_get_account_state (agent) != LS_ACCOUNT_EXPIRED)
    ls_notifier_withdraw (self->notifier, ID);
  else if (!ls_agent_is_expiry_told (agent))
    show (self);
}

/* From now on it could expire anew. */
static void
on_agent_tokens_changed (LsAgent *agent, LsAccountNotice *self)
{
  ls_agent_set_expiry_told (agent, FALSE);
}

static void
on_notifier_shown (LsNotifier *notifier, const char *id, LsAccountNotice *self)
{
  if (g_str_equal (id, ID))
    ls_agent_set_expiry_told (self->agent, TRUE);
}

/**
 * ls_account_notice_new:
 * @agent: the agent
 * @notifier: shows it
 *
 * Returns: (transfer full): tells the user from now on
 */
LsAccountNotice *
ls_account_notice_new (LsAgent *agent, LsNotifier *notifier)
{
  LsAccountNotice *self = g_object_new (LS_TYPE_ACCOUNT_NOTICE, NULL);

  self->agent = g_object_ref (agent);
  self->notifier = g_object_ref (notifier);
  g_signal_connect_object (agent, "account-changed", G_CALLBACK (on_agent_account_changed), self,
                           0);
  g_signal_connect_object (agent, "tokens-changed", G_CALLBACK (on_agent_tokens_changed), self, 0);
  g_signal_connect_object (notifier, "shown", G_CALLBACK (on_notifier_shown), self, 0);
  return self;
}
