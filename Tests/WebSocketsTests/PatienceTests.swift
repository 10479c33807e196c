// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RawWebSocket
import SwiftletWebSockets
import Testing

@Suite("Slow and silent peers", .timeLimit(.minutes(1))) struct PatienceTests {
    @Test("A peer is asked for signs of life, and is gone without one") func silence() async throws {
        var limits = WebSocketLimits()
        (limits.pingInterval, limits.silence) = (.milliseconds(100), .milliseconds(450))
        let server = try await EchoServer(limits: limits)
        let client = try await server.open()
        var pings = 0
        while let frame = try? await client.readFrame() { pings += frame.opcode == 9 ? 1 : 0 }
        #expect(pings >= 2)
        #expect(await server.firstClosure() == WebSocketConnection.Closure(code: 1006, reason: "no sign of life"))
        await server.stop()
    }

    @Test("A peer that answers pings stays") func answered() async throws {
        var limits = WebSocketLimits()
        (limits.pingInterval, limits.silence) = (.milliseconds(50), .milliseconds(400))
        let server = try await EchoServer(limits: limits)
        let client = try await server.open()
        for _ in 0..<16 {
            let frame = try await client.readFrame()
            #expect(frame.opcode == 9)
            try await client.send(opcode: 10, frame.payload)
        }
        try await client.send(message: "still here")
        #expect(try await client.readMessage().text == "still here")
        await server.stop()
    }

    @Test("A peer that does not read is cut off once too much waits for it, and sending never blocks") func slowReader()
        async throws
    {
        var limits = WebSocketLimits()
        limits.waitingBytes = 1 << 20
        let (results, continuation) = AsyncStream<Bool>.makeStream()
        let server = try await EchoServer(
            limits: limits,
            greeting: { connection in
                let text = String(repeating: "x", count: 60_000)
                // More than the socket buffers of both sides and the queue take.
                for _ in 0..<1_000 {
                    let taken = connection.offer(text)
                    continuation.yield(taken)
                    if !taken { break }
                }
                continuation.finish()
            }
        )
        let client = try await RawWebSocket(port: server.port, reading: false)
        try await client.send(RawWebSocket.head())
        var taken = 0
        var wasCutOff = false
        for await result in results { if result { taken += 1 } else { wasCutOff = true } }
        #expect(wasCutOff)
        #expect(taken < 1_000)
        #expect(
            await server.firstClosure() == WebSocketConnection.Closure(code: 1008, reason: "the peer reads too slowly")
        )
        await client.close()
        await server.stop()
    }
}
