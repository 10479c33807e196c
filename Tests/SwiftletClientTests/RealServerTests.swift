// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import SwiftletClient
import SwiftletORTC
import SwiftletServer
import Synchronization
import Testing

/// A whole server with a real worker, on ports of its own.
final class RealServer: Sendable {
    let url: String
    private let task: Task<Void, any Error>
    private static let ports = Mutex(Int.random(in: 10_000...19_000))

    init(tls: ServerSettings.TLS = .off) async throws {
        var settings = ServerSettings()
        (settings.port, settings.workers, settings.mediaAddresses) = (0, 1, ["127.0.0.1"])
        settings.tls = tls
        settings.mediaPort = Self.ports.withLock { port in
            port += 4
            return port
        }
        let (running, continuation) = AsyncStream<Int>.makeStream()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = try SignalingServer(settings: settings, logger: logger, signals: []) { state in
            continuation.yield(state.port)
        }
        task = Task {
            defer { continuation.finish() }
            try await ServiceGroup(
                configuration: ServiceGroupConfiguration(services: [.init(service: server)], logger: logger)
            ).run()
        }
        var iterator = running.makeAsyncIterator()
        guard let port = await iterator.next() else {
            try await task.value
            throw CancellationError()
        }
        url = "\(tls == .off ? "ws" : "wss")://127.0.0.1:\(port)"
    }

    func stop() async {
        task.cancel()
        _ = await task.result
    }

    func join(_ peer: String, _ options: ClientOptions = ClientOptions()) async throws -> SwiftletClient {
        try await SwiftletClient.connect(to: url, room: "room", peer: peer, displayName: peer, options: options)
    }
}

@Suite("Clients of a real server", .timeLimit(.minutes(2)))
struct RealServerTests {
    /// Waits until something is so, at most 15 s.
    private func wait(_ condition: () async -> Bool) async throws {
        for _ in 0..<150 {
            if await condition() { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("not so in time")
    }

    @Test("Two clients hear each other and see each other's VP8 simulcast")
    func call() async throws {
        let server = try await RealServer()
        let clients = [try await server.join("alice"), try await server.join("bob")]
        #expect(clients[0].peers.isEmpty || clients[0].peers == ["bob"])
        #expect(clients[1].peers == ["alice"])
        for client in clients {
            _ = try await client.publish(.audio())
            _ = try await client.publish(.video(codec: .vp8, layers: .simulcast()))
        }
        for client in clients {
            try await wait { client.subscriptions.count == 2 }
            for subscription in client.subscriptions {
                try await wait {
                    let seen = await subscription.statistics()
                    return seen.frames > 60 && (subscription.kind == .audio || seen.spatialLayer == 2)
                }
                let seen = await subscription.statistics()
                #expect(subscription.peer == (client.peer == "alice" ? "bob" : "alice"))
                #expect(seen.faults == 0 && seen.undecodableFrames == 0, "\(seen.faultDetails)")
                #expect(seen.packetsLost == 0 && seen.duplicates == 0)
                #expect(seen.delay.count > 60 && seen.delay.longest < .seconds(2))
            }
            let whole = await client.statistics()
            #expect(whole.brokenDatagrams == 0 && whole.joinTime > .zero && whole.receivingConnectTime != nil)
        }
        let (alice, bob) = (clients[0], clients[1])
        await alice.leave()
        try await wait { bob.subscriptions.isEmpty && bob.peers.isEmpty }
        try await alice.closed()
        await #expect(throws: SwiftletClientError.self) { try await alice.publish(.audio()) }
        await bob.leave()
        await server.stop()
    }

    @Test("A path that loses is counted to the packet")
    func loss() async throws {
        let server = try await RealServer()
        let alice = try await server.join("alice")
        _ = try await alice.publish(.audio())
        _ = try await alice.publish(.video())
        let bob = try await server.join("bob")
        try await wait { bob.subscriptions.count == 2 }
        for subscription in bob.subscriptions { try await wait { await subscription.statistics().frames > 20 } }
        await bob.setNetwork(NetworkProfile(down: .init(loss: 0.1)))
        for subscription in bob.subscriptions {
            try await wait { await subscription.statistics().packetsSwallowed > 15 }
        }
        await bob.setNetwork(.clear)
        for subscription in bob.subscriptions {
            // Once more has come than the order of packets could hide.
            let before = await subscription.statistics().packets
            try await wait { await subscription.statistics().packets > before + 20 }
            let seen = await subscription.statistics()
            #expect(seen.packetsLost == Int64(seen.packetsSwallowed))
            #expect(seen.faults == 0, "\(seen.faultDetails)")
            if subscription.kind == .video { #expect(seen.packetsRepaired > 0) }
        }
        await alice.leave()
        await bob.leave()
        await server.stop()
    }

    @Test("Every way not to get in has a typed error")
    func refusals() async throws {
        let server = try await RealServer()
        func code(_ url: String, room: String = "room", peer: String = "p") async -> SwiftletClientError.Code? {
            do throws(SwiftletClientError) {
                let client = try await SwiftletClient.connect(to: url, room: room, peer: peer, displayName: "")
                await client.leave()
                return nil
            } catch {
                return error.code
            }
        }
        #expect(await code("nonsense") == .invalidURL)
        #expect(await code("ftp://127.0.0.1") == .invalidURL)
        #expect(await code("ws://127.0.0.1:1") == .unreachable)
        #expect(await code(server.url, peer: String(repeating: "x", count: 200)) == .refused)
        #expect(await code(server.url, room: "räume & +mehr", peer: "ä+b") == nil)
        let client = try await server.join("alice")
        await #expect(throws: SwiftletClientError.self) { try await client.publish(.video(.ivf("/nowhere.ivf"))) }
        await #expect(throws: SwiftletClientError.self) {
            try await client.publish(.video(codec: .vp8, layers: .svc()))
        }
        await client.leave()
        await server.stop()
    }

    @Test("A client that is replaced, or whose server stops, says so")
    func ends() async throws {
        let server = try await RealServer()
        let first = try await server.join("alice")
        let second = try await server.join("alice")
        do throws(SwiftletClientError) {
            try await first.closed()
            Issue.record("ended without an error")
        } catch {
            #expect(error.code == .ended)
        }
        await server.stop()
        do throws(SwiftletClientError) {
            try await second.closed()
            Issue.record("ended without an error")
        } catch {
            #expect(error.code == .connectionLost || error.code == .mediaLost || error.code == .roomLost)
        }
    }
}
