// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletWire

/// How packets come.
enum Traffic: Equatable {
    /// So many back to back, evenly paced.
    case bursts(Int)
    /// Whole frames of a real encoder, from several publishers out of phase.
    case trace

    /// The number in the table and in JSON; 0 is the trace.
    var burst: Int {
        switch self {
        case .bursts(let count): count
        case .trace: 0
        }
    }

    var name: String {
        switch self {
        case .bursts(1): "paced"
        case .bursts(let count): "bursts of \(count)"
        case .trace: "frames"
        }
    }
}

/// One cell of the grid.
struct Case {
    var consumers: Int
    var traffic: Traffic
    var suite = Scenario.Suite.gcm
    /// Packets per second out of the forwarder while its cost is measured, if not ``usualRate``.
    var rate: Double?
    /// Where publishers begin to count.
    var sequence: UInt64 = 1000

    var steadyRate: Double { rate ?? usualRate }

    /// What either forwarder carries at about half load.
    private var usualRate: Double {
        switch traffic {
        case .bursts(1): consumers == 1 ? 40_000 : 60_000
        case .bursts(let count) where count < 8: consumers == 1 ? 60_000 : 90_000
        case .bursts: consumers == 1 ? 80_000 : 120_000
        case .trace: consumers == 1 ? 60_000 : 90_000
        }
    }
    /// More than any forwarder carries, until the floor has shown what it does.
    static let excessiveRate = 1_500_000.0

    /// What the forwarder is set up for.
    var scenario: Scenario {
        var scenario = Scenario()
        scenario.suite = suite
        scenario.members = consumers
        if traffic == .trace {
            let perPublisher = Double(FrameTrace.packetsPerSecond(limit: Self.payload)) * Double(consumers)
            scenario.groups = max(1, Int((steadyRate / perPublisher).rounded()))
        }
        return scenario
    }

    /// Bytes of the largest payload; with a header and its extensions 1200.
    static let payload = 1180
    /// How long the first packets go, of which the measurement knows nothing.
    static let warmUp: Int64 = 150_000_000

    /// Writes what the publishers send: a slow beginning, so many seconds of steady load, and more to overload with.
    func write(_ script: Script, steadySeconds: Double, packets: Int) throws {
        let scenario = scenario
        try script.reset(scenario)
        var streams = (0..<scenario.publishers).map {
            MediaStream(peer: $0, ssrc: Scenario.ssrc(of: $0, 0), sequence: sequence)
        }
        var plans: [Script.Plan] = []
        // Every stream begins with key frames, one packet each.
        for stream in streams.indices {
            for turn in 0..<(streams.count > 8 ? 2 : 16) {
                let place = turn * streams.count + stream
                plans.append(.init(at: Int64(place) * 100_000, stream: stream, payload: Self.payload, isKey: true))
            }
        }
        let end = Self.warmUp + Int64(steadySeconds * 1e9)
        switch traffic {
        case .bursts(let size):
            let interval = 1e9 / (steadyRate / Double(consumers))
            for index in 0..<packets - plans.count {
                let at = Self.warmUp + Int64(Double(index / size * size) * interval)
                plans.append(.init(at: at, stream: 0, payload: Self.payload, isKey: index % 300 == 0))
            }
        case .trace:
            var random = SeededRandom(seed: 5)
            let interval = 1_000_000_000 / Int64(FrameTrace.framesPerSecond)
            let seconds = Double(packets) / Double(FrameTrace.packetsPerSecond(limit: Self.payload) * streams.count)
            let frames = max(Int(Double(end) / Double(interval)), Int(seconds * Double(FrameTrace.framesPerSecond)))
            for stream in streams.indices {
                let phase = Int64.random(in: 0..<interval, using: &random)
                let first = Int.random(in: 0..<FrameTrace.sizes.count, using: &random)
                for frame in 0..<frames {
                    let at = Self.warmUp + phase + Int64(frame) * interval
                    plans += FrameTrace.frame(first + frame, at: at, stream: stream, limit: Self.payload)
                }
            }
        }
        try script.write(plans, of: &streams)
    }
}

extension FrameTrace {
    /// Packets of one publisher in a second, on average.
    static func packetsPerSecond(limit: Int) -> Int {
        let packets = sizes.reduce(0) { $0 + ($1 + limit - 1) / limit }
        return packets * framesPerSecond / sizes.count
    }

    /// The packets of a frame, all at once.
    static func frame(_ number: Int, at time: Int64, stream: Int, limit: Int) -> [Script.Plan] {
        let index = number % sizes.count
        let parts = split(sizes[index], into: limit)
        return parts.enumerated().map { place, size in
            Script.Plan(
                at: time,
                stream: stream,
                payload: size,
                isKey: isKeyFrame(index),
                isStart: place == 0,
                isEnd: place == parts.count - 1
            )
        }
    }
}

/// What one run of one forwarder showed.
struct Sample {
    var microsecondsPerPacket: Double
    /// The share of a processor that the steady load took.
    var load: Double
    var packetsPerSecond = 0.0
    var median: Double
    var percentile99: Double
    var residentKilobytes: Int
    /// Packets that left as one message, on average, under steady load and under overload.
    var run: Double
    var overloadedRun = 0.0
    /// Packets that left under steady load.
    var left: Double
    /// The share of packets that receivers did not read in time.
    var unread = 0.0
    /// Seconds by which the publishers fell behind.
    var lateness: Double
}

/// Measures forwarders, each in a fresh process.
struct Measurement {
    /// What of a script is which.
    struct Phases {
        var steady: Range<Int>
        var excess = 0..<0
        /// Packets that are expected in the steady phase.
        var expected: Int
    }

    let load: Load

    /// Runs one forwarder through the script: the beginning, a steady load and, if wanted, an overload, which goes `pace`
    /// times as fast as planned.
    func run(_ forwarder: Forwarder, _ scenario: Scenario, _ phases: Phases, pace: Double = 1) throws -> Sample {
        let child = try Child(forwarder, scenario, load: load)
        var sample = try run(phases, to: child.target) { child.cpuSeconds }
        sample.residentKilobytes = child.residentKilobytes
        guard !phases.excess.isEmpty else { return sample }
        let overloaded = try load.run(phases.excess, pace: pace, to: child.target, settle: .milliseconds(50))
        guard overloaded.arrived > 0 else { throw Refusal(text: "nothing came through the \(forwarder.rawValue)") }
        // Where few were read, their times tell less than for how long packets were sent.
        let seconds = max(overloaded.seconds, load.script.seconds(of: phases.excess) / pace, 0.001)
        sample.packetsPerSecond = overloaded.left / seconds
        sample.overloadedRun = overloaded.run
        sample.residentKilobytes = child.residentKilobytes
        sample.unread = Double(overloaded.overflow) * overloaded.run / overloaded.left
        return sample
    }

    /// Runs whatever forwarder through the beginning and the steady load.
    func run(_ phases: Phases, to forwarder: Load.Target, cpuSeconds: () -> Double) throws -> Sample {
        var target = forwarder
        let start = try load.run(0..<phases.steady.lowerBound, to: target, settle: .milliseconds(20))
        // Packets are known by their timestamps, which some forwarders count anew.
        if start.arrived > 0, forwarder.channel < 0 { target.offset = 0 &- start.firstTimestamp }
        let before = cpuSeconds()
        let measured = try load.run(phases.steady, to: target, settle: .milliseconds(30), sampling: phases.expected)
        let used = cpuSeconds() - before
        guard measured.arrived > 0 else { throw Refusal(text: "nothing came through") }
        return Sample(
            microsecondsPerPacket: used * 1e6 / measured.left,
            load: used / max(measured.seconds, 0.001),
            median: percentile(0.5, of: measured.delays),
            percentile99: percentile(0.99, of: measured.delays),
            residentKilobytes: 0,
            run: measured.run,
            left: measured.left,
            lateness: measured.lateness
        )
    }
}

/// The value below which this share of ascending values lies.
func percentile(_ share: Double, of values: [Double]) -> Double {
    values.isEmpty ? 0 : values[min(values.count - 1, Int(Double(values.count) * share))]
}

/// The median of one property of samples.
func median(_ samples: [Sample], _ value: (Sample) -> Double) -> Double {
    percentile(0.5, of: samples.map(value).sorted())
}
