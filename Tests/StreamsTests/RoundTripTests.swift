// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire
import Testing

@Suite("Round trips, RFC 3550 §6.4.1")
struct RoundTripTests {
    @Test("The RFC's example")
    func example() {
        let measured = RoundTrip.duration(now: 0xB710_8000, last: 0xB705_2000, delay: 0x0005_4000)
        #expect(measured == .milliseconds(6125))
    }

    @Test("The 18.2-hour wrap of compact NTP time changes nothing")
    func wrap() {
        #expect(RoundTrip.duration(now: 0x0000_4000, last: 0xFFFF_C000, delay: 0x4000) == .milliseconds(250))
        #expect(RoundTrip.duration(now: 0x0000_1000, last: 0xFFFF_0000, delay: 0x0001_0000) == .milliseconds(62.5))
    }

    @Test("Without an echo, or with an absurd one, there is no measurement")
    func absurd() {
        #expect(RoundTrip.duration(now: 5, last: 0, delay: 0) == nil)
        #expect(RoundTrip.duration(now: 0x1000_0000, last: 1, delay: 0) == nil)
        #expect(RoundTrip.duration(now: 0x1000_0000, last: 0x0FFF_0000, delay: 0x00FF_0000) == nil)
    }

    @Test("A path so short that rounding makes it negative counts as zero")
    func tiny() {
        #expect(RoundTrip.duration(now: 0x1000_0000, last: 0x0FFF_0000, delay: 0x0001_0001) == .zero)
    }
}
