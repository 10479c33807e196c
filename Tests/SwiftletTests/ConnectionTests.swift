// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import Swiftlet
import SwiftletWorkerProtocol
import Synchronization
import Testing

@Suite("The channel to a worker, over a real socketpair")
struct ConnectionTests {
    /// What a connection told its handler.
    private final class Log: Sendable {
        private let events: AsyncStream<WorkerChannelEvent>
        private let continuation: AsyncStream<WorkerChannelEvent>.Continuation

        init() { (events, continuation) = AsyncStream<WorkerChannelEvent>.makeStream() }

        func add(_ event: WorkerChannelEvent) {
            continuation.yield(event)
            if case .exited = event { continuation.finish() }
        }

        /// Everything, up to the exit.
        func all() async -> [String] {
            var seen: [String] = []
            for await event in events { seen.append("\(event)") }
            return seen
        }
    }

    private static func connect(
        reads: Bool = true,
        answer: @escaping @Sendable (UInt64, ControlRequest) -> [UInt8]? = { _, _ in [] }
    ) async throws -> (WorkerConnection, SocketPeer, Log) {
        let (ours, theirs) = try SocketPair.make()
        let log = Log()
        let connection = try await WorkerConnection.open(
            descriptor: ours,
            pid: 1,
            awaitExit: { "gone" },
            handler: { log.add($0) }
        )
        return (connection, SocketPeer(theirs, reads: reads, answer: answer), log)
    }

    private static func ask(
        _ connection: WorkerConnection,
        _ request: ControlRequest
    ) async -> Result<ControlReply, SwiftletError> {
        await withCheckedContinuation { continuation in
            connection.send(request) { continuation.resume(returning: $0) }
        }
    }

    @Test("A thousand requests at once get each its own answer")
    func answers() async throws {
        let (connection, _, log) = try await Self.connect { id, request in
            guard case .createRouter(let router) = request else { return nil }
            return try? WorkerProtocol.encode(reply: .failure(ControlError(.notFound, router)), to: id)
        }
        await withTaskGroup(of: Bool.self) { group in
            for index in 0..<1000 {
                group.addTask {
                    let result = await Self.ask(connection, .createRouter(id: "router \(index)"))
                    return result == .failure(SwiftletError(.notFound, "router \(index)"))
                }
            }
            for await isRight in group { #expect(isRight) }
        }
        connection.close()
        #expect(await log.all() == ["ended(reason: \"closed\")", "exited(status: \"gone\")"])
    }

    @Test("The end of the stream fails what is pending, and what comes later, as workerLost")
    func endOfFile() async throws {
        let (connection, _, log) = try await Self.connect { _, request in
            request == .dumpWorker ? nil : []
        }
        async let pending = Self.ask(connection, .getResourceUsage)
        async let last = Self.ask(connection, .dumpWorker)
        for result in [await pending, await last, await Self.ask(connection, .getResourceUsage)] {
            guard case .failure(let error) = result else {
                Issue.record("answered \(result)")
                continue
            }
            #expect(error.code == .workerLost)
        }
        #expect(await log.all().count == 2)
    }

    @Test(
        "A worker that sends what is no message is ended",
        arguments: [[0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 2, 7, 7]] as [[UInt8]]
    )
    func garbage(bytes: [UInt8]) async throws {
        let (connection, peer, log) = try await Self.connect { _, _ in [] }
        async let pending = Self.ask(connection, .getResourceUsage)
        peer.write(bytes)
        guard case .failure(let error) = await pending else {
            Issue.record("answered")
            return
        }
        #expect(error.code == .workerLost)
        #expect(await log.all().count == 2)
    }

    @Test("A worker that does not read is ended beyond 4 MiB, and nobody waits for it")
    func stalled() async throws {
        let (connection, peer, log) = try await Self.connect(reads: false)
        let lost = Mutex(0)
        let text = String(repeating: "x", count: 100_000)
        for _ in 0..<60 {
            connection.send(.createRouter(id: text)) { result in
                if case .failure(let error) = result, error.code == .workerLost { lost.withLock { $0 += 1 } }
            }
        }
        #expect(await log.all().first?.contains("unread") == true)
        #expect(lost.withLock { $0 } == 60)
        peer.end()
    }

    @Test("Messages beyond 16 MiB that a worker has not read are refused, and the worker lives")
    func payloadRefused() async throws {
        let (connection, peer, log) = try await Self.connect(reads: false)
        let refused = Mutex(0)
        let payload = [UInt8](repeating: 7, count: 1 << 20)
        for _ in 0..<20 {
            connection.send(.sendFromDataProducer(.init(dataProducerId: "p", ppid: 53, payload: payload))) { result in
                if case .failure(let error) = result, error.code == .sendBufferFull { refused.withLock { $0 += 1 } }
            }
        }
        #expect((3...5).contains(refused.withLock { $0 }))
        // Requests have a budget of their own.
        connection.send(.getResourceUsage) { result in
            if case .failure(let error) = result { log.add(.ended(reason: "\(error.code)")) }
        }
        peer.end()
        let seen = await log.all()
        #expect(seen.contains { $0.contains("workerLost") } && !seen.contains { $0.contains("unread") })
    }

    @Test("A notification behind an answer is handled behind it")
    func order() async throws {
        let (connection, peer, log) = try await Self.connect { id, _ in
            let reply = try? WorkerProtocol.encode(reply: .success(.done), to: id)
            let said = try? WorkerProtocol.encode(notification: .listenServerClosed(transportId: "t"))
            return (reply ?? []) + (said ?? [])
        }
        let answered = Mutex(false)
        connection.send(.createRouter(id: "r")) { _ in
            log.add(.ended(reason: "answered"))
            answered.withLock { $0 = true }
        }
        while !answered.withLock({ $0 }) { await Task.yield() }
        peer.end()
        let seen = await log.all()
        #expect(seen.first == "ended(reason: \"answered\")")
        #expect(seen.dropFirst().first?.contains("listenServerClosed") == true)
    }
}
