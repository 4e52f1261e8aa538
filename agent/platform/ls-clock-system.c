/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-clock-system.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <sys/timerfd.h>
#include <time.h>

#include "ls-error.h"

#define N_KINDS (LS_CLOCK_MONOTONIC + 1)

/* Below this the two clocks only drift, as they do while a time service trims them. */
#define MIN_JUMP_MS 1000

/* An instant that does not come: the year 2242. */
#define NEVER_S (G_GINT64_CONSTANT (1) << 33)

static const clockid_t clock_ids[N_KINDS] = {
  [LS_CLOCK_WALL] = CLOCK_REALTIME,
  /* Unlike the timeouts of GLib, which stand still while the machine sleeps. */
  [LS_CLOCK_MONOTONIC] = CLOCK_BOOTTIME,
};

typedef struct
{
  guint id;
  LsClockKind kind;
  gint64 at_ms;
  LsClockAlarmFunc callback;
  gpointer user_data;
} Alarm;

/**
 * LsClockSystem:
 *
 * The time of the machine. One timer of the kernel for each kind wakes for the next alarm; that of
 * the wall clock also when somebody sets the clock, and follows it by itself. To be used from the
 * thread whose default main context it was made in.
 */
struct _LsClockSystem
{
  GObject parent_instance;

  int fds[N_KINDS];
  GSource *sources[N_KINDS]; /* (owned) */
  GPtrArray *alarms;         /* (owned) (element-type Alarm), as they were added */
  guint last_id;
  gint64 offset_ms; /* wall less monotonic time, when last looked at */
};

static void ls_clock_system_clock_init (LsClockInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsClockSystem,
                               ls_clock_system,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_CLOCK, ls_clock_system_clock_init))

static gint64
read_clock (LsClockKind kind)
{
  struct timespec now = { 0 };

  /* Both clocks exist on every Linux that GLib 2.74 runs on. */
  if (clock_gettime (clock_ids[kind], &now) != 0)
    g_error ("Cannot read the clock: %s", g_strerror (errno));

  return (gint64)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The first alarm of @kind that was added up to @last_id, or NULL. */
static Alarm *
find_next (LsClockSystem *self, LsClockKind kind, guint last_id)
{
  Alarm *next = NULL;

  for (guint i = 0; i < self->alarms->len; i++)
    {
      Alarm *alarm = g_ptr_array_index (self->alarms, i);

      if (alarm->kind == kind && alarm->id <= last_id &&
          (next == NULL || alarm->at_ms < next->at_ms))
        next = alarm;
    }

  return next;
}

/* Sets the kernel's timer to the next alarm. Without one that of the wall clock runs for ever, as
 * only a running timer tells when the clock is set. */
static void
arm (LsClockSystem *self, LsClockKind kind)
{
  const Alarm *next = find_next (self, kind, self->last_id);
  struct itimerspec timer = { 0 };
  int flags = TFD_TIMER_ABSTIME;

  if (kind == LS_CLOCK_WALL)
    {
      flags |= TFD_TIMER_CANCEL_ON_SET;
      timer.it_value.tv_sec = NEVER_S;
    }
  if (next != NULL)
    {
      /* All zero would stop the timer. */
      timer.it_value.tv_sec = MAX (next->at_ms, 1) / 1000;
      timer.it_value.tv_nsec = MAX (next->at_ms, 1) % 1000 * 1000000;
    }

  if (timerfd_settime (self->fds[kind], flags, &timer, NULL) == 0)
    return;

  /* The clock was set and nobody has read that from the old timer yet. The new one runs all the
   * same; the jump is looked at in a moment, as callers of add_alarm() expect no signal. */
  if (errno == ECANCELED)
    g_source_set_ready_time (self->sources[kind], 0);
  else
    g_critical ("Cannot set a timer: %s", g_strerror (errno));
}

static void
check_jump (LsClockSystem *self)
{
  gint64 offset = read_clock (LS_CLOCK_WALL) - read_clock (LS_CLOCK_MONOTONIC);
  gint64 delta = offset - self->offset_ms;

  self->offset_ms = offset;
  if (ABS (delta) >= MIN_JUMP_MS)
    ls_clock_emit_jumped (LS_CLOCK (self), delta);
}

/* Rings what is due, but nothing that was added meanwhile: that waits for its own turn, so that
 * the rest of the main loop gets one too. */
static void
ring (LsClockSystem *self, LsClockKind kind)
{
  gint64 now = read_clock (kind);
  guint last_id = self->last_id;

  for (Alarm *next = find_next (self, kind, last_id); next != NULL && next->at_ms <= now;
       next = find_next (self, kind, last_id))
    {
      LsClockAlarmFunc callback = next->callback;
      gpointer user_data = next->user_data;

      g_ptr_array_remove (self->alarms, next);
      callback (user_data);
    }
}

static gboolean
on_timer (LsClockSystem *self, LsClockKind kind)
{
  guint64 n_expirations = 0;

  /* Nothing to read, or ECANCELED for a clock that was set: what counts is what time it is. */
  if (read (self->fds[kind], &n_expirations, sizeof n_expirations) < 0 && errno != EAGAIN &&
      errno != ECANCELED && errno != EINTR)
    g_critical ("Cannot read a timer: %s", g_strerror (errno));

  g_object_ref (self);
  g_source_set_ready_time (self->sources[kind], -1);
  check_jump (self);
  ring (self, kind);
  arm (self, kind);
  g_object_unref (self);

  return G_SOURCE_CONTINUE;
}

static gboolean
on_wall_timer (int fd, GIOCondition condition, gpointer user_data)
{
  return on_timer (LS_CLOCK_SYSTEM (user_data), LS_CLOCK_WALL);
}

static gboolean
on_monotonic_timer (int fd, GIOCondition condition, gpointer user_data)
{
  return on_timer (LS_CLOCK_SYSTEM (user_data), LS_CLOCK_MONOTONIC);
}

static gboolean
open_timer (LsClockSystem *self, LsClockKind kind, GUnixFDSourceFunc callback, GError **error)
{
  self->fds[kind] = timerfd_create (clock_ids[kind], TFD_CLOEXEC | TFD_NONBLOCK);
  if (self->fds[kind] < 0)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_FAILED, "Cannot make a timer: %s", g_strerror (errno));
      return FALSE;
    }

  self->sources[kind] = g_unix_fd_source_new (self->fds[kind], G_IO_IN);
  g_source_set_callback (self->sources[kind], G_SOURCE_FUNC (callback), self, NULL);
  g_source_attach (self->sources[kind], g_main_context_get_thread_default ());
  arm (self, kind);

  return TRUE;
}

static gint64
ls_clock_system_get_time (LsClock *clock, LsClockKind kind)
{
  return read_clock (kind);
}

static guint
ls_clock_system_add_alarm (LsClock *clock,
                           LsClockKind kind,
                           gint64 at_ms,
                           LsClockAlarmFunc callback,
                           gpointer user_data)
{
  LsClockSystem *self = LS_CLOCK_SYSTEM (clock);
  Alarm *alarm = g_new0 (Alarm, 1);

  alarm->id = ++self->last_id;
  alarm->kind = kind;
  alarm->at_ms = at_ms;
  alarm->callback = callback;
  alarm->user_data = user_data;
  g_ptr_array_add (self->alarms, alarm);
  arm (self, kind);

  return alarm->id;
}

static Alarm *
find_alarm (LsClockSystem *self, guint alarm_id)
{
  for (guint i = 0; i < self->alarms->len; i++)
    {
      Alarm *alarm = g_ptr_array_index (self->alarms, i);

      if (alarm->id == alarm_id)
        return alarm;
    }

  return NULL;
}

static void
ls_clock_system_remove_alarm (LsClock *clock, guint alarm_id)
{
  LsClockSystem *self = LS_CLOCK_SYSTEM (clock);
  Alarm *alarm = find_alarm (self, alarm_id);
  LsClockKind kind = LS_CLOCK_WALL;

  g_return_if_fail (alarm != NULL); /* it has rung or was removed before */

  kind = alarm->kind;
  g_ptr_array_remove (self->alarms, alarm);
  arm (self, kind);
}

static void
ls_clock_system_clock_init (LsClockInterface *iface)
{
  iface->get_time = ls_clock_system_get_time;
  iface->add_alarm = ls_clock_system_add_alarm;
  iface->remove_alarm = ls_clock_system_remove_alarm;
}

static void
ls_clock_system_finalize (GObject *object)
{
  LsClockSystem *self = LS_CLOCK_SYSTEM (object);

  for (guint kind = 0; kind < N_KINDS; kind++)
    {
      if (self->sources[kind] != NULL)
        g_source_destroy (self->sources[kind]);
      g_clear_pointer (&self->sources[kind], g_source_unref);
      if (self->fds[kind] >= 0)
        g_close (self->fds[kind], NULL);
    }
  g_ptr_array_unref (self->alarms);

  G_OBJECT_CLASS (ls_clock_system_parent_class)->finalize (object);
}

static void
ls_clock_system_class_init (LsClockSystemClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_clock_system_finalize;
}

static void
ls_clock_system_init (LsClockSystem *self)
{
  self->fds[LS_CLOCK_WALL] = -1;
  self->fds[LS_CLOCK_MONOTONIC] = -1;
  self->alarms = g_ptr_array_new_with_free_func (g_free);
  self->offset_ms = read_clock (LS_CLOCK_WALL) - read_clock (LS_CLOCK_MONOTONIC);
}

/**
 * ls_clock_system_new:
 * @error: return location for a %LS_ERROR_FAILED
 *
 * Returns: (transfer full): the clock of the machine, or %NULL when no timer can be had
 */
LsClock *
ls_clock_system_new (GError **error)
{
  g_autoptr (LsClockSystem) self = g_object_new (LS_TYPE_CLOCK_SYSTEM, NULL);

  if (!open_timer (self, LS_CLOCK_WALL, on_wall_timer, error) ||
      !open_timer (self, LS_CLOCK_MONOTONIC, on_monotonic_timer, error))
    return NULL;

  return LS_CLOCK (g_steal_pointer (&self));
}
