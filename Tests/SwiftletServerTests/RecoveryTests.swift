// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import RawWebSocket
import SwiftletORTC
import SwiftletServer
import SwiftletSignaling
import Testing

#if canImport(Glibc)
import Glibc
#endif

@Suite("Ends and recoveries", .timeLimit(.minutes(2))) struct RecoveryTests {
    @Test("When a worker is killed, its peers hear why, and come back to a new one on the same port")
    func killedWorker()
        async throws
    {
        let server = try await TestServer()
        let (alice, joined) = try await TestPeer.joined(server, peer: "alice")
        let (bob, _) = try await TestPeer.joined(server, peer: "bob")
        _ = try await alice.produce(on: joined.sending)
        try await bob.takeConsumer()
        let pid = try #require(server.worker(of: server.mediaPort))
        #expect(kill(pid, SIGKILL) == 0)
        for peer in [alice, bob] {
            let notice: ReasonNotice = try await peer.notification("routerClosed")
            #expect(notice.reason.contains("worker"))
            await #expect { let _: Nothing = try await peer.notification("x") } throws: {
                ($0 as? TestPeer.Closed)?.code == 4001
            }
        }
        // At once: the server holds the answer back until there is a worker.
        let (again, second) = try await TestPeer.joined(server, peer: "alice")
        #expect(second.others.isEmpty)
        #expect(second.sending.iceCandidates.allSatisfy { Int($0.port) == server.mediaPort })
        let (_, third) = try await TestPeer.joined(server, peer: "bob")
        #expect(third.others == ["alice"])
        _ = try await again.produce(on: second.sending)
        #expect(server.worker(of: server.mediaPort) != pid)
        #expect(try await server.get("/healthz").contains(#""workers":1"#))
        await server.stop()
    }

    @Test("Rooms of other workers do not notice") func otherWorkers() async throws {
        let server = try await TestServer { $0.workers = 2 }
        let (alice, first) = try await TestPeer.joined(server, room: "a", peer: "alice")
        let (bob, second) = try await TestPeer.joined(server, room: "b", peer: "bob")
        let ports = [first, second].compactMap { $0.sending.iceCandidates.first.map { Int($0.port) } }
        // The second room went to the worker with less to do.
        #expect(Set(ports) == [server.mediaPort, server.mediaPort + 1])
        let pid = try #require(server.worker(of: ports[0]))
        #expect(kill(pid, SIGKILL) == 0)
        let _: ReasonNotice = try await alice.notification("routerClosed")
        let _: [WebRtcTransportStat] = try await bob.ask(
            "getTransportStats",
            TransportRequest(transportId: second.sending.id)
        )
        #expect(try await bob.methodsSoFar().isEmpty)
        await server.stop()
    }

    @Test("A media port in use is said in a sentence that names it and the option") func portInUse() async throws {
        let server = try await TestServer()
        await #expect {
            _ = try await TestServer { $0.mediaPort = server.mediaPort }
        } throws: { error in
            guard let error = error as? SettingsError else { return false }
            return error.message.contains("port \(server.mediaPort)") && error.message.contains("--media-port")
        }
        await #expect {
            _ = try await TestServer { $0.port = server.port }
        } throws: { ($0 as? SettingsError)?.message.contains("--port") == true }
        await server.stop()
    }
}
