// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The grid: both forwarders, in turns, in every case.
struct ForwardBenchmark {
    var consumers = [10, 50, 200]
    var bursts = [1, 8]
    var repetitions = 5
    var measurement: Measurement

    /// The medians of one case.
    private struct Result {
        let one: Case
        let ours: [Sample]
        let floor: [Sample]

        var cost: Double { median(ours, \.microsecondsPerPacket) }
        var floorCost: Double { median(floor, \.microsecondsPerPacket) }
        var resident: Int { Int(median(ours) { Double($0.residentKilobytes) }) }

        var json: String {
            let fields = [
                #""bench":"forward""#, #""n":\#(one.consumers)"#, #""burst":\#(one.burst)"#,
                #""suite":"AEAD_AES_128_GCM""#, #""cpu_us_per_packet":\#(cost.fixed(3))"#,
                #""floor_us_per_packet":\#(floorCost.fixed(3))"#, #""ratio_to_floor":\#((cost / floorCost).fixed(3))"#,
                #""max_packets_per_second":\#(Int(median(ours, \.packetsPerSecond)))"#,
                #""p50_us":\#(median(ours, \.median).fixed(1))"#,
                #""p99_us":\#(median(ours, \.percentile99).fixed(1))"#,
                #""rss_kb":\#(resident)"#,
            ]
            return "{" + fields.joined(separator: ",") + "}"
        }
    }

    /// Measures everything and prints it.
    func run() throws {
        say(
            """
            forward: one stream of \(SealedPackets.plainSize)-byte packets to N consumers, AES-128-GCM, one worker.
            Receivers are drained on loopback (one socket behind all their addresses); the floor is Benchmarks/CForward/Floor.c.
            \(repetitions) repetitions, floor and worker in turns, medians. µs: CPU time per forwarded packet.

              N burst |  ours µs floor µs ratio | ours max/s floor max/s | ours p50/p99 µs floor p50/p99 µs | run ours/floor | rss MB  kB/consumer
            """
        )
        var results: [Result] = []
        for burst in bursts {
            for count in consumers {
                let result = try measure(Case(consumers: count, burst: burst))
                results.append(result)
                say(row(result, smallest: results.first { $0.one.burst == burst }))
            }
        }
        say("")
        for result in results { say(result.json) }
        warn(results)
    }

    private func measure(_ one: Case) throws -> Result {
        var (ours, floor): ([Sample], [Sample]) = ([], [])
        var overload = one.excessiveRate
        for _ in 0..<repetitions {
            floor.append(try measurement.run(.floor, one, overload: overload))
            overload = 1.6 * median(floor, \.packetsPerSecond)
            ours.append(try measurement.run(.worker, one, overload: overload))
        }
        return Result(one: one, ours: ours, floor: floor)
    }

    private func row(_ result: Result, smallest: Result?) -> String {
        let (ours, floor) = (result.ours, result.floor)
        var perConsumer = "-"
        if let smallest, smallest.one.consumers < result.one.consumers {
            // From the smallest case: buffers and the packet store, which all consumers share, cancel out.
            let more = Double(result.resident - smallest.resident)
            perConsumer = (more / Double(result.one.consumers - smallest.one.consumers)).fixed(1)
        }
        let columns = [
            "\(result.one.consumers)".padded(5) + "\(result.one.burst)".padded(6),
            result.cost.fixed(2).padded(8) + result.floorCost.fixed(2).padded(9)
                + (result.cost / result.floorCost).fixed(2).padded(6),
            "\(Int(median(ours, \.packetsPerSecond)))".padded(10)
                + "\(Int(median(floor, \.packetsPerSecond)))".padded(12),
            delays(ours).padded(15) + delays(floor).padded(17),
            "\(median(ours, \.run).fixed(1))/\(median(floor, \.run).fixed(1))".padded(14),
            (Double(result.resident) / 1024).fixed(1).padded(6) + perConsumer.padded(13),
        ]
        return columns.joined(separator: " | ")
    }

    private func delays(_ samples: [Sample]) -> String {
        "\(Int(median(samples, \.median)))/\(Int(median(samples, \.percentile99)))"
    }

    /// Says what would make the numbers doubtful.
    private func warn(_ results: [Result]) {
        for result in results {
            let name = "N = \(result.one.consumers), burst \(result.one.burst)"
            let lost = median(result.ours) { Double($0.lost) }
            if lost > 0 { say("note: \(name): \(Int(lost)) packets lost under steady load") }
            let unread = median(result.ours + result.floor, \.unread)
            if unread > 0.05 {
                let share = (unread * 100).fixed(0)
                say("note: \(name): receivers were not read fast enough under overload, \(share) % is an estimate")
            }
        }
    }
}

extension Double {
    /// With so many digits behind the point.
    func fixed(_ digits: Int) -> String {
        guard isFinite, magnitude < 1e15 else { return "0" }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let whole = Int64((magnitude * scale).rounded())
        let (front, back) = whole.quotientAndRemainder(dividingBy: Int64(scale))
        let sign = self < 0 && whole != 0 ? "-" : ""
        return digits == 0 ? "\(sign)\(front)" : "\(sign)\(front)." + "\(back)".padded(digits, with: "0")
    }
}

extension String {
    /// Filled from the left.
    func padded(_ width: Int, with filler: Character = " ") -> String {
        String(repeating: filler, count: max(0, width - count)) + self
    }
}

/// Prints a line at once, whoever reads.
func say(_ line: String) {
    print(line)
    fflush(nil)
}
