// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RawWebSocket
import SwiftletWebSockets
import Testing

@Suite("Messages and closing, RFC 6455 §5 and §7", .timeLimit(.minutes(1))) struct MessageTests {
    @Test("Messages of every length form come back whole", arguments: [0, 1, 125, 126, 65_535, 65_536, 200_000])
    func lengths(count: Int) async throws {
        let server = try await EchoServer()
        let client = try await server.open()
        let text = String(repeating: "é", count: count / 2) + String(repeating: "a", count: count % 2)
        try await client.send(message: text)
        #expect(try await client.readMessage().text == text)
        await server.stop()
    }

    @Test("Fragments are joined, with a ping answered between them") func fragments() async throws {
        let server = try await EchoServer()
        let client = try await server.open()
        // The two bytes of é come in different fragments.
        let bytes = Array("café".utf8)
        try await client.send(opcode: 1, Array(bytes[..<4]), isFinal: false)
        try await client.send(opcode: 9, [1, 2, 3])
        try await client.send(opcode: 0, [], isFinal: false)
        try await client.send(opcode: 0, Array(bytes[4...]))
        #expect(try await client.readFrame() == RawWebSocket.Frame(opcode: 10, payload: [1, 2, 3]))
        #expect(try await client.readMessage().text == "café")
        await server.stop()
    }

    /// What breaks a rule, and the code that says so.
    enum Violation: String, CaseIterable {
        case unmasked, reservedBits, reservedOpcode, lonelyContinuation, messageInMessage, longPing, fragmentedPing
        case binary, badUTF8, tooLong, tooLongInFragments, tooManyFragments, tooFast

        var code: Int {
            switch self {
            case .binary: 1003
            case .badUTF8: 1007
            case .tooFast: 1008
            case .tooLong, .tooLongInFragments, .tooManyFragments: 1009
            default: 1002
            }
        }

        func commit(_ client: RawWebSocket) async throws {
            switch self {
            case .unmasked: try await client.send(opcode: 1, [65], isMasked: false)
            case .reservedBits: try await client.send(opcode: 1, [65], reserved: 4)
            case .reservedOpcode: try await client.send(opcode: 5, [65])
            case .lonelyContinuation: try await client.send(opcode: 0, [65])
            case .messageInMessage:
                try await client.send(opcode: 1, [65], isFinal: false)
                try await client.send(opcode: 1, [65])
            case .longPing: try await client.send(opcode: 9, [UInt8](repeating: 0, count: 126))
            case .fragmentedPing: try await client.send(opcode: 9, [0], isFinal: false)
            case .binary: try await client.send(opcode: 2, [65])
            case .badUTF8: try await client.send(opcode: 1, [0xC0, 0x80])
            case .tooLong: try await client.send(opcode: 1, [UInt8](repeating: 65, count: 10_001))
            case .tooLongInFragments:
                try await client.send(opcode: 1, [UInt8](repeating: 65, count: 6_000), isFinal: false)
                try await client.send(opcode: 0, [UInt8](repeating: 65, count: 6_000), isFinal: false)
            case .tooManyFragments:
                try await client.send(opcode: 1, [65], isFinal: false)
                for _ in 0..<8 { try await client.send(opcode: 0, [65], isFinal: false) }
            case .tooFast: for _ in 0..<21 { try await client.send(opcode: 9, []) }
            }
        }
    }

    @Test("Each violation closes with its code", arguments: Violation.allCases) func violations(
        _ violation: Violation
    ) async throws {
        var limits = WebSocketLimits()
        (limits.messageBytes, limits.fragments, limits.messageBurst, limits.messagesPerSecond) = (10_000, 8, 20, 0.001)
        let server = try await EchoServer(limits: limits)
        let client = try await server.open()
        try await violation.commit(client)
        var frame = try await client.readFrame()
        while frame.opcode == 10 { frame = try await client.readFrame() }
        #expect(frame.closeCode == violation.code)
        #expect(await server.firstClosure()?.code == UInt16(violation.code))
        await server.stop()
    }

    @Test("A close is answered with its code and then the connection ends") func peerCloses() async throws {
        let server = try await EchoServer()
        let client = try await server.open()
        try await client.send(opcode: 8, [0x03, 0xE8] + Array("bye".utf8))
        #expect(try await client.readFrame().closeCode == 1000)
        #expect(await client.ends())
        #expect(await server.firstClosure() == WebSocketConnection.Closure(code: 1000, reason: "bye"))
        await server.stop()
    }

    @Test("A close without a code, or with half a one, is no error of ours", arguments: [[], [3]] as [[UInt8]])
    func oddClose(payload: [UInt8]) async throws {
        let server = try await EchoServer()
        let client = try await server.open()
        try await client.send(opcode: 8, payload)
        #expect(await server.firstClosure() != nil)
        _ = await client.readToEnd()
        await server.stop()
    }

    @Test("A server's close ends the connection though the client never answers it") func unansweredClose() async throws
    {
        let server = try await EchoServer(greeting: { $0.close(code: 4001, reason: "worker gone") })
        let client = try await server.open()
        let frame = try await client.readFrame()
        #expect(frame.closeCode == 4001)
        #expect(String(decoding: frame.payload.dropFirst(2), as: UTF8.self) == "worker gone")
        #expect(await client.ends())
        await server.stop()
    }

    @Test("A long reason is cut at 123 bytes between characters") func longReason() async throws {
        let server = try await EchoServer(greeting: { $0.close(code: 4000, reason: String(repeating: "é", count: 100)) }
        )
        let client = try await server.open()
        let frame = try await client.readFrame()
        #expect(frame.payload.count <= 125)
        #expect(String(validating: frame.payload.dropFirst(2), as: UTF8.self)?.allSatisfy { $0 == "é" } == true)
        await server.stop()
    }

    @Test("A peer that breaks off or half-closes is noticed with 1006", arguments: [true, false])
    func brokenOff(halfway: Bool) async throws {
        let server = try await EchoServer()
        let client = try await server.open()
        if halfway { try await client.closeOutput() } else { await client.close() }
        #expect(await server.firstClosure()?.code == 1006)
        await server.stop()
    }
}
