// SPDX-FileCopyrightText: 2026 The Swiftlet authors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import NIOSSL

/// A client that sends any bytes it likes, and says what came back: for tests of servers.
///
/// To be used by one task.
package final class RawWebSocket {
    /// A frame as it came.
    package struct Frame: Hashable, Sendable {
        package var opcode: UInt8
        package var payload: [UInt8]

        /// A frame to compare with.
        package init(opcode: UInt8, payload: [UInt8]) { (self.opcode, self.payload) = (opcode, payload) }

        /// The payload as text.
        package var text: String { String(decoding: payload, as: UTF8.self) }
        /// The code of a close frame.
        package var closeCode: Int? {
            guard opcode == 8, payload.count >= 2 else { return nil }
            return Int(payload[0]) << 8 | Int(payload[1])
        }
    }

    /// The connection ended before what was waited for had come, or that took too long.
    package struct NothingCame: Error {}

    private let channel: any Channel
    private var chunks: AsyncStream<[UInt8]>.AsyncIterator
    private var buffer: [UInt8] = []

    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer

        let continuation: AsyncStream<[UInt8]>.Continuation

        init(_ continuation: AsyncStream<[UInt8]>.Continuation) { self.continuation = continuation }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            continuation.yield(Array(unwrapInboundIn(data).readableBytesView))
        }

        func channelInactive(context: ChannelHandlerContext) { continuation.finish() }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }

    /// Connects to a port of this machine.
    ///
    /// - Throws: What keeps it from connecting.
    package init(port: Int, tls: Bool = false, reading: Bool = true) async throws {
        let (stream, continuation) = AsyncStream<[UInt8]>.makeStream()
        chunks = stream.makeAsyncIterator()
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(ChannelOptions.autoRead, value: reading)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if tls {
                        var configuration = TLSConfiguration.makeClientConfiguration()
                        configuration.certificateVerification = .none
                        let context = try NIOSSLContext(configuration: configuration)
                        let handler = try NIOSSLClientHandler(context: context, serverHostname: nil)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    try channel.pipeline.syncOperations.addHandler(Collector(continuation))
                }
            }.connect(host: "127.0.0.1", port: port).get()
        // Nothing in a test takes longer; what does ends with `NothingCame`.
        _ = channel.eventLoop.scheduleTask(in: .seconds(40)) { [channel] in channel.close(promise: nil) }
    }

    /// The head of an opening handshake.
    package static func head(
        _ target: String = "/",
        host: String = "localhost",
        subprotocol: String? = "protoo",
        without: String? = nil,
        adding: [String] = []
    ) -> String {
        var lines = [
            "Host: \(host)", "Upgrade: websocket", "Connection: keep-alive, Upgrade", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        if let subprotocol { lines.append("Sec-WebSocket-Protocol: \(subprotocol)") }
        lines.removeAll { line in without.map { line.hasPrefix($0) } ?? false }
        return (["GET \(target) HTTP/1.1"] + lines + adding).joined(separator: "\r\n") + "\r\n\r\n"
    }

    /// Sends bytes as they are.
    ///
    /// - Throws: What keeps them from being sent.
    package func send(_ bytes: [UInt8]) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get() }

    /// Sends text as it is.
    ///
    /// - Throws: What keeps it from being sent.
    package func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    /// Sends a frame.
    ///
    /// - Throws: What keeps it from being sent.
    package func send(
        opcode: UInt8,
        _ payload: [UInt8],
        isFinal: Bool = true,
        isMasked: Bool = true,
        reserved: UInt8 = 0
    ) async throws {
        try await send(Self.frame(opcode: opcode, payload, isFinal: isFinal, isMasked: isMasked, reserved: reserved))
    }

    /// Sends a text message in one frame.
    ///
    /// - Throws: What keeps it from being sent.
    package func send(message: String) async throws { try await send(opcode: 1, Array(message.utf8)) }

    /// A frame's bytes.
    package static func frame(
        opcode: UInt8,
        _ payload: [UInt8],
        isFinal: Bool = true,
        isMasked: Bool = true,
        reserved: UInt8 = 0
    ) -> [UInt8] {
        var bytes = [(isFinal ? 0x80 : 0) | reserved << 4 | opcode]
        let mask: UInt8 = isMasked ? 0x80 : 0
        switch payload.count {
        case ..<126: bytes.append(mask | UInt8(payload.count))
        case ..<65_536: bytes += [mask | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        default: bytes += [mask | 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
        }
        guard isMasked else { return bytes + payload }
        let key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
        return bytes + key + payload.enumerated().map { $1 ^ key[$0 & 3] }
    }

    private func nextChunk() async -> [UInt8]? { await chunks.next(isolation: #isolation) }

    /// Waits for bytes.
    ///
    /// - Throws: ``NothingCame``.
    package func read(_ count: Int) async throws -> [UInt8] {
        while buffer.count < count {
            guard let chunk = await nextChunk() else { throw NothingCame() }
            buffer += chunk
        }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    /// Waits for the head of an HTTP answer, and returns it without the empty line.
    ///
    /// - Throws: ``NothingCame``.
    package func readHead() async throws -> String {
        while true {
            if let end = buffer.firstRange(of: Array("\r\n\r\n".utf8)) {
                defer { buffer.removeFirst(end.upperBound) }
                return String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
            }
            guard let chunk = await nextChunk() else { throw NothingCame() }
            buffer += chunk
        }
    }

    /// Waits for everything until the connection ends.
    package func readToEnd() async -> String {
        while let chunk = await nextChunk() { buffer += chunk }
        defer { buffer = [] }
        return String(decoding: buffer, as: UTF8.self)
    }

    /// Waits for a frame.
    ///
    /// - Throws: ``NothingCame``.
    package func readFrame() async throws -> Frame {
        let start = try await read(2)
        var length = Int(start[1] & 0x7F)
        if length == 126 { length = try await read(2).reduce(0) { $0 << 8 | Int($1) } }
        if length == 127 { length = try await read(8).reduce(0) { $0 << 8 | Int($1) } }
        return Frame(opcode: start[0] & 15, payload: try await read(length))
    }

    /// Waits for a text message or the close frame, and answers pings on the way.
    ///
    /// - Throws: ``NothingCame``.
    package func readMessage() async throws -> Frame {
        while true {
            let frame = try await readFrame()
            switch frame.opcode {
            case 1, 8: return frame
            case 9: try await send(opcode: 10, frame.payload)
            default: break
            }
        }
    }

    /// Whether the other side ends the connection before it sends anything more.
    package func ends() async -> Bool {
        guard buffer.isEmpty else { return false }
        return await nextChunk() == nil
    }

    /// Says that nothing more will be sent.
    ///
    /// - Throws: What keeps it from being said.
    package func closeOutput() async throws { try await channel.close(mode: .output).get() }

    /// Ends the connection without a word.
    package func close() async { try? await channel.close().get() }
}
