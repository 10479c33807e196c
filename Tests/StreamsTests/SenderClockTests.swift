// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletStreams
import SwiftletWire
import Testing

@Suite("Sender clock, RFC 3550 §6.4.1")
struct SenderClockTests {
    /// Our wall time at the start.
    private static let wall: UInt64 = 3_990_000_000 << 32

    /// Seconds as a 32.32 fixed-point number, with wrap-around.
    private static func fixed(_ seconds: Double) -> Int64 {
        let whole = seconds.rounded(.down)
        return Int64(whole) << 32 &+ Int64((seconds - whole) * 4_294_967_296)
    }

    private static func milliseconds(_ fixed: Int64) -> Double { Double(fixed) / 4_294_967.296 }

    /// A sender whose clock is ahead by `ahead` seconds and runs fast by `drift`.
    private struct Sender {
        var clock = SenderClock()
        var ahead = 0.0
        var drift = 0.0

        /// Hands in a report that was sent `seconds` after the start and arrived `delay` later.
        mutating func report(at seconds: Double, delay: Double) {
            let ntp = wall &+ UInt64(bitPattern: fixed(seconds * (1 + drift) + ahead))
            let arrival = wall &+ UInt64(bitPattern: fixed(seconds + delay))
            clock.add(
                ntp: NTPTime(rawValue: ntp),
                arrival: NTPTime(rawValue: arrival),
                now: StreamsTests.at((seconds + delay) * 1000)
            )
        }

        /// How far the offset is from the least delay's, in milliseconds, at `seconds`.
        func error(at seconds: Double, leastDelay: Double) -> Double {
            guard let offset = clock.offset else { return .infinity }
            return milliseconds(offset &- fixed(leastDelay - ahead - seconds * drift))
        }
    }

    @Test("Before the first report there is no offset, and a report without wall time tells none")
    func nothing() {
        var clock = SenderClock()
        #expect(clock.offset == nil)
        #expect(clock.ours(NTPTime(rawValue: 1)) == nil)
        clock.add(ntp: NTPTime(rawValue: 0), arrival: NTPTime(rawValue: Self.wall), now: at(0))
        #expect(clock.offset == nil)
    }

    @Test("The first report sets the offset, which maps their time to ours")
    func first() {
        var sender = Sender(ahead: 5)
        sender.report(at: 1, delay: 0.25)
        #expect(sender.clock.offset == Self.fixed(-4.75))
        let theirs = NTPTime(rawValue: Self.wall &+ UInt64(bitPattern: Self.fixed(8)))
        #expect(sender.clock.ours(theirs)?.rawValue == Self.wall &+ UInt64(bitPattern: Self.fixed(3.25)))
    }

    @Test(
        "With jitter and drift the mapping moves less than 5 ms from report to report, and nears the least delay",
        arguments: [0, 100, -100, 500] as [Double],
        [1, 2, 3] as [UInt64]
    )
    func jitter(drift: Double, seed: UInt64) {
        var random = SeededRandom(seed: seed)
        // A clock that started with the machine, decades behind.
        var sender = Sender(ahead: -3_000_000_000, drift: drift / 1e6)
        var seconds = 0.0
        var last: Int64?
        var widest = 0.0
        var worst = 0.0
        while seconds < 600 {
            // Two streams, about a report a second each, mostly little delayed.
            seconds += .random(in: 0.2...0.8, using: &random)
            let isSlow = Int.random(in: 0..<4, using: &random) == 0
            let delay =
                0.03 + (isSlow ? Double.random(in: 0...0.3, using: &random) : .random(in: 0...0.02, using: &random))
            sender.report(at: seconds, delay: delay)
            if let last, let offset = sender.clock.offset {
                widest = max(widest, abs(Self.milliseconds(offset &- last)))
            }
            last = sender.clock.offset
            if seconds > 100 { worst = max(worst, abs(sender.error(at: seconds, leastDelay: 0.03))) }
        }
        #expect(widest < 5)
        // What drifts in 30 s, and the least of 60 delays.
        #expect(worst < 5 + abs(drift) * 30 / 1000 + 5)
    }

    @Test("Reports of one compound packet move the mapping together no more than one does")
    func compound() {
        var sender = Sender()
        sender.report(at: 0, delay: 0.5)
        var last = sender.clock.offset ?? 0
        for second in 1...20 {
            for _ in 0..<8 { sender.report(at: Double(second), delay: 0.02) }
            let offset = sender.clock.offset ?? 0
            #expect(abs(Self.milliseconds(offset &- last)) <= 4.01)
            last = offset
        }
        // 4 ms in each of the 19.52 s between the first arrival and the last.
        #expect(abs(sender.error(at: 20, leastDelay: 0.5 - 19.52 * 0.004)) < 0.01)
    }

    @Test("A report that was late does not count beside one that was not, for 30 s")
    func least() {
        var sender = Sender()
        sender.report(at: 0, delay: 0.02)
        for second in 1..<25 { sender.report(at: Double(second), delay: 0.02 + 0.9) }
        #expect(sender.clock.offset == Self.fixed(0.02))
        // Then the path is what it has become.
        for second in 25..<300 { sender.report(at: Double(second), delay: 0.1) }
        #expect(abs(sender.error(at: 300, leastDelay: 0.1)) < 0.01)
    }

    @Test("A clock that is set anew is followed at once, when two reports say so", arguments: [3600, -3600, 1.5, -1.5])
    func jump(by seconds: Double) {
        var sender = Sender()
        for second in 0..<10 { sender.report(at: Double(second), delay: 0.02) }
        sender.ahead = seconds
        sender.report(at: 10, delay: 0.04)
        #expect(sender.clock.offset == Self.fixed(0.02))
        // The same packet again confirms nothing.
        sender.report(at: 10.01, delay: 0.04)
        #expect(sender.clock.offset == Self.fixed(0.02))
        sender.report(at: 11, delay: 0.02)
        #expect(abs(sender.error(at: 11, leastDelay: 0.02)) < 0.001)
    }

    @Test("One wild report, or a backlog that arrives at once, sets no clock")
    func backlog() {
        var sender = Sender()
        for second in 0..<10 { sender.report(at: Double(second), delay: 0.02) }
        sender.ahead = 1e6
        sender.report(at: 10, delay: 0.02)
        sender.ahead = 0
        sender.report(at: 11, delay: 0.02)
        #expect(sender.clock.offset == Self.fixed(0.02))
        // Five reports of 5 s, all at second 20.
        for second in 12..<19 { sender.report(at: Double(second), delay: Double(20 - second)) }
        #expect(abs(sender.error(at: 20, leastDelay: 0.02)) < 0.001)
    }

    @Test("Sixteen streams whose reports follow closely still confirm a jump within a second")
    func manyStreams() {
        var sender = Sender()
        for step in 0..<160 { sender.report(at: Double(step) / 16, delay: 0.02) }
        sender.ahead = 60
        for step in 160..<176 { sender.report(at: Double(step) / 16, delay: 0.02) }
        #expect(abs(sender.error(at: 11, leastDelay: 0.02)) < 0.001)
    }

    @Test("The turn of the NTP era in 2036 goes unnoticed")
    func era() {
        var clock = SenderClock()
        let eve = UInt64.max - 5 << 32
        for second in 0..<20 as Range<UInt64> {
            clock.add(
                ntp: NTPTime(rawValue: eve &+ second << 32),
                arrival: NTPTime(rawValue: eve &+ second << 32 &+ 1 << 26),
                now: at(Double(second) * 1000)
            )
        }
        #expect(clock.offset == 1 << 26)
    }
}
