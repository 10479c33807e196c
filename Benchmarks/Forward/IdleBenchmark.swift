// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SwiftletCrypto
import SwiftletSTUN
import SwiftletWire

/// What a worker costs that has little to do: nobody there, a thousand connected peers that send nothing, and one viewer
/// of thirty packets a second, where nearly all is waking up.
struct IdleBenchmark {
    private static let peers = 1000
    /// How often a browser asks whether we are still there, RFC 7675 asks for 5 s at most.
    private static let consentInterval: Int64 = 2_500_000_000
    private static let packetsPerSecond = 30

    var seconds = 4
    let load: Load

    /// Measures and prints it.
    func run() throws {
        say("idle: CPU of a worker, over \(seconds) s each")
        let nobody = try nobody()
        say("  nobody: \((nobody * 1e6).fixed(0)) µs a second")
        let (idle, answered) = try connected()
        let perPeer = idle * 1e6 / Double(Self.peers)
        say(
            "  \(Self.peers) connected peers: \((idle * 100).fixed(2)) % of a core, \(perPeer.fixed(1)) µs a second each, "
                + "\(Int(answered)) checks answered a second"
        )
        let floor = try viewer(.floor)
        let ours = try viewer(.worker)
        say(
            "  one viewer of \(Self.packetsPerSecond) packets/s: \(ours.fixed(1)) µs a packet, floor \(floor.fixed(1)) µs"
        )
        say(
            #"{"bench":"idle","nobody_us_per_second":\#((nobody * 1e6).fixed(1)),"connected":\#(Self.peers),"#
                + #""connected_us_per_second":\#((idle * 1e6).fixed(1)),"us_per_second_per_peer":\#(perPeer.fixed(2)),"#
                + #""checks_per_second":\#(answered.fixed(1)),"packets_per_second":\#(Self.packetsPerSecond),"#
                + #""cpu_us_per_packet":\#(ours.fixed(2)),"floor_us_per_packet":\#(floor.fixed(2)),"#
                + #""ratio_to_floor":\#((ours / floor).fixed(3))}"#
        )
    }

    /// Seconds of CPU a second with no transport at all.
    private func nobody() throws -> Double {
        let child = try Child(.idle, Scenario(), load: load)
        let before = child.cpuSeconds
        sleep(UInt32(seconds))
        return (child.cpuSeconds - before) / Double(seconds)
    }

    /// Seconds of CPU a second with all peers connected, and how many of their checks were answered in a second.
    private func connected() throws -> (Double, Double) {
        var scenario = Scenario()
        (scenario.shape, scenario.members) = (.rooms, Self.peers)
        let child = try Child(.idle, scenario, load: load)
        let credentials = (0..<Self.peers).map { _ in child.line().split(separator: " ").map(String.init) }
        guard credentials.allSatisfy({ $0.count == 2 }) else { throw Refusal(text: "no ICE credentials") }
        let script = load.script
        script.rewind()
        var random = SeededRandom(seed: 3)
        let step = Self.consentInterval / Int64(Self.peers)
        let checks = (seconds + 1) * Int(1_000_000_000 / step)
        for check in 0..<checks {
            let peer = check % Self.peers
            var builder = STUNMessageBuilder(.request, transactionID: STUNTransactionID(using: &random))
            builder.add(STUNAttribute.username, credentials[peer][0] + ":bench")
            builder.add(STUNAttribute.priority, UInt32(1_853_824_767))
            builder.add(STUNAttribute.iceControlling, UInt64(peer))
            builder.add(STUNAttribute.useCandidate, [])
            let password = Array(credentials[peer][1].utf8)
            let datagram = builder.finish(key: HMACSHA1(key: password.span))
            script.append(datagram, at: Int64(check) * step, from: peer)
        }
        let first = checks / (seconds + 1)
        _ = try load.run(0..<first, to: child.target, settle: .milliseconds(10))
        let before = child.cpuSeconds
        let outcome = try load.run(first..<checks, to: child.target, settle: .milliseconds(10))
        return ((child.cpuSeconds - before) / Double(seconds), Double(outcome.answers) / Double(seconds))
    }

    /// Microseconds of CPU per packet.
    private func viewer(_ forwarder: Forwarder) throws -> Double {
        let scenario = Scenario()
        try load.script.reset(scenario)
        var streams = [MediaStream(peer: 0, ssrc: Scenario.ssrc(of: 0, 0))]
        let interval = Int64(1_000_000_000 / Self.packetsPerSecond)
        let count = (seconds + 1) * Self.packetsPerSecond
        let plans = (0..<count).map { index in
            Script.Plan(at: Int64(index) * interval, stream: 0, payload: Case.payload, isKey: index == 0)
        }
        try load.script.write(plans, of: &streams)
        let phases = Measurement.Phases(steady: Self.packetsPerSecond..<count, expected: count)
        return try Measurement(load: load).run(forwarder, scenario, phases).microsecondsPerPacket
    }
}
