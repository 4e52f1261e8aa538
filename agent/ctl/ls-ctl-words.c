/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-ctl-words.h"

#include "ls-ctl-output.h"
#include "ls-i18n.h"

static const LsCtlWord states[] = {
  { "stopped", N_ ("stopped"), LS_CTL_COLOR_BAD },
  { "signed-out", N_ ("nobody is signed in"), LS_CTL_COLOR_BAD },
  { "offline", N_ ("offline"), LS_CTL_COLOR_BAD },
  { "connecting", N_ ("connecting"), LS_CTL_COLOR_WAIT },
  { "live", N_ ("live: changes arrive at once"), LS_CTL_COLOR_GOOD },
  { "polling", N_ ("polling: the server is asked from time to time"), LS_CTL_COLOR_GOOD },
  { "waiting", N_ ("waiting to try again"), LS_CTL_COLOR_WAIT },
  { "suspended", N_ ("suspended: another session is active"), LS_CTL_COLOR_WAIT },
  { NULL },
};

static const LsCtlWord reasons[] = {
  { "not-configured", N_ ("no server is set, or its address may not be used (Server.url)"),
    LS_CTL_COLOR_BAD },
  { "no-network", N_ ("there is no network"), LS_CTL_COLOR_BAD },
  { "captive-portal", N_ ("the network wants you to sign in with a browser"), LS_CTL_COLOR_BAD },
  { "proxy-auth", N_ ("the proxy wants a user name and password"), LS_CTL_COLOR_BAD },
  { "tls-untrusted", N_ ("the server's certificate is not trusted"), LS_CTL_COLOR_BAD },
  { "upgrade-refused", N_ ("something on the way refuses WebSocket"), LS_CTL_COLOR_WAIT },
  { "server-unreachable", N_ ("the server cannot be reached"), LS_CTL_COLOR_BAD },
  { "server-draining", N_ ("the server is about to restart"), LS_CTL_COLOR_WAIT },
  { "rate-limited", N_ ("the server asks for fewer requests"), LS_CTL_COLOR_WAIT },
  { "token-refused", N_ ("the server no longer knows you: sign in again"), LS_CTL_COLOR_BAD },
  { "clock-skew", N_ ("the clock of this machine is wrong"), LS_CTL_COLOR_BAD },
  { "policy", N_ ("by the settings of this machine"), LS_CTL_COLOR_NONE },
  { "user", N_ ("because you said so"), LS_CTL_COLOR_NONE },
  { "storage", N_ ("the agent cannot read or write its files"), LS_CTL_COLOR_BAD },
  { NULL },
};

static const LsCtlWord accounts[] = {
  { "signed-out", N_ ("nobody is signed in"), LS_CTL_COLOR_BAD },
  { "expired", N_ ("expired: sign in again"), LS_CTL_COLOR_BAD },
  { "locked", N_ ("the keyring is locked or missing"), LS_CTL_COLOR_BAD },
  { NULL },
};

static const LsCtlWord roles[] = {
  { "admin", N_ ("administrator"), LS_CTL_COLOR_NONE },
  { "teacher", N_ ("teacher"), LS_CTL_COLOR_NONE },
  { "student", N_ ("student"), LS_CTL_COLOR_NONE },
  { "parent", N_ ("parent"), LS_CTL_COLOR_NONE },
  { NULL },
};

static const LsCtlWord action_statuses[] = {
  { "pending", N_ ("waiting"), LS_CTL_COLOR_WAIT },
  { "syncing", N_ ("being sent"), LS_CTL_COLOR_WAIT },
  { "completed", N_ ("done"), LS_CTL_COLOR_GOOD },
  { "failed", N_ ("failed"), LS_CTL_COLOR_BAD },
  { "conflict", N_ ("in conflict"), LS_CTL_COLOR_BAD },
  { "cancelled", N_ ("cancelled"), LS_CTL_COLOR_NONE },
  { NULL },
};

static const LsCtlWord action_details[] = {
  { "outcome-unknown", N_ ("nobody knows yet whether it arrived"), LS_CTL_COLOR_WAIT },
  { "waiting-for-network", N_ ("there is no connection"), LS_CTL_COLOR_WAIT },
  { NULL },
};

/* Codes of labsync-server (dbus/PROTOCOL.md), and words of the agent's own. */
static const LsCtlWord action_errors[] = {
  { "invalid", N_ ("the server does not accept what was sent"), LS_CTL_COLOR_BAD },
  { "forbidden", N_ ("you are not allowed to do that"), LS_CTL_COLOR_BAD },
  { "not-found", N_ ("the server has no such row"), LS_CTL_COLOR_BAD },
  { "not-done", N_ ("the server says that it did it, and did not"), LS_CTL_COLOR_BAD },
  { "unknown-endpoint", N_ ("the server cannot do that"), LS_CTL_COLOR_BAD },
  { "exists", N_ ("the server has a row with this ID already"), LS_CTL_COLOR_BAD },
  { "gone", N_ ("the row was deleted"), LS_CTL_COLOR_BAD },
  { "row-changed", N_ ("somebody else has changed it"), LS_CTL_COLOR_BAD },
  { "row-deleted", N_ ("somebody else has deleted it"), LS_CTL_COLOR_BAD },
  { "expired", N_ ("it could not be sent in time"), LS_CTL_COLOR_BAD },
  { "dependency-cancelled", N_ ("what it depends on will not be done"), LS_CTL_COLOR_BAD },
  { "unreadable", N_ ("the key that it was encrypted with is lost"), LS_CTL_COLOR_BAD },
  { "outcome-unknown", N_ ("nobody knows whether it was done"), LS_CTL_COLOR_BAD },
  { "unknown-column", N_ ("the server has no such member"), LS_CTL_COLOR_BAD },
  { NULL },
};

static const LsCtlWord deeds[] = {
  { "sign-in", N_ ("signed in at the server"), LS_CTL_COLOR_NONE },
  { "set-tokens", N_ ("signed in with tokens"), LS_CTL_COLOR_NONE },
  { "sign-out", N_ ("signed out"), LS_CTL_COLOR_NONE },
  { "read", N_ ("read"), LS_CTL_COLOR_NONE },
  { "read-action", N_ ("read another app's change"), LS_CTL_COLOR_NONE },
  { "edit", N_ ("edited another app's change"), LS_CTL_COLOR_NONE },
  { "cancel", N_ ("cancelled another app's change"), LS_CTL_COLOR_NONE },
  { "discard", N_ ("discarded another app's change"), LS_CTL_COLOR_NONE },
  { "resolve", N_ ("decided about another app's conflict"), LS_CTL_COLOR_NONE },
  { "undo", N_ ("brought back what another app's change had replaced"), LS_CTL_COLOR_NONE },
  { "retry", N_ ("had another app's change sent again"), LS_CTL_COLOR_NONE },
  { "left-out", N_ ("did more than is noted one by one"), LS_CTL_COLOR_NONE },
  { "enqueue", N_ ("wanted something changed"), LS_CTL_COLOR_NONE },
  { "create", N_ ("sent something new"), LS_CTL_COLOR_NONE },
  { "update", N_ ("sent a change"), LS_CTL_COLOR_NONE },
  { "delete", N_ ("sent a deletion"), LS_CTL_COLOR_NONE },
  { "publish", N_ ("had something published"), LS_CTL_COLOR_NONE },
  { "submit", N_ ("handed something in"), LS_CTL_COLOR_NONE },
  { "approve", N_ ("approved something"), LS_CTL_COLOR_NONE },
  { "reject", N_ ("rejected something"), LS_CTL_COLOR_NONE },
  { "analyze", N_ ("had something analyzed"), LS_CTL_COLOR_NONE },
  { "ask", N_ ("had you asked whether it may"), LS_CTL_COLOR_NONE },
  { "allow", N_ ("allowed an app"), LS_CTL_COLOR_NONE },
  { "deny", N_ ("did not allow an app"), LS_CTL_COLOR_NONE },
  { "forget", N_ ("forgot about an app"), LS_CTL_COLOR_NONE },
  { NULL },
};

static const LsCtlWord ends[] = {
  { "ok", N_ ("done"), LS_CTL_COLOR_GOOD },
  { "AccessDenied", N_ ("not allowed here"), LS_CTL_COLOR_BAD },
  { "accepted", N_ ("accepted by the server"), LS_CTL_COLOR_GOOD },
  { "accepted-changed", N_ ("accepted by the server, with changes"), LS_CTL_COLOR_GOOD },
  { "rejected", N_ ("refused by the server"), LS_CTL_COLOR_BAD },
  { "conflicted", N_ ("collides with somebody else's change"), LS_CTL_COLOR_WAIT },
  { "cancelled", N_ ("taken back"), LS_CTL_COLOR_NONE },
  { "superseded", N_ ("replaced by something else"), LS_CTL_COLOR_NONE },
  { NULL },
};

static const LsCtlWord decisions[] = {
  { "waiting", N_ ("waits for you"), LS_CTL_COLOR_WAIT },
  { "allow", N_ ("allowed"), LS_CTL_COLOR_GOOD },
  { "deny", N_ ("not allowed"), LS_CTL_COLOR_BAD },
  { NULL },
};

static const LsCtlWord *const vocabularies[] = {
  [LS_CTL_STATES] = states,
  [LS_CTL_REASONS] = reasons,
  [LS_CTL_ACCOUNTS] = accounts,
  [LS_CTL_ROLES] = roles,
  [LS_CTL_ACTION_STATUSES] = action_statuses,
  [LS_CTL_ACTION_DETAILS] = action_details,
  [LS_CTL_ACTION_ERRORS] = action_errors,
  [LS_CTL_DEEDS] = deeds,
  [LS_CTL_ENDS] = ends,
  [LS_CTL_DECISIONS] = decisions,
};

/**
 * ls_ctl_words_find:
 * @vocabulary: what kind of value it is
 * @value: what the agent says
 *
 * Returns: (nullable): what it means; %NULL for nothing to speak of, or where a newer agent says what
 *   we do not know
 */
const LsCtlWord *
ls_ctl_words_find (LsCtlVocabulary vocabulary, const char *value)
{
  for (const LsCtlWord *word = vocabularies[vocabulary]; word->value != NULL; word++)
    {
      if (g_str_equal (word->value, value))
        return word;
    }

  return NULL;
}

/**
 * ls_ctl_words_translate:
 * @vocabulary: what kind of value it is
 * @value: what the agent says
 *
 * Returns: (transfer full): what it means, for people; the value itself where we do not know
 */
char *
ls_ctl_words_translate (LsCtlVocabulary vocabulary, const char *value)
{
  const LsCtlWord *word = ls_ctl_words_find (vocabulary, value);

  return word != NULL ? g_strdup (_ (word->sentence)) : ls_ctl_format_text (value);
}
