// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CForward

/// Which forwarder is measured.
enum Forwarder: String {
    /// The least that forwarding can cost, in C.
    case floor
    /// Ours.
    case worker
    /// Ours, with peers that are connected and send nothing.
    case idle = "idle-worker"
}

/// All peers, and what they send.
@safe
final class Load {
    /// What one phase showed.
    struct Outcome {
        /// Packets that arrived at receivers.
        var arrived: Int
        /// Messages that they arrived in: a run is one.
        var messages: Int
        /// Seconds from the first arrival to the last.
        var seconds: Double
        /// Messages that receivers lost because they were not read in time.
        var overflow: Int
        /// Delays of sampled packets in µs, ascending.
        var delays: [Double]
        /// ICE checks that were answered.
        var answers: Int
        /// The RTP timestamp of the first packet that arrived.
        var firstTimestamp: UInt32
        /// How late the latest packet was sent, in seconds.
        var lateness: Double

        /// Packets per message.
        var run: Double { Double(arrived) / Double(max(1, messages)) }
        /// Packets that left the forwarder: those that arrived, and those in messages that were not read in time.
        var left: Double { Double(arrived) + Double(overflow) * run }
    }

    /// Where packets go.
    struct Target {
        var port: Int32
        /// Where it speaks to its host, or -1.
        var channel: Int32 = -1
        /// What it takes from RTP timestamps.
        var offset: UInt32 = 0
    }

    private static let delayCapacity = 200_000

    let script: Script
    /// The processor for forwarders, or -1 for any.
    let forwarderCPU: Int32
    private var sockets = forward_load()
    private var delays = [UInt32](repeating: 0, count: delayCapacity)

    init(script: Script, forwarderCPU: Int32) throws {
        (self.script, self.forwarderCPU) = (script, forwarderCPU)
        let result = unsafe forward_load_open(&sockets)
        guard result == 0 else { throw Refusal(text: "cannot open sockets: errno \(-result)") }
    }

    deinit { unsafe forward_load_close(&sockets) }

    /// Where all peers receive.
    var port: Int { Int(sockets.port) }

    /// Sends a part of the script, `pace` times as fast as it says; where delays count, `expected` packets will come.
    func run(
        _ range: Range<Int>,
        pace: Double = 1,
        to target: Target,
        settle: Duration,
        sampling expected: Int? = nil
    ) throws -> Outcome {
        var seen: (phase: forward_phase, result: Int32) = unsafe (forward_phase(), 0)
        unsafe delays.withUnsafeMutableBufferPointer { delays in
            unsafe seen.phase.bytes = script.bytes
            unsafe seen.phase.entries = script.entries
            unsafe (seen.phase.first, seen.phase.count) = (UInt32(range.lowerBound), UInt32(range.count))
            unsafe (seen.phase.pace, seen.phase.port, seen.phase.channel) = (
                pace, target.port, target.channel
            )
            unsafe seen.phase.offset = target.offset
            unsafe seen.phase.settle_ns =
                settle.components.attoseconds / 1_000_000_000 + settle.components.seconds * 1_000_000_000
            unsafe seen.phase.sent_ns = script.sentTimes
            unsafe seen.phase.delays = expected == nil ? nil : delays.baseAddress
            unsafe seen.phase.delay_capacity = UInt32(delays.count)
            unsafe seen.phase.sample = UInt32(max(1, (expected ?? 0) / Self.delayCapacity + 1))
            unsafe seen.result = forward_run(&sockets, &seen.phase)
        }
        guard unsafe seen.result == 0 else { throw Refusal(text: "cannot start a thread") }
        return unsafe Outcome(
            arrived: Int(seen.phase.arrived),
            messages: Int(seen.phase.messages),
            seconds: Double(seen.phase.last_ns - seen.phase.first_ns) / 1e9,
            overflow: Int(seen.phase.overflow),
            delays: delays.prefix(Int(seen.phase.delay_count)).map { Double($0) / 1000 }.sorted(),
            answers: Int(seen.phase.answers),
            firstTimestamp: seen.phase.first_timestamp,
            lateness: Double(seen.phase.latest_ns) / 1e9
        )
    }
}

/// A forwarder in a process of its own.
final class Child {
    let port: Int32
    private var process: forward_child

    /// Starts one for a scenario, whose peers receive where `load` does.
    init(_ forwarder: Forwarder, _ scenario: Scenario, load: Load) throws {
        var process = forward_child()
        var scenario = scenario
        scenario.port = load.port
        let result = unsafe forward_spawn(&process, forwarder.rawValue, scenario.text, load.forwarderCPU)
        guard result == 0 else { throw Refusal(text: "cannot start a process: errno \(-result)") }
        let words = Self.line(of: &process).split(separator: " ")
        guard words.count == 2, let port = Int32(words[1]) else {
            unsafe forward_end(&process)
            throw Refusal(text: "the \(forwarder.rawValue) process did not start")
        }
        (self.process, self.port) = (process, port)
    }

    /// Reads a line that it writes.
    func line() -> String { Self.line(of: &process) }

    private static func line(of process: inout forward_child) -> String {
        var line = [CChar](repeating: 0, count: 128)
        let length = unsafe forward_read_line(&process, &line, Int32(line.count))
        return String(decoding: line.prefix(Int(max(0, length))).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Where to send packets for it.
    var target: Load.Target { Load.Target(port: port, channel: process.channel) }
    /// Seconds of CPU time that it has used.
    var cpuSeconds: Double { Double(forward_cpu_ns(process.pid)) / 1e9 }
    /// Its resident memory.
    var residentKilobytes: Int { Int(forward_rss_kb(process.pid)) }

    deinit { unsafe forward_end(&process) }
}
