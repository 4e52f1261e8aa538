/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-ctl-words.h"

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

static const LsCtlWord *const vocabularies[] = {
  [LS_CTL_STATES] = states,
  [LS_CTL_REASONS] = reasons,
  [LS_CTL_ACCOUNTS] = accounts,
  [LS_CTL_ROLES] = roles,
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
