// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The grid: both forwarders, in turns, in every case.
struct ForwardBenchmark {
    var consumers = [1, 10, 50, 200]
    var traffic: [Traffic] = [.bursts(1), .bursts(4), .bursts(8), .trace]
    var suites: [Scenario.Suite] = [.none, .gcm, .cm]
    /// Of the cases that bars are about; the others are run once.
    var repetitions = 5
    let load: Load

    /// The medians of one case.
    private struct Result {
        let one: Case
        let ours: [Sample]
        let floor: [Sample]

        var hasOurs: Bool { !ours.isEmpty }
        var cost: Double { median(ours, \.microsecondsPerPacket) }
        var floorCost: Double { median(floor, \.microsecondsPerPacket) }
        var maximum: Double { median(ours, \.packetsPerSecond) }
        var p99Ratio: Double { median(ours, \.percentile99) / max(1, median(floor, \.percentile99)) }

        var json: String {
            var fields = [
                #""bench":"forward""#, #""n":\#(one.consumers)"#, #""burst":\#(one.traffic.burst)"#,
                #""traffic":"\#(one.traffic.name)""#, #""suite":"\#(one.suite.name)""#,
                #""repetitions":\#(floor.count)"#, #""floor_us_per_packet":\#(floorCost.fixed(3))"#,
                #""floor_max_packets_per_second":\#(Int(median(floor, \.packetsPerSecond)))"#,
                #""floor_p50_us":\#(median(floor, \.median).fixed(1))"#,
                #""floor_p99_us":\#(median(floor, \.percentile99).fixed(1))"#,
            ]
            if hasOurs {
                fields += [
                    #""cpu_us_per_packet":\#(cost.fixed(3))"#, #""ratio_to_floor":\#((cost / floorCost).fixed(3))"#,
                    #""max_packets_per_second":\#(Int(maximum))"#, #""p50_us":\#(median(ours, \.median).fixed(1))"#,
                    #""p99_us":\#(median(ours, \.percentile99).fixed(1))"#,
                    #""p99_ratio_to_floor":\#(p99Ratio.fixed(3))"#,
                    #""rss_kb":\#(Int(median(ours) { Double($0.residentKilobytes) }))"#,
                ]
            }
            return "{" + fields.joined(separator: ",") + "}"
        }
    }

    /// Measures everything and prints it.
    func run() throws {
        say(
            """
            forward: packets of at most 1200 bytes to N consumers, one worker; burst 0 is frames of a real encoder.
            Receivers are drained on loopback (one socket behind all their addresses); the floor is Benchmarks/CForward/Floor.c.
            Floor and worker in turns, medians. µs: CPU time per forwarded packet. Without encryption only the floor runs.

            suite     N burst |  ours µs floor µs ratio | ours max/s floor max/s | ours p50/p99 µs floor p50/p99 µs ratio | run ours/floor | rss MB
            """
        )
        var results: [Result] = []
        for suite in suites {
            for traffic in traffic {
                for count in consumers {
                    let result = try measure(Case(consumers: count, traffic: traffic, suite: suite))
                    results.append(result)
                    say(row(result))
                }
            }
        }
        say("")
        for result in results { say(result.json) }
        summarize(results)
        warn(results)
    }

    /// Whether bars are about it.
    private func matters(_ one: Case) -> Bool {
        one.suite == .gcm && one.consumers == 50 && (one.traffic == .bursts(1) || one.traffic == .bursts(8))
    }

    private func measure(_ one: Case) throws -> Result {
        let repetitions = matters(one) ? repetitions : 1
        let (steadySeconds, overloadSeconds) = repetitions > 1 ? (1.4, 0.7) : (0.8, 0.4)
        let scenario = one.scenario
        let rateIn = one.steadyRate / Double(one.consumers)
        let steady = Int(rateIn * steadySeconds)
        let excess = Int(Case.excessiveRate / Double(one.consumers) * overloadSeconds)
        try one.write(load.script, steadySeconds: steadySeconds, packets: min(Script.capacity, 300 + steady + excess))
        let script = load.script
        let first = script.first(at: Case.warmUp)
        let middle = script.first(at: Case.warmUp + Int64(steadySeconds * 1e9))
        var phases = Measurement.Phases(
            steady: first..<middle,
            excess: middle..<script.count,
            expected: (middle - first) * one.consumers
        )
        let measurement = Measurement(load: load)
        var (ours, floor): ([Sample], [Sample]) = ([], [])
        var overload = Case.excessiveRate
        for _ in 0..<repetitions {
            floor.append(try measurement.run(.floor, scenario, phases, pace: overload / one.steadyRate))
            overload = 1.6 * median(floor, \.packetsPerSecond)
            let most = Int(overload / Double(one.consumers) * overloadSeconds)
            phases.excess = middle..<min(script.count, middle + max(one.traffic.burst, most))
            guard one.suite != .none else { continue }
            ours.append(try measurement.run(.worker, scenario, phases, pace: overload / one.steadyRate))
        }
        return Result(one: one, ours: ours, floor: floor)
    }

    private func row(_ result: Result) -> String {
        let (ours, floor) = (result.ours, result.floor)
        let known = { (text: String) in result.hasOurs ? text : "-" }
        let suite = result.one.suite == .none ? "none" : result.one.suite == .gcm ? "GCM" : "CM"
        let columns = [
            suite.filled(5) + "\(result.one.consumers)".padded(6) + "\(result.one.traffic.burst)".padded(6),
            known(result.cost.fixed(2)).padded(8) + result.floorCost.fixed(2).padded(9)
                + known((result.cost / result.floorCost).fixed(2)).padded(6),
            known("\(Int(result.maximum))").padded(10) + "\(Int(median(floor, \.packetsPerSecond)))".padded(12),
            known(delays(ours)).padded(15) + delays(floor).padded(17) + known(result.p99Ratio.fixed(2)).padded(6),
            (known(median(ours, \.run).fixed(1)) + "/" + median(floor, \.run).fixed(1)).padded(14),
            known((median(ours) { Double($0.residentKilobytes) } / 1024).fixed(1)).padded(6),
        ]
        return columns.joined(separator: " | ")
    }

    private func delays(_ samples: [Sample]) -> String {
        "\(Int(median(samples, \.median)))/\(Int(median(samples, \.percentile99)))"
    }

    /// Compares bursts with paced packets.
    private func summarize(_ results: [Result]) {
        for paced in results where paced.hasOurs && paced.one.traffic == .bursts(1) {
            let bursts = results.first { other in
                other.one.traffic == .bursts(8) && other.one.consumers == paced.one.consumers
                    && other.one.suite == paced.one.suite
            }
            guard let bursts else { continue }
            say(
                #"{"bench":"forward_bursts","n":\#(paced.one.consumers),"suite":"\#(paced.one.suite.name)","#
                    + #""max_burst8_to_paced":\#((bursts.maximum / max(1, paced.maximum)).fixed(3)),"#
                    + #""cost_paced_to_burst8":\#((paced.cost / bursts.cost).fixed(3))}"#
            )
        }
    }

    /// Says what would make the numbers doubtful.
    private func warn(_ results: [Result]) {
        for result in results {
            let one = result.one
            let name = "\(one.suite.name), N = \(one.consumers), \(one.traffic.name)"
            let lateness = median(result.ours + result.floor, \.lateness)
            if lateness > 0.01 { say("note: \(name): publishers fell \((lateness * 1000).fixed(0)) ms behind") }
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
    /// Filled from the right.
    func filled(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

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
