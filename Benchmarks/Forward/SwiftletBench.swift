// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CForward
import Glibc

/// Measures the packet path and data channels.
///
/// It starts itself again for each forwarder, with the role `floor` or `worker`.
@main
enum SwiftletBench {
    private static let usage = """
        usage: swiftlet-bench forward [--quick] [--consumers N] [--burst N] [--repetitions N]
               swiftlet-bench engine [--consumers N] [--burst N]
               swiftlet-bench memory
               swiftlet-bench data [--quick]
               swiftlet-bench soak [--minutes N]

        """

    static func main() {
        let arguments = CommandLine.arguments
        do {
            switch arguments.dropFirst().first {
            case "forward": try forward(arguments)
            case "engine":
                let consumers = number(after: "--consumers", in: arguments) ?? 50
                try EngineAlone(consumers: consumers, burst: number(after: "--burst", in: arguments) ?? 8).run()
            case "memory": try MemoryBenchmark().run()
            case "data": try data(arguments)
            case "soak": exit(try Soak(minutes: number(after: "--minutes", in: arguments) ?? 30).run() ? 0 : 1)
            case "floor":
                exit(forward_floor_main(Int32(try argument(2, of: arguments)), Int32(try argument(3, of: arguments))))
            case "worker":
                try WorkerRole.run(
                    consumers: try argument(2, of: arguments),
                    drainPort: UInt16(try argument(3, of: arguments)),
                    sourcePort: UInt16(try argument(4, of: arguments))
                )
            default: fail(usage, 64)
            }
        } catch let refusal as Refusal {
            fail("swiftlet-bench: \(refusal.text)\n", 1)
        } catch {
            fail("swiftlet-bench: \(error)\n", 1)
        }
    }

    private static func forward(_ arguments: [String]) throws {
        let quick = arguments.contains("--quick")
        // Publisher and receivers on one processor, the forwarder on the next.
        let (own, forwarder) = (forward_cpu(0), forward_cpu(1))
        if forwarder >= 0 { _ = forward_pin(own) }
        forward_prefer()
        let packets = try SealedPackets(capacity: 1 << 17)
        guard packets.seal(packets.capacity, from: 0, at: 0) else { throw Refusal(text: "sealing failed") }
        var benchmark = ForwardBenchmark(
            measurement: Measurement(load: try Load(packets: packets, forwarderCPU: forwarder))
        )
        if quick { (benchmark.consumers, benchmark.repetitions) = ([10, 50], 1) }
        if let count = number(after: "--consumers", in: arguments) { benchmark.consumers = [count] }
        if let burst = number(after: "--burst", in: arguments) { benchmark.bursts = [burst] }
        if let count = number(after: "--repetitions", in: arguments) { benchmark.repetitions = max(1, count) }
        try benchmark.run()
    }

    private static func data(_ arguments: [String]) throws {
        _ = forward_pin(forward_cpu(0))
        forward_prefer()
        try DataBenchmark(repetitions: arguments.contains("--quick") ? 1 : 3).run()
    }

    private static func argument(_ place: Int, of arguments: [String]) throws -> Int {
        guard arguments.count > place, let value = Int(arguments[place]), 1...65_535 ~= value else {
            throw Refusal(text: "argument \(place) is no number from 1 to 65535")
        }
        return value
    }

    private static func number(after option: String, in arguments: [String]) -> Int? {
        guard let place = arguments.firstIndex(of: option), place + 1 < arguments.count else { return nil }
        return Int(arguments[place + 1]).flatMap { 1...10_000 ~= $0 ? $0 : nil }
    }

    private static func fail(_ text: String, _ code: Int32) -> Never {
        _ = unsafe write(STDERR_FILENO, text, text.utf8.count)
        exit(code)
    }
}
