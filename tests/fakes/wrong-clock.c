/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Preloaded into a program, it has the wall clock show another time: WRONG_CLOCK_OFFSET seconds more.
 * libfaketime 0.9.10 does as much, but sets the kernel's timers by it, too, which know nothing of it:
 * alarms of the monotonic clock then come hours late, or all the time. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t
get_offset (void)
{
  const char *text = getenv ("WRONG_CLOCK_OFFSET");

  return text != NULL ? (time_t)strtoll (text, NULL, 10) : 0;
}

int
clock_gettime (clockid_t clock, struct timespec *now)
{
  int result = (int)syscall (SYS_clock_gettime, clock, now);

  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    now->tv_sec += get_offset ();
  return result;
}

int
gettimeofday (struct timeval *restrict now, void *restrict zone)
{
  struct timespec exact;

  clock_gettime (CLOCK_REALTIME, &exact);
  now->tv_sec = exact.tv_sec;
  now->tv_usec = exact.tv_nsec / 1000;
  return 0;
}

time_t
time (time_t *place)
{
  struct timespec exact;

  clock_gettime (CLOCK_REALTIME, &exact);
  if (place != NULL)
    *place = exact.tv_sec;
  return exact.tv_sec;
}
