// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import CForward
import Glibc

/// Measures the packet path and data channels.
///
/// It starts itself again for each forwarder, with the role `floor`, `worker` or `idle-worker`.
@main
enum SwiftletBench {
    private static let usage = """
        usage: swiftlet-bench forward [--quick] [--suite none|gcm|cm] [--consumers N] [--burst N] [--repetitions N]
               swiftlet-bench meeting [--quick]
               swiftlet-bench idle [--quick]
               swiftlet-bench engine [--consumers N] [--burst N]
               swiftlet-bench memory
               swiftlet-bench data [--quick]
               swiftlet-bench peers VIEWERS PID PORT
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
            case "meeting":
                var benchmark = MeetingBenchmark(load: try load())
                if arguments.contains("--quick") { (benchmark.repetitions, benchmark.seconds) = (1, 0.8) }
                try benchmark.run()
            case "idle":
                var benchmark = IdleBenchmark(load: try load())
                if arguments.contains("--quick") { benchmark.seconds = 2 }
                try benchmark.run()
            case "peers":
                let numbers = arguments.dropFirst(2).compactMap { Int32($0) }
                guard numbers.count == 3 else { fail(usage, 64) }
                try PeersBenchmark(viewers: Int(numbers[0]), pid: numbers[1], port: numbers[2], load: try load()).run()
            case "floor":
                var floor = try scenario(arguments).floor
                exit(unsafe forward_floor_main(&floor))
            case "worker": try WorkerRole.run(try scenario(arguments))
            case WorkerMemory.role: WorkerMemory.become()
            case "idle-worker": try WorkerRole.runIdle(try scenario(arguments))
            default: fail(usage, 64)
            }
        } catch let refusal as Refusal {
            fail("swiftlet-bench: \(refusal.text)\n", 1)
        } catch {
            fail("swiftlet-bench: \(error)\n", 1)
        }
    }

    private static func forward(_ arguments: [String]) throws {
        var benchmark = ForwardBenchmark(load: try load())
        if arguments.contains("--quick") {
            (benchmark.consumers, benchmark.repetitions, benchmark.suites) = ([10, 50], 1, [.gcm])
        }
        if let suite = text(after: "--suite", in: arguments) {
            let suites: [String: Scenario.Suite] = ["none": .none, "gcm": .gcm, "cm": .cm]
            guard let known = suites[suite] else { fail(usage, 64) }
            benchmark.suites = [known]
        }
        if let count = number(after: "--consumers", in: arguments) { benchmark.consumers = [count] }
        if let burst = number(after: "--burst", in: arguments) { benchmark.traffic = [.bursts(min(burst, 64))] }
        if text(after: "--burst", in: arguments) == "0" { benchmark.traffic = [.trace] }
        if let count = number(after: "--repetitions", in: arguments) { benchmark.repetitions = max(1, count) }
        try benchmark.run()
    }

    /// Publishers and receivers on one processor, the forwarder on the next.
    private static func load() throws -> Load {
        let (own, forwarder) = (forward_cpu(0), forward_cpu(1))
        if forwarder >= 0 { _ = forward_pin(own) }
        forward_prefer()
        return try Load(script: try Script(), forwarderCPU: forwarder)
    }

    private static func data(_ arguments: [String]) throws {
        _ = forward_pin(forward_cpu(0))
        forward_prefer()
        try DataBenchmark(repetitions: arguments.contains("--quick") ? 1 : 3).run()
    }

    private static func scenario(_ arguments: [String]) throws -> Scenario {
        guard arguments.count > 2, let scenario = Scenario(text: arguments[2]) else { throw Refusal(text: usage) }
        return scenario
    }

    private static func text(after option: String, in arguments: [String]) -> String? {
        guard let place = arguments.firstIndex(of: option), place + 1 < arguments.count else { return nil }
        return arguments[place + 1]
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
