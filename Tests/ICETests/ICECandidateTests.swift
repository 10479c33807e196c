// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import SwiftletICE
import SwiftletWire
import Testing

@Suite("ICE candidates and credentials, RFC 8445 §5")
struct ICECandidateTests {
    private static let endpoints = [
        ICECandidate.Endpoint(transport: .udp, address: "192.0.2.1", port: 1),
        ICECandidate.Endpoint(transport: .tcp, address: "192.0.2.1", port: 2),
        ICECandidate.Endpoint(transport: .udp, address: "sfu.example", port: 3),
    ]

    @Test("The formula gives the RFC's numbers")
    func formula() {
        #expect(ICECandidate.priority(typePreference: 126, localPreference: 65_535) == 2_130_706_431)
        #expect(ICECandidate.priority(typePreference: 0, localPreference: 0, component: 256) == 0)
        #expect(ICECandidate.priority(typePreference: 999, localPreference: 99_999, component: 0) == 2_130_706_431)
    }

    @Test("Server candidates count down by 100 and prefer what is preferred")
    func server() {
        let local = { (udp: Bool, tcp: Bool) in
            ICECandidate.serverCandidates(for: Self.endpoints, preferUDP: udp, preferTCP: tcp).map {
                $0.priority >> 8 & 0xFFFF
            }
        }
        #expect(local(false, false) == [10_000, 9900, 9800])
        #expect(local(true, false) == [11_000, 9900, 10_800])
        #expect(local(false, true) == [10_000, 10_900, 9800])
        #expect(local(true, true) == [11_000, 10_900, 10_800])
        let candidates = ICECandidate.serverCandidates(for: Self.endpoints)
        #expect(candidates.map(\.foundation) == ["udpcandidate", "tcpcandidate", "udpcandidate"])
        #expect(candidates.map(\.address) == ["192.0.2.1", "192.0.2.1", "sfu.example"])
        #expect(candidates.allSatisfy { $0.priority >> 24 == 64 && $0.priority & 0xFF == 255 })
    }

    @Test("A thousand endpoints do not wrap the priority")
    func many() {
        let endpoints = (0..<1000).map { ICECandidate.Endpoint(transport: .udp, address: "::1", port: UInt16($0)) }
        let priorities = ICECandidate.serverCandidates(for: endpoints).map(\.priority)
        #expect(priorities == priorities.sorted(by: >))
        #expect(priorities.last == 0x4000_00FF)
    }

    @Test("Credentials are 32 lower-case letters and digits and never the same twice")
    func credentials() {
        var random = SeededRandom(seed: 1)
        var seen: Set<String> = []
        for _ in 0..<500 {
            let credentials = ICECredentials(using: &random)
            for text in [credentials.usernameFragment, credentials.password] {
                #expect(text.count == 32 && text.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789".contains($0) })
                #expect(seen.insert(text).inserted)
            }
        }
    }
}
