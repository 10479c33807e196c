// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Swiftlet

/// Measures how fast one worker makes transports and consumers through the public API, and what a crowd at the door
/// does to those inside.
///
/// The worker is a process of its own, found as ``WorkerSettings/workerBinary`` says.
@main
enum SwiftletBenchJoin {
    private static let usage = """
        usage: swiftlet-bench-join [--quick] [--people N]

        """

    static func main() async {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard let (isQuick, people) = read(arguments) else {
            FileHandle.standardError.write(Data(usage.utf8))
            exit(64)
        }
        do {
            var rates = Rates()
            if isQuick { (rates.transports, rates.consumers) = (1_000, 4_000) }
            let speed = try await rates.run()
            let join = try await RoomJoin(people: people ?? (isQuick ? 50 : 200)).run()
            print(table(speed, join))
            print(json(speed, join))
        } catch {
            FileHandle.standardError.write(Data("swiftlet-bench-join: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func read(_ arguments: [String]) -> (isQuick: Bool, people: Int?)? {
        var rest = arguments[...]
        var (isQuick, people): (Bool, Int?) = (false, nil)
        while let word = rest.popFirst() {
            switch word {
            case "--quick": isQuick = true
            case "--people":
                guard let number = rest.popFirst().flatMap({ Int($0) }), 2...250 ~= number else { return nil }
                people = number
            default: return nil
            }
        }
        return (isQuick, people)
    }

    private static func table(_ speed: Rates.Result, _ join: RoomJoin.Result) -> String {
        """
        Made a second on one worker, \(Rates.width) requests at once (one after the other):
          transports          \(whole(speed.transports)) (\(whole(speed.transportsInTurn)))
          consumers           \(whole(speed.consumers)) (\(whole(speed.consumersInTurn)))
          consumers, batched  \(whole(speed.consumersBatched))
        \(join.consumers) consumers asked for at once, beside a call and other requests:
          all made in         \(thousandths(join.seconds)) s
          longest turn        \(thousandths(join.longestTurn)) ms
          packets, p99        \(thousandths(join.delay)) ms (\(thousandths(join.quietDelay)) before), \(join.lost) lost
          requests, p99       \(thousandths(join.request)) ms (longest \(thousandths(join.longestRequest)))
        """
    }

    private static func json(_ speed: Rates.Result, _ join: RoomJoin.Result) -> String {
        let values: [(String, String)] = [
            ("transports_per_second", whole(speed.transports)),
            ("transports_per_second_in_turn", whole(speed.transportsInTurn)),
            ("consumers_per_second", whole(speed.consumers)),
            ("consumers_per_second_in_turn", whole(speed.consumersInTurn)),
            ("consumers_per_second_batched", whole(speed.consumersBatched)),
            ("join_consumers", "\(join.consumers)"), ("join_200_seconds", thousandths(join.seconds)),
            ("longest_turn_ms", thousandths(join.longestTurn)), ("p99_packet_ms", thousandths(join.delay)),
            ("p99_packet_before_ms", thousandths(join.quietDelay)), ("packets_lost", "\(join.lost)"),
            ("p99_request_ms", thousandths(join.request)), ("longest_request_ms", thousandths(join.longestRequest)),
        ]
        return #"{"bench":"join","# + values.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
    }

    private static func whole(_ value: Double) -> String { String(Int(value.rounded())) }

    private static func thousandths(_ value: Double) -> String { String(format: "%.3f", value) }
}
