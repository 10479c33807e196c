// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire
import Testing

@Suite("Instants and NTP time, RFC 5905 §6")
struct TimeTests {
    @Test("1970 is 2,208,988,800 s after 1900, and half a second is half the fraction")
    func ntp() {
        let anchor = WallClockAnchor(instant: Instant(nanoseconds: 1000), unixNanoseconds: 0)
        #expect(anchor.ntp(at: Instant(nanoseconds: 1000)).rawValue == (2_208_988_800 as UInt64) << 32)
        let later = anchor.ntp(at: Instant(nanoseconds: 1000) + .milliseconds(1500))
        #expect(later.rawValue == (2_208_988_801 << 32 | 1 << 31) as UInt64)
        #expect(later.compact == UInt32(truncatingIfNeeded: 2_208_988_801) << 16 | 0x8000)
        // Six bits of seconds and eighteen of their fraction.
        #expect(later.absoluteSendTime == UInt32(2_208_988_801 % 64) << 18 | 1 << 17)
    }

    @Test("Wall time runs with the monotonic clock, on both sides of the anchor and past 2036")
    func anchor() {
        let anchor = WallClockAnchor(
            instant: Instant(nanoseconds: 5_000_000_000),
            unixNanoseconds: 1_800_000_000_000_000_000
        )
        #expect(anchor.unixNanoseconds(at: Instant(nanoseconds: 0)) == 1_799_999_995_000_000_000)
        #expect(anchor.unixNanoseconds(at: Instant(nanoseconds: 6_000_000_000)) == 1_800_000_001_000_000_000)
        // The era ends on 7 February 2036, 06:28:16: seconds start at zero again.
        let wrap = WallClockAnchor(instant: Instant(nanoseconds: 0), unixNanoseconds: 2_085_978_496_000_000_000)
        #expect(wrap.ntp(at: Instant(nanoseconds: 0)).rawValue == 0)
    }

    @Test("Instants and durations add up; sums saturate; nil is never the earlier deadline")
    func instants() {
        let start = Instant(nanoseconds: 10)
        #expect(start + .nanoseconds(5) - start == .nanoseconds(5))
        #expect(start - Duration.nanoseconds(15) == Instant(nanoseconds: -5))
        #expect(start.duration(to: Instant(nanoseconds: 7)) == .nanoseconds(-3))
        #expect(Duration.seconds(Int64.max).wholeNanoseconds == .max)
        #expect(Duration.seconds(Int64.min).wholeNanoseconds == .min)
        #expect(Duration.milliseconds(1500).inSeconds == 1.5)
        #expect(earliest(nil, start) == start && earliest(start, nil) == start && earliest(nil, nil) == nil)
        #expect(earliest(start, start + .nanoseconds(1)) == start)
    }
}
