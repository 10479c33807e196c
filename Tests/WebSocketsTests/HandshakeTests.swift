// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RawWebSocket
import SwiftletWebSockets
import Testing

@Suite("Opening handshake, RFC 6455 §4", .timeLimit(.minutes(1))) struct HandshakeTests {
    @Test("The answer to the key of RFC 6455 §1.3 is the one printed there") func key() async throws {
        let server = try await EchoServer()
        let client = try await RawWebSocket(port: server.port)
        try await client.send(RawWebSocket.head())
        let head = try await client.readHead()
        #expect(head.hasPrefix("HTTP/1.1 101 "))
        #expect(head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
        #expect(head.contains("Sec-WebSocket-Protocol: protoo"))
        await server.stop()
    }

    @Test("A head that comes byte by byte, with a frame right behind it, opens all the same") func slowHead()
        async throws
    {
        let server = try await EchoServer()
        let client = try await RawWebSocket(port: server.port)
        let bytes = Array(RawWebSocket.head().utf8)
        for byte in bytes.dropLast() { try await client.send([byte]) }
        try await client.send([bytes[bytes.count - 1]] + RawWebSocket.frame(opcode: 1, Array("early".utf8)))
        _ = try await client.readHead()
        #expect(try await client.readMessage().text == "early")
        await server.stop()
    }

    @Test(
        "A head without what the handshake needs is answered with 400, never with silence",
        arguments: ["Connection", "Sec-WebSocket-Version", "Sec-WebSocket-Key", "Host"]
    ) func missing(field: String) async throws {
        let server = try await EchoServer()
        let client = try await RawWebSocket(port: server.port)
        try await client.send(RawWebSocket.head(without: field))
        let answer = await client.readToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 400 "))
        #expect(answer.contains("Connection: close"))
        await server.stop()
    }

    @Test("A key that stands twice is refused") func twoKeys() async throws {
        let server = try await EchoServer()
        let client = try await RawWebSocket(port: server.port)
        try await client.send(RawWebSocket.head(adding: ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]))
        #expect(await client.readToEnd().hasPrefix("HTTP/1.1 400 "))
        await server.stop()
    }

    @Test("A refusal says its status and reason and closes") func refusal() async throws {
        let server = try await EchoServer(decide: { _ in .refuse(status: 503, reason: "the room is full") })
        let client = try await RawWebSocket(port: server.port)
        try await client.send(RawWebSocket.head())
        let answer = await client.readToEnd()
        #expect(answer.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
        #expect(answer.hasSuffix("\r\n\r\nthe room is full\n"))
        await server.stop()
    }

    @Test("The decision sees path, query and fields") func request() async throws {
        let server = try await EchoServer(decide: { request in
            let facts = [
                request.path, request.query("roomId") ?? "-", request.query("none") ?? "-",
                request.header("host") ?? "-",
            ]
            return .refuse(status: 403, reason: facts.joined(separator: "|"))
        })
        let client = try await RawWebSocket(port: server.port)
        try await client.send(RawWebSocket.head("/x?roomId=a%20b&peerId=c", host: "h:1"))
        #expect(await client.readToEnd().hasSuffix("/x|a b|-|h:1\n"))
        await server.stop()
    }

    @Test("Anything but a WebSocket is handed on as it came, h2c upgrades too") func http() async throws {
        let server = try await EchoServer()
        for request in [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
            "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        ] {
            let client = try await RawWebSocket(port: server.port)
            try await client.send(request)
            let line = "HTTP \(request.utf8.count)\n"
            #expect(String(decoding: try await client.read(line.utf8.count), as: UTF8.self) == line)
            await client.close()
        }
        await server.stop()
    }

    @Test("A head without end is refused at its limit, and a silent connection ends in time") func limits() async throws
    {
        var limits = WebSocketLimits()
        limits.headBytes = 1_000
        let patient = try await EchoServer(limits: limits)
        let long = try await RawWebSocket(port: patient.port)
        try await long.send("GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 1_100))
        #expect(await long.readToEnd().hasPrefix("HTTP/1.1 431 "))
        await patient.stop()

        limits.headTime = .milliseconds(300)
        let server = try await EchoServer(limits: limits)
        let silent = try await RawWebSocket(port: server.port)
        #expect(await silent.ends())
        let half = try await RawWebSocket(port: server.port)
        // On a busy machine its time may be over before it has said anything.
        try? await half.send("GET / HT")
        try? await half.closeOutput()
        #expect(await half.ends())
        await server.stop()
    }
}
