// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// Rooms of ten people who all send three layers of video and sound, and get the others' top layer and sound.
struct MeetingBenchmark {
    /// How the worker sends.
    private enum Mode: CaseIterable {
        case floor
        /// Each sender's packets as they came.
        case plain
        case regrouped
        case gathered

        var name: String {
            switch self {
            case .floor: "floor"
            case .plain: "window 0, not regrouped"
            case .regrouped: "window 0, regrouped"
            case .gathered: "window 0.5 ms, regrouped"
            }
        }

        var forwarder: Forwarder { self == .floor ? .floor : .worker }

        func scenario(rooms: Int) -> Scenario {
            var scenario = Scenario()
            (scenario.shape, scenario.groups, scenario.members) = (.rooms, rooms, MeetingBenchmark.people)
            scenario.regroups = self != .plain
            scenario.flushWindow = self == .gathered ? 500 : 0
            return scenario
        }
    }

    static let people = 10
    /// Sizes of the lower layers' frames by those of the top layer, which has 1.5 Mbit/s.
    private static let scales: [(stream: Int, scale: Double)] = [(0, 0.1), (10, 0.33), (Call.topStream, 1)]
    /// Payload of 32 kbit/s of Opus in packets of 20 ms.
    private static let audioPayload = 80
    private static let audioInterval: Int64 = 20_000_000
    /// Bits a second that peers' lines carry upwards: their packets come apart by that.
    private static let lines = [10e6, 20e6, 50e6]
    private static let warmUp: Int64 = 400_000_000
    private static let roomLimit = 40

    /// Rooms that make about half a load.
    var rooms = 5
    var repetitions = 3
    var seconds = 1.2
    let load: Load

    /// Measures and prints it.
    func run() throws {
        say(
            """
            meeting: rooms of \(Self.people), everybody sends 720p of 1.5 Mbit/s, two lower layers and sound, over lines of \
            10 to 50 Mbit/s; everybody gets the top layers and sounds of the others.
            \(rooms) rooms, medians of \(repetitions), in turns. µs: CPU time per forwarded packet, what comes in included.

                                      |     µs  CPU % | p50/p99 µs | packets per message
            """
        )
        let phases = try write(rooms: rooms)
        var samples: [Mode: [Sample]] = [:]
        for _ in 0..<repetitions {
            for mode in Mode.allCases {
                let sample = try Measurement(load: load).run(mode.forwarder, mode.scenario(rooms: rooms), phases)
                samples[mode, default: []].append(sample)
            }
        }
        for mode in Mode.allCases { say(row(mode, samples[mode] ?? [])) }
        var most: [(Mode, Int)] = []
        for mode in [Mode.plain, .gathered] {
            let share = median(samples[mode] ?? [], \.load)
            most.append((mode, try fill(mode, from: Int(Double(rooms) / max(0.05, share) * 0.85))))
        }
        say("")
        for (mode, count) in most { say("  \(mode.name): \(count) rooms on a core") }
        report(samples, rooms: most)
        warn(samples.values.flatMap { $0 }, expected: Double(phases.expected))
    }

    /// The most rooms that one core carries, all packets and in time, from a first guess on.
    private func fill(_ mode: Mode, from guess: Int) throws -> Int {
        func holds(_ rooms: Int) throws -> Bool {
            let phases = try write(rooms: rooms)
            let sample = try Measurement(load: load).run(mode.forwarder, mode.scenario(rooms: rooms), phases)
            let lost = Double(phases.expected) - sample.left
            return lost < Double(phases.expected) / 1000 && sample.percentile99 < 20_000
        }
        var count = min(max(1, guess), Self.roomLimit)
        if try holds(count) {
            while count < Self.roomLimit, try holds(count + 1) { count += 1 }
            return count
        }
        while count > 1 {
            count -= 1
            if try holds(count) { break }
        }
        return count
    }

    // MARK: What people send

    /// Writes the script of so many rooms.
    private func write(rooms: Int) throws -> Measurement.Phases {
        let script = load.script
        let scenario = Mode.plain.scenario(rooms: rooms)
        try script.reset(scenario)
        var random = SeededRandom(seed: 7)
        var streams: [MediaStream] = []
        var plans: [Script.Plan] = []
        for peer in 0..<scenario.peers {
            let first = streams.count
            streams += Self.scales.map { MediaStream(peer: peer, ssrc: Scenario.ssrc(of: peer, $0.stream)) }
            streams.append(
                MediaStream(peer: peer, ssrc: Scenario.ssrc(of: peer, Call.audioStream), isVideo: false)
            )
            // The top layer's key frame comes first, so that viewers begin with it.
            let start = Int64(peer) * 100_000
            for (place, layer) in [2, 1, 0].enumerated() {
                let at = start + Int64(place) * 100_000_000
                plans.append(.init(at: at, stream: first + layer, payload: Case.payload, isKey: true))
            }
            plans += talk(streams: first, line: Self.lines[peer % Self.lines.count], using: &random)
        }
        try script.write(plans, of: &streams)
        let steady = script.first(at: Self.warmUp)..<script.count
        let top = plans.count { $0.at >= Self.warmUp && ($0.stream % 4 == 2 || $0.stream % 4 == 3) }
        return Measurement.Phases(steady: steady, expected: top * (Self.people - 1))
    }

    /// What one person sends, as it comes off their line.
    private func talk(streams first: Int, line: Double, using random: inout SeededRandom) -> [Script.Plan] {
        let frameInterval = 1_000_000_000 / Int64(FrameTrace.framesPerSecond)
        let phase = Int64.random(in: 0..<frameInterval, using: &random)
        let start = Int.random(in: 0..<FrameTrace.sizes.count, using: &random)
        let end = Self.warmUp + Int64(seconds * 1e9)
        var made: [Script.Plan] = []
        for frame in 0..<Int((end - Self.warmUp) / frameInterval) {
            let index = (start + frame) % FrameTrace.sizes.count
            let at = Self.warmUp + phase + Int64(frame) * frameInterval
            for (place, layer) in Self.scales.enumerated() {
                let size = max(40, Int(Double(FrameTrace.sizes[index]) * layer.scale))
                // Each packet counts as a picture, so that its time names it and its delay is its own.
                for part in FrameTrace.split(size, into: Case.payload) {
                    made.append(.init(at: at, stream: first + place, payload: part))
                }
            }
        }
        let audio = Int64.random(in: 0..<Self.audioInterval, using: &random)
        for at in stride(from: Self.warmUp + audio, to: end, by: Int64.Stride(Self.audioInterval)) {
            made.append(.init(at: at, stream: first + 3, payload: Self.audioPayload))
        }
        var free: Int64 = 0
        return made.sorted { $0.at < $1.at }.map { plan in
            var plan = plan
            plan.at = max(plan.at, free)
            free = plan.at + Int64(Double((plan.payload + 64) * 8) / line * 1e9)
            return plan
        }
    }

    // MARK: Results

    private func row(_ mode: Mode, _ samples: [Sample]) -> String {
        mode.name.filled(25) + " | " + median(samples, \.microsecondsPerPacket).fixed(2).padded(6)
            + (median(samples, \.load) * 100).fixed(1).padded(7) + " | "
            + "\(Int(median(samples, \.median)))/\(Int(median(samples, \.percentile99)))".padded(10) + " | "
            + median(samples, \.run).fixed(2)
    }

    private func report(_ samples: [Mode: [Sample]], rooms most: [(Mode, Int)]) {
        let value = { (mode: Mode, of: (Sample) -> Double) in median(samples[mode] ?? [], of) }
        for mode in Mode.allCases {
            var fields = [
                #""bench":"meeting""#, #""mode":"\#(mode.name)""#, #""rooms":\#(rooms)"#, #""people":\#(Self.people)"#,
                #""flush_window_us":\#(mode.scenario(rooms: 1).flushWindow)"#,
                #""cpu_us_per_packet":\#(value(mode, \.microsecondsPerPacket).fixed(3))"#,
                #""cpu_share":\#(value(mode, \.load).fixed(3))"#, #""p50_us":\#(value(mode, \.median).fixed(1))"#,
                #""p99_us":\#(value(mode, \.percentile99).fixed(1))"#,
                #""packets_per_message":\#(value(mode, \.run).fixed(2))"#,
            ]
            if let count = most.first(where: { $0.0 == mode })?.1 { fields.append(#""rooms_per_core":\#(count)"#) }
            say("{" + fields.joined(separator: ",") + "}")
        }
        let ratio = value(.gathered, \.microsecondsPerPacket) / value(.plain, \.microsecondsPerPacket)
        say(
            #"{"bench":"meeting_window","cpu_ratio_to_plain":\#(ratio.fixed(3)),"#
                + #""added_p50_us":\#((value(.gathered, \.median) - value(.plain, \.median)).fixed(1)),"#
                + #""added_p99_us":\#((value(.gathered, \.percentile99) - value(.plain, \.percentile99)).fixed(1))}"#
        )
    }

    private func warn(_ samples: [Sample], expected: Double) {
        let lateness = samples.map(\.lateness).max() ?? 0
        if lateness > 0.01 { say("note: publishers fell \((lateness * 1000).fixed(0)) ms behind") }
        let worst = samples.map(\.left).min() ?? 0
        if worst < expected * 0.999 {
            say("note: \(((1 - worst / expected) * 100).fixed(2)) % of the packets expected did not come")
        }
    }
}
