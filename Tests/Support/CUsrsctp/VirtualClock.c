// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// Stands in front of glibc's gettimeofday, which libusrsctp reads. A thread inside of libusrsctp is told the virtual
// time; everyone else the real one, as before.

#include "VirtualClock.h"

#include <sys/time.h>
#include <time.h>

static __thread bool virtual;
// Never 0, which libusrsctp takes for "no time yet".
static uint64_t microseconds = UINT64_C(1000000000) * 1000000;

void virtual_clock_enter(void) { virtual = true; }
void virtual_clock_leave(void) { virtual = false; }
void virtual_clock_set(uint64_t since_start) { microseconds = UINT64_C(1000000000) * 1000000 + since_start; }

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void)zone;
    if (virtual) {
        time->tv_sec = (time_t)(microseconds / 1000000);
        time->tv_usec = (suseconds_t)(microseconds % 1000000);
        return 0;
    }
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}
