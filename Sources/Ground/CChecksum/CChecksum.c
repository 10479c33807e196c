// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

#include "CChecksum.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <sys/auxv.h>
#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif
#endif

static inline uint64_t load64(const uint8_t *from) {
    uint64_t value;
    memcpy(&value, from, 8);
    return value;
}

#include "Tables.h"

uint32_t cchecksum_crc32c_portable(uint32_t checksum, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    uint32_t value = ~checksum;
    // Eight bytes a step, one table for each.
    while (count >= 8) {
        uint32_t low = value ^ ((uint32_t)next[0] | (uint32_t)next[1] << 8 | (uint32_t)next[2] << 16 |
                                (uint32_t)next[3] << 24);
        value = slices[7][low & 0xff] ^ slices[6][low >> 8 & 0xff] ^ slices[5][low >> 16 & 0xff] ^
                slices[4][low >> 24] ^ slices[3][next[4]] ^ slices[2][next[5]] ^ slices[1][next[6]] ^
                slices[0][next[7]];
        next += 8;
        count -= 8;
    }
    while (count--) value = slices[0][(value ^ *next++) & 0xff] ^ value >> 8;
    return ~value;
}

#if defined(__x86_64__)
#define HARDWARE __attribute__((target("sse4.2")))
#define STEP64(value, word) ((uint32_t)_mm_crc32_u64(value, word))
#define STEP8(value, byte) _mm_crc32_u8(value, byte)
#elif defined(__aarch64__)
#define HARDWARE __attribute__((target("crc")))
#define STEP64(value, word) __crc32cd(value, word)
#define STEP8(value, byte) __crc32cb(value, byte)
#endif

#ifdef HARDWARE
// What `bytes` more zeros make of a remainder, by the table of its bytes.
static inline uint32_t shifted(const uint32_t table[4][256], uint32_t value) {
    return table[0][value & 0xff] ^ table[1][value >> 8 & 0xff] ^ table[2][value >> 16 & 0xff] ^ table[3][value >> 24];
}

// The instruction gives its result after three cycles but takes a new word each cycle, so three runs go side by side.
HARDWARE static uint32_t hardware(uint32_t checksum, const uint8_t *next, size_t count) {
    uint32_t value = ~checksum;
    while (count >= 3 * RUN) {
        uint32_t second = 0, third = 0;
        for (size_t offset = 0; offset < RUN; offset += 8) {
            value = STEP64(value, load64(next + offset));
            second = STEP64(second, load64(next + RUN + offset));
            third = STEP64(third, load64(next + 2 * RUN + offset));
        }
        value = shifted(run_shift, value) ^ second;
        value = shifted(run_shift, value) ^ third;
        next += 3 * RUN;
        count -= 3 * RUN;
    }
    while (count >= 8) {
        value = STEP64(value, load64(next));
        next += 8;
        count -= 8;
    }
    while (count--) value = STEP8(value, *next++);
    return ~value;
}

static int has_hardware(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("sse4.2");
#else
    return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#endif
}
#endif

uint32_t cchecksum_crc32c(uint32_t checksum, const void *bytes, size_t count) {
#ifdef HARDWARE
    if (has_hardware()) return hardware(checksum, bytes, count);
#endif
    return cchecksum_crc32c_portable(checksum, bytes, count);
}
