// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <stdbool.h>
#include <stdint.h>

/// From here on this thread's gettimeofday is virtual.
void virtual_clock_enter(void);
/// And from here on real.
void virtual_clock_leave(void);
/// Sets the virtual time, in microseconds since the process began to use it.
void virtual_clock_set(uint64_t since_start);
