// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SwiftletWire

/// The clocks that data benchmarks read.
enum Clock {
    static var now: Instant { Instant(nanoseconds: nanoseconds(CLOCK_MONOTONIC)) }

    /// Processor time of this thread.
    static var processorNanoseconds: Int64 { nanoseconds(CLOCK_THREAD_CPUTIME_ID) }
    static var processorSeconds: Double { Double(processorNanoseconds) / 1e9 }

    private static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
