// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// CRC-32C (Castagnoli) with the processor's own instruction where it has one, which Swift cannot name.

#pragma once

#include <stddef.h>
#include <stdint.h>

/// The CRC-32C of what `checksum` covers followed by `count` bytes; starts at 0.
uint32_t cchecksum_crc32c(uint32_t checksum, const void *bytes, size_t count);

/// The same by tables alone, on any processor.
uint32_t cchecksum_crc32c_portable(uint32_t checksum, const void *bytes, size_t count);
