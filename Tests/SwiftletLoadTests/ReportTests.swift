// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SwiftletClient
import Testing

import SwiftletLoad

/// A generator that gives the same every time (Steele and Vigna, SplitMix64).
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

@Suite("Numbers of a report") struct ReportTests {
    /// The definition: the smallest value that at least so many of all values do not exceed.
    private static func naive(_ values: [Double], _ percent: Int) -> Double? {
        values.sorted().first { candidate in
            values.count { $0 <= candidate } * 100 >= percent * values.count
        }
    }

    @Test("Percentiles of values are the smallest that a share does not exceed", arguments: 1...40)
    func percentiles(seed: UInt64) {
        var random = Seeded(state: seed)
        let count = Int.random(in: 1...300, using: &random)
        let values = (0..<count).map { _ in (Double.random(in: 0...50, using: &random) * 4).rounded() / 4 }
        let found = Percentiles(values)
        #expect(found.count == count && found.max == values.max())
        #expect(found.p50 == Self.naive(values, 50))
        #expect(found.p90 == Self.naive(values, 90))
        #expect(found.p99 == Self.naive(values, 99))
        let mean = values.reduce(0, +) / Double(count)
        #expect(abs((found.mean ?? -1) - mean) < 1e-9)
    }

    @Test("Percentiles of a histogram lie at most an eighth above the true ones", arguments: 1...20)
    func histogram(seed: UInt64) throws {
        var random = Seeded(state: seed)
        var histogram = DelayHistogram()
        let values = (0..<500).map { _ in exp(Double.random(in: -2...7, using: &random)) }
        for value in values { histogram.record(.nanoseconds(Int64(value * 1e6))) }
        let found = Percentiles(histogram)
        for (percent, value) in [(50, found.p50), (90, found.p90), (99, found.p99)] {
            let (truth, seen) = (try #require(Self.naive(values, percent)), try #require(value))
            #expect(seen >= truth * 0.9999 && seen <= truth * 1.126, "p\(percent): \(seen) for \(truth)")
        }
        #expect(found.count == 500)
    }

    @Test("Nothing has no percentiles") func nothing() {
        #expect(Percentiles([]) == Percentiles())
        #expect(Percentiles(DelayHistogram()) == Percentiles())
        #expect(Percentiles([]).p99 == nil)
    }

    @Test("What a histogram saw since an earlier copy is what was recorded between", arguments: 1...10)
    func since(seed: UInt64) {
        var random = Seeded(state: seed)
        var whole = DelayHistogram()
        var later = DelayHistogram()
        func some() -> Duration { .microseconds(Int64.random(in: 1...2_000_000, using: &random)) }
        for _ in 0..<100 { whole.record(some()) }
        let before = whole
        for _ in 0..<77 {
            let one = some()
            whole.record(one)
            later.record(one)
        }
        let between = whole.since(before)
        #expect(between.count == 77)
        // Of the same step; its end is cut to the longest one, where that is known better.
        for share in [0.1, 0.5, 0.9] {
            let (seen, truth) = (between.percentile(share) ?? .zero, later.percentile(share) ?? .zero)
            #expect(seen >= truth && seen / truth < 1.13, "\(seen) for \(truth)")
        }
        #expect(between.longest >= later.longest && between.longest / later.longest < 1.13)
        #expect(whole.since(whole).count == 0 && whole.since(DelayHistogram()) == whole)
    }

    @Test("Shares of loss count what was missing against what was sent") func shares() {
        var received = LoadReport.Received()
        (received.packets, received.lost, received.repaired) = (900, 100, 75)
        received.updateShares()
        #expect(received.lossBeforeRepair == 0.1 && received.lossAfterRepair == 0.025)
        (received.lost, received.repaired) = (-3, 0)
        received.updateShares()
        #expect(received.lossBeforeRepair == 0 && received.lossAfterRepair == 0)
        var none = LoadReport.Received()
        none.updateShares()
        #expect(none.lossAfterRepair == 0)
    }

    @Test("Limits are broken by what is over them, and by what could not be measured") func limits() {
        var limits = LoadPlan.Limits()
        var report = LoadReport()
        #expect(limits.broken(by: report).isEmpty)
        (limits.loss, limits.delayP99, limits.joinP99) = (0.01, .milliseconds(100), .seconds(1))
        #expect(limits.broken(by: report).count == 3)
        (report.received.packets, report.received.lossAfterRepair) = (1000, 0.01)
        (report.delay.p99, report.joining.ready.p99) = (100, 1000)
        #expect(limits.broken(by: report).isEmpty)
        (report.received.lossAfterRepair, report.delay.p99, report.joining.ready.p99) = (0.011, 101, 1001)
        #expect(
            limits.broken(by: report).map { $0.split(separator: ":")[0] } == [
                "--max-loss", "--max-delay-p99", "--max-join-p99",
            ]
        )
    }

    @Test("JSON comes back as it was") func json() throws {
        let report = sampleReport()
        #expect(try LoadReport(json: try report.json()) == report)
        let text = String(decoding: try report.json(), as: UTF8.self)
        #expect(text.contains("\"lossBeforeRepair\"") && text.contains("\"p99\"") && text.hasSuffix("}\n"))
    }

    @Test("Messages of data channels say when they were sent and which they are") func messages() {
        let message = LoadMessage(sent: 0x0123_4567_89AB_CDEF, number: 77)
        #expect(message.bytes(size: 200).count == 200 && message.bytes(size: 0).count == LoadMessage.headerBytes)
        #expect(LoadMessage(message.bytes(size: 16)) == message && LoadMessage(message.bytes(size: 99)) == message)
        #expect(LoadMessage([]) == nil && LoadMessage([UInt8](repeating: 0, count: 64)) == nil)
        #expect(MessageTraffic.missing(before: 5, expected: nil) == 0)
        #expect(MessageTraffic.missing(before: 5, expected: 5) == 0)
        #expect(MessageTraffic.missing(before: 9, expected: 5) == 4)
        #expect(MessageTraffic.missing(before: 4, expected: 5) == 1)
    }
}

/// A report with something everywhere, and with names that want to be markup.
func sampleReport(seconds: Int = 20) -> LoadReport {
    var report = LoadReport()
    report.server = "wss://media.example/?a=1&b=<script>alert('x')</script>"
    (report.seconds, report.steadySeconds) = (Double(seconds), Double(seconds) - 5)
    (report.clients.planned, report.clients.tried, report.clients.joined, report.clients.connected) = (8, 8, 6, 6)
    report.failures = [
        .init(step: "join", code: "refused", example: "503: <b>the server is \"full\"</b>\u{1B}[2J", count: 2)
    ]
    (report.received.packets, report.received.lost, report.received.repaired) = (12_345, 100, 90)
    report.received.updateShares()
    report.received.faultDetails = ["a <fault> & more"]
    report.joining.ready = Percentiles([10, 20, 30])
    report.joining.signalling = Percentiles([5, 6, 7])
    report.delay = Percentiles([1, 2, 30])
    report.lag = Percentiles([0.1, 0.2, 0.3])
    report.plan = [.init("rooms", "2"), .init("<name>", "&value")]
    report.notes = ["One & two."]
    report.broken = ["--max-loss: 1 % is over 0.1 %"]
    report.use = LoadReport.ServerUse()
    for at in 1...seconds {
        var second = LoadReport.Second()
        (second.at, second.clients, second.received) = (Double(at), min(6, at), Double(at) * 1e6)
        // Nothing arrives at first, and for a second in the middle.
        if at > 2, at != 10 { (second.delayP50Ms, second.delayP99Ms) = (1, 3) }
        (second.serverCPU, second.serverBytes) = (0.5, 2e7)
        report.series.append(second)
    }
    return report
}
