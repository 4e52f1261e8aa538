/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-tray-view.h"

#include "ls-i18n.h"

/* What can be done in a state. */
typedef enum
{
  CAN_NOTHING = 0,
  CAN_RECONNECT = 1 << 0,
  CAN_SYNC = 1 << 1,
  CAN_PAUSE = 1 << 2,
  CAN_RESUME = 1 << 3,
} Can;

typedef struct
{
  const char *name;     /* in the contract */
  const char *sentence; /* to be translated */
  LsTrayIcon icon;
  guint can; /* of Can */
} State;

typedef struct
{
  const char *name;     /* in the contract */
  const char *sentence; /* to be translated */
  gboolean needs_somebody;
} Cause;

static const State states[] = {
  { "stopped", N_ ("Stopped"), LS_TRAY_ICON_STOPPED, CAN_NOTHING },
  { "signed-out", N_ ("Not signed in"), LS_TRAY_ICON_ATTENTION, CAN_NOTHING },
  { "offline", N_ ("Offline, but your work is safe"), LS_TRAY_ICON_OFFLINE,
    CAN_RECONNECT | CAN_PAUSE },
  { "connecting", N_ ("Connecting…"), LS_TRAY_ICON_WORKING, CAN_RECONNECT | CAN_PAUSE },
  { "live", N_ ("Connected and up to date"), LS_TRAY_ICON_LIVE, CAN_SYNC | CAN_PAUSE },
  { "polling", N_ ("Connected, looking for news now and then"), LS_TRAY_ICON_LIVE,
    CAN_RECONNECT | CAN_SYNC | CAN_PAUSE },
  { "waiting", N_ ("Offline, but your work is safe"), LS_TRAY_ICON_OFFLINE,
    CAN_RECONNECT | CAN_PAUSE },
  { "suspended", N_ ("Resting while somebody else uses this computer"), LS_TRAY_ICON_STOPPED,
    CAN_NOTHING },
};

/* Paused by the user: stopped, and the only one that can do something about it. */
static const State paused = { "stopped", N_ ("Paused"), LS_TRAY_ICON_STOPPED, CAN_RESUME };
static const State absent = { "", N_ ("Lab Sync is not running"), LS_TRAY_ICON_STOPPED,
                              CAN_NOTHING };
static const State starting = { "", N_ ("Lab Sync is starting…"), LS_TRAY_ICON_WORKING,
                                CAN_NOTHING };
/* Nothing is known yet, or an agent newer than this program is in a state that we have no word
 * for: it knows best what it can do. */
static const State unknown = { "", N_ ("One moment…"), LS_TRAY_ICON_WORKING,
                               CAN_RECONNECT | CAN_SYNC | CAN_PAUSE };

static const Cause reasons[] = {
  { "not-configured", N_ ("This computer has not been told which school it belongs to"), FALSE },
  { "no-network", N_ ("This computer has no network"), FALSE },
  { "captive-portal", N_ ("Open a web browser and sign in to the network"), TRUE },
  { "proxy-auth", N_ ("The network asks for a user name and a password"), TRUE },
  { "tls-untrusted", N_ ("This may not be the school's server. Tell your teacher"), TRUE },
  { "upgrade-refused", N_ ("The network does not let news through at once"), FALSE },
  { "server-unreachable", N_ ("The school's server does not answer"), FALSE },
  { "server-draining", N_ ("The school's server is restarting"), FALSE },
  { "rate-limited", N_ ("The school's server is very busy"), FALSE },
  { "token-refused", N_ ("Please sign in again"), TRUE },
  { "clock-skew", N_ ("The clock of this computer is wrong"), TRUE },
  { "policy", N_ ("Your school has switched it off"), FALSE },
  { "user", N_ ("It was paused on this computer"), FALSE },
  { "storage", N_ ("Nothing can be saved. Is the disk full?"), TRUE },
};

static const Cause accounts[] = {
  { "signed-out", N_ ("Sign in to get the news of your school"), TRUE },
  { "expired", N_ ("Please sign in again"), TRUE },
  { "locked", N_ ("The keyring with your sign-in is locked"), TRUE },
};

static const State *
find_state (const LsTraySnapshot *snapshot)
{
  if (!snapshot->running)
    return snapshot->starting ? &starting : &absent;
  if (g_strcmp0 (snapshot->state, "stopped") == 0 && g_strcmp0 (snapshot->reason, "user") == 0)
    return &paused;

  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    {
      if (g_strcmp0 (snapshot->state, states[i].name) == 0)
        return &states[i];
    }

  return &unknown;
}

static const Cause *
find_cause (const Cause *causes, guint n_causes, const char *name)
{
  for (guint i = 0; i < n_causes; i++)
    {
      if (g_strcmp0 (name, causes[i].name) == 0)
        return &causes[i];
    }

  return NULL;
}

/* Why we are where we are. Work that can't be saved comes before all; else an account that does not
 * work explains more than the link does. */
static const Cause *
find_reason (const LsTraySnapshot *snapshot, const State *state)
{
  const Cause *cause = NULL;

  if (!snapshot->running)
    return NULL;

  if (state->icon != LS_TRAY_ICON_STOPPED && g_strcmp0 (snapshot->reason, "storage") != 0)
    cause = find_cause (accounts, G_N_ELEMENTS (accounts), snapshot->account);
  /* A refused token that is being renewed is nobody's concern. */
  if (cause == NULL && !(g_strcmp0 (snapshot->state, "connecting") == 0 &&
                         g_strcmp0 (snapshot->reason, "token-refused") == 0))
    cause = find_cause (reasons, G_N_ELEMENTS (reasons), snapshot->reason);

  return cause;
}

static LsTrayIcon
choose_icon (const LsTraySnapshot *snapshot, const State *state, const Cause *cause)
{
  gboolean needs_somebody = cause != NULL && cause->needs_somebody;
  LsTrayIcon icon = state->icon;

  if (!snapshot->running)
    return icon;
  if (needs_somebody)
    return LS_TRAY_ICON_ATTENTION;
  if (icon == LS_TRAY_ICON_STOPPED || icon == LS_TRAY_ICON_ATTENTION)
    return icon;
  if (snapshot->conflicts > 0)
    return LS_TRAY_ICON_CONFLICT;
  if (snapshot->failed > 0)
    return LS_TRAY_ICON_ATTENTION;
  /* Between two attempts that fail the icon does not flicker. */
  if (g_strcmp0 (snapshot->state, "connecting") == 0 && cause != NULL)
    return LS_TRAY_ICON_OFFLINE;
  if (icon == LS_TRAY_ICON_LIVE && (snapshot->syncing || snapshot->pending > 0))
    return LS_TRAY_ICON_WORKING;

  return icon;
}

static const char *
choose_sentence (const LsTraySnapshot *snapshot, const State *state, LsTrayIcon icon)
{
  if (icon == LS_TRAY_ICON_CONFLICT)
    return _ ("Somebody else changed the same thing");
  if (icon == LS_TRAY_ICON_ATTENTION && state->icon != LS_TRAY_ICON_ATTENTION)
    return _ ("Something needs your attention");
  if (icon == LS_TRAY_ICON_WORKING && state->icon == LS_TRAY_ICON_LIVE)
    return _ ("Syncing…");

  return _ (state->sentence);
}

/* The time of day; the date, too, if it was another day. */
static char *
format_time (gint64 ms, gint64 now_ms, gboolean seconds)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (ms / 1000);
  g_autoptr (GDateTime) now_utc = g_date_time_new_from_unix_utc (now_ms / 1000);
  g_autoptr (GDateTime) time = utc != NULL ? g_date_time_to_local (utc) : NULL;
  g_autoptr (GDateTime) now = now_utc != NULL ? g_date_time_to_local (now_utc) : NULL;
  gboolean today = time != NULL && now != NULL &&
                   g_date_time_get_year (time) == g_date_time_get_year (now) &&
                   g_date_time_get_day_of_year (time) == g_date_time_get_day_of_year (now);

  if (time == NULL)
    return NULL;
  if (!today)
    /* Translators: a date and a time of day, see g_date_time_format(): 3 May 2026, 14:05 */
    return g_date_time_format (time, _ ("%-d %B %Y, %H:%M"));

  /* Translators: a time of day with seconds, see g_date_time_format(): 14:05:09 */
  return g_date_time_format (time, seconds ? _ ("%H:%M:%S")
                                           /* Translators: a time of day: 14:05 */
                                           : _ ("%H:%M"));
}

static void
show (LsTrayView *self, LsTrayEntryId id, char *label, gboolean enabled)
{
  g_free (self->entries[id].label);
  self->entries[id].label = label;
  self->entries[id].visible = TRUE;
  self->entries[id].enabled = enabled;
}

static void
add_times (LsTrayView *self, const LsTraySnapshot *snapshot, gint64 now_ms)
{
  g_autofree char *confirmed = NULL;
  g_autofree char *next = NULL;

  if (snapshot->confirmed_at > 0)
    confirmed = format_time (snapshot->confirmed_at, now_ms, FALSE);
  if (confirmed != NULL)
    show (self, LS_TRAY_ENTRY_CONFIRMED, g_strdup_printf (_ ("Last confirmed: %s"), confirmed),
          FALSE);

  if (g_strcmp0 (snapshot->state, "waiting") == 0 && snapshot->next_attempt_at > now_ms)
    next = format_time (snapshot->next_attempt_at, now_ms, TRUE);
  if (next != NULL)
    show (self, LS_TRAY_ENTRY_NEXT_ATTEMPT, g_strdup_printf (_ ("Next attempt: %s"), next), FALSE);
}

static void
add_counts (LsTrayView *self, const LsTraySnapshot *snapshot)
{
  if (snapshot->pending > 0)
    show (self, LS_TRAY_ENTRY_PENDING,
          g_strdup_printf (ngettext ("%'u change still to be sent", "%'u changes still to be sent",
                                     snapshot->pending),
                           snapshot->pending),
          FALSE);
  if (snapshot->failed > 0)
    show (self, LS_TRAY_ENTRY_FAILED,
          g_strdup_printf (ngettext ("%'u change was not accepted", "%'u changes were not accepted",
                                     snapshot->failed),
                           snapshot->failed),
          FALSE);
  if (snapshot->conflicts > 0)
    show (self, LS_TRAY_ENTRY_CONFLICTS,
          g_strdup_printf (ngettext ("%'u change is in conflict", "%'u changes are in conflict",
                                     snapshot->conflicts),
                           snapshot->conflicts),
          FALSE);
}

static void
add_actions (LsTrayView *self, const LsTraySnapshot *snapshot, const State *state)
{
  guint can = state->can;

  self->entries[LS_TRAY_ENTRY_LINE_ABOVE_ACTIONS].visible = TRUE;
  self->entries[LS_TRAY_ENTRY_LINE_ABOVE_ABOUT].visible = TRUE;
  show (self, LS_TRAY_ENTRY_ABOUT, g_strdup (_ ("About Lab Sync")), TRUE);
  if (!snapshot->running)
    {
      show (self, LS_TRAY_ENTRY_START, g_strdup (_ ("Start Lab Sync")), !snapshot->starting);
      return;
    }

  show (self, LS_TRAY_ENTRY_RECONNECT, g_strdup (_ ("Reconnect now")), (can & CAN_RECONNECT) != 0);
  show (self, LS_TRAY_ENTRY_SYNC, g_strdup (_ ("Sync now")),
        (can & CAN_SYNC) != 0 && !snapshot->syncing);
  if (can & CAN_RESUME)
    show (self, LS_TRAY_ENTRY_RESUME, g_strdup (_ ("Resume")), TRUE);
  else
    show (self, LS_TRAY_ENTRY_PAUSE, g_strdup (_ ("Pause")), (can & CAN_PAUSE) != 0);
}

/**
 * ls_tray_view_new:
 * @snapshot: what is known of the agent
 * @now_ms: the time, ms since the epoch
 *
 * Decides what the tray shows. Depends on nothing else but locale and time zone.
 *
 * Returns: (transfer full): the view
 */
LsTrayView *
ls_tray_view_new (const LsTraySnapshot *snapshot, gint64 now_ms)
{
  LsTrayView *self = g_new0 (LsTrayView, 1);
  const State *state = find_state (snapshot);
  const Cause *cause = find_reason (snapshot, state);
  const char *sentence = NULL;

  self->icon = choose_icon (snapshot, state, cause);
  self->urgent = self->icon == LS_TRAY_ICON_ATTENTION || self->icon == LS_TRAY_ICON_CONFLICT;
  sentence = choose_sentence (snapshot, state, self->icon);
  self->title =
      snapshot->running ? g_strdup_printf (_ ("Lab Sync: %s"), sentence) : g_strdup (sentence);
  self->detail = g_strdup (cause != NULL ? _ (cause->sentence) : "");

  show (self, LS_TRAY_ENTRY_STATUS, g_strdup (sentence), FALSE);
  if (cause != NULL)
    show (self, LS_TRAY_ENTRY_REASON, g_strdup (self->detail), FALSE);
  if (snapshot->running)
    {
      add_times (self, snapshot, now_ms);
      add_counts (self, snapshot);
    }
  add_actions (self, snapshot, state);

  return self;
}

/**
 * ls_tray_view_free:
 * @self: (transfer full): a view
 *
 * Frees it.
 */
void
ls_tray_view_free (LsTrayView *self)
{
  for (guint i = 0; i < LS_TRAY_N_ENTRIES; i++)
    g_free (self->entries[i].label);
  g_free (self->title);
  g_free (self->detail);
  g_free (self);
}

/**
 * ls_tray_view_get_default:
 * @self: a view
 *
 * Returns: what a click on the icon itself does, where the host does not open the menu: start the
 *   agent, sync, or reconnect, whichever makes sense; 0 if none does
 */
LsTrayEntryId
ls_tray_view_get_default (const LsTrayView *self)
{
  const LsTrayEntryId candidates[] = { LS_TRAY_ENTRY_START, LS_TRAY_ENTRY_SYNC,
                                       LS_TRAY_ENTRY_RECONNECT };

  for (guint i = 0; i < G_N_ELEMENTS (candidates); i++)
    {
      if (self->entries[candidates[i]].visible && self->entries[candidates[i]].enabled)
        return candidates[i];
    }

  return 0;
}
