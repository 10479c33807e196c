// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import RawWebSocket
import SwiftletORTC
import SwiftletServer
import SwiftletSignaling
import Testing

@Suite("Rooms in which much is produced, over real workers", .timeLimit(.minutes(2))) struct CrowdTests {
    /// Peers with 16 producers each.
    private static func producers(
        _ server: TestServer,
        peers: Int
    ) async throws -> (peers: [TestPeer], ids: Set<String>) {
        var (all, ids): ([TestPeer], Set<String>) = ([], [])
        for number in 0..<peers {
            // What others produce is not theirs to hear: they would have to answer each offer.
            let peer = try await TestPeer(server, room: "r", peer: "p\(number)")
            let sending: CreateWebRtcTransportAnswer = try await peer.ask(
                "createWebRtcTransport",
                CreateWebRtcTransportRequest(producing: true, consuming: false)
            )
            let _: JoinAnswer = try await peer.ask("join", JoinRequest(displayName: "P"))
            for stream in 0..<16 {
                ids.insert(try await peer.produce(on: sending, ssrc: UInt32(1_000 + stream), mid: "\(stream)"))
            }
            all.append(peer)
        }
        return (all, ids)
    }

    @Test("Who joins is offered everything once, at most 32 at a time") func offers() async throws {
        let server = try await TestServer()
        let (_, ids) = try await Self.producers(server, peers: 3)
        let (silent, _) = try await TestPeer.joined(server, peer: "silent")
        // Who answers nothing keeps nobody waiting, and is offered no more.
        let (eager, _) = try await TestPeer.joined(server, peer: "eager")
        var taken: Set<String> = []
        var mids: Set<String> = []
        for _ in 0..<ids.count {
            let offer = try await eager.takeConsumer()
            taken.insert(offer.producerId)
            if let mid = offer.rtpParameters.mid { mids.insert(mid) }
        }
        #expect(taken == ids && mids.count == ids.count)
        #expect(try await !eager.methodsSoFar().contains("newConsumer"))
        #expect(try await silent.methodsSoFar().count { $0 == "newConsumer" } == 32)
        await server.stop()
    }

    @Test("Of a crowd of offers those that failed make room for others, and what came alone does not wait")
    func closing() async throws {
        let server = try await TestServer()
        let (peers, ids) = try await Self.producers(server, peers: 3)
        let (late, _) = try await TestPeer.joined(server, peer: "late")
        var seen = Set<String>()
        for _ in 0..<8 { seen.insert(try await late.takeConsumer(refusing: true).producerId) }
        for _ in 8..<ids.count { seen.insert(try await late.takeConsumer().producerId) }
        #expect(seen == ids)
        let (sender, joined) = try await TestPeer.joined(server, peer: "sender")
        let one = try await sender.produce(on: joined.sending)
        #expect(try await late.takeConsumer().producerId == one)
        await peers[0].socket.close()
        let gone: PeerNotice = try await late.notification("peerClosed")
        #expect(gone.peerId == "p0")
        await server.stop()
    }
}
