// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

/// One cell of the grid.
struct Case {
    var consumers: Int
    var burst: Int

    /// Packets per second out of the forwarder while its cost is measured: what either carries at about half load.
    var steadyRate: Double { burst == 1 ? 60_000 : 120_000 }
    /// More than any forwarder carries, until the floor has shown what it does.
    var excessiveRate: Double { 1_500_000 }
}

/// What one run of one forwarder showed.
struct Sample {
    var microsecondsPerPacket: Double
    var packetsPerSecond: Double
    var median: Double
    var percentile99: Double
    var residentKilobytes: Int
    /// Packets that left as one message, on average, under steady load and under overload.
    var run: Double
    var overloadedRun: Double
    /// Packets that did not arrive under steady load.
    var lost: Int
    /// The share of packets that receivers did not read in time.
    var unread: Double
}

/// Measures forwarders, each in a fresh process.
struct Measurement {
    private static let warmUp = 64
    let load: Load
    var steadySeconds = 1.4
    var overloadSeconds = 0.7

    /// Runs one forwarder: warm-up, a steady load, an overload of so many packets per second.
    func run(_ forwarder: Forwarder, _ one: Case, overload: Double) throws -> Sample {
        let child = try Child(forwarder, consumers: one.consumers, load: load)
        let steadyIn = one.steadyRate / Double(one.consumers)
        let steady = max(one.burst, Int(steadyIn * steadySeconds) / one.burst * one.burst)
        let overloadIn = overload / Double(one.consumers)
        let rest = load.packets.capacity - Self.warmUp - steady
        let excess = min(rest, max(one.burst, Int(overloadIn * overloadSeconds)))
        _ = try load.run(
            first: 0,
            count: Self.warmUp,
            burst: one.burst,
            packetsPerSecond: 640,
            to: child.port,
            settle: .milliseconds(20),
            sampling: false
        )
        let before = child.cpuSeconds
        let measured = try load.run(
            first: Self.warmUp,
            count: steady,
            burst: one.burst,
            packetsPerSecond: steadyIn,
            to: child.port,
            settle: .milliseconds(30),
            sampling: true
        )
        let used = child.cpuSeconds - before
        let overloaded = try load.run(
            first: Self.warmUp + steady,
            count: excess,
            burst: one.burst,
            packetsPerSecond: overloadIn,
            to: child.port,
            settle: .milliseconds(50),
            sampling: false
        )
        guard measured.arrived > 0, overloaded.arrived > 0 else {
            throw Refusal(text: "nothing came through the \(forwarder.rawValue)")
        }
        return Sample(
            microsecondsPerPacket: used * 1e6 / measured.left,
            packetsPerSecond: overloaded.left / max(overloaded.seconds, 0.001),
            median: percentile(0.5, of: measured.delays),
            percentile99: percentile(0.99, of: measured.delays),
            residentKilobytes: child.residentKilobytes,
            run: measured.run,
            overloadedRun: overloaded.run,
            lost: steady * one.consumers - Int(measured.left),
            unread: (Double(overloaded.overflow) * overloaded.run + Double(measured.overflow)) / overloaded.left
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
