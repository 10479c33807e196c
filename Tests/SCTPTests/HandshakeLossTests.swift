// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SCTPLink
import SwiftletSCTP
import SwiftletWire
import Testing

@Suite("A handshake whose packets are lost, RFC 9260 §5")
struct HandshakeLossTests {
    /// Loses those of the first packets whose bit is set, counted over both sides.
    private func pair(losing mask: Int, bothOpen: Bool, seed: UInt64 = 1) throws -> SCTPPair {
        let pair = SCTPPair(.init(), nil, PathConditions(delay: .milliseconds(20)), seed: seed)
        var count = 0
        pair.filter = { _, _ in
            defer { count += 1 }
            return count >= 8 || mask >> count & 1 == 0
        }
        for side in [SCTPPair.Side.a, .b] {
            let message = SCTPMessage(stream: 1, payloadProtocol: .string, payload: [UInt8](repeating: 1, count: 3000))
            _ = try pair[side].send(message, now: pair.now)
        }
        pair.a.connect(now: pair.now)
        if bothOpen { pair.b.connect(now: pair.now) }
        return pair
    }

    @Test("Any of the first eight packets may be lost, in every combination", arguments: [false, true])
    func everyCombination(bothOpen: Bool) throws {
        for mask in 0..<256 {
            let pair = try pair(losing: mask, bothOpen: bothOpen)
            let isDone = pair.run(for: .seconds(60)) { pair.messages(.a).count == 1 && pair.messages(.b).count == 1 }
            #expect(isDone, "lost: \(String(mask, radix: 2))")
            pair.run(for: .seconds(10))
            for side in [SCTPPair.Side.a, .b] {
                #expect(pair[side].state == .connected, "lost: \(String(mask, radix: 2))")
                #expect(pair.messages(side).count == 1 && pair[side].counters.restarts == 0)
                let changes = pair.outputs[side.rawValue].filter { $0 == .stateChanged(.connected) }
                #expect(changes.count == 1, "said once")
            }
        }
    }

    @Test("Both may open while packets overtake each other and come twice")
    func bothOpenOnBadPath() {
        for seed in 1...200 as ClosedRange<UInt64> {
            var path = PathConditions(delay: .milliseconds(50), loss: 0.3)
            (path.jitter, path.duplication) = (.milliseconds(300), 0.3)
            let pair = SCTPPair(.init(), nil, path, seed: seed)
            #expect(pair.connect(), "seed \(seed)")
            pair.run(for: .seconds(20))
            #expect(pair.a.state == .connected && pair.b.state == .connected, "seed \(seed)")
            #expect(pair.a.counters.restarts == 0 && pair.b.counters.restarts == 0, "seed \(seed)")
        }
    }

    @Test("INIT is repeated without end, every three seconds at last, unless a limit is set")
    func unlimitedAttempts() {
        let patient = SCTPPair()
        patient.filter = { _, _ in false }
        patient.a.connect(now: patient.now)
        patient.run(for: .seconds(600))
        #expect(patient.a.state == .connecting)
        #expect(patient.a.counters.packetsSent > 190 && patient.a.counters.packetsSent < 210)
        var configuration = SCTPConfiguration()
        configuration.maximumRetransmissions = 8
        let limited = SCTPPair(configuration)
        limited.filter = { _, _ in false }
        limited.a.connect(now: limited.now)
        limited.run(for: .seconds(600))
        #expect(limited.a.state == .failed)
        #expect(limited.a.counters.packetsSent == 9)
    }

    @Test("A cookie that comes too late is told so, and the handshake begins over")
    func staleCookie() {
        var configuration = SCTPConfiguration()
        configuration.cookieLifetime = .seconds(5)
        let pair = SCTPPair(configuration)
        var holdsBack = true
        pair.filter = { side, packet in !(holdsBack && side == .a && packet[12] == 10) }
        pair.a.connect(now: pair.now)
        pair.run(for: .seconds(6))
        #expect(pair.a.state == .connecting)
        holdsBack = false
        #expect(pair.run(for: .seconds(10)) { pair.a.state == .connected && pair.b.state == .connected })
    }
}
