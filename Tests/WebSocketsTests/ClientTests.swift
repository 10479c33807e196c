// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import SwiftletWebSockets
import Testing

@Suite("Opening a WebSocket as a client, RFC 6455 §4.1", .timeLimit(.minutes(1)))
struct ClientTests {
    private func connect(_ server: EchoServer, _ target: String = "/") async throws -> WebSocketConnection {
        try await WebSocketClient.connect(
            host: "127.0.0.1",
            port: server.port,
            target: target,
            subprotocol: "protoo",
            on: MultiThreadedEventLoopGroup.singleton
        )
    }

    @Test("What is sent comes back, masked one way and not the other")
    func echo() async throws {
        let server = try await EchoServer()
        let client = try await connect(server)
        let long = String(repeating: "ä", count: 100_000)
        for text in ["one", "", long] { #expect(client.offer(text)) }
        var messages = client.messages.makeAsyncIterator()
        #expect(await messages.next() == "one")
        #expect(await messages.next()?.isEmpty == true)
        #expect(await messages.next() == long)
        client.close(code: 1000, reason: "enough")
        #expect(await server.firstClosure() == WebSocketConnection.Closure(code: 1000, reason: "enough"))
        await client.closed()
        #expect(await messages.next() == nil)
        #expect(!client.offer("late"))
        await server.stop()
    }

    @Test("A message that was there before anybody looked is not lost")
    func greeting() async throws {
        let server = try await EchoServer(greeting: { $0.offer("welcome") })
        let client = try await connect(server)
        var messages = client.messages.makeAsyncIterator()
        #expect(await messages.next() == "welcome")
        client.close(code: 1000, reason: "")
        await server.stop()
    }

    @Test("A refusal is told with its status and reason")
    func refusal() async throws {
        let server = try await EchoServer(decide: { request in
            request.target == "/in" ? .accept(subprotocol: "protoo") : .refuse(status: 503, reason: "the room is full")
        })
        let refusal = await #expect(throws: WebSocketClient.Refusal.self) { try await connect(server, "/out") }
        #expect(refusal?.status == 503 && refusal?.reason == "the room is full")
        let client = try await connect(server, "/in")
        client.close(code: 1000, reason: "")
        await server.stop()
    }
}
