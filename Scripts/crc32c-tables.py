# SPDX-FileCopyrightText: 2026 The Swiftlet authors
# SPDX-License-Identifier: Apache-2.0
"""Writes Sources/Ground/CChecksum/Tables.h."""
import pathlib

POLYNOMIAL = 0x82F63B78
RUN = 128


def step(value):
    for _ in range(8):
        value = value >> 1 ^ (POLYNOMIAL if value & 1 else 0)
    return value


slices = [[step(index) for index in range(256)]]
for place in range(1, 8):
    slices.append([slices[0][value & 255] ^ value >> 8 for value in slices[place - 1]])


def behind_zeros(value, count):
    for _ in range(count):
        value = slices[0][value & 255] ^ value >> 8
    return value


def table(name, rows):
    text = f"static const uint32_t {name}[{len(rows)}][256] = {{\n"
    for row in rows:
        text += "    {\n"
        for start in range(0, 256, 8):
            text += "        " + ", ".join(f"0x{value:08x}" for value in row[start : start + 8]) + ",\n"
        text += "    },\n"
    return text + "};\n"


shift = [[behind_zeros(index << 8 * place, RUN) for index in range(256)] for place in range(4)]
target = pathlib.Path(__file__).resolve().parent.parent / "Sources/Ground/CChecksum/Tables.h"
target.write_text(
    f"""// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

// Made by Scripts/crc32c-tables.py: what a byte at each of eight places does to the remainder, and what a run of zeros
// does to it.

#pragma once

// Bytes of each of the three runs that the hardware works on at once.
#define RUN {RUN}

{table("slices", slices)}
#if defined(__x86_64__) || defined(__aarch64__)
{table("run_shift", shift)}#endif
"""
)
