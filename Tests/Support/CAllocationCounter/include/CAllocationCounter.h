// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <stdint.h>

/// How often this thread has called malloc, calloc, realloc or an aligned allocation since it started.
uint64_t allocation_count(void);

/// Bytes of heap that this thread has taken less those that it has given back, as the C library rounds them.
int64_t allocation_bytes(void);
