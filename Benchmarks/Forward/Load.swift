// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CForward

/// Which forwarder is measured.
enum Forwarder: String {
    /// The least that forwarding can cost, in C.
    case floor
    /// Ours.
    case worker
}

/// Publisher and receivers, and what they need to know of the packets.
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

        /// Packets per message.
        var run: Double { Double(arrived) / Double(max(1, messages)) }
        /// Packets that left the forwarder: those that arrived, and those in messages that were not read in time.
        var left: Double { Double(arrived) + Double(overflow) * run }
    }

    private static let delayCapacity = 200_000

    let packets: SealedPackets
    /// The processor for forwarders, or -1 for any.
    let forwarderCPU: Int32
    private var sockets = forward_load()
    private var delays = [UInt32](repeating: 0, count: delayCapacity)

    init(packets: SealedPackets, forwarderCPU: Int32) throws {
        (self.packets, self.forwarderCPU) = (packets, forwarderCPU)
        let result = unsafe forward_load_open(&sockets)
        guard result == 0 else { throw Refusal(text: "cannot open sockets: errno \(-result)") }
    }

    deinit { unsafe forward_load_close(&sockets) }

    /// Where receivers listen, and where the publisher sends from.
    var ports: (drain: Int32, source: Int32) { (sockets.drain_port, sockets.source_port) }

    /// Sends `count` packets from `first` on.
    func run(
        first: Int,
        count: Int,
        burst: Int,
        packetsPerSecond: Double,
        to port: Int32,
        settle: Duration,
        sampling: Bool
    ) throws -> Outcome {
        let sample = UInt32(max(1, count * 200 / Self.delayCapacity))
        var arrived = (packets: 0, messages: 0, seconds: 0.0, overflow: 0, delays: 0)
        let result = unsafe delays.withUnsafeMutableBufferPointer { delays in
            var phase = unsafe forward_phase()
            unsafe phase.packets = packets.base
            unsafe (phase.first, phase.count) = (UInt32(first), UInt32(count))
            unsafe (phase.size, phase.burst) = (UInt32(packets.size), UInt32(burst))
            unsafe (phase.packets_per_second, phase.port) = (packetsPerSecond, port)
            unsafe phase.settle_ns =
                settle.components.attoseconds / 1_000_000_000 + settle.components.seconds * 1_000_000_000
            unsafe phase.sent_ns = packets.sentTimes
            unsafe phase.delays = sampling ? delays.baseAddress : nil
            unsafe (phase.delay_capacity, phase.sample) = (UInt32(delays.count), sample)
            let result = unsafe forward_run(&sockets, &phase)
            unsafe arrived = (
                Int(phase.arrived), Int(phase.messages), Double(phase.last_ns - phase.first_ns) / 1e9,
                Int(phase.overflow), Int(phase.delay_count)
            )
            return result
        }
        guard result == 0 else { throw Refusal(text: "cannot start a thread: errno \(-result)") }
        return Outcome(
            arrived: arrived.packets,
            messages: arrived.messages,
            seconds: arrived.seconds,
            overflow: arrived.overflow,
            delays: delays.prefix(arrived.delays).map { Double($0) / 1000 }.sorted()
        )
    }
}

/// A forwarder in a process of its own.
final class Child {
    let port: Int32
    private var process: forward_child

    init(_ forwarder: Forwarder, consumers: Int, load: Load) throws {
        var process = forward_child()
        let (drain, source) = load.ports
        let result = unsafe forward_spawn(
            &process,
            forwarder.rawValue,
            Int32(consumers),
            drain,
            source,
            load.forwarderCPU
        )
        guard result == 0 else { throw Refusal(text: "cannot start a process: errno \(-result)") }
        var line = [CChar](repeating: 0, count: 128)
        let length = unsafe forward_read_line(&process, &line, Int32(line.count))
        let words = line.prefix(Int(max(0, length))).map { UInt8(bitPattern: $0) }.split(separator: UInt8(ascii: " "))
        guard words.count == 2, let port = Int32(String(decoding: words[1], as: UTF8.self)) else {
            unsafe forward_end(&process)
            throw Refusal(text: "the \(forwarder.rawValue) process did not start")
        }
        (self.process, self.port) = (process, port)
    }

    /// Seconds of CPU time that it has used.
    var cpuSeconds: Double { Double(forward_cpu_ns(process.pid)) / 1e9 }
    /// Its resident memory.
    var residentKilobytes: Int { Int(forward_rss_kb(process.pid)) }

    /// Reads what it said to its host, so that it need not wait.
    func discardMessages() { unsafe forward_discard_channel(&process) }

    deinit { unsafe forward_end(&process) }
}
